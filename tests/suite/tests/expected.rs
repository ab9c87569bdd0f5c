//! What every user of Rust expects of a public type: it can be shown, and a panic may be caught around it.

#![cfg(not(any(target_family = "wasm", miri)))]

use std::fmt::Debug;
use std::fs;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::path::Path;

use freehold::backing::{Over, Then};
use freehold::*;

fn shown<T: Debug + ?Sized>() {}
fn caught<T: UnwindSafe + RefUnwindSafe + ?Sized>() {}

/// Each with its checks.
macro_rules! types {
    ($($name:ident: $type:ty),* $(,)?) => {{
        $(shown::<$type>(); caught::<$type>();)*
        [$(stringify!($name)),*]
    }};
}

#[test]
fn every_public_type_can_be_shown_and_caught_around() {
    type Allocator = allocator_api2::alloc::Global;
    let known = types! {
        AllocError: AllocError,
        Arena: Arena<'static>,
        ArenaBox: ArenaBox<'static, [u8]>,
        Attempt: Attempt<'static, 'static>,
        BlockPool: BlockPool<'static>,
        BoundedHeap: BoundedHeap,
        Budget: Budget<DefaultBacking>,
        Builder: Builder<'static, &'static Arena<'static>, u8>,
        Checkpoint: Checkpoint,
        Claim: Claim<'static>,
        ClassStats: ClassStats,
        DefaultBacking: DefaultBacking,
        FixedPool: FixedPool<u8, 3>,
        Growth: Growth,
        Grown: Grown,
        Heap: Heap,
        HeapStats: HeapStats,
        Hosted: Hosted,
        KeyedPool: KeyedPool<'static, u8>,
        Ledger: Ledger<DefaultBacking>,
        Libc: Libc,
        Obstacle: Obstacle,
        Owners: Owners,
        Plot: Plot<'static>,
        Pool: Pool<'static, u8>,
        PoolBox: PoolBox<u8, &'static SharedPool<'static, u8>>,
        PoolKey: PoolKey,
        Ram: Ram<'static>,
        Region: Region<'static>,
        Regions: Regions<'static, 2>,
        Rejected: Rejected<u8>,
        Scope: Scope<'static>,
        SharedPool: SharedPool<'static, u8>,
        SmallHeap: SmallHeap,
        Snapshot: Snapshot<'static>,
        SpanInfo: SpanInfo,
        Spare: Spare,
        StringBuilder: StringBuilder<'static, &'static Arena<'static>>,
        TypedArena: TypedArena<'static, u8>,
        Within: Ledger<Within<'static>>,
    };
    #[cfg(feature = "talc")]
    types! { TalcSource: freehold::TalcSource<'static> };
    types! { Over: Over<Allocator>, Then: Then<Region<'static>, DefaultBacking> };
    types! {
        BlockInfo: debug::BlockInfo,
        Checked: debug::Checked<Heap>,
        CheckedStats: debug::CheckedStats,
        Damage: debug::Damage,
        Finding: debug::Finding,
        FoundBy: debug::FoundBy,
        Leak: debug::Leak,
        Leaks: debug::Leaks,
        Mark: debug::Mark,
        Mistake: debug::Mistake,
        Rounds: debug::Rounds,
        Side: debug::Side,
        Site: debug::Site,
        Verdict: debug::Verdict,
    };
    types! {
        InTag: tags::InTag<'static>,
        Polled: tags::Polled<'static, std::future::Ready<u8>>,
        Pressure: tags::Pressure,
        Tag: tags::Tag<'static>,
        TagStats: tags::TagStats,
        Tagged: tags::Tagged<Heap>,
    };

    // Whatever the root exports is here, but for traits, functions and macros.
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../src/lib.rs");
    let text = fs::read_to_string(root).expect("the root");
    let uses = text.split("pub use ").skip(1).map(|statement| statement.split(';').next().unwrap_or_default());
    let names = uses.flat_map(|statement| statement.split([':', '{', '}', ',', ' ', '\n']));
    let types = names.filter(|name| name.starts_with(char::is_uppercase));
    const NOT_HERE: &[&str] = &[
        // Traits.
        "Alloc",
        "Handle",
        "Kept",
        "Unsizes", // Those of wasm.
        "HeapTail",
        "MemoryGrow",
        "Sbrk",       // Behind a feature, and above.
        "TalcSource", // Iterators.
        "BoxIntoIter",
        "IntoIter",
        "IterMut",
        "KeyedDrain",
        "KeyedIter",
        "KeyedIterMut",
    ];
    let mut seen = 0;
    for name in types.filter(|name| !NOT_HERE.contains(name)) {
        assert!(known.contains(&name), "{name} is not looked at");
        seen += 1;
    }
    assert!(seen > 30, "only {seen} types are seen");
}
