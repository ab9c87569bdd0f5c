//! How to allocate in an arena: what a row of scopes knows of a contender.

/// Where values go: a scope, or an arena through a shared reference.
pub trait Place {
    /// Puts a value there.
    fn value<T: Copy>(&self, value: T) -> &T;
    /// Copies bytes there.
    fn bytes(&self, bytes: &[u8]) -> &[u8];
    /// Copies a text there.
    fn text(&self, text: &str) -> &str;
}

/// What a row does with a place. Its result depends on nothing but what it read back from there.
pub trait Work {
    /// How many values it allocates.
    const VALUES: usize;
    /// How many bytes they have.
    const BYTES: usize;
    fn run<P: Place>(place: &P) -> u64;
}

/// An arena that is used in scopes: in each turn of a loop all that was allocated is given up.
///
/// A generic function in place of a closure, as a closure's argument would need a name for the scope's lifetime.
pub trait Arena: Sized {
    /// An arena for work of that many bytes, rounded up generously. Only limits look at the number.
    fn new(bytes: usize) -> Self;

    /// Does the work in a scope of its own.
    fn scope<W: Work>(&mut self) -> u64;

    /// A new arena in place of this one. Limits stay: they are no arenas.
    fn again(&mut self, bytes: usize) {
        *self = Self::new(bytes);
    }
}

/// An arena that is used through `&self`, and reset by `&mut self`.
pub trait Shared: Sized {
    type Place: Place;

    fn new(bytes: usize) -> Self;
    fn place(&self) -> &Self::Place;
    fn reset(&mut self);
}

/// A place, or an arena, that can open a scope inside.
pub trait Nest {
    /// Does the work in a scope inside.
    fn nest<W: Nested>(&mut self) -> u64;
}

/// What a row of nested scopes does in one of them.
pub trait Nested {
    fn run<P: Place + Nest>(place: &mut P) -> u64;
}
