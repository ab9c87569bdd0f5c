/* A codec in an Emscripten program. What it needs while it is at work lies in a scope and is gone with it; what it hands out is a block
 * of `malloc`, the caller's to free. Both heaps are in one memory, and never meet. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <emscripten/heap.h>

#include "freehold.h"

enum { WIDTH = 200, HEIGHT = 250, SIZE = WIDTH * HEIGHT, PICTURES = 1000 };

typedef struct packed {
    unsigned char *bytes; /* from `malloc`; NULL if there was no room: `error` says why */
    size_t length;
} packed;

static freehold_error error;

/* Packs a picture: each byte's difference to the one above it, then runs of the same as pairs of a count and a byte. */
static packed pack(freehold_arena *scratch, const unsigned char *picture, size_t size) {
    packed result = {NULL, 0};
    freehold_scope *scope = freehold_scope_open(scratch, &error);
    unsigned char *differences = scope ? freehold_alloc(scratch, size, 1, &error) : NULL;
    unsigned char *pairs = differences ? freehold_alloc_array(scratch, size, 2, 1, &error) : NULL; /* at worst each byte is alone */
    if (pairs) {
        for (size_t at = 0; at < size; at++) differences[at] = (unsigned char)(picture[at] - (at < WIDTH ? 0 : picture[at - WIDTH]));
        for (size_t at = 0, run; at < size; at += run) {
            for (run = 1; run < 255 && at + run < size && differences[at + run] == differences[at];) run++;
            pairs[result.length++] = (unsigned char)run;
            pairs[result.length++] = differences[at];
        }
        result.bytes = malloc(result.length);
        if (result.bytes) memcpy(result.bytes, pairs, result.length);
    }
    if (scope) freehold_scope_close(scope, NULL);
    return result;
}

/* Unpacks into `picture`. Returns how many bytes that made. */
static size_t unpack(packed from, unsigned char *picture) {
    size_t size = 0;
    for (size_t at = 0; at < from.length; at += 2) {
        for (unsigned run = from.bytes[at]; run; run--, size++) {
            picture[size] = (unsigned char)(from.bytes[at + 1] + (size < WIDTH ? 0 : picture[size - WIDTH]));
        }
    }
    return size;
}

/* Picture `n`: noise below a slope. */
static void draw(unsigned char *picture, unsigned n) {
    unsigned noise = n;
    for (unsigned at = 0; at < SIZE; at++) {
        noise = noise * 1664525u + 1013904223u;
        picture[at] = (unsigned char)(at / WIDTH + n + (at % WIDTH < WIDTH / 5 ? noise >> 28 : 0));
    }
}

static freehold_stats taken(void) {
    freehold_stats stats;
    freehold_ledger_stats(freehold_ledger_default(NULL), &stats, NULL);
    return stats;
}

static int failed(const char *what) {
    fprintf(stderr, "%s: %s\n", what, error.text);
    return EXIT_FAILURE;
}

int main(void) {
    static unsigned char picture[SIZE], again[SIZE];
    static packed all[PICTURES];
    size_t memory = emscripten_get_heap_size(), length = 0, growths = 0;
    freehold_ledger *ledger = freehold_ledger_default(&error);
    freehold_arena *scratch = freehold_arena_open(ledger, "codec", &error);
    if (!scratch) return failed("opening");

    for (unsigned n = 0; n < PICTURES; n++) {
        draw(picture, n);
        all[n] = pack(scratch, picture, SIZE);
        if (!all[n].bytes) return failed("packing");
        length += all[n].length;
        if (n == 0) growths = taken().growths;
    }
    printf("%d pictures, %d bytes each, in blocks of `malloc`: %zu bytes\n", PICTURES, SIZE, length);
    printf("times that the codec took memory: for the first %zu, for all %zu\n", growths, taken().growths);
    printf("memory: %zu bytes at first, %zu now\n", memory, emscripten_get_heap_size());

    /* What memory has no room for is refused, with a reason, and nothing else happens. */
    if (pack(scratch, picture, 100000000).bytes) return failed("too large, and nobody noticed");
    printf("refused: %s\n\n", error.text);

    /* Who holds which bytes: what isn't the codec's is C's own, or libc's. */
    static char map[4000];
    freehold_ledger_draw(ledger, map, sizeof map, &error);
    puts(map);

    for (unsigned n = 0; n < PICTURES; n++) {
        draw(picture, n);
        if (unpack(all[n], again) != SIZE || memcmp(picture, again, SIZE) != 0) return failed("not the picture it was");
        free(all[n].bytes);
    }
    size_t most = taken().granted;
    if (freehold_arena_close(scratch, &error) || taken().granted) return failed("closing");
    printf("\nevery picture is as it was; the codec gave its %zu bytes back to `malloc`\n", most);
    return EXIT_SUCCESS;
}
