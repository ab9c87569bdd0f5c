;; hint in.wasm -o out.wasm
(module
  (func $"freehold::chunk::lodged::refill" (param i32) (result i32) local.get 0)
  (@custom "branchHints" (before code) "\00"))
