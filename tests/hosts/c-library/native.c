/* Runs the tests on the host: `native`, or `native unchecked` with a library built without its checks. */

#define _POSIX_C_SOURCE 200809L

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "freehold.h"
#include "test.h"

void say(const char *text, size_t length) { fwrite(text, 1, length, stdout); }

enum { THREADS = 4, STEPS = 20000 };

static freehold_pool *shared;

/* An arena of its own, a pool that all share, and `malloc` beside them. Returns how many things were wrong. */
static void *work(void *number) {
    size_t wrong = 0;
    unsigned seed = (unsigned)(size_t)number + 1;
    freehold_error error;
    freehold_arena *arena = freehold_arena_open(freehold_ledger_default(NULL), "thread", &error);
    char *blocks[50] = {0}, *mallocs[50] = {0};
    for (unsigned step = 0; step < STEPS; step++) {
        seed = seed * 1664525u + 1013904223u;
        unsigned at = (seed >> 16) % 50;
        freehold_scope *scope = freehold_scope_open(arena, &error);
        char *scratch = freehold_alloc(arena, 100 + at, 1, &error);
        memset(scratch, (int)at, 100 + at);
        if (blocks[at]) {
            for (unsigned byte = 0; byte < 48; byte++) wrong += blocks[at][byte] != (char)(at + (size_t)number);
            wrong += freehold_pool_free(shared, blocks[at], &error) != FREEHOLD_OK;
            wrong += memcmp(mallocs[at], scratch, 100) != 0;
            free(mallocs[at]);
            blocks[at] = mallocs[at] = NULL;
        } else {
            blocks[at] = freehold_pool_alloc(shared, &error);
            memset(blocks[at], (int)(at + (size_t)number), 48);
            mallocs[at] = malloc(100);
            memset(mallocs[at], (int)at, 100);
            /* Each thread has its own errors. */
            wrong += freehold_arena_close((freehold_arena *)(void *)blocks[at], &error) != FREEHOLD_NOT_A_HANDLE;
            wrong += error.code != FREEHOLD_NOT_A_HANDLE || !strstr(error.text, "an arena");
        }
        for (unsigned byte = 0; byte < 100 + at; byte++) wrong += scratch[byte] != (char)at;
        wrong += freehold_scope_close(scope, &error) != FREEHOLD_OK;
    }
    for (unsigned at = 0; at < 50; at++) {
        free(mallocs[at]);
        if (blocks[at]) wrong += freehold_pool_free(shared, blocks[at], &error) != FREEHOLD_OK;
    }
    wrong += freehold_arena_close(arena, &error) != FREEHOLD_OK;
    return (void *)wrong;
}

static void threads_take_turns(void) {
    shared = freehold_pool_open(freehold_ledger_default(NULL), "shared", 48, 16, 0, NULL);
    pthread_t threads[THREADS];
    for (size_t at = 0; at < THREADS; at++) CHECK(pthread_create(&threads[at], NULL, work, (void *)at) == 0);
    for (size_t at = 0; at < THREADS; at++) {
        void *wrong;
        CHECK(pthread_join(threads[at], &wrong) == 0 && wrong == NULL);
    }
    CHECK(freehold_pool_in_use(shared, NULL) == 0);
    freehold_pool_close(shared, NULL);
}

int main(int count, char **arguments) {
    if (count > 1 && strcmp(arguments[1], "unchecked") == 0) {
        run_controls();
    } else {
        /* Memory ends somewhere: the host refuses beyond a GiB of address space. */
        struct rlimit limit = {(rlim_t)1 << 30, (rlim_t)1 << 30};
        test("threads_take_turns"), CHECK(setrlimit(RLIMIT_AS, &limit) == 0), threads_take_turns();
        run_tests();
    }
    finish();
    return failures() != 0;
}
