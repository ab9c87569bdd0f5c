;; hint in.wasm --dry-run
;; hint in.wasm -o out.wasm
(module
  (func $"freehold::arena::bump::bump_in_next" (param i32) (result i32) local.get 0)
  (func $then (param i32)
    local.get 0
    if
      i32.const 1
      call $"freehold::arena::bump::bump_in_next"
      drop
    end)
  (func $else (param i32) (result i32)
    local.get 0
    if (result i32)
      i32.const 1
    else
      i32.const 1
      call $"freehold::arena::bump::bump_in_next"
    end)
  (func $empty_else (param i32)
    local.get 0
    if
      i32.const 1
      call $"freehold::arena::bump::bump_in_next"
      drop
    else
    end))
