;; hint in.wasm --dry-run --cold my::slow_*
;; hint in.wasm --dry-run --cold my::slow_path --cold *::rare
;; hint in.wasm --dry-run --cold my::slow
;; The user's own cold functions. The second is known by its export.
(module
  (func $"my::slow_path")
  (func $"your::rare")
  (func $"my::fast" (param i32)
    local.get 0
    if call 0 end
    local.get 0
    if call 1 end))
