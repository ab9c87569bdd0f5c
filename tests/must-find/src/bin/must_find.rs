//! All rows on a board, with each heap that there is on one: it must end well.

#![cfg_attr(all(target_os = "none", not(target_family = "wasm")), no_std, no_main)]

#[cfg(all(target_os = "none", not(target_family = "wasm")))]
mod board {
    use core::mem::MaybeUninit;
    use core::ptr::NonNull;

    use freehold::{BoundedHeap, Heap, Ledger, Region};
    use freehold_board::{End, end, say};
    use freehold_must_find::{Alone, Bench, Room, count, every};

    const RAM_LEN: usize = 48 << 10;

    #[repr(align(64))]
    struct Ram<const N: usize>([MaybeUninit<u8>; N]);

    /// The heaps' memory.
    #[unsafe(link_section = ".uninit.heap")]
    static mut RAM: Ram<RAM_LEN> = Ram([MaybeUninit::uninit(); RAM_LEN]);
    #[unsafe(link_section = ".uninit.heap")]
    static mut OTHER: Ram<RAM_LEN> = Ram([MaybeUninit::uninit(); RAM_LEN]);
    /// The rows' own.
    #[unsafe(link_section = ".uninit.heap")]
    static mut ROOM: Ram<{ Room::LEN }> = Ram([MaybeUninit::uninit(); Room::LEN]);

    // SAFETY: nothing else names it.
    static LEDGER: Ledger<Region> = Ledger::new(unsafe { Region::from_raw(START, RAM_LEN) });
    const START: *mut u8 = (&raw mut RAM).cast();
    static HEAP: Heap = Heap::new_in(&LEDGER, "heap");
    static BOUNDED: BoundedHeap = BoundedHeap::empty();

    fn main() -> ! {
        let room = NonNull::new((&raw mut ROOM).cast()).expect("an address");
        // SAFETY: nothing else names it.
        let room = unsafe { Room::new(room) };
        let other = (&raw mut OTHER).cast();
        // SAFETY: nothing else names it.
        let other = unsafe { Region::from_raw(other, RAM_LEN) };
        assert!(BOUNDED.lend(other).is_ok());
        every(&Bench { below: &BOUNDED, room: &room, hands: &Alone });
        every(&Bench { below: &HEAP, room: &room, hands: &Alone });
        say!("{} rows: all found, and nothing in their twins", count());
        end(End::Well)
    }

    freehold_board::start!(main);
}

#[cfg(not(all(target_os = "none", not(target_family = "wasm"))))]
fn main() {
    println!("this is for a microcontroller: `cargo verify --only must-find` runs it in qemu");
}
