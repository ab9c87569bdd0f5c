//! What `cargo verify` runs, in order: first what fails fast, last what takes long.
//! The tables below are the place to add a target, a wasm module or a Miri run.

use std::time::Duration;
use std::{env, fs};

use anyhow::{Result, ensure};
use cargo_metadata::TargetKind;

use crate::beside_libc::{self, EMSCRIPTEN, Emscripten, Host, Linked, WASI};
use crate::boards::{self, BOARDS, INTERRUPTS};
use crate::c;
use crate::command::Out;
use crate::cores;
use crate::emscripten::Version;
use crate::examples;
use crate::fuzz;
use crate::hints;
use crate::imports;
use crate::javascript;
use crate::malloc;
use crate::maps;
use crate::must_find;
use crate::need::Need;
use crate::nightly;
use crate::soak::{self, Threads};
use crate::step::{CHECKED, Lane, Step, TESTS_IN_WASM, WASM};
use crate::suites::{self, SUITES, Suite};
use crate::threads;
use crate::tools::{Module, TEST_RUNNER, Toolchain, Tools};
use crate::viewers;
use crate::wide;
use crate::zig;

/// The targets that the crate must build for without a warning, each with the features it is built with there; and its own tests, where there
/// is a library for them.
const LINTED: &[(&str, &[&str])] = &[
    ("", &["", "--features alloc", "--features allocator-api2", "--features talc", "--all-features"]),
    (WASM, &["", "--all-features", OWN_TESTS]),
    ("wasm32v1-none", &["", "--all-features"]),
    (WASI, &["", "--all-features", OWN_TESTS]),
    (EMSCRIPTEN, &["", "--all-features", OWN_TESTS]),
    (I686, &["--all-features", OWN_TESTS]),
    ("x86_64-pc-windows-gnu", &["--all-features", OWN_TESTS]),
];

/// The crate's own tests, which are in its sources. (On this host the whole workspace's are looked at.)
const OWN_TESTS: &str = "--all-features --tests";

/// The members that have code for wasm alone, with the parts of them that build there.
const LINTED_ON_WASM: &[(&str, &str)] = &[
    ("freehold-bare", "--lib"),
    ("freehold-beside-zig", "--lib"),
    ("freehold-codegen-module", "--lib"),
    ("freehold-c", "--lib --features malloc,javascript"),
    ("freehold-c-symbols", "--lib"),
    ("freehold-example-debugging", "--lib"),
    ("freehold-example-javascript", "--lib"),
    ("freehold-example-page", "--lib"),
    ("freehold-example-threads", "--lib"),
    ("freehold-example-wasm-bindgen", "--lib"),
    ("freehold-example-wasm64", "--lib"),
    ("freehold-foreign-growth", "--lib"),
    ("freehold-four-gib", "--lib"),
    ("freehold-guest", "--lib"),
    ("freehold-heap-tail", "--lib --features std"),
    ("freehold-javascript-guest", "--lib --features import"),
    ("freehold-maps", "--lib"),
    ("freehold-no-allocator", "--lib"),
    ("freehold-other-malloc", "--lib"),
    ("freehold-overflow", "--lib"),
    ("freehold-profile", "--lib"),
    ("freehold-perf-heaps", "--bins"),
    ("freehold-perf-size", "--lib --features limit"),
    ("freehold-side-module", "--lib --all-features"),
    ("freehold-small-pages", "--lib"),
    (TESTING, "--lib --tests"),
    ("freehold-threads", "--lib"),
    ("freehold-two-copies", "--lib"),
    ("freehold-two-copies-library", "--lib"),
    (SUITE, "--lib --tests"),
];

/// What is compiled and linked in full, rather than only checked.
const BUILT: &[(&str, &[&str])] = &[
    ("wasm32v1-none", &["--lib", "--lib --all-features"]),
    (THUMB, &["--lib", "--lib --all-features", "--example region"]),
];

/// What `cargo perf --embedded` builds, with some of the features of which it takes one at a time.
const FIRMWARE: [&str; 7] = [
    "embedded --lib",
    "embedded-speed --bins --features bounded",
    "embedded-speed --bins --features pools",
    "firmware --bins --features arena",
    "firmware --bins --features block_pool",
    "firmware --bins --features bounded,given",
    "firmware --bins --features heapless",
];

/// What is not tested on this machine: the second copy has the crate's own tests, and programs that are measured have none.
pub const NOT_TESTED: &[&str] = &[
    "freehold-second",
    "freehold-perf-allocators",
    "freehold-perf-harness",
    "freehold-perf-heaps",
    "freehold-perf-rows",
];

/// The feature that leaves the C library's checks out: what the fuzz targets call is odd on purpose, and their tests are tested with all others.
const UNCHECKED: &str = "unchecked";

/// What is formatted: this workspace, and what is not of it.
const FORMATTED: [&str; 2] = ["--all", "--manifest-path tests/hosts/std-allocator/Cargo.toml"];

/// The wasm modules that a script drives in node: `node SCRIPT MODULE`.
const MODULES: &[Scripted] = &[
    Scripted {
        name: "wasm without std",
        package: "freehold-bare",
        module: Module {
            on: Toolchain::Current,
            target: WASM,
            build: "-p freehold-bare --release",
            rustflags: CHECKED,
        },
        script: "tests/bare/run.mjs",
        quick: true,
    },
    Scripted {
        name: "wasm32v1-none without std",
        package: "freehold-bare",
        module: Module {
            on: Toolchain::Current,
            target: "wasm32v1-none",
            build: "-p freehold-bare --release",
            rustflags: CHECKED,
        },
        script: "tests/bare/run.mjs",
        quick: false,
    },
    Scripted {
        name: "hosts: C symbols",
        package: "freehold-c-symbols",
        module: Module { on: Toolchain::Current, target: WASM, build: "-p freehold-c-symbols", rustflags: "" },
        script: "tests/hosts/c-symbols/run.mjs",
        quick: false,
    },
    Scripted {
        name: "hosts: foreign growth",
        package: "freehold-foreign-growth",
        module: Module { on: Toolchain::Current, target: WASM, build: "-p freehold-foreign-growth", rustflags: "" },
        script: "tests/hosts/foreign-growth/run.mjs",
        quick: false,
    },
    Scripted {
        name: "hosts: four GiB",
        package: "freehold-four-gib",
        module: Module {
            on: Toolchain::Current,
            target: WASM,
            build: "-p freehold-four-gib",
            rustflags: "-Clink-arg=--max-memory=4294967296",
        },
        script: "tests/hosts/four-gib/run.mjs",
        quick: false,
    },
    Scripted {
        name: "hosts: heap tail",
        package: "freehold-heap-tail",
        module: Module { on: Toolchain::Current, target: WASM, build: "-p freehold-heap-tail", rustflags: TAIL },
        script: "tests/hosts/heap-tail/run.mjs",
        quick: false,
    },
    Scripted {
        name: "hosts: heap tail beside std",
        package: "freehold-heap-tail",
        module: Module {
            on: Toolchain::Current,
            target: WASM,
            build: "-p freehold-heap-tail --features std",
            rustflags: TAIL,
        },
        script: "tests/hosts/heap-tail/run.mjs",
        quick: false,
    },
    Scripted {
        name: "hosts: heap tail taken by std",
        package: "freehold-heap-tail",
        module: Module {
            on: Toolchain::Nightly,
            target: WASM,
            build: "-p freehold-heap-tail --features std",
            rustflags: TAIL,
        },
        script: "tests/hosts/heap-tail/run.mjs taken",
        quick: false,
    },
    Scripted {
        name: "hosts: stack overflow",
        package: "freehold-overflow",
        module: Module { on: Toolchain::Current, target: WASM, build: "-p freehold-overflow --release", rustflags: "" },
        script: "tests/hosts/overflow/run.mjs",
        quick: false,
    },
    // Where code is to be small, what is inlined otherwise is called.
    Scripted {
        name: "hosts: stack overflow, small code",
        package: "freehold-overflow",
        module: Module {
            on: Toolchain::Current,
            target: WASM,
            build: "-p freehold-overflow --profile size-named",
            rustflags: "",
        },
        script: "tests/hosts/overflow/run.mjs",
        quick: false,
    },
    Scripted {
        name: "hosts: two copies",
        package: "freehold-two-copies",
        module: Module { on: Toolchain::Current, target: WASM, build: "-p freehold-two-copies --lib", rustflags: TAIL },
        script: "tests/hosts/two-copies/run.mjs",
        quick: false,
    },
    Scripted {
        name: "hosts: no allocator",
        package: "freehold-no-allocator",
        module: Module {
            on: Toolchain::Current,
            target: WASM,
            build: "-p freehold-no-allocator --release",
            rustflags: "",
        },
        script: "tests/hosts/no-allocator/run.mjs",
        quick: false,
    },
    Scripted {
        name: "hosts: no allocator, wasm32v1-none",
        package: "freehold-no-allocator",
        module: Module {
            on: Toolchain::Current,
            target: "wasm32v1-none",
            build: "-p freehold-no-allocator --release",
            rustflags: "",
        },
        script: "tests/hosts/no-allocator/run.mjs",
        quick: false,
    },
];

/// The modules that must not build: else those above would prove nothing.
const CONTROLS: &[Control] = &[
    // With the `alloc` crate in it, the one without an allocator.
    Control {
        name: "hosts: no allocator",
        package: "freehold-no-allocator",
        target: WASM,
        build: "--release --features alloc",
        says: "no global memory allocator found",
    },
    // With another heap beside ours, the one with C's symbols.
    Control {
        name: "hosts: C symbols",
        package: "freehold-c-symbols",
        target: WASM,
        build: "--features other-malloc",
        says: "duplicate symbol: malloc",
    },
    // On Emscripten pages must not be grown.
    Control {
        name: "hosts: h01 MemoryGrow on Emscripten",
        package: beside_libc::PACKAGE,
        target: EMSCRIPTEN,
        build: "--lib --features memory-grow",
        says: "`MemoryGrow` is no source of memory on Emscripten",
    },
];

/// The tests that run on WASI: a name, a package, its test.
const ON_WASI: &[(&str, &str, &str)] =
    &[("WASI with std", SUITE, "host"), ("WASI, two copies", "freehold-two-copies", "interleaved")];

/// Seconds that no test may take in Miri, by Miri's own clock, which stands still but for what a test does: so it says the same on every machine, and
/// about what a stopwatch says on a quick one. One test of some numbers took twenty minutes once, and with it the whole run more than it may.
const MIRI_SECONDS: u32 = 40;

/// The ways Miri runs the tests. Between them both models of borrows, and both widths of an address. What goes on longest and does
/// little that is new to a second model runs in one of them. (The layer that looks for mistakes is there around a bounded heap.)
const MIRI: &[MiriRun] = &[
    MiriRun {
        name: "stacked borrows",
        flags: "",
        target: "",
        skip: "--skip heap_checked_ --skip h37_ --skip model_default --skip allocator_model --skip c_model --skip many_of_a_class --skip checked_must_find \
            --skip heap_side_by_side --skip heap_boxes --skip heap_h25_ --skip h21_typed_arena_runs --skip many_arenas \
            --skip model_over --skip h20_a_typed_arena_whose --skip h20_a_typed_arena_that_gathers",
    },
    MiriRun {
        name: "tree borrows, 32 bits",
        flags: "-Zmiri-tree-borrows",
        target: I686,
        skip: "--skip heap_checked_ --skip conformance --skip every_manner --skip h12_ --skip h26_ --skip heap_h38_ \
            --skip heap_statistics --skip heap_zero_where_used --skip ten_thousand --skip h14_a_crumb --skip model_libc \
            --skip h11_padding --skip checked_bounded",
    },
];

/// All of them once more, which takes most of an hour.
const MIRI_WIDER: &[MiriRun] = &[
    MiriRun { name: "tree borrows", flags: "-Zmiri-tree-borrows", target: "", skip: "" },
    MiriRun { name: "32 bits", flags: "", target: I686, skip: "" },
];

/// A program on each heap that can be a program's allocator.
const WHOLE_PROGRAMS: &str = "-p freehold-suite --features whole-programs --test whole_program_small --test whole_program_heap \
     --test whole_program_bounded --test whole_program_checked --test whole_program_tagged";

/// The suite's tests of which Miri has any: another program takes it a second to find that out.
const SUITE_IN_MIRI: &str = "-p freehold-suite --test foreign --test host --test lines --test panics --test properties --test small_blocks \
     --test threads";
/// Those with a heap's.
const HEAPS_IN_MIRI: &str = "-p freehold-suite --test host --test threads";

/// The tests that Miri runs, the longest first: they come last of all steps, and the last of them is to keep nobody waiting.
const MIRI_TESTS: &[MiriTests] = &[
    // A box gives the heap back a pointer that reaches the box's value only, so a heap must know its memory by addresses.
    MiriTests {
        name: "the heap's tests",
        package: SUITE,
        build: HEAPS_IN_MIRI,
        filter: "heap_ --skip heap_small_",
        provenance: "-Zmiri-permissive-provenance",
    },
    MiriTests {
        name: SUITE,
        package: SUITE,
        build: SUITE_IN_MIRI,
        filter: "--skip heap_",
        provenance: "-Zmiri-strict-provenance",
    },
    MiriTests {
        name: "freehold",
        package: "freehold",
        build: "-p freehold --all-features --lib --tests",
        filter: "",
        provenance: "-Zmiri-strict-provenance",
    },
    // What `SmallHeap` takes it never gives back.
    MiriTests {
        name: "SmallHeap's tests",
        package: SUITE,
        build: "-p freehold-suite --test host --test small --test threads",
        filter: "heap_small_",
        provenance: "-Zmiri-permissive-provenance -Zmiri-ignore-leaks",
    },
    MiriTests {
        name: "whole programs",
        package: SUITE,
        build: WHOLE_PROGRAMS,
        filter: "_vectors _maps _layouts",
        provenance: "-Zmiri-permissive-provenance -Zmiri-ignore-leaks",
    },
    // A box that is freed inside a function it was handed to, as a thread's closure is, is protected there from its own allocator
    // (docs/safety.md): all but the borrows.
    MiriTests {
        name: "whole programs' threads",
        package: SUITE,
        build: WHOLE_PROGRAMS,
        filter: "_threads",
        provenance: "-Zmiri-permissive-provenance -Zmiri-ignore-leaks -Zmiri-disable-stacked-borrows",
    },
    MiriTests {
        name: "freehold-c",
        package: "freehold-c",
        build: "-p freehold-c --test calls",
        filter: "--skip heap_",
        provenance: "-Zmiri-strict-provenance",
    },
    MiriTests {
        name: "freehold-c's heap",
        package: "freehold-c",
        build: "-p freehold-c --test calls",
        filter: "heap_",
        provenance: "-Zmiri-permissive-provenance",
    },
];

/// Miri for another host: what takes pages, and what waits.
const MIRI_WINDOWS: &MiriRun = &MiriRun { name: "Windows", flags: "", target: "x86_64-pc-windows-gnu", skip: "" };
const MIRI_WINDOWS_TESTS: &MiriTests = &MiriTests {
    name: "freehold",
    package: "freehold",
    build: "-p freehold --lib",
    filter: "h39_ spin:: ledger::tests::spans the_last_error",
    provenance: "-Zmiri-strict-provenance",
};

/// The demo's two forms: a name, what `cargo demo` is called with, what that needs.
const DEMOS: &[(&str, &str, &[Need])] = &[
    ("demo", "--quick", &[Need::Target(Toolchain::Current, WASM), Need::Node]),
    ("demo native", "--quick --native", &[]),
    ("demo on Heap", "--quick --global", &[Need::Target(Toolchain::Current, WASM), Need::Node]),
    ("demo native on Heap", "--quick --global --native", &[]),
];

/// What `cargo demo` must refuse, or stand.
const DOCUMENTS: &[Document] = &[
    Document { name: "empty", bytes: || Some(Vec::new()), code: 1, says: "the file is empty" },
    Document { name: "malformed", bytes: || Some(b"{\"a\": [1, 2}".into()), code: 1, says: "line 1 column 12" },
    Document { name: "not-text", bytes: || Some(b"[\"\xff\"]".into()), code: 1, says: "not valid UTF-8" },
    Document { name: "not-there", bytes: || None, code: 2, says: "cannot be read" },
    Document { name: "50-megabytes", bytes: || Some(large_document()), code: 0, says: "" },
];

const I686: &str = "i686-unknown-linux-gnu";
const SUITE: &str = "freehold-suite";
const TESTING: &str = "freehold-testing";
/// A heap tail of a megabyte, after the stack and the data.
const TAIL: &str = "-Clink-arg=--initial-memory=2097152";
/// What a module needs that shares its memory.
const THUMB: &str = "thumbv7em-none-eabihf";

/// A wasm module and the script that runs it.
struct Scripted {
    name: &'static str,
    package: &'static str,
    module: Module<'static>,
    script: &'static str,
    /// Whether it is a part of the first answer.
    quick: bool,
}

/// A wasm module that must not build.
struct Control {
    name: &'static str,
    package: &'static str,
    target: &'static str,
    /// How it is built.
    build: &'static str,
    /// What the compiler or the linker must say.
    says: &'static str,
}

/// Tests for Miri.
struct MiriTests {
    name: &'static str,
    package: &'static str,
    /// What cargo builds.
    build: &'static str,
    /// Which of them run.
    filter: &'static str,
    /// What they may do with addresses.
    provenance: &'static str,
}

/// A way to run them.
struct MiriRun {
    name: &'static str,
    flags: &'static str,
    target: &'static str,
    /// Which of them do not run.
    skip: &'static str,
}

/// A document for the demo, or a file that is not there.
struct Document {
    name: &'static str,
    bytes: fn() -> Option<Vec<u8>>,
    /// How the demo must end.
    code: i32,
    /// What it must say.
    says: &'static str,
}

/// All steps.
pub fn all(tools: &Tools) -> Result<Vec<Step>> {
    let mut steps = vec![
        Step::cargo("format", FORMATTED.map(|what| format!("fmt --check {what}")))
            .needs([Need::Component(Toolchain::Current, "rustfmt")])
            .quick(),
        Step::new("imports run one way", imports::check).quick(),
    ];
    steps.extend(LINTED.iter().map(|(target, features)| clippy(target, features)));
    steps.push(
        Step::cargo("clippy workspace", ["clippy --workspace --all-targets --all-features -- -D warnings"])
            .needs([Need::Component(Toolchain::Current, "clippy")]),
    );
    steps.extend(LINTED_ON_WASM.iter().map(|(package, parts)| clippy_member(package, parts, WASM)));
    // Beside Rust's std, which has a panic handler.
    let beside_std = format!("clippy -p freehold-c --lib --features std --target {WASM} -- -D warnings");
    steps.push(
        Step::cargo("clippy freehold-c beside std", [beside_std])
            .needs([Need::Component(Toolchain::Current, "clippy"), Need::Target(Toolchain::Current, WASM)]),
    );
    steps.extend(
        [WASI, EMSCRIPTEN].map(|target| clippy_member(beside_libc::PACKAGE, "--lib --bins --features std", target)),
    );
    steps.push(clippy_member("freehold-example-wasi", "--bins", WASI));
    steps.push(clippy_member("freehold-example-c-in-wasi", "--bins", WASI));
    steps.push(clippy_member("freehold-example-emscripten", "--bins", EMSCRIPTEN));
    steps.push(clippy_member("freehold-example-cortex-m", "--bins", THUMB));
    steps.push(clippy_member("freehold-example-cortex-m0", "--bins", BOARDS[0].target));
    steps.push(clippy_member("freehold-example-two-rams", "--bins", THUMB));
    steps.push(clippy_member("freehold-example-riscv32", "--bins", BOARDS[2].target));
    steps.extend(BOARDS.iter().map(|board| clippy_member(INTERRUPTS, "--lib --bins", board.target)));
    steps.push(clippy_member(must_find::PACKAGE, "--lib --bins", BOARDS[0].target));
    let firmware = FIRMWARE.map(|what| format!("clippy -p freehold-perf-{what} --target {THUMB} -- -D warnings"));
    steps.push(
        Step::cargo("clippy firmware of cargo perf", firmware)
            .needs([Need::Component(Toolchain::Current, "clippy"), Need::Target(Toolchain::Current, THUMB)]),
    );
    steps.extend(cores::steps());
    steps.extend(["", WASM, WASI].map(rustdoc));
    steps.extend(BUILT.iter().map(|(target, builds)| build(target, builds)));
    steps.push(
        Step::cargo(format!("build freehold-c {THUMB}"), [format!("build -p freehold-c --target {THUMB}")])
            .needs([Need::Target(Toolchain::Current, THUMB)]),
    );
    steps.push(Step::cargo("test freehold", ["test -p freehold"]).tests());
    steps.push(
        Step::cargo("test suite", ["test -p freehold -p freehold-suite --all-features --tests"]).tests().quick_only(),
    );
    let workspace = workspace(tools);
    // `--lib` and `--bins` would build what has no tests as well, as programs without any.
    steps.push(
        Step::cargo("test workspace", [format!("test {workspace} --tests")])
            .needs([Need::Target(Toolchain::Current, WASM)])
            .tests(),
    );
    steps.push(Step::cargo("doc tests", [format!("test {workspace} --doc")]).tests());
    steps.push(doc_tests_nightly());
    steps.extend(nightly::steps());
    steps.push(in_node("wasm with std", SUITE));
    steps.push(in_node("allocations as a test, in node", TESTING));
    for tests in ON_WASI {
        steps.extend(Host::ALL.iter().map(|host| tests_on_wasi(tests, *host)));
    }
    let which = "run --release -p freehold --example which_is_it".to_owned();
    steps.push(on_wasi("example which_is_it on WASI", which, "freehold", Host::Node));
    for linked in Linked::ALL {
        steps.extend(Host::ALL.iter().map(|host| beside_libc(*linked, *host)));
    }
    steps.extend(Emscripten::all(Version::Stable).map(beside_emscripten));
    steps.push(debug_layer_on_emscripten());
    steps.extend(MODULES.iter().map(scripted));
    steps.extend(CONTROLS.iter().map(control));
    steps.extend(hints::steps());
    steps.push(soak::hosts_alone());
    steps.extend(Threads::ALL.iter().map(|threads| threads.hosts()));
    steps.push(copies_in_threads());
    steps.push(tail_beside_wasm_bindgen());
    steps.extend(wide::steps());
    steps.extend(c::steps());
    steps.extend(zig::steps());
    steps.extend(malloc::steps());
    steps.extend(javascript::steps());
    steps.extend(viewers::steps());
    steps.extend(boards::steps());
    steps.extend(must_find::steps());
    steps.extend(maps::steps());
    steps.extend(flat_examples(tools)?);
    steps.extend(examples::steps());
    steps.push(Step::cargo("package", ["package -p freehold --allow-dirty"]));
    for (name, words, needs) in DEMOS {
        steps.push(demo(name, words)?.needs(needs.iter().copied()));
        steps.push(demo_documents(name, words)?.needs(needs.iter().copied()));
    }
    steps.extend(in_miri(MIRI));
    steps.push(miri(MIRI_WINDOWS_TESTS, MIRI_WINDOWS));
    // They take long, mostly on one processor, and what they make lies in folders of that target.
    for step in steps.iter_mut().filter(|step| step.needs.contains(&Need::Emscripten(Version::Stable))) {
        step.lane = Lane::Folder(EMSCRIPTEN);
    }
    Ok(steps)
}

/// What is tested on this machine, for cargo. It is the same choice for all tests, as another one would build what they share once more, with the
/// features that it asks for.
fn workspace(tools: &Tools) -> String {
    let tested = tools.members().filter(|package| !NOT_TESTED.contains(&package.name.as_str()));
    let features: Vec<_> = tested
        .flat_map(|package| package.features.keys().map(move |feature| (&package.name, feature)))
        .filter(|(_, feature)| *feature != UNCHECKED)
        .map(|(package, feature)| format!("{package}/{feature}"))
        .collect();
    format!("--workspace --exclude {} --features {}", NOT_TESTED.join(" --exclude "), features.join(","))
}

/// What needs a toolchain that takes gigabytes and is not the same every day, or half an hour.
pub fn wider() -> Vec<Step> {
    let emscripten = Emscripten::all(Version::Latest).map(beside_emscripten);
    emscripten.chain(soak::steps()).chain(wide::wider()).chain(in_miri(MIRI_WIDER)).collect()
}

/// The test suites of well-known crates, on `Heap`, and with the debug layer around it.
pub fn suites() -> Vec<Step> {
    let on = |suite: &'static Suite, checked: bool| {
        let name = format!("suite {}{}", suite.name, if checked { ", checked" } else { "" });
        Step::new(name, move |tools, out| suite.run(checked, tools, out)).tests().in_folder(suites::BUILT)
    };
    SUITES.iter().flat_map(|suite| [on(suite, false), on(suite, true)]).collect()
}

/// Each fuzz target, for so many seconds.
pub fn fuzz(tools: &Tools, seconds: u64) -> Result<Vec<Step>> {
    let targets = fuzz::targets(tools)?.into_iter();
    Ok(targets
        .map(|target| {
            Step::new(format!("fuzz {target}"), move |tools, out| fuzz::run(tools, &target, seconds, out))
                .needs([Need::Nightly, Need::Fuzzer])
                .single()
        })
        .collect())
}

/// `--target` with a target, unless it is the host, and what must be installed for it.
fn on_target(target: &'static str) -> (String, Option<Need>) {
    match target {
        "" => (String::new(), None),
        target => (format!("--target {target}"), Some(Need::Target(Toolchain::Current, target))),
    }
}

/// A name of a step for a target.
fn named(what: &str, target: &str) -> String {
    format!("{what} {}", if target.is_empty() { "host" } else { target })
}

/// The crate alone, with each of these sets of features.
fn clippy(target: &'static str, features: &[&str]) -> Step {
    let (on, need) = on_target(target);
    let commands = features.iter().map(|features| format!("clippy -p freehold {on} {features} -- -D warnings"));
    Step::cargo(named("clippy", target), commands)
        .needs([Need::Component(Toolchain::Current, "clippy")])
        .needs(need)
        .quick_if(target.is_empty())
}

/// A member, where its code for this target is seen.
fn clippy_member(package: &'static str, parts: &str, target: &'static str) -> Step {
    let command = format!("clippy -p {package} {parts} --target {target} -- -D warnings");
    Step::cargo(format!("clippy {package} {target}"), [command]).needs([
        Need::Member(package),
        Need::Component(Toolchain::Current, "clippy"),
        Need::Target(Toolchain::Current, target),
    ])
}

/// The crate's documentation. With private items too: public items must not link to private ones, nor private ones
/// to nothing.
fn rustdoc(target: &'static str) -> Step {
    let (on, need) = on_target(target);
    Step::new(named("rustdoc", target), move |tools, out| {
        ["", "--document-private-items"].into_iter().try_for_each(|items| {
            let cargo = tools.cargo(Toolchain::Current)?.env("RUSTDOCFLAGS", "-D warnings");
            cargo.args("doc -p freehold --no-deps --all-features").args(&on).args(items).run(out)
        })
    })
    .needs(need)
}

/// The crate or its examples, compiled for a target.
fn build(target: &'static str, builds: &[&str]) -> Step {
    let (on, need) = on_target(target);
    let commands = builds.iter().map(|what| format!("build -p freehold {on} {what}"));
    Step::cargo(named("build", target), commands).needs(need)
}

/// Only nightly checks that a `compile_fail` test fails with the error it names.
fn doc_tests_nightly() -> Step {
    const BUILT: &str = "nightly";
    Step::new("doc tests nightly", |tools, out| {
        let cargo = tools.cargo(Toolchain::Nightly)?.args("test -p freehold --all-features --doc --target-dir");
        cargo.arg(tools.target_dir().join(BUILT)).run(out)
    })
    .needs([Need::Nightly])
    .tests()
    .in_folder(BUILT)
}

/// A member's tests in node: those of the suite have Rust's default allocator as a neighbour.
fn in_node(name: &str, package: &'static str) -> Step {
    Step::new(name, move |tools, out| {
        let runner = tools.installed(TEST_RUNNER);
        let cargo = tools.cargo(Toolchain::Current)?.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", runner);
        cargo.args(TESTS_IN_WASM).arg("-p").arg(package).arg("--target").arg(WASM).run(out)
    })
    .needs([Need::Member(package), Need::Target(Toolchain::Current, WASM), Need::Node, Need::WasmBindgen])
    .tests()
}

/// Tests on WASI, beside libc's heap.
fn tests_on_wasi((name, package, test): &'static (&str, &str, &str), host: Host) -> Step {
    on_wasi(name, format!("test --release --test {test} -p {package}"), package, host).tests()
}

/// What cargo runs, on WASI.
fn on_wasi(name: &str, words: String, package: &'static str, host: Host) -> Step {
    const BUILT: &str = "modules/checked";
    Step::new(format!("{name}, {}", host.name()), move |tools, out| {
        let cargo = tools.cargo(Toolchain::Current)?.args(&words).arg("--target").arg(WASI).arg("--config");
        // Words that cargo need not take apart: there may be spaces in a path.
        let cargo = cargo.arg(format!("target.{WASI}.runner={:?}", host.command(tools)));
        let folder = tools.target_dir().join(BUILT);
        host.prepare(cargo, tools).env("RUSTFLAGS", CHECKED).arg("--target-dir").arg(folder).run(out)
    })
    .needs([Need::Member(package), Need::Target(Toolchain::Current, WASI), host.need()])
    .in_folder(BUILT)
}

/// A program in which libc has a heap.
fn beside_libc(linked: Linked, host: Host) -> Step {
    Step::new(format!("hosts: {}, {}", linked.name(), host.name()), move |tools, out| linked.run(host, tools, out))
        .needs([Need::Member(beside_libc::PACKAGE), Need::Target(Toolchain::Current, WASI), Need::Node, host.need()])
        .needs(linked.need())
        .tests()
}

/// A program in which all of memory is libc's.
fn beside_emscripten(linked: Emscripten) -> Step {
    Step::new(format!("hosts: C on {}", linked.name()), move |tools, out| linked.run(tools, out))
        .needs(linked.needs())
        .tests()
}

/// What the debug layer must find, where all of memory is libc's. (The whole suite takes too long there.)
fn debug_layer_on_emscripten() -> Step {
    Step::new("debug layer on Emscripten", |tools, out| {
        let cargo = tools.cargo(Toolchain::Current)?.env("CARGO_TARGET_WASM32_UNKNOWN_EMSCRIPTEN_RUNNER", "node");
        let cargo = cargo.env(
            "CARGO_TARGET_WASM32_UNKNOWN_EMSCRIPTEN_RUSTFLAGS",
            "-Clink-arg=-O1 -Clink-arg=-sALLOW_MEMORY_GROWTH -Clink-arg=-sABORTING_MALLOC=0",
        );
        let cargo = cargo.args("emscripten cargo test -p").arg(SUITE).args("--test host --target").arg(EMSCRIPTEN);
        cargo.args("-- must_find what_is_done_with").run(out)
    })
    .needs([Need::Member(SUITE), Need::Target(Toolchain::Current, EMSCRIPTEN), Need::Node])
    .needs([Need::Emscripten(Version::Stable)])
    .tests()
}

/// A wasm module, run by its script in node.
fn scripted(scripted: &'static Scripted) -> Step {
    let Scripted { name, package, module, script, quick } = scripted;
    Step::new(*name, |tools, out| {
        let wasm = tools.build_wasm(module, out)?;
        tools.node().args(script).arg(wasm).run(out)
    })
    .needs([Need::Member(package), Need::Target(module.on, module.target), Need::Node])
    .tests()
    .quick_if(*quick)
}

/// A module that must not build.
fn control(control: &'static Control) -> Step {
    let Control { name, package, target, build, says } = control;
    Step::new(format!("{name}, control"), move |tools, out| {
        let log = Out::log(tools.target_dir().join("verify").join(format!("{package}-control.log")))?;
        let cargo = tools.cargo(Toolchain::Current)?.args("build -p").arg(package).args(build);
        let status = cargo.arg("--target").arg(target).status(&log)?;
        let said = log.text()?;
        out.note(&said)?;
        ensure!(!status.success(), "it builds");
        ensure!(said.contains(says), "it does not say {says:?}");
        Ok(())
    })
    .needs([Need::Member(package), Need::Target(Toolchain::Current, target)])
}

/// Two copies that want the heap tail at once.
fn copies_in_threads() -> Step {
    const PACKAGE: &str = "freehold-two-copies";
    threads::step("hosts: two copies, threads", PACKAGE, |tools, out| {
        let module = threads::module(PACKAGE, "", tools, out)?;
        tools.node().args("tests/hosts/two-copies/threads.mjs").arg(module).run(out)
    })
}

/// The heap tail of a module whose threads are wasm-bindgen's.
fn tail_beside_wasm_bindgen() -> Step {
    const PACKAGE: &str = "freehold-heap-tail";
    threads::step("hosts: heap tail beside wasm-bindgen", PACKAGE, |tools, out| {
        let wasm = threads::module(PACKAGE, "--features wasm-bindgen", tools, out)?;
        let folder = tools.target_dir().join("modules").join("wasm-bindgen");
        let bindgen =
            tools.program(&tools.installed("wasm-bindgen")).args("--target nodejs --out-name module --out-dir");
        bindgen.arg(&folder).arg(wasm).run(out)?;
        tools.node().arg("tests/hosts/heap-tail/wasm-bindgen.mjs").arg(folder.join("module_bg.wasm")).run(out)
    })
    .needs([Need::WasmBindgen])
}

/// Every example that is one file, run on the host.
fn flat_examples(tools: &Tools) -> Result<Vec<Step>> {
    let targets = tools.member("freehold")?.targets.iter();
    let examples = targets.filter(|target| target.is_kind(TargetKind::Example));
    Ok(examples
        .map(|example| {
            let command = format!("run -p freehold --all-features --example {}", example.name);
            Step::cargo(format!("example {}", example.name), [command])
        })
        .collect())
}

/// `cargo demo`, as this very program runs it.
fn demo(name: &str, words: &'static str) -> Result<Step> {
    let program = env::current_exe()?;
    Ok(Step::new(name, move |tools, out| tools.program(&program).args("demo").args(words).run(out)))
}

/// `cargo demo` with documents that are bad, missing or large.
fn demo_documents(name: &str, words: &'static str) -> Result<Step> {
    let program = env::current_exe()?;
    Ok(Step::new(format!("{name}, documents"), move |tools, out| {
        let folder = tools.target_dir().join("verify").join("documents");
        fs::create_dir_all(&folder)?;
        for Document { name, bytes, code, says } in DOCUMENTS {
            let file = folder.join(name).with_extension("json");
            if let Some(bytes) = bytes() {
                fs::write(&file, bytes)?;
            }
            let log = Out::log(file.with_extension("log"))?;
            let status = tools.program(&program).args("demo").args(words).arg(file).status(&log)?;
            let said = log.text()?;
            out.note(&said)?;
            ensure!(status.code() == Some(*code), "{name}: {status}, not {code}");
            ensure!(said.contains(says), "{name}: does not say {says:?}");
        }
        Ok(())
    }))
}

/// 50 MB of small objects: the crate's limit is memory, not a count.
fn large_document() -> Vec<u8> {
    let object = r#"{"name": "freehold", "pages": [1, 2, 3], "text": "a text of some forty or fifty characters"}"#;
    let count = 50_000_000 / object.len();
    format!("[{}]", vec![object; count].join(",")).into_bytes()
}

/// All that Miri tests, in each of these ways.
fn in_miri(runs: &'static [MiriRun]) -> impl Iterator<Item = Step> {
    MIRI_TESTS.iter().flat_map(|tests| runs.iter().map(move |run| miri(tests, run)))
}

/// Tests in Miri.
fn miri(tests: &'static MiriTests, run: &'static MiriRun) -> Step {
    let MiriTests { name: what, package, build, filter, provenance } = tests;
    let MiriRun { name, flags, target, skip } = run;
    let (on, _) = on_target(target);
    Step::new(format!("miri {what}, {name}"), move |tools, out| {
        let millis = MIRI_SECONDS * 1000;
        let limits =
            ["UNIT", "INTEGRATION"].map(|kind| format!("-Zmiri-env-set=RUST_TEST_TIME_{kind}={millis},{millis}"));
        let flags = format!("{flags} {provenance} {}", limits.join(" "));
        let cargo = tools.cargo(Toolchain::Nightly)?.env("MIRIFLAGS", flags).limit(Duration::from_secs(30 * 60));
        let cargo = cargo.args("miri test").args(build).args(&on).args("--").args(filter).args(skip);
        cargo.args("-Zunstable-options --ensure-time").run(out)
    })
    .needs([Need::Component(Toolchain::Nightly, "miri"), Need::Component(Toolchain::Nightly, "rust-src")])
    .needs([Need::Member(package), Need::Sysroot(target)])
    .tests()
    .single()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each test that Miri runs, with stacked borrows and with tree borrows, at 64 bits and at 32; what a heap does is the one thing that
    /// may make pointers of integers.
    #[test]
    fn h23_miri_has_both_models_at_both_widths() {
        let has = |tree: bool, target: &str| {
            let mut runs = MIRI.iter().chain(MIRI_WIDER);
            runs.any(|run| run.flags.contains("-Zmiri-tree-borrows") == tree && run.target == target)
        };
        assert!([true, false].into_iter().all(|tree| has(tree, "") && has(tree, I686)));
        let of = |runs: &[MiriRun], is: fn(&MiriRun) -> bool| runs.iter().any(is);
        assert!(of(MIRI, |run| run.flags.contains("tree")) && of(MIRI, |run| !run.flags.contains("tree")));
        assert!(of(MIRI, |run| run.target == I686) && of(MIRI, |run| run.target.is_empty()));
        // What one run leaves out another has. (The layer is there around a bounded heap.)
        let left_out = |run: &MiriRun| run.skip.split("--skip").map(|name| name.trim().to_owned()).collect::<Vec<_>>();
        let by_all = left_out(&MIRI[0]).into_iter().filter(|name| MIRI.iter().all(|run| left_out(run).contains(name)));
        assert_eq!(by_all.filter(|name| !name.is_empty()).collect::<Vec<_>>(), ["heap_checked_"]);
        let lax: Vec<_> = MIRI_TESTS.iter().filter(|tests| !tests.provenance.contains("strict")).collect();
        let of_heaps =
            ["the heap's tests", "SmallHeap's tests", "whole programs", "whole programs' threads", "freehold-c's heap"];
        assert_eq!(
            lax.iter().map(|tests| tests.name).collect::<Vec<_>>(),
            of_heaps,
            "strict provenance is asked of all but heaps"
        );
    }

    /// A file without says so in a `cfg` of all of it.
    #[test]
    fn miri_has_every_test_of_the_suite_that_is_for_it() {
        let folder = Tools::find().unwrap().root().join("tests/suite/tests");
        let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        for file in files.filter(|path| path.is_file()) {
            let text = fs::read_to_string(&file).unwrap();
            let program = format!("--test {}", file.file_stem().unwrap().display());
            let mut whole = text.lines().filter_map(|line| line.strip_prefix("#![cfg("));
            let is_for_it = !whole.any(|cfg| cfg.contains("miri") || cfg.starts_with("all(target_family = \"wasm\""));
            for name in text.split("#[test]\n").skip(1).filter_map(|test| test.trim_start().strip_prefix("fn ")) {
                let step = match name {
                    _ if name.starts_with("heap_small_") => "SmallHeap's tests",
                    _ if name.starts_with("heap_") => "the heap's tests",
                    _ => SUITE,
                };
                let tests = MIRI_TESTS.iter().find(|tests| tests.name == step).unwrap();
                let has_it = format!("{} ", tests.build).contains(&format!("{program} "));
                assert!(has_it || !is_for_it, "{step} without {program}");
            }
        }
    }

    #[test]
    fn the_first_answer_has_something_of_each_kind() {
        let steps = all(&Tools::find().unwrap()).unwrap();
        let quick: Vec<_> = steps.iter().filter(|step| step.quick).collect();
        let has = |is: fn(&Step) -> bool| quick.iter().any(|step| is(step));
        assert!(has(|step| step.name == "format") && has(|step| step.name.starts_with("clippy")));
        assert!(has(|step| step.tests && step.needs.is_empty()), "no tests on the host");
        assert!(has(|step| step.tests && step.needs.contains(&Need::Node)), "no tests in wasm");
        assert!(quick.len() * 10 < steps.len());
    }
}
