//! serde_json's deserialiser, made to build [`Node`]s in a scope.

use std::fmt;

use allocator_api2::vec::Vec;
use freehold::{Alloc, Scope};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::{Entry, Node, Number};

/// Parses `text`: the whole of it, as one document.
///
/// The tree lies in `tree`, where every array and object gets exactly the bytes it needs. How many children it has is
/// known only at its closing bracket; until then they wait on two stacks in `scratch`, which all levels share. Nothing
/// else allocates but serde_json's own buffer for strings with an escape, and the sort of an object that has more than
/// a hundred keys out of order.
///
/// Running out of memory is an error here like any other; serde_json calls it one of data (`is_data`), and no other is.
pub fn parse<'s>(text: &'s str, tree: &Scope<'s>, scratch: &Scope<'_>) -> serde_json::Result<Node<'s>> {
    let mut builder = Builder { tree, nodes: Vec::new_in(scratch), entries: Vec::new_in(scratch) };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let root = Value(&mut builder).deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(root)
}

struct Builder<'b, 's, 't> {
    tree: &'b Scope<'s>,
    /// The elements so far of every array that is still open, outermost first.
    nodes: Vec<Node<'s>, &'b Scope<'t>>,
    /// The same for objects.
    entries: Vec<Entry<'s>, &'b Scope<'t>>,
}

impl<'s> Builder<'_, 's, '_> {
    fn copy<E: Error>(&self, text: &str) -> Result<&'s str, E> {
        match self.tree.try_alloc_str(text) {
            Ok(copy) => Ok(copy),
            Err(error) => Err(E::custom(error)),
        }
    }
}

fn push<T, E: Error>(stack: &mut Vec<T, &Scope<'_>>, value: T) -> Result<(), E> {
    if stack.len() == stack.capacity() {
        stack.try_reserve(1).map_err(E::custom)?;
    }
    stack.push(value);
    Ok(())
}

/// Takes the next value of the input, whatever it is.
struct Value<'a, 'b, 's, 't>(&'a mut Builder<'b, 's, 't>);

impl<'s> DeserializeSeed<'s> for Value<'_, '_, 's, '_> {
    type Value = Node<'s>;

    fn deserialize<D: Deserializer<'s>>(self, deserializer: D) -> Result<Node<'s>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'s> Visitor<'s> for Value<'_, '_, 's, '_> {
    type Value = Node<'s>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any valid JSON value")
    }

    fn visit_unit<E>(self) -> Result<Node<'s>, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node<'s>, E> {
        Ok(Node::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node<'s>, E> {
        Ok(Node::Number(Number::Unsigned(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node<'s>, E> {
        Ok(Node::Number(u64::try_from(value).map_or(Number::Negative(value), Number::Unsigned)))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node<'s>, E> {
        Ok(Node::Number(Number::Float(value)))
    }

    fn visit_borrowed_str<E>(self, value: &'s str) -> Result<Node<'s>, E> {
        Ok(Node::Str(value))
    }

    /// A string that serde_json had to unescape: it lies in a buffer that the next one will overwrite.
    fn visit_str<E: Error>(self, value: &str) -> Result<Node<'s>, E> {
        self.0.copy(value).map(Node::Str)
    }

    fn visit_seq<A: SeqAccess<'s>>(self, mut items: A) -> Result<Node<'s>, A::Error> {
        let builder = self.0;
        let mark = builder.nodes.len();
        while let Some(node) = items.next_element_seed(Value(builder))? {
            push(&mut builder.nodes, node)?;
        }
        let array = builder.tree.try_alloc_slice_copy(&builder.nodes[mark..]).map_err(A::Error::custom)?;
        builder.nodes.truncate(mark);
        Ok(Node::Array(array))
    }

    fn visit_map<A: MapAccess<'s>>(self, mut items: A) -> Result<Node<'s>, A::Error> {
        let builder = self.0;
        let mark = builder.entries.len();
        while let Some(key) = items.next_key_seed(Key(builder))? {
            let node = items.next_value_seed(Value(builder))?;
            push(&mut builder.entries, (key, node))?;
        }
        let unique = sort(&mut builder.entries[mark..]);
        let object = builder.tree.try_alloc_slice_copy(unique).map_err(A::Error::custom)?;
        builder.entries.truncate(mark);
        Ok(Node::Object(object))
    }
}

/// Takes the next key.
struct Key<'a, 'b, 's, 't>(&'a mut Builder<'b, 's, 't>);

impl<'s> DeserializeSeed<'s> for Key<'_, '_, 's, '_> {
    type Value = &'s str;

    fn deserialize<D: Deserializer<'s>>(self, deserializer: D) -> Result<&'s str, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'s> Visitor<'s> for Key<'_, '_, 's, '_> {
    type Value = &'s str;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string key")
    }

    fn visit_borrowed_str<E>(self, key: &'s str) -> Result<&'s str, E> {
        Ok(key)
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<&'s str, E> {
        self.0.copy(key)
    }
}

/// Sorts entries by key and drops all but the last of those with one key: what the `BTreeMap` in `Value` makes of them.
///
/// The sort is stable, so that the last of equal keys is still the last in the document. Most objects are short, and
/// many are sorted already.
fn sort<'e, 's>(entries: &'e mut [Entry<'s>]) -> &'e [Entry<'s>] {
    if entries.is_sorted_by(|a, b| a.0 < b.0) {
        return entries;
    }
    entries.sort_by(|a, b| a.0.cmp(b.0));
    let mut kept = 0;
    for at in 1..entries.len() {
        kept += usize::from(entries[at].0 != entries[kept].0);
        entries[kept] = entries[at];
    }
    &entries[..=kept]
}
