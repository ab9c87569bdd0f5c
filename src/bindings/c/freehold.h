/*
 * freehold.h: arenas, scopes, pools and a heap on memory that is written down, for C.
 *
 *     #include <stdio.h>
 *     #include "freehold.h"
 *
 *     int main(void) {
 *         freehold_error error;
 *         freehold_arena *arena = freehold_arena_open(freehold_ledger_default(NULL), "frames", &error);
 *         for (int frame = 0; arena && frame < 100; frame++) {
 *             freehold_scope *scope = freehold_scope_open(arena, &error);
 *             float *samples = freehold_alloc_array(arena, 1000, sizeof(float), 0, &error);
 *             if (!samples) return puts(error.text), 1;
 *             // ... use them, and never free them
 *             freehold_scope_close(scope, &error);
 *         }
 *         return freehold_arena_close(arena, &error);
 *     }
 *
 * Build the library for a target, and link it (README of `examples/c`):
 *
 *     cargo build -p freehold-c --release --target TARGET     ->  target/TARGET/release/libfreehold_c.a
 *
 * With `--features javascript` it has what the npm package `freehold` asks a wasm module for (`freehold_js_alloc` and its like, to be exported).
 * With `--features malloc` the library is the `malloc` of a wasm module too, the only one (README of `examples/c-malloc`). For C++ there is
 * freehold.hpp over this.
 *
 * Handles. `freehold_arena *` and its like are numbers, not addresses: nothing of yours is ever read through one. A call checks the
 * handle it is given; one that is null, was closed, is of another kind, or is no handle at all is refused with an error that says
 * which. A number is not given out a second time (on 32-bit targets: not before two thousand million others).
 *
 * Errors. Each call takes, last, the address of a `freehold_error`, or NULL for those who look at what is returned only. The call
 * writes into it how it went: `code` is FREEHOLD_OK and `text` is empty, or they say what was asked, by whom, and what stood in the
 * way. It is yours and in your memory, so threads don't write over each other's. A call that fails has changed nothing: what was
 * allocated is as it was, and the handle may be used on. Nothing is thrown, and no call ends the program but one that waits in vain
 * for another call (see Threads).
 *
 * Threads. Any thread may make any call, with any handle: calls take turns, behind a spin lock (the heap's behind one of its own). Memory that was handed out is its
 * holder's alone, as with `malloc`. Don't call in a signal or interrupt handler: it might wait for the call that it interrupted, which
 * can't end. A call that has waited so for a minute or more (where there is no operating system, some seconds) ends the program. The
 * same holds where a thread was terminated in a call, and in a child process that was forked while another thread was in one.
 *
 * Costs. A heap's call takes no handle, and a few nanoseconds. Any other finds its handle in a few steps (some more per hundred handles that are open), under the lock:
 * 15 to 35 ns on a host, an allocation included, unless the arena or pool needs more memory. So many small things of one kind are
 * best allocated as one array. Sizes and alignments are in bytes. An alignment is a power of two; 0 stands for 16, which suits every
 * type of C's.
 *
 * Names are UTF-8; their first 31 bytes are copied. They are the names in the map, and in errors.
 *
 * Several copies of this library in one program know nothing of each other, handles included.
 */

#ifndef FREEHOLD_H
#define FREEHOLD_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- errors ---------------------------------------------------------------------------------------------------------------- */

enum {
    FREEHOLD_OK = 0,             /* it was done */
    FREEHOLD_TOO_LARGE = 1,      /* no span of the address space can hold that */
    FREEHOLD_REFUSED = 2,        /* the host gives no more memory */
    FREEHOLD_EXHAUSTED = 3,      /* the region is used up, or too small */
    FREEHOLD_OCCUPIED = 4,       /* somebody else lives in that memory */
    FREEHOLD_OVERLAP = 5,        /* a region, or what the host gave, overlaps memory that a ledger holds */
    FREEHOLD_SHORT = 6,          /* the host gave less than it was asked for */
    FREEHOLD_FULL = 7,           /* all blocks of a pool of fixed capacity are in use */
    FREEHOLD_NULL_HANDLE = 8,    /* a handle is NULL */
    FREEHOLD_NOT_A_HANDLE = 9,   /* a handle is none, and never was */
    FREEHOLD_WRONG_HANDLE = 10,  /* a handle is of another kind: a pool's, say, where an arena's is wanted */
    FREEHOLD_CLOSED = 11,        /* a handle was closed before */
    FREEHOLD_STILL_OPEN = 12,    /* something is open that must be closed first */
    FREEHOLD_BAD_ARGUMENT = 13,  /* an argument is NULL that may not be, or no power of two, or not UTF-8 */
    FREEHOLD_FOREIGN_BLOCK = 14, /* what is to be freed is not a block of this pool, or can't be one of the heap's */
    FREEHOLD_FREED_TWICE = 15,   /* what is to be freed is free already */
    FREEHOLD_OVERRUN = 16,       /* somebody wrote past the end of the block that is to be freed */
    FREEHOLD_NO_BACKING = 17,    /* this target has no memory of its own to give: hand over a region */
    FREEHOLD_MUST_MOVE = 18      /* a block can't have that size where it is */
};

/* How a call went. */
typedef struct freehold_error {
    int code;       /* one of the numbers above */
    char text[252]; /* UTF-8, ends with a null; "" if all went well, cut where it is longer */
} freehold_error;

/* What a number means in general: a text that is always there. For any number. */
const char *freehold_text(int code);

/* ---- the ledger: who holds which bytes --------------------------------------------------------------------------------------- */

/* Arenas and pools get their memory from a ledger, and give it back to one. What one of them gave back the next gets, before the
 * ledger asks for fresh memory. */
typedef struct freehold_ledger freehold_ledger;

/* The module's own ledger: on wasm over pages of `memory.grow` (or what libc gives, where it owns all memory), elsewhere over the
 * host's pages. It takes nothing before the first request, and stays open for ever; each call returns the same handle.
 * On Emscripten, memory that doesn't grow wants `-sABORTING_MALLOC=0`: else libc ends the program where it is to refuse.
 * Errors: FREEHOLD_NO_BACKING on bare metal. */
freehold_ledger *freehold_ledger_default(freehold_error *error);

/* A ledger over `length` bytes of yours from `region` on, of any size and alignment: a static array, a linker section, a block of
 * `malloc`'s or of an arena. It never asks for more. The ledger itself lies at its start: 2.3 KB on 64-bit targets, 1.2 KB on 32-bit
 * ones.
 * You owe: until it is closed nobody else reads or writes these bytes, and they stay where they are.
 * Errors: FREEHOLD_EXHAUSTED if it is too small for the ledger; FREEHOLD_OVERLAP if a ledger holds some of the bytes (a region may
 * lie inside one block that was allocated); FREEHOLD_BAD_ARGUMENT if it is NULL or ends where there is no memory. */
freehold_ledger *freehold_ledger_over(void *region, size_t length, freehold_error *error);

/* Closes a ledger over a region, which is all yours again.
 * Errors: FREEHOLD_STILL_OPEN if an arena or a pool is open on it, and for the module's own. */
int freehold_ledger_close(freehold_ledger *ledger, freehold_error *error);

/* Sums in bytes, the ledger's own records (64 bytes for each span, 32 on 32-bit targets) included. */
typedef struct freehold_stats {
    size_t claimed; /* in arenas' and pools' hands */
    size_t free;    /* given back, or never used */
    size_t peak;    /* the most that was ever claimed at once */
    size_t granted; /* claimed + free: all that was taken from the host or the region */
    size_t growths; /* how often something was taken: while the number stays, memory has not grown for this ledger */
} freehold_stats;

/* Reads the sums. */
int freehold_ledger_stats(freehold_ledger *ledger, freehold_stats *stats, freehold_error *error);

/* A stretch of memory, and whose it is. */
typedef struct freehold_span {
    size_t start;   /* address of its first byte */
    size_t length;  /* bytes, the ledger's record at its start included */
    char owner[32]; /* the name of who holds it; "" if it is free. `handles` are what stands behind arenas' and pools' handles */
} freehold_span;

/* Walks through the spans in the order of addresses. `span` must be all zero at first; then each call puts the span after it in
 * its place. Returns 1 if there was one, else 0: at the end, and if the call fails.
 *
 *     freehold_span span = {0};
 *     while (freehold_ledger_next(ledger, &span, &error)) printf("%zu bytes of `%s`\n", span.length, span.owner);
 */
int freehold_ledger_next(freehold_ledger *ledger, freehold_span *span, freehold_error *error);

/* Draws the map of memory as a text of lines (UTF-8): on wasm with stack, data and heap tail, on hosts the ledger's spans. Writes as
 * much as fits into `size` bytes at `buffer`, a null at the end included; returns how many bytes the whole text has without that
 * (as `snprintf` does: with a `size` of 0 nothing is written), or 0 if the call fails. */
size_t freehold_ledger_draw(freehold_ledger *ledger, char *buffer, size_t size, freehold_error *error);

/* ---- arenas: all is freed at once -------------------------------------------------------------------------------------------- */

/* Memory for anything, of which nothing is freed by itself: all goes when the arena is reset or closed, or with its scope. */
typedef struct freehold_arena freehold_arena;

/* Opens an arena on `ledger`, under this name. That takes a place for its record: places are claimed four at first, then eight and so on,
 * 288 bytes each (160 on 32-bit targets), or fewer where there is less. Its first memory is claimed with the first allocation, 512 bytes;
 * each piece after that is twice as large as the one before, up to 256 KiB.
 * Errors: those of memory; FREEHOLD_BAD_ARGUMENT for the name. */
freehold_arena *freehold_arena_open(freehold_ledger *ledger, const char *name, freehold_error *error);

/* Closes an arena and its scopes. All its memory goes back to the ledger.
 * You owe: nothing that was allocated in it is used any more. */
int freehold_arena_close(freehold_arena *arena, freehold_error *error);

/* Frees everything that was allocated, closes the arena's scopes, and keeps the memory for what comes.
 * You owe: nothing that was allocated in it is used any more. */
int freehold_arena_reset(freehold_arena *arena, freehold_error *error);

/* Gives the ledger what memory the arena has and nothing lies in.
 * Errors: FREEHOLD_STILL_OPEN if a scope is open. */
int freehold_arena_trim(freehold_arena *arena, freehold_error *error);

/* `size` bytes in the arena, in the innermost of its open scopes; not initialised. A size of 0 is taken as 1.
 * NULL if there is no room: FREEHOLD_TOO_LARGE, _REFUSED, _EXHAUSTED; then the arena is as it was.
 * Errors: FREEHOLD_BAD_ARGUMENT for the alignment. */
void *freehold_alloc(freehold_arena *arena, size_t size, size_t align, freehold_error *error);

/* The same for `count` times `size` bytes. A product that overflows is FREEHOLD_TOO_LARGE. */
void *freehold_alloc_array(freehold_arena *arena, size_t count, size_t size, size_t align, freehold_error *error);

/* Makes sure that the next `bytes` bytes (what alignment skips counts too) are there, in the innermost of the open scopes: allocating
 * them does not fail, and does not grow memory.
 * Errors: as with `freehold_alloc`. */
int freehold_reserve(freehold_arena *arena, size_t bytes, freehold_error *error);

/* ---- scopes: a stretch of code whose allocations die at its end ---------------------------------------------------------------- */

typedef struct freehold_scope freehold_scope;

/* Opens a scope in the innermost of the arena's open scopes. From now on `freehold_alloc` allocates in this one. It takes some 80
 * bytes of the arena (half of that on 32-bit targets) while it is open.
 * Errors: as with `freehold_alloc`. */
freehold_scope *freehold_scope_open(freehold_arena *arena, freehold_error *error);

/* Closes a scope, and those that were opened in it. What was allocated in it is free; what was allocated before stays.
 * You owe: nothing that was allocated in it is used any more. */
int freehold_scope_close(freehold_scope *scope, freehold_error *error);

/* ---- pools: blocks of one size, freed one by one ------------------------------------------------------------------------------- */

typedef struct freehold_pool freehold_pool;

/* Opens a pool of blocks of `size` bytes (0 is taken as 1) on `ledger`, under this name. A block costs its size rounded up to a
 * multiple of a pointer's, one word more (which tells whether the block is in use), and what the alignment adds to that.
 * With a `capacity` of 0 the pool claims memory as it needs it; with any other it claims room for so many blocks now, and never
 * more.
 * Errors: those of memory; FREEHOLD_BAD_ARGUMENT for the name or the alignment. */
freehold_pool *freehold_pool_open(freehold_ledger *ledger, const char *name, size_t size, size_t align, size_t capacity,
                                  freehold_error *error);

/* Closes a pool. All its memory goes back to the ledger, blocks in use included.
 * You owe: no block of it is used any more. */
int freehold_pool_close(freehold_pool *pool, freehold_error *error);

/* A block, not initialised: the one that was freed last, or a new one.
 * NULL if there is none to be had: FREEHOLD_FULL if the capacity is fixed, else as with `freehold_alloc`. */
void *freehold_pool_alloc(freehold_pool *pool, freehold_error *error);

/* Frees a block; NULL is nothing to be freed, and no error. Takes a few steps, and one for each piece of memory that the pool has
 * claimed (pieces of 256 KiB and more, once it is large).
 * Errors, after which everything is as it was: FREEHOLD_FOREIGN_BLOCK if that is not the address of a block of this pool;
 * FREEHOLD_FREED_TWICE if it is free already; FREEHOLD_OVERRUN if the word behind it was written over.
 * You owe: nobody uses it any more. (If it was handed out again since you freed it, it is in use, by somebody else: that is not
 * found out.) */
int freehold_pool_free(freehold_pool *pool, void *block, freehold_error *error);

/* How many blocks are in use. 0 also if the call fails. */
size_t freehold_pool_in_use(freehold_pool *pool, freehold_error *error);

/* ---- the heap: blocks of any size, freed one by one -------------------------------------------------------------------------- */

/* The module's own heap, on its own ledger: in the map it is `heap`. There is one, and nothing to open. A block has no header, so
 * whoever resizes or frees it says which size and alignment it has: those it was allocated with, or resized to last.
 *
 * You owe: what you say of a block is so, it is one of these (what `malloc` gave goes to `free` only, and these here only), and nobody uses it
 * once it is freed. That is not found out: `freehold_pool` finds out more, and the debug layer of a Rust program
 * (`freehold::debug::Checked`) most.
 * Errors of all four: FREEHOLD_BAD_ARGUMENT for the alignment, for a size that no block has, and if the block is NULL where it may not be;
 * FREEHOLD_FOREIGN_BLOCK if no block with that alignment can lie there; FREEHOLD_NO_BACKING on bare metal. After each all is as it was. */

/* `size` bytes, not initialised. A size of 0 is a block too, with an address of its own, and must be freed.
 * NULL if there is no room: FREEHOLD_TOO_LARGE, _REFUSED. */
void *freehold_heap_alloc(size_t size, size_t align, freehold_error *error);

/* Has a block grow or shrink where it is, if that can be without memory growing. Returns 1 if it has the new size from now on, else 0, and
 * then nothing has changed: FREEHOLD_MUST_MOVE, FREEHOLD_TOO_LARGE. */
int freehold_heap_resize(void *block, size_t size, size_t align, size_t new_size, freehold_error *error);

/* A block of the new size with what this one holds, up to the smaller of the two sizes: where it is if that can be, else elsewhere, and then
 * this one is free.
 * NULL if there is no room (FREEHOLD_TOO_LARGE, _REFUSED); then the block is as it was. */
void *freehold_heap_realloc(void *block, size_t size, size_t align, size_t new_size, freehold_error *error);

/* Frees a block; NULL is nothing to be freed, and no error. */
int freehold_heap_free(void *block, size_t size, size_t align, freehold_error *error);

#ifdef __cplusplus
}
#endif

#endif
