//~ reference has a longer lifetime than the data it references
use freehold::Kept;

struct Longer<'a>(&'a ());
impl<'a> Kept for Longer<'a> {
    type Value<'s> = &'a &'s i32;
}

fn main() {}
