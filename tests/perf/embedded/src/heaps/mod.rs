//! The heaps. A program takes one, by the feature of its name, or none.

pub mod bounded;
pub mod bump;
pub mod freehold;
pub mod linked_list;
pub mod llff;
mod lock;
pub mod none;
pub mod talc;
pub mod tlsf;

#[cfg(feature = "bounded")]
pub use bounded::Chosen;
#[cfg(feature = "bump")]
pub use bump::Chosen;
#[cfg(feature = "freehold")]
pub use freehold::Chosen;
#[cfg(feature = "linked_list")]
pub use linked_list::Chosen;
#[cfg(feature = "llff")]
pub use llff::Chosen;
#[cfg(not(any(
    feature = "bounded",
    feature = "bump",
    feature = "freehold",
    feature = "linked_list",
    feature = "llff",
    feature = "talc",
    feature = "tlsf",
)))]
pub use none::Chosen;
#[cfg(feature = "talc")]
pub use talc::Chosen;
#[cfg(feature = "tlsf")]
pub use tlsf::Chosen;
