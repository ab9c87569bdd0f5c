//! The heap as collections call it, by the trait `Allocator`.

#![cfg_attr(fuzzing, no_main)]

freehold_fuzz::target!(freehold_fuzz::allocator);
