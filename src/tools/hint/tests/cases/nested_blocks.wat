;; hint in.wasm --dry-run
;; The cold call is two blocks further on, and a branch two blocks out gets past it.
(module
  (func $"freehold::chunk::lodged::refill" (param i32) (result i32) local.get 0)
  (func $nested (param i32) (result i32)
    block
      block
        block
          local.get 0
          br_if 2          ;; past all: likely
          local.get 0
          br_if 0          ;; both sides come to the call: nothing
          nop
        end
        local.get 0
        i32.eqz
        br_if 0            ;; both sides again
      end
      i32.const 1
      call $"freehold::chunk::lodged::refill"
      drop
    end
    local.get 0))
