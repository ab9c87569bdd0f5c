//! Where it ran, and with which versions.

use std::fs;
use std::process::Command;

use anyhow::Result;
use cargo_metadata::MetadataCommand;
use serde::Serialize;

use crate::build::{HEAPS, ROWS, Workshop};
use crate::command::output;

/// The machine and what ran on it.
#[derive(Debug, Serialize)]
pub struct Machine {
    pub processor: String,
    pub cores: usize,
    pub system: String,
    pub rust: String,
    pub crates: Vec<(String, String)>,
}

impl Machine {
    /// In a line.
    pub fn summary(&self) -> String {
        format!("{} ({} cores), {}, {}", self.processor, self.cores, self.system, self.rust)
    }
}

/// Looks around.
pub fn describe(workshop: &Workshop) -> Result<Machine> {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    let processor = model.map_or(std::env::consts::ARCH, |(_, name)| name.trim()).to_owned();
    let system = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let name = system.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
    let rust = output(Command::new("rustc").arg("--version").current_dir(workshop.root()))?;
    let mut crates = versions(workshop, &[ROWS, HEAPS, ALLOCATORS])?;
    let foreign = workshop.foreign().iter();
    crates.extend(foreign.filter_map(|foreign| Some((foreign.program.to_owned(), foreign.version.clone()?))));
    crates.sort();
    Ok(Machine {
        processor,
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        system: name.unwrap_or(std::env::consts::OS).trim_matches('"').to_owned(),
        rust: rust.split_whitespace().take(2).collect::<Vec<_>>().join(" "),
        crates,
    })
}

/// The crate that knows the peers of a global allocator.
const ALLOCATORS: &str = "freehold-perf-allocators";

/// What these members use, freehold, peers and others, each with its version.
pub fn versions(workshop: &Workshop, users: &[&str]) -> Result<Vec<(String, String)>> {
    let metadata = MetadataCommand::new().manifest_path(workshop.root().join("Cargo.toml")).exec()?;
    let nodes = metadata.resolve.as_ref().map(|resolve| resolve.nodes.as_slice()).unwrap_or_default();
    let users = nodes.iter().filter(|node| users.contains(&metadata[&node.id].name.as_str()));
    let used = users.flat_map(|node| &node.dependencies).map(|id| &metadata[id]);
    let others = used.filter(|package| !package.name.starts_with("freehold-"));
    let mut crates: Vec<_> = others.map(|package| (package.name.to_string(), package.version.to_string())).collect();
    crates.sort();
    crates.dedup();
    Ok(crates)
}
