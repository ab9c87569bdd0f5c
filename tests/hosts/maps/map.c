/* A C module, or an Emscripten program, that says how its memory lies, for the diagrams of `docs/targets.md`. `src/lib.rs` is the same
 * in Rust. */

#include <stddef.h>

#include "freehold.h"

#ifdef __EMSCRIPTEN__
#include <stdio.h>
/* Node sees whole lines only. */
static void say(const char *text, size_t length) { printf("%.*s\n", (int)length, text); }
#else
__attribute__((import_module("host"), import_name("say"))) void say(const char *text, size_t length);
#endif

/* Data, to be seen in the map. */
static volatile char table[100000] = {1};

__attribute__((export_name("map"))) void map(void) {
    static char text[10000];
    freehold_ledger *ledger = freehold_ledger_default(NULL);
    freehold_arena *frames = freehold_arena_open(ledger, "frames", NULL);
    freehold_alloc(frames, 200000, (size_t)table[0], NULL);
    freehold_pool *packets = freehold_pool_open(ledger, "packets", 1500, 0, 20, NULL);
    say(text, freehold_ledger_draw(ledger, text, sizeof text, NULL));
    freehold_pool_close(packets, NULL);
    freehold_arena_close(frames, NULL);
}

#ifdef __EMSCRIPTEN__
int main(void) { map(); }
#endif
