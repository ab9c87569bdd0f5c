//! Values of many types in a scope, and the same through a shared reference.

use std::hint::black_box;

use crate::job::{Job, Measure, Sample, repeat};
use crate::limit::cursor::{CHECKED, GROWABLE, Limit, UNCHECKED};
use crate::peers::blink::Blinking;
use crate::peers::boxes::{Boxes, Global, Talc};
use crate::peers::bump_scope::BumpScoped;
use crate::peers::bumpalo::Bumpalo;
use crate::peers::freehold::Freehold;
use crate::peers::stumpalo::Stumpalo;
use crate::place::{Arena, Place, Shared, Work};
use crate::row::{Contender, Nature, Row};

/// Structs of 24 bytes.
pub struct Structs<const N: usize>;

impl<const N: usize> Work for Structs<N> {
    const VALUES: usize = N;
    const BYTES: usize = N * 24;

    #[inline(always)]
    fn run<P: Place>(place: &P) -> u64 {
        let mut sum = 0u64;
        for i in 0..black_box(N as u64) {
            let value = black_box(place.value([i, i ^ 0x55, i + 7]));
            sum = sum.wrapping_add(value[0] ^ value[2]);
        }
        sum
    }
}

/// Numbers of 8 bytes.
pub struct Words<const N: usize>;

impl<const N: usize> Work for Words<N> {
    const VALUES: usize = N;
    const BYTES: usize = N * 8;

    #[inline(always)]
    fn run<P: Place>(place: &P) -> u64 {
        let mut sum = 0u64;
        for i in 0..black_box(N as u64) {
            sum = sum.wrapping_add(*black_box(place.value(i)));
        }
        sum
    }
}

/// Single bytes.
struct Bytes<const N: usize>;

impl<const N: usize> Work for Bytes<N> {
    const VALUES: usize = N;
    const BYTES: usize = N;

    #[inline(always)]
    fn run<P: Place>(place: &P) -> u64 {
        let mut sum = 0u64;
        for i in 0..black_box(N) {
            sum = sum.wrapping_add(u64::from(*black_box(place.value(i as u8))));
        }
        sum
    }
}

/// What slices and texts are copied from.
const TEXT: &str = {
    const BYTES: [u8; 1024] = {
        let mut bytes = [0; 1024];
        let mut i = 0;
        while i < bytes.len() {
            bytes[i] = b'a' + (i * 7 % 26) as u8;
            i += 1;
        }
        bytes
    };
    match str::from_utf8(&BYTES) {
        Ok(text) => text,
        Err(_) => panic!(),
    }
};

/// Of each five: a byte, a `u32`, a `u64`, 40 bytes, and a slice of 3 to 17 bytes.
struct Mixed;

impl Work for Mixed {
    const VALUES: usize = 1_000;
    const BYTES: usize = 200 * (1 + 4 + 8 + 40 + 10);

    #[inline(always)]
    fn run<P: Place>(place: &P) -> u64 {
        let mut sum = 0u64;
        let source = black_box(TEXT.as_bytes());
        let mut len = 3;
        for i in 0..black_box(Self::VALUES as u64 / 5) {
            let byte = *black_box(place.value(i as u8));
            let half = *black_box(place.value(i as u32));
            let word = *black_box(place.value(i));
            let five = black_box(place.value([i, i + 1, i + 2, i + 3, i + 4]));
            let slice = black_box(place.bytes(&source[..len]));
            sum = sum.wrapping_add(u64::from(byte) + u64::from(half) + word);
            sum = sum.wrapping_add(five[0] + five[4] + u64::from(slice[len - 1]));
            len = if len == 17 { 3 } else { len + 1 };
        }
        sum
    }
}

/// Slices that all have the same length, which the compiler doesn't know.
struct Slices<const LEN: usize>;

impl<const LEN: usize> Work for Slices<LEN> {
    const VALUES: usize = 200;
    const BYTES: usize = 200 * LEN;

    #[inline(always)]
    fn run<P: Place>(place: &P) -> u64 {
        let mut sum = 0u64;
        for _ in 0..black_box(Self::VALUES) {
            // A new length each time, for all that the compiler knows: else it would make a loop for each way to copy.
            let source = black_box(&TEXT.as_bytes()[..LEN]);
            let slice = black_box(place.bytes(source));
            sum = sum.wrapping_add(u64::from(slice[0]) ^ u64::from(slice[slice.len() - 1]));
        }
        sum
    }
}

/// Texts of many lengths, the shorter ones more often.
struct Texts;

/// Where one row of texts ends and the next begins.
const LENGTHS: [usize; 10] = [3, 8, 21, 5, 34, 13, 89, 7, 233, 1000];

impl Work for Texts {
    const VALUES: usize = 200;
    const BYTES: usize = 20 * (3 + 8 + 21 + 5 + 34 + 13 + 89 + 7 + 233 + 1000);

    #[inline(always)]
    fn run<P: Place>(place: &P) -> u64 {
        let mut sum = 0u64;
        let source = black_box(TEXT);
        let lengths = black_box(&LENGTHS);
        for _ in 0..black_box(Self::VALUES / 10) {
            for len in lengths {
                let text = black_box(place.text(&source[..*len])).as_bytes();
                sum = sum.wrapping_add(u64::from(text[0]) ^ u64::from(text[text.len() - 1]));
            }
        }
        sum
    }
}

/// The loop of a row of scopes: what each pair of a row and a contender is compiled to.
#[inline(never)]
fn scopes<W: Work, A: Arena>(arena: &mut A, iterations: u32) -> u64 {
    repeat(iterations, || arena.scope::<W>())
}

fn scoped<W: Work, A: Arena>(job: &Job) -> Sample {
    job.placed(|job| {
        let claims = job.claims();
        let mut arena = A::new(room::<W>());
        scopes::<W, A>(&mut arena, 2);
        job.timed(&claims, |iterations| scopes::<W, A>(&mut arena, iterations))
    })
}

/// The loop of a row through a shared reference; the function gets no more of the arena.
#[inline(never)]
fn through<W: Work, A: Shared>(arena: &A) -> u64 {
    W::run(arena.place())
}

fn shared<W: Work, A: Shared>(job: &Job) -> Sample {
    job.placed(|job| {
        let claims = job.claims();
        let mut arena = A::new(room::<W>());
        let mut turn = || {
            let sum = through::<W, A>(&arena);
            arena.reset();
            sum
        };
        repeat(2, &mut turn);
        job.timed(&claims, |iterations| repeat(iterations, turn))
    })
}

/// Enough for the work in a limit's buffer: each value's bytes, rounded up to 8.
pub fn room<W: Work>() -> usize {
    W::BYTES + 8 * W::VALUES
}

/// Those that every row of scopes has besides the limits.
fn arenas<W: Work>() -> Vec<Contender> {
    vec![
        Contender::ours("freehold Scope", scoped::<W, Freehold<8>>),
        Contender::ours("freehold Scope, MIN_ALIGN 1", scoped::<W, Freehold<1>>),
        Contender::peer("bumpalo", scoped::<W, Bumpalo<1>>),
        Contender::peer("bumpalo, MIN_ALIGN 8", scoped::<W, Bumpalo<8>>),
        Contender::peer("bump-scope up", scoped::<W, BumpScoped<true>>),
        Contender::peer("bump-scope down", scoped::<W, BumpScoped<false>>),
        Contender::peer("stumpalo", scoped::<W, Stumpalo>),
        Contender::peer("blink-alloc", scoped::<W, Blinking>),
        Contender::peer("Box", scoped::<W, Boxes<Global>>),
        Contender::peer("talc", scoped::<W, Boxes<Talc>>),
    ]
}

fn row<W: Work>(group: &'static str, name: &str, contenders: Vec<Contender>) -> Row {
    let name = name.to_owned();
    let (operations, counted, bytes) = (W::VALUES, W::VALUES, W::BYTES);
    Row { group, name, operations, counted, bytes, nature: Nature::Plain, contenders }
}

/// Values of fixed size: copies can't make a difference, so the limits are with and without a check.
fn values<W: Work>(name: &str) -> Row {
    let mut contenders = vec![
        Contender::limit("limit", scoped::<W, Limit<CHECKED, true>>),
        Contender::limit("limit, unchecked", scoped::<W, Limit<UNCHECKED, true>>),
        Contender::limit("limit, growable", scoped::<W, Limit<GROWABLE, true>>),
    ];
    contenders.extend(arenas::<W>());
    row::<W>("Scopes", name, contenders)
}

/// Slices: the limit copies up to 32 bytes inline; the other one calls `memcpy` for all.
fn copies<W: Work>(group: &'static str, name: &str) -> Row {
    let mut contenders = vec![
        Contender::limit("limit", scoped::<W, Limit<CHECKED, true>>),
        Contender::limit("limit, memcpy", scoped::<W, Limit<CHECKED, false>>),
        Contender::limit("limit, growable", scoped::<W, Limit<GROWABLE, true>>),
    ];
    contenders.extend(arenas::<W>());
    row::<W>(group, name, contenders)
}

fn by_reference<W: Work>(name: &str) -> Row {
    let contenders = vec![
        Contender::limit("limit", shared::<W, Limit<CHECKED, true>>),
        Contender::ours("freehold Arena", shared::<W, Freehold<8>>),
        Contender::ours("freehold Arena, MIN_ALIGN 1", shared::<W, Freehold<1>>),
        Contender::peer("bumpalo", shared::<W, Bumpalo<1>>),
        Contender::peer("bumpalo, MIN_ALIGN 8", shared::<W, Bumpalo<8>>),
        Contender::peer("bump-scope up", shared::<W, BumpScoped<true>>),
        Contender::peer("bump-scope down", shared::<W, BumpScoped<false>>),
        Contender::peer("stumpalo", shared::<W, Stumpalo>),
        Contender::peer("blink-alloc", shared::<W, Blinking>),
    ];
    row::<W>("Through &self", name, contenders)
}

pub fn rows() -> Vec<Row> {
    vec![
        values::<Structs<16>>("16 structs of 24 bytes"),
        values::<Structs<1_000>>("1,000 structs of 24 bytes"),
        copies::<Mixed>("Scopes", "1,000 mixed values"),
        values::<Words<1_000>>("1,000 u64"),
        values::<Bytes<1_000>>("1,000 u8"),
        copies::<Slices<3>>("Slices and texts", "slices of 3 bytes"),
        copies::<Slices<17>>("Slices and texts", "slices of 17 bytes"),
        copies::<Slices<100>>("Slices and texts", "slices of 100 bytes"),
        copies::<Slices<1_000>>("Slices and texts", "slices of 1,000 bytes"),
        copies::<Texts>("Slices and texts", "texts of 3 to 1,000 bytes"),
        by_reference::<Structs<16>>("16 structs of 24 bytes"),
        by_reference::<Structs<1_000>>("1,000 structs of 24 bytes"),
        by_reference::<Mixed>("1,000 mixed values"),
        by_reference::<Words<1_000>>("1,000 u64"),
        by_reference::<Bytes<1_000>>("1,000 u8"),
        by_reference::<Texts>("texts of 3 to 1,000 bytes"),
    ]
}
