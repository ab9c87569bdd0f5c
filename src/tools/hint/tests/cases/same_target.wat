;; hint in.wasm --dry-run
;; Both ways are one.
(module
  (func $"freehold::chunk::lodged::refill" (param i32) (result i32) local.get 0)
  (func $same (param i32)
    block
      local.get 0
      br_if 0
    end
    local.get 0
    if
    end
    i32.const 1
    call $"freehold::chunk::lodged::refill"
    drop))
