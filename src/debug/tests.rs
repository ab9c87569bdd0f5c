//! What can only be tested from within: records that are written over, and records for which there is no memory.

use core::alloc::{GlobalAlloc, Layout};
use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Mutex;
use std::vec::Vec;

use super::*;
use crate::backing::Region;

static FOUND: Mutex<Vec<Finding>> = Mutex::new(Vec::new());
/// The findings of one test at a time.
static ONE: Mutex<()> = Mutex::new(());

fn note(finding: &Finding) {
    FOUND.lock().unwrap().push(*finding);
}

fn found() -> Vec<Finding> {
    core::mem::take(&mut *FOUND.lock().unwrap())
}

fn checked() -> Checked<std::alloc::System> {
    Checked::new(std::alloc::System).telling(note)
}

fn take<B: Backing>(heap: &Checked<std::alloc::System, B>, size: usize) -> *mut u8 {
    // SAFETY: the size is not 0.
    unsafe { heap.alloc(Layout::from_size_align(size, 8).unwrap()) }
}

fn give<B: Backing>(heap: &Checked<std::alloc::System, B>, block: *mut u8, size: usize) {
    // SAFETY: the block was allocated so.
    unsafe { heap.dealloc(block, Layout::from_size_align(size, 8).unwrap()) };
}

/// Writes a byte so far from a block's start: where the layer keeps a fence, or a block waits.
fn poke(block: *mut u8, offset: isize, byte: u8) {
    // SAFETY: the layer lets the block's pointer reach its fences.
    let place = unsafe { block.offset(offset) };
    // SAFETY: as above.
    unsafe { place.write(byte) };
}

/// However a record is written over, it is a finding, and the program goes on: it frees what it has, and nothing else is found.
#[test]
fn a_broken_record_is_a_finding() {
    let _one = ONE.lock();
    let spoils: [fn(&mut table::Known); 6] = [
        |known| known.size ^= 1,
        |known| known.block = known.block.wrapping_add(16),
        |known| known.align = 63,
        |known| known.seal ^= 0x8000_0000,
        // SAFETY: any bytes are a record.
        |known| *known = unsafe { core::mem::zeroed() },
        |known| (known.block, known.size) = (core::ptr::without_provenance_mut(usize::MAX), usize::MAX),
    ];
    for (case, spoil) in spoils.into_iter().enumerate() {
        for freed in [false, true] {
            let heap = checked();
            let blocks: Vec<_> = (1..40).map(|n| (take(&heap, n), n)).collect();
            let (some, rest) = blocks.split_at(13);
            some.iter().for_each(|(block, size)| give(&heap, *block, *size));
            let victim = if freed { some[6] } else { rest[6] };
            heap.with(&mut Facts::new(), |register, _, _| {
                let table = register.table();
                let index = table.find(victim.0.addr()).expect("it is there");
                table.spoil(index, spoil);
            });
            assert_eq!((found(), heap.check()), (Vec::new(), 1), "{case} {freed}");
            assert_eq!(found(), [Finding::RecordsBroken { records: 1 }], "{case} {freed}");
            rest.iter().for_each(|(block, size)| give(&heap, *block, *size));
            heap.trim();
            let stats = heap.stats();
            assert_eq!((found(), stats.lost, heap.check()), (Vec::new(), 1, 0), "{case} {freed}");
            assert_eq!((stats.blocks, stats.bytes, stats.waiting_blocks), (0, 0, 0), "{case} {freed}: {stats}");
        }
    }
}

/// Whatever is written over a record that is in the way of a look-up is found in the look-up too, not in `check` only.
#[test]
fn a_look_up_finds_what_is_broken() {
    let _one = ONE.lock();
    let heap = checked();
    let block = take(&heap, 100);
    heap.with(&mut Facts::new(), |register, _, _| {
        let table = register.table();
        let index = table.find(block.addr()).expect("it is there");
        table.spoil(index, |known| known.serial += 1);
    });
    give(&heap, block, 100);
    assert_eq!(found(), [Finding::RecordsBroken { records: 1 }]);
}

/// Where there is no memory for records the program goes on, and it is told once; what has none is freed all the same, and a pointer that is no
/// block's is told from it.
#[test]
fn records_that_find_no_room_are_told_of() {
    let _one = ONE.lock();
    let mut memory = [MaybeUninit::uninit(); 8000];
    let region = Region::new(&mut memory);
    let heap = Checked::over(std::alloc::System, region).telling(note).keeping(0, 0);
    let mut blocks: Vec<_> = (0..300).map(|_| take(&heap, 24)).collect();
    assert!(blocks.iter().all(|block| !block.is_null()));
    let told = found();
    assert!(matches!(told[..], [Finding::RecordsFull { records: 64 }]), "{told:?}");
    let stats = heap.stats();
    assert!(stats.blocks == 300 && stats.unrecorded > 200, "{stats:?}");
    // SAFETY: inside the block.
    give(&heap, unsafe { blocks[299].add(8) }, 16);
    assert!(matches!(found()[..], [Finding::NotABlock { .. }]));
    // SAFETY: as above.
    let moved = resize(&heap, unsafe { blocks[299].add(8) }, 16, 32);
    assert_eq!((moved.is_null(), heap.stats().allocations), (true, 300));
    assert!(matches!(found()[..], [Finding::NotABlock { by: FoundBy::Realloc, .. }]));
    blocks[299] = resize(&heap, blocks[299], 24, 24);
    assert!(!blocks[299].is_null());
    blocks.iter().for_each(|block| give(&heap, *block, 24));
    let stats = heap.stats();
    assert_eq!((found(), stats.blocks, stats.bytes, stats.unrecorded), (Vec::new(), 0, 0, 0));
}

/// Each byte is looked at, whatever the length: many at once, and what is left over.
#[test]
fn a_changed_byte_is_found_wherever_it_is() {
    let _one = ONE.lock();
    for size in 1..40 {
        let heap = checked();
        let block = take(&heap, size);
        give(&heap, block, size);
        for at in 0..size {
            poke(block, at as isize, 1);
            assert_eq!(heap.check(), 1, "{at} of {size}");
            let told = found();
            let [Finding::WrittenAfterFree { damage, .. }] = &told[..] else { panic!("{told:?}") };
            assert_eq!((damage.first, damage.last, damage.bytes()), (at, at, &[1][..]), "{size}");
        }
        heap.trim();
        assert_eq!(found(), []);
    }
}

/// Where the program is, is asked for one in so many of small blocks, and for all that are larger; and whenever something is found.
#[test]
fn stacks_of_small_blocks_are_sampled() {
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    let asked = || ASKED.swap(0, Ordering::Relaxed);
    let _one = ONE.lock();
    let heap = checked().sampling(16).with_frames(|frames| {
        frames[0] = ASKED.fetch_add(1, Ordering::Relaxed) / 1_000_000 + 7;
        1
    });
    let large: Vec<_> = (0..50).map(|_| take(&heap, 257)).collect();
    assert_eq!(asked(), 50);
    let small: Vec<_> = (0..1600).map(|_| take(&heap, 256)).collect();
    let known = asked();
    assert!((75..=125).contains(&known), "{known}");
    let leaks = heap.leaks();
    let places: Vec<_> = leaks.largest().iter().map(|leak| (leak.site.frames().len(), leak.blocks)).collect();
    assert_eq!((leaks.blocks, &places[..]), (1650, &[(0, 1600 - known), (1, 50 + known)][..]));
    small.iter().chain(&small).for_each(|block| give(&heap, *block, 256));
    let told = found();
    let here = |finding: &Finding| matches!(finding, Finding::FreedTwice { now, .. } if now.frames() == [7]);
    assert_eq!((told.len(), told.iter().filter(|finding| here(finding)).count()), (1600, 1600));
    large.iter().for_each(|block| give(&heap, *block, 257));
    assert_eq!((found(), heap.stats().blocks), (Vec::new(), 0));
}

/// A stack is kept once, however often it is seen, and each block knows its own.
#[test]
fn a_stack_is_kept_once() {
    use core::sync::atomic::Ordering::Relaxed;
    static HERE: AtomicUsize = AtomicUsize::new(0);
    let _one = ONE.lock();
    let heap = checked().with_frames(|frames| {
        (frames[0], frames[1]) = (HERE.load(Relaxed), 7);
        2
    });
    for turn in 0..5 {
        for place in 1..=200 {
            HERE.store(place, Relaxed);
            assert!(!take(&heap, place).is_null(), "{turn}");
        }
    }
    // The unknown one is always there.
    assert_eq!(heap.with(&mut Facts::new(), |register, _, _| register.sites.counted().count()), Some(201));
    let leaks = heap.leaks();
    assert_eq!((leaks.sites, leaks.blocks, leaks.bytes), (200, 1000, 5 * 201 * 100));
    let largest: Vec<_> = leaks.largest().iter().map(|leak| (leak.site.frames().to_vec(), leak.bytes)).collect();
    assert_eq!(largest[0], (std::vec![200, 7], 1000));
    assert!(largest.len() == 8 && largest.is_sorted_by(|a, b| a.1 >= b.1), "{largest:?}");
}

/// Who is told may allocate and free in the same heap, and ask it; what it finds there is not told, or it would never end. If it panics in `check`, the
/// next one is told again.
#[test]
fn who_is_told_may_allocate() {
    static HEAP: Checked<std::alloc::System> = Checked::new(std::alloc::System).telling(|finding| {
        let more = take(&HEAP, 100);
        give(&HEAP, more, 100);
        give(&HEAP, more, 100);
        assert_eq!(HEAP.leaks().blocks, HEAP.stats().blocks);
        note(finding);
        assert!(!matches!(finding, Finding::WrittenPast { by: FoundBy::Check, .. }), "seen");
    });
    let _one = ONE.lock();
    let block = take(&HEAP, 10);
    give(&HEAP, block, 9);
    assert!(matches!(found()[..], [Finding::WrongLayout { .. }]));
    assert_eq!(HEAP.stats().untold, 1);
    for _ in 0..2 {
        let block = take(&HEAP, 10);
        poke(block, 10, 1);
        let panic = std::panic::catch_unwind(|| HEAP.check());
        assert!(panic.is_err() && matches!(found()[..], [Finding::WrittenPast { .. }]));
        give(&HEAP, block, 10);
        assert!(found().is_empty());
    }
}

/// In words: what, which block, who.
#[test]
fn every_finding_is_told_in_words() {
    let _one = ONE.lock();
    let heap = checked().with_frames(|frames| {
        frames[0] = 0xabc;
        1
    });
    let said = || std::format!("{}", found()[0]);
    let block = take(&heap, 24);
    let at = std::format!("the block at {block:?}, 24 bytes aligned to 8");
    give(&heap, block, 24);
    give(&heap, block, 24);
    assert_eq!(
        said(),
        std::format!("{at}, was freed twice\n  it was allocation 1, by 0xabc\n  freed by 0xabc\n  now by 0xabc")
    );
    poke(block, 3, 7);
    heap.check();
    let wrote = std::format!("somebody wrote into {at}, after it was freed\n  from byte 3 to byte 3 of it: 07");
    assert!(said().starts_with(&wrote));
    let block = take(&heap, 24);
    let at = std::format!("the block at {block:?}, 24 bytes aligned to 8");
    poke(block, 25, 1);
    poke(block, 26, 0xfd);
    heap.check();
    assert!(
        said().starts_with(&std::format!("somebody wrote past the end of {at}\n  from byte 2 to byte 2 past it: 01\n"))
    );
    poke(block, -2, 1);
    heap.check();
    assert!(said().starts_with(&std::format!(
        "somebody wrote before the start of {at}\n  from byte 2 to byte 2 before it: 01\n"
    )));
    // SAFETY: inside the block.
    give(&heap, unsafe { block.add(4) }, 24);
    let inside = said();
    assert!(
        inside.contains(
            " was freed as a block of 24 bytes aligned to 8, and is none: it lies 4 bytes inside the block at "
        ),
        "{inside}"
    );
    give(&heap, block, 20);
    assert!(said().starts_with(&std::format!("{at}, was freed as one of 20 bytes aligned to 8\n")));
    let claim = crate::module::ledger().claim("samples", Layout::new::<u64>()).expect("room");
    give(&heap, claim.as_ptr().as_ptr(), 8);
    let foreign = said();
    assert!(
        foreign.contains("it lies in memory of `samples`, and may have been freed long ago\n  by 0xabc"),
        "{foreign}"
    );
}

fn resize<H: GlobalAlloc, B: Backing>(heap: &Checked<H, B>, block: *mut u8, old: usize, new: usize) -> *mut u8 {
    // SAFETY: the block was allocated so, or the layer says that it wasn't.
    unsafe { heap.realloc(block, Layout::from_size_align(old, 8).unwrap(), new) }
}

/// Whoever is asked something while a block is allocated, freed or told of may not unwind into the allocator: a panic ends the program, with a text.
#[test]
fn a_hook_that_panics_ends_the_program() {
    const CASE: &str = "FREEHOLD_HOOK_THAT_PANICS";
    let cases: [(&str, fn()); 4] = [
        ("frames, alloc", || _ = take(&checked().with_frames(|_| panic!("frames")), 8)),
        ("frames, free", || give(&checked().with_frames(|_| panic!("frames")), core::ptr::dangling_mut(), 8)),
        ("whose", || give(&checked().asking(|_| panic!("whose")), core::ptr::dangling_mut(), 8)),
        ("tell", || give(&Checked::new(std::alloc::System), core::ptr::dangling_mut(), 8)),
    ];
    if let Ok(case) = std::env::var(CASE) {
        let (_, run) = cases.iter().find(|(name, _)| *name == case).expect("a case");
        let outcome = std::panic::catch_unwind(run);
        std::println!("it went on: {outcome:?}");
        return;
    }
    for (case, _) in cases {
        let this = std::env::current_exe().expect("a path");
        let out = std::process::Command::new(this)
            .args(["--exact", "--nocapture", "debug::tests::a_hook_that_panics_ends_the_program"])
            .env(CASE, case)
            .output()
            .expect("a process");
        let (said, complained) =
            (std::string::String::from_utf8_lossy(&out.stdout), std::string::String::from_utf8_lossy(&out.stderr));
        assert!(!out.status.success() && !said.contains("it went on"), "{case}: {said}");
        assert!(complained.contains("an allocator may not"), "{case}: {complained}");
    }
}

/// If all records are wiped the search for a place ends, and the program goes on.
#[test]
fn records_that_are_all_wiped_are_told_of() {
    let _one = ONE.lock();
    let mut memory = [MaybeUninit::uninit(); 8000];
    let small = Checked::over(std::alloc::System, Region::new(&mut memory)).telling(note);
    wiped(&checked());
    wiped(&small);
}

fn wiped<B: Backing>(heap: &Checked<std::alloc::System, B>) {
    let before: Vec<_> = (0..40).map(|_| take(heap, 24)).collect();
    heap.with(&mut Facts::new(), |register, _, _| {
        let table = register.table();
        // SAFETY: any bytes are a record.
        (0..table.len()).for_each(|index| table.spoil(index, |known| *known = unsafe { core::mem::zeroed() }));
    });
    assert_eq!(heap.check(), 1);
    assert_eq!(found(), [Finding::RecordsBroken { records: 64 }]);
    let after: Vec<_> = (0..100).map(|_| take(heap, 24)).collect();
    assert!(after.iter().all(|block| !block.is_null()));
    assert!(matches!(found()[..], [] | [Finding::RecordsFull { .. }]));
    before.iter().chain(&after).for_each(|block| give(heap, *block, 24));
    heap.trim();
    let stats = heap.stats();
    assert_eq!((found(), stats.blocks, stats.bytes, stats.waiting_blocks), (Vec::new(), 0, 0, 0));
}

/// If what is told never comes back, as where it trapped and the program goes on all the same, a mark has findings told again.
#[test]
fn who_is_told_and_never_returns_is_forgotten() {
    static HEAP: Checked<std::alloc::System> = Checked::new(std::alloc::System).telling(|finding| {
        note(finding);
        while std::thread::current().name() == Some("it traps") {
            std::thread::park();
        }
    });
    let _one = ONE.lock();
    let wrong = || give(&HEAP, take(&HEAP, 10), 9);
    std::thread::Builder::new().name("it traps".into()).spawn(wrong).unwrap();
    while FOUND.lock().unwrap().is_empty() {
        std::thread::yield_now();
    }
    found();
    wrong();
    assert_eq!((found(), HEAP.stats().untold), (Vec::new(), 1));
    let _ = HEAP.mark();
    wrong();
    assert!(matches!(found()[..], [Finding::WrongLayout { .. }]));
}

/// A block that is resized is in use once.
#[test]
fn a_resize_counts_once() {
    let _one = ONE.lock();
    let heap = checked();
    heap.limit(1200);
    let block = resize(&heap, take(&heap, 1000), 1000, 600);
    assert!(!block.is_null());
    assert_eq!((heap.stats().bytes, heap.stats().peak), (600, 1000));
    let block = resize(&heap, block, 600, 1200);
    assert!(!block.is_null());
    assert!(resize(&heap, block, 1200, 1201).is_null());
    assert!(take(&heap, 1).is_null());
    let stats = heap.stats();
    assert_eq!((stats.blocks, stats.bytes, stats.peak), (1, 1200, 1200));
    // Less than there is: what shrinks does so, as it would where memory has run out.
    heap.limit(500);
    let block = resize(&heap, block, 1200, 900);
    assert!(!block.is_null());
    assert!(resize(&heap, block, 900, 901).is_null());
    give(&heap, block, 900);
    assert_eq!((found(), heap.stats().bytes), (Vec::new(), 0));
}

/// A block that was only resized since a mark was there before it.
#[test]
fn a_resize_is_no_leak() {
    let _one = ONE.lock();
    let heap = checked();
    let old = take(&heap, 10);
    let mark = heap.mark();
    let old = resize(&heap, resize(&heap, old, 10, 100), 100, 50);
    assert_eq!((heap.leaks_since(mark).blocks, heap.leaks().blocks), (0, 1));
    let new = resize(&heap, take(&heap, 10), 10, 20);
    let leaks = heap.leaks_since(mark);
    assert_eq!((leaks.blocks, leaks.bytes, heap.leaks().blocks), (1, 20, 2));
    give(&heap, old, 50);
    give(&heap, new, 20);
    assert_eq!((found(), heap.leaks().blocks), (Vec::new(), 0));
}

/// Allocations are counted on past the last number, and marks go on to tell before from after.
#[test]
fn allocations_are_counted_past_the_last_number() {
    let _one = ONE.lock();
    let heap = checked();
    heap.with(&mut Facts::new(), |register, _, _| register.sums.serial = usize::MAX - 1);
    let [a, b] = [take(&heap, 1), take(&heap, 2)];
    let mark = heap.mark();
    let [c, d] = [take(&heap, 4), take(&heap, 8)];
    assert_eq!((heap.leaks_since(mark).bytes, heap.leaks().bytes), (12, 15));
    [(a, 1), (b, 2), (c, 4), (d, 8)].iter().for_each(|(block, size)| give(&heap, *block, *size));
    assert_eq!(found(), []);
}

/// A heap of so many bytes that counts what it refuses, as a program's hook for refusals would be told.
struct Tight {
    left: AtomicUsize,
    refused: AtomicUsize,
}

// SAFETY: std's own.
unsafe impl GlobalAlloc for Tight {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if self.left.load(Ordering::Relaxed) < layout.size() {
            self.refused.fetch_add(1, Ordering::Relaxed);
            return core::ptr::null_mut();
        }
        self.left.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { std::alloc::System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        self.left.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { std::alloc::System.dealloc(block, layout) };
    }
}

/// Where the heap below has no room, it is asked again some few times, however many blocks wait: each time it may tell of a refusal.
#[test]
fn what_waits_is_let_go_in_few_steps() {
    let _one = ONE.lock();
    let heap = Tight { left: AtomicUsize::new(2000 * 56), refused: AtomicUsize::new(0) };
    let heap = Checked::new(heap).telling(note).keeping(usize::MAX, usize::MAX);
    let layout = Layout::from_size_align(24, 8).unwrap();
    // SAFETY: the size is not 0.
    let blocks: Vec<_> = (0..2000).map(|_| unsafe { heap.alloc(layout) }).collect();
    // SAFETY: each was just allocated.
    blocks.iter().for_each(|block| unsafe { heap.dealloc(*block, layout) });
    assert_eq!(heap.stats().waiting_blocks, 2000);
    let large = Layout::from_size_align(1990 * 56, 8).unwrap();
    // SAFETY: the size is not 0.
    let block = unsafe { heap.alloc(large) };
    let refused = heap.heap().refused.load(Ordering::Relaxed);
    assert!(!block.is_null() && (1..=12).contains(&refused), "{refused}");
    // SAFETY: it was just allocated.
    unsafe { heap.dealloc(block, large) };
    heap.trim();
    assert_eq!((found(), heap.stats().blocks), (Vec::new(), 0));
}

/// A block whose record was lost while it waited may be freed again, and come back from the heap: it is in use then, and does not wait.
#[test]
fn what_came_back_does_not_wait() {
    let _one = ONE.lock();
    let heap = Checked::new(crate::Heap::new()).telling(note);
    let layout = Layout::from_size_align(100, 8).unwrap();
    // SAFETY: the size is not 0.
    let take = || unsafe { heap.alloc(layout) };
    // SAFETY: what is freed was allocated so; the second time that is the mistake.
    let give = |block: *mut u8| unsafe { heap.dealloc(block, layout) };
    let (lost, other) = (take(), take());
    give(lost);
    give(other);
    heap.with(&mut Facts::new(), |register, _, _| {
        let table = register.table();
        let index = table.find(lost.addr()).expect("it is there");
        table.spoil(index, |known| known.seal ^= 1);
    });
    give(lost);
    assert_eq!(found(), [Finding::RecordsBroken { records: 1 }]);
    let again = take();
    assert_eq!(again, lost);
    heap.trim();
    let stats = heap.stats();
    assert_eq!((stats.waiting_blocks, stats.waiting_bytes, heap.leaks().blocks), (0, 0, 1));
    give(again);
    heap.trim();
    assert_eq!((found(), heap.leaks().blocks), (Vec::new(), 0));
}

/// All places are told, with how long ago each has allocated what lives; or as many as there is room for.
#[test]
fn all_places_are_told_with_their_ages() {
    static HERE: AtomicUsize = AtomicUsize::new(0);
    let heap = checked().with_frames(|frames| {
        frames[0] = HERE.load(Ordering::Relaxed);
        1
    });
    let mark = heap.mark();
    let mut at = |place: usize| {
        HERE.store(place, Ordering::Relaxed);
        (take(&heap, 8 * place), 8 * place)
    };
    let blocks: Vec<_> = (1..=12).chain([12]).map(&mut at).collect();
    let mut room = [Leak::NONE; 20];
    assert_eq!(heap.leaks_in(Some(mark), &mut room), 12);
    for leak in &room[..11] {
        let place = leak.site.frames()[0];
        assert_eq!((leak.blocks, leak.bytes, leak.age), (1, 8 * place, 13 - place), "{leak:?}");
    }
    assert_eq!((room[11].blocks, room[11].bytes, room[11].age, room[12]), (2, 2 * 96, 1, Leak::NONE));
    let mut few = [Leak::NONE; 3];
    assert_eq!(heap.leaks_in(None, &mut few), 12);
    assert_eq!(few, room[..3]);
    assert_eq!(heap.leaks_in(Some(heap.mark()), &mut room), 0);
    blocks.into_iter().for_each(|(block, size)| give(&heap, block, size));
    assert_eq!(heap.leaks_in(None, &mut room), 0);
}
