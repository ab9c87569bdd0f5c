//! What a person reads at the end.

use std::fmt;

use freehold::backing::USUAL_PAGE;
use freehold::{Snapshot, ledger, memory_size};

use crate::rounds::Timing;
use crate::session::Growth;
use crate::{ALLOCATOR, Session};

/// The report of a [`Session`]. Its `Display` is the text; the driver prints a line with the name of the file above it.
pub struct Report<'a> {
    pub(crate) session: &'a Session,
    pub(crate) bytes: usize,
    pub(crate) timing: Timing,
}

impl Session {
    /// What was seen.
    pub fn report(&self) -> Report<'_> {
        Report { session: self, bytes: self.text.as_str().len(), timing: self.rounds.timing() }
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Session { tally, first, later, passes, .. }, timing) = (self.session, self.timing);
        writeln!(f, "document    {}, {} nodes; both results are equal", Bytes(self.bytes), Count(tally.nodes as u64))?;
        self.side(f, "arena", timing.arena)?;
        self.side(f, "Value", timing.value)?;
        writeln!(f, "ratio       {:.2} × the speed of serde_json::Value on {ALLOCATOR}", timing.ratio)?;
        writeln!(
            f,
            "            medians of {} passes each, in {} rounds by turns with ratios from {:.2} to {:.2}",
            Count(timing.passes as u64),
            timing.rounds,
            timing.least,
            timing.most
        )?;
        writeln!(
            f,
            "tree        {} in the arena for each document (plain strings stay in the input)",
            Bytes(tally.bytes)
        )?;
        writeln!(
            f,
            "growth      the ledger took pages {} times in the arena's first pass; memory grew by {}, all owners together",
            first.times,
            Bytes(first.bytes)
        )?;
        let later = match later {
            Growth { times: 0, bytes: 0 } => "none".into(),
            Growth { times, bytes } => format!("{times} TIMES, by {},", Bytes(*bytes)),
        };
        writeln!(f, "            {later} in the {} passes after it", Count(*passes))?;
        let snapshot = ledger().snapshot();
        for (at, owner) in owners(&snapshot).iter().enumerate() {
            let label = if at == 0 { "pages" } else { "" };
            let Owner { name, bytes, pages, .. } = owner;
            writeln!(f, "{label:<12}{name:<14}{pages:>6}  ({})", Bytes(*bytes))?;
        }
        if cfg!(target_family = "wasm") {
            let beside = (memory_size() - snapshot.granted) / USUAL_PAGE;
            let others = if cfg!(feature = "global") { "" } else { ", Rust's default allocator" };
            writeln!(f, "            {:<14}{beside:>6}  (stack, data{others})", "not ours")?;
        }
        writeln!(f, "\nmemory map\n{snapshot}")
    }
}

impl Report<'_> {
    fn side(&self, f: &mut fmt::Formatter<'_>, name: &str, milliseconds: f64) -> fmt::Result {
        let documents = 1e3 / milliseconds;
        let megabytes = self.bytes as f64 * documents / 1e6;
        // Whole numbers where there are enough of them.
        let documents = if documents < 100.0 { format!("{documents:.2}") } else { Count(documents as u64).to_string() };
        writeln!(f, "{name:<12}{documents:>10} documents/s {megabytes:>8.1} MB/s")
    }
}

/// What one owner holds.
struct Owner {
    name: &'static str,
    bytes: usize,
    /// Pages that it has at least a byte of.
    pages: usize,
    /// The last of them.
    last: Option<usize>,
}

/// Every owner in the ledger, in the order of addresses, and last what is free.
fn owners(snapshot: &Snapshot<'_>) -> Vec<Owner> {
    let mut owners: Vec<Owner> = Vec::new();
    for span in snapshot.spans() {
        let name = span.owner.unwrap_or("free");
        let at = owners.iter().position(|owner| owner.name == name).unwrap_or_else(|| {
            owners.push(Owner { name, bytes: 0, pages: 0, last: None });
            owners.len() - 1
        });
        let owner = &mut owners[at];
        let (first, last) = (span.base / USUAL_PAGE, (span.base + span.len - 1) / USUAL_PAGE);
        owner.bytes += span.len;
        owner.pages += last - first + usize::from(owner.last != Some(first));
        owner.last = Some(last);
    }
    owners.sort_by_key(|owner| owner.name == "free");
    owners
}

/// A size: exact, and as a person would say it.
struct Bytes(usize);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.0 as f64;
        match self.0 {
            0..1_000 => write!(f, "{} B", self.0),
            1_000..1_000_000 => write!(f, "{:.1} kB", bytes / 1e3),
            1_000_000.. => write!(f, "{:.1} MB", bytes / 1e6),
        }
    }
}

/// A number with its thousands apart.
struct Count(u64);

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < 1_000 {
            return write!(f, "{}", self.0);
        }
        write!(f, "{},{:03}", Count(self.0 / 1_000), self.0 % 1_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_apart() {
        let texts = [0, 999, 1_000, 1_002_003].map(|n| Count(n).to_string());
        assert_eq!(texts, ["0", "999", "1,000", "1,002,003"]);
    }
}
