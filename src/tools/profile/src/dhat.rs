//! DHAT's JSON, version 2, as `dhat/dh_main.c` of valgrind's source has it.

use std::collections::HashMap;

use serde::Serialize;

use crate::frame::{Frame, Line};
use crate::profile::{Place, Profile};

/// The fields have their names from there.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Dhat<'a> {
    dhat_file_version: u32,
    mode: &'a str,
    verb: &'a str,
    /// Lifetimes are known.
    bklt: bool,
    /// Accesses are not.
    bkacc: bool,
    tu: &'a str,
    #[serde(rename = "Mtu")]
    million: &'a str,
    /// Who lives shorter is short-lived.
    tuth: u64,
    cmd: &'a str,
    pid: u32,
    tg: u64,
    te: u64,
    pps: Vec<Point>,
    ftbl: Vec<String>,
}

/// A place: a "program point".
#[derive(Serialize)]
struct Point {
    tb: u64,
    tbk: u64,
    tl: u64,
    mb: u64,
    mbk: u64,
    gb: u64,
    gbk: u64,
    eb: u64,
    ebk: u64,
    fs: Vec<usize>,
}

/// The frames, each once.
struct Frames {
    numbers: HashMap<String, usize>,
    texts: Vec<String>,
}

impl Frames {
    fn number(&mut self, text: String) -> usize {
        let texts = &mut self.texts;
        *self.numbers.entry(text).or_insert_with_key(|text| {
            texts.push(text.clone());
            texts.len() - 1
        })
    }

    /// As viewers take them apart.
    fn of(&mut self, frame: &Frame) -> usize {
        let Frame { address, function, line } = frame;
        self.number(match line {
            Some(Line { file, line, column }) => format!("{address:#x}: {function} ({file}:{line}:{column})"),
            // As valgrind has it, but for the object. Without, the Firefox profiler takes all of it for the function's name.
            None => format!("{address:#x}: {function} (in ???)"),
        })
    }
}

impl Profile {
    /// DHAT's JSON, for `dh_view.html` and the Firefox profiler. Time is in allocations.
    ///
    /// ```
    /// let profile = freehold_profile::Profile { verb: "Allocated".into(), ..Default::default() };
    /// assert!(profile.to_dhat().starts_with(r#"{"dhatFileVersion":2,"#));
    /// ```
    pub fn to_dhat(&self) -> String {
        let root = "[root]".to_owned();
        let mut frames = Frames { numbers: HashMap::new(), texts: vec![root] };
        let mut point = |place: &Place| {
            let mut fs: Vec<_> = place.frames.iter().map(|frame| frames.of(frame)).collect();
            if fs.is_empty() {
                fs.push(frames.number("an unknown place".to_owned()));
            }
            let Place { total, most, at_peak, at_end, lifetimes, .. } = place;
            Point {
                tb: total.bytes,
                tbk: total.blocks,
                tl: *lifetimes,
                mb: most.bytes,
                mbk: most.blocks,
                gb: at_peak.bytes,
                gbk: at_peak.blocks,
                eb: at_end.bytes,
                ebk: at_end.blocks,
                fs,
            }
        };
        let pps = self.places.iter().map(&mut point).collect();
        let dhat = Dhat {
            dhat_file_version: 2,
            mode: "rust-heap",
            verb: &self.verb,
            bklt: true,
            bkacc: false,
            tu: "allocations",
            million: "Mallocations",
            tuth: 10,
            cmd: &self.of,
            // There are no processes in a page.
            pid: if cfg!(target_family = "wasm") { 0 } else { std::process::id() },
            tg: self.peak,
            te: self.end,
            pps,
            ftbl: frames.texts,
        };
        json(&dhat)
    }
}

/// Nothing in it can't be written: keys are texts, and there are no floats.
pub(crate) fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("texts and numbers")
}
