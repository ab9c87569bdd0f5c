;; hint in.wasm -o out.wasm
(module
  (func $"freehold::arena::bump::bump_in_next" (param i32) (result i32) local.get 0)
  (func $user (param i32)
    local.get 0
    (@metadata.code.branch_hint "\00")
    if
    end))
