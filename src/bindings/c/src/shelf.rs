//! Where the records behind handles lie: side by side, on shelves that are one claim each. So a map shows few spans of `handles`, however
//! many there are.

use core::alloc::Layout;
use core::cell::Cell;
use core::ffi::c_char;
use core::ptr::NonNull;

use freehold::{AllocError, Claim};

use crate::problem::{Name, Problem};

/// The owner of shelves.
const OWNER: &str = "handles";

/// Words of a record, at most, and of what is beside it but the name.
const WORDS: usize = 32;

/// A place. All are alike, so that any free one will do.
const PLACE: Layout = match Layout::from_size_align(size_of::<Name>() + WORDS * size_of::<usize>(), align_of::<usize>())
{
    Ok(place) => place,
    Err(_) => panic!(),
};

/// Places of a first shelf, and of the longest. Each shelf is twice as long as the one before, so there are few, and a look at all takes
/// few steps.
const FIRST: usize = 4;
const MOST: usize = 1024;

/// A ledger's shelves.
pub struct Shelves {
    /// The one that was put up last. A shelf is there iff a record lies on it.
    last: Cell<Option<NonNull<Shelf>>>,
}

/// A shelf. It lies at the start of its claim, its places behind it.
struct Shelf {
    claim: Claim<'static>,
    /// The one that was put up before.
    before: Cell<Option<NonNull<Shelf>>>,
    /// The place that was emptied last. Each free place starts with the link to the next one.
    free: Cell<Place>,
    /// How many places it has, and how many of them are not free.
    places: usize,
    taken: Cell<usize>,
}

type Place = Option<NonNull<u8>>;

/// What lies in a place: a record, and the name that it is called by. The record comes first, so that it has the same address.
#[repr(C)]
struct Named<T> {
    record: T,
    name: Name,
    shelf: NonNull<Shelf>,
}

impl Shelves {
    pub const fn new() -> Shelves {
        Shelves { last: Cell::new(None) }
    }

    /// Whether no record lies here.
    pub fn are_empty(&self) -> bool {
        self.last.get().is_none()
    }

    /// Puts what `make` returns in a place, beside a copy of the name, which it gets. It stays there until it is taken away.
    /// If that can't be, all is as it was.
    ///
    /// # Safety
    ///
    /// The caller owes: `name` is null or ends with a null; what `make` gets it only keeps in the record.
    pub unsafe fn put<T>(
        &self,
        claim: impl Fn(&'static str, Layout) -> Result<Claim<'static>, AllocError>,
        name: *const c_char,
        make: impl FnOnce(&'static str) -> Result<T, Problem>,
    ) -> Result<NonNull<T>, Problem> {
        const { assert!(size_of::<Named<T>>() <= PLACE.size(), "a record wants more words than a place has") };
        const { assert!(align_of::<Named<T>>() <= PLACE.align()) };
        // SAFETY: the caller's promise.
        let name = unsafe { Name::read(name) }?;
        let (shelf, place) = self.place(claim).map_err(|error| Problem::no_room(name, &error))?;
        let place = place.cast::<Named<T>>();
        // SAFETY: a part of the place, which has the room and the alignment.
        let kept = unsafe { &raw mut (*place.as_ptr()).name };
        // SAFETY: as above.
        unsafe { kept.write(name) };
        // SAFETY: as above.
        let on = unsafe { &raw mut (*place.as_ptr()).shelf };
        // SAFETY: as above.
        unsafe { on.write(shelf) };
        // SAFETY: just written, and not again until the place is free, which comes after all that may read it.
        let owner: &'static str = unsafe { &*kept }.text();
        match make(owner) {
            Ok(record) => {
                // SAFETY: the other part of the place.
                unsafe { place.cast::<T>().write(record) };
                Ok(place.cast())
            }
            Err(problem) => {
                // SAFETY: just taken, and nobody has it.
                unsafe { self.free(shelf, place.cast()) };
                Err(problem)
            }
        }
    }

    /// Drops a record, and frees its place.
    ///
    /// # Safety
    ///
    /// The caller owes: `put` put it here, and nobody uses it any more.
    pub unsafe fn take_away<T>(&self, record: NonNull<T>) {
        let place = record.cast::<Named<T>>();
        // SAFETY: the caller's promise. Its name is read while it is dropped.
        drop(unsafe { record.read() });
        // SAFETY: written by `put`.
        let shelf = unsafe { &raw const (*place.as_ptr()).shelf };
        // SAFETY: as above.
        let shelf = unsafe { shelf.read() };
        // SAFETY: the place lies on that shelf, and nothing lies in it any more.
        unsafe { self.free(shelf, place.cast()) };
    }

    /// A free place, now taken, and its shelf: one that is there, or a new one.
    fn place(
        &self,
        claim: impl Fn(&'static str, Layout) -> Result<Claim<'static>, AllocError>,
    ) -> Result<(NonNull<Shelf>, NonNull<u8>), AllocError> {
        let mut next = self.last.get();
        while let Some(at) = next {
            // SAFETY: a shelf in the list is there.
            let shelf = unsafe { at.as_ref() };
            if let Some(place) = shelf.take() {
                return Ok((at, place));
            }
            next = shelf.before.get();
        }
        let at = self.put_up(claim)?;
        // SAFETY: just put up.
        let place = unsafe { at.as_ref() }.take();
        Ok((at, place.expect("a new shelf has free places")))
    }

    /// A new shelf: twice as long as the last one, or as long as there is room for.
    fn put_up(
        &self,
        claim: impl Fn(&'static str, Layout) -> Result<Claim<'static>, AllocError>,
    ) -> Result<NonNull<Shelf>, AllocError> {
        // SAFETY: a shelf in the list is there.
        let last = self.last.get().map(|last| unsafe { last.as_ref() }.places);
        let mut places = last.map_or(FIRST, |last| (last * 2).min(MOST));
        loop {
            match claim(OWNER, shelf(places)) {
                Ok(claim) => {
                    let fresh = Shelf::put_up(claim, places, self.last.get());
                    self.last.set(Some(fresh));
                    return Ok(fresh);
                }
                Err(error) if places == 1 => return Err(error),
                Err(_) => places /= 2,
            }
        }
    }

    /// Takes a place back, and takes its shelf down if nothing lies there any more.
    ///
    /// # Safety
    ///
    /// The caller owes: the place is one of that shelf's, which is one of these, and nobody uses it any more.
    unsafe fn free(&self, shelf: NonNull<Shelf>, place: NonNull<u8>) {
        // SAFETY: the shelf is there, as something lies on it.
        let on = unsafe { shelf.as_ref() };
        // SAFETY: the caller's promise.
        unsafe { on.free(place) };
        on.taken.set(on.taken.get() - 1);
        if on.taken.get() > 0 {
            return;
        }
        let mut link = &self.last;
        while let Some(next) = link.get().filter(|next| *next != shelf) {
            // SAFETY: a shelf in the list is there.
            link = unsafe { &next.as_ref().before };
        }
        link.set(on.before.get());
        // SAFETY: nothing lies on it, and it is in no list any more. What it lies in goes with what was moved out of it.
        drop(unsafe { shelf.read() }.claim);
    }
}

/// The layout of a shelf with so many places.
fn shelf(places: usize) -> Layout {
    let len = size_of::<Shelf>() + places * PLACE.size();
    Layout::from_size_align(len, align_of::<Shelf>()).expect("shelves are short")
}

// The places follow the shelf.
const _: () = assert!(size_of::<Shelf>().is_multiple_of(PLACE.align()) && align_of::<Shelf>() >= PLACE.align());

impl Shelf {
    /// A shelf in a claim that is long enough for so many places, all of them free.
    fn put_up(claim: Claim<'static>, places: usize, before: Option<NonNull<Shelf>>) -> NonNull<Shelf> {
        let at = claim.as_ptr().cast::<Shelf>();
        let fresh = Shelf { claim, before: Cell::new(before), free: Cell::new(None), places, taken: Cell::new(0) };
        for place in (0..places).rev() {
            // SAFETY: inside the claim.
            let place = unsafe { at.cast::<u8>().add(size_of::<Shelf>() + place * PLACE.size()) };
            // SAFETY: the place is the shelf's, and nobody's yet.
            unsafe { fresh.free(place) };
        }
        // SAFETY: the claim's start, which has the room and the alignment.
        unsafe { at.write(fresh) };
        at
    }

    /// A free place, if there is one.
    fn take(&self) -> Place {
        let place = self.free.get()?;
        // SAFETY: a free place starts with its link.
        self.free.set(unsafe { place.cast::<Place>().read() });
        self.taken.set(self.taken.get() + 1);
        Some(place)
    }

    /// Adds a place to those that are free.
    ///
    /// # Safety
    ///
    /// The caller owes: it is one of this shelf's, and nobody uses it.
    unsafe fn free(&self, place: NonNull<u8>) {
        // SAFETY: the caller's promise; a place is as large and as aligned as a link.
        unsafe { place.cast::<Place>().write(self.free.get()) };
        self.free.set(Some(place));
    }
}
