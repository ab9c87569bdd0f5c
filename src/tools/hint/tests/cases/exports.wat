;; hint in.wasm --dry-run --cold slow --cold far
;; hint in.wasm -o out.wasm --cold slow
;; hint in.wasm --dry-run
;; Without a section of names there are those of exports and imports.
(module
  (import "env" "far" (func))
  (func (export "slow"))
  (func (export "fast") (param i32)
    local.get 0
    if call 0 end
    local.get 0
    if call 1 end))
