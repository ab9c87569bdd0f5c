;; hint in.wasm -o out.wasm
(module (func) (@custom "name" "\01\7f\01"))
