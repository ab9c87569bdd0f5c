//! The heap, beside others that want its memory.

#![cfg_attr(fuzzing, no_main)]

freehold_fuzz::target!(freehold_fuzz::heap);
