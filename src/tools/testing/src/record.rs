//! What a thread has allocated and freed while it was watched, and by whom: for the profile of a check that fails.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::panic::Location;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::{env, fs, io};

use freehold_profile::{Frame, History, named, whose};

thread_local! {
    static LOG: RefCell<Log> = const { RefCell::new(Log { events: Vec::new(), places: BTreeMap::new() }) };
}

/// So many events are written down, at most: the rest is counted all the same.
const EVENTS: usize = 50_000;
/// So many frames of a stack.
const FRAMES: usize = 64;

struct Log {
    events: Vec<Event>,
    /// Stacks, each with its number.
    places: BTreeMap<Vec<usize>, usize>,
}

#[derive(Clone, Copy)]
enum Event {
    Came { block: usize, size: usize, place: usize },
    Went { block: usize },
}

/// From where on a closure's events are.
pub(crate) struct From(usize);

/// Does something with the log, unless the thread is ending and has none any more.
fn with<R>(f: impl FnOnce(&mut Log) -> R) -> Option<R> {
    LOG.try_with(|log| f(&mut log.borrow_mut())).ok()
}

impl Log {
    fn add(&mut self, event: Event) {
        if self.events.len() < EVENTS {
            self.events.push(event);
        }
    }
}

pub(crate) fn begin() -> From {
    From(with(|log| log.events.len()).unwrap_or(0))
}

/// A block came, from wherever the program is.
pub(crate) fn came(block: usize, size: usize) {
    with(|log| {
        if log.events.len() == EVENTS {
            return;
        }
        let mut stack = Vec::with_capacity(FRAMES);
        backtrace::trace(|frame| {
            stack.push(frame.ip().addr());
            stack.len() < FRAMES
        });
        let next = log.places.len();
        let place = *log.places.entry(stack).or_insert(next);
        log.add(Event::Came { block, size, place });
    });
}

pub(crate) fn went(block: usize) {
    with(|log| log.add(Event::Went { block }));
}

/// Forgets everything.
pub(crate) fn clear() {
    with(|log| *log = Log { events: Vec::new(), places: BTreeMap::new() });
}

/// What can be told of a closure, or of these blocks of its: lines to be added to a text. A profile is left behind.
pub(crate) fn tell(from: &From, of: &str, blocks: Option<&[usize]>, at: &Location<'_>) -> String {
    with(|log| log.tell(from, of, blocks, at)).unwrap_or_default()
}

impl Log {
    fn tell(&self, from: &From, of: &str, blocks: Option<&[usize]>, at: &Location<'_>) -> String {
        let mut events: Vec<Event> = self.events.get(from.0..).unwrap_or_default().to_vec();
        if let Some(blocks) = blocks {
            events = last_of(&events, blocks);
        }
        let mut stacks = vec![&[][..]; self.places.len()];
        self.places.iter().for_each(|(stack, number)| stacks[*number] = stack);
        let mut history = History::new(of);
        let (mut numbers, mut first) = (HashMap::new(), None);
        for event in events {
            match event {
                Event::Came { block, size, place } => {
                    let number = *numbers.entry(place).or_insert_with(|| {
                        let frames = of_interest(stacks[place].iter().flat_map(|address| named(*address)).collect());
                        first.get_or_insert_with(|| (size, frames.first().cloned()));
                        history.place(frames)
                    });
                    history.came(block, size as u64, number);
                }
                Event::Went { block } => history.went(block),
            }
        }
        let Some((size, frame)) = first else { return String::new() };
        let by = frame.map_or(String::new(), |Frame { function, line, .. }| match line {
            Some(at) => format!(", by {function} at {}:{}", at.file, at.line),
            None => format!(", by {function}"),
        });
        let all = if self.events.len() == EVENTS { " (not all of it: it is long)" } else { "" };
        match leave(&history.profile().to_dhat(), at) {
            Ok(path) => format!("\n  the first: {size} bytes{by}\n  a profile{all}: {}", path.display()),
            Err(error) => format!("\n  the first: {size} bytes{by}\n  no profile: {error}"),
        }
    }
}

/// The events by which these blocks came last.
fn last_of(events: &[Event], blocks: &[usize]) -> Vec<Event> {
    let came = |event: &&Event| matches!(event, Event::Came { block, .. } if blocks.contains(block));
    let mut last: HashMap<usize, usize> = HashMap::new();
    for (index, event) in events.iter().enumerate().filter(|(_, event)| came(event)) {
        if let Event::Came { block, .. } = event {
            last.insert(*block, index);
        }
    }
    let mut indices: Vec<_> = last.into_values().collect();
    indices.sort_unstable();
    indices.into_iter().map(|index| events[index]).collect()
}

/// Without the innermost frames, which are the allocator's and the collections', and the outermost, which run the closure.
fn of_interest(mut frames: Vec<Frame>) -> Vec<Frame> {
    frames = whose(frames);
    if let Some(end) = frames.iter().position(|frame| frame.is_of("freehold_testing")).filter(|end| *end > 0) {
        frames.truncate(end);
    }
    frames
}

/// Writes a profile down, beside the program, named after the line that checks.
fn leave(profile: &str, at: &Location<'_>) -> io::Result<PathBuf> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let beside = env::current_exe().ok().and_then(|program| Some(program.parent()?.to_owned()));
    let folder = beside.unwrap_or_else(env::temp_dir).join("profiles");
    let keep = |c: char| if c.is_alphanumeric() || ['.', '_'].contains(&c) { c } else { '-' };
    let file: String = at.file().chars().map(keep).collect();
    let path = folder.join(format!("{file}-{}.dhat.json", at.line()));
    let _one = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    fs::create_dir_all(&folder)?;
    fs::write(&path, profile)?;
    Ok(path)
}
