;; hint in.wasm -o out.wasm
;; Its numbers are bytes of the file, which are other ones now.
(module
  (func $"freehold::chunk::lodged::refill" (param i32) (result i32) local.get 0)
  (func $user (param i32)
    local.get 0
    if
      i32.const 1
      call $"freehold::chunk::lodged::refill"
      drop
    end)
  (@custom "sourceMappingURL" "\08map.json"))
