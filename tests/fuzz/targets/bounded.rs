//! The heap on one region.

#![cfg_attr(fuzzing, no_main)]

freehold_fuzz::target!(freehold_fuzz::bounded);
