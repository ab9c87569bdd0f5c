/* Runs the tests in a program with a libc, on WASI or Emscripten, beside its heap, which keeps what it has. With UNCHECKED, the
 * controls. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "freehold.h"
#include "test.h"

void say(const char *text, size_t length) { fwrite(text, 1, length, stdout); }

enum { BLOCKS = 100 };

static char *blocks[BLOCKS];

/* Blocks of libc's, from a few bytes to 100 KB, each with its own byte in it. */
static size_t size_of_block(int at) { return (size_t)(10 + at * at * 10); }

int main(void) {
    test("libc_and_an_arena");
    /* The arena takes memory before libc has woken, and libc takes more after it. */
    freehold_arena *arena = freehold_arena_open(freehold_ledger_default(NULL), "early", NULL);
    char *early = freehold_alloc(arena, 300000, 1, NULL);
    if (CHECK(early)) memset(early, 0x55, 300000);
    for (int at = 0; at < BLOCKS; at++) {
        blocks[at] = malloc(size_of_block(at));
        if (CHECK(blocks[at])) memset(blocks[at], at, size_of_block(at));
    }
    for (size_t byte = 0; early && byte < 300000 && CHECK(early[byte] == 0x55); byte++) {}
    freehold_arena_close(arena, NULL);

#ifdef UNCHECKED
    run_controls();
#else
    run_tests();
#endif

    test("libc_has_what_it_had");
    for (int at = 0; at < BLOCKS; at++) {
        size_t same = 0;
        while (same < size_of_block(at) && blocks[at][same] == at) same++;
        CHECK(same == size_of_block(at));
        free(blocks[at]);
    }
    finish();
    return failures() != 0;
}
