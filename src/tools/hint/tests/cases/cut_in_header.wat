;; hint in.wasm -o out.wasm
(module binary "\00asm" "\01\00")
