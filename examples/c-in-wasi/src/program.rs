//! The program.

use core::ffi::{CStr, c_char, c_void};

use freehold::{Alloc, Arena, ledger};

unsafe extern "C" {
    /// `capitals.c`: a block of `malloc`'s, or null.
    fn capitals(text: *const c_char) -> *mut c_char;
    fn free(block: *mut c_void);
}

/// The text in capitals, as C makes it, in the caller's arena or scope.
fn in_capitals<'a>(alloc: impl Alloc<'a>, text: &CStr) -> &'a str {
    // SAFETY: the text ends with a 0 and is only read.
    let made = unsafe { capitals(text.as_ptr()) };
    assert!(!made.is_null(), "no memory for a copy");
    // SAFETY: it isn't null, so it is a text that ends with a 0; nobody else has it.
    let copy = unsafe { CStr::from_ptr(made) };
    let kept = alloc.alloc_str(copy.to_str().expect("capitals of UTF-8"));
    // SAFETY: it came from `malloc`, and nothing borrows it any more: `kept` is a copy.
    unsafe { free(made.cast()) };
    kept
}

/// Many texts go through both heaps; then every one is looked at.
pub fn run() {
    let arena = Arena::new();
    let texts: Vec<&str> = (0..10_000)
        .map(|n| {
            let text = arena.alloc_fmt(format_args!("text {n}\0"));
            in_capitals(&arena, CStr::from_bytes_with_nul(text.as_bytes()).expect("it ends with its only 0"))
        })
        .collect();
    assert!(texts.iter().enumerate().all(|(n, text)| *text == format!("TEXT {n}")));
    println!(
        "{} texts in an arena, made by C in blocks of `malloc`: from {} to {}",
        texts.len(),
        texts[0],
        texts[9_999]
    );
    println!("\n{}", ledger().snapshot());
}
