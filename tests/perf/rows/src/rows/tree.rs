//! Trees, built, walked and dropped: of a million nodes, where going over all of them takes most of the time, and of few enough to lie in a cache.

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

const MANY: u32 = 1_000_000;
/// Half a megabyte, and enough to see how many instructions each costs.
const FEW: u32 = 20_000;

fn grown<const NODES: u32, P: Payload, G: Garden<Tree<P>>>(job: &Job) -> Sample {
    job.placed(|job| {
        let nodes = if job.counted.is_some() { FEW } else { NODES };
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

fn trees<const NODES: u32>() -> Vec<Contender> {
    vec![
        Contender::limit("limit", grown::<NODES, u32, LimitTyped>),
        Contender::ours("freehold TypedArena", grown::<NODES, u32, FreeholdTyped>),
        Contender::ours("freehold Scope", grown::<NODES, u32, FreeholdScope>),
        Contender::ours("freehold Arena", grown::<NODES, u32, FreeholdShared>),
        Contender::peer("typed-arena", grown::<NODES, u32, TypedArenaCrate>),
        Contender::peer("bumpalo", grown::<NODES, u32, BumpaloArena<1>>),
        Contender::peer("bumpalo, MIN_ALIGN 8", grown::<NODES, u32, BumpaloArena<8>>),
        Contender::peer("bump-scope up", grown::<NODES, u32, BumpScopeArena<true>>),
        Contender::peer("bump-scope down", grown::<NODES, u32, BumpScopeArena<false>>),
        Contender::peer("stumpalo", grown::<NODES, u32, StumpaloArena>),
        Contender::peer("blink-alloc", grown::<NODES, u32, BlinkArena>),
        Contender::peer("Vec with u32 indices", grown::<NODES, u32, Indices>),
        Contender::peer("Box", grown::<NODES, u32, HeapBoxes>),
    ]
}

fn trees_with_drop<const NODES: u32>() -> Vec<Contender> {
    vec![
        Contender::limit("limit", grown::<NODES, Token, LimitTyped>),
        Contender::ours("freehold TypedArena", grown::<NODES, Token, FreeholdTyped>),
        Contender::ours("freehold ArenaBox", grown::<NODES, Token, FreeholdBoxes>),
        Contender::peer("typed-arena", grown::<NODES, Token, TypedArenaCrate>),
        Contender::peer("bumpalo boxes", grown::<NODES, Token, BumpaloBoxes>),
        Contender::peer("bump-scope boxes", grown::<NODES, Token, BumpScopeBoxes>),
        Contender::peer("Vec with u32 indices", grown::<NODES, Token, Indices>),
        Contender::peer("Box", grown::<NODES, Token, HeapBoxes>),
    ]
}

pub fn rows() -> Vec<Row> {
    let row = |name: &str, nodes: u32, nature, contenders| Row {
        group: "Trees and graphs",
        name: name.to_owned(),
        operations: nodes as usize,
        counted: FEW as usize,
        bytes: nodes as usize * size_of::<TreeNode<'_, u32>>(),
        nature,
        contenders,
    };
    vec![
        row("tree of 2e4 nodes", FEW, Nature::Plain, trees::<FEW>()),
        row("tree of 1e6 nodes", MANY, Nature::Large, trees::<MANY>()),
        row("tree with Drop of 2e4 nodes", FEW, Nature::Plain, trees_with_drop::<FEW>()),
        row("tree with Drop of 1e6 nodes", MANY, Nature::Large, trees_with_drop::<MANY>()),
    ]
}
