//! The heap: blocks of any size, freed one by one by who knows their sizes. It has a lock of its own, so no call here takes the table's.

use core::alloc::Layout;
use core::ffi::{c_int, c_void};
use core::ptr::NonNull;

use crate::ledger::alignment;
use crate::problem::{Problem, Report};

/// Every block of the heap's lies at a multiple of this.
const LEAST: usize = 16;

/// What a caller says of a block: where it is, how long, how aligned.
struct Block {
    #[cfg_attr(not(any(unix, windows, target_family = "wasm")), allow(dead_code))]
    start: NonNull<u8>,
    layout: Layout,
}

impl Block {
    /// Refused is what no block of the heap's can be.
    fn new(start: *mut c_void, size: usize, align: usize) -> Result<Block, Problem> {
        let align = alignment(align)?;
        let layout = Layout::from_size_align(size, align).map_err(|_| Problem::BadSize { size, align })?;
        let start = NonNull::new(start.cast::<u8>()).ok_or(Problem::NullArgument { what: "block" })?;
        let addr = start.addr().get();
        // What lies where no block of that alignment does was allocated with another, or not here.
        if addr.is_multiple_of(align.max(LEAST)) {
            Ok(Block { start, layout })
        } else {
            Err(Problem::NoBlock { block: addr, align })
        }
    }

    /// A layout of another size.
    fn resized(&self, size: usize) -> Result<Layout, Problem> {
        layout(size, self.layout.align())
    }
}

/// The layout of a request. The alignment is one.
fn layout(size: usize, align: usize) -> Result<Layout, Problem> {
    Layout::from_size_align(size, align).map_err(|_| own::too_large(size, align))
}

#[cfg(all(feature = "malloc", target_family = "wasm"))]
pub use own::HEAP;

/// The heap of a target that has memory of its own to give.
#[cfg(any(unix, windows, target_family = "wasm"))]
mod own {
    use core::alloc::{GlobalAlloc, Layout};
    use core::ptr::NonNull;

    use freehold::backing::Backing;
    use freehold::{DefaultBacking, Heap, Obstacle};

    use super::Block;
    use crate::problem::{Name, Problem};

    /// The owner's name.
    const OWNER: &str = "heap";

    /// The module's own: `freehold_heap_alloc`'s, and with the feature `malloc` C's.
    pub static HEAP: Heap = Heap::new();

    pub fn too_large(size: usize, align: usize) -> Problem {
        no_room(size, align, Obstacle::TooLarge)
    }

    fn no_room(size: usize, align: usize, obstacle: Obstacle) -> Problem {
        Problem::NoRoom { owner: Name::of(OWNER), size, align, obstacle }
    }

    pub fn alloc(layout: Layout) -> Result<NonNull<u8>, Problem> {
        // SAFETY: this heap serves a size of 0 too.
        found(layout, || unsafe { HEAP.alloc(layout) })
    }

    /// # Safety
    ///
    /// The caller owes: the block was allocated here and is in use; if it has a new size then, it has it from now on.
    pub unsafe fn resize(block: &Block, new: Layout) -> Result<(), Problem> {
        // SAFETY: the caller's promise.
        let stays = unsafe { HEAP.resize_in_place(block.start, block.layout, new.size()) };
        let moves = Problem::MustMove { block: block.start.addr().get(), size: new.size() };
        if stays { Ok(()) } else { Err(moves) }
    }

    /// # Safety
    ///
    /// The caller owes: the block was allocated here, and nobody uses it any more unless this fails.
    pub unsafe fn realloc(block: &Block, new: Layout) -> Result<NonNull<u8>, Problem> {
        // SAFETY: the caller's promise; this heap serves a size of 0 too, and the new layout is one.
        found(new, || unsafe { HEAP.realloc(block.start.as_ptr(), block.layout, new.size()) })
    }

    /// # Safety
    ///
    /// The caller owes: the block was allocated here, and nobody uses it any more.
    pub unsafe fn free(block: &Block) -> Result<(), Problem> {
        // SAFETY: the caller's promise.
        unsafe { HEAP.dealloc(block.start.as_ptr(), block.layout) };
        Ok(())
    }

    /// What `ask` returns, or what stood in the way: a heap says no more than null, so the ledger is asked for as much.
    fn found(layout: Layout, ask: impl Fn() -> *mut u8) -> Result<NonNull<u8>, Problem> {
        if let Some(block) = NonNull::new(ask()) {
            return Ok(block);
        }
        why_not(layout)?;
        // There is room: somebody has given it back meanwhile.
        let (size, align) = (layout.size(), layout.align());
        let refused =
            Obstacle::Refused { backing: DefaultBacking::new().name(), asked: size, have: freehold::memory_size() };
        NonNull::new(ask()).ok_or_else(|| no_room(size, align, refused))
    }

    #[cold]
    #[inline(never)]
    fn why_not(layout: Layout) -> Result<(), Problem> {
        freehold::ledger().claim(OWNER, layout).map(drop).map_err(Problem::from)
    }
}

/// Where there is none.
#[cfg(not(any(unix, windows, target_family = "wasm")))]
mod own {
    use core::alloc::Layout;
    use core::ptr::NonNull;

    use super::Block;
    use crate::problem::Problem;

    pub fn too_large(_: usize, _: usize) -> Problem {
        Problem::NoBacking
    }

    pub fn alloc(_: Layout) -> Result<NonNull<u8>, Problem> {
        Err(Problem::NoBacking)
    }

    pub unsafe fn resize(_: &Block, _: Layout) -> Result<(), Problem> {
        Err(Problem::NoBacking)
    }

    pub unsafe fn realloc(_: &Block, _: Layout) -> Result<NonNull<u8>, Problem> {
        Err(Problem::NoBacking)
    }

    pub unsafe fn free(_: &Block) -> Result<(), Problem> {
        Err(Problem::NoBacking)
    }
}

/// A block for C, or null; in `error` how it went.
///
/// # Safety
///
/// The caller owes: `error` is null or may be written.
unsafe fn block_or_null(error: *mut Report, result: Result<NonNull<u8>, Problem>) -> *mut c_void {
    // SAFETY: the caller's promise.
    unsafe { Report::write(error, &result) };
    result.map_or(core::ptr::null_mut(), |block| block.as_ptr().cast())
}

// What the caller of each function owes is said in the header.

#[unsafe(no_mangle)]
unsafe extern "C" fn freehold_heap_alloc(size: usize, align: usize, error: *mut Report) -> *mut c_void {
    let result = alignment(align).and_then(|align| layout(size, align)).and_then(own::alloc);
    // SAFETY: C's caller owes it.
    unsafe { block_or_null(error, result) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn freehold_heap_resize(
    block: *mut c_void,
    size: usize,
    align: usize,
    new_size: usize,
    error: *mut Report,
) -> c_int {
    let result = Block::new(block, size, align).and_then(|block| {
        let new = block.resized(new_size)?;
        // SAFETY: C's caller owes it.
        unsafe { own::resize(&block, new) }
    });
    // SAFETY: C's caller owes it.
    unsafe { Report::write(error, &result) };
    c_int::from(result.is_ok())
}

#[unsafe(no_mangle)]
unsafe extern "C" fn freehold_heap_realloc(
    block: *mut c_void,
    size: usize,
    align: usize,
    new_size: usize,
    error: *mut Report,
) -> *mut c_void {
    let result = Block::new(block, size, align).and_then(|block| {
        let new = block.resized(new_size)?;
        // SAFETY: C's caller owes it.
        unsafe { own::realloc(&block, new) }
    });
    // SAFETY: C's caller owes it.
    unsafe { block_or_null(error, result) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn freehold_heap_free(block: *mut c_void, size: usize, align: usize, error: *mut Report) -> c_int {
    let result = if block.is_null() {
        // Nothing is freed by freeing null, as with C's own `free`.
        Ok(())
    } else {
        // SAFETY: C's caller owes it.
        Block::new(block, size, align).and_then(|block| unsafe { own::free(&block) })
    };
    // SAFETY: C's caller owes it.
    let code = unsafe { Report::write(error, &result) };
    code as c_int
}
