//! The C library, called as C does, with arguments that are wrong.

#![cfg_attr(fuzzing, no_main)]

freehold_fuzz::target!(freehold_fuzz::c);
