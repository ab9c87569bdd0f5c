//! The ledger, read out: numbers, spans, and a drawing of memory.

use core::fmt;

use crate::layout::GRAIN;
use crate::platform::{Landmark, landmarks};
use crate::sharing::Everywhere;

/// A ledger's spans, one by one, however it is shared: for who reads or draws them, and for nobody else's code.
pub(crate) trait Read: Everywhere {
    /// The first span at `addr` or above.
    fn span_from(&self, addr: usize) -> Option<SpanInfo>;
}

/// Ask for one to see where memory is: what a [`Ledger`](crate::Ledger) held when it was asked. All sizes are in bytes, the ledger's headers included.
///
/// The sums are of one moment. The spans are read one by one as the iterator goes on: claims made meanwhile may show.
///
/// Its `Display` draws memory from the lowest address to the highest: on wasm the stack, the data, the heap tail, each
/// claim under its owner's name, what is free, and the gaps that are not this ledger's.
///
/// ```
/// use freehold::{Alloc, Arena, ledger};
///
/// let arena = Arena::new();
/// arena.alloc([0_u8; 3000]);
/// let snapshot = ledger().snapshot();
/// assert!(snapshot.claimed_by("arena") >= 3000 && snapshot.claimed <= snapshot.peak);
/// for span in snapshot.spans() {
///     println!("{:#x}: {} bytes, {}", span.base, span.len, span.owner.unwrap_or("free"));
/// }
/// println!("{snapshot}"); // the same, drawn
/// ```
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Snapshot<'l> {
    /// In claims.
    pub claimed: usize,
    /// Taken from the backing, and in no claim.
    pub free: usize,
    /// The most that was ever in claims at once.
    pub peak: usize,
    /// Taken from the backing: `claimed + free`.
    pub granted: usize,
    /// How often memory was taken from the backing.
    pub growths: usize,
    pub(super) records: &'l dyn Read,
}

/// One span of a [`Snapshot`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SpanInfo {
    /// The address of its first byte, which is the ledger's header.
    pub base: usize,
    /// Its length in bytes, the header included.
    pub len: usize,
    /// Who holds it; `None` if it is free.
    pub owner: Option<&'static str>,
    /// The name of the memory that it lies in, where the backing has named ones ([`Regions`](crate::Regions)).
    pub region: Option<&'static str>,
}

impl<'l> Snapshot<'l> {
    /// Every span in the order of addresses. Each takes a step, with the ledger locked for that one only; where somebody has claimed since the
    /// last one, also a step for each span before it in its stretch of memory.
    pub fn spans(&self) -> impl Iterator<Item = SpanInfo> + use<'l> {
        Snapshot::spans_of(self.records, 0)
    }

    /// Every span that starts at this address or above, in the order of addresses. To go on from the end of the span that was
    /// read last is a step.
    pub fn spans_from(&self, addr: usize) -> impl Iterator<Item = SpanInfo> + use<'l> {
        Snapshot::spans_of(self.records, addr)
    }

    pub(crate) fn spans_of(records: &'l dyn Read, mut from: usize) -> impl Iterator<Item = SpanInfo> + use<'l> {
        core::iter::from_fn(move || {
            let span = records.span_from(from)?;
            from = span.base + span.len;
            Some(span)
        })
    }

    /// Bytes in claims of that owner. It is counted now, and takes a step for each span, as [`spans`](Snapshot::spans) does.
    pub fn claimed_by(&self, owner: &str) -> usize {
        self.spans().filter(|span| span.owner == Some(owner)).map(|span| span.len).sum()
    }
}

impl fmt::Debug for Snapshot<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot")
            .field("claimed", &self.claimed)
            .field("free", &self.free)
            .field("peak", &self.peak)
            .field("granted", &self.granted)
            .field("growths", &self.growths)
            .finish_non_exhaustive()
    }
}

/// A stretch of the drawing, and how many spans of that name follow each other in it.
#[derive(Clone, Copy)]
struct Stretch {
    name: &'static str,
    region: Option<&'static str>,
    start: usize,
    end: usize,
    spans: usize,
}

/// Characters of an address: `0x`, and as many digits as are in use on the target.
const WIDTH: usize = if usize::BITS == 32 { 10 } else { 14 };
const MARGIN: usize = WIDTH + 2;

/// After so many stretches the rest is summed up.
const STRETCHES: usize = 48;

impl fmt::Display for Snapshot<'_> {
    // Compiled into who draws, and into nobody else: it wants the linker's symbols.
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut next = self.stretch_from(memory_start());
        let (mut drawn, mut left_out, mut end, mut last_region) = (0, 0, None, None);
        while let Some(mut stretch) = next {
            next = self.stretch_from(Some(stretch.end));
            while let Some(more) = next.filter(|more| (more.name, more.region) == (stretch.name, stretch.region)) {
                stretch = Stretch { end: more.end, spans: stretch.spans + more.spans, ..stretch };
                next = self.stretch_from(Some(more.end));
            }
            end = Some(stretch.end);
            let region = core::mem::replace(&mut last_region, stretch.region);
            if drawn == STRETCHES {
                left_out += 1;
            } else {
                drawn += 1;
                // Each memory begins with its name.
                stretch.draw(f, stretch.region.filter(|_| stretch.region != region))?;
            }
        }
        if left_out > 0 {
            writeln!(f, "{:MARGIN$}│ {:<42} │", "", Text::of(format_args!("… and {left_out} stretches more")))?;
        }
        if let Some(end) = end {
            writeln!(f, "{end:#0WIDTH$x}  └{:─<44}┘", "")?;
        }
        let Snapshot { claimed, free, peak, granted, growths, .. } = *self;
        let [claimed, free, peak, granted] = [claimed, free, peak, granted].map(Amount);
        write!(
            f,
            "claimed {claimed}, free {free}, peak {peak}; {granted} taken in {growths} growth{}",
            if growths == 1 { "" } else { "s" }
        )
    }
}

impl Snapshot<'_> {
    /// The stretch that begins at `from`; without it, at the first span.
    #[inline]
    fn stretch_from(&self, from: Option<usize>) -> Option<Stretch> {
        let span = self.records.span_from(from.unwrap_or(0));
        let next_span = span.map_or(usize::MAX, |span| span.base);
        let from = from.unwrap_or(next_span);
        let mark = landmarks().into_iter().flatten().find(|mark| mark.end > from && mark.start.max(from) < next_span);
        let (start, stretch) = match (mark, span) {
            (Some(Landmark { name, start, end }), _) => {
                let start = start.max(from);
                (start, Stretch { name, region: None, start, end: end.min(next_span), spans: 1 })
            }
            (None, Some(span)) => {
                let (name, end) = (span.owner.unwrap_or("(free)"), span.base + span.len);
                (span.base, Stretch { name, region: span.region, start: span.base, end, spans: 1 })
            }
            (None, None) => {
                let end = memory_end().filter(|end| *end > from)?;
                (end, Stretch { name: "", region: None, start: end, end, spans: 0 })
            }
        };
        let gap = Stretch { name: "· not ours ·", region: None, start: from, end: start, spans: 1 };
        // What alignment left between two stretches is not worth a line.
        let worth_a_line = start - from >= GRAIN;
        Some(if worth_a_line { gap } else { stretch }).filter(|stretch| stretch.end > stretch.start)
    }
}

impl Stretch {
    fn draw(&self, f: &mut fmt::Formatter<'_>, region: Option<&str>) -> fmt::Result {
        let Stretch { name, start, end, spans, .. } = *self;
        match region {
            Some(region) => writeln!(f, "{start:#0WIDTH$x}  ├─ {:─<42.42}┤", Text::of(format_args!("{region} ")))?,
            None => writeln!(f, "{start:#0WIDTH$x}  ├{:─<44}┤", "")?,
        }
        let size = Amount(end - start);
        if spans > 1 {
            let spans = Text::of(format_args!("{spans} spans"));
            writeln!(f, "{:MARGIN$}│ {name:<18.18} {spans:>11} {size:>11} │", "")
        } else {
            writeln!(f, "{:MARGIN$}│ {name:<30.30} {size:>11} │", "")
        }
    }
}

/// Where the drawing starts: the bottom of linear memory, or the first span where there is no such thing.
#[inline]
fn memory_start() -> Option<usize> {
    landmarks()[0].map(|_| 0)
}

/// Where linear memory ends, if there is such a thing.
fn memory_end() -> Option<usize> {
    #[cfg(target_family = "wasm")]
    return Some(crate::platform::memory_size());
    #[cfg(not(target_family = "wasm"))]
    None
}

/// Bytes, as a person would write them.
pub(crate) struct Amount(pub usize);

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(&str, usize); 3] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
        let (name, unit) = UNITS.into_iter().find(|(_, unit)| self.0 >= *unit).unwrap_or(("B", 1));
        // The remainder times ten is more than a 32-bit `usize` holds.
        let (whole, tenths) = (self.0 / unit, (self.0 % unit) as u64 * 10 / unit as u64);
        let text = match tenths {
            0 => Text::of(format_args!("{whole} {name}")),
            _ => Text::of(format_args!("{whole}.{tenths} {name}")),
        };
        text.fmt(f)
    }
}

/// A short text of several pieces that can be padded as one; without an allocator, and cut where it is too long.
struct Text {
    bytes: [u8; 48],
    len: usize,
}

impl Text {
    fn of(text: fmt::Arguments<'_>) -> Text {
        let mut written = Text { bytes: [0; 48], len: 0 };
        let _ = fmt::Write::write_fmt(&mut written, text);
        written
    }
}

impl fmt::Write for Text {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        let end = self.len + piece.len();
        self.bytes.get_mut(self.len..end).ok_or(fmt::Error)?.copy_from_slice(piece.as_bytes());
        self.len = end;
        Ok(())
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(core::str::from_utf8(&self.bytes[..self.len]).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use core::alloc::Layout;
    use std::string::{String, ToString};
    use std::vec::Vec;

    use super::*;
    use crate::{Ledger, Region};

    #[test]
    fn bytes_are_written_as_a_person_would() {
        let written: [(usize, &str); 9] = [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1 KiB"),
            (1535, "1.4 KiB"),
            (1536, "1.5 KiB"),
            ((1 << 20) - 1, "1023.9 KiB"),
            (1 << 20, "1 MiB"),
            ((1 << 30) - 1, "1023.9 MiB"),
            (3 << 29, "1.5 GiB"),
        ];
        written.into_iter().for_each(|(bytes, text)| assert_eq!(Amount(bytes).to_string(), text));
        // As one, and to the right.
        assert_eq!(std::format!("{:>9}|", Amount(1536)), "  1.5 KiB|");
    }

    #[test]
    fn a_text_is_cut_at_a_piece_that_does_not_fit() {
        let [fits, long] = ["x".repeat(48), "x".repeat(49)];
        assert_eq!(Text::of(format_args!("{fits}")).to_string(), fits);
        assert_eq!(Text::of(format_args!("a{long}")).to_string(), "a");
    }

    /// The lines of a drawing, without addresses and frames.
    fn lines(drawing: &str) -> Vec<String> {
        let inside = |line: &str| Some(line.split('│').nth(1)?.split_whitespace().collect::<Vec<_>>().join(" "));
        drawing.lines().filter_map(inside).collect()
    }

    /// Claims of one owner that follow each other are one stretch; what is free lies between; a line at the end adds up.
    #[test]
    fn a_drawing_has_each_stretch_once() {
        let layout = Layout::from_size_align(1024 - GRAIN, 8).unwrap();
        let mut memory = Vec::<u8>::with_capacity(8192);
        let ledger = Ledger::new(Region::new(memory.spare_capacity_mut()));
        let [_a, _b, hole, _c] = ["one", "one", "two", "one"].map(|owner| ledger.claim(owner, layout).unwrap());
        drop(hole);
        let snapshot = ledger.snapshot();
        assert_eq!((snapshot.claimed_by("one"), snapshot.claimed_by("two")), (3072, 0));
        assert_eq!(snapshot.spans_from(snapshot.spans().nth(1).unwrap().base).count(), snapshot.spans().count() - 1);
        let drawing = snapshot.to_string();
        let drawn = lines(&drawing);
        assert_eq!(drawn[..3], ["one 2 spans 2 KiB", "(free) 1 KiB", "one 1 KiB"], "{drawing}");
        assert!(drawn[3].starts_with("(free) ") && drawn.len() == 4, "{drawing}");
        // Each stretch begins with a line that has its address, and one closes the last.
        let spans: Vec<_> = snapshot.spans().collect();
        let starts = [spans[0].base, spans[2].base, spans[3].base, spans[4].base, spans[4].base + spans[4].len];
        let addresses: Vec<_> = drawing.lines().filter_map(|line| line.split_once("  ").map(|(at, _)| at)).collect();
        let wanted: Vec<_> = starts.iter().map(|start| std::format!("{start:#0WIDTH$x}")).collect();
        assert_eq!(addresses.into_iter().filter(|at| !at.is_empty()).collect::<Vec<_>>(), wanted, "{drawing}");
        let last = drawing.lines().last().unwrap();
        assert!(last.starts_with("claimed 3 KiB, free ") && last.ends_with(" taken in 1 growth"), "{last}");
        assert!(last.contains("peak 4 KiB"), "{last}");
    }

    /// Where memory has names, each begins with its own.
    #[test]
    fn a_drawing_names_regions() {
        let mut memory = Vec::<u8>::with_capacity(20_000);
        let (first, second) = memory.spare_capacity_mut().split_at_mut(10_000);
        let rams = [crate::Ram::new("tcm", Region::new(first)), crate::Ram::new("sram", Region::new(second))];
        let ledger = Ledger::new(crate::Regions::new(rams));
        let sram = Ledger::within(&ledger, "sram", "buffers");
        let layout = Layout::from_size_align(1000, 8).unwrap();
        let _claims = [ledger.claim("one", layout).unwrap(), sram.claim("two", layout).unwrap()];
        let drawing = ledger.snapshot().to_string();
        let heads: Vec<_> = drawing.lines().filter(|line| line.contains("├─ ")).collect();
        assert!(heads.len() == 2 && heads[0].contains("├─ tcm ──") && heads[1].contains("├─ sram ──"), "{drawing}");
        assert!(heads.iter().all(|line| line.chars().count() == drawing.lines().next().unwrap().chars().count()));
        let (tcm, sram) = drawing.split_once("├─ sram").unwrap();
        assert!(tcm.contains(" one ") && sram.contains(" buffers ") && !tcm.contains(" buffers "), "{drawing}");
    }

    #[test]
    fn a_long_drawing_is_summed_up() {
        const OWNERS: [&str; 2] = ["one", "two"];
        let layout = Layout::from_size_align(64, 8).unwrap();
        let mut memory = Vec::<u8>::with_capacity(60 * (64 + 2 * GRAIN));
        let ledger = Ledger::new(Region::new(memory.spare_capacity_mut()));
        let mut claims = Vec::new();
        for drawn in 1..=STRETCHES + 3 {
            claims.push(ledger.claim(OWNERS[drawn % 2], layout).unwrap());
            // Each drawing takes Miri seconds: there the last one.
            if cfg!(miri) && drawn < STRETCHES + 3 {
                continue;
            }
            let lines = lines(&ledger.snapshot().to_string());
            // What is left is free, a stretch more.
            match (drawn + 1).checked_sub(STRETCHES).filter(|more| *more > 0) {
                None => assert_eq!(lines.len(), drawn + 1),
                Some(more) => {
                    assert_eq!(lines.len(), STRETCHES + 1);
                    assert_eq!(lines[STRETCHES], std::format!("… and {more} stretches more"));
                }
            }
        }
    }
}
