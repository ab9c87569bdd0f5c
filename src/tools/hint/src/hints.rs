//! Which branches of a function have one cold side.

use crate::graph::{Branch, Kind, Node};

/// A hint.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Hint {
    /// Where the branch is, as in [`Node::offset`].
    pub offset: u32,
    /// Which instruction it is.
    pub branch: Branch,
    /// Whether its condition is likely to hold.
    pub likely: bool,
}

/// What lies ahead of an instruction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Ahead {
    /// There is a way that neither calls a cold function nor ends in a trap, as far as is known.
    Warm,
    /// Each way calls a cold function or ends in a trap, and one does the former.
    Cold,
    /// Each way ends in a trap. Nothing is said for that: engines know it by themselves.
    Trap,
}

/// The hints of a function.
pub fn of(nodes: &[Node], is_cold: impl Fn(u32) -> bool) -> Vec<Hint> {
    let calls_cold = |node: &Node| matches!(node.kind, Kind::Call(function) if is_cold(function));
    // Most functions call none.
    if !nodes.iter().any(calls_cold) {
        return Vec::new();
    }
    let ahead = look_ahead(nodes, calls_cold);
    let reached = reached(nodes);
    let hint = |(node, reached): (&Node, bool)| {
        let (Kind::Branch(branch), true) = (node.kind, reached) else { return None };
        let [on, further] = node.next[..] else { return None };
        let goes_further = match (ahead[on], ahead[further]) {
            (Ahead::Cold, Ahead::Warm) => true,
            (Ahead::Warm, Ahead::Cold) => false,
            _ => return None,
        };
        Some(Hint { offset: node.offset, branch, likely: goes_further == (branch == Branch::BrIf) })
    };
    nodes.iter().zip(reached).filter_map(hint).collect()
}

/// From the cold calls and the traps backwards: what is known of all that follow an instruction is known of itself. Around a loop
/// that nothing ends nothing is known.
fn look_ahead(nodes: &[Node], calls_cold: impl Fn(&Node) -> bool) -> Vec<Ahead> {
    let mut before = vec![Vec::new(); nodes.len()];
    for (at, node) in nodes.iter().enumerate() {
        node.next.iter().for_each(|next| before[*next].push(at));
    }
    let mut ahead = vec![Ahead::Warm; nodes.len()];
    let mut unknown: Vec<usize> = nodes.iter().map(|node| node.next.len()).collect();
    let mut todo = Vec::new();
    for (at, node) in nodes.iter().enumerate() {
        if calls_cold(node) {
            ahead[at] = Ahead::Cold;
            todo.push(at);
        } else if node.next.is_empty() && node.kind == Kind::Other {
            ahead[at] = Ahead::Trap;
            todo.push(at);
        }
    }
    while let Some(known) = todo.pop() {
        for &at in &before[known] {
            unknown[at] -= 1;
            if unknown[at] == 0 && ahead[at] == Ahead::Warm {
                let some_cold = nodes[at].next.iter().any(|next| ahead[*next] == Ahead::Cold);
                ahead[at] = if some_cold { Ahead::Cold } else { Ahead::Trap };
                todo.push(at);
            }
        }
    }
    ahead
}

/// Which instructions are ever come to.
fn reached(nodes: &[Node]) -> Vec<bool> {
    let mut reached = vec![false; nodes.len()];
    let mut todo = vec![0];
    while let Some(at) = todo.pop() {
        if !std::mem::replace(&mut reached[at], true) {
            todo.extend(nodes[at].next.iter().chain(&nodes[at].caught));
        }
    }
    reached
}
