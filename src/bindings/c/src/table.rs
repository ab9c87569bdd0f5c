//! Handles: ticket numbers, and the records that they stand for, whatever these are.

use core::any::Any;
use core::cell::Cell;
use core::ffi::c_int;
use core::ptr::NonNull;

use lock_api::Mutex;

use crate::problem::{Code, Problem, Report};

/// Lists that the entries are in, by the top bits of their tickets.
const LISTS: usize = 128;

/// Multiplied by this, numbers that follow each other are far apart. It is odd, so that no two become the same.
const SPREAD: usize = 0x9e37_79b9_7f4a_7c15_u64 as usize;

/// Undoes `SPREAD`. (Each turn doubles the number of right bits; an odd number has three of its own inverse.)
const GATHER: usize = {
    let mut inverse = SPREAD;
    let mut turn = 0;
    while turn < 5 {
        inverse = inverse.wrapping_mul(2_usize.wrapping_sub(SPREAD.wrapping_mul(inverse)));
        turn += 1;
    }
    inverse
};

const _: () = assert!(SPREAD.wrapping_mul(GATHER) == 1);

/// What a handle stands for. The table knows no more of it than this.
pub trait Record: Any {
    /// What errors call it: "an arena".
    const KIND: &'static str;

    /// Its place in the table, which is a part of it.
    fn entry(&self) -> &Entry;
}

/// A record of any kind: which one the compiler tells, as no two types are the same.
trait Known: Any {
    fn kind(&self) -> &'static str;
}

impl<T: Record> Known for T {
    fn kind(&self) -> &'static str {
        T::KIND
    }
}

/// A part of each record: its place in the table.
pub struct Entry {
    /// 0 while it is not in the table.
    ticket: Cell<usize>,
    next: Cell<Link>,
    record: Cell<Option<NonNull<dyn Known>>>,
}

type Link = Option<NonNull<Entry>>;

impl Entry {
    pub const fn new() -> Entry {
        Entry { ticket: Cell::new(0), next: Cell::new(None), record: Cell::new(None) }
    }

    /// The number in C's hands; 0 while it is not in the table.
    pub fn ticket(&self) -> usize {
        self.ticket.get()
    }
}

/// Every handle that is open.
pub struct Table {
    lists: [Cell<Link>; LISTS],
    /// Tickets given out so far.
    given: Cell<usize>,
}

// SAFETY: the table owns its entries' links, and is bound to no thread; records are used by whoever holds the table's lock.
unsafe impl Send for Table {}

static TABLE: Mutex<OneCall, Table> = Mutex::new(Table::new());

#[cfg(not(all(target_family = "wasm", not(target_feature = "atomics"))))]
type OneCall = freehold::sharing::Spin;

/// Where there are no threads there is nobody to keep out, as no call makes another. And a lock would stay locked for ever where a stack
/// overflow, which JavaScript may catch and go on after, ended a call.
#[cfg(all(target_family = "wasm", not(target_feature = "atomics")))]
struct OneCall;

// SAFETY: there is one thread, and it takes this lock in `call` alone, where nothing runs that comes back there.
#[cfg(all(target_family = "wasm", not(target_feature = "atomics")))]
unsafe impl lock_api::RawMutex for OneCall {
    type GuardMarker = lock_api::GuardNoSend;

    const INIT: OneCall = OneCall;

    fn lock(&self) {}

    fn try_lock(&self) -> bool {
        true
    }

    unsafe fn unlock(&self) {}
}

/// Does one call of C's, as the only one at this time, and says in `report` how it went.
///
/// # Safety
///
/// The caller owes: `report` is null or may be written.
unsafe fn call<T>(report: *mut Report, work: impl FnOnce(&Table) -> Result<T, Problem>) -> (Code, Option<T>) {
    let table = TABLE.lock();
    let result = work(&table);
    drop(table);
    // SAFETY: the caller's promise.
    let code = unsafe { Report::write(report, &result) };
    (code, result.ok())
}

/// [`call`], for what returns the number of how it went.
///
/// # Safety
///
/// As there.
pub unsafe fn status(report: *mut Report, work: impl FnOnce(&Table) -> Result<(), Problem>) -> c_int {
    // SAFETY: the caller's promise.
    let (code, _) = unsafe { call(report, work) };
    code as c_int
}

/// [`call`], for what returns something else, if all went well.
///
/// # Safety
///
/// As there.
pub unsafe fn value<T>(report: *mut Report, work: impl FnOnce(&Table) -> Result<T, Problem>) -> Option<T> {
    // SAFETY: the caller's promise.
    let (_, value) = unsafe { call(report, work) };
    value
}

impl Table {
    const fn new() -> Table {
        Table { lists: [const { Cell::new(None) }; LISTS], given: Cell::new(0) }
    }

    /// Enters a record, and returns its ticket: an odd number, as no aligned address is, that no other had before (on 32 bits until
    /// two billions more were given out) and that is far from those given out before and after it.
    ///
    /// # Safety
    ///
    /// The caller owes: `record` is there, and stays where it is until `remove`.
    pub unsafe fn enter<T: Record>(&self, record: NonNull<T>) -> usize {
        let ticket = loop {
            // One bit is lost to be odd; a number of fewer bits starts over.
            let number = (self.given.get() + 1) & (usize::MAX >> 1);
            self.given.set(number);
            let ticket = number.wrapping_mul(SPREAD) << 1 | 1;
            if number != 0 && self.find(ticket).is_none() {
                break ticket;
            }
        };
        let list = self.list(ticket);
        // SAFETY: the caller's promise.
        let fresh = unsafe { record.as_ref() }.entry();
        fresh.ticket.set(ticket);
        fresh.record.set(Some(record));
        fresh.next.set(list.get());
        list.set(Some(fresh.into()));
        ticket
    }

    /// Takes a record out, if it is there.
    pub fn remove(&self, ticket: usize) {
        if let Some(entry) = self.find(ticket) {
            // It is the first now.
            self.list(ticket).set(entry.next.get());
            entry.ticket.set(0);
        }
    }

    /// Every record of a kind.
    pub fn all<T: Record>(&self) -> impl Iterator<Item = &T> {
        let mut lists = self.lists.iter();
        let mut next = None;
        let records = core::iter::from_fn(move || {
            while next.is_none() {
                next = lists.next()?.get();
            }
            // SAFETY: an entry stays where it is while it is in a list.
            let entry: &Entry = unsafe { next?.as_ref() };
            next = entry.next.get();
            entry.record.get()
        });
        records.filter_map(|record| {
            // SAFETY: a record is there while its entry is in a list.
            let record: &dyn Any = unsafe { record.as_ref() };
            record.downcast_ref()
        })
    }

    /// The record that a handle stands for, if it is one of this kind. It is there as long as it is in the table.
    pub fn get<T: Record>(&self, handle: usize) -> Result<NonNull<T>, Problem> {
        let wanted = T::KIND;
        if handle == 0 {
            return Err(Problem::NullHandle { wanted });
        }
        if let Some(place) = self.find(handle).and_then(|entry| entry.record.get()) {
            // SAFETY: a record is there while its entry is in a list.
            let record = unsafe { place.as_ref() };
            let any: &dyn Any = record;
            return if any.is::<T>() {
                Ok(place.cast())
            } else {
                Err(Problem::WrongHandle { wanted, found: record.kind() })
            };
        }
        let number = (handle >> 1).wrapping_mul(GATHER) & (usize::MAX >> 1);
        let given = handle & 1 == 1 && number != 0 && number <= self.given.get();
        Err(if given { Problem::Closed { wanted, handle } } else { Problem::NotAHandle { wanted, handle } })
    }

    fn list(&self, ticket: usize) -> &Cell<Link> {
        &self.lists[ticket >> (usize::BITS - LISTS.ilog2())]
    }

    /// The entry of a ticket. It becomes the first of its list: who comes next is likely to look for it again.
    fn find(&self, ticket: usize) -> Option<&Entry> {
        let list = self.list(ticket);
        let mut before: Option<&Entry> = None;
        let mut next = list.get();
        while let Some(at) = next {
            // SAFETY: an entry stays where it is while it is in a list.
            let entry = unsafe { at.as_ref() };
            next = entry.next.get();
            if entry.ticket.get() == ticket {
                if let Some(before) = before {
                    before.next.set(next);
                    entry.next.set(list.get());
                    list.set(Some(at));
                }
                return Some(entry);
            }
            before = Some(entry);
        }
        None
    }
}
