/* A codec for a page: C and freehold, no libc, no other heap. JavaScript asks for room, writes its bytes there, and calls `pack`. All
 * that one picture needs lies in a scope, so a thousand pictures take the memory of one. */

#include <stddef.h>
#include <stdint.h>

#include "freehold.h"

#define EXPORT(name) __attribute__((export_name(#name))) name

/* What JavaScript reads: where the result is. */
static struct {
    unsigned char *start;
    size_t length;
} result;

static freehold_error error;
static freehold_arena *arena;
static freehold_scope *picture;

const char *EXPORT(message)(void) { return error.text; }
void *EXPORT(result_at)(void) { return &result; }

/* Begins a picture of `length` bytes: room for them. What the one before had is free. NULL if there is no room: see `message`. */
unsigned char *EXPORT(begin)(size_t length) {
    if (!arena) arena = freehold_arena_open(freehold_ledger_default(&error), "pictures", &error);
    if (picture) freehold_scope_close(picture, &error);
    picture = arena ? freehold_scope_open(arena, &error) : NULL;
    return picture ? freehold_alloc(arena, length, 1, &error) : NULL;
}

/* Packs `length` bytes into pairs of a count and a byte. Returns whether there was room. */
int EXPORT(pack)(const unsigned char *bytes, size_t length) {
    unsigned char *out = freehold_alloc_array(arena, length, 2, 1, &error); /* at worst every byte is alone */
    if (!out) return 0;
    size_t at = 0, end = 0;
    while (at < length) {
        size_t run = 1;
        while (run < 255 && at + run < length && bytes[at + run] == bytes[at]) run++;
        out[end++] = (unsigned char)run;
        out[end++] = bytes[at];
        at += run;
    }
    result.start = out;
    result.length = end;
    return 1;
}

/* The map of memory, as a text. */
int EXPORT(map)(void) {
    freehold_ledger *ledger = freehold_ledger_default(&error);
    size_t size = freehold_ledger_draw(ledger, NULL, 0, &error) + 1;
    char *text = freehold_alloc(arena, size, 1, &error);
    if (!text) return 0;
    result.start = (unsigned char *)text;
    result.length = freehold_ledger_draw(ledger, text, size, &error);
    return 1;
}
