//! Pools of blocks, and of values.

#![cfg_attr(fuzzing, no_main)]

freehold_fuzz::target!(freehold_fuzz::pools);
