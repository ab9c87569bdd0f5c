;; hint in.wasm -o out.wasm
;; A hint of two bytes.
(module
  (func $"freehold::chunk::lodged::refill" (param i32) (result i32) local.get 0)
  (@custom "metadata.code.branch_hint" (before code) "\01\00\01\03\02\01\01"))
