//! Why there is no output: each kind has an exit code of its own.

use std::fmt::{self, Display, Formatter};

use wasmparser::BinaryReaderError;

/// What went wrong.
#[derive(Debug)]
pub enum Problem {
    /// The file can't be read.
    Unreadable(String),
    /// The file can't be written.
    Unwritable(String),
    /// It would be written over what it is made from.
    SameFile(String),
    /// It is no wasm.
    NoModule(String),
    /// It is a component, which has modules in it.
    Component,
    /// It is cut short, or has something in it that this tool does not know.
    Damaged(String),
    /// It does not say what its functions are called.
    NoNames(&'static str),
    /// None of its functions is known to be cold.
    NothingCold(String),
    /// It has hints in a form that is not the standard's.
    OtherHints(String),
}

/// For `--help`. What the codes are is said once more in [`Problem::code`]; a test compares the two.
pub const CODES: &str = "\
Exit codes:
   0  done
   2  the command line is wrong
   3  IN can't be read
   4  OUT can't be written
   5  IN and OUT are the same file
   6  IN is no WebAssembly
   7  IN is a component: hint the modules that it is made from
   8  IN is cut short, malformed, or has instructions that this tool does not know
   9  IN does not name its functions: hint it before names are stripped
  10  no function of IN is known to be cold: freehold is not in it, and no --cold matches
  11  IN has hints in an older or newer form than that of WebAssembly 3.0";

impl Problem {
    /// The exit code.
    pub fn code(&self) -> u8 {
        match self {
            Problem::Unreadable(_) => 3,
            Problem::Unwritable(_) => 4,
            Problem::SameFile(_) => 5,
            Problem::NoModule(_) => 6,
            Problem::Component => 7,
            Problem::Damaged(_) => 8,
            Problem::NoNames(_) => 9,
            Problem::NothingCold(_) => 10,
            Problem::OtherHints(_) => 11,
        }
    }
}

impl Display for Problem {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Problem::Unreadable(why) => write!(f, "can't read {why}"),
            Problem::Unwritable(why) => write!(f, "can't write {why}"),
            Problem::SameFile(name) => write!(f, "{name} would be written over itself: name another file after `-o`"),
            Problem::NoModule(what) => write!(f, "this is no WebAssembly module: {what}"),
            Problem::Component => {
                write!(f, "this is a component, not a module: hint the modules before the component is made from them")
            }
            Problem::Damaged(what) => write!(f, "the module is damaged, or newer than this tool: {what}"),
            Problem::NoNames(what) => write!(
                f,
                "{what}, so it can't be known which are cold: hint the module before its names are stripped \
                 (no `strip = true` in the cargo profile, and `wasm-opt --strip-debug` after this)"
            ),
            Problem::NothingCold(what) => write!(f, "no function is known to be cold: {what}"),
            Problem::OtherHints(what) => write!(
                f,
                "{what}, which is not the form of WebAssembly 3.0: whatever wrote it must be told not to, or its section be removed"
            ),
        }
    }
}

impl From<BinaryReaderError> for Problem {
    fn from(error: BinaryReaderError) -> Problem {
        Problem::Damaged(format!("{} at byte {:#x}", error.message(), error.offset()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_a_code_of_its_own_that_the_help_explains() {
        let text = String::new;
        let kinds = [
            Problem::Unreadable(text()),
            Problem::Unwritable(text()),
            Problem::SameFile(text()),
            Problem::NoModule(text()),
            Problem::Component,
            Problem::Damaged(text()),
            Problem::NoNames(""),
            Problem::NothingCold(text()),
            Problem::OtherHints(text()),
        ];
        let codes: Vec<u8> = [0, 2].into_iter().chain(kinds.iter().map(Problem::code)).collect();
        let explained = CODES.lines().skip(1).map(|line| line.split_whitespace().next().unwrap().parse().unwrap());
        assert_eq!(codes, explained.collect::<Vec<u8>>());
    }
}
