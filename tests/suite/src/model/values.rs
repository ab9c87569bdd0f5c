//! Values for the model: those that count how often they are dropped, and ways to put some into an arena or a scope.

use core::alloc::Layout;
use core::cell::Cell;
use core::ptr::NonNull;

use freehold::{Alloc, AllocError, Arena, Scope};

use super::draw::size;
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

/// A value, plain or over-aligned.
pub fn value<'s>(
    alloc: impl Alloc<'s>,
    live: &mut Live,
    holder: Holder,
    choices: &mut impl Choices,
) -> Result<(), AllocError> {
    #[derive(Clone, Copy)]
    #[repr(align(128))]
    struct Aligned([u64; 3]);
    match choices.below(5) {
        0 => alloc.try_alloc(0x77u8).map(|value| watch(live, value, holder)).map_err(|rejected| rejected.error),
        1 => alloc.try_alloc([1u64; 4]).map(|value| watch(live, value, holder)).map_err(|rejected| rejected.error),
        2 => alloc
            .try_alloc_box([5u32; 7])
            .map(|value| watch(live, freehold::ArenaBox::leak(value), holder))
            .map_err(|rejected| rejected.error),
        3 => alloc.try_alloc(()).map(|&mut ()| ()).map_err(|rejected| rejected.error),
        _ => match alloc.try_alloc(Aligned([3, 4, 5])) {
            Ok(value) => {
                assert_eq!(value.0, [3, 4, 5]);
                watch(live, value, holder);
                Ok(())
            }
            Err(rejected) => {
                assert_eq!(rejected.value.0, [3, 4, 5]);
                Err(rejected.error)
            }
        },
    }
}

/// A text, copied; or, where there is room for it, formatted.
pub fn text<'s>(
    alloc: impl Alloc<'s>,
    live: &mut Live,
    holder: Holder,
    choices: &mut impl Choices,
) -> Result<(), AllocError> {
    const TEXT: &str = "Franz jagt im komplett verwahrlosten Taxi quer durch Bayern, 0123456789 mal";
    let text = &TEXT[..size(choices).min(TEXT.len())];
    let copied = if choices.below(2) == 0 && alloc.room() > 4 * text.len() + 40 {
        let number = size(choices);
        let written = alloc.try_alloc_fmt(format_args!("{text}{number:04}{text}"))?;
        let (front, rest) = written.split_at(text.len());
        assert!(front == text && rest.ends_with(text) && rest[..rest.len() - text.len()].parse() == Ok(number));
        written
    } else {
        let copied = alloc.try_alloc_str(text)?;
        assert_eq!(copied, text);
        copied
    };
    // SAFETY: nobody reads the text as one after its bytes have been overwritten.
    watch(live, unsafe { copied.as_bytes_mut() }, holder);
    Ok(())
}

/// A slice: copied, filled, gathered from an iterator that promises more or less than comes.
pub fn slice<'s>(
    alloc: impl Alloc<'s>,
    live: &mut Live,
    holder: Holder,
    choices: &mut impl Choices,
) -> Result<(), AllocError> {
    let len = size(choices) % 300;
    let source: [u16; 300] = core::array::from_fn(|index| index as u16 ^ 0x5a5a);
    let values = match choices.below(4) {
        // What an iterator yields moves when it grows: room for all its places.
        0 if alloc.room() > 12 * len + 64 => {
            let promised = choices.below(len as u32 + 1) as usize;
            let values = source[..promised].iter().chain(source[promised..len].iter().filter(|_| true));
            alloc.alloc_from_iter(values.copied())
        }
        1 if alloc.room() > 2 * len + 64 => alloc.alloc_slice_fill_with(len, |index| source[index]),
        _ => alloc.try_alloc_slice_copy(&source[..len])?,
    };
    assert_eq!(values, &source[..len]);
    watch(live, values, holder);
    Ok(())
}
