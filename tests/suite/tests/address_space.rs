//! Under a limit on address space (h40), or on memory.

#![cfg(all(unix, not(any(miri, target_family = "wasm", target_os = "openbsd"))))]

use std::alloc::{GlobalAlloc, Layout};
use std::process::Command;
use std::sync::Barrier;
use std::{env, thread};

use freehold::{DefaultBacking, Ledger, SmallHeap};

const INSIDE: &str = "FREEHOLD_TEST_LIMITED";

/// KiB that the shell limits it to: 4.3 GB.
const LIMIT: usize = 4_200_000;
const THREADS: usize = 200;
const STACK: usize = 12 << 20;
const LEDGERS: usize = 10;

/// What the ledgers reserve ahead leaves room for stacks: 200 of 12 MiB, more than half of the limit.
#[test]
fn h40_reservations_leave_most_of_a_limit() {
    if env::var_os(INSIDE).is_some() {
        return use_up();
    }
    let this = env::current_exe().expect("a path");
    let out = Command::new("sh")
        .args([
            "-c",
            &format!("ulimit -v {LIMIT} && exec \"$0\" --exact h40_reservations_leave_most_of_a_limit --nocapture"),
        ])
        .arg(this)
        .env(INSIDE, "1")
        // glibc reserves some for each thread that allocates.
        .env("MALLOC_ARENA_MAX", "1")
        .output()
        .expect("a shell");
    assert!(out.status.success(), "{}\n{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    assert!(String::from_utf8_lossy(&out.stdout).contains("200 threads"));
}

fn use_up() {
    // Each a reservation of its own.
    let ledgers: Vec<_> = (0..LEDGERS).map(|_| Ledger::new(DefaultBacking::new())).collect();
    let claim = |ledger: &Ledger<DefaultBacking>, len: usize| {
        let claim = ledger.claim("claim", Layout::array::<u8>(len).expect("a layout"));
        // SAFETY: the claim is that long, and this thread's.
        claim.map(|claim| unsafe { claim.as_ptr().write_bytes(1, len) })
    };
    ledgers.iter().for_each(|ledger| claim(ledger, 1000).expect("room"));
    let barrier = Barrier::new(THREADS + 1);
    thread::scope(|scope| {
        for number in 0..THREADS {
            let spawned = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, || {
                barrier.wait();
            });
            if let Err(error) = spawned {
                eprintln!("{number} threads, then: {error}");
                std::process::exit(1);
            }
        }
        barrier.wait();
    });
    // And what needs more than was reserved ahead gets it.
    claim(&ledgers[0], 300 << 20).expect("room for one that is large");
    println!("{THREADS} threads");
}

/// Pages that the host does not put memory behind are no longer reserved either: a program that is refused again and again has as much address
/// space as before.
#[test]
#[cfg(target_os = "linux")]
fn h12_refused_pages_leave_no_address_space() {
    if env::var_os(INSIDE).is_some() {
        return be_refused();
    }
    let this = env::current_exe().expect("a path");
    let limited = "ulimit -d 200000 && exec \"$0\" --exact h12_refused_pages_leave_no_address_space --nocapture";
    let out = Command::new("sh").args(["-c", limited]).arg(this).env(INSIDE, "1").output().expect("a shell");
    assert!(out.status.success(), "{}\n{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    assert!(String::from_utf8_lossy(&out.stdout).contains("refused"));
}

#[cfg(target_os = "linux")]
fn be_refused() {
    // Pages of address space.
    let used = || {
        let all = std::fs::read_to_string("/proc/self/statm").expect("a file");
        all.split(' ').next().and_then(|pages| pages.parse::<usize>().ok()).expect("a number")
    };
    let heap: SmallHeap = SmallHeap::new();
    let layout = Layout::new::<[u8; 1 << 30]>();
    let before = used();
    for _ in 0..20 {
        // SAFETY: the layout has a size.
        if !unsafe { heap.alloc(layout) }.is_null() {
            return println!("nothing is refused here: an emulator, or an old Linux, that has no such limit");
        }
    }
    let more = used() - before;
    assert!(more < 1 << 16, "{more} pages");
    println!("refused");
}
