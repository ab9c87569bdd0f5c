/* Counts words, line by line. What a line needs while it is read goes into a scope and is gone with it; the words go into an arena,
 * the counters into a pool. The program's own `malloc` is beside them, and never meets them. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "freehold.h"

/* A word, and how often it came. */
typedef struct counter {
    struct counter *next;
    const char *word;
    unsigned count;
} counter;

static const char *const LINES[] = {
    "the arena is for the words that stay",
    "the scope is for what a line needs while it is read",
    "the pool is for the counters that come and go",
};

/* Every call says how it went here. */
static freehold_error error;

/* The words of a line, lower case, in the arena's innermost scope; NULL ends them. */
static char **words_of(freehold_arena *arena, const char *line) {
    size_t length = strlen(line);
    char *copy = freehold_alloc(arena, length + 1, 1, &error);
    char **words = freehold_alloc_array(arena, length + 2, sizeof *words, 0, &error); /* more than there can be: it costs nothing */
    if (!copy || !words) return NULL;
    memcpy(copy, line, length + 1);
    size_t count = 0;
    for (char *word = strtok(copy, " "); word; word = strtok(NULL, " ")) words[count++] = word;
    words[count] = NULL;
    return words;
}

/* The counter of a word: one that is there, or a new one. */
static counter *counter_of(counter **all, const char *word, freehold_arena *texts, freehold_pool *counters) {
    for (counter *at = *all; at; at = at->next) {
        if (strcmp(at->word, word) == 0) return at;
    }
    counter *fresh = freehold_pool_alloc(counters, &error);
    char *kept = freehold_alloc(texts, strlen(word) + 1, 1, &error);
    if (!fresh || !kept) return NULL;
    *fresh = (counter){*all, strcpy(kept, word), 0};
    return *all = fresh;
}

static int failed(const char *what) {
    fprintf(stderr, "%s: %s\n", what, error.text);
    return EXIT_FAILURE;
}

int main(void) {
    freehold_ledger *ledger = freehold_ledger_default(&error);
    freehold_arena *texts = freehold_arena_open(ledger, "texts", &error);
    freehold_arena *lines = freehold_arena_open(ledger, "lines", &error);
    freehold_pool *counters = freehold_pool_open(ledger, "counters", sizeof(counter), 0, 0, &error);
    if (!texts || !lines || !counters) return failed("opening");

    counter *all = NULL;
    for (size_t line = 0; line < sizeof LINES / sizeof *LINES; line++) {
        freehold_scope *scope = freehold_scope_open(lines, &error);
        char **words = scope ? words_of(lines, LINES[line]) : NULL;
        if (!words) return failed("reading a line");
        for (; *words; words++) {
            counter *found = counter_of(&all, *words, texts, counters);
            if (!found) return failed("counting a word");
            found->count++;
        }
        freehold_scope_close(scope, &error); /* the copy and the list of words are gone */
    }

    /* Counters of words that came once go back to the pool, one by one. */
    for (counter **link = &all; *link;) {
        counter *at = *link;
        if (at->count > 1) {
            printf("%u  %s\n", at->count, at->word);
            link = &at->next;
        } else {
            *link = at->next;
            freehold_pool_free(counters, at, &error);
        }
    }
    printf("%zu counters are left\n\n", freehold_pool_in_use(counters, &error));

    /* A mistake is no accident. */
    counter *once = freehold_pool_alloc(counters, &error);
    freehold_pool_free(counters, once, &error);
    if (freehold_pool_free(counters, once, &error) != FREEHOLD_FREED_TWICE) return failed("freed twice, and nobody noticed");
    printf("refused: %s\n\n", freehold_text(error.code));

    /* Who holds which bytes. The text's length is known before it is written; its room is the program's own. */
    size_t length = freehold_ledger_draw(ledger, NULL, 0, &error);
    char *map = malloc(length + 1);
    if (!map) return EXIT_FAILURE;
    freehold_ledger_draw(ledger, map, length + 1, &error);
    puts(map);
    free(map);

    freehold_arena_close(lines, &error);
    freehold_arena_close(texts, &error);
    return freehold_pool_close(counters, &error);
}
