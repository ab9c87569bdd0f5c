//! What lives, as the debug layer knows it.

use freehold::backing::Backing;
use freehold::debug::{Checked, Leak, Mark};
use freehold::sharing::Shareable;

use crate::frame::{Frame, whose};
use crate::profile::{Place, Profile, Sum};

impl Profile {
    /// What lives in a heap, or what was allocated there since a mark and lives. `named` says what stands at an address: one frame, or several,
    /// the innermost first, where functions were inlined.
    ///
    /// A stack begins with who is to be known: [`whose`].
    ///
    /// The room that it needs for the answer is in the program's heap, and so in the answer.
    ///
    /// It is a profile of those blocks, as if there had never been others: all of them are there at the end, which is the peak.
    ///
    /// ```
    /// use freehold::{Heap, debug::Checked};
    /// use freehold_profile::{Profile, by_address};
    ///
    /// let heap: Checked<Heap> = Checked::new(Heap::new());
    /// assert!(Profile::living(&heap, None, by_address).places.is_empty());
    /// ```
    pub fn living<H, B: Backing, L: Shareable>(
        heap: &Checked<H, B, L>,
        since: Option<Mark>,
        mut named: impl FnMut(usize) -> Vec<Frame>,
    ) -> Profile {
        let (mut room, mut count) = (Vec::new(), 0);
        // Others may be at work, and the room itself may be in the heap.
        while count >= room.len() {
            room.resize(count + 16, Leak::NONE);
            count = heap.leaks_in(since, &mut room);
        }
        let end = heap.stats().allocations as u64;
        let place = |leak: &Leak| {
            let sum = Sum { blocks: leak.blocks as u64, bytes: leak.bytes as u64 };
            let frames = leak.site.frames().iter().flat_map(|address| named(*address)).collect();
            Place {
                frames: whose(frames),
                total: sum,
                most: sum,
                at_peak: sum,
                at_end: sum,
                lifetimes: leak.age as u64,
            }
        };
        let places = room[..count].iter().map(place).collect();
        Profile { of: "what lives".into(), verb: "Allocated, and lives,".into(), peak: end, end, places }
    }
}
