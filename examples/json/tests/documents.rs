//! Both sides agree, on documents that are easy to get wrong, and both refuse what is none.

use freehold::Arena;
use freehold_json_demo::node::Tally;
use freehold_json_demo::{Node, parse};
use serde_json::Value;

/// Parses on both sides, compares, and hands the tree to `look`.
#[track_caller]
fn with<T>(text: &str, look: impl FnOnce(Node<'_>) -> T) -> T {
    let (mut tree, mut scratch) = (Arena::new(), Arena::new());
    let scope = tree.scope();
    let node = parse(text, &scope, &scratch.scope()).unwrap();
    let value: Value = serde_json::from_str(text).unwrap();
    assert!(node.same(&value), "{node:?}\nis not\n{value:?}");
    assert_eq!(Tally::of(&node, text).nodes, nodes(&value));
    look(node)
}

#[track_caller]
fn agrees(text: &str) {
    with(text, |_| ());
}

fn nodes(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(nodes).sum(),
        Value::Object(entries) => entries.values().map(nodes).sum(),
        _ => 0,
    }
}

/// What both sides say of a bad document; they must say the same.
#[track_caller]
fn refusal(text: &str) -> String {
    let (mut tree, mut scratch) = (Arena::new(), Arena::new());
    let error = parse(text, &tree.scope(), &scratch.scope()).unwrap_err();
    assert!(!error.is_data());
    assert_eq!(error.to_string(), serde_json::from_str::<Value>(text).unwrap_err().to_string());
    error.to_string()
}

fn nested(levels: usize) -> String {
    "[".repeat(levels) + &"]".repeat(levels)
}

#[test]
fn scalars_and_empty_containers() {
    for text in ["null", " true ", "false", "0", r#""""#, "[]", "{}", "[[],{},[{}]]", r#"{"":{"":[]}}"#, "\n[ ]\t"] {
        agrees(text);
    }
}

#[test]
fn numbers_keep_their_form() {
    agrees("[0, -0, -1, 1e0, 1.0, -0.0, 0.1, 1e-400, 123456789012345678901234567890, 2.2250738585072014e-308]");
    agrees("[9223372036854775807, 9223372036854775808, 18446744073709551615, 18446744073709551616]");
    agrees("[-9223372036854775808, -9223372036854775809, 1.7976931348623157e308, 5e-324]");
}

#[test]
fn numbers_of_another_form_are_not_the_same() {
    let (mut tree, mut scratch) = (Arena::new(), Arena::new());
    let scope = tree.scope();
    let other: Value = serde_json::from_str("[1.0, -0.0, 2, 1]").unwrap();
    let node = parse("[1, 0.0, 2, 1]", &scope, &scratch.scope()).unwrap();
    let (Node::Array(items), Value::Array(others)) = (node, other) else { panic!() };
    let same: Vec<bool> = items.iter().zip(&others).map(|(node, value)| node.same(value)).collect();
    assert_eq!(same, [false, false, true, true]);
}

#[test]
fn strings_are_unescaped_into_the_arena_and_others_stay_in_the_input() {
    let text = r#"["plain", "\"\\\/\b\f\n\r\t", "\u0000\u00e9\u20AC", "\uD834\uDD1E", "é€𝄞", "tail\n"]"#;
    with(text, |node| {
        let Node::Array(items) = node else { panic!() };
        let strings: Vec<&str> =
            items.iter().map(|item| if let Node::Str(text) = item { *text } else { panic!() }).collect();
        assert_eq!(strings, ["plain", "\"\\/\u{8}\u{c}\n\r\t", "\0é€", "𝄞", "é€𝄞", "tail\n"]);
        let input = text.as_bytes().as_ptr_range();
        let borrowed: Vec<bool> = strings.iter().map(|string| input.contains(&string.as_ptr())).collect();
        assert_eq!(borrowed, [true, false, false, false, true, false]);
    });
}

#[test]
fn of_equal_keys_the_last_counts() {
    let text = r#"{"b": 1, "a": [1], "b": {"x": 2}, "\u0061": "last", "c": 3, "b": null}"#;
    with(text, |node| {
        let Node::Object(entries) = node else { panic!() };
        assert_eq!(entries.iter().map(|(key, _)| *key).collect::<Vec<_>>(), ["a", "b", "c"]);
        assert_eq!(node.get("a"), Some(&Node::Str("last")));
        assert_eq!(node.get("b"), Some(&Node::Null));
        assert_eq!(node.get("d"), None);
    });
    agrees(r#"{"k":1,"k":2}"#);
    agrees(r#"{"k":{"k":1,"j":2,"k":3},"k":{"k":4,"k":5}}"#);
}

#[test]
fn a_large_object_of_many_equal_keys() {
    let keys = (0..5_000).map(|n| format!("\"{}\":{n}", n * 7919 % 1_000)).collect::<Vec<_>>();
    let text = format!("{{{}}}", keys.join(","));
    with(&text, |node| {
        let Node::Object(entries) = node else { panic!() };
        assert_eq!(entries.len(), 1_000);
        assert!(entries.is_sorted_by(|a, b| a.0 < b.0));
    });
}

#[test]
fn children_of_all_levels_share_the_stacks() {
    agrees(r#"[1, [2, [3, {"a": [4, {"b": 5, "c": [6]}], "d": 7}], 8], {"e": [], "f": {"g": [9, 10]}}, 11]"#);
    let wide = format!("[{}]", (0..10_000).map(|n| format!("[{n},{{\"k{n}\":[{n}]}}]")).collect::<Vec<_>>().join(","));
    agrees(&wide);
}

#[test]
fn nesting_up_to_the_limit() {
    agrees(&nested(127));
    agrees(&format!("{}1{}", r#"{"k":"#.repeat(127), "}".repeat(127)));
    assert_eq!(refusal(&nested(128)), "recursion limit exceeded at line 1 column 128");
    assert!(refusal(&"[".repeat(1_000_000)).starts_with("recursion limit exceeded"));
}

#[test]
fn bad_documents_are_refused_with_their_place() {
    assert_eq!(refusal(""), "EOF while parsing a value at line 1 column 0");
    assert_eq!(refusal("[1,\n 2"), "EOF while parsing a list at line 2 column 2");
    assert_eq!(refusal("{\"a\": 1,\n\"b\" 2}"), "expected `:` at line 2 column 5");
    assert_eq!(refusal("[] []"), "trailing characters at line 1 column 4");
    for text in
        ["[1,]", "{,}", "nul", "01", "+1", "1e999", "'a'", r#""\x""#, r#""\ud834""#, "\"\n\"", "{1:2}", "\u{feff}[]"]
    {
        refusal(text);
    }
}

#[test]
fn other_trees_are_not_the_same() {
    let (mut tree, mut scratch) = (Arena::new(), Arena::new());
    let scope = tree.scope();
    let node = parse(r#"{"a":[1,"x",true,null],"b":{}}"#, &scope, &scratch.scope()).unwrap();
    for other in [
        r#"{"a":[1,"x",true,null]}"#,
        r#"{"a":[1,"x",true,null],"c":{}}"#,
        r#"{"a":[1,"x",true],"b":{}}"#,
        r#"{"a":[1,"y",true,null],"b":{}}"#,
        r#"{"a":[1,"x",false,null],"b":{}}"#,
        r#"{"a":[1,"x",true,null],"b":[]}"#,
        "null",
    ] {
        assert!(!node.same(&serde_json::from_str(other).unwrap()), "{other}");
    }
}

#[test]
fn a_tree_takes_the_bytes_it_is_said_to_take() {
    let text = r#"[[1,2,3],{"a":"b","c\n":"twelve bytes"},[]]"#;
    with(text, |node| {
        let node_size = size_of::<Node<'_>>();
        let entry_size = size_of::<freehold_json_demo::Entry<'_>>();
        let expected = Tally { nodes: 9, bytes: 6 * node_size + 2 * entry_size + 8 };
        assert_eq!(Tally::of(&node, text), expected);
    });
}
