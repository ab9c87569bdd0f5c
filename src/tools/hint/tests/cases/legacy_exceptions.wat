;; hint in.wasm --dry-run
;; hint in.wasm -o out.wasm
;; As LLVM wrote them before WebAssembly 3.0.
(module
  (tag $e)
  (func $"freehold::chunk::lodged::refill" (param i32) (result i32) local.get 0)
  (func $warm)
  (func $in_try (param i32)
    try
      local.get 0
      br_if 0
      i32.const 1
      call $"freehold::chunk::lodged::refill"
      drop
    catch $e
      local.get 0
      if
        i32.const 1
        call $"freehold::chunk::lodged::refill"
        drop
      end
    catch_all
      rethrow 0
    end)
  (func $delegates (param i32)
    try
      try
        local.get 0
        br_if 0
        i32.const 1
        call $"freehold::chunk::lodged::refill"
        drop
      delegate 0
      call $warm
    catch_all
    end))
