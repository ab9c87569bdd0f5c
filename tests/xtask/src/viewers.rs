//! The files that `src/tools/profile` writes are opened by those who read such: each by the viewer itself, in a page or in a
//! terminal, which must show the line that leaks.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::command::Out;
use crate::javascript::browser;
use crate::need::{Need, dh_view};
use crate::npm::{FIREFOX, NODE_24, SPEEDSCOPE};
use crate::step::Step;
use crate::tools::{Toolchain, Tools};

const PACKAGE: &str = "freehold-profile";
/// What writes the files, into a folder that is named to it.
const LEAKS: &str = "run --quiet -p freehold-profile --example leaks --";

pub fn steps() -> Vec<Step> {
    let needs = [Need::Member(PACKAGE), Need::Node, Need::Chromium];
    let firefox = [Need::Member(PACKAGE), Need::Npm(NODE_24), Need::Npm(FIREFOX)];
    vec![
        Step::new("viewers: DHAT's", in_dh_view).needs(needs).needs([Need::DhView]),
        Step::new("viewers: speedscope", in_speedscope).needs(needs).needs([Need::Npm(SPEEDSCOPE)]),
        Step::new("viewers: the Firefox profiler", in_firefox).needs(firefox),
    ]
}

/// An empty folder with the files in it.
fn written(name: &str, tools: &Tools, out: &Out) -> Result<PathBuf> {
    let folder = tools.target_dir().join("verify").join("viewers").join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    tools.cargo(Toolchain::Current)?.args(LEAKS).arg(&folder).run(out)?;
    Ok(folder)
}

/// Copies a folder's files.
fn copy(from: &Path, to: &Path) -> Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
    }
    Ok(())
}

fn in_dh_view(tools: &Tools, out: &Out) -> Result<()> {
    let folder = written("dhat", tools, out)?;
    let viewer = dh_view()?;
    for file in ["dh_view.js", "dh_view.css"] {
        fs::copy(viewer.join(file), folder.join(file))?;
    }
    fs::copy(tools.root().join("tests/hosts/viewers/dhat.html"), folder.join("dhat.html"))?;
    let page = browser(tools)?.arg(&folder).arg("dhat.html");
    let page = page
        .arg("leaks::native::remember (")
        .arg("Total:     80,000 bytes (")
        .arg(" in 1,000 blocks (")
        .arg("Command: what lives");
    page.run(out).context("dh_view.html does not show the leak")
}

fn in_speedscope(tools: &Tools, out: &Out) -> Result<()> {
    let folder = written("speedscope", tools, out)?;
    copy(SPEEDSCOPE.path(tools).parent().context("a folder")?, &folder)?;
    fs::copy(tools.root().join("tests/hosts/viewers/speedscope.html"), folder.join("speedscope.html"))?;
    let page = browser(tools)?.arg(&folder).arg("speedscope.html");
    page.arg("leaks::native::remember").arg("78.13 KB (97%)").run(out).context("speedscope does not show the leak")
}

fn in_firefox(tools: &Tools, out: &Out) -> Result<()> {
    let folder = written("firefox", tools, out)?;
    let node = tools.node_at(NODE_24.path(tools)).arg("tests/hosts/viewers/firefox.mjs").arg(FIREFOX.path(tools));
    let node = node.arg(folder.join("leaks.dhat.json"));
    let node = node.arg("leaks::native::remember - self: 80.0KB (");
    node.run(out).context("the Firefox profiler does not show the leak")
}
