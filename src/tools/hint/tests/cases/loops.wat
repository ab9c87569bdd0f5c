;; hint in.wasm --dry-run
(module
  (func $"freehold::chunk::lodged::refill" (param i32) (result i32) local.get 0)
  ;; A cold call in a loop: only the branch that is around it.
  (func $hot_loop (param i32)
    loop $turn
      block $room
        local.get 0
        br_if $room
        i32.const 1
        call $"freehold::chunk::lodged::refill"
        drop
      end
      local.get 0
      i32.const 1
      i32.sub
      local.tee 0
      br_if $turn
    end)
  ;; The loop's every turn is cold, so the way into it is.
  (func $cold_loop (param i32)
    local.get 0
    if
      loop $turn
        i32.const 1
        call $"freehold::chunk::lodged::refill"
        br_if $turn
      end
    end)
  ;; Out of the loop is cold, and it may turn for ever without: the branch, not what is before it.
  (func $after_the_loop (param i32 i32)
    local.get 1
    if
      loop $turn
        local.get 0
        br_if $turn
      end
      i32.const 1
      call $"freehold::chunk::lodged::refill"
      drop
    end)
  ;; Nothing ends this one.
  (func $for_ever (param i32)
    local.get 0
    if
      loop $turn
        br $turn
      end
    else
      i32.const 1
      call $"freehold::chunk::lodged::refill"
      drop
    end))
