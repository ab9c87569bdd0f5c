//! Where the board's memory lies, for the linker script of cortex-m-rt or riscv-rt. The programs name that script themselves.

use std::env;
use std::fs;
use std::path::Path;

/// A micro:bit, with as much RAM as an RP2040 has (`tests/xtask/src/boards.rs` gives it that).
const MICROBIT: &str = "MEMORY { FLASH : ORIGIN = 0, LENGTH = 256K RAM : ORIGIN = 0x20000000, LENGTH = 256K }";

/// An MPS2 with the image AN386. It has 4 MiB of each; the stack is at the end.
const MPS2: &str = "MEMORY { FLASH : ORIGIN = 0, LENGTH = 4M RAM : ORIGIN = 0x20000000, LENGTH = 4M }";

/// qemu's own board, which starts at the first byte of its RAM.
const VIRT: &str = "MEMORY { RAM : ORIGIN = 0x80000000, LENGTH = 16M }
REGION_ALIAS(\"REGION_TEXT\", RAM);
REGION_ALIAS(\"REGION_RODATA\", RAM);
REGION_ALIAS(\"REGION_DATA\", RAM);
REGION_ALIAS(\"REGION_BSS\", RAM);
REGION_ALIAS(\"REGION_HEAP\", RAM);
REGION_ALIAS(\"REGION_STACK\", RAM);
";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(board, values(\"microbit\", \"mps2\", \"virt\"))");
    let target = env::var("TARGET").expect("cargo sets it");
    let (board, memory) = match target.as_str() {
        _ if target.starts_with("thumbv6m") => ("microbit", MICROBIT),
        _ if target.starts_with("thumb") => ("mps2", MPS2),
        _ if target.starts_with("riscv32") => ("virt", VIRT),
        _ => return,
    };
    let out = env::var("OUT_DIR").expect("cargo sets it");
    fs::write(Path::new(&out).join("memory.x"), memory).expect("cargo's own folder");
    println!("cargo::rustc-link-search={out}");
    println!("cargo::rustc-cfg=board=\"{board}\"");
}
