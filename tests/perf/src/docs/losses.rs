//! The rows in which a peer is clearly better: the first thing that the page says.

use std::fmt::Write;

use super::reasons::why;
use crate::kind::{Kind, Platform};
use crate::report::{Contender, Pages, Programs, Report, Row, Run};
use crate::table::{MARGIN, figures, loses, whole};
use crate::whole::TITLE as WHOLE;

/// All of them, each with its places and, where it is known, its reason.
pub fn section(report: &Report) -> String {
    let mut text = format!(
        "\n## Where freehold loses\n\nRows in which a peer is more than {:.0} % better, and who that is.\n\n",
        (MARGIN - 1.0) * 100.0
    );
    let before = text.len();
    for row in &report.rows {
        for platform in [Platform::Native, Platform::Wasm] {
            for ours in &row.contenders {
                text += &of_row(report, row, ours, platform).unwrap_or_default();
            }
        }
    }
    for row in &report.rows {
        for ours in row.contenders.iter().filter(|contender| contender.kind == Kind::Ours) {
            text += &of_pages(row, ours).unwrap_or_default();
        }
    }
    for program in &report.programs {
        for ours in program.runs.iter().filter(|run| run.kind == Kind::Ours) {
            text += &of_program(program, ours).unwrap_or_default();
        }
    }
    if text.len() == before {
        text += "There is no such row in this run.\n";
    }
    text
}

/// A line, if it loses at any place of a platform.
fn of_row(report: &Report, row: &Row, ours: &Contender, platform: Platform) -> Option<String> {
    let places = report.places.iter().filter(|on| on.platform == platform && loses(row, ours, on));
    let losses: Vec<String> = places
        .filter_map(|on| {
            let ((peer, theirs), mine) = (row.best(Kind::Peer, on)?, ours.ratio(on)?);
            Some(format!("{} {} ({} {})", on.name, figures(mine), peer.name, figures(theirs)))
        })
        .collect();
    line(&row.group, &row.name, &ours.name, platform, &losses)
}

/// A line, if the row takes more of a module's memory than with a peer, or more is resident natively, once or when it is repeated.
fn of_pages(row: &Row, ours: &Contender) -> Option<String> {
    type Measure = (&'static str, Platform, fn(&Pages) -> f64);
    const MEASURES: [Measure; 4] = [
        ("pages", Platform::Wasm, |pages| pages.added),
        ("pages of repeated work", Platform::Wasm, |pages| pages.often),
        ("resident", Platform::Native, |pages| pages.added),
        ("resident of repeated work", Platform::Native, |pages| pages.often),
    ];
    let losses = MEASURES.into_iter().filter_map(|(name, on, of)| {
        let pages = |who: &Contender| who.pages.get(&on).map(of);
        let peers = row.contenders.iter().filter(|peer| peer.kind == Kind::Peer);
        let best = peers.filter_map(|peer| Some((peer, pages(peer)?))).min_by(|a, b| a.1.total_cmp(&b.1));
        let ((peer, theirs), mine) = (best?, pages(ours)?);
        let numbers = [mine, theirs].map(whole);
        (mine > theirs * MARGIN).then(|| format!("{name} {} ({} {})", numbers[0], peer.name, numbers[1]))
    });
    let losses: Vec<String> = losses.collect();
    (!losses.is_empty()).then(|| format!("- {}, {}: {}: {}.\n", row.group, row.name, ours.name, losses.join(", ")))
}

/// A line, if a peer takes less time, processor time or memory.
fn of_program(program: &Programs, ours: &Run) -> Option<String> {
    type Measure = (&'static str, fn(&Run) -> f64);
    const MEASURES: [Measure; 3] = [
        ("seconds", |run| run.seconds),
        ("processor seconds", |run| run.user + run.system),
        ("MiB at most", |run| run.peak),
    ];
    let losses = MEASURES.into_iter().filter_map(|(name, of)| {
        let peers = program.runs.iter().filter(|run| run.kind == Kind::Peer);
        let best = peers.min_by(|a, b| of(a).total_cmp(&of(b)))?;
        let (mine, theirs) = (of(ours), of(best));
        (mine > theirs * MARGIN).then(|| format!("{name} {} ({} {})", figures(mine), best.name, figures(theirs)))
    });
    line(WHOLE, &program.name, &ours.name, Platform::Native, &losses.collect::<Vec<_>>())
}

fn line(group: &str, row: &str, ours: &str, on: Platform, losses: &[String]) -> Option<String> {
    if losses.is_empty() {
        return None;
    }
    let mut text = format!("- {group}, {row}: {ours}: {}.", losses.join(", "));
    if let Some(why) = why(group, row, on) {
        let _ = write!(text, " Why: {why}.");
    }
    Some(text + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::Place;
    use crate::machine::Machine;
    use crate::report::Speed;
    use crate::statistics::Quartiles;
    use crate::worker::{Listed, Nature};

    #[test]
    fn a_row_is_listed_where_it_loses() {
        let machine = Machine {
            processor: String::new(),
            cores: 1,
            system: String::new(),
            rust: String::new(),
            crates: Vec::new(),
        };
        let mut report = Report::new(machine, false);
        let place = |name: &str, platform| Place { name: name.to_owned(), platform };
        report.places =
            vec![place("native", Platform::Native), place("node 20", Platform::Wasm), place("bun", Platform::Wasm)];
        let contenders = [("limit", Kind::Limit), ("freehold Scope", Kind::Ours), ("bumpalo", Kind::Peer)];
        let listed = Listed {
            number: 0,
            group: "Scopes".to_owned(),
            name: "1,000 u8".to_owned(),
            operations: 1.0,
            counted: 0.0,
            bytes: 0.0,
            nature: Nature::Plain,
            contenders: contenders.map(|(name, kind)| (name.to_owned(), kind)).into(),
        };
        let ratios = [("native", 1.0, 1.04), ("node 20", 2.0, 1.5), ("bun", 1.5, 1.6)];
        for (place, ours, peer) in ratios {
            for (name, ratio) in [("limit", 1.0), ("freehold Scope", ours), ("bumpalo", peer)] {
                let speed = Speed { nanoseconds: ratio, ratio: Quartiles::of(&[ratio]) };
                report.row(&listed).contender(name).speeds.insert(place.to_owned(), speed);
            }
        }
        let pages = |often| Pages { before: 0.0, added: 10.0, often };
        for (name, often) in [("freehold Scope", 12.0), ("bumpalo", 10.0)] {
            report.row(&listed).contender(name).pages.insert(Platform::Wasm, pages(often));
        }
        let text = section(&report);
        let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("- ")).collect();
        let [speed, pages] = lines[..] else { panic!("{text}") };
        assert!(speed.starts_with("- Scopes, 1,000 u8: freehold Scope: node 20 2.00 (bumpalo 1.50). Why: "), "{speed}");
        assert_eq!(pages, "- Scopes, 1,000 u8: freehold Scope: pages of repeated work 12 (bumpalo 10).");
    }
}
