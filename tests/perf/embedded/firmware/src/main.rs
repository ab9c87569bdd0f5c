//! The smallest firmware for a Cortex-M4, with nothing that could be left out, and one thing more.

#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(all(target_os = "none", feature = "arena"))]
#[path = "arena.rs"]
mod work;
#[cfg(all(target_os = "none", feature = "block_pool"))]
#[path = "block_pool.rs"]
mod work;
#[cfg(all(target_os = "none", feature = "empty"))]
#[path = "empty.rs"]
mod work;
#[cfg(all(target_os = "none", feature = "fixed_pool"))]
#[path = "fixed_pool.rs"]
mod work;
#[cfg(all(target_os = "none", feature = "fixed_pool_in_place"))]
#[path = "fixed_pool_in_place.rs"]
mod work;
#[cfg(all(target_os = "none", feature = "heapless"))]
#[path = "heapless.rs"]
mod work;
#[cfg(all(target_os = "none", feature = "plot_arena"))]
#[path = "plot_arena.rs"]
mod work;
#[cfg(all(target_os = "none", feature = "plot_pool"))]
#[path = "plot_pool.rs"]
mod work;
#[cfg(all(target_os = "none", feature = "heap"))]
#[path = "heap.rs"]
mod work;

#[cfg(target_os = "none")]
mod start {
    // For its critical sections.
    use cortex_m as _;

    /// One of the peers that are linked knows of collections.
    #[cfg(not(feature = "heap"))]
    #[global_allocator]
    static HEAP: freehold_perf_embedded::Place<freehold_perf_embedded::Chosen> = freehold_perf_embedded::Place::new();

    #[cortex_m_rt::entry]
    fn main() -> ! {
        semihosting::process::exit(if crate::work::run() { 0 } else { 2 })
    }

    #[panic_handler]
    fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
        semihosting::process::exit(1)
    }
}

#[cfg(not(target_os = "none"))]
fn main() {
    println!("this is for a Cortex-M4: `cargo perf --embedded` builds it and looks how large it is");
}
