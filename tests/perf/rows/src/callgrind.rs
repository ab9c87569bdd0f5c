//! Tells callgrind where a measurement begins and ends.
//!
//! Valgrind reads such requests from a sequence of instructions that does nothing otherwise, so this is harmless outside it.
//! The numbers are those of `valgrind/callgrind.h`.

const ZERO_STATS: usize = TOOL + 1;
const DUMP_STATS_AT: usize = TOOL + 3;
/// `('C' << 24) + ('T' << 16)`: callgrind's requests start here.
const TOOL: usize = ((b'C' as usize) << 24) + ((b'T' as usize) << 16);

/// Forgets what was counted so far.
pub fn start() {
    request(ZERO_STATS, 0);
}

/// Writes down what was counted since, under a name.
pub fn stop(name: &str) {
    let name = std::ffi::CString::new(name).expect("no name has a null byte");
    request(DUMP_STATS_AT, name.as_ptr().expose_provenance());
}

#[cfg(all(target_arch = "x86_64", not(target_os = "windows")))]
fn request(number: usize, argument: usize) {
    let block = [number, argument, 0, 0, 0, 0];
    // SAFETY: four rotations of `rdi` by 128 bits in all and an exchange of `rbx` with itself change nothing. Valgrind, if
    // it is there, reads the block and the string that the argument points to; both live until the call is over. It answers in
    // `rdx`.
    unsafe {
        std::arch::asm!(
            "rol rdi, 3",
            "rol rdi, 13",
            "rol rdi, 61",
            "rol rdi, 51",
            "xchg rbx, rbx",
            in("rax") block.as_ptr(),
            inout("rdx") 0usize => _,
            out("rdi") _,
            options(nostack),
        );
    }
}

#[cfg(not(all(target_arch = "x86_64", not(target_os = "windows"))))]
fn request(_: usize, _: usize) {}
