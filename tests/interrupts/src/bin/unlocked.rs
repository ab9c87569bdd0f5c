#![no_std]
#![no_main]
use freehold_board::{say, end, End, now, since, on_bell, ring_after};
use core::sync::atomic::{AtomicUsize, Ordering};
static N: AtomicUsize = AtomicUsize::new(0);
fn bell() { N.store(N.load(Ordering::Relaxed)+1, Ordering::Relaxed); ring_after(300); }
fn spin(n: u32) {
    for i in 0..n { core::hint::black_box(i); }
}
fn main() -> ! {
    say!("hello");
    for n in [0, 10, 11, 100, 1000, 10000] {
        let t = now(); spin(n); let d = since(t); say!("{n}: {d}");
    }
    on_bell(bell);
    ring_after(300);
    spin(1_000_000);
    say!("rings {}", N.load(Ordering::Relaxed));
    end(End::Well)
}
freehold_board::start!(main);
