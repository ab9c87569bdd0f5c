;; hint in.wasm --dry-run
;; hint in.wasm -o out.wasm
;; Neither side of the inner one is the likely one; the outer one has one cold side.
(module
  (func $"freehold::chunk::lodged::refill" (param i32) (result i32) local.get 0)
  (func $both (param i32 i32) (result i32)
    local.get 0
    if (result i32)
      local.get 1
      if (result i32)
        i32.const 1
        call $"freehold::chunk::lodged::refill"
      else
        i32.const 2
        call $"freehold::chunk::lodged::refill"
      end
    else
      i32.const 3
    end))
