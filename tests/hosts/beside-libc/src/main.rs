//! The scenarios as a Rust program.

fn main() -> std::process::ExitCode {
    #[cfg(any(target_os = "wasi", target_os = "emscripten"))]
    if freehold_beside_libc::run() {
        return std::process::ExitCode::SUCCESS;
    }
    std::process::ExitCode::from(2)
}
