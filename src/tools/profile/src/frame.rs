//! A place in a program, as a person knows it.

/// A function on a stack.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Frame {
    /// Where in the program it is: in memory, or in a wasm module's file.
    pub address: u64,
    /// What it is called.
    pub function: String,
    /// Where in the source, if that is known.
    pub line: Option<Line>,
}

/// A place in a source.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Line {
    /// The file.
    pub file: String,
    /// From 1 on.
    pub line: u32,
    /// From 1 on; 0 if it is not known.
    pub column: u32,
}

/// A frame of which nothing but the address is known: its name is that.
///
/// ```
/// assert_eq!(freehold_profile::by_address(0x1f)[0].function, "0x1f");
/// ```
pub fn by_address(address: usize) -> Vec<Frame> {
    vec![Frame { address: address as u64, function: format!("{address:#x}"), line: None }]
}
