;; hint in.wasm -o out.wasm --cold *
;; A branch out of a function.
(module binary "\00asm" "\01\00\00\00" "\01\04\01\60\00\00" "\03\02\01\00" "\07\05\01\01f\00\00"
  "\0a\06\01\04\00\0c\05\0b")
