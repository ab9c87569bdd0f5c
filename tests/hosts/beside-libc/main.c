// The C program around the scenarios, which are a Rust static library. It takes no arguments: for those libc would allocate.

int beside_libc(void);

int main(void) {
    return beside_libc();
}
