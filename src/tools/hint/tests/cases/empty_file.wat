;; hint in.wasm -o out.wasm
(module binary "")
