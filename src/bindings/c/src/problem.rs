//! What C is told when a call can't do what it should: a number and a text.

use core::ffi::{CStr, c_char, c_int};
use core::fmt::{self, Write};

use freehold::{AllocError, Obstacle};

/// The numbers, as `freehold.h` has them, which says what each means.
#[allow(missing_docs)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Code {
    Ok = 0,
    TooLarge = 1,
    Refused = 2,
    Exhausted = 3,
    Occupied = 4,
    Overlap = 5,
    Short = 6,
    Full = 7,
    NullHandle = 8,
    NotAHandle = 9,
    WrongHandle = 10,
    Closed = 11,
    StillOpen = 12,
    BadArgument = 13,
    ForeignBlock = 14,
    FreedTwice = 15,
    Overrun = 16,
    NoBacking = 17,
    MustMove = 18,
}

/// What stood in the way of a call. It holds copies of names: their owners may be gone when it is told. Kinds of handles are what a text
/// calls them: "an arena".
pub enum Problem {
    /// There is no room.
    NoRoom { owner: Name, size: usize, align: usize, obstacle: Obstacle },
    /// A handle is null.
    NullHandle { wanted: &'static str },
    /// A handle was never given out.
    NotAHandle { wanted: &'static str, handle: usize },
    /// A handle is one of another kind.
    WrongHandle { wanted: &'static str, found: &'static str },
    /// A handle's thing was closed before.
    Closed { wanted: &'static str, handle: usize },
    /// What is to be closed is still in use.
    StillOpen { what: &'static str },
    /// An argument is null that may not be.
    NullArgument { what: &'static str },
    /// An alignment is no power of two.
    BadAlignment { align: usize },
    /// No block has that size.
    BadSize { size: usize, align: usize },
    /// A name is not UTF-8.
    BadName,
    /// A region that ends where there is no memory.
    BadRegion { end: Option<usize> },
    /// A region that can't even hold the ledger.
    SmallRegion { len: usize, needed: usize },
    /// A region that somebody else has.
    RegionTaken { by: Name, at: usize },
    /// A block that is none of the pool's.
    ForeignBlock { owner: Name, block: usize },
    /// What can't be a block of the heap's.
    NoBlock { block: usize, align: usize },
    /// A block that can't have that size where it is.
    #[cfg_attr(not(any(unix, windows, target_family = "wasm")), allow(dead_code))]
    MustMove { block: usize, size: usize },
    /// A block that is free already.
    FreedTwice { owner: Name, block: usize },
    /// A block whose end was written over.
    Overrun { owner: Name, block: usize, size: usize },
    /// There is no memory but what the program brings.
    #[cfg_attr(any(unix, windows, target_family = "wasm"), allow(dead_code))]
    NoBacking,
}

impl From<AllocError> for Problem {
    fn from(error: AllocError) -> Problem {
        Problem::no_room(Name::of(error.owner), &error)
    }
}

impl Problem {
    /// What the ledger says, to whoever is called by that name.
    pub fn no_room(owner: Name, error: &AllocError) -> Problem {
        Problem::NoRoom { owner, size: error.size, align: error.align, obstacle: error.obstacle }
    }

    /// Writes the text, as much of it as there is room for.
    #[cold]
    fn tell(&self, mut text: Buffer) {
        // A buffer takes every text.
        let _ = write!(text, "{self}");
        text.finish();
    }

    #[cold]
    fn code(&self) -> Code {
        match self {
            Problem::NoRoom { obstacle, .. } => match obstacle {
                Obstacle::TooLarge => Code::TooLarge,
                Obstacle::Exhausted { .. } => Code::Exhausted,
                Obstacle::Occupied { .. } => Code::Occupied,
                Obstacle::Overlap { .. } => Code::Overlap,
                Obstacle::Short { .. } => Code::Short,
                Obstacle::Full { .. } => Code::Full,
                _ => Code::Refused,
            },
            Problem::NullHandle { .. } => Code::NullHandle,
            Problem::NotAHandle { .. } => Code::NotAHandle,
            Problem::WrongHandle { .. } => Code::WrongHandle,
            Problem::Closed { .. } => Code::Closed,
            Problem::StillOpen { .. } => Code::StillOpen,
            Problem::NullArgument { .. }
            | Problem::BadAlignment { .. }
            | Problem::BadSize { .. }
            | Problem::BadName
            | Problem::BadRegion { .. } => Code::BadArgument,
            Problem::SmallRegion { .. } => Code::Exhausted,
            Problem::RegionTaken { .. } => Code::Overlap,
            Problem::ForeignBlock { .. } | Problem::NoBlock { .. } => Code::ForeignBlock,
            Problem::FreedTwice { .. } => Code::FreedTwice,
            Problem::Overrun { .. } => Code::Overrun,
            Problem::NoBacking => Code::NoBacking,
            Problem::MustMove { .. } => Code::MustMove,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Problem::NoRoom { owner, size, align, obstacle } => {
                write!(f, "`{owner}` asked for {size} bytes aligned to {align}: {obstacle}")
            }
            Problem::NullHandle { wanted } => write!(f, "the handle of {wanted} is null"),
            Problem::NotAHandle { wanted, handle } => {
                write!(f, "{handle:#x} is not the handle of {wanted}, and never was a handle")
            }
            Problem::WrongHandle { wanted, found } => write!(f, "the handle of {wanted} is wanted, this is of {found}"),
            Problem::Closed { wanted, handle } => {
                write!(f, "{handle:#x} is not the handle of {wanted} any more: it was closed")
            }
            Problem::StillOpen { what } => write!(f, "{what}"),
            Problem::NullArgument { what } => write!(f, "the {what} is null"),
            Problem::BadAlignment { align } => write!(f, "an alignment is a power of two, or 0 for 16; {align} is not"),
            Problem::BadSize { size, align } => write!(f, "no block has {size} bytes aligned to {align}"),
            Problem::BadName => f.write_str("the name is not UTF-8"),
            Problem::BadRegion { end: Some(end) } => {
                write!(f, "the region would end at {end:#x}, past the end of memory")
            }
            Problem::BadRegion { end: None } => f.write_str("the region would end past the last address"),
            Problem::SmallRegion { len, needed } => {
                write!(f, "the region has {len} bytes, and its ledger alone needs {needed}")
            }
            Problem::RegionTaken { by, at } => write!(f, "the region overlaps memory of `{by}` at {at:#x}"),
            Problem::ForeignBlock { owner, block } => write!(f, "{block:#x} is not a block of `{owner}`"),
            Problem::NoBlock { block, align } => {
                write!(f, "{block:#x} is not a block of the heap's that is aligned to {align}")
            }
            Problem::MustMove { block, size } => {
                write!(f, "the block {block:#x} can't have {size} bytes where it is: it must move")
            }
            Problem::FreedTwice { owner, block } => write!(f, "the block {block:#x} of `{owner}` was freed before"),
            Problem::Overrun { owner, block, size } => {
                write!(f, "somebody wrote past the end of the block {block:#x} of `{owner}`, which has {size} bytes")
            }
            Problem::NoBacking => f.write_str("this target has no memory of its own to give: hand over a region"),
        }
    }
}

/// Bytes of a name that are kept.
pub const NAME: usize = 31;

/// An owner's name, copied.
#[derive(Clone, Copy)]
pub struct Name {
    bytes: [u8; NAME],
    len: u8,
}

impl Name {
    /// # Safety
    ///
    /// The caller owes: `text` is null or ends with a null.
    pub unsafe fn read(text: *const c_char) -> Result<Name, Problem> {
        if text.is_null() {
            return Err(Problem::NullArgument { what: "name" });
        }
        // SAFETY: the caller's promise.
        let text = unsafe { CStr::from_ptr(text) }.to_str().map_err(|_| Problem::BadName)?;
        Ok(Name::of(text))
    }

    /// A copy of as much of `text` as is kept.
    pub fn of(text: &str) -> Name {
        let text = whole(text, NAME).as_bytes();
        let mut bytes = [0; NAME];
        bytes[..text.len()].copy_from_slice(text);
        Name { bytes, len: text.len() as u8 }
    }

    pub fn text(&self) -> &str {
        core::str::from_utf8(&self.bytes[..usize::from(self.len)]).unwrap_or_default()
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// Bytes of a text, the null at its end included.
const TEXT: usize = 252;

/// `freehold_error`: a call's number and its text.
#[repr(C)]
pub struct Report {
    code: c_int,
    text: [u8; TEXT],
}

const _: () = assert!(size_of::<Report>() == 256);

impl Report {
    /// Says in `report`, which may be null, how a call went, and returns its number.
    ///
    /// # Safety
    ///
    /// The caller owes: `report` is null or may be written.
    #[inline]
    pub unsafe fn write<T>(report: *mut Report, result: &Result<T, Problem>) -> Code {
        let code = result.as_ref().map_or_else(Problem::code, |_| Code::Ok);
        if report.is_null() {
            return code;
        }
        // SAFETY: the caller's promise. What is there may be uninitialised: it is only written over.
        let number = unsafe { &raw mut (*report).code };
        // SAFETY: as above.
        unsafe { number.write(code as c_int) };
        // SAFETY: as above.
        let text = unsafe { &raw mut (*report).text }.cast::<u8>();
        match result {
            // SAFETY: the text's first byte.
            Ok(_) => unsafe { text.write(0) },
            // SAFETY: so long is the text.
            Err(problem) => problem.tell(unsafe { Buffer::new(text, TEXT) }),
        }
        code
    }
}

/// A buffer of C's that a text is written into: as much as it holds, whole characters only, and a null after it.
pub struct Buffer {
    start: *mut u8,
    size: usize,
    /// Bytes of the text that are written.
    written: usize,
    /// Bytes that the whole text has.
    len: usize,
}

impl Buffer {
    /// # Safety
    ///
    /// The caller owes: `size` bytes from `start` on may be written as long as the buffer is there.
    pub unsafe fn new(start: *mut u8, size: usize) -> Buffer {
        Buffer { start, size, written: 0, len: 0 }
    }

    /// Ends the text; returns how many bytes it has, or would have if there were room.
    pub fn finish(self) -> usize {
        if self.written < self.size {
            // SAFETY: inside the buffer.
            let end = unsafe { self.start.add(self.written) };
            // SAFETY: as above; `new`'s caller's promise.
            unsafe { end.write(0) };
        }
        self.len
    }
}

impl fmt::Write for Buffer {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // Once something was left out, all that follows is.
        let room = if self.written == self.len { self.size.saturating_sub(self.written + 1) } else { 0 };
        self.len += text.len();
        let fitting = whole(text, room).len();
        if fitting == 0 {
            return Ok(());
        }
        // SAFETY: what was written and this are less than the buffer.
        let to = unsafe { self.start.add(self.written) };
        // SAFETY: there is room for so many bytes; a text of ours is never in C's buffer.
        unsafe { to.copy_from_nonoverlapping(text.as_ptr(), fitting) };
        self.written += fitting;
        Ok(())
    }
}

/// The first `most` bytes of a text, or a few less if a character would be cut.
pub fn whole(text: &str, most: usize) -> &str {
    (0..=most.min(text.len())).rev().find_map(|end| text.get(..end)).unwrap_or_default()
}

/// What a number means.
#[unsafe(no_mangle)]
extern "C" fn freehold_text(code: c_int) -> *const c_char {
    const TEXTS: [&CStr; 19] = [
        c"no error",
        c"no span of the address space can hold that",
        c"the host refused to give more memory",
        c"the memory that was handed over is used up",
        c"somebody else lives in that memory",
        c"that memory overlaps what somebody else holds",
        c"the host gave less memory than it was asked for",
        c"all blocks of the pool are in use",
        c"the handle is null",
        c"that is not a handle",
        c"the handle is one of another kind",
        c"the handle was closed",
        c"something is still open",
        c"an argument is not what it must be",
        c"that is not a block of this pool",
        c"the block was freed before",
        c"somebody wrote past the end of the block",
        c"this target has no memory of its own to give",
        c"the block can't have that size where it is",
    ];
    const _: () = assert!(TEXTS.len() == Code::MustMove as usize + 1);
    let text = usize::try_from(code).ok().and_then(|code| TEXTS.get(code));
    text.unwrap_or(&c"not a number of freehold's").as_ptr()
}
