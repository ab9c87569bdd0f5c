//! The whole run, as the native program and the module do it. One test: the ledger and its growths are the process's.

use freehold::ledger;
use freehold_json_demo::input::Input;
use freehold_json_demo::{Problem, Session};

fn open(bytes: &[u8]) -> Result<Session, Problem> {
    let mut input = Input::new(bytes.len())?;
    input.bytes_mut().copy_from_slice(bytes);
    Session::open(input, 0.01)
}

/// Whether nobody has a claim any more, but for the program's allocator.
fn nothing_of_ours() -> bool {
    ledger().snapshot().spans().all(|span| matches!(span.owner, None | Some("heap")))
}

#[test]
fn a_session() {
    let record = r#"{"name":"a\tb","tags":["x","y",{"deep":[1,2.5,-3]}],"on":true,"name":null}"#;
    let document = format!("[{}]", vec![record; 2_000].join(",\n"));
    let mut session = open(document.as_bytes()).unwrap();
    let mut turns = 0;
    while session.next().is_some() {
        let start = std::time::Instant::now();
        session.turn().unwrap();
        session.took(start.elapsed().as_secs_f64() * 1e3);
        turns += 1;
    }
    assert!(turns >= 6 && turns % 2 == 0);
    session.verdict().unwrap();
    let report = session.report().to_string();
    for part in
        ["both results are equal", "none in the", "× the speed", "json tree", "json scratch", "input", "memory map"]
    {
        assert!(report.contains(part), "no {part:?} in\n{report}");
    }
    drop(session);
    assert!(nothing_of_ours());

    for (bytes, code, says) in [
        (&b""[..], Problem::DOCUMENT, "the file is empty"),
        (b"[1,\n2,]", Problem::DOCUMENT, "cannot be parsed as JSON: trailing comma at line 2 column 3"),
        (b"[\"a\",\n\"\xff\"]", Problem::DOCUMENT, "not valid UTF-8: byte 0xff at line 2 column 2, offset 7"),
        (b"[\"\xf0\x9f", Problem::DOCUMENT, "not valid UTF-8: byte 0xf0 at line 1 column 3, offset 2"),
    ] {
        let problem = open(bytes).err().unwrap();
        assert_eq!((problem.code, problem.text.as_str()), (code, says));
    }
    assert!(nothing_of_ours());
}
