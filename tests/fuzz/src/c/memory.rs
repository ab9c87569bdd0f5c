//! Arenas and scopes.

use core::alloc::Layout;
use core::ffi::CStr;
use core::ptr::NonNull;

use freehold_c::Code;
use freehold_suite::choices::Choices;
use freehold_suite::live::Holder;

use super::{BAD, DONE, Kind, NO_ROOM, Passed, Program, What, allowed, declared, stats};

/// Who holds what is allocated at that depth.
pub fn holder(owner: &'static CStr, depth: usize) -> Holder {
    Holder { owner: owner.to_str().expect("a name"), depth }
}

impl Program<'_> {
    pub fn open_arena(&mut self) {
        let passed = self.pick(Kind::Ledger);
        let Some((owner, name, says)) = self.name() else { return };
        // SAFETY: the name is null or ends with a null.
        let open = |error: &mut _| unsafe { declared::freehold_arena_open(passed.0, name, error) };
        if let Some(handle) = self.handle(allowed(&passed, says), open) {
            self.opened(handle, What::Arena { ledger: passed.1.expect("a ledger"), owner, scopes: Vec::new() });
        }
    }

    pub fn close_arena(&mut self) {
        let passed = self.pick(Kind::Arena);
        self.closed_arena(passed);
    }

    pub fn closed_arena(&mut self, passed: Passed) {
        if let Ok(arena) = passed.1 {
            self.forget(arena, 0);
        }
        if self.status(allowed(&passed, DONE), |error| declared::freehold_arena_close(passed.0, error)) {
            self.things[passed.1.expect("an arena")].open = false;
        }
    }

    pub fn reset(&mut self) {
        let passed = self.pick(Kind::Arena);
        if let Ok(arena) = passed.1 {
            self.forget(arena, 0);
        }
        self.status(allowed(&passed, DONE), |error| declared::freehold_arena_reset(passed.0, error));
    }

    pub fn trim(&mut self) {
        let passed = self.pick(Kind::Arena);
        let has_scope = passed.1.is_ok_and(|arena| self.depth(arena).1 > 0);
        let says = if has_scope { &[Code::StillOpen] } else { DONE };
        self.status(allowed(&passed, says), |error| declared::freehold_arena_trim(passed.0, error));
    }

    pub fn open_scope(&mut self) {
        let passed = self.pick(Kind::Arena);
        let open = |error: &mut _| declared::freehold_scope_open(passed.0, error);
        if let Some(handle) = self.handle(allowed(&passed, NO_ROOM), open) {
            let arena = passed.1.expect("an arena");
            let scope = self.opened(handle, What::Scope { arena });
            let What::Arena { scopes, .. } = &mut self.things[arena].what else { unreachable!() };
            scopes.push(scope);
        }
    }

    pub fn close_scope(&mut self) {
        let passed = self.pick(Kind::Scope);
        if let Ok(scope) = passed.1 {
            let What::Scope { arena } = self.things[scope].what else { unreachable!() };
            let What::Arena { scopes, .. } = &self.things[arena].what else { unreachable!() };
            let depth = scopes.iter().position(|open| *open == scope).expect("an open scope");
            self.forget(arena, depth + 1);
        }
        self.status(allowed(&passed, DONE), |error| declared::freehold_scope_close(passed.0, error));
    }

    /// What an arena has at this depth and deeper is not used any more: its scopes end.
    fn forget(&mut self, arena: usize, depth: usize) {
        let What::Arena { owner, scopes, .. } = &mut self.things[arena].what else { unreachable!() };
        self.live.remove_from(holder(owner, depth));
        for scope in scopes.split_off(depth.saturating_sub(1)) {
            self.things[scope].open = false;
        }
    }

    /// Who allocates in an arena, and in how many scopes.
    fn depth(&self, arena: usize) -> (&'static CStr, usize) {
        let What::Arena { owner, scopes, .. } = &self.things[arena].what else { unreachable!() };
        (owner, scopes.len())
    }

    pub fn alloc(&mut self) {
        let passed = self.pick(Kind::Arena);
        let (size, align, says) = self.layout();
        let says = allowed(&passed, says);
        let count = self.choices.below(24) as usize;
        let (done, block) = match count {
            0..20 => self.call(says, |error| declared::freehold_alloc(passed.0, size, align, error)),
            20..23 => {
                let call = |error: &mut _| declared::freehold_alloc_array(passed.0, count - 19, size, align, error);
                self.call(says, call)
            }
            _ => {
                let says = if says.contains(&Code::Ok) { &[Code::TooLarge] } else { says };
                let (count, size) = (usize::MAX >> 7, size.max(128));
                self.call(says, |error| declared::freehold_alloc_array(passed.0, count, size, align, error))
            }
        };
        assert_eq!(done, !block.is_null());
        if let (Some(block), Ok(arena)) = (NonNull::new(block), passed.1) {
            let times = if count < 20 { 1 } else { count - 19 };
            let align = if align == 0 { 16 } else { align };
            let layout = Layout::from_size_align((times * size).max(1), align).expect("a layout");
            let (owner, depth) = self.depth(arena);
            // SAFETY: it is the program's until its scope, or the arena, is closed or reset.
            unsafe { self.live.add(block, layout, holder(owner, depth)) };
        }
    }

    /// What was reserved is there, and takes no memory.
    pub fn reserve(&mut self) {
        let passed = self.pick(Kind::Arena);
        let bytes = match self.choices.below(8) {
            0 => usize::MAX - self.choices.below(100) as usize,
            _ => self.choices.below(9000) as usize,
        };
        let done = self.status(allowed(&passed, NO_ROOM), |error| declared::freehold_reserve(passed.0, bytes, error));
        if let (true, Ok(arena)) = (done, passed.1) {
            let What::Arena { ledger, .. } = self.things[arena].what else { unreachable!() };
            let ledger = self.things[ledger].handle;
            let before = stats(ledger);
            let (_, block) = self.call(DONE, |error| declared::freehold_alloc(passed.0, bytes, 1, error));
            // A size of 0 is taken as 1.
            assert!(stats(ledger) == before || bytes == 0, "{before:?} became {:?}", stats(ledger));
            let layout = Layout::from_size_align(bytes.max(1), 1).expect("a layout");
            let (owner, depth) = self.depth(arena);
            // SAFETY: as above.
            unsafe { self.live.add(NonNull::new(block).expect("a block"), layout, holder(owner, depth)) };
        }
    }

    /// A size and an alignment, and what must be said of them.
    pub fn layout(&mut self) -> (usize, usize, &'static [Code]) {
        let (size, small) = match self.choices.below(16) {
            0 => (usize::MAX >> self.choices.below(3), false),
            1 => (0, true),
            2..12 => (self.choices.below(100) as usize, true),
            12..15 => (self.choices.below(1000) as usize, true),
            _ => (self.choices.below(20_000) as usize, true),
        };
        let align = match self.choices.below(16) {
            0 => return (size, self.choices.below(1000) as usize * 2 + 3, BAD),
            1 => return (size, usize::MAX - self.choices.below(3) as usize, BAD),
            2..6 => 0,
            6..14 => 1 << self.choices.below(6),
            14 => 1 << self.choices.below(14),
            _ => 1 << self.choices.below(64),
        };
        let says = if small { NO_ROOM } else { &[Code::TooLarge, Code::Refused, Code::Exhausted] };
        (size, align, says)
    }
}
