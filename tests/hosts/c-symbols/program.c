/* C that is linked into a Rust module and takes its memory from `freehold::c_symbols!`. There is no libc. */

#include <stddef.h>
#include <stdint.h>

void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void *realloc(void *block, size_t size);
void *aligned_alloc(size_t align, size_t size);
int posix_memalign(void **out, size_t align, size_t size);
size_t malloc_usable_size(void *block);
void free(void *block);

#define EXPORT(name) __attribute__((export_name(#name))) name

/* Returns the line at which something is not as it should be. */
#define MUST(condition)                  \
    do {                                 \
        if (!(condition)) return __LINE__; \
    } while (0)

static uint32_t state = 1;

static uint32_t below(uint32_t limit) {
    state = state * 1664525u + 1013904223u;
    return (uint32_t)(((uint64_t)state * limit) >> 32);
}

static void fill(unsigned char *block, size_t from, size_t size, uint32_t seed) {
    for (size_t at = from; at < size; at++) block[at] = (unsigned char)(seed + at);
}

static int holds(const unsigned char *block, size_t size, uint32_t seed) {
    for (size_t at = 0; at < size; at++) {
        if (block[at] != (unsigned char)(seed + at)) return 0;
    }
    return 1;
}

/* Each function once, with what the standard says of its edges. */
int EXPORT(each_function)(void) {
    unsigned char *block = malloc(100);
    MUST(block && (uintptr_t)block % 16 == 0 && malloc_usable_size(block) >= 100);
    fill(block, 0, 100, 1);
    block = realloc(block, 50000);
    MUST(block && holds(block, 100, 1) && malloc_usable_size(block) >= 50000);
    block = realloc(block, 10);
    MUST(block && holds(block, 10, 1));
    free(block);
    block = realloc(NULL, 30);
    MUST(block);
    free(block);
    free(NULL);
    unsigned char *none = malloc(0), *nothing = malloc(0);
    MUST(none && nothing && none != nothing);
    free(none);
    free(nothing);
    unsigned char *zeros = calloc(1000, 7);
    MUST(zeros);
    for (size_t at = 0; at < 7000; at++) MUST(zeros[at] == 0);
    free(zeros);
    MUST(calloc(SIZE_MAX / 2, 3) == NULL && malloc(SIZE_MAX - 8) == NULL && aligned_alloc(3, 9) == NULL);
    for (size_t align = 1; align <= 65536; align *= 2) {
        unsigned char *aligned = aligned_alloc(align, 3 * align);
        MUST(aligned && (uintptr_t)aligned % align == 0);
        fill(aligned, 0, 3 * align, 2);
        aligned = realloc(aligned, 5 * align);
        MUST(aligned && holds(aligned, 3 * align, 2));
        free(aligned);
    }
    void *out = &state;
    MUST(posix_memalign(&out, 128, 10) == 0 && (uintptr_t)out % 128 == 0);
    free(out);
    out = &state;
    MUST(posix_memalign(&out, 24, 10) == 22 && posix_memalign(&out, 16, SIZE_MAX - 30) == 12 && out == &state);
    MUST(malloc_usable_size(NULL) == 0);
    return 0;
}

enum { BLOCKS = 300 };

static struct {
    unsigned char *at;
    size_t size;
    uint32_t seed;
} blocks[BLOCKS];

/* So many steps of a program that allocates by chance, writes a pattern, and finds it again. What it has it keeps. */
int EXPORT(random_steps)(uint32_t steps) {
    while (steps--) {
        uint32_t at = below(BLOCKS);
        size_t size = below(20) ? below(400) : below(30000);
        if (!blocks[at].at) {
            switch (below(4)) {
                case 0: blocks[at].at = calloc(size, 1); break;
                case 1: blocks[at].at = aligned_alloc((size_t)1 << below(9), size); break;
                case 2: MUST(posix_memalign((void **)&blocks[at].at, (size_t)4 << below(8), size) == 0); break;
                default: blocks[at].at = malloc(size);
            }
            MUST(blocks[at].at);
            fill(blocks[at].at, 0, size, steps);
        } else {
            MUST(holds(blocks[at].at, blocks[at].size, blocks[at].seed));
            MUST(malloc_usable_size(blocks[at].at) >= blocks[at].size);
            if (below(2)) {
                free(blocks[at].at);
                blocks[at].at = NULL;
                continue;
            }
            size_t kept = size < blocks[at].size ? size : blocks[at].size;
            blocks[at].at = realloc(blocks[at].at, size);
            MUST(blocks[at].at && holds(blocks[at].at, kept, blocks[at].seed));
            fill(blocks[at].at, 0, size, steps);
        }
        blocks[at].size = size;
        blocks[at].seed = steps;
    }
    return 0;
}

/* Frees all that `random_steps` has. */
int EXPORT(free_all)(void) {
    for (uint32_t at = 0; at < BLOCKS; at++) {
        if (!blocks[at].at) continue;
        MUST(holds(blocks[at].at, blocks[at].size, blocks[at].seed));
        free(blocks[at].at);
        blocks[at].at = NULL;
    }
    return 0;
}
