//! Which tag a thread is in, and how it gets there and back.

use core::fmt;
use core::future::Future;
use core::marker::PhantomData;
use core::pin::Pin;
use core::ptr;
use core::task::{Context, Poll};

use super::TagStats;
use super::count::TagCount;
use crate::platform;

/// Where a thread's word is: the address of its tag's count, or nothing.
#[derive(Clone, Copy)]
pub(super) struct Thread {
    /// The program's function, if that knows.
    theirs: Option<fn(Option<usize>) -> usize>,
}

/// In a thread's word: a function of the program's runs, which is to drop what it can, and is not called again meanwhile.
pub(super) const HUSHED: usize = 1;

const _: () = assert!(align_of::<TagCount>() > HUSHED);

impl Thread {
    pub const OURS: Thread = Thread { theirs: None };

    pub const fn theirs(swap: fn(Option<usize>) -> usize) -> Thread {
        Thread { theirs: Some(swap) }
    }

    pub fn word(self) -> usize {
        self.theirs.map_or_else(platform::word, |swap| swap(None))
    }

    pub fn set(self, word: usize) {
        match self.theirs {
            Some(swap) => _ = swap(Some(word)),
            None => platform::set_word(word),
        }
    }
}

/// A part of the program, by its name: [`Tagged::tag`](super::Tagged::tag).
#[derive(Clone, Copy)]
pub struct Tag<'h> {
    pub(super) count: &'h TagCount,
    pub(super) name: &'static str,
    pub(super) thread: Thread,
}

impl<'h> Tag<'h> {
    /// Its name.
    pub fn name(self) -> &'static str {
        self.name
    }

    /// What this thread allocates from now on is this tag's, until what is returned is dropped: then it is that of the tag before again. So drop the
    /// guard that was made last first.
    ///
    /// ```
    /// use freehold::Heap;
    /// use freehold::tags::Tagged;
    ///
    /// #[global_allocator]
    /// static HEAP: Tagged<Heap> = Tagged::new(Heap::new());
    ///
    /// let (page, image) = (HEAP.tag("page"), HEAP.tag("image"));
    /// let _in_page = page.enter();
    /// let title = String::from("a title");
    /// let pixels = {
    ///     let _in_image = image.enter();
    ///     vec![0_u8; 1000]
    /// };
    /// assert_eq!((page.stats().in_use, image.stats().in_use), (title.len(), pixels.len()));
    /// ```
    pub fn enter(self) -> InTag<'h> {
        let before = self.thread.word();
        self.thread.set(ptr::from_ref(self.count).addr() | before & HUSHED);
        InTag { before, thread: self.thread, lives: PhantomData }
    }

    /// A future that is `future`, in this tag whenever it is polled, and only then.
    ///
    /// ```
    /// # use std::{future::{Future, ready}, pin::pin, task::{Context, Waker}};
    /// use freehold::Heap;
    /// use freehold::tags::Tagged;
    ///
    /// #[global_allocator]
    /// static HEAP: Tagged<Heap> = Tagged::new(Heap::new());
    ///
    /// async fn answer() -> String {
    ///     ready(()).await;
    ///     String::from("an answer")
    /// }
    ///
    /// let request = HEAP.tag("request");
    /// let mut future = pin!(request.in_polls(answer())); // `spawn(request.in_polls(answer()))`
    /// # let polled = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    /// assert_eq!(request.stats().in_use, "an answer".len());
    /// # drop(polled);
    /// ```
    ///
    /// What is allocated where the future is made or dropped is not its.
    pub fn in_polls<F: Future>(self, future: F) -> Polled<'h, F> {
        Polled { tag: self, future }
    }

    /// So many bytes it may have in use at once, as they were asked for: what goes beyond is refused. `usize::MAX` takes that back.
    ///
    /// ```
    /// use freehold::Heap;
    /// use freehold::tags::Tagged;
    ///
    /// #[global_allocator]
    /// static HEAP: Tagged<Heap> = Tagged::new(Heap::new());
    ///
    /// let parser = HEAP.tag("parser");
    /// parser.set_limit(1_000_000);
    /// let _in_it = parser.enter();
    /// let mut list = Vec::<u8>::new();
    /// assert!(list.try_reserve_exact(999_000).is_ok());
    /// assert!(list.try_reserve_exact(1_001_000).is_err()); // and `on_refusal` is told of `parser`, and its numbers
    /// ```
    pub fn set_limit(self, bytes: usize) {
        self.count.set_limit(bytes);
    }

    /// How it stands.
    pub fn stats(self) -> TagStats {
        self.count.stats(self.name)
    }
}

impl fmt::Debug for Tag<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tag").field(&self.stats()).finish()
    }
}

/// While it lives, what its thread allocates is a tag's: [`Tag::enter`].
#[must_use = "dropped at once, it is in force for nothing"]
pub struct InTag<'h> {
    /// The thread's word before.
    before: usize,
    thread: Thread,
    /// The tag's heap; and it stays on its thread.
    lives: PhantomData<(&'h TagCount, *const ())>,
}

impl Drop for InTag<'_> {
    fn drop(&mut self) {
        self.thread.set(self.before);
    }
}

impl fmt::Debug for InTag<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InTag").finish_non_exhaustive()
    }
}

/// A future that is in a tag whenever it is polled: [`Tag::in_polls`].
#[derive(Debug)]
#[must_use = "futures do nothing unless they are polled"]
pub struct Polled<'h, F> {
    tag: Tag<'h>,
    future: F,
}

impl<F: Future> Future for Polled<'_, F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let _in_it = self.tag.enter();
        // SAFETY: the future is pinned where this is: it is moved nowhere, dropped in place, and `Unpin` only if it is so itself.
        let future = unsafe { self.map_unchecked_mut(|polled| &mut polled.future) };
        future.poll(context)
    }
}
