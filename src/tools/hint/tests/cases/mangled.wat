;; hint in.wasm --dry-run
;; Both of Rust's ways to write a name, and names that were made readable by others.
(module
  (func $"_ZN75_$LT$freehold..chunk..Chunks$u20$as$u20$freehold..chunk..cursor..Refill$GT$5error17h4bb423bfb78eb121E")
  (func $"_ZN8freehold5chunk6lodged6refill17h1111111111111111E")
  (func $"_RNvNtCs1234_8freehold7refusal4tell")
  (func $"freehold::pool::block::full::h0123456789abcdef")
  (func $"freehold::heap::stock::scarce::<impl freehold::heap::stock::Stock<L>>::scarce")
  (func $"_ZN5alloc7raw_vec19RawVec$LT$T$C$A$GT$8grow_one17h2222222222222222E")
  (func $"<user::Chunks as freehold::chunk::cursor::Refill>::refill")
  (func $user (param i32)
    local.get 0
    if call 0 end
    local.get 0
    if call 1 end
    local.get 0
    if call 2 end
    local.get 0
    if call 3 end
    local.get 0
    if call 4 end
    local.get 0
    if call 5 end
    local.get 0
    if call 6 end))
