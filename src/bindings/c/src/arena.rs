//! Arenas and their scopes.
//!
//! An arena's record lies on a shelf of its ledger's, a scope's in the memory that the scope hands out: leaving the scope frees it.

use core::alloc::Layout;
use core::cell::{Cell, UnsafeCell};
use core::ffi::{c_char, c_int, c_void};
use core::ptr::{self, NonNull};

use freehold::{Alloc, AllocError, Arena, Obstacle, Scope};

use crate::ledger::{self, Home, LedgerHandle, alignment};
use crate::problem::{Name, Problem, Report};
use crate::table::{Entry, Record, Table, status, value};

/// An open arena.
struct ArenaRecord {
    // C names each alignment, so nothing is rounded up beyond that.
    arena: UnsafeCell<Arena<'static, 1>>,
    entry: Entry,
    /// The scope that was opened last: nothing outside is used while it is there.
    innermost: Cell<Option<NonNull<ScopeRecord>>>,
    owner: &'static str,
    home: &'static Home,
}

/// An open scope. It lies in its own memory.
struct ScopeRecord {
    scope: UnsafeCell<Scope<'static, 1>>,
    entry: Entry,
    arena: NonNull<ArenaRecord>,
    /// The scope that it was opened in.
    outer: Option<NonNull<ScopeRecord>>,
}

/// Whatever allocates now: an arena, or its innermost scope.
enum Place {
    Arena(&'static Arena<'static, 1>),
    Scope(&'static Scope<'static, 1>),
}

impl Record for ArenaRecord {
    const KIND: &'static str = "an arena";

    fn entry(&self) -> &Entry {
        &self.entry
    }
}

impl Record for ScopeRecord {
    const KIND: &'static str = "a scope";

    fn entry(&self) -> &Entry {
        &self.entry
    }
}

impl ArenaRecord {
    /// Where allocations go now. What it returns is used before anything is opened or closed.
    fn place(&self) -> Place {
        match self.innermost.get() {
            Some(scope) => {
                // SAFETY: the scope is open, so its record is there.
                let scope = unsafe { scope.as_ref() };
                // SAFETY: nobody has the scope to himself now: no other was opened in it, and calls take turns.
                Place::Scope(unsafe { &*scope.scope.get() })
            }
            // SAFETY: no scope is open, and nobody has the arena to himself now: calls take turns.
            None => Place::Arena(unsafe { &*self.arena.get() }),
        }
    }

    fn alloc(&self, size: usize, align: usize) -> Result<NonNull<u8>, Problem> {
        let align = alignment(align)?;
        let Ok(layout) = Layout::from_size_align(size.max(1), align) else {
            return Err(self.too_large(size, align));
        };
        let allocated = match self.place() {
            Place::Arena(arena) => arena.try_alloc_layout(layout),
            Place::Scope(scope) => scope.try_alloc_layout(layout),
        };
        Ok(allocated?)
    }

    fn reserve(&self, bytes: usize) -> Result<(), AllocError> {
        match self.place() {
            Place::Arena(arena) => arena.try_reserve(bytes),
            Place::Scope(scope) => scope.try_reserve(bytes),
        }
    }

    fn too_large(&self, size: usize, align: usize) -> Problem {
        Problem::NoRoom { owner: Name::of(self.owner), size, align, obstacle: Obstacle::TooLarge }
    }

    /// Ends scopes, from the innermost one on, up to `last`; all, if that is none.
    fn end_scopes(&self, table: &Table, last: Option<NonNull<ScopeRecord>>) {
        while let Some(scope) = self.innermost.get() {
            // SAFETY: the scope is open, so its record is there.
            let record = unsafe { scope.as_ref() };
            table.remove(record.entry.ticket());
            // The scope itself has nothing to drop; its memory, this record included, is free as soon as the outer one is used.
            self.innermost.set(record.outer);
            if Some(scope) == last {
                break;
            }
        }
    }
}

/// Opens a scope in the innermost one of `arena`.
fn open_scope(table: &Table, arena: NonNull<ArenaRecord>) -> Result<usize, Problem> {
    // SAFETY: it is there while its handle is in the table.
    let record = unsafe { arena.as_ref() };
    let outer = record.innermost.get();
    let scope: Scope<'static, 1> = match outer {
        Some(outer) => {
            // SAFETY: the scope is open, so its record is there.
            let outer = unsafe { outer.as_ref() };
            // SAFETY: calls take turns, so nobody else has it now; and from now on until the new scope ends, nobody uses it.
            unsafe { &mut *outer.scope.get() }.scope()
        }
        // SAFETY: as above; that the arena stays as long as its scopes do is seen to when it is closed.
        None => unsafe { &mut *record.arena.get() }.scope(),
    };
    let place = (&scope).try_alloc_layout(Layout::new::<ScopeRecord>())?.cast::<ScopeRecord>();
    let fresh = ScopeRecord { scope: UnsafeCell::new(scope), entry: Entry::new(), arena, outer };
    // SAFETY: just allocated for this.
    unsafe { place.write(fresh) };
    record.innermost.set(Some(place));
    // SAFETY: just written; it stays there until the scope ends, which takes it out.
    Ok(unsafe { table.enter(place) })
}

/// `freehold_arena *`.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct ArenaHandle(usize);

/// `freehold_scope *`.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct ScopeHandle(usize);

#[unsafe(no_mangle)]
unsafe extern "C" fn freehold_arena_open(ledger: LedgerHandle, name: *const c_char, error: *mut Report) -> ArenaHandle {
    let make = |home: &'static Home, owner| {
        Ok(ArenaRecord {
            arena: UnsafeCell::new(home.arena(owner).with_min_align::<1>()),
            entry: Entry::new(),
            innermost: Cell::new(None),
            owner,
            home,
        })
    };
    let work = |table: &Table| {
        let home = table.get::<Home>(ledger.0)?;
        // SAFETY: a ledger is only closed when nothing on it is open; C's caller owes the name.
        unsafe { ledger::open(table, home, name, make) }
    };
    // SAFETY: C's caller owes it.
    let handle = unsafe { value(error, work) };
    ArenaHandle(handle.unwrap_or_default())
}

#[unsafe(no_mangle)]
unsafe extern "C" fn freehold_arena_close(arena: ArenaHandle, error: *mut Report) -> c_int {
    let work = |table: &Table| {
        let place = table.get::<ArenaRecord>(arena.0)?;
        let home = {
            // SAFETY: it is there while its handle is in the table.
            let record = unsafe { place.as_ref() };
            record.end_scopes(table, None);
            record.home
        };
        // SAFETY: it was opened there, and is open; nothing of it is used here.
        unsafe { ledger::close(table, home, place) };
        Ok(())
    };
    // SAFETY: C's caller owes it.
    unsafe { status(error, work) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn freehold_arena_reset(arena: ArenaHandle, error: *mut Report) -> c_int {
    let work = |table: &Table| {
        let place = table.get::<ArenaRecord>(arena.0)?;
        // SAFETY: it is there while its handle is in the table.
        let record = unsafe { place.as_ref() };
        record.end_scopes(table, None);
        // SAFETY: no scope is open, and calls take turns.
        unsafe { &mut *record.arena.get() }.reset();
        Ok(())
    };
    // SAFETY: C's caller owes it.
    unsafe { status(error, work) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn freehold_arena_trim(arena: ArenaHandle, error: *mut Report) -> c_int {
    let work = |table: &Table| {
        let place = table.get::<ArenaRecord>(arena.0)?;
        // SAFETY: it is there while its handle is in the table.
        let record = unsafe { place.as_ref() };
        if record.innermost.get().is_some() {
            return Err(Problem::StillOpen { what: "a scope of this arena is still open" });
        }
        // SAFETY: no scope is open, and calls take turns.
        unsafe { &mut *record.arena.get() }.trim();
        Ok(())
    };
    // SAFETY: C's caller owes it.
    unsafe { status(error, work) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn freehold_scope_open(arena: ArenaHandle, error: *mut Report) -> ScopeHandle {
    let work = |table: &Table| open_scope(table, table.get::<ArenaRecord>(arena.0)?);
    // SAFETY: C's caller owes it.
    let handle = unsafe { value(error, work) };
    ScopeHandle(handle.unwrap_or_default())
}

#[unsafe(no_mangle)]
unsafe extern "C" fn freehold_scope_close(scope: ScopeHandle, error: *mut Report) -> c_int {
    let work = |table: &Table| {
        let scope = table.get::<ScopeRecord>(scope.0)?;
        // SAFETY: it is there while its handle is in the table.
        let arena = unsafe { scope.as_ref() }.arena;
        // SAFETY: an arena is closed after its scopes.
        unsafe { arena.as_ref() }.end_scopes(table, Some(scope));
        Ok(())
    };
    // SAFETY: C's caller owes it.
    unsafe { status(error, work) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn freehold_alloc(arena: ArenaHandle, size: usize, align: usize, error: *mut Report) -> *mut c_void {
    let work = |table: &Table| {
        // SAFETY: it is there while its handle is in the table.
        unsafe { table.get::<ArenaRecord>(arena.0)?.as_ref() }.alloc(size, align)
    };
    // SAFETY: C's caller owes it.
    let block = unsafe { value(error, work) };
    block.map_or(ptr::null_mut(), |block| block.as_ptr().cast())
}

#[unsafe(no_mangle)]
unsafe extern "C" fn freehold_alloc_array(
    arena: ArenaHandle,
    count: usize,
    size: usize,
    align: usize,
    error: *mut Report,
) -> *mut c_void {
    let work = |table: &Table| {
        let arena = table.get::<ArenaRecord>(arena.0)?;
        // SAFETY: it is there while its handle is in the table.
        let arena = unsafe { arena.as_ref() };
        // What overflows is more than there can be, and is refused as that.
        arena.alloc(count.saturating_mul(size), align)
    };
    // SAFETY: C's caller owes it.
    let block = unsafe { value(error, work) };
    block.map_or(ptr::null_mut(), |block| block.as_ptr().cast())
}

#[unsafe(no_mangle)]
unsafe extern "C" fn freehold_reserve(arena: ArenaHandle, bytes: usize, error: *mut Report) -> c_int {
    let work = |table: &Table| {
        let arena = table.get::<ArenaRecord>(arena.0)?;
        // SAFETY: it is there while its handle is in the table.
        Ok(unsafe { arena.as_ref() }.reserve(bytes)?)
    };
    // SAFETY: C's caller owes it.
    unsafe { status(error, work) }
}
