//! Trees of a million nodes: built, walked and dropped.

use std::cell::Cell;
use std::hint::black_box;

use crate::job::{Job, Measure, Sample, repeat};
use crate::limit::Buffer;
use crate::limit::typed::TypedCursor;
use crate::row::{Contender, Nature, Row};

use super::arenas::{BlinkArena, BumpScopeArena, BumpaloArena, FreeholdScope, FreeholdShared, StumpaloArena};
use super::nodes::{Forest, Garden, Keep, Payload, Planting, Refs, TreeNode};

mod owned;

use owned::{BumpScopeBoxes, BumpaloBoxes, FreeholdBoxes, HeapBoxes, Indices};

/// A full binary tree with nodes of this payload.
pub struct Tree<P>(P);

/// A payload that needs `Drop`: it adds its key to a sum that the row's checksum includes.
pub struct Token(u32);

thread_local! {
    static DROPPED: Cell<u64> = const { Cell::new(0) };
}

impl Drop for Token {
    #[inline]
    fn drop(&mut self) {
        DROPPED.with(|sum| sum.set(sum.get().wrapping_add(u64::from(self.0))));
    }
}

impl Payload for Token {
    const DROPS: bool = true;

    #[inline(always)]
    fn new(key: u32) -> Token {
        Token(key)
    }

    #[inline(always)]
    fn key(&self) -> u32 {
        self.0
    }
}

impl<P: Payload> Planting for Tree<P> {
    type Node<'a> = TreeNode<'a, P>;

    #[inline(always)]
    fn run<'a, K: Keep<'a, TreeNode<'a, P>>>(keep: K, nodes: u32) -> u64
    where
        P: 'a,
    {
        grow(&mut Refs::new(keep), nodes)
    }
}

/// Builds a tree from the leaves up, in one loop like a binary counter: two trees of the same height become one. Then
/// walks it.
#[inline(always)]
pub fn grow<F: Forest>(forest: &mut F, nodes: u32) -> u64 {
    let mut trees: [Option<F::Link>; 32] = [const { None }; 32];
    let mut key = 0;
    for _ in 0..black_box(nodes) / 2 + 1 {
        let mut height = 0;
        let mut tree = forest.node(None, None, key);
        key += 1;
        while let Some(left) = trees[height].take() {
            tree = forest.node(Some(left), Some(tree), key);
            key += 1;
            height += 1;
        }
        trees[height] = Some(tree);
    }
    let mut sum = u64::from(key);
    for tree in trees.iter().flatten() {
        sum = sum.wrapping_mul(31).wrapping_add(walk(forest, forest.view(tree)));
    }
    sum
}

fn walk<'v, F: Forest>(forest: &'v F, node: F::View<'v>) -> u64 {
    let (left, right, key) = forest.open(node);
    let left = left.map_or(0, |left| walk(forest, left));
    let right = right.map_or(0, |right| walk(forest, right));
    u64::from(key) ^ left.wrapping_mul(3).wrapping_add(right)
}

/// Values of one type beside each other: freehold's.
struct FreeholdTyped;

impl<P: Payload> Garden<Tree<P>> for FreeholdTyped {
    fn new(_: u32) -> Self {
        FreeholdTyped
    }

    #[inline(always)]
    fn season(&mut self, nodes: u32) -> u64 {
        let arena = freehold::TypedArena::new();
        Tree::<P>::run(&arena, nodes)
    }
}

/// Values of one type beside each other: typed-arena's.
struct TypedArenaCrate;

impl<P: Payload> Garden<Tree<P>> for TypedArenaCrate {
    fn new(_: u32) -> Self {
        TypedArenaCrate
    }

    #[inline(always)]
    fn season(&mut self, nodes: u32) -> u64 {
        let arena = typed_arena::Arena::new();
        Tree::<P>::run(&arena, nodes)
    }
}

/// Values of one type beside each other: by hand.
struct LimitTyped(Buffer);

impl<P: Payload> Garden<Tree<P>> for LimitTyped {
    fn new(nodes: u32) -> Self {
        LimitTyped(Buffer::new((nodes as usize + 64) * size_of::<TreeNode<'_, P>>()))
    }

    #[inline(always)]
    fn season(&mut self, nodes: u32) -> u64 {
        let cursor = TypedCursor::new(&mut self.0);
        let sum = Tree::<P>::run(&cursor, nodes);
        if P::DROPS {
            // SAFETY: the tree's work is done and it kept nothing; this is the only call.
            unsafe { cursor.drop_all() };
        }
        sum
    }
}

#[inline(never)]
fn seasons<P: Payload, G: Garden<Tree<P>>>(garden: &mut G, nodes: u32, iterations: u32) -> u64 {
    repeat(iterations, || garden.season(nodes))
}

const NODES: u32 = 1_000_000;
/// Enough to see how many instructions each costs.
const COUNTED_NODES: u32 = 20_000;

fn grown<P: Payload, G: Garden<Tree<P>>>(job: &Job) -> Sample {
    job.placed(|job| {
        let nodes = if job.counted.is_some() { COUNTED_NODES } else { NODES };
        let claims = job.claims();
        let mut garden = G::new(nodes);
        seasons::<P, G>(&mut garden, nodes, 1);
        job.timed(&claims, |iterations| {
            let before = DROPPED.get();
            let sum = seasons::<P, G>(&mut garden, nodes, iterations);
            sum.wrapping_add(DROPPED.get().wrapping_sub(before))
        })
    })
}

pub fn rows() -> Vec<Row> {
    let row = |name: &str, contenders| Row {
        group: "Trees and graphs",
        name: name.to_owned(),
        operations: NODES as usize,
        counted: COUNTED_NODES as usize,
        bytes: NODES as usize * size_of::<TreeNode<'_, u32>>(),
        nature: Nature::Large,
        contenders,
    };
    vec![
        row(
            "tree of 1e6 nodes",
            vec![
                Contender::limit("limit", grown::<u32, LimitTyped>),
                Contender::ours("freehold TypedArena", grown::<u32, FreeholdTyped>),
                Contender::ours("freehold Scope", grown::<u32, FreeholdScope>),
                Contender::ours("freehold Arena", grown::<u32, FreeholdShared>),
                Contender::peer("typed-arena", grown::<u32, TypedArenaCrate>),
                Contender::peer("bumpalo", grown::<u32, BumpaloArena<1>>),
                Contender::peer("bumpalo, MIN_ALIGN 8", grown::<u32, BumpaloArena<8>>),
                Contender::peer("bump-scope up", grown::<u32, BumpScopeArena<true>>),
                Contender::peer("bump-scope down", grown::<u32, BumpScopeArena<false>>),
                Contender::peer("stumpalo", grown::<u32, StumpaloArena>),
                Contender::peer("blink-alloc", grown::<u32, BlinkArena>),
                Contender::peer("Vec with u32 indices", grown::<u32, Indices>),
                Contender::peer("Box", grown::<u32, HeapBoxes>),
            ],
        ),
        row(
            "tree with Drop of 1e6 nodes",
            vec![
                Contender::limit("limit", grown::<Token, LimitTyped>),
                Contender::ours("freehold TypedArena", grown::<Token, FreeholdTyped>),
                Contender::ours("freehold ArenaBox", grown::<Token, FreeholdBoxes>),
                Contender::peer("typed-arena", grown::<Token, TypedArenaCrate>),
                Contender::peer("bumpalo boxes", grown::<Token, BumpaloBoxes>),
                Contender::peer("bump-scope boxes", grown::<Token, BumpScopeBoxes>),
                Contender::peer("Vec with u32 indices", grown::<Token, Indices>),
                Contender::peer("Box", grown::<Token, HeapBoxes>),
            ],
        ),
    ]
}
