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
