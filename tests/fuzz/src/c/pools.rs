//! Pools, and what is not to be freed.

use core::alloc::Layout;
use core::ffi::CStr;
use core::ptr::NonNull;

use freehold_c::Code;
use freehold_suite::choices::Choices;

use super::memory::holder;
use super::{DONE, Kind, NO_ROOM, Passed, Program, What, allowed, declared};

const WORD: usize = size_of::<usize>();

/// An open pool.
#[derive(Debug)]
pub struct Pool {
    pub ledger: usize,
    pub owner: &'static CStr,
    size: usize,
    align: usize,
    capacity: usize,
    used: Vec<NonNull<u8>>,
    /// Those that were freed and not handed out since.
    freed: Vec<NonNull<u8>>,
}

impl Program<'_> {
    fn pool(&mut self, index: usize) -> &mut Pool {
        let What::Pool(pool) = &mut self.things[index].what else { unreachable!() };
        pool
    }

    pub fn open_pool(&mut self) {
        let passed = self.pick(Kind::Ledger);
        let (size, align, mut says) = self.layout();
        let capacity = match self.choices.below(8) {
            0..4 => 0,
            4..7 => 1 + self.choices.below(20) as usize,
            _ => usize::MAX >> self.choices.below(20),
        };
        if size > usize::MAX >> 8 && !says.contains(&Code::BadArgument) {
            says = &[Code::TooLarge, Code::Exhausted];
        }
        let Some((owner, name, named)) = self.name() else { return };
        let says = allowed(&passed, if named.contains(&Code::Ok) { says } else { named });
        // SAFETY: the name is null or ends with a null.
        let open =
            |error: &mut _| unsafe { declared::freehold_pool_open(passed.0, name, size, align, capacity, error) };
        if let Some(handle) = self.handle(says, open) {
            let ledger = passed.1.expect("a ledger");
            let (size, align) = (size.max(1), if align == 0 { 16 } else { align });
            let (used, freed) = (Vec::new(), Vec::new());
            self.opened(handle, What::Pool(Pool { ledger, owner, size, align, capacity, used, freed }));
        }
    }

    pub fn close_pool(&mut self) {
        let passed = self.pick(Kind::Pool);
        self.closed_pool(passed);
    }

    pub fn closed_pool(&mut self, passed: Passed) {
        if let Ok(index) = passed.1 {
            let owner = self.pool(index).owner;
            self.live.remove_from(holder(owner, 0));
        }
        if self.status(allowed(&passed, DONE), |error| declared::freehold_pool_close(passed.0, error)) {
            self.things[passed.1.expect("a pool")].open = false;
        }
    }

    pub fn alloc_block(&mut self) {
        let passed = self.pick(Kind::Pool);
        let mut says = NO_ROOM;
        if let Ok(index) = passed.1 {
            let pool = self.pool(index);
            says = match pool.capacity {
                0 => NO_ROOM,
                capacity if capacity == pool.used.len() => &[Code::Full],
                _ => DONE,
            };
        }
        let (done, block) = self.call(allowed(&passed, says), |error| declared::freehold_pool_alloc(passed.0, error));
        assert_eq!(done, !block.is_null());
        if let (Some(block), Ok(index)) = (NonNull::new(block), passed.1) {
            let pool = self.pool(index);
            pool.freed.retain(|freed| *freed != block);
            pool.used.push(block);
            let layout = Layout::from_size_align(pool.size, pool.align).expect("a layout");
            let holder = holder(pool.owner, 0);
            // SAFETY: it is the program's until it is freed, or the pool is closed.
            unsafe { self.live.add(block, layout, holder) };
        }
        self.count(passed);
    }

    /// Frees what may be freed, and what may not.
    pub fn free_block(&mut self) {
        let passed = self.pick(Kind::Pool);
        let (some, kind) = (self.choices.below(1000) as usize, self.choices.below(16));
        let foreign = (NonNull::dangling().as_ptr(), &[Code::ForeignBlock] as &[Code]);
        let other = self.live.find(some as u32, |_| true).map(|block| block.place.as_ptr());
        let mut overrun = None;
        let (block, says) = match passed.1 {
            Err(says) => (other.unwrap_or(foreign.0), says),
            Ok(index) => {
                let pool = self.pool(index);
                let pick = |blocks: &[NonNull<u8>]| Some(*blocks.get(some % blocks.len().max(1))?);
                match (kind, pick(&pool.used), pick(&pool.freed)) {
                    (0, ..) => (core::ptr::null_mut(), DONE),
                    (1, ..) => ((some as *mut u8).wrapping_sub(500), foreign.1),
                    // Inside a block, or before it.
                    (2, Some(block), _) | (2, None, Some(block)) => {
                        (block.as_ptr().wrapping_add(1 + some % (WORD + pool.size - 1)), foreign.1)
                    }
                    (3, Some(block), _) => (block.as_ptr().wrapping_sub(WORD), foreign.1),
                    (4, ..) => match other {
                        Some(other) if !pool.used.iter().any(|block| block.as_ptr() == other) => (other, foreign.1),
                        _ => foreign,
                    },
                    (5..8, _, Some(block)) => (block.as_ptr(), &[Code::FreedTwice] as &[Code]),
                    (8, Some(block), _) => {
                        overrun = Some(block);
                        (block.as_ptr(), &[Code::Overrun] as &[Code])
                    }
                    (_, Some(block), _) => (block.as_ptr(), DONE),
                    _ => foreign,
                }
            }
        };
        // An overrun: some byte of the word behind the block.
        let word = overrun.map(|block| {
            let size = passed.1.map_or(0, |index| self.pool(index).size).next_multiple_of(WORD);
            // SAFETY: the word is a part of the block.
            unsafe { block.add(size + some % WORD) }
        });
        let flip = |word: NonNull<u8>| {
            // SAFETY: as above.
            let byte = unsafe { word.read() };
            // SAFETY: as above.
            unsafe { word.write(byte ^ 0x40) };
        };
        word.into_iter().for_each(flip);
        if says == DONE && !block.is_null() {
            // From now on others may write there.
            self.live.remove(NonNull::new(block).expect("a block"));
        }
        // SAFETY: if it is a block of the pool's it is not used any more; else nothing is done.
        let done = self.status(says, |error| unsafe { declared::freehold_pool_free(passed.0, block, error) });
        word.into_iter().for_each(flip);
        if let (true, Ok(index), Some(block)) = (done, passed.1, NonNull::new(block)) {
            let pool = self.pool(index);
            pool.used.retain(|used| *used != block);
            pool.freed.push(block);
        }
        self.count(passed);
    }

    fn count(&mut self, passed: Passed) {
        let (_, count) = self.call(allowed(&passed, DONE), |error| declared::freehold_pool_in_use(passed.0, error));
        let used = passed.1.map_or(0, |index| self.pool(index).used.len());
        assert_eq!(count, used);
    }
}
