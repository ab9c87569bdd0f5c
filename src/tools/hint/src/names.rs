//! What functions are called, and which of them are cold.

use std::collections::BTreeMap;

/// The functions of freehold that are called hardly ever and come back, as [`plain`] writes them. (Those that never come back end in
/// a trap, which engines expect to be rare anyway.) A test compares them with the crate's source.
pub const OF_FREEHOLD: &[&str] = &[
    "freehold::*BlockPool::free_waiting",
    "freehold::*BlockPool::hand_out_of_all",
    "freehold::*BlockPool::relieve",
    "freehold::*BlockPool::take_by_way_of",
    "freehold::*Buffer::enlarge",
    "freehold::*Checked::give_unrecorded",
    "freehold::*Checked::let_some_go",
    "freehold::*Checked::tell_each",
    "freehold::*Chunks::error",
    "freehold::*Chunks::make_room",
    "freehold::*Chunks::move_it_away",
    "freehold::*Chunks::place_at_home",
    "freehold::*Crowd::open",
    "freehold::*FixedPool::full",
    "freehold::*Headless::elsewhere",
    "freehold::*Headless::free_stray",
    "freehold::*Heap::open",
    "freehold::*Heap::refill",
    "freehold::*Heap::refuse",
    "freehold::*Heap::take_back_late",
    "freehold::*KeyedPool::grow",
    "freehold::*Ledger::meet_fresh",
    "freehold::*Lodged::room_in_place",
    "freehold::*Sets::enter_another",
    "freehold::*Sheets::add_chapter",
    "freehold::*Spin::wait",
    "freehold::*Stock::last",
    "freehold::*Stock::put_late",
    "freehold::*Stock::put_shared",
    "freehold::*Stock::relieve",
    "freehold::*Stock::scarce",
    "freehold::*Stock::take_from_slabs",
    "freehold::*Tagged::relieve",
    "freehold::*Tagged::tell",
    "freehold::*allocator::lost",
    "freehold::*block::full",
    "freehold::*c::refuse",
    "freehold::*fork::watch",
    "freehold::*heap::refused",
    "freehold::*lodged::close",
    "freehold::*lodged::refill",
    "freehold::*lodged::refill_or_panic",
    "freehold::*refusal::tell",
    "freehold::*region::up_to",
];

/// Names by function index, and whether they are those of cold functions.
pub struct Names {
    names: BTreeMap<u32, String>,
    cold: Vec<u32>,
}

impl Names {
    /// Of these functions those are cold that freehold says are, and those that match one of the user's patterns.
    pub fn new(raw: BTreeMap<u32, &str>, patterns: &[String]) -> Names {
        let names: BTreeMap<u32, String> = raw.into_iter().map(|(function, name)| (function, plain(name))).collect();
        let is_cold = |name: &str| {
            OF_FREEHOLD.iter().copied().chain(patterns.iter().map(String::as_str)).any(|pattern| matches(pattern, name))
        };
        let cold = names.iter().filter(|(_, name)| is_cold(name)).map(|(function, _)| *function).collect();
        Names { names, cold }
    }

    /// Whether a function is cold.
    pub fn is_cold(&self, function: u32) -> bool {
        self.cold.binary_search(&function).is_ok()
    }

    /// The cold functions, in order.
    pub fn cold(&self) -> &[u32] {
        &self.cold
    }

    /// What a function is called.
    pub fn of(&self, function: u32) -> &str {
        self.names.get(&function).map_or("(no name)", String::as_str)
    }
}

/// A name as one would say it: demangled, and without hashes, type arguments, and the trait that a method belongs to.
///
/// `<freehold::chunk::Chunks as freehold::chunk::cursor::Refill>::refill` is `freehold::chunk::Chunks::refill`.
pub fn plain(name: &str) -> String {
    let demangled = format!("{:#}", rustc_demangle::demangle(name));
    let mut path = &demangled[..];
    // Where it was demangled before this, the older kind of hash is still there.
    if let Some((front, hash)) = path.rsplit_once("::h")
        && hash.len() == 16
        && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
    {
        path = front;
    }
    let mut said = String::new();
    if let Some((of, rest)) = in_brackets(path) {
        let of = before(of, " as ");
        said = plain_path(of.trim_start_matches(['&', '*']).trim_start_matches("mut ").trim_start_matches("const "));
        path = rest;
    }
    said + &plain_path(path)
}

/// A path without what is in angle brackets.
fn plain_path(path: &str) -> String {
    // A type in brackets may be one in brackets again.
    if path.starts_with('<') && path.contains('>') {
        return plain(path);
    }
    let mut said = String::new();
    let mut rest = path;
    while let Some(at) = rest.find('<') {
        let Some((within, after)) = in_brackets(&rest[at..]) else { break };
        if let Some(of) = within.strip_prefix("impl ") {
            // A type's methods that are in another module than the type: that is not said.
            said = plain(of.rsplit_once(" for ").map_or(of, |(_, of)| of));
        } else {
            said += rest[..at].trim_end_matches("::");
        }
        rest = after;
    }
    said + rest
}

/// What is between the bracket that this starts with and the one that closes it, and what comes after.
fn in_brackets(text: &str) -> Option<(&str, &str)> {
    let mut depth = 0_u32;
    let mut before = ' ';
    for (at, letter) in text.char_indices() {
        match letter {
            '<' => depth += 1,
            // An arrow is no bracket.
            '>' if before != '-' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some((&text[1..at], &text[at + 1..]));
                }
            }
            _ if depth == 0 => return None,
            _ => {}
        }
        before = letter;
    }
    None
}

/// The part of a text before `mark`, where that is not in brackets.
fn before<'t>(text: &'t str, mark: &str) -> &'t str {
    let mut from = 0;
    while let Some(at) = text[from..].find(mark).map(|at| from + at) {
        let open = |letter| text[..at].matches(letter).count();
        if open('<') + text[..at].matches("->").count() == open('>') {
            return &text[..at];
        }
        from = at + mark.len();
    }
    text
}

/// Whether a name matches a pattern, in which `*` stands for any letters, or none.
fn matches(pattern: &str, name: &str) -> bool {
    let Some((front, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut left) = name.strip_prefix(front) else { return false };
    let (middle, back) = rest.rsplit_once('*').map_or((None, rest), |(middle, back)| (Some(middle), back));
    for part in middle.into_iter().flat_map(|middle| middle.split('*')) {
        let Some(at) = left.find(part) else { return false };
        left = &left[at + part.len()..];
    }
    left.ends_with(back)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn names_are_said_plainly() {
        for (name, said) in [
            ("<freehold::chunk::Chunks as freehold::chunk::cursor::Refill>::refill", "freehold::chunk::Chunks::refill"),
            ("<freehold::heap::stock::Stock<freehold::sharing::Local>>::last", "freehold::heap::stock::Stock::last"),
            ("freehold::heap::stock::Stock<L>::last", "freehold::heap::stock::Stock::last"),
            ("freehold::arena::bump::reserve::<&freehold::Arena>", "freehold::arena::bump::reserve"),
            ("freehold::arena::bump::reserve::h0123456789abcdef", "freehold::arena::bump::reserve"),
            ("<&mut a::B<c::D as E> as f::G<h::I>>::j::<fn(k) -> <l::M as N>::O>", "a::B::j"),
            ("<a::B as c::D<fn() -> e::F>>::g", "a::B::g"),
            ("<<a::B as c::D>::E as f::G>::h", "a::B::E::h"),
            (
                "freehold::chunk::unfinished::<impl freehold::chunk::Chunks>::make_way",
                "freehold::chunk::Chunks::make_way",
            ),
            ("a::b::<impl c::D<e::F> for g::H<i::J>>::k::{{closure}}", "g::H::k::{{closure}}"),
            ("a::b::{closure#0}", "a::b::{closure#0}"),
            ("_RNvNtCs1234_8freehold7refusal4tell", "freehold::refusal::tell"),
            ("_ZN8freehold7refusal4tell17h0123456789abcdefE", "freehold::refusal::tell"),
            ("operator<", "operator<"),
            ("operator->", "operator->"),
            ("<<<", "<<<"),
            ("", ""),
        ] {
            assert_eq!(plain(name), said, "{name}");
        }
    }

    #[test]
    fn patterns() {
        for (pattern, name, fits) in [
            ("a::b", "a::b", true),
            ("a::b", "a::bc", false),
            ("a::*c", "a::b::c", true),
            ("a::*c", "a::c", true),
            ("a::*c", "b::a::c", false),
            ("*b*", "abc", true),
            ("*b*b", "ab", false),
            ("*", "", true),
            ("a*a", "a", false),
            ("a*b*c*d", "axbxcxd", true),
            ("a*c*b*d", "axbxcxd", false),
        ] {
            assert_eq!(matches(pattern, name), fits, "{pattern} {name}");
        }
    }

    #[test]
    fn another_crates_function_of_the_same_name_is_not_meant() {
        let raw = BTreeMap::from([
            (0, "<freehold::chunk::Chunks as freehold::chunk::cursor::Refill>::error"),
            (1, "<user::Chunks as freehold::chunk::cursor::Refill>::error"),
            (2, "freehold::chunk::Chunks::errors"),
            (3, "alloc::raw_vec::RawVec<T,A>::grow_one"),
        ]);
        assert_eq!(Names::new(raw, &[]).cold(), [0]);
    }

    /// Each function of the crate that has `#[cold]` and comes back is in the list, under its type or its module, and no other is.
    #[test]
    fn the_list_is_the_crates() {
        let mut cold = BTreeSet::new();
        look_into(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."), &mut cold);
        let listed: BTreeSet<String> = OF_FREEHOLD.iter().map(|name| name.replace("freehold::*", "")).collect();
        assert!(listed.len() == OF_FREEHOLD.len() && OF_FREEHOLD.is_sorted());
        assert_eq!(listed, cold);
    }

    /// The cold functions of a folder's files, as `Type::function` or `module::function`.
    fn look_into(folder: &Path, cold: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            // Packages of their own.
            if path.is_dir() && !["bindings", "tools"].contains(&name) {
                look_into(&path, cold);
            } else if let Some(module) = name.strip_suffix(".rs") {
                let module = if module == "mod" { folder.file_name().unwrap().to_str().unwrap() } else { module };
                look_at(&fs::read_to_string(&path).unwrap(), module, cold);
            }
        }
    }

    fn look_at(source: &str, module: &str, cold: &mut BTreeSet<String>) {
        let mut of = module;
        let mut lines = source.lines();
        while let Some(line) = lines.next() {
            if let Some(head) = line.strip_prefix("impl") {
                let head = in_brackets(head).map_or(head, |(_, after)| after).trim_start();
                let of_type = head.split_once(" for ").map_or(head, |(_, of_type)| of_type);
                of = of_type.split(['<', ' ']).next().unwrap();
            } else if line == "}" {
                of = module;
            } else if line.trim() == "#[cold]" {
                let mut head = lines.by_ref().skip_while(|line| !line.contains("fn "));
                let mut head_of = head.next().unwrap().to_owned();
                while !head_of.contains('{') {
                    head_of += head.next().unwrap();
                }
                let name = head_of.split_once("fn ").unwrap().1.split(['(', '<']).next().unwrap();
                // Those that never come back end in a trap.
                if !head_of.contains("-> ! {") {
                    cold.insert(format!("{of}::{name}"));
                }
            }
        }
    }
}
