;; hint in.wasm --dry-run
(module
  (type $f (func (param i32) (result i32)))
  (table 1 funcref)
  (func $"freehold::chunk::lodged::refill" (param i32) (result i32) local.get 0)
  (func $warm (param i32) (result i32) local.get 0)
  (func $cold_tail (param i32) (result i32)
    local.get 0
    if
      local.get 0
      return_call $"freehold::chunk::lodged::refill"
    end
    local.get 0
    return_call $warm)
  (func $indirect (param i32) (result i32)
    local.get 0
    i32.eqz
    if (result i32)
      local.get 0
      i32.const 0
      return_call_indirect (type $f)
    else
      local.get 0
      call $"freehold::chunk::lodged::refill"
    end))
