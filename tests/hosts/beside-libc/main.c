// The C program around the scenarios, which are a Rust static library. It takes no arguments: for those libc would allocate.

int beside_libc(void);

#ifdef __EMSCRIPTEN__
#include <emscripten.h>

// Memory grown from outside, as a page's own script could: the first page's number, or -1.
EM_JS(unsigned, host_grow, (unsigned pages), {
    try {
        const first = wasmMemory.grow(pages);
        updateMemoryViews();
        return first;
    } catch {
        return -1;
    }
});
#endif

int main(void) {
    return beside_libc();
}
