//! What comes and goes: scopes in scopes, scopes with nothing in them, arenas used once, and the first use of all.

use std::hint::black_box;

use super::scopes::{Structs, room};
use crate::job::{Job, Measure, Sample, repeat};
use crate::limit::cursor::{CHECKED, Limit};
use crate::peers::blink::Blinking;
use crate::peers::boxes::{Boxes, Global, Talc};
use crate::peers::bump_scope::BumpScoped;
use crate::peers::bumpalo::Bumpalo;
use crate::peers::freehold::Freehold;
use crate::peers::stumpalo::Stumpalo;
use crate::place::{Arena, Nest, Nested, Place, Work};
use crate::row::{Contender, Nature, Row};

/// Nothing.
struct Nothing;

impl Work for Nothing {
    const VALUES: usize = 0;
    const BYTES: usize = 0;

    #[inline(always)]
    fn run<P: Place>(_: &P) -> u64 {
        black_box(1)
    }
}

/// Two structs, a scope that does the same one level further in, and a struct.
///
/// A type for each level, as a recursive function would hand the scope to a call that is not inlined.
struct Level<Inner>(Inner);

/// The innermost.
struct Bottom;

type Eight = Level<Level<Level<Level<Level<Level<Level<Level<Bottom>>>>>>>>;

impl<Inner: Nested> Nested for Level<Inner> {
    #[inline(always)]
    fn run<P: Place + Nest>(place: &mut P) -> u64 {
        let mut sum = black_box(place.value([1u64, 2, 3]))[1];
        sum += black_box(place.value([4u64, 5, 6]))[1];
        sum += place.nest::<Inner>();
        sum + black_box(place.value([7u64, 8, 9]))[1]
    }
}

impl Nested for Bottom {
    #[inline(always)]
    fn run<P: Place + Nest>(_: &mut P) -> u64 {
        0
    }
}

const LEVELS: usize = 8;
const NESTED_VALUES: usize = 3 * LEVELS;

#[inline(never)]
fn nests<A: Nest>(arena: &mut A, iterations: u32) -> u64 {
    repeat(iterations, || arena.nest::<Eight>())
}

fn nested<A: Arena + Nest>(job: &Job) -> Sample {
    job.placed(|job| {
        let claims = job.claims();
        let mut arena = A::new(NESTED_VALUES * 24);
        nests(&mut arena, 2);
        job.timed(&claims, |iterations| nests(&mut arena, iterations))
    })
}

#[inline(never)]
fn empties<A: Arena>(arena: &mut A, iterations: u32) -> u64 {
    repeat(iterations, || arena.scope::<Nothing>())
}

fn empty<A: Arena>(job: &Job) -> Sample {
    job.placed(|job| {
        let claims = job.claims();
        let mut arena = A::new(room::<Structs<1>>());
        // So that there is something to come back to.
        arena.scope::<Structs<1>>();
        job.timed(&claims, |iterations| empties(&mut arena, iterations))
    })
}

#[inline(never)]
fn lives<A: Arena>(arena: &mut A, iterations: u32) -> u64 {
    repeat(iterations, || {
        arena.again(room::<Structs<16>>());
        arena.scope::<Structs<16>>()
    })
}

fn once<A: Arena>(job: &Job) -> Sample {
    job.placed(|job| {
        let claims = job.claims();
        let mut arena = A::new(room::<Structs<16>>());
        lives(&mut arena, 2);
        job.timed(&claims, |iterations| lives(&mut arena, iterations))
    })
}

#[inline(never)]
fn starts<A: Arena>() -> u64 {
    A::new(room::<Structs<1>>()).scope::<Structs<1>>()
}

/// Runs in a process or an instance that has done nothing like it before.
fn first<A: Arena>(job: &Job) -> Sample {
    let claims = job.claims();
    job.timed(&claims, |iterations| repeat(iterations, starts::<A>))
}

pub fn rows() -> Vec<Row> {
    let row = |name: &str, operations, bytes, contenders| Row {
        group: "Coming and going",
        name: name.to_owned(),
        operations,
        counted: operations,
        bytes,
        nature: Nature::Plain,
        contenders,
    };
    vec![
        row(
            "scopes nested 8 deep",
            NESTED_VALUES,
            NESTED_VALUES * 24,
            // The others have no scopes in scopes.
            vec![
                Contender::limit("limit", nested::<Limit<CHECKED, true>>),
                Contender::ours("freehold Scope", nested::<Freehold<8>>),
                Contender::peer("bump-scope up", nested::<BumpScoped<true>>),
                Contender::peer("bump-scope down", nested::<BumpScoped<false>>),
                Contender::peer("stumpalo", nested::<Stumpalo>),
                Contender::peer("Box", nested::<Boxes<Global>>),
            ],
        ),
        row(
            "empty scope",
            1,
            0,
            vec![
                Contender::limit("limit", empty::<Limit<CHECKED, true>>),
                Contender::ours("freehold Scope", empty::<Freehold<8>>),
                Contender::peer("bumpalo", empty::<Bumpalo<1>>),
                Contender::peer("bump-scope up", empty::<BumpScoped<true>>),
                Contender::peer("bump-scope down", empty::<BumpScoped<false>>),
                Contender::peer("stumpalo", empty::<Stumpalo>),
                Contender::peer("blink-alloc", empty::<Blinking>),
            ],
        ),
        row(
            "arena built, 16 structs, dropped",
            16,
            16 * 24,
            vec![
                Contender::limit("limit", once::<Limit<CHECKED, true>>),
                Contender::ours("freehold Arena", once::<Freehold<8>>),
                Contender::peer("bumpalo", once::<Bumpalo<1>>),
                Contender::peer("bumpalo, MIN_ALIGN 8", once::<Bumpalo<8>>),
                Contender::peer("bump-scope up", once::<BumpScoped<true>>),
                Contender::peer("bump-scope down", once::<BumpScoped<false>>),
                Contender::peer("stumpalo", once::<Stumpalo>),
                Contender::peer("blink-alloc", once::<Blinking>),
                Contender::peer("Box", once::<Boxes<Global>>),
            ],
        ),
        Row {
            nature: Nature::Cold,
            counted: 0,
            ..row(
                "first use",
                1,
                24,
                vec![
                    // Its memory is one malloc.
                    Contender::limit("limit", first::<Limit<CHECKED, true>>),
                    Contender::ours("freehold Arena", first::<Freehold<8>>),
                    Contender::peer("bumpalo", first::<Bumpalo<1>>),
                    Contender::peer("bump-scope up", first::<BumpScoped<true>>),
                    Contender::peer("bump-scope down", first::<BumpScoped<false>>),
                    Contender::peer("stumpalo", first::<Stumpalo>),
                    Contender::peer("blink-alloc", first::<Blinking>),
                    Contender::peer("Box", first::<Boxes<Global>>),
                    Contender::peer("talc", first::<Boxes<Talc>>),
                ],
            )
        },
    ]
}
