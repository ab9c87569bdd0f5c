;; hint in.wasm -o out.wasm
;; A function's index counts those that are imported, also those with a name in the section of names.
(module
  (import "env" "first" (func $first))
  (import "env" "memory" (memory 1))
  (import "env" "second" (func $second (param i32)))
  (func $"freehold::chunk::lodged::refill" (param i32) (result i32) local.get 0)
  (func $user (param i32)
    local.get 0
    if
      i32.const 1
      call $"freehold::chunk::lodged::refill"
      call $second
    end))
