//! Values for the model: those that count how often they are dropped, and ways to put some into an arena or a scope.

use core::alloc::Layout;
use core::cell::Cell;
use core::fmt::Write;
use core::ptr::NonNull;

use freehold::{Alloc, AllocError, Arena, ArenaBox, Builder, Scope, StringBuilder};

use super::draw::{layout, size};
use crate::choices::Choices;
use crate::live::{Holder, Live};

/// How many values were made and dropped.
#[derive(Default)]
pub struct Counts {
    made: Cell<usize>,
    dropped: Cell<usize>,
}

impl Counts {
    /// A value that says `index`.
    pub fn value(&self, index: usize) -> Value<'_> {
        self.made.set(self.made.get() + 1);
        Value { index, check: !index, counts: self }
    }

    /// Made and not dropped. Were one dropped twice, it would come out below zero.
    pub fn alive(&self) -> usize {
        self.made.get().checked_sub(self.dropped.get()).expect("a value was dropped twice")
    }
}

/// A value that needs `Drop`, and notices when it is not what it was.
pub struct Value<'c> {
    index: usize,
    check: usize,
    counts: &'c Counts,
}

impl Value<'_> {
    /// Whether it is the one that was made so.
    pub fn is(&self, index: usize) -> bool {
        self.index == index && self.check == !index
    }
}

impl Drop for Value<'_> {
    fn drop(&mut self) {
        assert_eq!(self.index, !self.check, "a value was overwritten, or dropped twice");
        self.check = self.index;
        self.counts.dropped.set(self.counts.dropped.get() + 1);
    }
}

/// An arena or a scope whose blocks may be resized, where there is an `Allocator` for that.
pub trait Allocates<'s>: Alloc<'s> {
    /// Resizes, frees or makes a block by way of `Allocator`.
    fn resize_some(self, live: &mut Live, holder: Holder, choices: &mut impl Choices) -> Result<(), AllocError>;
}

macro_rules! allocates {
    ($($arena:ty),*) => {
        $(impl<'s, const MIN_ALIGN: usize> Allocates<'s> for $arena {
            fn resize_some(self, live: &mut Live, holder: Holder, choices: &mut impl Choices) -> Result<(), AllocError> {
                #[cfg(feature = "collections")]
                crate::collections::resize_some(self, live, holder, choices, super::draw::layout);
                #[cfg(not(feature = "collections"))]
                let _ = (live, holder, choices);
                Ok(())
            }
        })*
    };
}

allocates!(&'s Arena<'_, MIN_ALIGN>, &Scope<'s, MIN_ALIGN>);

/// Watches memory that holds a value whose bytes don't matter any more.
fn watch<T: ?Sized>(live: &mut Live, value: &mut T, holder: Holder) {
    let layout = Layout::for_value(value);
    // SAFETY: the value's memory is the caller's until the scope is left or the arena reset; its type is plain bytes.
    unsafe { live.add(NonNull::from(value).cast(), layout, holder) };
}

/// Every verb that may be refused, by its name; and the builders, by theirs.
pub const VERBS: &[&str] = &[
    "Builder",
    "StringBuilder",
    "try_alloc",
    "try_alloc_box",
    "try_alloc_box_from_iter",
    "try_alloc_fmt",
    "try_alloc_from_iter",
    "try_alloc_layout",
    "try_alloc_slice_clone",
    "try_alloc_slice_copy",
    "try_alloc_slice_fill",
    "try_alloc_slice_fill_with",
    "try_alloc_slice_try_fill_with",
    "try_alloc_str",
    "try_alloc_try_with",
    "try_alloc_uninit",
    "try_alloc_uninit_slice",
    "try_alloc_with",
    "try_reserve",
];

/// Allocates by one of them.
pub fn by<'s>(
    verb: &str,
    alloc: impl Alloc<'s>,
    live: &mut Live,
    holder: Holder,
    choices: &mut impl Choices,
) -> Result<(), AllocError> {
    match verb {
        "try_alloc" | "try_alloc_box" | "try_alloc_with" | "try_alloc_try_with" | "try_alloc_uninit" => {
            value(verb, alloc, live, holder, choices)
        }
        "StringBuilder" | "try_alloc_fmt" | "try_alloc_str" => text(verb, alloc, live, holder, choices),
        "try_reserve" => {
            let bytes = choices.below(3000) as usize;
            alloc.try_reserve(bytes)?;
            assert!(alloc.room() >= bytes);
            Ok(())
        }
        "try_alloc_layout" => {
            let layout = layout(choices);
            let place = alloc.try_alloc_layout(layout)?;
            // SAFETY: the memory is the caller's until the scope is left or the arena reset.
            unsafe { live.add(place, layout, holder) };
            Ok(())
        }
        _ => slice(verb, alloc, live, holder, choices),
    }
}

/// What a closure that fails says; and what a verb says that finds no room.
struct Failed(Option<AllocError>);

impl From<AllocError> for Failed {
    fn from(error: AllocError) -> Failed {
        Failed(Some(error))
    }
}

/// What a verb returned that runs what may fail. If that failed, the arena has as much room as it had, unless it went on to another
/// chunk.
fn tried<'s, T>(
    alloc: impl Alloc<'s>,
    (room, size): (usize, usize),
    result: Result<T, Failed>,
) -> Result<Option<T>, AllocError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(Failed(None)) => {
            assert!(alloc.room() == room || room < size, "something is left of what failed");
            Ok(None)
        }
        Err(Failed(Some(error))) => Err(error),
    }
}

/// A value, plain or over-aligned.
fn value<'s>(
    verb: &str,
    alloc: impl Alloc<'s>,
    live: &mut Live,
    holder: Holder,
    choices: &mut impl Choices,
) -> Result<(), AllocError> {
    #[derive(Clone, Copy, PartialEq, Debug)]
    #[repr(align(128))]
    struct Aligned([u64; 3]);
    let (room, fails) = (alloc.room(), choices.below(2) == 0);
    match (verb, choices.below(5)) {
        ("try_alloc_with", _) => watch(live, alloc.try_alloc_with(|| [5u8; 9])?, holder),
        ("try_alloc_uninit", _) => watch(live, alloc.try_alloc_uninit()?.write(5u128), holder),
        ("try_alloc_try_with", _) => {
            let make = || if fails { Err(Failed(None)) } else { Ok(Aligned([3, 4, 5])) };
            let made = tried(alloc, (room, 300), alloc.try_alloc_try_with(make))?;
            assert_eq!(made.is_none(), fails);
            made.into_iter().for_each(|made| watch(live, made, holder));
        }
        ("try_alloc_box", _) => {
            let boxed = alloc.try_alloc_box([5u32; 7]).map_err(|rejected| rejected.error)?;
            watch(live, freehold::ArenaBox::leak(boxed), holder);
        }
        (_, 0) => watch(live, alloc.try_alloc(0x77u8).map_err(|rejected| rejected.error)?, holder),
        (_, 1) => watch(live, alloc.try_alloc([1u64; 4]).map_err(|rejected| rejected.error)?, holder),
        (_, 2) => *alloc.try_alloc(()).map_err(|rejected| rejected.error)?,
        _ => match alloc.try_alloc(Aligned([3, 4, 5])) {
            Ok(value) => {
                assert_eq!(value.0, [3, 4, 5]);
                watch(live, value, holder);
            }
            Err(rejected) => {
                assert_eq!(rejected.value.0, [3, 4, 5]);
                return Err(rejected.error);
            }
        },
    }
    Ok(())
}

/// A text, copied; or, where there is room for it, formatted or put together.
fn text<'s>(
    verb: &str,
    alloc: impl Alloc<'s>,
    live: &mut Live,
    holder: Holder,
    choices: &mut impl Choices,
) -> Result<(), AllocError> {
    const TEXT: &str = "Franz jagt im komplett verwahrlosten Taxi quer durch Bayern, 0123456789 mal";
    let text = &TEXT[..size(choices).min(TEXT.len())];
    let number = size(choices);
    let written = match verb {
        "try_alloc_fmt" if alloc.room() > 4 * text.len() + 40 => {
            alloc.try_alloc_fmt(format_args!("{text}{number:04}{text}"))?
        }
        "StringBuilder" if alloc.room() > 8 * text.len() + 80 => {
            let mut builder = StringBuilder::new_in(alloc);
            builder.try_push_str(text)?;
            write!(builder, "{number:04}").expect("there is room");
            for character in text.chars() {
                builder.push(character);
            }
            builder.finish()
        }
        _ => {
            let copied = alloc.try_alloc_str(text)?;
            assert_eq!(copied, text);
            // SAFETY: nobody reads the text as one after its bytes have been overwritten.
            watch(live, unsafe { copied.as_bytes_mut() }, holder);
            return Ok(());
        }
    };
    let (front, rest) = written.split_at(text.len());
    assert!(front == text && rest.ends_with(text) && rest[..rest.len() - text.len()].parse() == Ok(number));
    // SAFETY: as above.
    watch(live, unsafe { written.as_bytes_mut() }, holder);
    Ok(())
}

/// A slice: copied, filled, gathered from an iterator that promises more or less than comes, built.
fn slice<'s>(
    verb: &str,
    alloc: impl Alloc<'s>,
    live: &mut Live,
    holder: Holder,
    choices: &mut impl Choices,
) -> Result<(), AllocError> {
    let len = size(choices) % 300;
    let source: [u16; 300] = core::array::from_fn(|index| index as u16 ^ 0x5a5a);
    let promised = choices.below(len as u32 + 1) as usize;
    let some = source[..promised].iter().chain(source[promised..len].iter().filter(|_| true)).copied();
    // What is gathered moves when it grows: room for all its places. Else it promises all.
    let (room, is_roomy) = (alloc.room(), alloc.room() > 12 * len + 64);
    let values = match verb {
        "try_alloc_from_iter" if is_roomy => alloc.try_alloc_from_iter(some)?,
        "try_alloc_from_iter" => alloc.try_alloc_from_iter(source[..len].iter().copied())?,
        "try_alloc_box_from_iter" if is_roomy => ArenaBox::leak(alloc.try_alloc_box_from_iter(some)?),
        "try_alloc_box_from_iter" => ArenaBox::leak(alloc.try_alloc_box_from_iter(source[..len].iter().copied())?),
        "Builder" if is_roomy => {
            let mut builder = Builder::new_in(alloc);
            builder.try_extend(some)?;
            builder.try_push(7).map_err(|rejected| rejected.error)?;
            assert_eq!((builder.pop(), &*builder), (Some(7), &source[..len]));
            builder.finish()
        }
        "try_alloc_slice_fill_with" => alloc.try_alloc_slice_fill_with(len, |index| source[index])?,
        "try_alloc_slice_clone" => alloc.try_alloc_slice_clone(&source[..len])?,
        "try_alloc_slice_fill" => {
            let filled = alloc.try_alloc_slice_fill(len, 3u16)?;
            assert!(filled.iter().all(|value| *value == 3));
            filled.copy_from_slice(&source[..len]);
            filled
        }
        "try_alloc_uninit_slice" => {
            let room = alloc.try_alloc_uninit_slice(len)?;
            assert_eq!(room.len(), len);
            for (place, value) in room.iter_mut().zip(source) {
                place.write(value);
            }
            // SAFETY: each place was written.
            unsafe { &mut *(core::ptr::from_mut(room) as *mut [u16]) }
        }
        "try_alloc_slice_try_fill_with" => {
            let stop = if choices.below(2) == 0 { promised } else { len };
            let make = |index| if index == stop { Err(Failed(None)) } else { Ok(source[index]) };
            let filled = alloc.try_alloc_slice_try_fill_with(len, make);
            let Some(filled) = tried(alloc, (room, 2 * len + 16), filled)? else { return Ok(()) };
            filled
        }
        _ => alloc.try_alloc_slice_copy(&source[..len])?,
    };
    assert_eq!(values, &source[..len]);
    watch(live, values, holder);
    Ok(())
}
