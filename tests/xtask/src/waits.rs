//! Atomic waits in a wasm module: a browser's main thread traps at them.

use std::collections::HashMap;

use anyhow::Result;
use wasmparser::{FunctionBody, KnownCustom, Name, Operator, Parser, Payload, TypeRef};

/// The names of the functions that wait; of one without a name, its number.
pub fn waiting(module: &[u8]) -> Result<Vec<String>> {
    let (mut imported, mut bodies, mut names) = (0, Vec::new(), HashMap::new());
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    imported += u32::from(matches!(import?.ty, TypeRef::Func(_)));
                }
            }
            Payload::CodeSectionEntry(body) => bodies.push(body),
            Payload::CustomSection(section) => {
                if let KnownCustom::Name(sections) = section.as_known() {
                    for section in sections {
                        if let Name::Function(functions) = section? {
                            for function in functions {
                                let function = function?;
                                names.insert(function.index, function.name.to_owned());
                            }
                        }
                    }
                }
            }
            _ => {}
        }
    }
    let mut waiting = Vec::new();
    for (index, body) in (imported..).zip(&bodies) {
        if waits(body)? {
            waiting.push(names.remove(&index).unwrap_or_else(|| index.to_string()));
        }
    }
    Ok(waiting)
}

fn waits(body: &FunctionBody<'_>) -> Result<bool> {
    for operator in body.get_operators_reader()? {
        if matches!(operator?, Operator::MemoryAtomicWait32 { .. } | Operator::MemoryAtomicWait64 { .. }) {
            return Ok(true);
        }
    }
    Ok(false)
}
