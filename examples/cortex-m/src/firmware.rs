//! The firmware: jobs come and go in a pool, and each is worked on in a scope of an arena. There is no other allocator.

use core::mem::MaybeUninit;
use core::panic::PanicInfo;

use cortex_m_rt::entry;
use cortex_m_semihosting::{debug, hprintln};
use freehold::{Alloc, Arena, Growth, Ledger, Obstacle, Pool, Region};

const RAM_LEN: usize = 16 << 10;

/// The memory to share out, in a section that start-up code doesn't clear.
#[unsafe(link_section = ".uninit.heap")]
static mut RAM: [MaybeUninit<u8>; RAM_LEN] = [MaybeUninit::uninit(); RAM_LEN];

// SAFETY: nothing but this ledger ever uses `RAM`.
static LEDGER: Ledger<Region> = Ledger::new(unsafe { Region::from_raw(ram(), RAM_LEN) });

const fn ram() -> *mut u8 {
    (&raw mut RAM).cast()
}

/// So many samples of one channel are wanted.
struct Job {
    channel: u8,
    samples: usize,
}

/// The median of what a sensor says.
fn median<'s>(scope: impl Alloc<'s>, job: &Job) -> u16 {
    let samples = scope.alloc_from_iter((0..job.samples).map(|n| (n * 7 % 50) as u16 + 100 * u16::from(job.channel)));
    samples.sort_unstable();
    samples[samples.len() / 2]
}

#[entry]
fn main() -> ! {
    // A queue of three jobs and no more. Whoever comes too late gets the job back, with the reason.
    let jobs = Pool::fixed_in(&LEDGER, "jobs", 3).expect("three jobs fit");
    let queue = [1, 2, 3].map(|channel| jobs.alloc(Job { channel, samples: 300 }));
    let rejected = jobs.try_alloc(Job { channel: 4, samples: 300 }).err().expect("the pool is full");
    hprintln!("job of channel {} has to wait: {}", rejected.value.channel, rejected.error);

    // Claims in even steps: in small memory, doubling would leave little for anyone else.
    let mut arena = Arena::new_in(&LEDGER, "samples").with_growth(Growth::fixed(1 << 10));
    for job in queue {
        hprintln!("channel {}: median {}", job.channel, median(&arena.scope(), &job));
    } // each job's place is free again, and so are its samples
    let late = jobs.alloc(rejected.value);
    hprintln!("channel {}: median {}", late.channel, median(&arena.scope(), &late));

    // More than there is: an error, nothing taken, and work goes on.
    let error = arena.try_alloc_uninit_slice::<u8>(RAM_LEN).expect_err("more than there is");
    assert!(matches!(error.obstacle, Obstacle::Exhausted { .. }));
    hprintln!("refused: {}", error);

    hprintln!("\n{}", LEDGER.snapshot());
    debug::exit(debug::EXIT_SUCCESS);
    unreachable!("qemu has ended")
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    hprintln!("{}", info);
    debug::exit(debug::EXIT_FAILURE);
    loop {}
}
