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

impl Frame {
    /// Whether this function allocates for others, as those of allocators and collections do, and of the layers around them.
    ///
    /// ```
    /// # use freehold_profile::Frame;
    /// let frame = |function: &str| Frame { address: 1, function: function.into(), line: None };
    /// assert!(frame("<alloc::vec::Vec<T> as core::clone::Clone>::clone").allocates());
    /// assert!(!frame("parser::parse").allocates());
    /// ```
    pub fn allocates(&self) -> bool {
        const OTHERS: [&str; 8] =
            ["alloc", "backtrace", "core", "freehold", "freehold_profile", "freehold_testing", "hashbrown", "std"];
        let function = &self.function;
        // The names that the compiler gives to what stands before the allocator.
        let shim = ["__rust_", "__rustc", "__rdl_", "__rg_"].iter().any(|shim| function.contains(shim));
        shim || function.starts_with("0x") || OTHERS.iter().any(|package| self.is_of(package))
    }

    /// Whether this function is of that package.
    ///
    /// ```
    /// # use freehold_profile::Frame;
    /// assert!(Frame { address: 1, function: "<T as alloc::string::ToString>::to_string".into(), line: None }.is_of("alloc"));
    /// ```
    pub fn is_of(&self, package: &str) -> bool {
        let plain = self.function.trim_start_matches(['<', '&', '*', '[', '(']);
        // What a trait does for any type.
        let plain = plain.strip_prefix("T as ").unwrap_or(plain);
        plain.strip_prefix(package).is_some_and(|rest| rest.starts_with("::"))
    }
}

/// A stack without its innermost frames that [allocate](Frame::allocates) for others, so that it begins with who is to be known. If all of them do,
/// it stays as it is.
pub fn whose(mut frames: Vec<Frame>) -> Vec<Frame> {
    let others = frames.iter().take_while(|frame| frame.allocates()).count();
    if others < frames.len() {
        frames.drain(..others);
    }
    frames
}

/// A frame of which nothing but the address is known: its name is that.
///
/// ```
/// assert_eq!(freehold_profile::by_address(0x1f)[0].function, "0x1f");
/// ```
pub fn by_address(address: usize) -> Vec<Frame> {
    vec![Frame { address: address as u64, function: format!("{address:#x}"), line: None }]
}
