/* The module's `malloc` is freehold's: what C's standard says of each function, one map for all that anybody allocates and, where there
 * is a libc, for what libc itself does. Without a libc wasm.c of `c-library` runs it, else its own `main`. */

/* `mmap` with no file is beyond POSIX. */
#define _DEFAULT_SOURCE
#define _POSIX_C_SOURCE 200809L

#include <stdint.h>

#include "../c-library/test.h"
#include "freehold.h"

#if defined(__wasi__) || defined(__EMSCRIPTEN__)
#define LIBC 1
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#else
#define LIBC 0
void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void *realloc(void *block, size_t size);
void *aligned_alloc(size_t align, size_t size);
int posix_memalign(void **out, size_t align, size_t size);
void free(void *block);
#endif
void *memalign(size_t align, size_t size);
void *reallocarray(void *block, size_t count, size_t size);
size_t malloc_usable_size(void *block);

/* program.c of `c-symbols`. Each returns the line at which something is not as it should be. */
int each_function(void);
int random_steps(uint32_t steps);
int free_all(void);

enum { EINVAL_OF_MUSL = 22, ENOMEM_OF_MUSL = 12, SOAK = 300000 };

/* The optimiser may not know what it is. */
static size_t opaque(size_t number) {
    volatile size_t kept = number;
    return kept;
}

static int same_text(const char *one, const char *two) {
    while (*one && *one == *two) one++, two++;
    return *one == *two;
}

/* Whose memory that is, as the map has it; "" if it is in nobody's. */
static const char *owner_of(const void *block) {
    static freehold_span span;
    span = (freehold_span){0};
    while (freehold_ledger_next(freehold_ledger_default(NULL), &span, NULL)) {
        if ((uintptr_t)block - span.start < span.length) return span.owner;
    }
    return "";
}

static int is_heaps(const void *block) { return block && same_text(owner_of(block), "heap"); }

static size_t granted(void) {
    freehold_stats stats = {0};
    freehold_ledger_stats(freehold_ledger_default(NULL), &stats, NULL);
    return stats.granted;
}

/* What the last call that failed has said, where there is a libc to say it. */
static int said_errno(int number) {
#if LIBC
    int said = errno;
    errno = 0;
    return said == number;
#else
    return number != 0;
#endif
}

/* Bad input: nothing is returned, the reason is told, and what there was is as it was. */
static void bad_input(void) {
    static const struct {
        size_t count, size;
    } too_many[] = {{SIZE_MAX, 2},    {2, SIZE_MAX},           {SIZE_MAX / 2 + 2, 2}, {SIZE_MAX / 16, 17},
                    {1, SIZE_MAX},    {SIZE_MAX, SIZE_MAX},    {SIZE_MAX / 2 + 1, 1}, {(size_t)1 << (sizeof(size_t) * 4), (size_t)1 << (sizeof(size_t) * 4)},
                    {1, SIZE_MAX - 8}, {SIZE_MAX / 4, 5}};
    unsigned char *kept = malloc(100);
    for (unsigned at = 0; at < 100; at++) kept[at] = (unsigned char)at;
    said_errno(0);
    for (unsigned at = 0; at < sizeof too_many / sizeof *too_many; at++) {
        size_t count = opaque(too_many[at].count), size = opaque(too_many[at].size);
        CHECK(!calloc(count, size) && said_errno(ENOMEM_OF_MUSL));
        CHECK(!reallocarray(NULL, count, size) && said_errno(ENOMEM_OF_MUSL));
        CHECK(!reallocarray(kept, count, size) && said_errno(ENOMEM_OF_MUSL));
    }
    static const size_t too_large[] = {SIZE_MAX, SIZE_MAX - 1, SIZE_MAX - 16, SIZE_MAX - 4096, SIZE_MAX / 2 + 1, SIZE_MAX / 2};
    for (unsigned at = 0; at < sizeof too_large / sizeof *too_large; at++) {
        size_t size = opaque(too_large[at]);
        CHECK(!malloc(size) && said_errno(ENOMEM_OF_MUSL));
        CHECK(!realloc(kept, size) && said_errno(ENOMEM_OF_MUSL));
        CHECK(!aligned_alloc(64, size) && said_errno(ENOMEM_OF_MUSL));
        CHECK(!memalign(64, size) && said_errno(ENOMEM_OF_MUSL));
        void *out = kept;
        CHECK(posix_memalign(&out, 64, size) == ENOMEM_OF_MUSL && out == kept);
    }
    static const size_t no_alignments[] = {0, 3, 5, 6, 12, 24, 100, SIZE_MAX, SIZE_MAX / 2};
    for (unsigned at = 0; at < sizeof no_alignments / sizeof *no_alignments; at++) {
        size_t align = opaque(no_alignments[at]);
        CHECK(!aligned_alloc(align, 100) && said_errno(EINVAL_OF_MUSL));
        CHECK(!memalign(align, 100) && said_errno(EINVAL_OF_MUSL));
        void *out = kept;
        CHECK(posix_memalign(&out, align, 100) == EINVAL_OF_MUSL && out == kept);
    }
    void *out = kept;
    CHECK(posix_memalign(&out, 1, 100) == EINVAL_OF_MUSL && posix_memalign(&out, 2, 100) == EINVAL_OF_MUSL && out == kept);
    CHECK(!aligned_alloc(SIZE_MAX / 2 + 1, 16));
    for (unsigned at = 0; at < 100; at++) CHECK(kept[at] == at);
    free(kept);
    CHECK(malloc_usable_size(NULL) == 0);
}

/* A block of no bytes is one all the same; what has shrunk to none too. */
static void nothing(void) {
    void *blocks[] = {malloc(opaque(0)),      calloc(opaque(0), 8),         calloc(8, opaque(0)),     realloc(NULL, opaque(0)),
                      realloc(malloc(40), opaque(0)), reallocarray(NULL, 0, 0), aligned_alloc(256, opaque(0)), memalign(32, opaque(0))};
    enum { COUNT = sizeof blocks / sizeof *blocks };
    for (unsigned at = 0; at < COUNT; at++) {
        CHECK(blocks[at] && (uintptr_t)blocks[at] % 16 == 0);
        for (unsigned before = 0; before < at; before++) CHECK(blocks[before] != blocks[at]);
    }
    for (unsigned at = 0; at < COUNT; at++) free(blocks[at]);
    free(NULL);
}

/* Memory that was used is cleared by `calloc`, moved by `reallocarray`, and aligned by `memalign`. */
static void contents(void) {
    unsigned char *dirty[50];
    for (unsigned at = 0; at < 50; at++) {
        dirty[at] = malloc(3000);
        for (unsigned byte = 0; byte < 3000; byte++) dirty[at][byte] = 0xff;
    }
    for (unsigned at = 0; at < 50; at++) free(dirty[at]);
    for (size_t size = 1; size < 200000; size = size * 3 + 1) {
        unsigned char *zeros = calloc(size, 1);
        size_t same = 0;
        while (same < size && zeros[same] == 0) same++;
        CHECK(same == size && malloc_usable_size(zeros) >= size);
        zeros[0] = 7;
        zeros = reallocarray(zeros, size, 3);
        CHECK(zeros && zeros[0] == 7 && malloc_usable_size(zeros) >= size * 3);
        free(zeros);
    }
    for (size_t align = 1; align <= (size_t)1 << 20; align *= 2) {
        unsigned char *block = memalign(align, 100);
        CHECK(block && (uintptr_t)block % align == 0);
        free(block);
    }
}

/* Whoever allocates by whichever name is in one map. */
static void one_map(void) {
    static char text[20000];
    freehold_error error;
    void *ours = freehold_heap_alloc(5000, 0, &error), *cs = malloc(5000), *aligned = memalign(4096, 5000);
    void *large = calloc(300000, 1);
    CHECK(is_heaps(ours) && is_heaps(cs) && is_heaps(aligned) && is_heaps(large));
    freehold_arena *arena = freehold_arena_open(freehold_ledger_default(NULL), "beside", &error);
    CHECK(same_text(owner_of(freehold_alloc(arena, 3000, 0, &error)), "beside"));
    CHECK(freehold_ledger_draw(freehold_ledger_default(NULL), text, sizeof text, &error) < sizeof text);
    say_text(text);
    freehold_arena_close(arena, NULL);
    CHECK(freehold_heap_free(ours, 5000, 0, &error) == FREEHOLD_OK);
    free(cs);
    free(aligned);
    free(large);
    static int data;
    CHECK(same_text(owner_of(&data), "") && same_text(owner_of(&error), ""));
}

/* Until there is no more: null, and `ENOMEM`. As much of it can be had again, or more. */
static void used_up(void) {
    enum { MOST = 64, SIZE = 1000000 };
    static void *blocks[MOST];
    unsigned first = 0;
    for (unsigned turn = 0; turn < 3; turn++) {
        unsigned count = 0;
        said_errno(0);
        while (count < MOST && (blocks[count] = malloc(SIZE))) count++;
        CHECK(said_errno(ENOMEM_OF_MUSL));
        CHECK(count > 20 && count < 34 && count >= first);
        size_t before = granted();
        CHECK(!calloc(SIZE, 1) && !realloc(blocks[0], 2 * SIZE) && !aligned_alloc(4096, SIZE) && granted() == before);
        /* What is small can be had still. */
        void *small = malloc(20);
        CHECK(small);
        free(small);
        first = count;
        while (count) free(blocks[--count]);
    }
}

#if LIBC
static void at_exit(void) {}

/* What libc allocates for itself, or for who calls it. */
static void libcs_own(void) {
    char *copy = strdup("a copy");
    CHECK(is_heaps(copy) && strcmp(copy, "a copy") == 0);
    free(copy);

    char *line = NULL, text[] = "a line that libc makes room for\nanother\n";
    size_t room = 0;
    FILE *lines = fmemopen(text, sizeof text - 1, "r");
    CHECK(is_heaps(lines));
    CHECK(lines && getline(&line, &room, lines) == 32 && is_heaps(line) && room >= 33);
    CHECK(lines && getline(&line, &room, lines) == 8 && strcmp(line, "another\n") == 0);
    free(line);
    if (lines) fclose(lines);

    char *written = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&written, &length);
    CHECK(is_heaps(stream));
    for (int turn = 0; stream && turn < 1000; turn++) fprintf(stream, "%d,", turn);
    if (stream) fclose(stream);
    CHECK(is_heaps(written) && length == 3890 && strlen(written) == length);
    free(written);

    /* More than libc has room for without asking. */
    for (int turn = 0; turn < 100; turn++) CHECK(atexit(at_exit) == 0);
}

/* The names by which libc's own functions call for its heap. If one were missing here, libc's heap would be linked for it. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t align, size_t size);
void __libc_free(void *block);

static void inner_names(void) {
    void *blocks[] = {__libc_malloc(500), __libc_calloc(5, 100), __libc_realloc(NULL, 500), __libc_memalign(64, 500)};
    for (unsigned at = 0; at < sizeof blocks / sizeof *blocks; at++) {
        CHECK(is_heaps(blocks[at]));
        __libc_free(blocks[at]);
    }
}
#endif

#ifdef __EMSCRIPTEN__
#include <sys/mman.h>

void *emscripten_builtin_malloc(size_t size);
void *emscripten_builtin_calloc(size_t count, size_t size);
void *emscripten_builtin_realloc(void *block, size_t size);
void *emscripten_builtin_memalign(size_t align, size_t size);
void emscripten_builtin_free(void *block);

static void emscriptens_names(void) {
    void *blocks[] = {emscripten_builtin_malloc(500), emscripten_builtin_calloc(5, 100), emscripten_builtin_realloc(NULL, 500),
                      emscripten_builtin_memalign(64, 500)};
    for (unsigned at = 0; at < sizeof blocks / sizeof *blocks; at++) {
        CHECK(is_heaps(blocks[at]));
        emscripten_builtin_free(blocks[at]);
    }
    void *pages = mmap(NULL, 100000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(is_heaps(pages) && (uintptr_t)pages % 65536 == 0 && munmap(pages, 100000) == 0);
}
#endif

void run_tests(void) {
    test("each_function"), CHECK(each_function() == 0);
    test("bad_input"), bad_input();
    test("nothing"), nothing();
    test("contents"), contents();
    test("one_map"), one_map();
#if LIBC
    test("libcs_own"), libcs_own();
    test("inner_names"), inner_names();
#endif
#ifdef __EMSCRIPTEN__
    test("emscriptens_names"), emscriptens_names();
#endif
    test("a_random_program"), CHECK(random_steps(SOAK) == 0 && free_all() == 0);
    test("used_up"), used_up();
}

void run_controls(void) {}

#if LIBC
void say(const char *text, size_t length) { fwrite(text, 1, length, stdout); }

int main(void) {
    run_tests();
    finish();
    return failures() != 0;
}
#endif
