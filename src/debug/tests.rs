//! What can only be tested from within: records that are written over, and records for which there is no memory.

use core::alloc::{GlobalAlloc, Layout};
use core::mem::MaybeUninit;
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
    let blocks: Vec<_> = (0..300).map(|_| take(&heap, 24)).collect();
    assert!(blocks.iter().all(|block| !block.is_null()));
    let told = found();
    assert!(matches!(told[..], [Finding::RecordsFull { records: 64 }]), "{told:?}");
    let stats = heap.stats();
    assert!(stats.blocks == 300 && stats.unrecorded > 200, "{stats:?}");
    // SAFETY: inside the block.
    give(&heap, unsafe { blocks[299].add(8) }, 16);
    assert!(matches!(found()[..], [Finding::NotABlock { .. }]));
    blocks.iter().for_each(|block| give(&heap, *block, 24));
    let stats = heap.stats();
    assert_eq!((found(), stats.blocks, stats.bytes, stats.unrecorded), (Vec::new(), 0, 0, 0));
}

/// A stack is kept once, however often it is seen, and each block knows its own.
#[test]
fn a_stack_is_kept_once() {
    use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};
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
