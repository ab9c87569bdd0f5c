//! Several memories of the caller's, each with a name.

use super::{Backing, Grant, Region, Request};
use crate::error::Obstacle;
use crate::layout::GRAIN;
use crate::span::Span;

/// One of several memories: a [`Region`], its name, and what it is for.
#[derive(Debug)]
pub struct Ram<'r> {
    name: &'static str,
    suits: &'static [&'static str],
    region: Region<'r>,
}

impl<'r> Ram<'r> {
    /// `region`, under this name: the map shows it, and who wants memory there says it.
    pub const fn new(name: &'static str, region: Region<'r>) -> Ram<'r> {
        Ram { name, suits: &[], region }
    }

    /// The same, which suits these purposes, `"fast"`, `"dma"`, `"external"` or whatever you call them: who wants memory for one says that
    /// instead of the name.
    #[must_use]
    pub const fn suits(mut self, purposes: &'static [&'static str]) -> Ram<'r> {
        self.suits = purposes;
        self
    }
}

/// `N` memories in an order: a microcontroller's, each with a name and what it is for.
///
/// ```
/// use core::mem::MaybeUninit;
/// use freehold::{Alloc, Arena, Ledger, Ram, Region, Regions, Within};
///
/// static mut TCM: [MaybeUninit<u8>; 8192] = [MaybeUninit::uninit(); 8192];
/// static mut SRAM: [MaybeUninit<u8>; 16384] = [MaybeUninit::uninit(); 16384];
///
/// static LEDGER: Ledger<Regions<2>> = Ledger::new(Regions::new([
///     // SAFETY: nothing else names this memory.
///     Ram::new("tcm", unsafe { Region::from_raw((&raw mut TCM).cast(), 8192) }).suits(&["fast"]),
///     // SAFETY: nothing else names this memory.
///     Ram::new("sram", unsafe { Region::from_raw((&raw mut SRAM).cast(), 16384) }).suits(&["dma"]),
/// ]));
/// // What lies in memory that the DMA reaches, and nowhere else.
/// static DMA: Ledger<Within> = Ledger::within(&LEDGER, "dma", "dma buffers");
///
/// let frames = Arena::new_in(&DMA, "frames");
/// let frame = frames.alloc_uninit_slice::<u16>(1000);
/// assert!((&raw const SRAM as usize..).contains(&frame.as_ptr().addr()));
/// let anywhere = Arena::new_in(&LEDGER, "anywhere"); // in `tcm` as long as there is room, as that comes first
/// # anywhere.alloc(1);
/// println!("{}", LEDGER.snapshot()); // who holds which bytes, of which memory
/// ```
///
/// Claims that name no memory lie in the first that has room. With [`Within`](crate::Within) whatever lives on a ledger, an arena, a pool or a heap, says where it
/// must or would rather lie. Free memory of one is never handed to who must have another: each keeps its own, and merges with none.
///
/// All of them go to the ledger with its first claim, each with a record of the ledger's at its start (some 350 bytes on a 32-bit
/// microcontroller, 1.2 KB on wasm, 2.2 KB on 64-bit hosts), which counts as claimed under the region's name. If any can't be used, as it ends before it begins, is too small for that record,
/// or overlaps another, every claim is refused with an error that says so, and nothing is taken. Of several with one name, or one purpose, each is
/// as good, in their order.
#[derive(Debug)]
pub struct Regions<'r, const N: usize> {
    rams: [Ram<'r>; N],
    /// How many the ledger has.
    given: usize,
}

impl<'r, const N: usize> Regions<'r, N> {
    /// These memories, in this order.
    pub const fn new(rams: [Ram<'r>; N]) -> Regions<'r, N> {
        Regions { rams, given: 0 }
    }

    /// Finds out whether all can be used, before any is.
    fn check(&mut self) -> Result<(), Obstacle> {
        for index in 0..N {
            let (before, from) = self.rams.split_at_mut(index);
            let Some(Ram { name, region, .. }) = from.first_mut() else {
                break;
            };
            let unfit = |why| Err(Obstacle::Unfit { region: name, why });
            let span = match region.find() {
                Ok(span) => span.filter(|span| span.len() >= LEAST_PART),
                Err(why) => return unfit(why),
            };
            let Some(span) = span else {
                return unfit("it is too small for the ledger's record of it");
            };
            for other in before {
                let other = other.region.look().ok().flatten();
                if other.is_some_and(|other| other.addr() < span.end() && span.addr() < other.end()) {
                    return unfit("it overlaps another region");
                }
            }
        }
        Ok(())
    }
}

/// A region of fewer bytes can't be a part of a ledger: it holds a record for as many bins as a ledger has there (asserted where that is).
pub(crate) const LEAST_PART: usize = {
    let bins = if cfg!(all(target_os = "none", not(target_family = "wasm"))) { 64 } else { 256 };
    (bins + 32) * size_of::<usize>() + 4 * GRAIN
};

/// A memory on its way from a [`Backing`] to a ledger that is to keep it apart from all others: one of [`Regions`].
#[derive(Clone, Copy, Debug)]
pub struct PartGrant {
    pub(crate) name: &'static str,
    pub(crate) suits: &'static [&'static str],
    pub(crate) span: Span,
}

impl PartGrant {
    /// Its name.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The bytes that it is of.
    pub const fn span(&self) -> Span {
        self.span
    }
}

// SAFETY: each region is the caller's to give (contract of `Region`), no two overlap, and each goes out once, as a part.
unsafe impl<const N: usize> Backing for Regions<'_, N> {
    const COMES_BACK: bool = false;
    const PARTS: bool = true;

    fn name(&self) -> &'static str {
        "regions"
    }

    fn part(&mut self) -> Result<Option<PartGrant>, Obstacle> {
        if self.given == 0 {
            self.check()?;
        }
        let Some(Ram { name, suits, region }) = self.rams.get_mut(self.given) else {
            return Ok(None);
        };
        let span = region.find().map_err(|why| Obstacle::Unfit { region: name, why })?;
        self.given += 1;
        Ok(span.map(|span| PartGrant { name, suits, span }))
    }

    fn claim(&mut self, _: &Request) -> Result<Grant, Obstacle> {
        // All there is is the ledger's.
        Err(Obstacle::Exhausted { backing: self.name(), left: 0 })
    }
}
