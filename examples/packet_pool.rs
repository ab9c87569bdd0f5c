//! Packets in a pool: a fixed number of them, given back when there is no room, and passed between threads.
//!
//! A pool hands out places of one size and takes them back in any order, each in a few instructions. A `PoolBox` owns its
//! packet; dropping it frees the place.
//!
//! `cargo run --example packet_pool`

use std::sync::mpsc;
use std::thread;

use freehold::{DefaultBacking, Ledger, Obstacle, Pool, SharedPool};

/// A packet of the largest size that Ethernet carries.
#[derive(Debug)]
struct Packet {
    len: usize,
    bytes: [u8; 1500],
}

impl Packet {
    fn new(text: &str) -> Packet {
        let mut bytes = [0; 1500];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        Packet { len: text.len(), bytes }
    }

    fn text(&self) -> &str {
        str::from_utf8(&self.bytes[..self.len]).unwrap_or("?")
    }
}

static LEDGER: Ledger<DefaultBacking> = Ledger::new(DefaultBacking::new());
// A pool that threads share may be a `static`. It claims memory when the first packet comes.
static SHARED: SharedPool<Packet> = SharedPool::shared_in(&LEDGER, "shared packets");

/// A queue of four and no more: whoever sends too fast gets the packet back, and decides.
fn fixed() {
    let pool = Pool::fixed_in(&LEDGER, "queue", 4).expect("four packets fit");
    let mut queue: Vec<_> = (1..=4).map(|n| pool.alloc(Packet::new(&format!("packet {n}")))).collect();

    let rejected = pool.try_alloc(Packet::new("packet 5")).expect_err("the pool is full");
    println!("{rejected}");
    assert_eq!(rejected.error.obstacle, Obstacle::Full { capacity: 4 });

    // One is sent: its place is free, and the packet that was given back goes there.
    let place = queue[1].bytes.as_ptr();
    println!("sent: {}", queue.remove(1).text());
    let fifth = pool.alloc(rejected.value);
    assert_eq!((fifth.text(), fifth.bytes.as_ptr()), ("packet 5", place));
    println!("{} of {} in use", pool.len(), pool.capacity());
}

/// Packets made by three threads and freed by a fourth. The channel holds eight, so a few places do for all of them.
fn shared() {
    let (sender, receiver) = mpsc::sync_channel(8);
    for worker in 0..3 {
        let sender = sender.clone();
        thread::spawn(move || {
            for n in 0..1_000 {
                let packet = SHARED.alloc(Packet::new(&format!("{worker}:{n}")));
                sender.send(packet).expect("the receiver listens to the end");
            }
        });
    }
    drop(sender);
    let received = receiver.into_iter().filter(|packet| packet.text().contains(':')).count();
    assert_eq!((received, SHARED.len()), (3_000, 0));

    let at_once = SHARED.capacity();
    println!("{received} packets through {at_once} places; {} bytes given back", SHARED.trim());
    assert!(at_once < 50);
}

fn main() {
    fixed();
    shared();
    println!("{}", LEDGER.snapshot());
    // No packet is left. Threads that met at the pool may have been given lists of their own, and it keeps those.
    assert_eq!(LEDGER.snapshot().claimed, SHARED.held());
}
