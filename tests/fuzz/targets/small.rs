//! The heap in a few hundred bytes of code.

#![cfg_attr(fuzzing, no_main)]

freehold_fuzz::target!(freehold_fuzz::small);
