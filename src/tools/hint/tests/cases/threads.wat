;; hint in.wasm -o out.wasm
(module
  (memory 1 1 shared)
  (func $"freehold::chunk::lodged::refill" (param i32) (result i32) local.get 0)
  (func $atomic (param i32)
    local.get 0
    i32.atomic.load
    if
      i32.const 1
      call $"freehold::chunk::lodged::refill"
      drop
    end
    atomic.fence))
