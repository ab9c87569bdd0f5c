;; hint in.wasm -o out.wasm
(module binary "\00asm" "\01\00\00\00" "\01\10\01\60")
