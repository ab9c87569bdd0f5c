//! A graph of a million nodes whose references go round in circles: built, then walked along its edges.

use std::cell::Cell;
use std::hint::black_box;

use crate::job::{Job, Measure, Sample, repeat};
use crate::limit::Buffer;
use crate::limit::typed::TypedCursor;
use crate::row::{Contender, Nature, Row};

use super::arenas::{BlinkArena, BumpScopeArena, BumpaloArena, FreeholdScope, FreeholdShared, StumpaloArena};
use super::nodes::{Garden, Keep, Planting};

/// Each node refers to two that came shortly before, and back to the last one that refers to it.
pub struct Graph;

/// How far back a node's references go at most.
const WINDOW: usize = 64;

pub struct GraphNode<'a> {
    one: Cell<Option<&'a GraphNode<'a>>>,
    other: Cell<Option<&'a GraphNode<'a>>>,
    back: Cell<Option<&'a GraphNode<'a>>>,
    key: u64,
}

/// What the row knows of nodes, whether they are references or indices.
trait Vertices {
    type Link: Copy;

    fn node(&mut self, one: Option<Self::Link>, other: Option<Self::Link>, key: u64) -> Self::Link;
    fn set_back(&mut self, node: Self::Link, back: Self::Link);
    /// Three neighbours and the key.
    fn open(&self, node: Self::Link) -> ([Option<Self::Link>; 3], u64);
}

struct References<K>(K);

impl<'a, K: Keep<'a, GraphNode<'a>>> Vertices for (References<K>, std::marker::PhantomData<&'a ()>) {
    type Link = &'a GraphNode<'a>;

    #[inline(always)]
    fn node(&mut self, one: Option<Self::Link>, other: Option<Self::Link>, key: u64) -> Self::Link {
        self.0.0.keep(GraphNode { one: Cell::new(one), other: Cell::new(other), back: Cell::new(None), key })
    }

    #[inline(always)]
    fn set_back(&mut self, node: Self::Link, back: Self::Link) {
        node.back.set(Some(back));
    }

    #[inline(always)]
    fn open(&self, node: Self::Link) -> ([Option<Self::Link>; 3], u64) {
        ([node.one.get(), node.other.get(), node.back.get()], node.key)
    }
}

impl Planting for Graph {
    type Node<'a> = GraphNode<'a>;

    #[inline(always)]
    fn run<'a, K: Keep<'a, GraphNode<'a>>>(keep: K, nodes: u32) -> u64 {
        weave(&mut (References(keep), std::marker::PhantomData), nodes)
    }
}

#[inline(always)]
fn weave<V: Vertices>(graph: &mut V, nodes: u32) -> u64 {
    let mut recent: [Option<V::Link>; WINDOW] = [None; WINDOW];
    let mut random = 1u32;
    let mut last = None;
    for i in 0..black_box(nodes) {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let (one, other) = (recent[(random >> 26) as usize], recent[(random >> 20) as usize % WINDOW]);
        let node = graph.node(one, other, u64::from(i));
        if let Some(one) = one {
            graph.set_back(one, node);
        }
        recent[i as usize % WINDOW] = Some(node);
        last = Some(node);
    }
    // Two steps back and one forward on the way down; ends at the first node, or after as many steps as there are nodes.
    let mut sum = 0u64;
    let mut here = last;
    let mut left = nodes;
    while let Some(node) = here
        && left > 0
    {
        let (edges, key) = graph.open(node);
        sum = sum.wrapping_mul(5).wrapping_add(key);
        here = edges[if left.is_multiple_of(4) { 2 } else { (left & 1) as usize }];
        left -= 1;
    }
    sum
}

struct FreeholdTyped;

impl Garden<Graph> for FreeholdTyped {
    fn new(_: u32) -> Self {
        FreeholdTyped
    }

    #[inline(always)]
    fn season(&mut self, nodes: u32) -> u64 {
        let arena = freehold::TypedArena::new();
        Graph::run(&arena, nodes)
    }
}

struct TypedArenaCrate;

impl Garden<Graph> for TypedArenaCrate {
    fn new(_: u32) -> Self {
        TypedArenaCrate
    }

    #[inline(always)]
    fn season(&mut self, nodes: u32) -> u64 {
        let arena = typed_arena::Arena::new();
        Graph::run(&arena, nodes)
    }
}

struct LimitTyped(Buffer);

impl Garden<Graph> for LimitTyped {
    fn new(nodes: u32) -> Self {
        LimitTyped(Buffer::new((nodes as usize + 1) * size_of::<GraphNode<'_>>()))
    }

    #[inline(always)]
    fn season(&mut self, nodes: u32) -> u64 {
        let cursor = TypedCursor::new(&mut self.0);
        Graph::run(&cursor, nodes)
    }
}

/// No arena: nodes in a vector, and indices of 4 bytes in place of references.
struct Indices;

struct Indexed {
    edges: [u32; 3],
    key: u64,
}

const NONE: u32 = u32::MAX;

impl Vertices for Vec<Indexed> {
    type Link = u32;

    #[inline(always)]
    fn node(&mut self, one: Option<u32>, other: Option<u32>, key: u64) -> u32 {
        let index = self.len() as u32;
        self.push(Indexed { edges: [one.unwrap_or(NONE), other.unwrap_or(NONE), NONE], key });
        index
    }

    #[inline(always)]
    fn set_back(&mut self, node: u32, back: u32) {
        self[node as usize].edges[2] = back;
    }

    #[inline(always)]
    fn open(&self, node: u32) -> ([Option<u32>; 3], u64) {
        let node = &self[node as usize];
        (node.edges.map(|index| (index != NONE).then_some(index)), node.key)
    }
}

impl Garden<Graph> for Indices {
    fn new(_: u32) -> Self {
        Indices
    }

    #[inline(always)]
    fn season(&mut self, nodes: u32) -> u64 {
        weave(&mut Vec::<Indexed>::new(), nodes)
    }
}

#[inline(never)]
fn seasons<G: Garden<Graph>>(garden: &mut G, nodes: u32, iterations: u32) -> u64 {
    repeat(iterations, || garden.season(nodes))
}

const NODES: u32 = 1_000_000;
/// Enough to see how many instructions each costs.
const COUNTED_NODES: u32 = 20_000;

fn woven<G: Garden<Graph>>(job: &Job) -> Sample {
    job.placed(|job| {
        let nodes = if job.counted.is_some() { COUNTED_NODES } else { NODES };
        let claims = job.claims();
        let mut garden = G::new(nodes);
        seasons(&mut garden, nodes, 1);
        job.timed(&claims, |iterations| seasons(&mut garden, nodes, iterations))
    })
}

pub fn rows() -> Vec<Row> {
    vec![Row {
        group: "Trees and graphs",
        name: "graph of 1e6 nodes".to_owned(),
        operations: NODES as usize,
        counted: COUNTED_NODES as usize,
        bytes: NODES as usize * size_of::<GraphNode<'_>>(),
        nature: Nature::Large,
        contenders: vec![
            Contender::limit("limit", woven::<LimitTyped>),
            Contender::ours("freehold TypedArena", woven::<FreeholdTyped>),
            Contender::ours("freehold Scope", woven::<FreeholdScope>),
            Contender::ours("freehold Arena", woven::<FreeholdShared>),
            Contender::peer("typed-arena", woven::<TypedArenaCrate>),
            Contender::peer("bumpalo", woven::<BumpaloArena<1>>),
            Contender::peer("bumpalo, MIN_ALIGN 8", woven::<BumpaloArena<8>>),
            Contender::peer("bump-scope up", woven::<BumpScopeArena<true>>),
            Contender::peer("bump-scope down", woven::<BumpScopeArena<false>>),
            Contender::peer("stumpalo", woven::<StumpaloArena>),
            Contender::peer("blink-alloc", woven::<BlinkArena>),
            Contender::peer("Vec with u32 indices", woven::<Indices>),
        ],
    }]
}
