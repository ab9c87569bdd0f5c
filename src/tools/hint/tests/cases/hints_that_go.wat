;; hint in.wasm -o out.wasm
(module
  (func $"freehold::chunk::lodged::refill" (param i32) (result i32) local.get 0)
  (func $user (param i32)
    local.get 0
    (@metadata.code.branch_hint "\00")
    if
    end))
