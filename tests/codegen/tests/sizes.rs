//! How large the smallest wasm modules are, and what is not in them. `cargo test -p freehold-codegen --test sizes -- --nocapture` prints it.

use std::path::Path;

use freehold_codegen::{smallest, wasm};

const FOLDER: &str = env!("CARGO_TARGET_TMPDIR");

/// What a module has in it, and how many bytes of code and data it has at most, as rustc leaves it. (`wasm-opt -Oz` takes a tenth off.)
const MODULES: [(&str, usize); 3] = [("freehold", 10_850), ("arena", 6_100), ("freehold_small", 550)];

/// Parts of functions' names: what would only be there for texts that nobody reads, or belongs to what the module doesn't use. Memories that are
/// kept apart, loans, the map, errors.
const ABSENT: [&str; 5] = ["4core3fmt", "4part", "8snapshot", "5error", "4then"];

#[test]
fn modules_are_small_and_have_nothing_that_they_do_not_use() {
    let mut wrong = Vec::new();
    for (feature, most) in MODULES {
        let module = smallest(Path::new(FOLDER), feature);
        let (bytes, names) = wasm::size_and_names(&module);
        println!("{feature}: {bytes} bytes of code and data, in {} functions", names.len());
        assert!(!names.is_empty(), "a module without names says nothing of what is in it");
        if bytes > most {
            wrong.push(format!("{feature}: {bytes} bytes, of {most} at most"));
        }
        let present = names.iter().filter(|name| ABSENT.iter().any(|absent| name.contains(absent)));
        wrong.extend(present.map(|name| format!("{feature}: {name}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
