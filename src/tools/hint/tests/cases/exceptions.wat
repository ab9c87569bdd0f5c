;; hint in.wasm --dry-run
;; hint in.wasm -o out.wasm
(module
  (tag $e (param i32))
  (func $"freehold::chunk::lodged::refill" (param i32) (result i32) local.get 0)
  (func $warm)
  ;; A cold call in a `try_table`.
  (func $inside (param i32)
    block $caught (result i32)
      try_table (catch $e $caught)
        local.get 0
        br_if 0
        i32.const 1
        call $"freehold::chunk::lodged::refill"
        drop
      end
      return
    end
    drop)
  ;; Where exceptions are caught is only come to by one: what is there has hints as elsewhere.
  (func $handler (param i32)
    block $caught (result i32)
      try_table (catch $e $caught)
        call $warm
      end
      return
    end
    drop
    local.get 0
    if
      i32.const 1
      call $"freehold::chunk::lodged::refill"
      drop
    end)
  ;; A label of `try_table` counts from outside of it.
  (func $labels (param i32)
    block $out
      block $caught (result i32)
        local.get 0
        br_if $out
        try_table (catch $e $caught)
          i32.const 1
          call $"freehold::chunk::lodged::refill"
          drop
        end
        return
      end
      drop
    end)
  ;; To throw is like a trap: nothing is said.
  (func $throws (param i32)
    local.get 0
    if
      i32.const 1
      throw $e
    end))
