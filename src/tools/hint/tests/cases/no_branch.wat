;; hint in.wasm --dry-run
;; hint in.wasm -o out.wasm
;; There is nothing to say: no section, not an empty one.
(module
  (func $"freehold::chunk::lodged::refill" (param i32) (result i32) local.get 0)
  (func $always
    i32.const 1
    call $"freehold::chunk::lodged::refill"
    drop))
