//! A compiler's front: files of Rust parsed by several threads at once, each into a tree that is dropped.

use std::fs;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::thread;

use super::{Done, clocked};
use crate::Result;

/// For sources that are nested deeply.
const STACK: usize = 64 << 20;

/// Parses the files that are named in `list`.
pub fn run(threads: usize, list: &str) -> Result<Done> {
    let files = fs::read_to_string(list)?;
    let texts: Vec<String> = files.lines().map(fs::read_to_string).collect::<std::io::Result<_>>()?;
    Ok(clocked(|| parse(&texts, threads)))
}

fn parse(texts: &[String], threads: usize) -> u64 {
    let (next, sum) = (AtomicUsize::new(0), AtomicU64::new(0));
    let work = || {
        while let Some(text) = texts.get(next.fetch_add(1, Relaxed)) {
            // Not each file is one that stands for itself.
            let items = syn::parse_file(text).map_or(0, |file| file.items.len() + 1);
            sum.fetch_add(items as u64, Relaxed);
        }
    };
    thread::scope(|scope| {
        for _ in 0..threads {
            thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work).expect("a thread");
        }
    });
    sum.into_inner()
}
