//! Who does the steps of a row.

/// Those who do the steps: somebody allocates, somebody frees, somebody does it again. In a program with threads each is another thread.
pub trait Hands {
    /// Has number `who`, from 1 to [`MOST`], do this, and waits until it is done. It is done by nobody else, and nothing else is done meanwhile.
    fn does(&self, who: usize, work: &mut dyn FnMut());
}

/// So many there are at most.
pub const MOST: usize = 4;

/// One for all of it.
#[derive(Clone, Copy, Debug)]
pub struct Alone;

impl Hands for Alone {
    fn does(&self, _: usize, work: &mut dyn FnMut()) {
        work();
    }
}

impl dyn Hands + '_ {
    /// [`does`](Hands::does), with a result, and with who it is as the place in the program.
    pub(crate) fn by<R>(&self, who: usize, work: impl FnOnce() -> R) -> R {
        crate::notes::at(who);
        let (mut work, mut result) = (Some(work), None);
        self.does(who, &mut || result = work.take().map(|work| work()));
        result.expect("the step was done")
    }
}
