//! A step of `cargo verify`.

use anyhow::Result;

use crate::command::Out;
use crate::need::Need;
use crate::tools::{Toolchain, Tools};

/// The target that most modules are for.
pub const WASM: &str = "wasm32-unknown-unknown";
/// Optimised, as the suite takes minutes otherwise, with every check that a debug build makes.
pub const CHECKED: &str = "-Cdebug-assertions -Coverflow-checks";

/// What cargo is called with for tests in wasm: optimised they take a quarter of the time, and these checks stay.
pub const TESTS_IN_WASM: &str = "test --release --config profile.release.debug-assertions=true \
     --config profile.release.overflow-checks=true --lib --tests";

/// What a step does.
pub type Work = Box<dyn Fn(&Tools, &Out) -> Result<()> + Send + Sync>;

/// One check.
pub struct Step {
    /// What it is called.
    pub name: String,
    /// What must be there first.
    pub needs: Vec<Need>,
    /// Whether it is for the tests it runs: if there were none, it fails.
    pub tests: bool,
    /// Whether it keeps one processor busy for long, so that it runs beside others.
    pub single: bool,
    /// Whether it is one of the few that give a first answer: `cargo verify --quick` runs these alone, in three minutes at most.
    pub quick: bool,
    /// The check.
    pub work: Work,
}

impl Step {
    /// A step that needs nothing.
    pub fn new(name: impl Into<String>, work: impl Fn(&Tools, &Out) -> Result<()> + Send + Sync + 'static) -> Self {
        let (name, needs, work) = (name.into(), Vec::new(), Box::new(work));
        Self { name, needs, tests: false, single: false, quick: false, work }
    }

    /// A step of cargo commands.
    pub fn cargo(name: impl Into<String>, commands: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let commands: Vec<String> = commands.into_iter().map(Into::into).collect();
        Self::new(name, move |tools, out| {
            commands.iter().try_for_each(|words| tools.cargo(Toolchain::Current)?.args(words).run(out))
        })
    }

    /// Adds what must be there first.
    pub fn needs(mut self, needs: impl IntoIterator<Item = Need>) -> Self {
        self.needs.extend(needs);
        self
    }

    /// Fails if no test ran.
    pub fn tests(mut self) -> Self {
        self.tests = true;
        self
    }

    /// Is one of the few that give a first answer.
    pub fn quick(mut self) -> Self {
        self.quick = true;
        self
    }

    /// The same, where that is so.
    pub fn quick_if(self, quick: bool) -> Self {
        if quick { self.quick() } else { self }
    }

    /// Runs beside others.
    pub fn single(mut self) -> Self {
        self.single = true;
        self
    }
}
