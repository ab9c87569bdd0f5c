//! Programs of C calls. Many are wrong: handles that are null, closed, of another kind or no handles at all; blocks that are freed twice or
//! are not the pool's; arguments that can't be. What each call must say is known here, and a call that fails changes nothing.

use core::ffi::{CStr, c_char, c_int};
use core::ptr;

use freehold_c::Code;
use freehold_suite::choices::{Bytes, Choices};
use freehold_suite::live::Live;

#[path = "../../../../src/bindings/c/tests/c/mod.rs"]
mod declared;
mod memory;
mod pools;
mod regions;

use declared::{Error, Handle, Span, Stats};
use regions::Regions;

/// C's calls, with arguments that are wrong.
pub fn c(program: &[u8]) {
    let mut program = Program::new(program);
    while let Some(choice) = program.choices.next() {
        program.step(choice);
        program.live.check();
    }
    program.end();
}

/// What a handle is one of.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Ledger,
    Arena,
    Scope,
    Pool,
}

/// What is known of what was opened. Others are named by their index.
#[derive(Debug)]
enum What {
    Ledger { region: Option<usize> },
    Arena { ledger: usize, owner: &'static CStr, scopes: Vec<usize> },
    Scope { arena: usize },
    Pool(pools::Pool),
}

#[derive(Debug)]
struct Thing {
    handle: Handle,
    open: bool,
    what: What,
}

impl Thing {
    fn kind(&self) -> Kind {
        match self.what {
            What::Ledger { .. } => Kind::Ledger,
            What::Arena { .. } => Kind::Arena,
            What::Scope { .. } => Kind::Scope,
            What::Pool { .. } => Kind::Pool,
        }
    }
}

/// A handle that is passed: what it stands for, or what the call must say of it.
type Passed = (Handle, Result<usize, &'static [Code]>);

/// Names of what is open, each of one thing at a time.
const OWNERS: [&CStr; 10] = [c"a", c"b", c"c", c"d", c"e", c"f", c"g", c"h", c"i", c"j"];

/// What may be said where there is no room.
const NO_ROOM: &[Code] = &[Code::Ok, Code::TooLarge, Code::Refused, Code::Exhausted];
const DONE: &[Code] = &[Code::Ok];
const BAD: &[Code] = &[Code::BadArgument];

struct Program<'p> {
    choices: Bytes<'p>,
    things: Vec<Thing>,
    live: Live,
    error: Error,
    regions: Regions,
    /// What the module's own ledger had at first.
    own: Stats,
}

impl<'p> Program<'p> {
    fn new(program: &'p [u8]) -> Program<'p> {
        let mut error = Error::NONE;
        let handle = declared::freehold_ledger_default(&mut error);
        let own = stats(handle);
        let things = vec![Thing { handle, open: true, what: What::Ledger { region: None } }];
        Program { choices: Bytes(program), things, live: Live::new(), error, regions: Regions::new(), own }
    }

    fn step(&mut self, choice: u32) {
        match choice % 32 {
            0 => self.open_region(),
            1 => self.close_ledger(),
            2 => self.look(),
            3..5 => self.open_arena(),
            5 => self.close_arena(),
            6 => self.reset(),
            7 => self.trim(),
            8..11 => self.open_scope(),
            11..13 => self.close_scope(),
            13..18 => self.alloc(),
            18 => self.reserve(),
            19..21 => self.open_pool(),
            21 => self.close_pool(),
            22..26 => self.alloc_block(),
            _ => self.free_block(),
        }
    }

    /// Closes all that is open: then every byte is back.
    fn end(&mut self) {
        for index in (0..self.things.len()).rev() {
            let Thing { handle, open: true, .. } = self.things[index] else { continue };
            match self.things[index].kind() {
                Kind::Arena => self.closed_arena((handle, Ok(index))),
                Kind::Pool => self.closed_pool((handle, Ok(index))),
                Kind::Ledger | Kind::Scope => {}
            }
        }
        for index in 1..self.things.len() {
            if let Thing { handle, open: true, what: What::Ledger { region: Some(region) } } = self.things[index] {
                assert_eq!(stats(handle).claimed, 0);
                assert_eq!(declared::freehold_ledger_close(handle, &mut self.error), 0, "{}", said(&self.error));
                self.things[index].open = false;
                self.regions.back(region);
            }
        }
        assert!(self.live.is_empty());
        self.regions.check();
        assert_eq!(stats(self.things[0].handle).claimed, self.own.claimed);
    }

    /// Mostly a handle that is right.
    fn pick(&mut self, wanted: Kind) -> Passed {
        let some = self.choices.below(1000) as usize;
        let handle = match self.choices.below(24) {
            0 => 0,
            // No ticket that was given out, or one of long ago.
            1 => self.number() | 1,
            // What may be an address.
            2 => self.number() & !1,
            3 => ptr::from_ref(self).addr(),
            4..7 => self.things[some % self.things.len()].handle,
            _ => {
                let count = self.things.len();
                let mut indices = (0..count).map(|step| (some + step) % count);
                let fits = |index: &usize| self.things[*index].open && self.things[*index].kind() == wanted;
                indices.find(fits).map_or(0, |index| self.things[index].handle)
            }
        };
        let known = self.things.iter().rposition(|thing| thing.handle == handle);
        let verdict = match known {
            _ if handle == 0 => Err([Code::NullHandle].as_slice()),
            None if handle & 1 == 0 => Err([Code::NotAHandle].as_slice()),
            None => Err([Code::NotAHandle, Code::Closed].as_slice()),
            Some(index) if !self.things[index].open => Err([Code::Closed].as_slice()),
            Some(index) if self.things[index].kind() != wanted => Err([Code::WrongHandle].as_slice()),
            Some(index) => Ok(index),
        };
        (handle, verdict)
    }

    fn number(&mut self) -> usize {
        (self.choices.next().unwrap_or(3) as usize) << 32 | self.choices.next().unwrap_or(5) as usize
    }

    /// A name that is nobody's now, or a bad one, and what must be said of it.
    fn name(&mut self) -> Option<(&'static CStr, *const c_char, &'static [Code])> {
        let taken = |name: &CStr| {
            let owner = |what: &What| match what {
                What::Arena { owner, .. } => Some(*owner),
                What::Pool(pool) => Some(pool.owner),
                _ => None,
            };
            self.things.iter().any(|thing| thing.open && owner(&thing.what) == Some(name))
        };
        let free = OWNERS.into_iter().find(|name| !taken(name))?;
        Some(match self.choices.below(16) {
            0 => (free, ptr::null(), BAD),
            1 => (free, c"\xff\xfe".as_ptr(), BAD),
            _ => (free, free.as_ptr(), NO_ROOM),
        })
    }

    fn opened(&mut self, handle: Handle, what: What) -> usize {
        assert!(handle & 1 == 1, "{handle:#x} may be an address");
        assert!(self.things.iter().all(|thing| thing.handle != handle), "{handle:#x} twice");
        self.things.push(Thing { handle, open: true, what });
        self.things.len() - 1
    }

    /// What every ledger has in use, and has taken.
    fn sums(&self) -> Vec<(Handle, usize, usize)> {
        let ledgers = self.things.iter().filter(|thing| thing.open && thing.kind() == Kind::Ledger);
        ledgers.map(|thing| (thing.handle, stats(thing.handle).claimed, stats(thing.handle).granted)).collect()
    }

    /// Makes a call, which must say one of these things; whether it was done, and what it returned. If it was not done, no ledger has
    /// changed.
    fn call<T>(&mut self, allowed: &[Code], call: impl FnOnce(&mut Error) -> T) -> (bool, T) {
        let sums = self.sums();
        self.error = Error::NONE;
        let returned = call(&mut self.error);
        let Error { code, .. } = self.error;
        let text = said(&self.error);
        assert!(allowed.iter().any(|allowed| *allowed as c_int == code), "{code}: {text}");
        assert_eq!(code == 0, text.is_empty(), "{code}: {text}");
        if code != 0 {
            let now = self.sums();
            // Claims may have come and gone before it was seen that it can't be done.
            let same = now.iter().zip(&sums).all(|(now, was)| (now.0, now.1) == (was.0, was.1) && now.2 >= was.2);
            assert!(same && now.len() == sums.len(), "{code}, {text}: {sums:?} became {now:?}");
        }
        (code == 0, returned)
    }

    /// The same for a call that returns the number it writes.
    fn status(&mut self, allowed: &[Code], call: impl FnOnce(&mut Error) -> c_int) -> bool {
        let (done, returned) = self.call(allowed, call);
        assert_eq!(returned, self.error.code);
        done
    }

    /// The same for one that returns a handle.
    fn handle(&mut self, allowed: &[Code], call: impl FnOnce(&mut Error) -> Handle) -> Option<Handle> {
        let (done, handle) = self.call(allowed, call);
        assert_eq!(done, handle != 0);
        done.then_some(handle)
    }
}

/// What may be said of a call with this handle, if it is the handle that matters.
fn allowed<'c>(passed: &Passed, else_: &'c [Code]) -> &'c [Code] {
    match passed.1 {
        Ok(_) => else_,
        Err(codes) => codes,
    }
}

fn said(error: &Error) -> &str {
    let text = CStr::from_bytes_until_nul(&error.text).expect("a text that ends");
    text.to_str().expect("UTF-8")
}

fn stats(ledger: Handle) -> Stats {
    let (mut stats, mut error) = (Stats::default(), Error::NONE);
    assert_eq!(declared::freehold_ledger_stats(ledger, Some(&mut stats), &mut error), 0, "{}", said(&error));
    assert_eq!(stats.claimed + stats.free, stats.granted);
    stats
}
