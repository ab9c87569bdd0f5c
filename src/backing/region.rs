//! Memory that the caller owns and hands over.

use core::marker::PhantomData;
use core::mem::MaybeUninit;
use core::ptr::NonNull;

use super::{Backing, Grant, Request, skipped};
use crate::error::Obstacle;
use crate::layout::usable;
use crate::platform::sanitizer;
use crate::span::Span;

/// Memory that you have already, to be shared out: a buffer on the stack, a static, a linker section, external RAM.
///
/// Of any size and alignment; up to two grains ([`GRAIN`](crate::backing::GRAIN)) are lost where its ends are not on the grain.
/// The whole range goes to the ledger with the first request that fits it; a request that doesn't fit changes nothing. A
/// [`BoundedHeap`](crate::BoundedHeap) heap is lent it without a ledger, and loses a word at most at each end.
///
/// ```
/// use core::mem::MaybeUninit;
/// use freehold::{Alloc, Arena, Ledger, Region};
///
/// let mut buffer = [MaybeUninit::uninit(); 2048];
/// let ledger = Ledger::new(Region::new(&mut buffer)); // or `Region::from_raw`, `between` two symbols, `until` an end
/// let arena = Arena::new_in(&ledger, "samples");
/// let error = arena.try_alloc_uninit_slice::<u64>(400).unwrap_err();
/// assert!(error.to_string().starts_with("`samples` asked for 3200 bytes aligned to 8: region has "));
/// assert_eq!(arena.alloc_slice_fill(100, 7_u64)[99], 7); // nothing was changed by the refusal
/// ```
#[derive(Debug)]
pub struct Region<'r> {
    bounds: Bounds,
    _lent: sanitizer::Borrowed,
    owner: PhantomData<&'r mut [MaybeUninit<u8>]>,
}

/// Where a region lies, as far as that is known.
#[derive(Clone, Copy, Debug)]
enum Bounds {
    Known(Option<Span>),
    /// It ends before it begins.
    Reversed,
    /// This function finds out. Only a program that has such a region has it.
    Late(*mut u8, End, fn(*mut u8, End) -> Bounds),
}

/// Where one ends that is found out late.
#[derive(Clone, Copy, Debug)]
enum End {
    /// At an address that the linker knows, and the compiler doesn't.
    At(*mut u8),
    /// That is to be asked for.
    Asked(fn() -> *mut u8),
}

// SAFETY: it is the exclusive borrow of plain bytes, which may be sent.
unsafe impl Send for Region<'_> {}

impl<'r> Region<'r> {
    /// The bytes of `memory`, for as long as they are borrowed.
    pub const fn new(memory: &'r mut [MaybeUninit<u8>]) -> Region<'r> {
        let len = memory.len();
        // SAFETY: the exclusive borrow reaches all its bytes, for 'r; a slice never wraps nor exceeds isize::MAX.
        unsafe { Region::from_raw(memory.as_mut_ptr().cast(), len) }
    }

    /// The `len` bytes at `base`: a linker section, external RAM, a `static mut`.
    ///
    /// A null `base` or a `len` of 0 is an empty region: every claim is refused.
    ///
    /// # Safety
    ///
    /// The caller owes: for as long as the region and every ledger or heap it goes to are in use, these bytes may be read and
    /// written through `base`, and nobody else uses them.
    pub const unsafe fn from_raw(base: *mut u8, len: usize) -> Region<'r> {
        let len = if len > isize::MAX as usize { isize::MAX as usize } else { len };
        let span = match NonNull::new(base) {
            // SAFETY: the caller owes just this; the length is cut to what a span can be.
            Some(base) => Some(unsafe { Span::new(base, len) }),
            None => None,
        };
        Region { bounds: Bounds::Known(span), _lent: sanitizer::Borrowed::new(span), owner: PhantomData }
    }

    /// The bytes from `base` up to `end`, which is the first byte that is not the region's: two symbols of a linker script.
    ///
    /// ```
    /// use freehold::{Ledger, Region};
    /// # #[unsafe(no_mangle)] static mut __heap_start: u8 = 0;
    /// # #[unsafe(no_mangle)] static mut __heap_end: u8 = 0;
    /// # mod script {
    /// # use freehold::{Ledger, Region};
    ///
    /// unsafe extern "C" {
    ///     static mut __heap_start: u8;
    ///     static mut __heap_end: u8;
    /// }
    ///
    /// // SAFETY: the linker script keeps these bytes free.
    /// static LEDGER: Ledger<Region> = Ledger::new(unsafe { Region::between(&raw mut __heap_start, &raw mut __heap_end) });
    /// # }
    /// ```
    ///
    /// They are compared with the first claim, so a `static` can have them, though their difference is no constant. If `end` lies before
    /// `base`, claims are refused with an error that says so.
    ///
    /// # Safety
    ///
    /// As for [`from_raw`](Region::from_raw), of all bytes between the two.
    pub const unsafe fn between(base: *mut u8, end: *mut u8) -> Region<'r> {
        Region {
            bounds: Bounds::Late(base, End::At(end), up_to),
            _lent: sanitizer::Borrowed::new(None),
            owner: PhantomData,
        }
    }

    /// The bytes from `base` up to what `end` returns: external RAM of which the size is found out, or what the stack leaves. It is called
    /// once, with the first claim. (In a [`Plot`](crate::Plot) whenever that is asked for memory.)
    ///
    /// # Safety
    ///
    /// As for [`from_raw`](Region::from_raw), of all bytes between the two. And `end` doesn't unwind, and uses neither the ledger that the region
    /// goes to nor what lives on it.
    pub const unsafe fn until(base: *mut u8, end: fn() -> *mut u8) -> Region<'r> {
        Region {
            bounds: Bounds::Late(base, End::Asked(end), up_to),
            _lent: sanitizer::Borrowed::new(None),
            owner: PhantomData,
        }
    }

    /// Where it lies; `None` if there is nothing of it.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    #[inline(always)] // where it is made, its kind is known
    pub(crate) fn look(&self) -> Result<Option<Span>, &'static str> {
        match self.found() {
            Bounds::Known(span) => Ok(span),
            _ => Err("it ends before it begins"),
        }
    }

    /// [`look`](Region::look), once for all.
    #[inline(always)]
    pub(crate) fn find(&mut self) -> Result<Option<Span>, &'static str> {
        if let Bounds::Late(..) = self.bounds {
            self.bounds = self.found();
            if let Bounds::Known(span) = self.bounds {
                self._lent = sanitizer::Borrowed::new(span);
            }
        }
        self.look()
    }

    #[inline(always)]
    fn found(&self) -> Bounds {
        match self.bounds {
            Bounds::Late(base, end, find) => find(base, end),
            known => known,
        }
    }
}

/// All bytes between the two.
#[cold]
#[inline(never)]
fn up_to(base: *mut u8, end: End) -> Bounds {
    let end = match end {
        End::At(end) => end,
        End::Asked(end) => end(),
    };
    let Some(len) = end.addr().checked_sub(base.addr()) else { return Bounds::Reversed };
    // SAFETY: the caller of `between` or `until` owes just this.
    unsafe { Region::from_raw(base, len) }.bounds
}

// SAFETY: the bytes are the caller's to give (contract of `from_raw`, borrow in `new`) and go out once.
unsafe impl Backing for Region<'_> {
    const COMES_BACK: bool = false;
    const WHOLE: bool = true;

    fn name(&self) -> &'static str {
        "region"
    }

    fn claim(&mut self, request: &Request) -> Result<Grant, Obstacle> {
        let found = self.find().map_err(|why| Obstacle::Unfit { region: self.name(), why })?;
        let Some(span) = found else {
            return Err(Obstacle::Exhausted { backing: self.name(), left: 0 });
        };
        // `from_raw` can't know whether the end wraps: `usable` does.
        let (skip, left) = usable(span.addr(), span.len());
        if request.least_at(span.addr(), skipped(span.addr())) > skip + left {
            return Err(Obstacle::Exhausted { backing: self.name(), left });
        }
        self.bounds = Bounds::Known(None);
        Ok(Grant::island(span))
    }
}
