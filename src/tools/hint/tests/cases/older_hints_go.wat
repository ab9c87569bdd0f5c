;; hint in.wasm -o out.wasm
;; Those that are there are replaced, whatever they say.
(module
  (func $"freehold::chunk::lodged::refill" (param i32) (result i32) local.get 0)
  (func $user (param i32)
    local.get 0
    (@metadata.code.branch_hint "\01")
    if
    end
    local.get 0
    (@metadata.code.branch_hint "\01")
    if
      i32.const 1
      call $"freehold::chunk::lodged::refill"
      drop
    end))
