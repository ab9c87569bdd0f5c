//! How much of a hot loop is bookkeeping, read from the compiled code. `cargo test -p freehold-codegen -- --nocapture`
//! prints the counts.

use std::path::Path;

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

/// What is called when a loop's memory is used up is too large for V8 to put it into the loop, which then would keep its variables in
/// memory: its `--wasm-inlining-max-size` is 500, in node 20 as in node 26.
#[test]
fn h42_cold_functions_are_too_large_to_be_inlined() {
    const INLINED: usize = 500;
    let module = compile(Path::new(FOLDER), Some("wasm32-unknown-unknown"), "abort");
    for name in ["structs", "try_structs", "nested", "local_typed"] {
        let called = wasm::called_bytes(&module, name);
        println!("{name}: calls functions of {called:?} bytes");
        let large = called.iter().filter(|bytes| **bytes > INLINED).count();
        // Those that the loop comes back from; what else is called ends in a panic, or comes after the loop.
        assert_eq!(large, if name == "nested" { 2 } else { 1 }, "{name}: {called:?}");
    }
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

/// The control: loops with a load, a store and a call on their hot way are found out.
#[test]
fn bookkeeping_is_seen() {
    let module = compile(Path::new(FOLDER), Some("wasm32-unknown-unknown"), "abort");
    let seen = |name: &str| wasm::loops(&wasm::function(&module, name))[0];
    let (arena, control) = (seen("shared_arena"), seen("control_call"));
    assert!(arena.loads > 0 && arena.stores > POINT, "{arena:?}");
    assert!(control.calls > 0 && control.loads > 0 && control.stores > 0, "{control:?}");
}
