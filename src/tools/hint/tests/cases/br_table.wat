;; hint in.wasm --dry-run
(module
  (func $"freehold::chunk::lodged::refill" (param i32) (result i32) local.get 0)
  ;; One of the places that a table names is warm.
  (func $some (param i32 i32)
    local.get 1
    if
      block $warm
        block $cold
          local.get 0
          br_table $cold $cold $warm
        end
        i32.const 1
        call $"freehold::chunk::lodged::refill"
        drop
      end
    end)
  ;; All are cold, and each is named more than once.
  (func $all (param i32 i32)
    local.get 1
    if
      block $one
        block $two
          local.get 0
          br_table $one $two $one $two $two
        end
        i32.const 1
        call $"freehold::chunk::lodged::refill"
        drop
        return
      end
      i32.const 2
      call $"freehold::chunk::lodged::refill"
      drop
    end))
