//! The command line.

use std::path::PathBuf;

use crate::file;
use crate::graph::Branch;
use crate::module::{Hinted, Module};
use crate::names::Names;
use crate::problem::{CODES, Problem};

/// Tells WebAssembly engines that freehold's cold functions are hardly ever called.
///
/// Finds the branches of which one side alone leads to a call of such a function, and writes them into the section
/// `metadata.code.branch_hint` of WebAssembly 3.0. Everything else is copied byte for byte; a section of hints that is there already
/// is replaced.
#[derive(clap::Parser)]
#[command(name = "hint", version, after_help = CODES)]
pub struct Args {
    /// The module, with the names of its functions
    #[arg(value_name = "IN")]
    input: PathBuf,

    /// Where the module with the hints goes
    #[arg(short, long, value_name = "OUT", required_unless_present = "dry_run")]
    output: Option<PathBuf>,

    /// Functions that are cold too: a path, as `--dry-run` writes names, in which `*` stands for any letters. Can be given several times
    #[arg(long, value_name = "PATTERN")]
    cold: Vec<String>,

    /// Write nothing; list the branches that would have a hint, each by where it is in bytes from the start of its function's body
    #[arg(long, conflicts_with = "output")]
    dry_run: bool,
}

/// The whole program.
pub fn run(args: &Args) -> Result<(), Problem> {
    let bytes = file::read(&args.input)?;
    // Before there is any work.
    let place = args.output.as_ref().map(|output| file::place(&args.input, output)).transpose()?;
    let module = Module::read(&bytes)?;
    let names = Names::new(module.names.clone(), &args.cold);
    if names.cold().is_empty() {
        return Err(if module.has_names {
            let also = if args.cold.is_empty() { "" } else { ", and nothing matches `--cold`" };
            Problem::NothingCold(format!("freehold is not in this module{also}"))
        } else {
            Problem::NoNames("the module does not name its functions")
        });
    }
    let hinted = module.hints(&names)?;
    match place {
        Some(place) => {
            let made = module.with(&hinted);
            file::write(&place, &made)?;
            let replaced =
                if module.old_hints > 0 { format!(", in place of {}", module.old_hints) } else { String::new() };
            eprintln!("{}{replaced}: {}", sum(&hinted), place.display());
            if module.has_source_map {
                eprintln!("its source map is of the module without hints: have one made after this");
            }
        }
        None => print!("{}", list(&names, &hinted)),
    }
    Ok(())
}

fn sum(hinted: &[Hinted]) -> String {
    let hints: usize = hinted.iter().map(|function| function.hints.len()).sum();
    let plural = |count, what| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    format!("{} in {}", plural(hints, "hint"), plural(hinted.len(), "function"))
}

/// What `--dry-run` prints.
fn list(names: &Names, hinted: &[Hinted]) -> String {
    let mut text = String::from("cold:\n");
    for function in names.cold() {
        text += &format!("  {}\n", names.of(*function));
    }
    for Hinted { function, hints } in hinted {
        text += &format!("function {function}, {}:\n", names.of(*function));
        for hint in hints {
            let branch = match hint.branch {
                Branch::If => "if",
                Branch::BrIf => "br_if",
            };
            text +=
                &format!("  {:#06x}  {branch:<5}  {}\n", hint.offset, if hint.likely { "likely" } else { "unlikely" });
        }
    }
    text + &sum(hinted) + "\n"
}
