//! Who is told that memory has grown. Without the feature `javascript` there is nothing of it: no byte, no instruction.

/// Memory that a ledger has got, and for whom.
#[cfg(feature = "javascript")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Grown {
    /// Who asked for what there was no room for: the name that the map shows.
    pub owner: &'static str,
    /// Bytes that the ledger has got, whether the request was met with them or not.
    pub bytes: usize,
}

/// Whoever is to be told.
#[derive(Clone, Copy)]
pub(super) struct Listener {
    #[cfg(feature = "javascript")]
    tell: Option<fn(Grown)>,
}

#[cfg(not(feature = "javascript"))]
static_assertions::const_assert_eq!(size_of::<Listener>(), 0);

impl Listener {
    /// Nobody.
    pub const NONE: Listener = Listener {
        #[cfg(feature = "javascript")]
        tell: None,
    };

    #[cfg(feature = "javascript")]
    pub const fn new(tell: fn(Grown)) -> Listener {
        Listener { tell: Some(tell) }
    }

    /// Tells of so many bytes, if there are any.
    #[inline(always)]
    pub fn hear(self, owner: &'static str, bytes: usize) {
        #[cfg(feature = "javascript")]
        if let Some(tell) = self.tell.filter(|_| bytes > 0) {
            tell(Grown { owner, bytes });
        }
        #[cfg(not(feature = "javascript"))]
        let _ = (owner, bytes);
    }
}
