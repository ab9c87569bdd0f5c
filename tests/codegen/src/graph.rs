//! A function as a graph, and its loops.

use std::collections::{BTreeMap, BTreeSet};

/// Instructions by their place in the function.
pub type Nodes = BTreeSet<usize>;

/// Which instruction may follow which.
pub struct Graph {
    /// For each instruction, those that may follow it.
    pub next: Vec<Vec<usize>>,
    /// The calls.
    pub calls: Nodes,
}

/// An innermost loop.
pub struct Loop {
    /// The way around that makes no call; if there is none, the whole loop.
    pub hot: Nodes,
    /// Calls that are not on it.
    pub cold_calls: Nodes,
}

impl Graph {
    /// The innermost loops.
    pub fn innermost_loops(&self) -> Vec<Loop> {
        let loops = self.loops();
        let has_inner = |start: &usize, body: &Nodes| loops.keys().any(|other| other != start && body.contains(other));
        let innermost = loops.iter().filter(|(start, body)| !has_inner(start, body));
        innermost.map(|(start, body)| self.hot_way(*start, body)).collect()
    }

    fn hot_way(&self, start: usize, body: &Nodes) -> Loop {
        let without_call = |node: usize| body.contains(&node) && !self.calls.contains(&node);
        let onward = self.reach(start, without_call);
        let back = self.reaching(start, without_call);
        // The start alone is no way around.
        let way: Nodes = onward.intersection(&back).copied().collect();
        let hot = if way.len() > 1 { way } else { body.clone() };
        let cold_calls = body.intersection(&self.calls).filter(|call| !hot.contains(call)).copied().collect();
        Loop { hot, cold_calls }
    }

    /// The natural loops, by their starts.
    fn loops(&self) -> BTreeMap<usize, Nodes> {
        let mut loops = BTreeMap::<usize, Nodes>::new();
        let reachable = self.reach(0, |_| true);
        let steps = reachable.iter().flat_map(|from| self.next[*from].iter().map(move |to| (*from, *to)));
        for (from, start) in steps {
            // A step back to the start of a loop is one that can't be come to but through that start.
            if self.reach(0, |node| node != start).contains(&from) {
                continue;
            }
            let body = self.reaching(from, |node| node != start && reachable.contains(&node));
            loops.entry(start).or_default().extend(body.into_iter().chain([start]));
        }
        loops
    }

    /// What can be reached from `start` by steps inside `allowed`.
    fn reach(&self, start: usize, allowed: impl Fn(usize) -> bool) -> Nodes {
        walk(start, allowed, |node| self.next[node].clone())
    }

    /// What can reach `end` by steps inside `allowed`.
    fn reaching(&self, end: usize, allowed: impl Fn(usize) -> bool) -> Nodes {
        walk(end, allowed, |to| (0..self.next.len()).filter(|from| self.next[*from].contains(&to)).collect())
    }
}

fn walk(start: usize, allowed: impl Fn(usize) -> bool, next: impl Fn(usize) -> Vec<usize>) -> Nodes {
    let mut found = Nodes::new();
    let mut todo = vec![start];
    while let Some(node) = todo.pop() {
        if allowed(node) && found.insert(node) {
            todo.extend(next(node));
        }
    }
    found
}
