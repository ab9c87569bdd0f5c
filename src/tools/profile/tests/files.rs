//! What is in the files.

use freehold_profile::{Frame, History, Line, Profile, by_address};
use serde_json::{Value, json};

fn frame(address: u64, function: &str, line: u32) -> Frame {
    let line = (line > 0).then(|| Line { file: "src/lib.rs".into(), line, column: 9 });
    Frame { address, function: function.into(), line }
}

/// Two places, of which one leaks.
fn profile() -> Profile {
    let mut history = History::new("a test");
    let main = frame(0x10, "main", 3);
    let leaks = history.place(vec![frame(0x30, "leaks", 7), main.clone()]);
    let frees = history.place(vec![frame(0x20, "frees", 0), main]);
    history.came(1, 10, leaks);
    history.came(2, 100, frees);
    history.came(3, 30, leaks);
    history.went(2);
    history.went(77);
    history.came(2, 50, frees);
    history.went(2);
    history.came(4, 5, leaks);
    history.profile()
}

#[test]
fn dhat_has_all_of_it() {
    let dhat: Value = serde_json::from_str(&profile().to_dhat()).expect("JSON");
    let mut expected = json!({
        "dhatFileVersion": 2, "mode": "rust-heap", "verb": "Allocated", "bklt": true, "bkacc": false,
        "tu": "allocations", "Mtu": "Mallocations", "tuth": 10, "cmd": "a test", "te": 5, "tg": 3,
        "ftbl": ["[root]", "0x30: leaks (src/lib.rs:7:9)", "0x10: main (src/lib.rs:3:9)", "0x20: frees (in ???)"],
        "pps": [
            { "tb": 45, "tbk": 3, "tl": 4 + 2, "mb": 45, "mbk": 3, "gb": 40, "gbk": 2, "eb": 45, "ebk": 3, "fs": [1, 2] },
            { "tb": 150, "tbk": 2, "tl": 1, "mb": 100, "mbk": 1, "gb": 100, "gbk": 1, "eb": 0, "ebk": 0, "fs": [3, 2] },
        ],
    });
    expected["pid"] = dhat["pid"].clone();
    assert_eq!(dhat, expected);
}

#[test]
fn a_heap_profile_is_a_tree() {
    let file: Value = serde_json::from_str(&profile().to_heap_profile()).expect("JSON");
    let node = |name: &str, at: [i64; 2], url: &str, size: u64, id: u64, children: Vec<Value>| {
        let frame = json!({
            "functionName": name, "scriptId": "0", "url": url, "lineNumber": at[0], "columnNumber": at[1],
        });
        json!({ "callFrame": frame, "selfSize": size, "id": id, "children": children })
    };
    // Lines and columns count from 0 there.
    let leaks = node("leaks", [6, 8], "src/lib.rs", 45, 3, vec![]);
    let frees = node("frees", [-1, -1], "", 150, 4, vec![]);
    let main = node("main", [2, 8], "src/lib.rs", 0, 2, vec![leaks, frees]);
    let head = node("(root)", [-1, -1], "", 0, 1, vec![main]);
    let samples = json!([{ "size": 45, "nodeId": 3, "ordinal": 1 }, { "size": 150, "nodeId": 4, "ordinal": 2 }]);
    assert_eq!(file, json!({ "head": head, "samples": samples }));
}

#[test]
fn a_block_whose_end_was_not_seen_has_ended() {
    let mut history = History::new("");
    let place = history.place(by_address(1));
    history.came(1, 10, place);
    history.came(1, 20, place);
    let found = &history.profile().places[0];
    assert_eq!((found.total.bytes, found.at_end.bytes, found.most.bytes, found.at_end.blocks), (30, 20, 20, 1));
}

#[test]
fn what_is_of_no_known_place_is_there() {
    let mut history = History::new("");
    let nowhere = history.place(Vec::new());
    history.came(1, 10, nowhere);
    let profile = history.profile();
    assert!(profile.to_dhat().contains(r#""ftbl":["[root]","an unknown place"]"#));
    assert!(profile.to_heap_profile().contains(r#""selfSize":10"#));
}
