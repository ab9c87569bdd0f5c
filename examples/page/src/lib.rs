//! A module for a page: points that move, and each turn a search for those that are near each other, on a grid.

#![cfg(all(target_arch = "wasm32", target_os = "unknown"))]

use std::fmt::Write;

use freehold::{Alloc, Arena, Heap, ledger};
use wasm_bindgen::prelude::wasm_bindgen;

/// The points, and all that wasm-bindgen allocates, live here, on pages of the same ledger as the arena's.
#[global_allocator]
static HEAP: Heap = Heap::new();

// What the npm package `freehold` asks the module for: who made memory grow.
freehold::javascript!();

/// Cells of the grid on each side. Points are near each other within the width of one.
const SIDE: usize = 64;

/// Where a point is, in a square from 0 to 1, and how it moves. JavaScript reads it as four numbers.
#[derive(Clone, Copy)]
#[repr(C)]
struct Point {
    x: f32,
    y: f32,
    dx: f32,
    dy: f32,
}

impl Point {
    fn cell(&self) -> (usize, usize) {
        let at = |place: f32| ((place * SIDE as f32) as usize).min(SIDE - 1);
        (at(self.x), at(self.y))
    }

    fn is_near(&self, other: &Point) -> bool {
        (self.x - other.x).hypot(self.y - other.y) < 1.0 / SIDE as f32
    }

    fn step(&mut self) {
        for (place, speed) in [(&mut self.x, &mut self.dx), (&mut self.y, &mut self.dy)] {
            *place += *speed;
            if !(0.0..=1.0).contains(place) {
                *speed = -*speed;
                *place = place.clamp(0.0, 1.0);
            }
        }
    }
}

/// All points.
#[wasm_bindgen]
pub struct World {
    points: Vec<Point>,
    /// For what one turn needs.
    arena: Arena<'static>,
    dice: u32,
}

#[wasm_bindgen]
impl World {
    /// So many points, anywhere.
    #[wasm_bindgen(constructor)]
    pub fn new(count: usize) -> World {
        let mut world = World { points: Vec::new(), arena: Arena::new(), dice: 1 };
        world.add(count);
        world
    }

    /// So many more.
    pub fn add(&mut self, count: usize) {
        for _ in 0..count {
            let [x, y, dx, dy] = [(); 4].map(|()| self.roll());
            self.points.push(Point { x, y, dx: (dx - 0.5) / 500.0, dy: (dy - 0.5) / 500.0 });
        }
    }

    /// Moves all points, and counts the pairs that are near each other.
    pub fn step(&mut self) -> usize {
        self.points.iter_mut().for_each(Point::step);
        let points = &self.points;
        let scope = self.arena.scope(); // the grid dies with it, at no cost
        // Points sorted by their cells: where each cell's begin, and which they are.
        let starts = scope.alloc_slice_fill(SIDE * SIDE + 1, 0_usize);
        let index = |(x, y): (usize, usize)| y * SIDE + x;
        points.iter().for_each(|point| starts[index(point.cell()) + 1] += 1);
        for cell in 0..SIDE * SIDE {
            starts[cell + 1] += starts[cell];
        }
        let next = scope.alloc_slice_copy(starts);
        let sorted = scope.alloc_slice_fill(points.len(), 0_usize);
        for (number, point) in points.iter().enumerate() {
            let place = &mut next[index(point.cell())];
            sorted[*place] = number;
            *place += 1;
        }
        let mut pairs = 0;
        for (number, point) in points.iter().enumerate() {
            let (x, y) = point.cell();
            for y in y.saturating_sub(1)..(y + 2).min(SIDE) {
                let row = starts[index((x.saturating_sub(1), y))]..starts[index(((x + 1).min(SIDE - 1), y)) + 1];
                let near = |other: &&usize| **other > number && point.is_near(&points[**other]);
                pairs += sorted[row].iter().filter(near).count();
            }
        }
        pairs
    }

    /// How many points there are.
    pub fn count(&self) -> usize {
        self.points.len()
    }

    /// Where they are.
    pub fn start(&self) -> *const f32 {
        self.points.as_ptr().cast()
    }

    /// A number from 0 to 1.
    fn roll(&mut self) -> f32 {
        self.dice = self.dice.wrapping_mul(0x915f_77f5).wrapping_add(1);
        (self.dice >> 8) as f32 / (1 << 24) as f32
    }
}

/// Who holds which bytes, drawn.
#[wasm_bindgen]
pub fn map() -> String {
    ledger().snapshot().to_string()
}

/// The same for a page to draw: a line for each span, with its length and its owner, none if it is free.
#[wasm_bindgen]
pub fn spans() -> String {
    let mut lines = String::new();
    for span in ledger().snapshot().spans() {
        // A `String` takes all.
        let _ = writeln!(lines, "{} {}", span.len, span.owner.unwrap_or_default());
    }
    lines
}
