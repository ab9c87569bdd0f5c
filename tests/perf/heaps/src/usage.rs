//! What the system says of this process.

use std::fs::File;
use std::io::Read;
use std::mem::MaybeUninit;

/// Processor time of all threads, in seconds.
#[derive(Clone, Copy)]
pub struct Usage {
    /// In the program.
    pub user: f64,
    /// In the system, for the program.
    pub system: f64,
}

impl Usage {
    /// Since the process began; of systems that are not Unix nothing is known.
    #[cfg(unix)]
    pub fn now() -> Self {
        let mut usage = MaybeUninit::<libc::rusage>::zeroed();
        // SAFETY: it is written to, and that many bytes are there.
        unsafe { libc::getrusage(libc::RUSAGE_SELF, usage.as_mut_ptr()) };
        // SAFETY: numbers may be zero, if the call did not write them.
        let usage = unsafe { usage.assume_init() };
        let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
        Self { user: seconds(usage.ru_utime), system: seconds(usage.ru_stime) }
    }

    /// Since the process began; of systems that are not Unix nothing is known.
    #[cfg(not(unix))]
    pub fn now() -> Self {
        Self { user: f64::NAN, system: f64::NAN }
    }

    /// Between then and now.
    pub fn since(self, before: Self) -> Self {
        Self { user: self.user - before.user, system: self.system - before.system }
    }
}

/// A number of KiB that Linux has under this name; elsewhere there is none. Nothing is allocated: the heap is what is measured.
pub fn resident(name: &str) -> f64 {
    // All of it has half as much.
    let mut bytes = [0; 4096];
    let read = File::open("/proc/self/status").and_then(|mut file| file.read(&mut bytes));
    let status = str::from_utf8(&bytes[..read.unwrap_or(0)]).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(f64::NAN)
}
