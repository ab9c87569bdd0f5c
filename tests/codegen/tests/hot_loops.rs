//! How much of a hot loop is bookkeeping, read from the compiled code. `cargo test -p freehold-codegen -- --nocapture`
//! prints the counts.

use std::fs;
use std::path::Path;

use freehold_codegen::wasm::Called;
use freehold_codegen::{Counts, compile, wasm};

/// Where the functions are compiled.
const FOLDER: &str = env!("CARGO_TARGET_TMPDIR");

/// The stores of one `Point`.
const POINT: usize = 3;

/// What a loop may do at most, on any machine, besides calling nobody; instructions are printed only.
struct Limit {
    name: &'static str,
    loads: usize,
    stores: usize,
    branches: usize,
}

/// Scopes: no load at all, and no store but the values' own. The branches are one past each cold call, and the loop's own.
const SCOPES: &[Limit] = &[
    Limit { name: "structs", loads: 0, stores: POINT, branches: 2 },
    Limit { name: "try_structs", loads: 0, stores: POINT, branches: 2 },
    Limit { name: "nested", loads: 0, stores: 2 * POINT, branches: 3 },
    // Four values in a turn, and one in a turn for the rest.
    Limit { name: "filled_slice", loads: 0, stores: 4 * POINT, branches: 1 },
];

/// What has its state in memory, or branches on lengths: bounds that no change should exceed.
const OTHERS: &[Limit] = &[
    // Two loads and two stores that overlap, for each of five ranges of lengths, of which one is taken.
    Limit { name: "copies", loads: 12, stores: 13, branches: 7 },
    // The cursor's two words are loaded, and one is stored.
    Limit { name: "shared_arena", loads: 2, stores: 1 + POINT, branches: 2 },
    Limit { name: "shared_typed", loads: 2, stores: 1 + POINT, branches: 2 },
    // A block that was freed and one that was never used, of which one is taken; then the free.
    Limit { name: "shared_pool", loads: 5, stores: 4 + POINT, branches: 3 },
];

/// Arenas and pools that are local variables: as good as a scope, where a panic ends the program.
const LOCALS: &[Limit] = &[
    Limit { name: "local_typed", loads: 0, stores: POINT, branches: 2 },
    // The link of a block that was freed, or the end of the chunk: one of the two is looked at.
    Limit { name: "local_pool", loads: 1, stores: POINT, branches: 3 },
];

/// Where a panic unwinds, what it has to drop has an address. A typed arena's cursor is written there before a refill only; a
/// pool's stays in memory.
const UNWINDING_LOCALS: &[Limit] = &[
    Limit { name: "local_typed", loads: 1, stores: POINT, branches: 2 },
    Limit { name: "local_pool", loads: 5, stores: 2 + POINT, branches: 3 },
];

fn check(machine: &str, locals: &[Limit], loops: impl Fn(&str) -> Vec<Counts>) {
    let mut over = Vec::new();
    for limit in SCOPES.iter().chain(OTHERS).chain(locals) {
        let loops = loops(limit.name);
        assert!(!loops.is_empty(), "{machine} {}: no loop", limit.name);
        for counts in loops {
            println!("{machine:13} {:12} {counts:?}", limit.name);
            let Counts { loads, stores, calls, branches, .. } = counts;
            let within = loads <= limit.loads && stores <= limit.stores && branches <= limit.branches;
            if !within || calls > 0 {
                over.push(limit.name);
            }
        }
    }
    assert!(over.is_empty(), "{machine}: more than there should be in {over:?}");
}

/// The point of it all: the three stores of the value, no load, no call but one cold one, and no stack.
fn check_structs(loops: &[Counts]) {
    assert_eq!(loops.len(), 1);
    let Counts { loads, stores, calls, cold_calls, stack, .. } = loops[0];
    assert_eq!((loads, stores, calls, cold_calls, stack), (0, POINT, 0, 1, 0));
}

#[test]
fn wasm_hot_loops() {
    let module = compile(Path::new(FOLDER), Some("wasm32-unknown-unknown"), "abort");
    let function = |name: &str| wasm::function(&module, name);
    check("wasm", LOCALS, |name| wasm::loops(&function(name)));
    check_structs(&wasm::loops(&function("structs")));
    // Nothing on the shadow stack around the loop either: no prologue.
    assert_eq!(wasm::count(&function("structs")).stack, 0);
    assert_eq!(wasm::count(&function("empty_scopes")).instructions, 0);
    assert_eq!((wasm::bulk_copies(&function("copies")), wasm::bulk_copies(&function("long_copies"))), (0, 1));
}

/// V8 puts functions of up to so many bytes into a loop that calls them, if only when its memory is used up, and the loop then keeps its variables in
/// memory: its `--wasm-inlining-max-size`, in node 20 as in node 26.
const INLINED: usize = 500;

/// What hot loops don't call: it is called by what is cold itself, or too large for a loop.
const CALLED_BY_OTHERS: &[&str] = &[
    "Chunks::move_it_away",
    "Ledger::meet_fresh",
    "Lodged::room_in_place",
    "fork::watch",
    "refusal::tell",
    "region::up_to",
];

/// What is called by the functions that Rust or C calls to allocate: they are no loops, and are not inlined into one.
const OF_HEAPS: &[&str] = &[
    "Checked::give_unrecorded",
    "Checked::let_some_go",
    "Checked::tell_each",
    "Headless::elsewhere",
    "Headless::free_stray",
    "Heap::open",
    "Heap::refill",
    "Heap::refuse",
    "Heap::take_back_late",
    "Sheets::add_chapter",
    "Stock::last",
    "Stock::put_late",
    "Stock::put_shared",
    "Stock::relieve",
    "Stock::scarce",
    "Stock::take_from_slabs",
    "Tagged::relieve",
    "Tagged::tell",
    "c::refuse",
    "heap::refused",
];

/// What hot loops don't come back from: it comes after the loop, or before a panic, or the loop's own program gives up with what it says.
const AFTER_LOOPS: &[&str] = &[
    "Chunks::error",
    "FixedPool::full",
    "allocator::lost",
    "block::full",
    "heap::refused",
    "lodged::close",
    "refusal::tell",
];

/// What is not on wasm without threads.
const NOT_HERE: &[&str] = &[
    "BlockPool::free_waiting",
    "BlockPool::hand_out_of_all",
    "BlockPool::relieve",
    "BlockPool::take_by_way_of",
    "Crowd::open",
    "Sets::enter_another",
    "Spin::wait",
];

/// What is called when a loop's memory is used up is too large for V8 to put it into the loop: each function of the crate that is cold and comes
/// back, as the tool `hint` lists them, is large, or is none that loops call.
#[test]
fn h42_cold_functions_are_too_large_to_be_inlined() {
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../src/tools/hint/src/names.rs");
    let list = fs::read_to_string(list).expect("the list of cold functions");
    let cold = list.lines().filter_map(|line| line.trim().strip_prefix("\"freehold::*")?.strip_suffix("\","));
    let mut cold: Vec<&str> = cold.collect();
    assert!(cold.contains(&"Chunks::make_room"), "{cold:?}");

    let module = compile(Path::new(FOLDER), Some("wasm32-unknown-unknown"), "abort");
    let called = wasm::cold_functions(&module);
    for (function, Called { name, bytes, .. }) in &called {
        println!("{function}: {bytes} bytes of {name}");
    }
    // What calls nobody is no call any more when it is inlined.
    let small: Vec<_> = called.iter().filter(|(_, called)| called.bytes <= INLINED && called.calls).collect();
    assert!(small.is_empty(), "{small:?}");
    for function in ["structs", "try_structs", "nested", "local_typed", "try_typed", "shared_arena", "pushes"] {
        assert!(called.iter().any(|(loops, _)| loops == function), "no cold call in {function}");
    }
    // In a mangled name each part has its length in front.
    let is = |name: &str, cold: &str| {
        let (of, function) = cold.split_once("::").expect("a type, or a module");
        name.contains(of) && name.contains(&format!("{}{function}", function.len()))
    };
    cold.retain(|cold| ![CALLED_BY_OTHERS, OF_HEAPS, AFTER_LOOPS, NOT_HERE].concat().contains(cold));
    cold.retain(|cold| !called.iter().any(|(_, called)| is(&called.name, cold)));
    assert!(cold.is_empty(), "no loop in the module calls {cold:?}: write one, or say why there is none");
}

/// The crate's own loop over what an iterator yields, however many, has no call in it at all: it lies in another around the one that is called when
/// there is no more room.
#[test]
fn h42_own_loops_make_no_call() {
    let module = compile(Path::new(FOLDER), Some("wasm32-unknown-unknown"), "abort");
    let loops = wasm::loops(&wasm::function(&module, "gathered"));
    assert!(!loops.is_empty());
    for counts in loops {
        let Counts { loads, stores, calls, cold_calls, .. } = counts;
        assert_eq!((loads, stores, calls, cold_calls), (0, POINT, 0, 0), "{counts:?}");
    }
}

/// A loop by reference asks, after its cold call, whether there is a place, for otherwise V8 saves the loop's variables in each turn. That makes four
/// questions: whether there is anything to do, whether there is room, this one, and whether it is the last turn. The second call panics.
#[test]
fn h42_a_loop_by_reference_asks_after_its_call() {
    let module = compile(Path::new(FOLDER), Some("wasm32-unknown-unknown"), "abort");
    let operators = wasm::function(&module, "shared_arena");
    assert_eq!(wasm::loops(&operators)[0].cold_calls, 1);
    let Counts { calls, branches, .. } = wasm::count(&operators);
    assert_eq!((calls, branches), (2, 4));
}

#[test]
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
fn x86_64_hot_loops() {
    use freehold_codegen::x86;

    for (panic, locals) in [("abort", LOCALS), ("unwind", UNWINDING_LOCALS)] {
        let library = compile(Path::new(FOLDER), None, panic);
        let function = |name: &str| x86::function(&library, name);
        check(&format!("x86-64 {panic}"), locals, |name| x86::loops(&function(name)));
        check_structs(&x86::loops(&function("structs")));
        assert_eq!(function("empty_scopes").len(), 1, "a bare `ret`");
    }
}

/// Natively the cold call of a typed arena returns where the list is, and the cursor is read from there: the caller need not choose between the
/// list that it knew and a new one. (An iterator's promise of a length has a choice in it: the control.)
#[test]
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
fn h42_natively_nothing_is_chosen_after_a_refill() {
    use freehold_codegen::x86;

    let library = compile(Path::new(FOLDER), None, "unwind");
    let choices = |name: &str| x86::choices(&x86::function(&library, name));
    assert_eq!(choices("local_typed"), 0);
    assert!(choices("gathered") > 0);
}

/// The control: loops with a load, a store and a call on their hot way are found out.
#[test]
fn bookkeeping_is_seen() {
    let module = compile(Path::new(FOLDER), Some("wasm32-unknown-unknown"), "abort");
    let seen = |name: &str| wasm::loops(&wasm::function(&module, name))[0];
    let (arena, control) = (seen("shared_arena"), seen("control_call"));
    assert!(arena.loads > 0 && arena.stores > POINT, "{arena:?}");
    assert!(control.calls > 0 && control.loads > 0 && control.stores > 0, "{control:?}");
}
