//~ can't be allocated from
//~ of a typed arena, call its own methods
use freehold::{Alloc, TypedArena};

fn build<'s>(alloc: impl Alloc<'s>) -> &'s mut i32 {
    alloc.alloc(1)
}

fn main() {
    build(&TypedArena::<i32>::new());
}
