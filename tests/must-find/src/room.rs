//! Memory for what the rows need beside a heap.

use core::ptr::NonNull;

use freehold::Region;

/// Memory that is the rows' own while they run.
#[derive(Debug)]
pub struct Room {
    start: NonNull<u8>,
}

/// What stands there before.
const FOREIGN: u8 = 0xa5;

impl Room {
    /// So many bytes it has: for the records of 64 blocks and some stacks, and as much again for those of twice as many.
    pub const LEN: usize = 4000 * size_of::<usize>();

    /// # Safety
    ///
    /// The caller owes: [`LEN`](Room::LEN) bytes from there on, aligned to a grain of 64 bytes, are nobody else's as long as the room is used.
    pub const unsafe fn new(start: NonNull<u8>) -> Room {
        Room { start }
    }

    /// Its first `len` bytes, all of them written, for somebody to begin with.
    pub(crate) fn region(&self, len: usize) -> Region<'static> {
        // SAFETY: they are the room's.
        unsafe { self.start.write_bytes(FOREIGN, Room::LEN) };
        assert!(len <= Room::LEN);
        // SAFETY: who had it before is gone, and the caller drops what it makes of it before it comes here again.
        unsafe { Region::from_raw(self.start.as_ptr(), len) }
    }

    /// The place so many bytes from its start.
    pub(crate) fn at(&self, offset: usize) -> *mut u8 {
        assert!(offset < Room::LEN);
        // SAFETY: inside the room.
        unsafe { self.start.add(offset) }.as_ptr()
    }

    /// The place at an address in it.
    pub(crate) fn of(&self, address: usize) -> *mut u8 {
        self.at(address - self.start.addr().get())
    }

    /// Writes over the record of the block at this address, as a program that runs wild does.
    pub(crate) fn spoil(&self, address: usize, spoil: Spoil) {
        let word = |index: usize| self.at(index * size_of::<usize>()).cast::<usize>();
        // SAFETY: all of the room was written.
        let is_it = |index: &usize| unsafe { word(*index).read() } == address;
        let record = (0..Room::LEN / size_of::<usize>()).find(is_it).expect("a record");
        match spoil {
            // SAFETY: the record is longer than its first word; a size is what stands there.
            Spoil::Size => unsafe { word(record + 1).write(1_000_000) },
            // SAFETY: it has four words, and sixteen bytes behind them.
            Spoil::Wiped => unsafe { word(record).write_bytes(0, 4 + 16 / size_of::<usize>()) },
        }
    }
}

/// What is done to a record.
#[derive(Clone, Copy)]
pub(crate) enum Spoil {
    /// Its second word is another number.
    Size,
    /// All of it is zero.
    Wiped,
}
