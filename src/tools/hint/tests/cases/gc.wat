;; hint in.wasm --dry-run
;; hint in.wasm -o out.wasm
;; Branches on references are ways too, and can't have a hint.
(module
  (type $s (struct (field i32)))
  (func $"freehold::chunk::lodged::refill" (param i32) (result i32) local.get 0)
  (func $on_null (param (ref null $s))
    block $null
      local.get 0
      br_on_null $null
      drop
      i32.const 1
      call $"freehold::chunk::lodged::refill"
      drop
    end)
  (func $cast (param anyref i32)
    block $yes (result (ref $s))
      local.get 1
      if
        local.get 0
        br_on_cast $yes anyref (ref $s)
        drop
        i32.const 1
        call $"freehold::chunk::lodged::refill"
        drop
        return
      end
      i32.const 7
      struct.new $s
    end
    drop)
  (func $cold_and_cast (param anyref i32) (result i32)
    local.get 1
    if
      i32.const 1
      call $"freehold::chunk::lodged::refill"
      drop
    end
    local.get 0
    ref.cast (ref $s)
    struct.get $s 0))
