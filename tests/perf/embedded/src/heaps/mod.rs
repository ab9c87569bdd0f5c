//! The heaps.

pub mod bounded;
pub mod bump;
pub mod freehold;
pub mod linked_list;
pub mod llff;
mod lock;
pub mod none;
pub mod talc;
pub mod tlsf;
