//! One row on a board, its number the last word that the program is called with, on a heap without the layer, and without debug assertions: it must break or
//! go on as the row says.

#![cfg_attr(all(target_os = "none", not(target_family = "wasm")), no_std, no_main)]

#[cfg(all(target_os = "none", not(target_family = "wasm")))]
mod board {
    use core::mem::MaybeUninit;
    use core::ptr::NonNull;

    use freehold::{BoundedHeap, Region};
    use freehold_board::{End, end, last_word, ring_every, say};
    use freehold_must_find::Room;
    use freehold_must_find::count;
    use freehold_must_find::unwatched::{Outcome, control};

    const RAM_LEN: usize = 16 << 10;
    /// As many instructions as no row takes.
    const WATCH: u32 = 2_000_000;

    #[repr(align(64))]
    struct Ram<const N: usize>([MaybeUninit<u8>; N]);

    #[unsafe(link_section = ".uninit.heap")]
    static mut RAM: Ram<RAM_LEN> = Ram([MaybeUninit::uninit(); RAM_LEN]);
    #[unsafe(link_section = ".uninit.heap")]
    static mut ROOM: Ram<{ Room::LEN }> = Ram([MaybeUninit::uninit(); Room::LEN]);

    static HEAP: BoundedHeap = BoundedHeap::empty();

    fn main() -> ! {
        let number = last_word(|word| word.parse::<usize>().ok()).expect("a number");
        if number >= count() {
            say!("no such row");
            end(End::Well);
        }
        let room = NonNull::new((&raw mut ROOM).cast()).expect("an address");
        // SAFETY: nothing else names it.
        let room = unsafe { Room::new(room) };
        let ram = (&raw mut RAM).cast();
        // SAFETY: as above.
        let ram = unsafe { Region::from_raw(ram, RAM_LEN) };
        assert!(HEAP.lend(ram).is_ok());
        control(number, &HEAP, &room, |control| {
            say!("{:?}, expected: {:?}", control.row, control.expected);
            ring_every(WATCH, || end(End::Hung));
            let outcome = control.run();
            end(if outcome == Outcome::GoesOn { End::Well } else { End::Badly });
        });
        unreachable!("it has ended")
    }

    freehold_board::start!(main);
}

#[cfg(not(all(target_os = "none", not(target_family = "wasm"))))]
fn main() {
    println!("this is for a microcontroller: `cargo verify --only must-find` runs it in qemu");
}
