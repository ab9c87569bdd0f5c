;; hint in.wasm -o out.wasm
(module (func (param i32)))
