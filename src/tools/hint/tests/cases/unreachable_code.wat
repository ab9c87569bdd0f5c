;; hint in.wasm --dry-run
;; After a branch that is always taken nothing is ever come to, and nothing of it has a hint.
(module
  (func $"freehold::chunk::lodged::refill" (param i32) (result i32) local.get 0)
  (func $after_br (param i32) (result i32)
    block
      br 0
      local.get 0
      if
        i32.const 1
        call $"freehold::chunk::lodged::refill"
        drop
      end
    end
    local.get 0)
  (func $after_return (param i32)
    return
    local.get 0
    if
      i32.const 1
      call $"freehold::chunk::lodged::refill"
      drop
    end)
  (func $after_unreachable (param i32)
    unreachable
    if
      i32.const 1
      call $"freehold::chunk::lodged::refill"
      drop
    end))
