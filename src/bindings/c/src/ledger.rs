//! Ledgers: where memory comes from, and who holds it.

use core::alloc::Layout;
use core::ffi::{c_char, c_int, c_void};
use core::fmt::Write;
use core::ptr::NonNull;

use freehold::backing::GRAIN;
use freehold::{AllocError, Arena, BlockPool, Claim, Ledger, Region, Snapshot};

use crate::problem::{Buffer, NAME, Name, Problem, Report, whole};
use crate::shelf::Shelves;
use crate::table::{Entry, Record, Table, status, value};

/// The alignment of what is asked for with none: that of C's `max_align_t`.
const ALIGN: usize = 16;

/// A ledger, where its handle is looked up.
pub struct Home {
    entry: Entry,
    ledger: Which,
    /// Where the arenas and pools are that are open on it.
    open: Shelves,
    /// The region that it lies in, from where to where, and over whose rest it is; nothing for the module's own.
    region: (usize, usize),
}

/// Which ledger a handle stands for.
// One lies in a `static`, and each other at the start of its region: nowhere is there a box to put the large one in.
#[allow(clippy::large_enum_variant)]
enum Which {
    /// The module's own, which Rust in the same program has too.
    #[cfg(any(unix, windows, target_family = "wasm"))]
    Module,
    Over(Ledger<Region<'static>>),
}

#[cfg(any(unix, windows, target_family = "wasm"))]
struct Own(Home);

// SAFETY: it is used by whoever holds the table's lock.
#[cfg(any(unix, windows, target_family = "wasm"))]
unsafe impl Sync for Own {}

#[cfg(any(unix, windows, target_family = "wasm"))]
static OWN: Own = Own(Home::new(Which::Module, (0, 0)));

impl Record for Home {
    const KIND: &'static str = "a ledger";

    fn entry(&self) -> &Entry {
        &self.entry
    }
}

impl Home {
    const fn new(ledger: Which, region: (usize, usize)) -> Home {
        Home { entry: Entry::new(), ledger, open: Shelves::new(), region }
    }

    fn snapshot(&self) -> Snapshot<'_> {
        match &self.ledger {
            #[cfg(any(unix, windows, target_family = "wasm"))]
            Which::Module => freehold::ledger().snapshot(),
            Which::Over(ledger) => ledger.snapshot(),
        }
    }

    fn claim(&'static self, owner: &'static str, layout: Layout) -> Result<Claim<'static>, AllocError> {
        match &self.ledger {
            #[cfg(any(unix, windows, target_family = "wasm"))]
            Which::Module => freehold::ledger().claim(owner, layout),
            Which::Over(ledger) => ledger.claim(owner, layout),
        }
    }

    /// An arena on it.
    pub fn arena(&'static self, owner: &'static str) -> Arena<'static> {
        match &self.ledger {
            #[cfg(any(unix, windows, target_family = "wasm"))]
            Which::Module => Arena::new_in(freehold::ledger(), owner),
            Which::Over(ledger) => Arena::new_in(ledger, owner),
        }
    }

    /// A pool on it, of so many blocks, or with 0 of any number.
    pub fn pool(
        &'static self,
        owner: &'static str,
        layout: Layout,
        capacity: usize,
    ) -> Result<BlockPool<'static>, AllocError> {
        match (&self.ledger, capacity) {
            #[cfg(any(unix, windows, target_family = "wasm"))]
            (Which::Module, 0) => Ok(BlockPool::new_in(freehold::ledger(), owner, layout)),
            #[cfg(any(unix, windows, target_family = "wasm"))]
            (Which::Module, _) => BlockPool::fixed_in(freehold::ledger(), owner, layout, capacity),
            (Which::Over(ledger), 0) => Ok(BlockPool::new_in(ledger, owner, layout)),
            (Which::Over(ledger), _) => BlockPool::fixed_in(ledger, owner, layout, capacity),
        }
    }

    /// Who has memory in `[start, end)`, and where that begins; nobody if the range lies in one claim, whose holder may do with it
    /// what he likes.
    fn overlap(&self, start: usize, end: usize) -> Option<Problem> {
        let spans = self.snapshot();
        if spans.spans().any(|span| span.owner.is_some() && span.base + GRAIN <= start && end <= span.base + span.len) {
            return None;
        }
        let taken = spans.spans().find(|span| span.base < end && start < span.base + span.len);
        let taken = taken.map(|span| (span.owner.unwrap_or("(free)"), span.base.max(start)));
        let (from, to) = self.region;
        let (by, at) = taken.or((from < end && start < to).then(|| ("region", from.max(start))))?;
        Some(Problem::RegionTaken { by: Name::of(by), at })
    }
}

/// The alignment that C asks for, 0 being [`ALIGN`].
pub fn alignment(asked: usize) -> Result<usize, Problem> {
    let align = if asked == 0 { ALIGN } else { asked };
    if align.is_power_of_two() { Ok(align) } else { Err(Problem::BadAlignment { align }) }
}

/// Opens something on a ledger, which `make` makes: it gets the ledger, and a copy of the name to claim memory by. Returns its ticket.
///
/// # Safety
///
/// The caller owes: `home` is there, and stays until what is made is closed; `name` is null or ends with a null; what `make` gets it only
/// keeps in the record.
pub unsafe fn open<T: Record>(
    table: &Table,
    home: NonNull<Home>,
    name: *const c_char,
    make: impl FnOnce(&'static Home, &'static str) -> Result<T, Problem>,
) -> Result<usize, Problem> {
    // SAFETY: the caller's promise.
    let home: &'static Home = unsafe { home.as_ref() };
    // SAFETY: the caller's promise.
    let record = unsafe { home.open.put(|owner, layout| home.claim(owner, layout), name, |owner| make(home, owner)) }?;
    // SAFETY: it stays there until `close` takes it out.
    Ok(unsafe { table.enter(record) })
}

/// Closes what was opened on a ledger.
///
/// # Safety
///
/// The caller owes: `record` is what `open` made on `home`, it is open, and nobody uses it.
pub unsafe fn close<T: Record>(table: &Table, home: &Home, record: NonNull<T>) {
    // SAFETY: it is open, so it is there.
    table.remove(unsafe { record.as_ref() }.entry().ticket());
    // SAFETY: nobody knows of it any more.
    unsafe { home.open.take_away(record) };
}

/// `freehold_ledger *`.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct LedgerHandle(pub usize);

/// `freehold_stats`.
#[repr(C)]
pub struct Stats {
    claimed: usize,
    free: usize,
    peak: usize,
    granted: usize,
    growths: usize,
}

/// `freehold_span`.
#[repr(C)]
pub struct Span {
    start: usize,
    length: usize,
    owner: [u8; NAME + 1],
}

const _: () = assert!(NAME + 1 == 32);

// What the caller of each function owes is said in the header.

#[unsafe(no_mangle)]
unsafe extern "C" fn freehold_ledger_default(error: *mut Report) -> LedgerHandle {
    // SAFETY: C's caller owes it.
    let handle = unsafe { value(error, own) };
    LedgerHandle(handle.unwrap_or_default())
}

/// The ticket of the module's own ledger.
#[cfg(any(unix, windows, target_family = "wasm"))]
fn own(table: &Table) -> Result<usize, Problem> {
    let home = &OWN.0;
    if home.entry.ticket() == 0 {
        // SAFETY: a static stays where it is.
        unsafe { table.enter(NonNull::from(home)) };
    }
    Ok(home.entry.ticket())
}

/// The ticket of the module's own ledger, which there is none of.
#[cfg(not(any(unix, windows, target_family = "wasm")))]
fn own(_: &Table) -> Result<usize, Problem> {
    Err(Problem::NoBacking)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn freehold_ledger_over(region: *mut c_void, length: usize, error: *mut Report) -> LedgerHandle {
    let work = |table: &Table| {
        let Some(region) = NonNull::new(region.cast::<u8>()) else {
            return Err(Problem::NullArgument { what: "region" });
        };
        let start = region.addr().get();
        let end = start.checked_add(length).filter(|_| length <= isize::MAX as usize);
        let end = end.ok_or(Problem::BadRegion { end: None })?;
        #[cfg(target_family = "wasm")]
        if end > freehold::memory_size() {
            return Err(Problem::BadRegion { end: Some(end) });
        }
        // The module's own memory is looked at though nobody has asked for its handle.
        let _ = own(table);
        if let Some(taken) = table.all().find_map(|home: &Home| home.overlap(start, end)) {
            return Err(taken);
        }
        // The ledger lies at the region's start.
        let pad = start.next_multiple_of(align_of::<Home>()) - start;
        let needed = pad + size_of::<Home>();
        if length < needed {
            return Err(Problem::SmallRegion { len: length, needed });
        }
        // SAFETY: inside the region.
        let rest = unsafe { region.add(needed) };
        // SAFETY: the region is the caller's to give, and what follows its ledger is nobody else's.
        let rest = unsafe { Region::from_raw(rest.as_ptr(), length - needed) };
        // SAFETY: inside the region.
        let home = unsafe { region.add(pad) }.cast::<Home>();
        // SAFETY: the region has the room, and the alignment was seen to.
        unsafe { home.write(Home::new(Which::Over(Ledger::new(rest)), (start, end))) };
        // SAFETY: just written; it stays there until `freehold_ledger_close` takes it out.
        Ok(unsafe { table.enter(home) })
    };
    // SAFETY: C's caller owes it.
    let handle = unsafe { value(error, work) };
    LedgerHandle(handle.unwrap_or_default())
}

#[unsafe(no_mangle)]
unsafe extern "C" fn freehold_ledger_close(ledger: LedgerHandle, error: *mut Report) -> c_int {
    let work = |table: &Table| {
        let place = table.get::<Home>(ledger.0)?;
        // SAFETY: it is there while its handle is in the table.
        let home = unsafe { place.as_ref() };
        if home.region.1 == 0 {
            return Err(Problem::StillOpen { what: "the default ledger is the module's own and stays open" });
        }
        if !home.open.are_empty() {
            return Err(Problem::StillOpen { what: "an arena or a pool is still open on this ledger" });
        }
        table.remove(ledger.0);
        // SAFETY: nobody knows of it any more.
        unsafe { place.drop_in_place() };
        Ok(())
    };
    // SAFETY: C's caller owes it.
    unsafe { status(error, work) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn freehold_ledger_stats(ledger: LedgerHandle, stats: *mut Stats, error: *mut Report) -> c_int {
    let work = |table: &Table| {
        let home = table.get::<Home>(ledger.0)?;
        let Some(stats) = NonNull::new(stats) else {
            return Err(Problem::NullArgument { what: "place for the numbers" });
        };
        // SAFETY: it is there while its handle is in the table.
        let now = unsafe { home.as_ref() }.snapshot();
        let now =
            Stats { claimed: now.claimed, free: now.free, peak: now.peak, granted: now.granted, growths: now.growths };
        // SAFETY: C's caller owes it.
        unsafe { stats.write(now) };
        Ok(())
    };
    // SAFETY: C's caller owes it.
    unsafe { status(error, work) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn freehold_ledger_next(ledger: LedgerHandle, span: *mut Span, error: *mut Report) -> c_int {
    let work = |table: &Table| {
        let home = table.get::<Home>(ledger.0)?;
        let Some(mut span) = NonNull::new(span) else {
            return Err(Problem::NullArgument { what: "span" });
        };
        // SAFETY: C's caller owes it.
        let span = unsafe { span.as_mut() };
        // SAFETY: it is there while its handle is in the table.
        let now = unsafe { home.as_ref() }.snapshot();
        let Some(found) = now.spans_from(span.start.saturating_add(span.length)).next() else {
            return Ok(0);
        };
        let mut owner = [0; NAME + 1];
        // Rust's names may be longer.
        let name = whole(found.owner.unwrap_or_default(), NAME).as_bytes();
        owner[..name.len()].copy_from_slice(name);
        *span = Span { start: found.base, length: found.len, owner };
        Ok(1)
    };
    // SAFETY: C's caller owes it.
    let found = unsafe { value(error, work) };
    found.unwrap_or_default()
}

#[unsafe(no_mangle)]
unsafe extern "C" fn freehold_ledger_draw(
    ledger: LedgerHandle,
    buffer: *mut c_char,
    size: usize,
    error: *mut Report,
) -> usize {
    let work = |table: &Table| {
        let home = table.get::<Home>(ledger.0)?;
        if buffer.is_null() && size > 0 {
            return Err(Problem::NullArgument { what: "buffer" });
        }
        // SAFETY: it is there while its handle is in the table.
        let now = unsafe { home.as_ref() }.snapshot();
        // SAFETY: C's caller owes it.
        let mut buffer = unsafe { Buffer::new(buffer.cast(), size) };
        // A buffer takes all texts.
        let _ = write!(buffer, "{now}");
        Ok(buffer.finish())
    };
    // SAFETY: C's caller owes it.
    let len = unsafe { value(error, work) };
    len.unwrap_or_default()
}
