;; hint in.wasm --dry-run
;; hint in.wasm -o out.wasm
(module
  (memory $a 1)
  (memory $b i64 1)
  (data $d "data")
  (func $"freehold::chunk::lodged::refill" (param i32) (result i32) local.get 0)
  (func $vectors (param i32) (result i32)
    local.get 0
    v128.load $a offset=4
    i64.const 8
    v128.load $b
    i32x4.add
    v128.const i32x4 1 2 3 4
    i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15
    v128.any_true
    if
      i32.const 1
      return
    end
    local.get 0
    call $"freehold::chunk::lodged::refill")
  (func $copies (param i32)
    local.get 0
    if
      i32.const 1
      call $"freehold::chunk::lodged::refill"
      drop
    end
    i32.const 0
    i32.const 0
    i32.const 4
    memory.init $a $d
    data.drop $d))
