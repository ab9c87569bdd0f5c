//! Counts instructions on a Cortex-M4 that qemu emulates, and how full memory gets. `cargo perf --embedded` builds it with each heap, runs
//! it and reads its lines: `what, how much`.

#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(target_os = "none")]
mod dice;
#[cfg(all(target_os = "none", not(feature = "pools")))]
mod filling;
#[cfg(target_os = "none")]
mod meter;
#[cfg(all(target_os = "none", feature = "pools"))]
mod pools;
#[cfg(all(target_os = "none", not(feature = "pools")))]
mod random;

#[cfg(all(target_os = "none", not(feature = "pools")))]
mod heap {
    use freehold_board::{End, end, start};
    use freehold_perf_embedded::{Chosen, Place};

    use crate::meter::Meter;
    use crate::{filling, random};

    #[global_allocator]
    static HEAP: Place<Chosen> = Place::new();

    fn main() -> ! {
        let meter = Meter::new();
        random::run(&HEAP, &meter);
        filling::run(&HEAP);
        end(End::Well)
    }

    start!(main);
}

#[cfg(not(target_os = "none"))]
fn main() {
    println!("this is for a Cortex-M4: `cargo perf --embedded` builds it and runs it in qemu");
}
