/* Runs the tests in a wasm module without an operating system, on stack and data of C's: a script says what it hears (run.mjs). */

#include "test.h"

/* Returns how many tests failed. */
__attribute__((export_name("run"))) int run(int unchecked) {
    if (unchecked) run_controls();
    else run_tests();
    finish();
    return failures();
}
