;; hint in.wasm --dry-run
(module
  (func $"freehold::chunk::lodged::refill" (param i32) (result i32) local.get 0)
  ;; A way to a trap brings nothing.
  (func $trap (param i32)
    local.get 0
    if
      unreachable
    end
    local.get 0
    if
      nop
      unreachable
    end
    local.get 0
    if
      i32.const 1
      call $"freehold::chunk::lodged::refill"
      drop
    end)
  ;; A cold side that may end in a trap too is cold.
  (func $cold_or_trap (param i32 i32)
    local.get 0
    if
      local.get 1
      if
        unreachable
      end
      i32.const 1
      call $"freehold::chunk::lodged::refill"
      drop
    end)
  ;; Cold is not the unlikely one of two if the other is a trap.
  (func $trap_or_cold (param i32)
    local.get 0
    if
      unreachable
    else
      i32.const 1
      call $"freehold::chunk::lodged::refill"
      drop
    end)
  (func $cold_or_else_trap (param i32)
    local.get 0
    if
      i32.const 1
      call $"freehold::chunk::lodged::refill"
      drop
    else
      nop
      unreachable
    end)
  ;; A call that does not come back is still a call of a cold function.
  (func $cold_then_trap (param i32)
    local.get 0
    if
      i32.const 1
      call $"freehold::chunk::lodged::refill"
      unreachable
    end))
