//! The host sets the stack pointer itself: to have little stack left, and to put it right after a trap, as a trap leaves it where it was.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-link-arg-cdylib=--export=__stack_pointer");
}
