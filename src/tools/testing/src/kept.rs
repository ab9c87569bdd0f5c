//! Exact counts in a file.

use std::collections::BTreeMap;
use std::env;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, Write};

use crate::checks::watched;
use crate::counts::Counts;

/// With this set, to anything but 0, the file is written.
const RENEW: &str = "FREEHOLD_RENEW";

/// A file of exact counts, a line for each name. The tests of a program may share one, whichever way they run.
///
/// ```no_run
/// use freehold_testing::Kept;
///
/// static COUNTS: Kept = Kept::at(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/allocations.txt"));
///
/// COUNTS.exactly("a vector", || vec![1_u8; 10]);
/// ```
#[derive(Debug)]
pub struct Kept {
    path: &'static str,
}

impl Kept {
    /// The file at that path: better one that doesn't depend on where the test runs.
    pub const fn at(path: &'static str) -> Kept {
        Kept { path }
    }

    /// [`exactly`](crate::exactly) what the file says under `name`. With `FREEHOLD_RENEW=1` in the environment that line is written anew.
    ///
    /// # Panics
    ///
    /// If something else is counted, if the file has no such line, can't be read or is no such file, or if the program's allocator is no
    /// [`Counted`](crate::Counted).
    #[track_caller]
    pub fn exactly<R>(&self, name: &str, run: impl FnOnce() -> R) -> R {
        watched(run, |counts| {
            let renew = env::var_os(RENEW).is_some_and(|value| !value.is_empty() && value != "0");
            let done = self.open(renew).and_then(|file| look(file, name, counts, renew));
            match done {
                Ok(None) => None,
                Ok(Some(wrong)) => Some(format!("{wrong} ({}; {RENEW}=1 renews it)", self.path)),
                Err(error) => Some(format!("{}: {error}; counted for `{name}`: {counts}", self.path)),
            }
        })
    }

    /// The file, locked, so that other tests' processes wait: where the system can do that.
    fn open(&self, renew: bool) -> io::Result<File> {
        let file = OpenOptions::new().read(true).write(renew).create(renew).truncate(false).open(self.path);
        let file = file.map_err(|error| match error.kind() {
            ErrorKind::NotFound => io::Error::other(format!("there is no such file; {RENEW}=1 writes it")),
            _ => error,
        })?;
        match if renew { file.lock() } else { file.lock_shared() } {
            Err(error) if error.kind() != ErrorKind::Unsupported => Err(error),
            _ => Ok(file),
        }
    }
}

/// Looks what the file has under that name, or writes it there. What is wrong, if it is.
fn look(mut file: File, name: &str, counts: &Counts, renew: bool) -> io::Result<Option<String>> {
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    let mut lines = lines(&text).map_err(io::Error::other)?;
    if name.trim() != name || name.is_empty() || name.starts_with('#') || name.contains('\n') {
        return Err(io::Error::other(format!("{name:?} can't be the name of a line")));
    }
    let (now, there) = (counts.to_string(), lines.get(name).copied());
    if there == Some(now.as_str()) {
        return Ok(None);
    }
    if !renew {
        return Ok(Some(match there {
            Some(there) => format!("`{name}` was to have {there}, but there were {now}"),
            None => format!("`{name}` has no line; there were {now}"),
        }));
    }
    lines.insert(name, &now);
    let head = format!("# What tests allocate. {RENEW}=1 renews the lines of those that run.\n");
    let written = lines.iter().fold(head, |all, (name, counts)| all + name + ": " + counts + "\n");
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(written.as_bytes())?;
    Ok(None)
}

/// The lines by their names.
fn lines(text: &str) -> Result<BTreeMap<&str, &str>, String> {
    let mut lines = BTreeMap::new();
    for (number, line) in (1..).zip(text.lines().map(str::trim)) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        // A name may have a colon in it, what was counted has none.
        let Some((name, counts)) = line.rsplit_once(": ") else {
            return Err(format!("line {number} is no line of it: {line:?}"));
        };
        if lines.insert(name.trim(), counts.trim()).is_some() {
            return Err(format!("line {number} is the second one of `{name}`"));
        }
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_taken_apart() {
        let text = "# a remark\n\na: b: 1 allocation, 2 bytes\r\nc: 0\n";
        let found: Vec<_> = lines(text).expect("lines").into_iter().collect();
        assert_eq!(found, [("a: b", "1 allocation, 2 bytes"), ("c", "0")]);
        for (bad, says) in
            [("a: 1\n<<<<<<<\n", "line 2 is no line"), ("a: 1\na: 2\n", "line 2 is the second one of `a`")]
        {
            let error = lines(bad).expect_err("a bad file");
            assert!(error.contains(says), "{error}");
        }
    }
}
