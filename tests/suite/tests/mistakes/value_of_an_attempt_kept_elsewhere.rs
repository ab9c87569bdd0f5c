//~ borrowed data escapes outside of closure
//~ `scope` escapes the closure body here
use freehold::{Alloc, Arena, Kept};

struct Number;
impl Kept for Number {
    type Value<'s> = &'s i32;
}

fn main() {
    let arena = Arena::new();
    let mut leaked: Vec<&i32> = Vec::new();
    let _ = arena.try_scope::<Number, ()>(|scope| {
        leaked.push(scope.alloc(1));
        Err(())
    });
    println!("{leaked:?}");
}
