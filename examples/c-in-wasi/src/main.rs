//! A Rust program on WASI with a C library in it: C's blocks in libc's heap, Rust's texts in an arena beside it.
//! On the host there is only a line that says so.

#[cfg(target_os = "wasi")]
mod program;

#[cfg(target_os = "wasi")]
fn main() {
    program::run();
}

#[cfg(not(target_os = "wasi"))]
fn main() {
    println!("this is for WASI: examples/c-in-wasi/run.sh builds it, with its C library, and runs it");
}
