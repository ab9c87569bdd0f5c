//! What time it is: the one thing that the native program and the wasm module get from different places.

/// Since some moment that is always the same.
#[cfg(not(target_arch = "wasm32"))]
pub fn nanoseconds() -> f64 {
    use std::sync::LazyLock;
    use std::time::Instant;

    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed().as_nanos() as f64
}

/// Since some moment that is always the same.
#[cfg(target_arch = "wasm32")]
pub fn nanoseconds() -> f64 {
    #[link(wasm_import_module = "host")]
    unsafe extern "C" {
        /// `performance.now()`: milliseconds.
        safe fn now() -> f64;
    }
    now() * 1e6
}
