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
     --config profile.release.overflow-checks=true --tests";

/// What a step does.
pub type Work = Box<dyn Fn(&Tools, &Out) -> Result<()> + Send + Sync>;

/// Which steps can't run at the same time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Lane {
    /// Those that build in the folders which most build in: one may write over a program that another is about to run.
    Common,
    /// Those with a folder of their own, by its name: they run beside all others.
    Folder(&'static str),
    /// None: what it builds is its own, and it keeps one processor busy for long.
    Free,
}

/// One check.
pub struct Step {
    /// What it is called.
    pub name: String,
    /// What must be there first.
    pub needs: Vec<Need>,
    /// Whether it is for the tests it runs: if there were none, it fails.
    pub tests: bool,
    /// What it can't run beside.
    pub lane: Lane,
    /// Whether it is one of the few that give a first answer: `cargo verify --quick` runs these alone, in three minutes at most.
    pub quick: bool,
    /// Whether a whole run has what it tests in another step.
    pub quick_only: bool,
    /// The check.
    pub work: Work,
}

impl Step {
    /// A step that needs nothing.
    pub fn new(name: impl Into<String>, work: impl Fn(&Tools, &Out) -> Result<()> + Send + Sync + 'static) -> Self {
        let (name, needs, work) = (name.into(), Vec::new(), Box::new(work));
        Self { name, needs, tests: false, lane: Lane::Common, quick: false, quick_only: false, work }
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

    /// Is one of them, and a whole run has what it tests in another step.
    pub fn quick_only(mut self) -> Self {
        self.quick_only = true;
        self.quick()
    }

    /// Is one of the few, where that is so.
    pub fn quick_if(self, quick: bool) -> Self {
        if quick { self.quick() } else { self }
    }

    /// Runs beside any other.
    pub fn single(mut self) -> Self {
        self.lane = Lane::Free;
        self
    }

    /// Runs beside all but those that name the same folder.
    pub fn in_folder(mut self, name: &'static str) -> Self {
        self.lane = Lane::Folder(name);
        self
    }
}

/// The steps that wait, and those that run.
pub struct Queue<'a> {
    waiting: Vec<&'a Step>,
    busy: Vec<Lane>,
}

impl<'a> Queue<'a> {
    /// All of them wait.
    pub fn new(steps: &'a [Step]) -> Self {
        Self { waiting: steps.iter().collect(), busy: Vec::new() }
    }

    /// The next that may run. One thread looks among the common ones first, in which nobody can help it; the others look for what has a folder of
    /// its own. What runs beside any other comes last: it keeps all threads busy to the end. If there is none, whoever runs in a lane will go on
    /// with what waits for it.
    pub fn next(&mut self, common_first: bool) -> Option<&'a Step> {
        let rank = |step: &Step| match step.lane {
            Lane::Common => {
                if common_first {
                    0
                } else {
                    3
                }
            }
            Lane::Folder(_) => 1,
            Lane::Free => 2,
        };
        let may = |step: &Step| step.lane == Lane::Free || !self.busy.contains(&step.lane);
        let able = self.waiting.iter().enumerate().filter(|(_, step)| may(step));
        let (at, _) = able.min_by_key(|(_, step)| rank(step))?;
        let step = self.waiting.remove(at);
        self.busy.push(step.lane);
        Some(step)
    }

    /// A step that it gave has run.
    pub fn done(&mut self, step: &Step) {
        let at = self.busy.iter().position(|lane| *lane == step.lane);
        self.busy.swap_remove(at.expect("it runs"));
    }
}

#[cfg(test)]
mod tests {
    use super::{Queue, Step};

    fn names(queue: &mut Queue<'_>, common_first: bool) -> Vec<String> {
        std::iter::from_fn(|| queue.next(common_first)).map(|step| step.name.clone()).collect()
    }

    #[test]
    fn steps_of_one_lane_run_one_after_the_other() {
        let step = |name: &str| Step::new(name, |_, _| Ok(()));
        let steps = [
            step("common"),
            step("folder").in_folder("a"),
            step("free").single(),
            step("same folder").in_folder("a"),
            step("other folder").in_folder("b"),
            step("too long").single(),
            step("common as well"),
        ];
        let mut queue = Queue::new(&steps);
        let common = queue.next(true).unwrap();
        assert_eq!(common.name, "common");
        assert_eq!(names(&mut queue, false), ["folder", "other folder", "free", "too long"]);
        queue.done(&steps[1]);
        assert_eq!(names(&mut queue, false), ["same folder"]);
        queue.done(common);
        assert_eq!(names(&mut queue, false), ["common as well"]);

        // Nothing is left out if there is one thread.
        let (mut queue, mut all) = (Queue::new(&steps), Vec::new());
        while let Some(step) = queue.next(true) {
            all.push(step.name.as_str());
            queue.done(step);
        }
        assert_eq!(all, ["common", "common as well", "folder", "same folder", "other folder", "free", "too long"]);
    }
}
