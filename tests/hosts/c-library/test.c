/* Every function of freehold.h and every error, from C. Freestanding: it uses nothing of a libc. */

#include "test.h"

#include <stdint.h>

#include "freehold.h"

/* ---- helpers ---- */

static freehold_error error;

static int is_in(const char *part, const char *text) {
    size_t length = length_of(part);
    for (; *text; text++) {
        size_t same = 0;
        while (same < length && text[same] == part[same]) same++;
        if (same == length) return 1;
    }
    return length == 0;
}

/* The last call failed with this number, and its text says this. */
static int said(int code, const char *part) {
    int good = error.code == code && is_in(part, error.text);
    if (!good) {
        say_text("    ");
        say_number((unsigned long)error.code);
        say_text(": ");
        say_text(error.text);
        say_text("\n");
    }
    return good;
}

static int well(void) { return said(FREEHOLD_OK, "") && error.text[0] == 0; }

static void fill(void *block, size_t length, unsigned seed) {
    unsigned char *bytes = block;
    for (size_t at = 0; at < length; at++) bytes[at] = (unsigned char)(seed + at * 7);
}

static int holds(const void *block, size_t length, unsigned seed) {
    const unsigned char *bytes = block;
    for (size_t at = 0; at < length; at++) {
        if (bytes[at] != (unsigned char)(seed + at * 7)) return 0;
    }
    return 1;
}

static int aligned(const void *block, size_t align) { return (uintptr_t)block % align == 0; }

static uint32_t random_state = 1;

static uint32_t below(uint32_t limit) {
    random_state = random_state * 1664525u + 1013904223u;
    return (uint32_t)(((uint64_t)random_state * limit) >> 32);
}

static freehold_ledger *own(void) { return freehold_ledger_default(NULL); }

static size_t claimed(freehold_ledger *ledger) {
    freehold_stats stats;
    CHECK(freehold_ledger_stats(ledger, &stats, &error) == FREEHOLD_OK);
    CHECK(stats.claimed + stats.free == stats.granted && stats.peak >= stats.claimed);
    return stats.claimed;
}

static size_t claimed_by(freehold_ledger *ledger, const char *owner) {
    freehold_span span = {0};
    size_t sum = 0, last = 0;
    while (freehold_ledger_next(ledger, &span, &error)) {
        CHECK(span.start >= last && span.length > 0);
        last = span.start + span.length;
        if (is_in(owner, span.owner) && length_of(owner) == length_of(span.owner)) sum += span.length;
    }
    CHECK(well());
    return sum;
}

static size_t spans_of(freehold_ledger *ledger, const char *owner) {
    freehold_span span = {0};
    size_t count = 0;
    while (freehold_ledger_next(ledger, &span, &error)) {
        count += is_in(owner, span.owner) && length_of(owner) == length_of(span.owner);
    }
    return count;
}

/* ---- tests ---- */

static void every_number_has_a_text(void) {
    for (int code = FREEHOLD_OK; code <= FREEHOLD_MUST_MOVE; code++) {
        CHECK(length_of(freehold_text(code)) > 5);
        for (int other = FREEHOLD_OK; other < code; other++) CHECK(!is_in(freehold_text(code), freehold_text(other)));
    }
    CHECK(is_in("not a number", freehold_text(-1)));
    CHECK(is_in("not a number", freehold_text(FREEHOLD_MUST_MOVE + 1)));
    CHECK(is_in("not a number", freehold_text(0x7fffffff)));
}

static void arenas_hand_out_memory(void) {
    size_t before = claimed(own());
    freehold_arena *arena = freehold_arena_open(own(), "arena of C", &error);
    CHECK(arena && well());
    unsigned char *blocks[200];
    for (unsigned at = 0; at < 200; at++) {
        size_t align = (size_t)1 << at % 13;
        blocks[at] = freehold_alloc(arena, at * 3, align, &error);
        CHECK(blocks[at] && well() && aligned(blocks[at], align));
        fill(blocks[at], at * 3, at);
    }
    for (unsigned at = 0; at < 200; at++) CHECK(holds(blocks[at], at * 3, at));
    CHECK(aligned(freehold_alloc(arena, 1, 0, &error), 16));
    /* C names the alignment, so bytes lie side by side. */
    char *one = freehold_alloc(arena, 3, 1, NULL), *two = freehold_alloc(arena, 3, 1, NULL);
    CHECK(one && two == one + 3);
    CHECK(freehold_alloc(arena, 0, 1, NULL) != freehold_alloc(arena, 0, 1, NULL));
    uint64_t *numbers = freehold_alloc_array(arena, 1000, sizeof *numbers, sizeof *numbers, &error);
    CHECK(numbers && well() && aligned(numbers, 8));
    for (unsigned at = 0; at < 1000; at++) numbers[at] = at;
    CHECK(claimed_by(own(), "arena of C") > 8000);
    CHECK(freehold_arena_close(arena, &error) == FREEHOLD_OK && well());
    CHECK(claimed(own()) == before);
    CHECK(claimed_by(own(), "arena of C") == 0);
}

static void bad_requests_change_nothing(void) {
    freehold_arena *arena = freehold_arena_open(own(), "bad", &error);
    char *kept = freehold_alloc(arena, 100, 1, &error);
    fill(kept, 100, 9);
    freehold_stats before, after;
    freehold_ledger_stats(own(), &before, NULL);
    CHECK(!freehold_alloc(arena, 10, 3, &error) && said(FREEHOLD_BAD_ARGUMENT, "3 is not"));
    CHECK(!freehold_alloc(arena, SIZE_MAX, 1, &error) && said(FREEHOLD_TOO_LARGE, "`bad` asked for"));
    CHECK(!freehold_alloc(arena, SIZE_MAX / 2 + 2, 0, &error) && said(FREEHOLD_TOO_LARGE, "aligned to 16"));
    CHECK(!freehold_alloc(arena, 16, SIZE_MAX / 2 + 1, &error) && error.code != FREEHOLD_OK);
    CHECK(!freehold_alloc_array(arena, SIZE_MAX / 2, 3, 1, &error) && said(FREEHOLD_TOO_LARGE, "`bad`"));
    CHECK(!freehold_alloc_array(arena, SIZE_MAX / 8 + 2, 8, 8, &error) && said(FREEHOLD_TOO_LARGE, "`bad`"));
    CHECK(freehold_reserve(arena, SIZE_MAX, &error) == FREEHOLD_TOO_LARGE && said(FREEHOLD_TOO_LARGE, "`bad`"));
    CHECK(!freehold_alloc(arena, SIZE_MAX / 4, 1, NULL));
    freehold_ledger_stats(own(), &after, NULL);
    CHECK(before.claimed == after.claimed && before.granted == after.granted && before.growths == after.growths);
    CHECK(holds(kept, 100, 9));
    CHECK((char *)freehold_alloc(arena, 1, 1, &error) == kept + 100 && well());
    freehold_arena_close(arena, NULL);
}

static void scopes_free_what_they_hold(void) {
    freehold_arena *arena = freehold_arena_open(own(), "scopes", &error);
    char *outside = freehold_alloc(arena, 50, 1, &error);
    fill(outside, 50, 1);
    char *first = NULL;
    size_t peak = 0;
    for (unsigned turn = 0; turn < 1000; turn++) {
        freehold_scope *scope = freehold_scope_open(arena, &error);
        CHECK(scope && well());
        char *block = freehold_alloc(arena, 3000, 16, &error);
        if (turn == 0) first = block;
        CHECK(block == first);
        fill(block, 3000, turn);
        freehold_scope *inner = freehold_scope_open(arena, &error);
        char *inside = freehold_alloc_array(arena, 100, 100, 1, &error);
        fill(inside, 10000, turn + 1);
        CHECK(holds(block, 3000, turn));
        CHECK(freehold_scope_close(inner, &error) == FREEHOLD_OK && well());
        char *next = freehold_alloc(arena, 100, 1, &error);
        fill(next, 100, turn + 2);
        CHECK(holds(block, 3000, turn) && holds(outside, 50, 1));
        CHECK(freehold_scope_close(scope, &error) == FREEHOLD_OK && well());
        if (turn == 1) peak = claimed(own());
        if (turn > 1) CHECK(claimed(own()) == peak);
    }
    CHECK(holds(outside, 50, 1));
    /* Closing one closes those in it, and their handles say so. */
    freehold_scope *scopes[5];
    for (unsigned depth = 0; depth < 5; depth++) {
        scopes[depth] = freehold_scope_open(arena, &error);
        CHECK(freehold_alloc(arena, 700, 0, NULL));
    }
    CHECK(freehold_scope_close(scopes[1], &error) == FREEHOLD_OK);
    for (unsigned depth = 1; depth < 5; depth++) {
        CHECK(freehold_scope_close(scopes[depth], &error) == FREEHOLD_CLOSED && said(FREEHOLD_CLOSED, "a scope"));
    }
    CHECK(freehold_arena_trim(arena, &error) == FREEHOLD_STILL_OPEN && said(FREEHOLD_STILL_OPEN, "a scope"));
    CHECK(freehold_scope_close(scopes[0], &error) == FREEHOLD_OK);
    CHECK(freehold_arena_trim(arena, &error) == FREEHOLD_OK && well());
    CHECK(claimed_by(own(), "scopes") < peak);
    CHECK(holds(outside, 50, 1));
    /* So does resetting the arena, and closing it. */
    freehold_scope *scope = freehold_scope_open(arena, &error);
    CHECK(freehold_arena_reset(arena, &error) == FREEHOLD_OK && well());
    CHECK(freehold_scope_close(scope, &error) == FREEHOLD_CLOSED);
    CHECK((char *)freehold_alloc(arena, 50, 1, &error) == outside);
    scope = freehold_scope_open(arena, &error);
    CHECK(freehold_arena_close(arena, &error) == FREEHOLD_OK && well());
    CHECK(freehold_scope_close(scope, &error) == FREEHOLD_CLOSED);
    CHECK(claimed_by(own(), "scopes") == 0);
}

static void reserved_memory_is_there(void) {
    freehold_arena *arena = freehold_arena_open(own(), "reserve", &error);
    CHECK(freehold_reserve(arena, 100000, &error) == FREEHOLD_OK && well());
    freehold_stats before, after;
    freehold_ledger_stats(own(), &before, NULL);
    for (unsigned at = 0; at < 1000; at++) CHECK(freehold_alloc(arena, 100, 1, &error));
    freehold_ledger_stats(own(), &after, NULL);
    CHECK(before.growths == after.growths && before.claimed == after.claimed);
    freehold_arena_close(arena, NULL);
}

static void pools_hand_out_blocks(void) {
    size_t before = claimed(own());
    static const size_t sizes[] = {0, 1, 7, 8, 24, 60, 64, 100, 4096};
    for (unsigned kind = 0; kind < sizeof sizes / sizeof *sizes; kind++) {
        for (size_t align = 1; align <= 256; align *= 4) {
            size_t size = sizes[kind];
            freehold_pool *pool = freehold_pool_open(own(), "pool of C", size, align, 0, &error);
            CHECK(pool && well());
            unsigned char *blocks[60];
            for (unsigned at = 0; at < 60; at++) {
                blocks[at] = freehold_pool_alloc(pool, &error);
                CHECK(blocks[at] && well() && aligned(blocks[at], align));
                fill(blocks[at], size, at);
            }
            CHECK(freehold_pool_in_use(pool, &error) == 60 && well());
            for (unsigned at = 0; at < 60; at++) {
                CHECK(holds(blocks[at], size, at));
                if (at % 3) CHECK(freehold_pool_free(pool, blocks[at], &error) == FREEHOLD_OK && well());
            }
            CHECK(freehold_pool_in_use(pool, NULL) == 20);
            CHECK((unsigned char *)freehold_pool_alloc(pool, &error) == blocks[59]); /* the one that was freed last */
            for (unsigned at = 0; at < 60; at += 3) CHECK(holds(blocks[at], size, at));
            CHECK(freehold_pool_free(pool, NULL, &error) == FREEHOLD_OK && well());
            CHECK(freehold_pool_in_use(pool, NULL) == 21);
            CHECK(freehold_pool_close(pool, &error) == FREEHOLD_OK && well());
        }
    }
    CHECK(claimed(own()) == before);
    CHECK(!freehold_pool_open(own(), "bad", 8, 3, 0, &error) && said(FREEHOLD_BAD_ARGUMENT, "3 is not"));
    CHECK(!freehold_pool_open(own(), "bad", SIZE_MAX, 0, 0, &error) && said(FREEHOLD_TOO_LARGE, "`bad`"));
    CHECK(!freehold_pool_open(own(), "bad", SIZE_MAX / 2 - 8, 1, 0, &error) && said(FREEHOLD_TOO_LARGE, "`bad`"));
    CHECK(!freehold_pool_open(own(), "bad", 8, SIZE_MAX / 2 + 1, 0, &error) && said(FREEHOLD_TOO_LARGE, "`bad`"));
    CHECK(!freehold_pool_open(own(), "bad", 100, 0, SIZE_MAX / 50, &error) && said(FREEHOLD_TOO_LARGE, "`bad`"));
    CHECK(claimed(own()) == before);
}

static void a_full_pool_says_so(void) {
    freehold_pool *pool = freehold_pool_open(own(), "twelve", 40, 8, 12, &error);
    char *blocks[12];
    for (unsigned at = 0; at < 12; at++) {
        blocks[at] = freehold_pool_alloc(pool, &error);
        CHECK(blocks[at] && well());
        fill(blocks[at], 40, at);
    }
    CHECK(!freehold_pool_alloc(pool, &error) && said(FREEHOLD_FULL, "all 12 blocks"));
    CHECK(is_in("`twelve`", error.text));
    for (unsigned at = 0; at < 12; at++) CHECK(holds(blocks[at], 40, at));
    CHECK(freehold_pool_free(pool, blocks[5], &error) == FREEHOLD_OK);
    CHECK((char *)freehold_pool_alloc(pool, &error) == blocks[5] && well());
    freehold_pool_close(pool, NULL);
}

static void wrong_frees_are_refused(void) {
    freehold_arena *arena = freehold_arena_open(own(), "beside", NULL);
    freehold_pool *other = freehold_pool_open(own(), "other", 40, 8, 0, NULL);
    freehold_pool *pool = freehold_pool_open(own(), "pool", 40, 8, 0, NULL);
    char *of_arena = freehold_alloc(arena, 100, 16, NULL), *of_other = freehold_pool_alloc(other, NULL);
    char *one = freehold_pool_alloc(pool, NULL), *two = freehold_pool_alloc(pool, NULL);
    fill(one, 40, 1);
    fill(two, 40, 2);
    /* Not blocks at all, some of them nowhere near memory. */
    char local[64];
    void *foreign[] = {local,       of_arena,  of_other,           one + 1,          one - 8,          one + 40,
                       two + 47,    two + 48,  two + 4800,         (void *)error.text, (void *)8,      (void *)UINTPTR_MAX,
                       (void *)pool, (void *)(UINTPTR_MAX / 2 + 1), (void *)(uintptr_t)0xdeadbeef};
    for (unsigned at = 0; at < sizeof foreign / sizeof *foreign; at++) {
        CHECK(freehold_pool_free(pool, foreign[at], &error) == FREEHOLD_FOREIGN_BLOCK);
        CHECK(said(FREEHOLD_FOREIGN_BLOCK, "is not a block of `pool`"));
    }
    CHECK(freehold_pool_in_use(pool, NULL) == 2 && holds(one, 40, 1) && holds(two, 40, 2));
    /* Freed twice, at once and later. */
    CHECK(freehold_pool_free(pool, one, &error) == FREEHOLD_OK && well());
    CHECK(freehold_pool_free(pool, one, &error) == FREEHOLD_FREED_TWICE && said(FREEHOLD_FREED_TWICE, "of `pool` was freed"));
    CHECK(freehold_pool_free(pool, two, &error) == FREEHOLD_OK && well());
    CHECK(freehold_pool_free(pool, one, &error) == FREEHOLD_FREED_TWICE);
    CHECK(freehold_pool_in_use(pool, NULL) == 0);
    /* And so nobody gets what another has. */
    char *again[20];
    for (unsigned at = 0; at < 20; at++) {
        again[at] = freehold_pool_alloc(pool, &error);
        for (unsigned before = 0; before < at; before++) CHECK(again[at] != again[before]);
    }
    /* Written past its end, by a byte. */
    char *last = again[19];
    size_t end = 40;
    char was = last[end];
    last[end] ^= 1;
    CHECK(freehold_pool_free(pool, last, &error) == FREEHOLD_OVERRUN && said(FREEHOLD_OVERRUN, "which has 40 bytes"));
    CHECK(freehold_pool_in_use(pool, NULL) == 20);
    last[end] = was;
    CHECK(freehold_pool_free(pool, last, &error) == FREEHOLD_OK && well());
    freehold_pool_close(pool, NULL);
    CHECK(freehold_pool_free(pool, last, &error) == FREEHOLD_CLOSED && said(FREEHOLD_CLOSED, "a pool"));
    freehold_pool_close(other, NULL);
    freehold_arena_close(arena, NULL);
}

/* Each function that takes a handle, for each kind of handle; they return the error's number. */

static int failed_with(int nothing) {
    CHECK(nothing);
    return error.code;
}

static int ledger_close(void *h) { return freehold_ledger_close(h, &error); }
static int ledger_stats(void *h) {
    freehold_stats stats = {1, 2, 3, 4, 5};
    int code = freehold_ledger_stats(h, &stats, &error);
    CHECK(stats.claimed == 1 && stats.growths == 5);
    return code;
}
static int ledger_next(void *h) {
    freehold_span span = {0};
    return failed_with(!freehold_ledger_next(h, &span, &error) && span.length == 0);
}
static int ledger_draw(void *h) {
    char text[10] = "as it was";
    return failed_with(!freehold_ledger_draw(h, text, sizeof text, &error) && text[0] == 'a');
}
static int arena_open(void *h) { return failed_with(!freehold_arena_open(h, "x", &error)); }
static int pool_open(void *h) { return failed_with(!freehold_pool_open(h, "x", 8, 8, 0, &error)); }
static int arena_close(void *h) { return freehold_arena_close(h, &error); }
static int arena_reset(void *h) { return freehold_arena_reset(h, &error); }
static int arena_trim(void *h) { return freehold_arena_trim(h, &error); }
static int alloc(void *h) { return failed_with(!freehold_alloc(h, 1, 1, &error)); }
static int alloc_array(void *h) { return failed_with(!freehold_alloc_array(h, 1, 1, 1, &error)); }
static int reserve(void *h) { return freehold_reserve(h, 1, &error); }
static int scope_open(void *h) { return failed_with(!freehold_scope_open(h, &error)); }
static int scope_close(void *h) { return freehold_scope_close(h, &error); }
static int pool_close(void *h) { return freehold_pool_close(h, &error); }
static int pool_alloc(void *h) { return failed_with(!freehold_pool_alloc(h, &error)); }
static int pool_free(void *h) { return freehold_pool_free(h, &error, &error); }
static int pool_in_use(void *h) { return failed_with(!freehold_pool_in_use(h, &error)); }

typedef int (*taker)(void *handle);

static const taker takers[4][8] = {
    {ledger_close, ledger_stats, ledger_next, ledger_draw, arena_open, pool_open},
    {arena_close, arena_reset, arena_trim, alloc, alloc_array, reserve, scope_open},
    {scope_close},
    {pool_close, pool_alloc, pool_free, pool_in_use},
};
static const char *const kinds[4] = {"a ledger", "an arena", "a scope", "a pool"};

static int all_say(unsigned kind, void *handle, int code, const char *part) {
    int good = 1;
    for (unsigned at = 0; at < 8 && takers[kind][at]; at++) {
        good &= CHECK(takers[kind][at](handle) == code && said(code, part) && is_in(kinds[kind], error.text));
    }
    return good;
}

static void wrong_handles_are_refused(void) {
    freehold_stats before, after;
    freehold_arena *arena = freehold_arena_open(own(), "handles of C", NULL);
    char *kept = freehold_alloc(arena, 500, 1, NULL);
    fill(kept, 500, 4);
    freehold_scope *scope = freehold_scope_open(arena, NULL);
    freehold_pool *pool = freehold_pool_open(own(), "pool", 8, 8, 0, NULL);
    char *block = freehold_pool_alloc(pool, NULL);
    fill(block, 8, 5);
    freehold_ledger_stats(own(), &before, NULL);
    void *handles[4] = {own(), arena, scope, pool};
    char local[64] = {0};
    /* Addresses of all kinds, and numbers that are near a handle or that look like one. */
    void *foreign[] = {local, local + 1, kept, kept + 1, block, block - 64, (void *)1, (void *)2, (void *)UINTPTR_MAX,
                       (void *)(uintptr_t)0xdeadbeef, (void *)((uintptr_t)arena ^ 1), (char *)arena + 16};
    for (unsigned kind = 0; kind < 4; kind++) {
        all_say(kind, NULL, FREEHOLD_NULL_HANDLE, "is null");
        for (unsigned at = 0; at < sizeof foreign / sizeof *foreign; at++) {
            all_say(kind, foreign[at], FREEHOLD_NOT_A_HANDLE, "never was a handle");
        }
        for (unsigned other = 0; other < 4; other++) {
            if (other != kind) all_say(kind, handles[other], FREEHOLD_WRONG_HANDLE, kinds[other]);
        }
    }
    freehold_ledger_stats(own(), &after, NULL);
    CHECK(before.claimed == after.claimed && before.growths == after.growths);
    CHECK(holds(kept, 500, 4) && holds(block, 8, 5));
    CHECK(freehold_scope_close(scope, &error) == FREEHOLD_OK);
    CHECK(freehold_arena_close(arena, &error) == FREEHOLD_OK);
    CHECK(freehold_pool_close(pool, &error) == FREEHOLD_OK);
    all_say(1, arena, FREEHOLD_CLOSED, "it was closed");
    all_say(2, scope, FREEHOLD_CLOSED, "it was closed");
    all_say(3, pool, FREEHOLD_CLOSED, "it was closed");
    /* What comes after has other handles, so what is closed stays so. */
    for (unsigned turn = 0; turn < 1000; turn++) {
        freehold_arena *next = freehold_arena_open(own(), "next", NULL);
        freehold_scope *in_next = freehold_scope_open(next, NULL);
        CHECK(next != arena && in_next != scope);
        if (turn % 100 == 0) all_say(1, arena, FREEHOLD_CLOSED, "it was closed");
        freehold_arena_close(next, NULL);
    }
    CHECK(freehold_ledger_close(own(), &error) == FREEHOLD_STILL_OPEN && said(FREEHOLD_STILL_OPEN, "the module's own"));
    /* With nowhere to say it, all the same. */
    CHECK(freehold_arena_close(NULL, NULL) == FREEHOLD_NULL_HANDLE);
    CHECK(freehold_pool_free(pool, local, NULL) == FREEHOLD_CLOSED);
    CHECK(!freehold_alloc((freehold_arena *)(void *)local, 1, 1, NULL));
}

static void many_handles_are_found(void) {
    enum { MANY = 3000 };
    static freehold_arena *arenas[MANY];
    static char *blocks[MANY];
    size_t before = claimed(own());
    for (unsigned at = 0; at < MANY; at++) {
        arenas[at] = freehold_arena_open(own(), "many", &error);
        CHECK(arenas[at] && well() && ((uintptr_t)arenas[at] & 1) == 1);
        blocks[at] = freehold_alloc(arenas[at], 30, 1, &error);
        fill(blocks[at], 30, at);
    }
    /* They lie side by side, on shelves each twice as long as the one before, up to 1,024. */
    CHECK(spans_of(own(), "handles") <= 12);
    for (unsigned step = 0; step < MANY; step++) {
        unsigned at = step * 7 % MANY;
        char *more = freehold_alloc(arenas[at], 30, 1, &error);
        CHECK(more && more != blocks[at]);
        fill(more, 30, 0);
    }
    for (unsigned at = 0; at < MANY; at += 2) CHECK(freehold_arena_close(arenas[at], &error) == FREEHOLD_OK);
    for (unsigned at = 0; at < MANY; at += 2) CHECK(freehold_arena_close(arenas[at], &error) == FREEHOLD_CLOSED);
    for (unsigned at = 1; at < MANY; at += 2) {
        CHECK(holds(blocks[at], 30, at));
        CHECK(freehold_arena_close(arenas[at], &error) == FREEHOLD_OK);
    }
    CHECK(claimed(own()) == before);
}

/* A handle's place is used again, by another kind too, and the handle stays closed. */
static void places_are_used_again(void) {
    enum { ROUNDS = 50, OPEN = 9 };
    size_t before = claimed(own()), most = 0;
    void *closed[ROUNDS * OPEN];
    freehold_arena *first = freehold_arena_open(own(), "stays", &error);
    for (unsigned round = 0; round < ROUNDS; round++) {
        void *open[OPEN];
        for (unsigned at = 0; at < OPEN; at++) {
            open[at] = (round + at) % 2 ? (void *)freehold_arena_open(own(), "again", &error)
                                        : (void *)freehold_pool_open(own(), "again", 24, 8, 0, &error);
            CHECK(open[at] && well());
        }
        /* What is closed leaves nothing behind: each round takes as much as the first. */
        if (round == 0) most = claimed(own());
        CHECK(claimed(own()) == most);
        for (unsigned at = 0; at < OPEN; at++) {
            unsigned kind = (round + at) % 2 ? 1 : 3;
            CHECK((kind == 1 ? freehold_arena_close(open[at], &error) : freehold_pool_close(open[at], &error)) == FREEHOLD_OK);
            closed[round * OPEN + at] = open[at];
        }
    }
    for (unsigned at = 0; at < ROUNDS * OPEN; at++) {
        all_say(1, closed[at], FREEHOLD_CLOSED, "it was closed");
        all_say(3, closed[at], FREEHOLD_CLOSED, "it was closed");
    }
    CHECK(freehold_alloc(first, 10, 1, &error) && well());
    CHECK(freehold_arena_close(first, &error) == FREEHOLD_OK && claimed(own()) == before);
}

static void names_are_copied(void) {
    char name[] = "a name that goes";
    freehold_arena *arena = freehold_arena_open(own(), name, &error);
    CHECK(freehold_alloc(arena, 100, 1, NULL));
    for (unsigned at = 0; at < sizeof name - 1; at++) name[at] = 'x';
    CHECK(claimed_by(own(), "a name that goes") > 0 && claimed_by(own(), name) == 0);
    CHECK(!freehold_alloc(arena, SIZE_MAX, 1, &error) && said(FREEHOLD_TOO_LARGE, "`a name that goes`"));
    freehold_arena_close(arena, NULL);
    size_t before = claimed(own());
    /* 31 bytes are kept, whole characters only: the last one has two bytes. */
    arena = freehold_arena_open(own(), "123456789012345678901234567890\xc3\xa9", &error);
    CHECK(arena && freehold_alloc(arena, 100, 1, NULL));
    CHECK(claimed_by(own(), "123456789012345678901234567890") > 0);
    freehold_arena_close(arena, NULL);
    arena = freehold_arena_open(own(), "", &error);
    CHECK(arena && well());
    freehold_arena_close(arena, NULL);
    CHECK(!freehold_arena_open(own(), NULL, &error) && said(FREEHOLD_BAD_ARGUMENT, "the name is null"));
    CHECK(!freehold_pool_open(own(), NULL, 8, 8, 0, &error) && said(FREEHOLD_BAD_ARGUMENT, "the name is null"));
    CHECK(!freehold_arena_open(own(), "\xff\xfe", &error) && said(FREEHOLD_BAD_ARGUMENT, "UTF-8"));
    CHECK(claimed(own()) == before);
}

static char region[40000];

static void a_region_has_a_ledger_of_its_own(void) {
    size_t before = claimed(own());
    for (unsigned skip = 0; skip < 20; skip += 7) {
        freehold_ledger *ledger = freehold_ledger_over(region + skip, sizeof region - 64, &error);
        CHECK(ledger && well());
        CHECK(claimed(ledger) == 0);
        freehold_arena *arena = freehold_arena_open(ledger, "in the region", &error);
        CHECK(arena && well());
        CHECK(freehold_ledger_close(ledger, &error) == FREEHOLD_STILL_OPEN && said(FREEHOLD_STILL_OPEN, "arena"));
        /* A scope in which the region is used up: what is there stays. */
        char *kept = freehold_alloc(arena, 1000, 1, &error);
        fill(kept, 1000, 3);
        freehold_scope *scope = freehold_scope_open(arena, &error);
        char *blocks[100];
        unsigned count = 0;
        for (; count < 100; count++) {
            blocks[count] = freehold_alloc(arena, 700, 8, &error);
            if (!blocks[count]) break;
            CHECK(blocks[count] >= region + skip && blocks[count] + 700 <= region + sizeof region);
            fill(blocks[count], 700, count);
        }
        CHECK(count > 20 && count < 60);
        CHECK(said(FREEHOLD_EXHAUSTED, "`in the region` asked for 700 bytes aligned to 8"));
        freehold_stats full, then;
        freehold_ledger_stats(ledger, &full, NULL);
        CHECK(!freehold_alloc(arena, 30000, 8, &error) && said(FREEHOLD_EXHAUSTED, "asked for 30000"));
        /* There are places for three more handles, and the ledger has nothing left for a fifth. */
        freehold_arena *more[3];
        for (unsigned at = 0; at < 3; at++) CHECK((more[at] = freehold_arena_open(ledger, "one more", &error)) && well());
        CHECK(!freehold_arena_open(ledger, "one more", &error) && said(FREEHOLD_EXHAUSTED, "`one more` asked for"));
        for (unsigned at = 0; at < 3; at++) CHECK(freehold_arena_close(more[at], &error) == FREEHOLD_OK);
        CHECK(!freehold_pool_open(ledger, "pool", 100, 8, 300, &error) && said(FREEHOLD_EXHAUSTED, "`pool`"));
        freehold_ledger_stats(ledger, &then, NULL);
        CHECK(full.claimed == then.claimed && full.granted == then.granted);
        for (unsigned at = 0; at < count; at++) CHECK(holds(blocks[at], 700, at));
        CHECK(holds(kept, 1000, 3));
        CHECK(freehold_scope_close(scope, &error) == FREEHOLD_OK);
        /* And as it was left, the same again goes as far. */
        scope = freehold_scope_open(arena, &error);
        for (unsigned at = 0; at < count; at++) CHECK(freehold_alloc(arena, 700, 8, &error) == blocks[at]);
        CHECK(holds(kept, 1000, 3));
        CHECK(freehold_arena_close(arena, &error) == FREEHOLD_OK);
        CHECK(claimed(ledger) == 0);
        CHECK(freehold_ledger_close(ledger, &error) == FREEHOLD_OK && well());
        all_say(0, ledger, FREEHOLD_CLOSED, "it was closed");
    }
    CHECK(claimed(own()) == before);
}

static void bad_regions_are_refused(void) {
    CHECK(!freehold_ledger_over(NULL, 1000, &error) && said(FREEHOLD_BAD_ARGUMENT, "the region is null"));
    CHECK(!freehold_ledger_over(region, 100, &error) && said(FREEHOLD_EXHAUSTED, "has 100 bytes"));
    CHECK(!freehold_ledger_over(region, 0, &error) && said(FREEHOLD_EXHAUSTED, "has 0 bytes"));
    CHECK(!freehold_ledger_over(region, SIZE_MAX, &error) && said(FREEHOLD_BAD_ARGUMENT, "past the last address"));
    CHECK(!freehold_ledger_over(region, SIZE_MAX - (uintptr_t)region + 1, &error) && error.code == FREEHOLD_BAD_ARGUMENT);
#ifdef __wasm__
    CHECK(!freehold_ledger_over(region, 0x7ffffff0 - (uintptr_t)region, &error));
    CHECK(said(FREEHOLD_BAD_ARGUMENT, "past the end of memory"));
#endif
    /* One that has just room for the ledger has none for anything else. */
    size_t least = 0;
    freehold_ledger *ledger = NULL;
    while (!ledger) ledger = freehold_ledger_over(region, least++, &error);
    CHECK(least > 200 && least < 4000);
    CHECK(!freehold_arena_open(ledger, "none", &error) && said(FREEHOLD_EXHAUSTED, "`none` asked for"));
    CHECK(freehold_ledger_close(ledger, &error) == FREEHOLD_OK);
    /* And one that has room for one handle's place has it, though a ledger would rather have four. */
    freehold_arena *arena = NULL;
    size_t enough = least;
    while (!arena) {
        ledger = freehold_ledger_over(region, enough++, &error);
        arena = freehold_arena_open(ledger, "one", &error);
        freehold_arena_close(arena, &error);
        CHECK(freehold_ledger_close(ledger, &error) == FREEHOLD_OK);
    }
    CHECK(enough - least < 80 * sizeof(void *));
    /* Twice, and by parts. */
    ledger = freehold_ledger_over(region, 20000, &error);
    CHECK(!freehold_ledger_over(region, 20000, &error) && said(FREEHOLD_OVERLAP, "`region`"));
    CHECK(!freehold_ledger_over(region + 19999, 20000, &error) && said(FREEHOLD_OVERLAP, "`region`"));
    arena = freehold_arena_open(ledger, "holder", &error);
    char *block = freehold_alloc(arena, 8000, 16, &error);
    CHECK(block && well());
    CHECK(!freehold_ledger_over(region, 20000, &error) && error.code == FREEHOLD_OVERLAP);
    CHECK(!freehold_ledger_over(block, 20000, &error) && said(FREEHOLD_OVERLAP, "`holder`"));
    CHECK(!freehold_ledger_over(region + 18000, 4000, &error) && error.code == FREEHOLD_OVERLAP);
    /* Beside it, and in a block of it. */
    freehold_ledger *beside = freehold_ledger_over(region + 20000, 20000, &error);
    CHECK(beside && well());
    freehold_ledger *inside = freehold_ledger_over(block, 8000, &error);
    CHECK(inside && well());
    freehold_pool *pool = freehold_pool_open(inside, "inside", 100, 4, 10, &error);
    char *of_pool = freehold_pool_alloc(pool, &error);
    CHECK(of_pool >= block && of_pool < block + 8000);
    CHECK(freehold_ledger_close(inside, &error) == FREEHOLD_STILL_OPEN);
    CHECK(freehold_pool_close(pool, &error) == FREEHOLD_OK);
    CHECK(freehold_ledger_close(inside, &error) == FREEHOLD_OK);
    CHECK(freehold_ledger_close(beside, &error) == FREEHOLD_OK);
    CHECK(freehold_arena_close(arena, &error) == FREEHOLD_OK);
    CHECK(freehold_ledger_close(ledger, &error) == FREEHOLD_OK);
    /* The module's own memory is held as well. */
    arena = freehold_arena_open(own(), "own", &error);
    block = freehold_alloc(arena, 8000, 16, &error);
    CHECK(!freehold_ledger_over(block, 4000000, &error) && error.code != FREEHOLD_OK);
    inside = freehold_ledger_over(block, 8000, &error);
    CHECK(inside && freehold_ledger_close(inside, &error) == FREEHOLD_OK);
    freehold_arena_close(arena, NULL);
}

static void the_map_can_be_read_and_drawn(void) {
    static char text[20000];
    freehold_arena *arena = freehold_arena_open(own(), "the map's arena", &error);
    freehold_alloc(arena, 5000, 1, NULL);
    freehold_pool *pool = freehold_pool_open(own(), "the map's pool", 100, 4, 50, &error);
    size_t length = freehold_ledger_draw(own(), text, sizeof text, &error);
    CHECK(well() && length == length_of(text) && length > 200);
    CHECK(is_in("the map's arena", text) && is_in("the map's pool", text) && is_in("handles", text));
    CHECK(is_in("claimed ", text) && is_in(" growth", text));
    CHECK(spans_of(own(), "handles") == 1);
#ifdef __wasm__
    CHECK(is_in("stack", text) && is_in("data", text));
#endif
    CHECK(freehold_ledger_draw(own(), NULL, 0, &error) == length && well());
    for (size_t size = 1; size < 300; size++) {
        static char part[300];
        for (size_t at = 0; at < sizeof part; at++) part[at] = '#';
        CHECK(freehold_ledger_draw(own(), part, size, &error) == length);
        size_t written = length_of(part);
        CHECK(written < size && written + 4 >= size);
        for (size_t at = 0; at < written; at++) CHECK(part[at] == text[at]);
        CHECK(((unsigned char)text[written] & 0xc0) != 0x80); /* no character was cut */
        CHECK(part[size] == '#');
    }
    CHECK(!freehold_ledger_draw(own(), NULL, 10, &error) && said(FREEHOLD_BAD_ARGUMENT, "buffer is null"));
    CHECK(!freehold_ledger_next(own(), NULL, &error) && said(FREEHOLD_BAD_ARGUMENT, "span is null"));
    CHECK(freehold_ledger_stats(own(), NULL, &error) == FREEHOLD_BAD_ARGUMENT);
    freehold_span span = {0};
    size_t sum = 0;
    while (freehold_ledger_next(own(), &span, NULL)) sum += span.owner[0] ? span.length : 0;
    CHECK(sum == claimed(own()));
    CHECK(claimed_by(own(), "the map's pool") >= 5000);
    CHECK(freehold_ledger_default(&error) == own() && well());
    freehold_pool_close(pool, NULL);
    freehold_arena_close(arena, NULL);
}

/* The heap: what is given is as large and as aligned as asked, keeps what it holds when it moves, and lies in the map. */
static void the_heap_hands_out_blocks(void) {
    enum { BLOCKS = 300 };
    static struct { char *at; size_t size, align; unsigned seed; } live[BLOCKS];
    for (unsigned step = 0; step < 20000; step++) {
        unsigned at = below(BLOCKS);
        size_t size = below(20) ? below(500) : below(60000);
        if (!live[at].at) {
            live[at].align = (size_t)1 << below(9);
            live[at].at = freehold_heap_alloc(size, live[at].align, &error);
            CHECK(live[at].at && well() && aligned(live[at].at, live[at].align));
            fill(live[at].at, size, step);
        } else {
            size_t had = live[at].size, kept = size < had ? size : had;
            CHECK(holds(live[at].at, had, live[at].seed));
            switch (below(3)) {
                case 0:
                    CHECK(freehold_heap_free(live[at].at, had, live[at].align, &error) == FREEHOLD_OK && well());
                    live[at].at = NULL;
                    continue;
                case 1:
                    live[at].at = freehold_heap_realloc(live[at].at, had, live[at].align, size, &error);
                    CHECK(live[at].at && well() && aligned(live[at].at, live[at].align));
                    break;
                default: {
                    freehold_stats before, after;
                    freehold_ledger_stats(own(), &before, NULL);
                    int stays = freehold_heap_resize(live[at].at, had, live[at].align, size, &error);
                    CHECK(stays ? well() : said(FREEHOLD_MUST_MOVE, "it must move"));
                    freehold_ledger_stats(own(), &after, NULL);
                    CHECK(before.growths == after.growths);
                    if (!stays) {
                        CHECK(holds(live[at].at, had, live[at].seed));
                        continue;
                    }
                }
            }
            CHECK(holds(live[at].at, kept, live[at].seed));
            fill(live[at].at, size, step);
        }
        live[at].size = size;
        live[at].seed = step;
    }
    CHECK(claimed_by(own(), "heap") > 10000);
    for (unsigned at = 0; at < BLOCKS; at++) {
        if (live[at].at) CHECK(freehold_heap_free(live[at].at, live[at].size, live[at].align, &error) == FREEHOLD_OK);
    }
    CHECK(freehold_heap_free(NULL, 5, 8, &error) == FREEHOLD_OK && well());
    /* With nowhere to say it. */
    void *block = freehold_heap_alloc(30, 0, NULL);
    CHECK(block && aligned(block, 16));
    CHECK(freehold_heap_free(block, 30, 0, NULL) == FREEHOLD_OK);
}

/* What can't be a block, a size, an alignment: each is told, and nothing is lost. */
static void bad_heap_calls_are_refused(void) {
    char *block = freehold_heap_alloc(1000, 64, &error);
    fill(block, 1000, 9);
    size_t before = claimed(own());
    static const size_t no_alignments[] = {3, 5, 6, 12, 100, SIZE_MAX, SIZE_MAX - 1};
    for (unsigned at = 0; at < sizeof no_alignments / sizeof *no_alignments; at++) {
        size_t align = no_alignments[at];
        CHECK(!freehold_heap_alloc(8, align, &error) && said(FREEHOLD_BAD_ARGUMENT, "power of two"));
        CHECK(!freehold_heap_resize(block, 1000, align, 8, &error) && said(FREEHOLD_BAD_ARGUMENT, "power of two"));
        CHECK(!freehold_heap_realloc(block, 1000, align, 8, &error) && said(FREEHOLD_BAD_ARGUMENT, "power of two"));
        CHECK(freehold_heap_free(block, 1000, align, &error) == FREEHOLD_BAD_ARGUMENT && said(FREEHOLD_BAD_ARGUMENT, "power of two"));
    }
    static const size_t no_sizes[] = {SIZE_MAX, SIZE_MAX - 64, SIZE_MAX / 2 + 1};
    for (unsigned at = 0; at < sizeof no_sizes / sizeof *no_sizes; at++) {
        size_t size = no_sizes[at];
        CHECK(!freehold_heap_alloc(size, 64, &error) && said(FREEHOLD_TOO_LARGE, "`heap` asked for"));
        CHECK(!freehold_heap_resize(block, 1000, 64, size, &error) && said(FREEHOLD_TOO_LARGE, "`heap` asked for"));
        CHECK(!freehold_heap_realloc(block, 1000, 64, size, &error) && said(FREEHOLD_TOO_LARGE, "`heap` asked for"));
        CHECK(!freehold_heap_resize(block, size, 64, 10, &error) && said(FREEHOLD_BAD_ARGUMENT, "no block has"));
        CHECK(!freehold_heap_realloc(block, size, 64, 10, &error) && said(FREEHOLD_BAD_ARGUMENT, "no block has"));
        CHECK(freehold_heap_free(block, size, 64, &error) == FREEHOLD_BAD_ARGUMENT && said(FREEHOLD_BAD_ARGUMENT, "no block has"));
    }
    CHECK(!freehold_heap_resize(NULL, 8, 8, 9, &error) && said(FREEHOLD_BAD_ARGUMENT, "the block is null"));
    CHECK(!freehold_heap_realloc(NULL, 8, 8, 9, &error) && said(FREEHOLD_BAD_ARGUMENT, "the block is null"));
    static const unsigned inside[] = {1, 4, 8, 16, 32, 48};
    for (unsigned at = 0; at < sizeof inside / sizeof *inside; at++) {
        char *none = block + inside[at];
        CHECK(!freehold_heap_resize(none, 1000, 64, 9, &error) && said(FREEHOLD_FOREIGN_BLOCK, "aligned to 64"));
        CHECK(!freehold_heap_realloc(none, 1000, 64, 9, &error) && said(FREEHOLD_FOREIGN_BLOCK, "aligned to 64"));
        CHECK(freehold_heap_free(none, 1000, 64, &error) == FREEHOLD_FOREIGN_BLOCK && said(FREEHOLD_FOREIGN_BLOCK, "aligned to 64"));
    }
    CHECK(freehold_heap_free(block + 8, 1000, 1, &error) == FREEHOLD_FOREIGN_BLOCK);
    CHECK(claimed(own()) == before && holds(block, 1000, 9));
    /* A region that overlaps the heap's memory is found out. */
    CHECK(!freehold_ledger_over(block, 4000000, &error) && error.code != FREEHOLD_OK);
    CHECK(freehold_heap_free(block, 1000, 64, &error) == FREEHOLD_OK);
}

/* Everything at once, by chance: whoever allocates writes a pattern, and finds it again. */
static void a_random_program(void) {
    enum { BLOCKS = 400 };
    static struct { char *at; size_t size; unsigned seed; } live[BLOCKS], scoped[BLOCKS];
    size_t before = claimed(own());
    freehold_arena *arena = freehold_arena_open(own(), "random", NULL);
    freehold_pool *pool = freehold_pool_open(own(), "random", 72, 8, 0, NULL);
    unsigned in_arena = 0, depth = 0, marks[8] = {0};
    freehold_scope *scopes[8];
    for (unsigned step = 0; step < 60000; step++) {
        switch (below(8)) {
            case 0:
            case 1: {
                if (in_arena == BLOCKS) break;
                size_t size = below(10) ? below(300) : below(20000);
                scoped[in_arena].at = freehold_alloc(arena, size, (size_t)1 << below(8), &error);
                CHECK(scoped[in_arena].at && well());
                scoped[in_arena].size = size;
                scoped[in_arena].seed = step;
                fill(scoped[in_arena].at, size, step);
                in_arena++;
                break;
            }
            case 2:
                if (depth == 8) break;
                scopes[depth] = freehold_scope_open(arena, &error);
                marks[depth++] = in_arena;
                break;
            case 3: {
                if (!depth) break;
                unsigned to = below(depth);
                for (unsigned at = 0; at < in_arena; at++) CHECK(holds(scoped[at].at, scoped[at].size, scoped[at].seed));
                CHECK(freehold_scope_close(scopes[to], &error) == FREEHOLD_OK);
                in_arena = marks[to];
                depth = to;
                break;
            }
            default: {
                unsigned at = below(BLOCKS);
                if (live[at].at) {
                    CHECK(holds(live[at].at, 72, live[at].seed));
                    CHECK(freehold_pool_free(pool, live[at].at, &error) == FREEHOLD_OK);
                    live[at].at = NULL;
                } else {
                    live[at].at = freehold_pool_alloc(pool, &error);
                    live[at].seed = step;
                    fill(live[at].at, 72, step);
                }
            }
        }
    }
    unsigned in_use = 0;
    for (unsigned at = 0; at < BLOCKS; at++) {
        if (!live[at].at) continue;
        in_use++;
        CHECK(holds(live[at].at, 72, live[at].seed));
        live[at].at = NULL;
    }
    CHECK(in_use > 50 && freehold_pool_in_use(pool, NULL) == in_use);
    freehold_pool_close(pool, NULL);
    freehold_arena_close(arena, NULL);
    CHECK(claimed(own()) == before);
}

/* Whoever runs this sees to it that memory ends somewhere: here it is used up, in the middle of a scope. The last test. */
static void memory_that_cannot_grow(void) {
    freehold_arena *arena = freehold_arena_open(own(), "hungry", NULL);
    char *kept = freehold_alloc(arena, 1000, 1, NULL);
    fill(kept, 1000, 8);
    freehold_scope *scope = freehold_scope_open(arena, NULL);
    enum { PIECE = 1 << 20, MOST = 4096 };
    static char *pieces[MOST];
    unsigned count = 0;
    while (count < MOST && (pieces[count] = freehold_alloc(arena, PIECE, 1, &error))) {
        fill(pieces[count], 100, count);
        fill(pieces[count] + PIECE - 100, 100, count);
        count++;
    }
    CHECK(count > 2 && count < MOST);
    CHECK(said(FREEHOLD_REFUSED, "`hungry` asked for 1048576 bytes") && is_in("was refused", error.text));
    freehold_stats full, then;
    freehold_ledger_stats(own(), &full, NULL);
    for (unsigned turn = 0; turn < 5; turn++) CHECK(!freehold_alloc(arena, (size_t)PIECE << turn, 1, &error));
    CHECK(!freehold_pool_open(own(), "many", PIECE, 1, 3, &error) && said(FREEHOLD_REFUSED, "`many`"));
    freehold_ledger_stats(own(), &then, NULL);
    CHECK(full.claimed == then.claimed && full.granted == then.granted);
    for (unsigned at = 0; at < count; at++) {
        CHECK(holds(pieces[at], 100, at) && holds(pieces[at] + PIECE - 100, 100, at));
    }
    CHECK(holds(kept, 1000, 8));
    CHECK(freehold_alloc(arena, 100, 1, &error) || error.code == FREEHOLD_REFUSED);
    CHECK(freehold_scope_close(scope, &error) == FREEHOLD_OK);
    /* All is there again. */
    freehold_ledger_stats(own(), &full, NULL);
    scope = freehold_scope_open(arena, NULL);
    for (unsigned at = 0; at < count; at++) CHECK(freehold_alloc(arena, PIECE, 1, &error) == pieces[at]);
    freehold_ledger_stats(own(), &then, NULL);
    CHECK(full.growths == then.growths && holds(kept, 1000, 8));
    CHECK(freehold_arena_close(arena, &error) == FREEHOLD_OK);
    CHECK(claimed_by(own(), "hungry") == 0);
}

void run_tests(void) {
    test("every_number_has_a_text"), every_number_has_a_text();
    test("arenas_hand_out_memory"), arenas_hand_out_memory();
    test("bad_requests_change_nothing"), bad_requests_change_nothing();
    test("scopes_free_what_they_hold"), scopes_free_what_they_hold();
    test("reserved_memory_is_there"), reserved_memory_is_there();
    test("pools_hand_out_blocks"), pools_hand_out_blocks();
    test("a_full_pool_says_so"), a_full_pool_says_so();
    test("wrong_frees_are_refused"), wrong_frees_are_refused();
    test("wrong_handles_are_refused"), wrong_handles_are_refused();
    test("many_handles_are_found"), many_handles_are_found();
    test("places_are_used_again"), places_are_used_again();
    test("names_are_copied"), names_are_copied();
    test("a_region_has_a_ledger_of_its_own"), a_region_has_a_ledger_of_its_own();
    test("bad_regions_are_refused"), bad_regions_are_refused();
    test("the_map_can_be_read_and_drawn"), the_map_can_be_read_and_drawn();
    test("a_random_program"), a_random_program();
    test("memory_that_cannot_grow"), memory_that_cannot_grow();
    test("bad_heap_calls_are_refused"), bad_heap_calls_are_refused();
    test("the_heap_hands_out_blocks"), the_heap_hands_out_blocks();
}

/* Without the check, a block freed twice is handed out twice, and what never was a block is handed out as one. */
void run_controls(void) {
    freehold_pool *pool = freehold_pool_open(own(), "unchecked", 40, 8, 0, NULL);
    test("freed_twice_without_the_check");
    char *block = freehold_pool_alloc(pool, NULL);
    CHECK(freehold_pool_free(pool, block, NULL) == FREEHOLD_OK);
    CHECK(freehold_pool_free(pool, block, NULL) == FREEHOLD_OK);
    char *one = freehold_pool_alloc(pool, NULL), *two = freehold_pool_alloc(pool, NULL);
    CHECK(one == two);
    fill(one, 40, 1);
    fill(two, 40, 2);
    CHECK(!holds(one, 40, 1));
    pool = freehold_pool_open(own(), "unchecked", 40, 8, 0, NULL);
    test("a_foreign_block_without_the_check");
    static char foreign[64];
    fill(foreign, 64, 1);
    CHECK(freehold_pool_free(pool, foreign, NULL) == FREEHOLD_OK);
    CHECK(!holds(foreign, 64, 1));
    CHECK(freehold_pool_alloc(pool, NULL) == foreign);
}
