//! talc.

use ::talc::TalcLock;
#[cfg(not(feature = "given"))]
use ::talc::source::Claim as Source;
#[cfg(feature = "given")]
use ::talc::source::Manual as Source;

use super::lock::Masked;
use crate::Heap;

pub type Chosen = TalcLock<Masked, Source>;

// SAFETY: it is so.
unsafe impl Heap for Chosen {
    #[cfg(feature = "given")]
    const EMPTY: Self = TalcLock::new(Source);
    #[cfg(not(feature = "given"))]
    // SAFETY: there is one heap in the program.
    const EMPTY: Self = TalcLock::new(unsafe { Source::new(crate::ram(), crate::RAM_LEN) });

    unsafe fn start(&'static self, _base: *mut u8, _len: usize) {
        #[cfg(feature = "given")]
        // SAFETY: the caller's promise.
        unsafe {
            self.lock().claim(_base, _len)
        };
    }
}
