//! A panic for want of memory names the caller's line, whatever the verb.

#![cfg(not(target_family = "wasm"))]

use std::alloc::Layout;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::path::Path;
use std::{env, fs};

use freehold::{
    Alloc, Arena, BlockPool, Builder, FixedPool, Growth, KeyedPool, Ledger, Plot, Pool, PoolBox, Region, SharedPool,
    StringBuilder, TypedArena,
};

/// It has no place at all.
static FULL: FixedPool<u64, 0> = FixedPool::new();

thread_local! {
    /// Where this thread panicked last, and what it said.
    static LAST: RefCell<(String, u32, String)> = const { RefCell::new((String::new(), 0, String::new())) };
}

/// Where `run` panics, and what it says.
fn place_of_panic(run: &dyn Fn()) -> (String, u32, String) {
    set_hook(Box::new(|info| {
        let place = info.location().expect("a location");
        LAST.set((place.file().into(), place.line(), info.to_string()));
    }));
    let result = catch_unwind(AssertUnwindSafe(run));
    drop(take_hook());
    assert!(result.is_err(), "it does not panic");
    LAST.take()
}

/// A verb by its file and its name, the line of this call, and the call.
type Row<'a> = (&'static str, u32, Box<dyn Fn() + 'a>);

macro_rules! row {
    ($verb:literal, $call:expr) => {
        ($verb, line!(), Box::new(|| _ = $call))
    };
}

#[test]
fn panics_name_the_callers_line() {
    let ledger = Ledger::new(Region::new(&mut []));
    let huge = Layout::from_size_align(isize::MAX as usize, 1).expect("a layout");
    let mut arena = Arena::new_in(&ledger, "arena");
    let scope = arena.scope();
    let a = &scope;
    let typed = TypedArena::<[u64; 4]>::new_in(&ledger, "typed");
    let pool = Pool::<u64>::new_in(&ledger, "pool");
    let mut memory = [MaybeUninit::uninit(); 2000];
    let small = Ledger::new(Region::new(&mut memory));
    let full = Pool::<u64>::fixed_in(&small, "fixed", 0).expect("nothing");
    let shared = SharedPool::<u64>::shared_in(&ledger, "shared");
    let other = Arena::new_in(&small, "small").with_growth(Growth::fixed(0));
    let unknown = (0..2000u64).filter(|index| index % 2 == 0);
    let text = "x".repeat(100);
    #[rustfmt::skip]
    let rows: &[Row<'_>] = &[
        row!("alloc.rs alloc", a.alloc(1)),
        row!("alloc.rs alloc", other.alloc([0u64; 300])),
        row!("alloc.rs alloc_with", a.alloc_with(|| 1)),
        row!("alloc.rs alloc_try_with", a.alloc_try_with(|| Ok::<_, ()>(1))),
        row!("alloc.rs alloc_slice_try_fill_with", a.alloc_slice_try_fill_with(3, Ok::<_, ()>)),
        row!("alloc.rs alloc_uninit", a.alloc_uninit::<u64>()),
        row!("alloc.rs alloc_uninit_slice", a.alloc_uninit_slice::<u64>(9)),
        row!("alloc.rs alloc_uninit_slice", a.alloc_uninit_slice::<u64>(usize::MAX / 8)),
        row!("alloc.rs alloc_slice_copy", a.alloc_slice_copy(&[1])),
        row!("alloc.rs alloc_slice_clone", a.alloc_slice_clone(&[1])),
        row!("alloc.rs alloc_slice_fill", a.alloc_slice_fill(3, 1)),
        row!("alloc.rs alloc_slice_fill_with", a.alloc_slice_fill_with(3, |index| index)),
        row!("alloc.rs alloc_from_iter", a.alloc_from_iter(0..3)),
        row!("alloc.rs alloc_from_iter", other.alloc_from_iter(unknown.clone())),
        row!("alloc.rs alloc_str", a.alloc_str("text")),
        row!("alloc.rs alloc_fmt", a.alloc_fmt(format_args!("{text}"))),
        row!("alloc.rs alloc_layout", a.alloc_layout(huge)),
        row!("alloc.rs alloc_box", a.alloc_box(1)),
        row!("alloc.rs alloc_box_from_iter", a.alloc_box_from_iter(0..3)),
        row!("alloc.rs alloc_box_from_iter", other.alloc_box_from_iter(unknown.clone())),
        row!("alloc.rs reserve", a.reserve(1)),
        row!("kept.rs try_scope", scope.try_scope::<(), ()>(|_| scope.try_scope::<(), ()>(|_| Ok(())))),
        row!("builder.rs with_capacity_in", Builder::<_, u64>::with_capacity_in(3, a)),
        row!("builder.rs with_capacity_in", StringBuilder::with_capacity_in(3, a)),
        row!("builder.rs push", Builder::new_in(a).push(1)),
        row!("builder.rs push", StringBuilder::new_in(a).push('x')),
        row!("builder.rs push_str", StringBuilder::new_in(a).push_str("x")),
        row!("builder.rs reserve", Builder::<_, u64>::new_in(a).reserve(3)),
        row!("builder.rs reserve", StringBuilder::new_in(a).reserve(3)),
        row!("builder.rs extend", Builder::new_in(a).extend([1])),
        row!("builder.rs extend", StringBuilder::new_in(a).extend(["x"])),
        row!("builder.rs extend", StringBuilder::new_in(a).extend(['x'])),
        row!("typed.rs extend", (&typed).extend([[1; 4]])),
        row!("arena/mod.rs with_capacity_in", Arena::with_capacity_in(&ledger, "arena", 3)),
        row!("typed.rs with_capacity_in", TypedArena::<u64>::with_capacity_in(&ledger, "typed", 3)),
        row!("typed.rs reserve", typed.reserve(1)),
        row!("typed.rs alloc_with", typed.alloc_with(|| [1; 4])),
        row!("typed.rs alloc_try_with", typed.alloc_try_with(|| Ok::<_, ()>([1; 4]))),
        row!("typed.rs alloc", typed.alloc([1; 4])),
        row!("typed.rs alloc_from_iter", typed.alloc_from_iter([[1; 4]; 3])),
        row!("typed.rs alloc_from_iter", TypedArena::new_in(&small, "typed").alloc_from_iter(unknown.clone())),
        row!("verbs.rs alloc", pool.alloc(1)),
        row!("verbs.rs alloc", full.alloc(1)),
        row!("verbs.rs alloc", shared.alloc(1)),
        row!("verbs.rs alloc", FULL.alloc(1)),
        row!("verbs.rs alloc_with", pool.alloc_with(|| 1)),
        row!("verbs.rs alloc_with", FULL.alloc_with(|| 1)),
        row!("verbs.rs alloc_uninit", shared.alloc_uninit()),
        row!("verbs.rs alloc_uninit", FULL.alloc_uninit()),
        row!("boxed.rs new_in", PoolBox::new_in(1, &pool)),
        row!("boxed.rs new_uninit_in", PoolBox::<u64, _>::new_uninit_in(&pool)),
        row!("keyed/mod.rs insert", KeyedPool::<u64>::new_in(&ledger, "keyed").insert(1)),
        row!("keyed/mod.rs reserve", KeyedPool::<u64>::new_in(&ledger, "keyed").reserve(1)),
        row!("block.rs alloc", BlockPool::new_in(&ledger, "blocks", Layout::new::<u64>()).alloc()),
        row!("block.rs new_in", BlockPool::new_in(&ledger, "blocks", huge)),
        row!("block.rs alone", BlockPool::alone(&mut Plot::new(Region::new(&mut [])), "blocks", huge)),
        row!("block.rs shared_in", BlockPool::<freehold::sharing::Needed>::shared_in(&ledger, "blocks", huge)),
    ];
    // Each panic takes Miri long, and no message is what it is there for.
    for (verb, line, call) in rows.iter().step_by(if cfg!(miri) { 5 } else { 1 }) {
        let (file, at, said) = place_of_panic(call);
        assert_eq!((file.as_str(), at), (file!(), *line), "{verb}: {said}");
    }
    let (.., said) = place_of_panic(&|| _ = a.alloc_uninit_slice::<u64>(usize::MAX / 8));
    assert!(said.contains(&format!("asked for {} bytes aligned to", usize::MAX / 8 * 8)), "{said}");
    if !cfg!(miri) {
        let listed = rows.iter().map(|(verb, ..)| (*verb).to_owned()).collect::<BTreeSet<_>>();
        assert_eq!(listed, verbs_that_panic(), "each verb whose documentation has `# Panics` has a row");
    }
}

/// The model draws from a list of the verbs that may be refused; each that there is must be on it.
#[test]
#[cfg_attr(miri, ignore = "it reads a file of the source")]
fn the_model_knows_each_verb() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../src/arena/alloc.rs");
    let text = fs::read_to_string(source).expect("a text");
    let verbs = text.lines().filter_map(|line| line.trim().strip_prefix("fn ")?.split(['<', '(']).next());
    let known = freehold_suite::model::VERBS;
    let unknown: Vec<_> = verbs.filter(|verb| verb.starts_with("try_") && !known.contains(verb)).collect();
    assert!(unknown.is_empty(), "the model never calls {unknown:?}");
    assert!(known.len() > 15);
}

/// The end of a file's name and a verb's, for each public one whose documentation says that it panics.
fn verbs_that_panic() -> BTreeSet<String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../src");
    let mut found = BTreeSet::new();
    for folder in ["arena", "pool"] {
        look(&source.join(folder), &mut found);
    }
    found
}

fn look(folder: &Path, found: &mut BTreeSet<String>) {
    for path in fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("an entry").path()) {
        if path.is_dir() {
            look(&path, found);
            continue;
        }
        let name = path.file_name().expect("a name").to_str().expect("a name").to_owned();
        let within = folder.file_name().expect("a name").to_str().expect("a name");
        let name = if name == "mod.rs" { format!("{within}/{name}") } else { name };
        let text = fs::read_to_string(&path).expect("a text");
        let mut panics = false;
        for line in text.lines().map(str::trim) {
            panics |= line == "/// # Panics";
            if let (true, Some((_, rest))) = (panics && !line.starts_with('/'), line.split_once("fn ")) {
                let verb: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                // What pools are to a box has no name outside.
                if !line.starts_with("pub(") && name != "home.rs" {
                    found.insert(format!("{name} {verb}"));
                }
                panics = false;
            }
        }
    }
}
