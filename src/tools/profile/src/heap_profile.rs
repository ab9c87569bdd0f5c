//! V8's `.heapprofile`: a tree of calls, as its sampling heap profiler writes it.

use std::collections::HashMap;

use serde::Serialize;

use crate::dhat::json;
use crate::frame::{Frame, Line};
use crate::profile::Profile;

/// The file.
#[derive(Serialize)]
struct File {
    head: Node,
    samples: Vec<Sample>,
}

/// A function, as called by those above it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Node {
    call_frame: CallFrame,
    /// Bytes that it has allocated itself.
    self_size: u64,
    id: usize,
    children: Vec<Node>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CallFrame {
    function_name: String,
    script_id: String,
    url: String,
    // Both from 0 on, and -1 if they are not known.
    line_number: i64,
    column_number: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Sample {
    size: u64,
    node_id: usize,
    ordinal: usize,
}

/// A node before it is written.
#[derive(Default)]
struct Branch<'a> {
    bytes: u64,
    // In the order in which they came.
    order: Vec<&'a Frame>,
    inner: HashMap<&'a Frame, Branch<'a>>,
}

impl<'a> Branch<'a> {
    fn enter(&mut self, frame: &'a Frame) -> &mut Branch<'a> {
        let order = &mut self.order;
        self.inner.entry(frame).or_insert_with(|| {
            order.push(frame);
            Branch::default()
        })
    }

    fn node(mut self, call_frame: CallFrame, samples: &mut Vec<Sample>, id: &mut usize) -> Node {
        *id += 1;
        let node_id = *id;
        if self.bytes > 0 {
            samples.push(Sample { size: self.bytes, node_id, ordinal: samples.len() + 1 });
        }
        let inner = self.order.iter().filter_map(|frame| Some((call_frame_of(frame), self.inner.remove(*frame)?)));
        let children = inner.map(|(frame, branch)| branch.node(frame, samples, id)).collect();
        Node { call_frame, self_size: self.bytes, id: node_id, children }
    }
}

fn call_frame_of(frame: &Frame) -> CallFrame {
    let at = |number: u32| i64::from(number) - 1;
    let (url, line_number, column_number) = match &frame.line {
        Some(Line { file, line, column }) => (file.clone(), at(*line), at(*column)),
        None => (String::new(), -1, -1),
    };
    CallFrame { function_name: frame.function.clone(), script_id: "0".into(), url, line_number, column_number }
}

impl Profile {
    /// V8's `.heapprofile`, for Chrome's DevTools, VS Code and speedscope: the bytes that each place has allocated.
    ///
    /// ```
    /// let profile = freehold_profile::Profile::default();
    /// assert!(profile.to_heap_profile().starts_with(r#"{"head":{"callFrame":{"functionName":"(root)","#));
    /// ```
    pub fn to_heap_profile(&self) -> String {
        let mut root = Branch::default();
        for place in &self.places {
            let last = place.frames.iter().rev().fold(&mut root, |branch, frame| branch.enter(frame));
            last.bytes += place.total.bytes;
        }
        let frame = Frame { address: 0, function: "(root)".into(), line: None };
        let mut samples = Vec::new();
        let head = root.node(call_frame_of(&frame), &mut samples, &mut 0);
        json(&File { head, samples })
    }
}
