;; hint in.wasm --dry-run
;; hint in.wasm -o out.wasm
(module
  (func $"freehold::chunk::lodged::refill" (param i32) (result i32) local.get 0)
  (func $then (param i32)
    local.get 0
    if
      i32.const 1
      call $"freehold::chunk::lodged::refill"
      drop
    end)
  (func $else (param i32) (result i32)
    local.get 0
    if (result i32)
      i32.const 1
    else
      i32.const 1
      call $"freehold::chunk::lodged::refill"
    end)
  (func $empty_else (param i32)
    local.get 0
    if
      i32.const 1
      call $"freehold::chunk::lodged::refill"
      drop
    else
    end))
