//! Where a native program is, by the crate `backtrace`.

use crate::frame::{Frame, Line, by_address};

/// Fills in the addresses of the innermost frames: for [`Checked::with_frames`](freehold::debug::Checked::with_frames). It doesn't allocate.
///
/// There are [`FRAMES`](freehold::debug::FRAMES) at most, counted from within the layer: in a dev build, where nothing is inlined, a vector's growth has some
/// eight of them, and a chain of iterators more than all.
pub fn frames(places: &mut [usize]) -> usize {
    let (mut seen, mut filled) = (0, 0);
    let each = |frame: &backtrace::Frame| {
        seen += 1;
        if seen > OWN && filled < places.len() {
            places[filled] = frame.ip().addr();
            filled += 1;
        }
        filled < places.len()
    };
    // SAFETY: of all unwinders Windows's alone may not run in two threads at once, and there this is not compiled.
    #[cfg(not(windows))]
    unsafe {
        backtrace::trace_unsynchronized(each);
    }
    #[cfg(windows)]
    backtrace::trace(each);
    filled
}

/// So many innermost frames are this crate's and the layer's, in any build.
const OWN: usize = 1;

/// What stands at an address of this very program: by its debug information if it has that, else by its symbols.
pub fn named(address: usize) -> Vec<Frame> {
    let mut found = Vec::new();
    // A frame's address is that of what comes after the call.
    let call = address.saturating_sub(1) as *mut core::ffi::c_void;
    backtrace::resolve(call, |symbol| {
        let Some(name) = symbol.name() else { return };
        let line = symbol.filename().zip(symbol.lineno()).map(|(file, line)| Line {
            file: file.display().to_string(),
            line,
            column: symbol.colno().unwrap_or(0),
        });
        // Without the hash.
        found.push(Frame { address: address as u64, function: format!("{name:#}"), line });
    });
    if found.is_empty() { by_address(address) } else { found }
}
