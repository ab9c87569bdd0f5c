//! A module taken apart, as far as hints are concerned, and put together again around them. Every byte that is not a hint is copied.

use std::collections::BTreeMap;
use std::ops::Range;

use wasm_encoder::{BranchHint, BranchHints, Section};
use wasmparser::{
    BinaryReader, BranchHintSectionReader, CustomSectionReader, ExternalKind, FunctionBody, KnownCustom, Name, Parser,
    Payload, TypeRef,
};

use crate::graph;
use crate::hints::{self, Hint};
use crate::names::Names;
use crate::problem::Problem;

/// The section's name, in WebAssembly 3.0.
const SECTION: &str = "metadata.code.branch_hint";
/// What it was called while it was being drafted. No engine reads it any more.
const DRAFTS: [&str; 2] = ["branchHints", "branch_hints"];

/// What a module has in it.
pub struct Module<'a> {
    bytes: &'a [u8],
    /// Where the code section starts: hints must come before it.
    code: Option<usize>,
    /// The sections of hints that are there already.
    old: Vec<Range<usize>>,
    /// How many hints these have.
    pub old_hints: usize,
    /// Functions that come from elsewhere: they are counted first, and have no body here.
    imported: u32,
    bodies: Vec<FunctionBody<'a>>,
    /// What functions are called: by the section of names, or else where they are exported or imported.
    pub names: BTreeMap<u32, &'a str>,
    /// Whether there is a section of names.
    pub has_names: bool,
    /// Whether a map to the source is named, whose numbers are bytes of this file.
    pub has_source_map: bool,
}

/// A function, and its hints.
pub struct Hinted {
    /// Its index.
    pub function: u32,
    /// At least one.
    pub hints: Vec<Hint>,
}

impl<'a> Module<'a> {
    /// Reads a module.
    pub fn read(bytes: &'a [u8]) -> Result<Module<'a>, Problem> {
        look_at_header(bytes)?;
        let mut module = Module {
            bytes,
            code: None,
            old: Vec::new(),
            old_hints: 0,
            imported: 0,
            bodies: Vec::new(),
            names: BTreeMap::new(),
            has_names: false,
            has_source_map: false,
        };
        let mut named = BTreeMap::new();
        // Where the section that comes next starts.
        let mut at = 8;
        for payload in Parser::new(0).parse_all(bytes) {
            let payload = payload?;
            let section = payload.as_section().map(|(_, range)| at..range.end as usize);
            at = section.as_ref().map_or(at, |section| section.end);
            match payload {
                Payload::ImportSection(imports) => module.imports(imports)?,
                Payload::ExportSection(exports) => {
                    for export in exports {
                        let export = export?;
                        if matches!(export.kind, ExternalKind::Func | ExternalKind::FuncExact) {
                            named.entry(export.index).or_insert(export.name);
                        }
                    }
                }
                Payload::CodeSectionStart { .. } => module.code = section.map(|section| section.start),
                Payload::CodeSectionEntry(body) => module.bodies.push(body),
                Payload::CustomSection(custom) => module.custom(&custom, section.unwrap_or_default())?,
                _ => {}
            }
        }
        named.append(&mut module.names);
        module.names = named;
        Ok(module)
    }

    fn imports(&mut self, imports: wasmparser::ImportSectionReader<'a>) -> Result<(), Problem> {
        for import in imports.into_imports() {
            let import = import?;
            if matches!(import.ty, TypeRef::Func(_) | TypeRef::FuncExact(_)) {
                self.names.insert(self.imported, import.name);
                self.imported += 1;
            }
        }
        Ok(())
    }

    fn custom(&mut self, custom: &CustomSectionReader<'a>, whole: Range<usize>) -> Result<(), Problem> {
        match custom.name() {
            SECTION => {
                let in_other_form = |why: &str| Problem::OtherHints(format!("its section `{SECTION}` has {why}"));
                let hints = count(custom).map_err(|error| in_other_form(error.message()))?;
                self.old.push(whole);
                self.old_hints += hints;
            }
            "name" => {
                self.has_names = true;
                let unreadable = "its section of names can't be read";
                let KnownCustom::Name(names) = custom.as_known() else { return Err(Problem::NoNames(unreadable)) };
                for name in names {
                    let Ok(name) = name else { return Err(Problem::NoNames(unreadable)) };
                    let Name::Function(functions) = name else { continue };
                    for naming in functions {
                        let naming = naming.map_err(|_| Problem::NoNames(unreadable))?;
                        self.names.insert(naming.index, naming.name);
                    }
                }
            }
            "sourceMappingURL" => self.has_source_map = true,
            name if DRAFTS.contains(&name) || (name.starts_with(SECTION) && name != SECTION) => {
                return Err(Problem::OtherHints(format!("it has a section `{name}`")));
            }
            _ => {}
        }
        Ok(())
    }

    /// The hints that it should have.
    pub fn hints(&self, names: &Names) -> Result<Vec<Hinted>, Problem> {
        let mut all = Vec::new();
        for (function, body) in (self.imported..).zip(&self.bodies) {
            let hints = hints::of(&graph::of(body)?, |callee| names.is_cold(callee));
            if !hints.is_empty() {
                all.push(Hinted { function, hints });
            }
        }
        Ok(all)
    }

    /// The same module with these hints, and no others.
    pub fn with(&self, hinted: &[Hinted]) -> Vec<u8> {
        let mut made = Vec::with_capacity(self.bytes.len() + 1024);
        let mut from = 0;
        let mut cuts: Vec<(Range<usize>, bool)> = self.old.iter().map(|old| (old.clone(), false)).collect();
        cuts.extend(self.code.map(|code| (code..code, true)));
        cuts.sort_by_key(|(cut, _)| cut.start);
        for (cut, is_place) in cuts {
            made.extend(&self.bytes[from..cut.start]);
            if is_place && !hinted.is_empty() {
                section(hinted).append_to(&mut made);
            }
            from = cut.end;
        }
        made.extend(&self.bytes[from..]);
        made
    }
}

fn look_at_header(bytes: &[u8]) -> Result<(), Problem> {
    match bytes {
        [] => Err(Problem::NoModule("the file is empty".into())),
        [0, b'a', b's', b'm', _, _, 1, 0, ..] => Err(Problem::Component),
        [0, b'a', b's', b'm', ..] => Ok(()),
        _ => Err(Problem::NoModule("it does not start with `\\0asm`".into())),
    }
}

/// How many hints a section has.
fn count(custom: &CustomSectionReader<'_>) -> Result<usize, wasmparser::BinaryReaderError> {
    let data = BinaryReader::new(custom.data(), custom.data_offset());
    let mut sum = 0;
    for function in BranchHintSectionReader::new(data)? {
        for hint in function?.hints {
            hint?;
            sum += 1;
        }
    }
    Ok(sum)
}

fn section(hinted: &[Hinted]) -> BranchHints {
    let mut section = BranchHints::new();
    for Hinted { function, hints } in hinted {
        section.function_hints(
            *function,
            hints
                .iter()
                .map(|hint| BranchHint { branch_func_offset: hint.offset, branch_hint_value: hint.likely.into() }),
        );
    }
    section
}
