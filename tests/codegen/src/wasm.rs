//! The loops of a wasm function.

use std::collections::HashMap;

use wasmparser::{Export, ExternalKind, FunctionBody, KnownCustom, Name, Operator, Parser, Payload, TypeRef};

use crate::{Counts, graph::Graph};

/// The operators of an exported function.
///
/// # Panics
///
/// If the module has no such function.
pub fn function<'w>(module: &'w [u8], name: &str) -> Vec<Operator<'w>> {
    let functions = Functions::of(module);
    operators(functions.body(functions.exported(name)).expect("a function with a body"))
}

/// A function that a loop calls when there is no other way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Called {
    /// Its name, as the compiler has mangled it.
    pub name: String,
    /// Bytes that its body takes.
    pub bytes: usize,
    /// Whether it calls another, and that comes back.
    pub calls: bool,
}

/// The functions that hot loops call off their hot way, and come back from, by the exported function that has the loop.
pub fn cold_functions(module: &[u8]) -> Vec<(String, Called)> {
    let functions = Functions::of(module);
    let mut found = Vec::new();
    for export in functions.exports.iter().filter(|export| export.kind == ExternalKind::Func) {
        let Some(body) = functions.body(export.index) else { continue };
        let operators = operators(body);
        for call in graph(&operators).innermost_loops().iter().flat_map(|found| &found.cold_calls) {
            let Operator::Call { function_index } = operators[*call] else { continue };
            let Some(body) = functions.body(function_index) else { continue };
            let name = functions.names.get(&function_index).cloned().unwrap_or_default();
            let operators = self::operators(body);
            let calls = operators.windows(2).any(|two| count_one(&two[0]).calls > 0 && two[1] != Operator::Unreachable);
            found.push((export.name.to_owned(), Called { name, bytes: body.as_bytes().len(), calls }));
        }
    }
    found
}

/// The bytes of a module's code and data, and the names of its functions as the linker has them.
///
/// # Panics
///
/// If it is no module.
pub fn size_and_names(module: &[u8]) -> (usize, Vec<String>) {
    let (mut bytes, mut names) = (0, Vec::new());
    for payload in Parser::new(0).parse_all(module) {
        match payload.expect("a module that rustc has made") {
            Payload::CodeSectionStart { size, .. } => bytes += size as usize,
            Payload::DataSection(data) => bytes += (data.range().end - data.range().start) as usize,
            Payload::CustomSection(section) => {
                let KnownCustom::Name(reader) = section.as_known() else { continue };
                for part in reader {
                    if let Name::Function(functions) = part.expect("names") {
                        names.extend(functions.into_iter().map(|naming| naming.expect("a name").name.to_owned()));
                    }
                }
            }
            _ => {}
        }
    }
    (bytes, names)
}

/// The functions of a module.
struct Functions<'w> {
    imported: u32,
    exports: Vec<Export<'w>>,
    bodies: Vec<FunctionBody<'w>>,
    names: HashMap<u32, String>,
}

impl<'w> Functions<'w> {
    fn of(module: &'w [u8]) -> Functions<'w> {
        let mut functions = Functions { imported: 0, exports: Vec::new(), bodies: Vec::new(), names: HashMap::new() };
        for payload in Parser::new(0).parse_all(module) {
            match payload.expect("a module that rustc has made") {
                Payload::ImportSection(imports) => {
                    let imports = imports.into_imports().map(|import| import.expect("an import"));
                    functions.imported = imports.filter(|import| matches!(import.ty, TypeRef::Func(_))).count() as u32;
                }
                Payload::ExportSection(exports) => {
                    functions.exports = exports.into_iter().map(|export| export.expect("an export")).collect();
                }
                Payload::CodeSectionEntry(body) => functions.bodies.push(body),
                Payload::CustomSection(section) => {
                    if let KnownCustom::Name(names) = section.as_known() {
                        let names = names.into_iter().filter_map(|names| match names {
                            Ok(Name::Function(names)) => Some(names.into_iter()),
                            _ => None,
                        });
                        let names = names.flatten().map(|naming| naming.expect("a name"));
                        functions.names = names.map(|naming| (naming.index, naming.name.to_owned())).collect();
                    }
                }
                _ => {}
            }
        }
        functions
    }

    fn exported(&self, name: &str) -> u32 {
        let mut exports = self.exports.iter();
        let export = exports.find(|export| export.name == name && export.kind == ExternalKind::Func);
        export.unwrap_or_else(|| panic!("no function {name}")).index
    }

    /// What a function does, if it is not from elsewhere.
    fn body(&self, function: u32) -> Option<&FunctionBody<'w>> {
        self.bodies.get(function.checked_sub(self.imported)? as usize)
    }
}

fn operators<'w>(body: &FunctionBody<'w>) -> Vec<Operator<'w>> {
    let operators = body.get_operators_reader().expect("a function");
    operators.into_iter().map(|operator| operator.expect("an operator")).collect()
}

/// What each innermost loop does.
pub fn loops(operators: &[Operator<'_>]) -> Vec<Counts> {
    Counts::of_loops(&graph(operators), |at| count_one(&operators[at]))
}

fn graph(operators: &[Operator<'_>]) -> Graph {
    let ends = ends(operators);
    // The blocks that are open, outermost first, as the places where a branch to them goes.
    let mut labels = vec![operators.len() - 1];
    let mut next = Vec::new();
    for (at, operator) in operators.iter().enumerate() {
        let target = |depth: u32| labels[labels.len() - 1 - depth as usize];
        next.push(match operator {
            Operator::Br { relative_depth } => vec![target(*relative_depth)],
            Operator::BrIf { relative_depth } => vec![at + 1, target(*relative_depth)],
            Operator::BrTable { targets } => {
                let depths = targets.targets().map(|depth| depth.expect("a depth")).chain([targets.default()]);
                depths.map(target).collect()
            }
            // Past the `else`, or to the end.
            Operator::If { .. } => vec![at + 1, ends[at].0.map_or(ends[at].1, |alternative| alternative + 1)],
            // Reached from above: the first half is over.
            Operator::Else => vec![ends[at].1],
            Operator::Return | Operator::Unreachable => vec![],
            _ => vec![at + 1],
        });
        match operator {
            Operator::Loop { .. } => labels.push(at),
            Operator::Block { .. } | Operator::If { .. } => labels.push(ends[at].1),
            Operator::End => drop(labels.pop()),
            _ => {}
        }
    }
    next.iter_mut().for_each(|next| next.retain(|to| *to < operators.len()));
    let calls = (0..operators.len()).filter(|at| count_one(&operators[*at]).calls > 0).collect();
    Graph { next, calls }
}

/// For each operator that opens a block, and for each `else`: the block's `else`, and its end.
fn ends(operators: &[Operator<'_>]) -> Vec<(Option<usize>, usize)> {
    let mut ends = vec![(None, 0); operators.len()];
    let mut open = Vec::new();
    for (at, operator) in operators.iter().enumerate() {
        match operator {
            Operator::Loop { .. } | Operator::Block { .. } | Operator::If { .. } => open.push((at, None)),
            Operator::Else => {
                if let Some((_, alternative)) = open.last_mut() {
                    *alternative = Some(at);
                }
            }
            Operator::End => {
                if let Some((start, alternative)) = open.pop() {
                    ends[start] = (alternative, at);
                    if let Some(alternative) = alternative {
                        ends[alternative] = (None, at);
                    }
                }
            }
            _ => {}
        }
    }
    ends
}

/// What all of these operators do.
pub fn count(operators: &[Operator<'_>]) -> Counts {
    operators.iter().map(count_one).sum()
}

/// How often memory is copied by the operator for it, for which V8 calls its runtime.
pub fn bulk_copies(operators: &[Operator<'_>]) -> usize {
    operators.iter().filter(|operator| matches!(operator, Operator::MemoryCopy { .. })).count()
}

fn count_one(operator: &Operator<'_>) -> Counts {
    // Operators have no classes to ask for; their names are as regular as the specification's.
    let name = format!("{operator:?}");
    let name = name.split([' ', '{', '(']).next().unwrap_or_default();
    Counts {
        // These three mark places and do nothing.
        instructions: usize::from(!matches!(name, "Block" | "Loop" | "End")),
        loads: usize::from(name.contains("Load")),
        stores: usize::from(name.contains("Store")),
        calls: usize::from(name.starts_with("Call") || name.starts_with("Memory")),
        cold_calls: 0,
        branches: usize::from(matches!(name, "BrIf" | "BrTable" | "If")),
        // The one global of these modules is the stack pointer.
        stack: usize::from(name.starts_with("Global")),
    }
}
