;; hint in.wasm -o out.wasm
;; hint in.wasm -o out.wasm --cold freehold
(module (func $user (param i32)))
