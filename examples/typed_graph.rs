//! A graph with cycles: nodes in a `TypedArena` that refer to each other with plain references.
//!
//! Every reference lives as long as the arena, so the nodes may point anywhere, at themselves too: no `Rc`, no `Weak`, no
//! indices. `Cell`s tie the circles after both ends exist. Each value is dropped once, with the arena.
//!
//! `cargo run --example typed_graph`

use std::cell::Cell;
use std::rc::Rc;

use freehold::{Alloc, Arena, TypedArena};

/// A station and the tracks that leave it.
struct Station<'g> {
    name: &'static str,
    tracks: Cell<Option<&'g Track<'g>>>,
    /// Minutes from where the search began; `u32::MAX` while it is not known.
    minutes: Cell<u32>,
}

/// One track, in the list of its station's.
struct Track<'g> {
    to: &'g Station<'g>,
    minutes: u32,
    next: Option<&'g Track<'g>>,
}

/// Both ways, so that each track alone makes a cycle.
fn connect<'g>(tracks: &'g TypedArena<'_, Track<'g>>, a: &'g Station<'g>, b: &'g Station<'g>, minutes: u32) {
    for (from, to) in [(a, b), (b, a)] {
        from.tracks.set(Some(tracks.alloc(Track { to, minutes, next: from.tracks.get() })));
    }
}

/// Walks the graph, cycles and all: a station is looked at again only if the way to it was shorter.
fn spread(from: &Station<'_>, minutes: u32) {
    if minutes >= from.minutes.replace(minutes.min(from.minutes.get())) {
        return;
    }
    let mut next = from.tracks.get();
    while let Some(track) = next {
        spread(track.to, minutes + track.minutes);
        next = track.next;
    }
}

/// A value that says when it is dropped.
struct Ticket(u32, Rc<Cell<u32>>);

impl Drop for Ticket {
    fn drop(&mut self) {
        self.1.set(self.1.get() + 1);
    }
}

fn main() {
    let (stations, tracks) = (TypedArena::new(), TypedArena::new());
    // `alloc` returns `&mut`; to share a node, reborrow it.
    let names = ["Arles", "Breda", "Cadiz", "Delft"];
    let [a, b, c, d] =
        names.map(|name| &*stations.alloc(Station { name, tracks: Cell::new(None), minutes: Cell::new(u32::MAX) }));
    connect(&tracks, a, b, 50);
    connect(&tracks, b, c, 20);
    connect(&tracks, c, a, 90);
    connect(&tracks, c, d, 15);

    spread(a, 0);
    // For a list of what is in a graph keep the references; an untyped arena holds slices of any length.
    let lists = Arena::new();
    let order = lists.alloc_slice_copy(&[a, b, c, d]);
    order.sort_by_key(|station| std::cmp::Reverse(station.minutes.get()));
    for station in &*order {
        println!("{:>4} min to {}", station.minutes.get(), station.name);
    }
    assert_eq!([a, b, c, d].map(|station| station.minutes.get()), [0, 50, 70, 85]);
    assert_eq!((stations.len(), tracks.len()), (4, 8));

    // Without cycles the arena itself can be gone through, in the order the values came, and taken apart.
    let dropped = Rc::new(Cell::new(0));
    let mut tickets = TypedArena::new();
    for number in 0..1_000 {
        tickets.alloc(Ticket(number, dropped.clone()));
    }
    tickets.iter_mut().for_each(|ticket| ticket.0 *= 2);
    let sold: Vec<_> = tickets.into_iter().take(3).map(|ticket| ticket.0).collect();
    println!("the first three tickets: {sold:?}; dropped: {}", dropped.get());
    assert_eq!((sold, dropped.get()), (vec![0, 2, 4], 1_000));
}
