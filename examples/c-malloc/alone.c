/* C in a module of nothing but C and freehold: no libc, and `malloc` all the same. JavaScript calls it (run.mjs). */

#include <stddef.h>

#include "freehold.h"

void *malloc(size_t size);
void *realloc(void *block, size_t size);
void free(void *block);

#define EXPORT(name) __attribute__((export_name(#name))) name

static struct {
    unsigned *items;
    size_t length, capacity;
} list;

/* Adds a number. Returns whether there was room. */
int EXPORT(push)(unsigned number) {
    if (list.length == list.capacity) {
        size_t capacity = list.capacity ? list.capacity * 2 : 8;
        unsigned *items = realloc(list.items, capacity * sizeof *items);
        if (!items) return 0;
        list.items = items;
        list.capacity = capacity;
    }
    list.items[list.length++] = number;
    return 1;
}

size_t EXPORT(length)(void) { return list.length; }

/* Frees all of them. */
void EXPORT(clear)(void) {
    free(list.items);
    list.items = NULL;
    list.length = list.capacity = 0;
}

/* The map of memory, as a text that the caller frees by `free`. */
char *EXPORT(map)(void) {
    freehold_ledger *ledger = freehold_ledger_default(NULL);
    size_t size = freehold_ledger_draw(ledger, NULL, 0, NULL) + 200; /* the text itself will be in it */
    char *text = malloc(size);
    if (text) freehold_ledger_draw(ledger, text, size, NULL);
    return text;
}

void EXPORT(release)(void *block) { free(block); }
