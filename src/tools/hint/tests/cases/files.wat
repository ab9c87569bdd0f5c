;; hint missing.wasm -o out.wasm
;; hint folder -o out.wasm
;; hint in.wasm -o in.wasm
;; hint in.wasm -o folder/../in.wasm
;; hint in.wasm -o folder
;; hint in.wasm -o nowhere/out.wasm
;; hint in.wasm -o pipe
;; hint in.wasm
;; hint in.wasm --dry-run -o out.wasm
(module (func $"freehold::chunk::lodged::refill" (param i32) (result i32) local.get 0))
