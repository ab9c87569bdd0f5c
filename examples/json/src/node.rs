//! The tree: what `serde_json::Value` is, made of references.

use std::ops::Range;

use serde_json::Value;

/// A JSON value in an arena. It is `Copy` and drops nothing: the end of its scope is the end of the whole tree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Node<'s> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, in the form that `serde_json::Number` gives it.
    Number(Number),
    /// A string: in the input itself, or in the arena if it had to be unescaped.
    Str(&'s str),
    /// An array.
    Array(&'s [Node<'s>]),
    /// An object: sorted by key, each key once. See [`Node::get`].
    Object(&'s [Entry<'s>]),
}

/// A key and its value.
pub type Entry<'s> = (&'s str, Node<'s>);

/// The three forms of a number that serde_json tells apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// A whole number from 0 to `u64::MAX`.
    Unsigned(u64),
    /// A whole number from `i64::MIN` to -1.
    Negative(i64),
    /// Everything else. JSON can't write a NaN nor an infinity.
    Float(f64),
}

impl<'s> Node<'s> {
    /// The value under `key`, if this is an object that has it: a binary search.
    pub fn get(&self, key: &str) -> Option<&'s Node<'s>> {
        let Node::Object(entries) = *self else { return None };
        let at = entries.binary_search_by(|(k, _)| (*k).cmp(key)).ok()?;
        Some(&entries[at].1)
    }

    /// Whether this tree says the same as `value`: every kind, number form, string, element and key.
    pub fn same(&self, value: &Value) -> bool {
        match (self, value) {
            (Node::Null, Value::Null) => true,
            (Node::Bool(a), Value::Bool(b)) => a == b,
            (Node::Number(a), Value::Number(b)) => a.same(b),
            (Node::Str(a), Value::String(b)) => a == b,
            (Node::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.same(b)),
            // Keys are unique on both sides, so as many keys, each found, is all of them. Looking them up, instead of
            // walking both in step, also holds where serde_json is built to keep its keys in another order.
            (Node::Object(a), Value::Object(b)) => {
                a.len() == b.len() && a.iter().all(|(key, a)| b.get(*key).is_some_and(|b| a.same(b)))
            }
            _ => false,
        }
    }
}

impl Number {
    fn same(self, other: &serde_json::Number) -> bool {
        match self {
            Number::Unsigned(n) => other.as_u64() == Some(n),
            Number::Negative(n) => other.as_i64() == Some(n),
            // By bits: -0.0 is not 0.0 here.
            Number::Float(x) => other.is_f64() && other.as_f64().map(f64::to_bits) == Some(x.to_bits()),
        }
    }
}

/// The size of a tree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Values of every kind; keys don't count.
    pub nodes: usize,
    /// Bytes that the tree takes in its arena. Strings that lie in the input take none.
    pub bytes: usize,
}

impl Tally {
    /// Walks the tree under `root`, whose unescaped strings lie in `input`.
    pub fn of(root: &Node<'_>, input: &str) -> Tally {
        let mut tally = Tally { nodes: 1, bytes: 0 };
        tally.below(root, &input.as_bytes().as_ptr_range());
        tally
    }

    fn below(&mut self, node: &Node<'_>, input: &Range<*const u8>) {
        match *node {
            Node::Null | Node::Bool(_) | Node::Number(_) => {}
            Node::Str(text) => self.string(text, input),
            Node::Array(items) => {
                self.nodes += items.len();
                self.bytes += size_of_val(items);
                items.iter().for_each(|item| self.below(item, input));
            }
            Node::Object(entries) => {
                self.nodes += entries.len();
                self.bytes += size_of_val(entries);
                for (key, item) in entries {
                    self.string(key, input);
                    self.below(item, input);
                }
            }
        }
    }

    fn string(&mut self, text: &str, input: &Range<*const u8>) {
        if !input.contains(&text.as_ptr()) {
            // An arena keeps its cursor aligned to 8.
            self.bytes += text.len().next_multiple_of(8);
        }
    }
}
