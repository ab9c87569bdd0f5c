//! Imports run one way: no module of a package uses another that uses it, be it by way of others; and where a package states the order of
//! its layers, in the `mod` list of its root, a module uses those above it only.
//!
//! What counts is any path of the source, in macros' arguments too; one to a re-export leads to where that comes from. Modules are looked at
//! among their siblings: a module and what lies in it are one. Tests may use what they like.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, Meta, UseTree};

use crate::command::Out;
use crate::tools::Tools;

/// The packages that state the order of their layers.
const LAYERED: [&str; 3] = ["freehold", "freehold-c", "freehold-json-demo"];

/// Re-exports of re-exports are followed so many times.
const FOLLOWED: usize = 8;

/// Looks at each package of the workspace.
pub fn check(tools: &Tools, out: &Out) -> Result<()> {
    let (mut faults, mut seen) = (Vec::new(), BTreeSet::new());
    for package in tools.members() {
        let layered = LAYERED.contains(&package.name.as_str());
        for target in package.targets.iter().filter(|target| !target.is_custom_build()) {
            // One package is another's source.
            if !seen.insert(target.src_path.canonicalize()?) {
                continue;
            }
            let found = Crate::read(target.src_path.as_std_path())?.faults(layered && target.is_lib());
            faults.extend(found.into_iter().map(|fault| format!("{}: {fault}", target.name)));
        }
    }
    faults.iter().try_for_each(|fault| out.note(fault))?;
    ensure!(faults.is_empty(), "{}", faults.join("\n"));
    Ok(())
}

/// A path inside a crate, from its root.
type Name = Vec<String>;

/// A crate's modules.
struct Crate {
    modules: BTreeMap<Name, Module>,
}

/// A module.
#[derive(Default)]
struct Module {
    /// Its modules, in order.
    parts: Vec<String>,
    /// What it defines.
    items: BTreeSet<String>,
    /// What it imports: under which name (none if it is all of something), from where.
    imports: Vec<(Option<String>, Name)>,
    /// The paths that it names, and where.
    paths: Vec<(Name, String)>,
}

/// Who uses whom, among the modules in one: from, to, and a path that says so.
type Uses = BTreeMap<String, BTreeMap<String, String>>;

impl Crate {
    fn read(root: &Path) -> Result<Crate> {
        let mut krate = Crate { modules: BTreeMap::new() };
        krate.read_file(Vec::new(), root, root.parent().context("a file has a folder")?)?;
        Ok(krate)
    }

    /// Reads a module that is a file; what its `mod` lines name lies in `folder`.
    fn read_file(&mut self, name: Name, file: &Path, folder: &Path) -> Result<()> {
        let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        let parsed = syn::parse_file(&text).with_context(|| format!("cannot parse {}", file.display()))?;
        self.read_items(name, &parsed.items, file, folder)
    }

    fn read_items(&mut self, name: Name, items: &[Item], file: &Path, folder: &Path) -> Result<()> {
        let mut paths = Paths { file, found: Vec::new() };
        self.modules.entry(name.clone()).or_default();
        for item in items.iter().filter(|item| !only_in_tests(item)) {
            if let Item::Mod(part) = item {
                let word = part.ident.to_string();
                let inner: Name = name.iter().chain([&word]).cloned().collect();
                let parts = &mut self.module(&name).parts;
                if !parts.contains(&word) {
                    parts.push(word.clone());
                }
                if let Some((_, items)) = &part.content {
                    self.read_items(inner, items, file, &folder.join(&word))?;
                    continue;
                }
                for (file, folder) in files_of(&word, &part.attrs, file, folder) {
                    self.read_file(inner.clone(), &file, &folder)?;
                }
                continue;
            }
            if let Item::Use(import) = item {
                leaves(&import.tree, &mut Vec::new(), &mut self.module(&name).imports);
            }
            self.module(&name).items.extend(defines(item));
            paths.visit_item(item);
        }
        self.module(&name).paths.extend(paths.found);
        Ok(())
    }

    fn module(&mut self, name: &Name) -> &mut Module {
        self.modules.get_mut(name).expect("it was entered")
    }

    /// The module in which that lies which a path in `from` names, if it is one of this crate's.
    fn find(&self, from: &[String], path: &[String], follow: usize) -> Option<Name> {
        let mut words = path.iter().peekable();
        let mut at = from.to_vec();
        match words.peek()?.as_str() {
            "crate" => {
                words.next();
                at.clear();
            }
            "self" => drop(words.next()),
            "super" => {
                while words.next_if(|word| *word == "super").is_some() {
                    at.pop()?;
                }
            }
            // What another name stands for is said where it is imported.
            word if !self.modules[from].parts.iter().any(|part| part == word) => return None,
            _ => {}
        }
        while let Some(word) = words.next() {
            let module = &self.modules[&at];
            if module.parts.contains(word) {
                at.push(word.clone());
                continue;
            }
            if module.items.contains(word) || follow == 0 {
                break;
            }
            if let Some((_, path)) = module.imports.iter().find(|(name, _)| name.as_ref() == Some(word)) {
                let rest: Vec<_> = words.cloned().collect();
                return self.find(&at, &[path.as_slice(), &rest].concat(), follow - 1).or(Some(at));
            }
            let all = module.imports.iter().filter(|(name, _)| name.is_none());
            let mut all = all.filter_map(|(_, path)| self.find(&at, path, follow - 1));
            return all.find(|of| *of != at && self.modules[of].items.contains(word)).or(Some(at));
        }
        Some(at)
    }

    /// Who uses whom, in each module.
    fn uses(&self) -> BTreeMap<Name, Uses> {
        let mut uses: BTreeMap<Name, Uses> = BTreeMap::new();
        for (from, module) in &self.modules {
            for (path, place) in &module.paths {
                let Some(to) = self.find(from, path, FOLLOWED) else { continue };
                let same = from.iter().zip(&to).take_while(|(one, other)| one == other).count();
                let (Some(user), Some(used)) = (from.get(same), to.get(same)) else { continue };
                let users = uses.entry(from[..same].to_vec()).or_default();
                let place = || format!("{place}: `{}`", path.join("::"));
                users.entry(user.clone()).or_default().entry(used.clone()).or_insert_with(place);
            }
        }
        uses
    }

    /// What is wrong with it.
    fn faults(&self, layered: bool) -> Vec<String> {
        let mut faults = Vec::new();
        for (within, uses) in self.uses() {
            if let Some(circle) = circle(&uses) {
                let mut text = String::from("a circle of imports");
                for pair in circle.windows(2) {
                    let _ = write!(text, "\n    {} uses {}, {}", pair[0], pair[1], uses[&pair[0]][&pair[1]]);
                }
                faults.push(text);
            }
            if layered && within.is_empty() {
                let layers = &self.modules[&within].parts;
                let layer = |name: &str| layers.iter().position(|layer| layer == name);
                for (user, used) in &uses {
                    let upward = used.iter().filter(|(used, _)| layer(used) > layer(user));
                    faults
                        .extend(upward.map(|(used, place)| format!("{user} uses {used}, which is below it, {place}")));
                }
            }
        }
        faults
    }
}

/// A circle, its first module once more at its end.
fn circle(uses: &Uses) -> Option<Vec<String>> {
    fn walk(at: &str, uses: &Uses, way: &mut Vec<String>, done: &mut BTreeSet<String>) -> Option<Vec<String>> {
        if let Some(start) = way.iter().position(|before| before == at) {
            return Some(way[start..].iter().cloned().chain([at.to_owned()]).collect());
        }
        if done.contains(at) {
            return None;
        }
        way.push(at.to_owned());
        let mut next = uses.get(at).into_iter().flat_map(BTreeMap::keys);
        let found = next.find_map(|next| walk(next, uses, way, done));
        way.pop();
        done.insert(at.to_owned());
        found
    }
    let mut done = BTreeSet::new();
    uses.keys().find_map(|start| walk(start, uses, &mut Vec::new(), &mut done))
}

/// The paths that items name.
struct Paths<'a> {
    file: &'a Path,
    found: Vec<(Name, String)>,
}

impl Paths<'_> {
    fn add(&mut self, path: Name, line: usize) {
        self.found.push((path, format!("{}:{line}", self.file.display())));
    }

    /// What a macro is called with need be no Rust: whatever begins as a path does is one. What begins with `$crate` is for others.
    fn add_tokens(&mut self, tokens: TokenStream) {
        let is = |token: &TokenTree, sign: char| matches!(token, TokenTree::Punct(punct) if punct.as_char() == sign);
        let mut tokens = tokens.into_iter().peekable();
        let mut for_others = false;
        while let Some(token) = tokens.next() {
            match &token {
                TokenTree::Group(group) => self.add_tokens(group.stream()),
                TokenTree::Ident(first)
                    if !for_others && ["crate", "super", "self"].iter().any(|word| first == word) =>
                {
                    let mut path = vec![first.to_string()];
                    while tokens.next_if(|token| is(token, ':')).is_some()
                        && tokens.next_if(|token| is(token, ':')).is_some()
                    {
                        match tokens.next_if(|token| matches!(token, TokenTree::Ident(_))) {
                            Some(word) => path.push(word.to_string()),
                            None => break,
                        }
                    }
                    self.add(path, first.span().start().line);
                }
                _ => {}
            }
            for_others = is(&token, '$');
        }
    }
}

impl<'a> Visit<'a> for Paths<'_> {
    fn visit_item(&mut self, item: &'a Item) {
        if !only_in_tests(item) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_use(&mut self, import: &'a syn::ItemUse) {
        let mut all = Vec::new();
        leaves(&import.tree, &mut Vec::new(), &mut all);
        all.into_iter().for_each(|(_, path)| self.add(path, import.use_token.span.start().line));
    }

    fn visit_path(&mut self, path: &'a syn::Path) {
        let words: Name = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        let line = path.segments.first().map_or(0, |segment| segment.ident.span().start().line);
        self.add(words, line);
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, called: &'a syn::Macro) {
        self.visit_path(&called.path);
        self.add_tokens(called.tokens.clone());
    }
}

/// What a `use` imports: under which names, from where.
fn leaves(tree: &UseTree, before: &mut Name, to: &mut Vec<(Option<String>, Name)>) {
    let mut leaf = |name: Option<String>, last: Option<String>| {
        to.push((name, before.iter().cloned().chain(last).collect()));
    };
    match tree {
        UseTree::Path(path) => {
            before.push(path.ident.to_string());
            leaves(&path.tree, before, to);
            before.pop();
        }
        // `a::{self}` is `a`.
        UseTree::Name(name) if name.ident == "self" => leaf(before.last().cloned(), None),
        UseTree::Name(name) => leaf(Some(name.ident.to_string()), Some(name.ident.to_string())),
        UseTree::Rename(name) if name.ident == "self" => leaf(Some(name.rename.to_string()), None),
        UseTree::Rename(name) => leaf(Some(name.rename.to_string()), Some(name.ident.to_string())),
        UseTree::Glob(_) => leaf(None, None),
        UseTree::Group(group) => group.items.iter().for_each(|tree| leaves(tree, before, to)),
    }
}

/// The name that an item defines, if it has one.
fn defines(item: &Item) -> Option<String> {
    let name = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(name.to_string())
}

/// `#[cfg(test)]`, `#[cfg(all(test, …))]`, `#[test]`.
fn only_in_tests(item: &Item) -> bool {
    let attributes = match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => return false,
    };
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::Path(path) => path.is_ident("test"),
        Meta::List(list) if list.path.is_ident("cfg") => {
            let asked = list.tokens.to_string().replace(' ', "");
            asked == "test" || asked.starts_with("all(test,")
        }
        _ => false,
    })
}

/// The files that a `mod` line may mean (more than one, if it says which on which target), and where those lie that theirs mean.
fn files_of(word: &str, attributes: &[Attribute], file: &Path, folder: &Path) -> Vec<(PathBuf, PathBuf)> {
    let mut named = Vec::new();
    for attribute in attributes {
        match &attribute.meta {
            Meta::NameValue(pair) if pair.path.is_ident("path") => {
                let syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(name), .. }) = &pair.value else { continue };
                named.push(name.value());
            }
            // After the condition, `path = "…"`.
            Meta::List(list) if list.path.is_ident("cfg_attr") => {
                let tokens: Vec<_> = list.tokens.clone().into_iter().collect();
                let of = |three: &[TokenTree]| match three {
                    [TokenTree::Ident(word), TokenTree::Punct(_), TokenTree::Literal(name)] if word == "path" => {
                        syn::parse_str::<syn::LitStr>(&name.to_string()).ok()
                    }
                    _ => None,
                };
                named.extend(tokens.windows(3).filter_map(of).map(|name| name.value()));
            }
            _ => {}
        }
    }
    if !named.is_empty() {
        let files = named.into_iter().map(|name| file.with_file_name(name));
        return files.map(|file| (file.clone(), file.with_file_name(""))).collect();
    }
    let one = folder.join(word).with_extension("rs");
    let file = if one.exists() { one } else { folder.join(word).join("mod.rs") };
    vec![(file, folder.join(word))]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is wrong with a crate of these files.
    fn faults(name: &str, files: &[(&str, &str)], layered: bool) -> Vec<String> {
        let folder = std::env::temp_dir().join(format!("freehold-imports-{}-{name}", std::process::id()));
        for (file, text) in files {
            let file = folder.join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        let faults = Crate::read(&folder.join("lib.rs")).unwrap().faults(layered);
        fs::remove_dir_all(folder).unwrap();
        faults
    }

    const LIB: (&str, &str) = ("lib.rs", "mod a; mod b; mod c; pub use c::C;");

    #[test]
    fn what_runs_one_way_is_right() {
        let files = [
            LIB,
            ("a.rs", "pub struct A; #[cfg(test)] mod tests { use crate::c::C; }"),
            ("b/mod.rs", "mod inner; use crate::a::A; pub struct B;"),
            ("b/inner.rs", "use super::B; use crate::a;"),
            ("c.rs", "use crate::{a::A, b::{self, B}}; pub struct C;"),
        ];
        assert_eq!(faults("right", &files, true), [""; 0]);
    }

    #[test]
    fn an_upward_import_is_seen() {
        let planted = [
            "use crate::c::C;",
            "use super::{c};",
            "use crate::C;",
            "fn f() { crate::c::f(); }",
            "fn f() -> crate::C { loop {} }",
            "fn f() { println!(\"{}\", crate::c::f()); }",
        ];
        for (at, planted) in planted.iter().enumerate() {
            let files = [LIB, ("a.rs", *planted), ("b.rs", ""), ("c.rs", "pub struct C; pub fn f() {}")];
            let found = faults(&format!("upward-{at}"), &files, true);
            assert!(found.len() == 1 && found[0].starts_with("a uses c, which is below it"), "{planted}: {found:?}");
            assert_eq!(faults(&format!("unlayered-{at}"), &files, false), [""; 0]);
        }
    }

    #[test]
    fn a_circle_is_seen() {
        let files = [
            LIB,
            ("a.rs", "use crate::b::B;"),
            ("b.rs", "mod d { use super::super::C; } pub struct B;"),
            ("c.rs", "use super::a; pub struct C;"),
        ];
        let found = faults("circle", &files, false);
        assert!(found.len() == 1 && found[0].starts_with("a circle of imports\n    a uses b"), "{found:?}");
        let inside = [
            ("lib.rs", "mod m;"),
            ("m/mod.rs", "mod a; mod b; pub use b::*;"),
            ("m/a.rs", "use super::B; pub struct A;"),
            ("m/b.rs", "use super::a::A; pub struct B;"),
        ];
        assert_eq!(faults("inside", &inside, false).len(), 1);
    }
}
