//! What JavaScript calls. Numbers only: a text lies in memory at `text_ptr()` and is `text_len()` bytes long.
//!
//! A call that can fail returns 0, or the code of a [`Problem`], whose text can then be read. `run.mjs` shows the order:
//! `input`, write the bytes, `open`, then `turn` and `took` for as long as `next` says so, then `report`.

use std::cell::RefCell;

use crate::input::Input;
use crate::rounds::Side;
use crate::{Problem, Session};

// Who made memory grow, for `run.mjs`.
#[cfg(target_family = "wasm")]
freehold::javascript!();

#[derive(Default)]
struct State {
    input: Option<Input>,
    session: Option<Session>,
    text: String,
}

thread_local! {
    static STATE: RefCell<State> = RefCell::default();
}

/// Runs `work` and turns its problem into a code and a text.
fn call(work: impl FnOnce(&mut State) -> Result<(), Problem>) -> i32 {
    STATE.with_borrow_mut(|state| match work(state) {
        Ok(()) => 0,
        Err(Problem { code, text }) => {
            state.text = text;
            i32::from(code)
        }
    })
}

fn session(state: &mut State) -> Result<&mut Session, Problem> {
    state.session.as_mut().ok_or_else(|| Problem::new(Problem::FAILED, "no document is open"))
}

/// Claims room for a document of `len` bytes. `input_ptr` says where.
#[unsafe(no_mangle)]
extern "C" fn input(len: usize) -> i32 {
    call(|state| {
        *state = State::default();
        state.input = Some(Input::new(len)?);
        Ok(())
    })
}

/// Where the host is to write the document.
#[unsafe(no_mangle)]
extern "C" fn input_ptr() -> usize {
    STATE.with_borrow(|state| state.input.as_ref().map_or(0, |input| input.as_ptr().as_ptr().expose_provenance()))
}

/// Takes the input, parses it on both sides and compares.
#[unsafe(no_mangle)]
extern "C" fn open(seconds: f64) -> i32 {
    call(|state| {
        let input = state.input.take().ok_or_else(|| Problem::new(Problem::FAILED, "there is no input"))?;
        state.session = Some(Session::open(input, seconds)?);
        Ok(())
    })
}

/// Whose turn it is: 1 the arena's, 2 `Value`'s, 0 nobody's any more.
#[unsafe(no_mangle)]
extern "C" fn next() -> i32 {
    STATE.with_borrow(|state| match state.session.as_ref().and_then(Session::next) {
        Some(Side::Arena) => 1,
        Some(Side::Value) => 2,
        None => 0,
    })
}

/// Runs that turn: some number of documents.
#[unsafe(no_mangle)]
extern "C" fn turn() -> i32 {
    call(|state| session(state)?.turn())
}

/// Tells how many milliseconds it took.
#[unsafe(no_mangle)]
extern "C" fn took(milliseconds: f64) -> i32 {
    call(|state| {
        session(state)?.took(milliseconds);
        Ok(())
    })
}

/// Writes the report into the text, for good or bad.
#[unsafe(no_mangle)]
extern "C" fn report() -> i32 {
    call(|state| {
        let text = session(state)?.report().to_string();
        state.text = text;
        Ok(())
    })
}

/// Whether the arena kept its promise not to grow memory after the first document.
#[unsafe(no_mangle)]
extern "C" fn verdict() -> i32 {
    call(|state| session(state)?.verdict())
}

/// Where the last text lies.
#[unsafe(no_mangle)]
extern "C" fn text_ptr() -> usize {
    STATE.with_borrow(|state| state.text.as_ptr().expose_provenance())
}

/// Its bytes, in UTF-8.
#[unsafe(no_mangle)]
extern "C" fn text_len() -> usize {
    STATE.with_borrow(|state| state.text.len())
}
