//! The same work without wasm: `json-native FILE|- [--name NAME] [--seconds S]`. What `run.mjs` is to the module.

use std::io::{Read, Write, stdin, stdout};
use std::process::ExitCode;
use std::time::Instant;

use freehold_json_demo::input::Input;
use freehold_json_demo::{Problem, Session};

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let (mut file, mut name, mut seconds) = (None, None, 2.0);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--name" => name = words.next(),
            "--seconds" => seconds = words.next().and_then(|word| word.parse().ok()).unwrap_or(seconds),
            _ => file = Some(word),
        }
    }
    let Some(file) = file else {
        eprintln!("usage: json-native FILE|- [--name NAME] [--seconds S]");
        return ExitCode::from(Problem::FILE);
    };
    let name = name.unwrap_or_else(|| file.clone());
    match run(&file, &name, seconds) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{name}: {problem}");
            ExitCode::from(problem.code)
        }
    }
}

fn run(file: &str, name: &str, seconds: f64) -> Result<(), Problem> {
    let unreadable = |error: std::io::Error| Problem { code: Problem::FILE, text: error.to_string() };
    let bytes = if file == "-" {
        let mut bytes = Vec::new();
        stdin().read_to_end(&mut bytes).map_err(unreadable)?;
        bytes
    } else {
        std::fs::read(file).map_err(unreadable)?
    };
    let mut input = Input::new(bytes.len())?;
    input.bytes_mut().copy_from_slice(&bytes);
    drop(bytes);

    let mut session = Session::open(input, seconds)?;
    while session.next().is_some() {
        let start = Instant::now();
        session.turn()?;
        session.took(start.elapsed().as_secs_f64() * 1e3);
    }
    let heading = format!("{name}, natively on {}", std::env::consts::ARCH);
    // A closed pipe is the reader's choice.
    let _ = writeln!(stdout(), "{heading}\n\n{}", session.report());
    session.verdict()
}
