//! One command of another program: what it is called with, and where its output goes.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use shared_child::SharedChild;

/// Where the output of commands goes.
pub enum Out {
    /// Straight to the terminal.
    Terminal,
    /// Into a file, standard error too: a step's log, shown only if the step fails.
    Log(PathBuf, File),
}

impl Out {
    /// An empty log at `path`.
    pub fn log(path: PathBuf) -> Result<Self> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self::Log(path, file))
    }

    /// All that was logged so far.
    pub fn text(&self) -> Result<String> {
        match self {
            Self::Terminal => Ok(String::new()),
            Self::Log(path, _) => Ok(String::from_utf8_lossy(&fs::read(path)?).into_owned()),
        }
    }

    /// Where the log is.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Terminal => None,
            Self::Log(path, _) => Some(path),
        }
    }

    /// Says what is going on: a line for whoever waits.
    pub fn say(&self, line: &str) {
        match self {
            Self::Terminal => eprintln!("· {line}"),
            Self::Log(..) => println!("        {line}"),
        }
    }

    /// Notes a line of our own in the log.
    pub fn note(&self, line: &str) -> Result<()> {
        match self {
            Self::Terminal => Ok(()),
            Self::Log(_, file) => Ok(writeln!(&*file, "{line}")?),
        }
    }

    /// One more handle to write to.
    fn stdio(&self) -> Result<Stdio> {
        Ok(match self {
            Self::Terminal => Stdio::inherit(),
            Self::Log(_, file) => file.try_clone()?.into(),
        })
    }
}

/// The end of the last line in a log: what the command is at.
pub fn last_line(log: &Path) -> Result<String> {
    const ENOUGH: u64 = 1000;
    let mut file = File::open(log)?;
    let len = file.metadata()?.len();
    file.seek(SeekFrom::Start(len.saturating_sub(ENOUGH)))?;
    let mut tail = Vec::new();
    file.take(ENOUGH).read_to_end(&mut tail)?;
    Ok(String::from_utf8_lossy(&tail).lines().last().unwrap_or_default().to_owned())
}

/// A command that is about to run.
pub struct Task {
    command: Command,
    limit: Duration,
}

impl Task {
    /// `program`, run in `folder`.
    pub fn new(program: impl AsRef<OsStr>, folder: &Path) -> Self {
        let mut command = Command::new(program);
        command.current_dir(folder).stdin(Stdio::null());
        Self { command, limit: Duration::from_secs(30 * 60) }
    }

    /// Adds arguments, separated by spaces.
    pub fn args(mut self, words: &str) -> Self {
        self.command.args(words.split_whitespace());
        self
    }

    /// Adds one argument as it is.
    pub fn arg(mut self, word: impl AsRef<OsStr>) -> Self {
        self.command.arg(word);
        self
    }

    /// Sets a variable of the environment.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Drops a variable of the environment.
    pub fn env_remove(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    /// Stops the command after this time; it counts as failed then.
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Runs the command, which must do well.
    pub fn run(self, out: &Out) -> Result<()> {
        let line = self.line();
        judge(&line, self.status(out)?)
    }

    /// Runs the command and returns how it ended.
    pub fn status(self, out: &Out) -> Result<ExitStatus> {
        let (line, limit) = (self.line(), self.limit);
        let status = self.within_limit(out)?;
        status.with_context(|| format!("`{line}` was stopped after {} s", limit.as_secs()))
    }

    /// Runs the command and returns its exit code, or nothing if it had to be stopped.
    pub fn ended(self, out: &Out) -> Result<Option<i32>> {
        Ok(self.within_limit(out)?.and_then(|status| status.code()))
    }

    fn within_limit(mut self, out: &Out) -> Result<Option<ExitStatus>> {
        let line = self.line();
        out.note(&format!("$ {line}"))?;
        self.command.stdout(out.stdio()?).stderr(out.stdio()?);
        let child = SharedChild::spawn(&mut self.command).with_context(|| format!("cannot run `{line}`"))?;
        if let Some(status) = child.wait_timeout(self.limit)? {
            return Ok(Some(status));
        }
        child.kill()?;
        child.wait()?;
        Ok(None)
    }

    /// Runs the command and returns what it wrote to its standard output.
    pub fn read(mut self, out: &Out) -> Result<String> {
        let line = self.line();
        out.note(&format!("$ {line}"))?;
        self.command.stderr(out.stdio()?);
        let output = self.command.output().with_context(|| format!("cannot run `{line}`"))?;
        judge(&line, output.status)?;
        Ok(String::from_utf8(output.stdout)?)
    }

    /// The command as a person would type it.
    fn line(&self) -> String {
        let set = self
            .command
            .get_envs()
            .filter_map(|(name, value)| Some(format!("{}={:?}", name.to_string_lossy(), value?.to_string_lossy())));
        let program = Path::new(self.command.get_program()).file_name().unwrap_or_default();
        let words = self.command.get_args().map(|word| word.to_string_lossy().into_owned());
        let line: Vec<_> = set.chain([program.to_string_lossy().into_owned()]).chain(words).collect();
        line.join(" ")
    }
}

/// An error unless the command did well.
fn judge(line: &str, status: ExitStatus) -> Result<()> {
    if !status.success() {
        bail!("`{line}` ended with {status}");
    }
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str) -> Task {
        Task::new("sh", Path::new(".")).arg("-c").arg(script)
    }

    #[test]
    fn a_command_that_hangs_is_stopped() {
        let error = shell("exec sleep 60").limit(Duration::from_millis(50)).run(&Out::Terminal).unwrap_err();
        assert!(error.to_string().contains("was stopped"), "{error}");
    }

    #[test]
    fn both_outputs_of_a_command_are_logged() {
        let path = std::env::temp_dir().join(format!("freehold-xtask-{}.log", std::process::id()));
        let out = Out::log(path.clone()).unwrap();
        assert!(shell("echo one; echo two >&2; exit 3").run(&out).is_err());
        assert_eq!(shell("echo three; echo four >&2").read(&out).unwrap(), "three\n");
        let text = out.text().unwrap();
        assert_eq!(last_line(&path).unwrap(), "four");
        fs::remove_file(path).unwrap();
        assert_eq!(text.lines().filter(|line| !line.starts_with('$')).collect::<Vec<_>>(), ["one", "two", "four"]);
    }
}
