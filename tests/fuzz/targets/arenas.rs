//! Arenas, typed ones too, and their scopes.

#![cfg_attr(fuzzing, no_main)]

freehold_fuzz::target!(freehold_fuzz::arenas);
