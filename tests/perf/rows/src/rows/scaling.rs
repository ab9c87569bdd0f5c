//! From a thousand allocations to a hundred million: what each costs must not depend on how many there are.

use super::scopes::{Words, room};
use crate::job::{Job, Measure, Sample, repeat};
use crate::limit::cursor::{CHECKED, Limit};
use crate::peers::blink::Blinking;
use crate::peers::bump_scope::BumpScoped;
use crate::peers::bumpalo::Bumpalo;
use crate::peers::freehold::Freehold;
use crate::peers::stumpalo::Stumpalo;
use crate::place::{Arena, Work};
use crate::row::{Contender, Nature, Row};

/// The group that is drawn as lines.
pub const GROUP: &str = "Scaling";

#[inline(never)]
fn fills<W: Work, A: Arena>(arena: &mut A, iterations: u32) -> u64 {
    repeat(iterations, || {
        arena.again(room::<W>());
        arena.scope::<W>()
    })
}

/// A new arena each time, filled and dropped. The limit's buffer stays.
fn filled<W: Work, A: Arena>(job: &Job) -> Sample {
    job.placed(|job| {
        let claims = job.claims();
        let mut arena = A::new(W::BYTES);
        // Once before, so that the limit's pages are there; the others find theirs as they do.
        fills::<W, A>(&mut arena, 1);
        job.timed(&claims, |iterations| fills::<W, A>(&mut arena, iterations))
    })
}

fn row<const N: usize>(name: &str) -> Row {
    Row {
        group: GROUP,
        name: name.to_owned(),
        operations: N,
        counted: if N >= 1_000_000 { 0 } else { N },
        bytes: N * 8,
        nature: if N >= 1_000_000 { Nature::Large } else { Nature::Plain },
        contenders: vec![
            Contender::limit("limit", filled::<Words<N>, Limit<CHECKED, true>>),
            Contender::ours("freehold Scope", filled::<Words<N>, Freehold<8>>),
            Contender::peer("bumpalo", filled::<Words<N>, Bumpalo<1>>),
            Contender::peer("bump-scope up", filled::<Words<N>, BumpScoped<true>>),
            Contender::peer("bump-scope down", filled::<Words<N>, BumpScoped<false>>),
            Contender::peer("stumpalo", filled::<Words<N>, Stumpalo>),
            Contender::peer("blink-alloc", filled::<Words<N>, Blinking>),
        ],
    }
}

pub fn rows() -> Vec<Row> {
    vec![
        row::<1_000>("1e3 u64"),
        row::<10_000>("1e4 u64"),
        row::<100_000>("1e5 u64"),
        row::<1_000_000>("1e6 u64"),
        row::<10_000_000>("1e7 u64"),
        row::<100_000_000>("1e8 u64"),
    ]
}
