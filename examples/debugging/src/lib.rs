//! A module that grows with every message, and the layer that says by which line.

#![cfg(target_family = "wasm")]

use std::cell::RefCell;
use std::collections::BTreeMap;

use freehold::Heap;
use freehold::debug::{Checked, Finding, Mark};
use freehold_profile::{Profile, by_address};

/// It was `static HEAP: Heap = Heap::new();`.
#[global_allocator]
static HEAP: Checked<Heap> = Checked::new(Heap::new()).with_frames(frames).telling(tell);

#[link(wasm_import_module = "debug")]
unsafe extern "C" {
    /// Fills in where the program is, as far as `len` places go; returns how many it has filled.
    fn stack(places: *mut usize, len: usize) -> usize;
    /// Says a text.
    fn say(text: *const u8, len: usize);
    /// Keeps a file for a viewer.
    fn save(text: *const u8, len: usize);
}

fn frames(places: &mut [usize]) -> usize {
    // SAFETY: the page writes no more than `len` numbers there.
    unsafe { stack(places.as_mut_ptr(), places.len()) }
}

fn tell(finding: &Finding) {
    print(&format!("found: {finding}"));
}

fn print(text: &str) {
    // SAFETY: the page reads the text's bytes, and keeps nothing of them.
    unsafe { say(text.as_ptr(), text.len()) };
}

/// A chat: who wrote how much, and what is to be shown.
#[derive(Default)]
struct Chat {
    written: BTreeMap<String, usize>,
    shown: Vec<String>,
    undo: Vec<String>,
}

thread_local! {
    static CHAT: RefCell<Chat> = RefCell::default();
    static MARK: RefCell<Option<Mark>> = const { RefCell::new(None) };
}

impl Chat {
    fn receive(&mut self, name: &str, text: &str) {
        *self.written.entry(name.to_owned()).or_default() += text.len();
        self.show(name, text);
        self.remember(text);
    }

    /// The last twenty are shown.
    fn show(&mut self, name: &str, text: &str) {
        if self.shown.len() == 20 {
            self.shown.remove(0);
        }
        self.shown.push(format!("{name}: {text}"));
    }

    /// So that it can be taken back. It never is, and nothing is ever forgotten.
    fn remember(&mut self, text: &str) {
        self.undo.push(text.to_owned());
    }
}

/// As many messages arrive.
#[unsafe(no_mangle)]
extern "C" fn messages(count: usize) {
    CHAT.with_borrow_mut(|chat| {
        for number in 0..count {
            chat.receive(["Ada", "Emmy", "Sofia"][number % 3], &format!("message {number}, of some length"));
        }
    });
}

/// From now on what is allocated and lives is counted.
#[unsafe(no_mangle)]
extern "C" fn mark() {
    MARK.set(Some(HEAP.mark()));
}

/// What was allocated since, and lives.
#[unsafe(no_mangle)]
extern "C" fn leaks() {
    if let Some(mark) = MARK.with_borrow(|mark| *mark) {
        print(&HEAP.leaks_since(mark).to_string());
    }
}

/// Another fault: it writes a byte past the end of a text.
#[unsafe(no_mangle)]
extern "C" fn shout() {
    let mut text = String::from("hello").into_boxed_str();
    let end = text.as_mut_ptr().wrapping_add(text.len());
    // SAFETY: there is none: this is what the layer finds.
    unsafe { end.write(b'!') };
}

/// The same in V8's `.heapprofile`: places are numbers in it, which the page has names for.
#[unsafe(no_mangle)]
extern "C" fn heap_profile() {
    let text = Profile::living(&HEAP, MARK.take(), by_address).to_heap_profile();
    // SAFETY: the page reads the text's bytes, and keeps nothing of them.
    unsafe { save(text.as_ptr(), text.len()) };
}
