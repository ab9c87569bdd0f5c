//! Writes the programs that the fuzzer starts from into the folders that the command line names.

use std::path::Path;
use std::{env, io};

fn main() -> io::Result<()> {
    env::args_os().skip(1).try_for_each(|folder| freehold_fuzz::seeds::write(Path::new(&folder)))
}
