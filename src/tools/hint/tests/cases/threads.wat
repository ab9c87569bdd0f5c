;; hint in.wasm -o out.wasm
(module
  (memory 1 1 shared)
  (func $"freehold::arena::bump::bump_in_next" (param i32) (result i32) local.get 0)
  (func $atomic (param i32)
    local.get 0
    i32.atomic.load
    if
      i32.const 1
      call $"freehold::arena::bump::bump_in_next"
      drop
    end
    atomic.fence))
