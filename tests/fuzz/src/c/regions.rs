//! Ledgers, and the regions that they are over.

use core::ops::Range;

use freehold_c::Code;
use freehold_suite::choices::Choices;

use super::{BAD, DONE, Kind, Program, Span, Stats, What, allowed, declared, stats};

/// So many regions there are.
const REGIONS: usize = 3;
/// From the start of one to the start of the next.
const EACH: usize = 64 << 10;
const SPARE: usize = 4096;
/// What lies in them while they are no ledger's.
const OURS: u8 = 0xb7;

/// Memory of the program's, in which ledgers are opened.
pub struct Regions {
    bytes: Box<[u8]>,
    used: [Option<Range<usize>>; REGIONS],
}

impl Regions {
    pub fn new() -> Regions {
        Regions { bytes: vec![OURS; REGIONS * EACH].into(), used: [const { None }; REGIONS] }
    }

    /// A region is the program's again.
    pub fn back(&mut self, region: usize) {
        let used = self.used[region].take().expect("a region that was a ledger's");
        self.bytes[used].fill(OURS);
    }

    /// Nobody has written to what is no ledger's.
    pub fn check(&self) {
        let taken = |at: usize| self.used.iter().flatten().any(|used| used.contains(&at));
        let strange = (0..self.bytes.len()).find(|at| self.bytes[*at] != OURS && !taken(*at));
        assert_eq!(strange, None, "somebody wrote there");
    }
}

impl Program<'_> {
    pub fn open_region(&mut self) {
        let region = self.choices.below(REGIONS as u32) as usize;
        let (offset, len) = (self.choices.below(200) as usize, self.choices.below((EACH - SPARE) as u32) as usize);
        let from = region * EACH + offset;
        let mut start = self.regions.bytes[from..].as_mut_ptr();
        let mut len = len;
        let mut says = [Code::Ok, Code::Exhausted].as_slice();
        match (self.choices.below(12), &self.regions.used[region]) {
            (0, _) => (start, says) = (core::ptr::null_mut(), BAD),
            (1, _) => (len, says) = (usize::MAX - self.choices.below(9) as usize, BAD),
            // All of it, or its start, which nobody was given.
            (_, Some(used)) => {
                let base = region * EACH;
                start = self.regions.bytes[base..].as_mut_ptr();
                len = used.start - base + 1 + len % used.len();
                says = &[Code::Overlap];
            }
            _ => {}
        }
        // SAFETY: the bytes are used by nobody else until the ledger is closed; or it is refused.
        let handle = self.handle(says, |error| unsafe { declared::freehold_ledger_over(start, len, error) });
        if let Some(handle) = handle {
            self.regions.used[region] = Some(from..from + len);
            self.opened(handle, What::Ledger { region: Some(region) });
        }
        self.regions.check();
    }

    pub fn close_ledger(&mut self) {
        let passed = self.pick(Kind::Ledger);
        let users = |ledger: usize| {
            self.things.iter().any(|thing| match &thing.what {
                What::Arena { ledger: used, .. } => thing.open && *used == ledger,
                What::Pool(pool) => thing.open && pool.ledger == ledger,
                _ => false,
            })
        };
        let is_busy = passed.1.is_ok_and(|ledger| ledger == 0 || users(ledger));
        let says = if is_busy { &[Code::StillOpen] } else { DONE };
        if self.status(allowed(&passed, says), |error| declared::freehold_ledger_close(passed.0, error)) {
            let ledger = passed.1.expect("a ledger");
            self.things[ledger].open = false;
            let What::Ledger { region: Some(region) } = self.things[ledger].what else { panic!("no region") };
            self.regions.back(region);
        }
    }

    /// Sums, spans and the map fit each other; no text is longer than its buffer.
    pub fn look(&mut self) {
        let passed = self.pick(Kind::Ledger);
        let is_null = self.choices.below(4) == 0;
        let says = allowed(&passed, if is_null { BAD } else { DONE });
        let mut now = Stats::default();
        self.status(says, |error| declared::freehold_ledger_stats(passed.0, (!is_null).then_some(&mut now), error));

        let mut span = Span { start: 0, length: 0, owner: [0; 32] };
        let (mut claimed, mut free) = (0, 0);
        loop {
            let place = (!is_null).then_some(&mut span);
            let (done, found) = self.call(says, |error| declared::freehold_ledger_next(passed.0, place, error));
            assert!(found == 0 || done && found == 1);
            if found == 0 {
                break;
            }
            *if span.owner[0] == 0 { &mut free } else { &mut claimed } += span.length;
        }
        if passed.1.is_ok() && !is_null {
            assert_eq!((claimed, free), (stats(passed.0).claimed, stats(passed.0).free));
        }

        let size = self.choices.below(300) as usize;
        let mut buffer = [OURS; 400];
        let text = if is_null { core::ptr::null_mut() } else { buffer.as_mut_ptr() };
        let says = allowed(&passed, if is_null && size > 0 { BAD } else { DONE });
        // SAFETY: the buffer is longer than is said, or null, which is refused.
        let draw = |error: &mut _| unsafe { declared::freehold_ledger_draw(passed.0, text, size, error) };
        let (done, len) = self.call(says, draw);
        assert_eq!(done, len > 0);
        assert!(buffer[size..].iter().all(|byte| *byte == OURS), "more than the buffer was written to");
        assert!(!done || is_null || size == 0 || buffer[..size].contains(&0));
        let code = self.number() as i32 % 40;
        assert!(!declared::freehold_text(code).is_null());
    }
}
