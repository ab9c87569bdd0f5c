;; hint in.wasm -o out.wasm
(component)
