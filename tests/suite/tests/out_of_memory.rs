//! Where an arena and the program's heap share memory that ends, and the arena takes the last of it (h37): its own panic, with its
//! message, can be caught. For that the heap keeps a reserve. The control is the same in a process in which it has none.
//!
//! There is no harness: it would have the same heap.

#[cfg(any(target_family = "wasm", miri, panic = "abort"))]
fn main() {}

#[cfg(not(any(target_family = "wasm", miri, panic = "abort")))]
fn main() {
    shared::main();
}

#[cfg(not(any(target_family = "wasm", miri, panic = "abort")))]
mod shared {
    use std::env;
    use std::hint::black_box;
    use std::mem::MaybeUninit;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::process::Command;

    use freehold::backing::Then;
    use freehold::{Alloc, Arena, Heap, Ledger, Region};

    /// Too little for a reserve.
    const FIRST: usize = 60 << 10;
    const SECOND: usize = 400 << 10;

    static mut FIRST_RAM: [MaybeUninit<u8>; FIRST] = [MaybeUninit::uninit(); FIRST];
    static mut SECOND_RAM: [MaybeUninit<u8>; SECOND] = [MaybeUninit::uninit(); SECOND];

    const FIRST_START: *mut u8 = (&raw mut FIRST_RAM).cast();
    const SECOND_START: *mut u8 = (&raw mut SECOND_RAM).cast();

    // SAFETY: nothing else names this memory.
    const FIRST_REGION: Region<'static> = unsafe { Region::from_raw(FIRST_START, FIRST) };
    // SAFETY: nothing else names this memory.
    const SECOND_REGION: Region<'static> = unsafe { Region::from_raw(SECOND_START, SECOND) };

    static LEDGER: Ledger<Then<Region<'static>, Region<'static>>> = Ledger::new(Then::new(FIRST_REGION, SECOND_REGION));

    #[global_allocator]
    static HEAP: Heap = Heap::new_in(&LEDGER, "heap");

    pub fn main() {
        match env::args().nth(1).as_deref() {
            Some("with a reserve") => exhaust(true),
            Some("without one") => exhaust(false),
            _ => parent(),
        }
    }

    /// An arena takes all there is, and panics.
    fn exhaust(reserve: bool) {
        if reserve {
            // The second region comes in, and is free again when the heap asks for its next slab.
            drop(LEDGER.claim("wake", std::alloc::Layout::new::<[u8; FIRST]>()).expect("room"));
            drop(black_box(Box::new([1u8; 250])));
        }
        let kept = black_box(vec![7u8; 100]);
        let panic = catch_unwind(AssertUnwindSafe(|| {
            let arena = Arena::new_in(&LEDGER, "texts");
            // The smaller, the less is left: a list's link, at last.
            for bit in (0..14).rev() {
                while arena.try_alloc_uninit_slice::<u8>(1 << bit).is_ok() {}
            }
            if !reserve {
                // Nor has the heap a block of any size left.
                // SAFETY: the layout has bytes.
                while !unsafe { std::alloc::alloc(std::alloc::Layout::new::<[u8; 16]>()) }.is_null() {}
            }
            arena.alloc_uninit_slice::<u64>(1);
        }));
        let panic = panic.expect_err("memory that ends");
        let message = panic.downcast_ref::<String>().expect("a message that was formatted");
        assert!(message.starts_with("`texts` asked for 8 bytes"), "{message}");
        println!("caught: {message}");
        assert!(kept.iter().all(|byte| *byte == 7));
        // And it goes on.
        drop(panic);
        let many: Vec<String> = (0..1000).map(|number| number.to_string()).collect();
        assert_eq!(many.concat().len(), 10 + 180 + 2700);
    }

    fn parent() {
        let run = |how: &str| {
            let mut child = Command::new(env::current_exe().expect("this program"));
            let output = child.arg(how).env("RUST_BACKTRACE", "0").output().expect("a child");
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            (output.status, text(&output.stdout), text(&output.stderr))
        };
        let (status, out, err) = run("with a reserve");
        assert!(status.success() && out.starts_with("caught: `texts` asked for 8 bytes"), "{status}\n{out}\n{err}");
        assert!(err.contains("`texts` asked for 8 bytes"), "the hook had its say too:\n{err}");
        let (status, out, err) = run("without one");
        assert!(!status.success() && !out.contains("caught"), "the control needs no reserve:\n{out}\n{err}");
        assert!(err.contains("memory allocation of"), "it fails of something else:\n{err}");
        println!("h37: the message comes; without a reserve it doesn't");
    }
}
