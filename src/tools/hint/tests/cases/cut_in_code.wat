;; hint in.wasm -o out.wasm
;; One function's body is shorter than it says.
(module binary "\00asm" "\01\00\00\00" "\01\04\01\60\00\00" "\03\02\01\00" "\0a\04\01\7f\00\0b")
