//~ `Arena<'_>` can't be allocated from
//~ consider borrowing here
use freehold::{Alloc, Arena};

fn build<'s>(alloc: impl Alloc<'s>) -> &'s mut i32 {
    alloc.alloc(1)
}

fn main() {
    build(Arena::new());
}
