//! A vector grown by `push` inside an arena.

use std::hint::black_box;

use allocator_api2::alloc::Allocator;
use allocator_api2::vec::Vec as ApiVec;
use allocator_api2_04::alloc::Allocator as Allocator04;
use allocator_api2_04::vec::Vec as ApiVec04;
use blink_alloc::BlinkAlloc;
use bump_scope::{BumpVec, MutBumpVec};
use bumpalo::Bump;
use bumpalo::collections::Vec as BumpaloVec;

use crate::job::{Job, Measure, Sample, repeat};
use crate::peers::bump_scope::Bumped;
use crate::row::{Contender, Nature, Row};

/// A vector of some crate.
trait Push {
    fn push(&mut self, value: u64);
    fn values(&self) -> &[u64];
}

impl Push for Vec<u64> {
    #[inline(always)]
    fn push(&mut self, value: u64) {
        Vec::push(self, value);
    }

    #[inline(always)]
    fn values(&self) -> &[u64] {
        self
    }
}

impl<A: Allocator> Push for ApiVec<u64, A> {
    #[inline(always)]
    fn push(&mut self, value: u64) {
        ApiVec::push(self, value);
    }

    #[inline(always)]
    fn values(&self) -> &[u64] {
        self
    }
}

impl<A: Allocator04> Push for ApiVec04<u64, A> {
    #[inline(always)]
    fn push(&mut self, value: u64) {
        ApiVec04::push(self, value);
    }

    #[inline(always)]
    fn values(&self) -> &[u64] {
        self
    }
}

impl Push for BumpaloVec<'_, u64> {
    #[inline(always)]
    fn push(&mut self, value: u64) {
        BumpaloVec::push(self, value);
    }

    #[inline(always)]
    fn values(&self) -> &[u64] {
        self
    }
}

impl<const UP: bool> Push for BumpVec<u64, &Bumped<UP>> {
    #[inline(always)]
    fn push(&mut self, value: u64) {
        BumpVec::push(self, value);
    }

    #[inline(always)]
    fn values(&self) -> &[u64] {
        self
    }
}

impl<const UP: bool> Push for MutBumpVec<u64, &mut Bumped<UP>> {
    #[inline(always)]
    fn push(&mut self, value: u64) {
        MutBumpVec::push(self, value);
    }

    #[inline(always)]
    fn values(&self) -> &[u64] {
        self
    }
}

/// An arena, and the way its vectors are made.
trait Vectors {
    fn new(capacity: usize) -> Self;
    /// Hands an empty vector to [`fill`], drops it, and frees it with the arena's own means.
    fn turn(&mut self, len: u64) -> u64;
}

#[inline(always)]
fn fill<V: Push>(mut vector: V, len: u64) -> (u64, V) {
    for i in 0..black_box(len) {
        vector.push(i);
    }
    let values = black_box(vector.values());
    (values[0] ^ values[values.len() - 1] ^ values.len() as u64, vector)
}

/// Has room for all from the start: what is left is the work of `push`.
struct Reserved(Vec<u64>);

impl Vectors for Reserved {
    fn new(capacity: usize) -> Self {
        Reserved(Vec::with_capacity(capacity))
    }

    #[inline(always)]
    fn turn(&mut self, len: u64) -> u64 {
        let (sum, mut vector) = fill(std::mem::take(&mut self.0), len);
        vector.clear();
        self.0 = vector;
        sum
    }
}

/// The default allocator.
struct Plain;

impl Vectors for Plain {
    fn new(_: usize) -> Self {
        Plain
    }

    #[inline(always)]
    fn turn(&mut self, len: u64) -> u64 {
        fill(Vec::new(), len).0
    }
}

/// In a scope.
struct Scoped(freehold::Arena<'static>);

impl Vectors for Scoped {
    fn new(_: usize) -> Self {
        Scoped(freehold::Arena::new())
    }

    #[inline(always)]
    fn turn(&mut self, len: u64) -> u64 {
        let scope = self.0.scope();
        fill(ApiVec::new_in(&scope), len).0
    }
}

/// In an arena.
struct Direct(freehold::Arena<'static>);

impl Vectors for Direct {
    fn new(_: usize) -> Self {
        Direct(freehold::Arena::new())
    }

    #[inline(always)]
    fn turn(&mut self, len: u64) -> u64 {
        let sum = fill(ApiVec::new_in(&self.0), len).0;
        self.0.reset();
        sum
    }
}

struct BumpaloApi(Bump);

impl Vectors for BumpaloApi {
    fn new(_: usize) -> Self {
        BumpaloApi(Bump::new())
    }

    #[inline(always)]
    fn turn(&mut self, len: u64) -> u64 {
        let sum = fill(ApiVec::new_in(&self.0), len).0;
        self.0.reset();
        sum
    }
}

struct BumpaloOwn(Bump);

impl Vectors for BumpaloOwn {
    fn new(_: usize) -> Self {
        BumpaloOwn(Bump::new())
    }

    #[inline(always)]
    fn turn(&mut self, len: u64) -> u64 {
        let sum = fill(BumpaloVec::new_in(&self.0), len).0;
        self.0.reset();
        sum
    }
}

struct BumpScopeApi<const UP: bool>(Bumped<UP>);

impl<const UP: bool> Vectors for BumpScopeApi<UP> {
    fn new(_: usize) -> Self {
        BumpScopeApi(Bumped::new())
    }

    #[inline(always)]
    fn turn(&mut self, len: u64) -> u64 {
        let sum = fill(ApiVec::new_in(&self.0), len).0;
        self.0.reset();
        sum
    }
}

struct BumpScopeOwn(Bumped<true>);

impl Vectors for BumpScopeOwn {
    fn new(_: usize) -> Self {
        BumpScopeOwn(Bumped::new())
    }

    #[inline(always)]
    fn turn(&mut self, len: u64) -> u64 {
        let sum = fill(BumpVec::new_in(&self.0), len).0;
        self.0.reset();
        sum
    }
}

/// The vector that has the arena to itself while it grows.
struct BumpScopeMut(Bumped<true>);

impl Vectors for BumpScopeMut {
    fn new(_: usize) -> Self {
        BumpScopeMut(Bumped::new())
    }

    #[inline(always)]
    fn turn(&mut self, len: u64) -> u64 {
        let sum = fill(MutBumpVec::new_in(&mut self.0), len).0;
        self.0.reset();
        sum
    }
}

struct StumpaloApi(stumpalo::Arena);

impl Vectors for StumpaloApi {
    fn new(_: usize) -> Self {
        StumpaloApi(stumpalo::Arena::new())
    }

    #[inline(always)]
    fn turn(&mut self, len: u64) -> u64 {
        let sum = fill(ApiVec04::new_in(&self.0), len).0;
        self.0.clear();
        sum
    }
}

struct BlinkApi(BlinkAlloc);

impl Vectors for BlinkApi {
    fn new(_: usize) -> Self {
        BlinkApi(BlinkAlloc::new())
    }

    #[inline(always)]
    fn turn(&mut self, len: u64) -> u64 {
        let sum = fill(ApiVec04::new_in(&self.0), len).0;
        self.0.reset();
        sum
    }
}

#[inline(never)]
fn turns<V: Vectors>(arena: &mut V, len: u64, iterations: u32) -> u64 {
    repeat(iterations, || arena.turn(len))
}

fn pushed<V: Vectors, const LEN: usize>(job: &Job) -> Sample {
    job.placed(|job| {
        let claims = job.claims();
        let mut arena = V::new(LEN);
        turns(&mut arena, LEN as u64, 2);
        job.timed(&claims, |iterations| turns(&mut arena, LEN as u64, iterations))
    })
}

fn row<const LEN: usize>(name: &str) -> Row {
    Row {
        group: "Vectors",
        name: name.to_owned(),
        operations: LEN,
        counted: LEN,
        bytes: LEN * 8,
        nature: Nature::Plain,
        contenders: vec![
            Contender::limit("limit, reserved", pushed::<Reserved, LEN>),
            Contender::ours("freehold Scope", pushed::<Scoped, LEN>),
            Contender::ours("freehold Arena", pushed::<Direct, LEN>),
            Contender::peer("bumpalo", pushed::<BumpaloApi, LEN>),
            Contender::peer("bumpalo, its own", pushed::<BumpaloOwn, LEN>),
            Contender::peer("bump-scope up", pushed::<BumpScopeApi<true>, LEN>),
            Contender::peer("bump-scope down", pushed::<BumpScopeApi<false>, LEN>),
            Contender::peer("bump-scope, its own", pushed::<BumpScopeOwn, LEN>),
            Contender::peer("bump-scope, its own mut", pushed::<BumpScopeMut, LEN>),
            Contender::peer("stumpalo", pushed::<StumpaloApi, LEN>),
            Contender::peer("blink-alloc", pushed::<BlinkApi, LEN>),
            Contender::peer("std", pushed::<Plain, LEN>),
        ],
    }
}

pub fn rows() -> Vec<Row> {
    vec![row::<16>("16 pushes"), row::<1_000>("1,000 pushes"), row::<100_000>("100,000 pushes")]
}
