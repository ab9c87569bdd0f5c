;; hint in.wasm --dry-run
;; hint in.wasm -o out.wasm
;; The hot loop's form: past the refill if there is room. The offset counts the locals.
(module
  (func $"freehold::chunk::lodged::refill" (param i32) (result i32) local.get 0)
  (func $alloc (param i32) (result i32) (local i64 i32)
    block
      local.get 0
      i32.const 100
      i32.lt_u
      br_if 0
      local.get 0
      call $"freehold::chunk::lodged::refill"
      local.set 0
    end
    local.get 0))
