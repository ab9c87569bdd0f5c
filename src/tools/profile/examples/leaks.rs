//! A program that leaks, and the two files that say where: `cargo run -p freehold-profile --example leaks -- FOLDER`.

#[cfg(target_family = "wasm")]
fn main() {}

#[cfg(not(target_family = "wasm"))]
use native::main;

#[cfg(not(target_family = "wasm"))]
mod native {
    use std::path::PathBuf;
    use std::{env, fs, io};

    use freehold::{Heap, debug::Checked};
    use freehold_profile::{Profile, frames, named};

    #[global_allocator]
    static HEAP: Checked<Heap> = Checked::new(Heap::new()).with_frames(frames);

    pub fn main() -> io::Result<()> {
        let folder = PathBuf::from(env::args_os().nth(1).unwrap_or_else(|| ".".into()));
        let mark = HEAP.mark();
        for number in 0..1000 {
            receive(&format!("message {number}"));
        }
        let profile = Profile::living(&HEAP, Some(mark), named);
        fs::write(folder.join("leaks.dhat.json"), profile.to_dhat())?;
        fs::write(folder.join("leaks.heapprofile"), profile.to_heap_profile())
    }

    #[inline(never)]
    fn receive(text: &str) {
        remember(text);
    }

    /// So that it can be taken back. It never is, and nothing is ever forgotten.
    #[inline(never)]
    fn remember(text: &str) {
        let mut kept = Vec::with_capacity(80);
        kept.extend_from_slice(text.as_bytes());
        std::mem::forget(kept);
    }
}
