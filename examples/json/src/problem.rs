//! What can be wrong, as a text for people and a code for the shell.

use std::fmt;
use std::str::Utf8Error;

/// Why the demo can't go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The exit code. Node and the native program share these: 1, 2 and 4 of `cargo demo --help`.
    pub code: u8,
    /// What is wrong, without the name of the file.
    pub text: String,
}

impl Problem {
    /// The document is bad.
    pub const DOCUMENT: u8 = 1;
    /// The file can't be read.
    pub const FILE: u8 = 2;
    /// A promise was broken, or memory ran out.
    pub const FAILED: u8 = 4;

    pub(crate) fn new(code: u8, text: impl Into<String>) -> Problem {
        Problem { code, text: text.into() }
    }

    pub(crate) fn not_utf8(bytes: &[u8], error: Utf8Error) -> Problem {
        let at = error.valid_up_to();
        let before = &bytes[..at];
        let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
        let column = 1 + before.iter().rev().take_while(|&&byte| byte != b'\n').count();
        let text = format!("not valid UTF-8: byte {:#04x} at line {line} column {column}, offset {at}", bytes[at]);
        Problem::new(Problem::DOCUMENT, text)
    }
}

impl From<serde_json::Error> for Problem {
    fn from(error: serde_json::Error) -> Problem {
        // The only errors of data are our own: see `parse`.
        if error.is_data() {
            Problem::new(Problem::FAILED, format!("out of memory: {error}"))
        } else {
            Problem::new(Problem::DOCUMENT, format!("cannot be parsed as JSON: {error}"))
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Problem {}
