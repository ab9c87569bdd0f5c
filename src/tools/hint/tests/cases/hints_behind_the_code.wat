;; hint in.wasm -o out.wasm
;; Where wasm-bindgen leaves them, and where no engine looks; with no branch to hint, they go.
(module
  (func $"freehold::chunk::lodged::refill" (param i32) (result i32) local.get 0)
  (func $user (param i32)
    local.get 0
    if
      i32.const 1
      call $"freehold::chunk::lodged::refill"
      drop
    end)
  (@custom "metadata.code.branch_hint" (after code) "\01\01\01\03\01\01"))
