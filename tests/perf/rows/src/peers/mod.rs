//! Everybody who takes part, each in a file of its own, used as its documentation recommends for speed.

pub mod blink;
pub mod boxes;
pub mod bump_scope;
pub mod bumpalo;
pub mod freehold;
pub mod stumpalo;
