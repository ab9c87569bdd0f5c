/* A program like any other: `malloc`, `strdup`, `getline`, `printf`. Nothing in it says who `malloc` is; the linker does. That all of it lies
 * in one map, beside an arena, freehold.h shows. */

#define _POSIX_C_SOURCE 200809L

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "freehold.h"

/* Whose memory that is, as the map has it. */
static const char *owner_of(const void *block) {
    static freehold_span span;
    memset(&span, 0, sizeof span);
    while (freehold_ledger_next(freehold_ledger_default(NULL), &span, NULL)) {
        if ((uintptr_t)block - span.start < span.length) return span.owner;
    }
    return "nobody";
}

int main(void) {
    freehold_error error;
    freehold_ledger *ledger = freehold_ledger_default(&error);
    freehold_arena *arena = freehold_arena_open(ledger, "lines", &error);
    if (!arena) return puts(error.text), 1;

    static char text[] = "one of libc's buffers\nanother line\nand the last\n";
    FILE *file = fmemopen(text, sizeof text - 1, "r");
    char *line = NULL;
    size_t room = 0;
    for (ssize_t length; file && (length = getline(&line, &room, file)) > 0;) {
        char *kept = freehold_alloc(arena, (size_t)length + 1, 1, &error);
        memcpy(kept, line, (size_t)length + 1);
    }
    char *copy = strdup("a copy of libc's");
    double *numbers = malloc(10000 * sizeof *numbers);
    void *sized = freehold_heap_alloc(5000, 0, &error);
    printf("malloc: %s\nstrdup: %s\ngetline: %s\nfmemopen: %s\n", owner_of(numbers), owner_of(copy), owner_of(line), owner_of(file));

    /* Where `malloc` says NULL, freehold.h says why. */
    freehold_heap_alloc(SIZE_MAX / 2, 0, &error);
    printf("refused: %s\n\n", error.text);

    static char map[8000];
    freehold_ledger_draw(ledger, map, sizeof map, &error);
    fputs(map, stdout);

    freehold_heap_free(sized, 5000, 0, &error);
    free(numbers);
    free(copy);
    free(line);
    if (file) fclose(file);
    return freehold_arena_close(arena, &error);
}
