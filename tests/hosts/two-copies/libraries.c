/* A program with two libraries, each of which brings a copy of freehold: `libraries.mjs` calls it. */

#include <stddef.h>

unsigned char *first_allocate(size_t size);
unsigned char *second_allocate(size_t size);
void first_release(unsigned char *block, size_t size);
void second_release(unsigned char *block, size_t size);
unsigned char *first_tail(size_t size, const char **by, size_t *length);
unsigned char *second_tail(size_t size, const char **by, size_t *length);

#define EXPORT(name) __attribute__((export_name(#name))) name
#define ALIVE 64

typedef struct {
    unsigned char *start;
    size_t size;
    unsigned char mark;
    int second;
} block;

static unsigned long long state = 1;

static size_t below(size_t limit) {
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    return (size_t)((state >> 33) % limit);
}

/* How many bytes do not hold `mark`. */
static size_t lost(const unsigned char *start, size_t size, unsigned char mark) {
    size_t count = 0;
    for (size_t i = 0; i < size; i++) count += start[i] != mark;
    return count;
}

static void fill(unsigned char *start, size_t size, unsigned char mark) {
    for (size_t i = 0; i < size; i++) start[i] = mark;
}

/* Both libraries allocate and free as chance has it; returns the bytes that were not as they should be. */
size_t EXPORT(interleave)(int turns) {
    static block alive[ALIVE];
    size_t sum = 0;
    for (int turn = 0; turn < turns + ALIVE; turn++) {
        block *here = &alive[turn < turns ? below(ALIVE) : (size_t)(turn - turns)];
        if (here->start) {
            sum += lost(here->start, here->size, here->mark);
            (here->second ? second_release : first_release)(here->start, here->size);
            here->start = NULL;
        } else if (turn < turns) {
            here->size = 1 + below((size_t)1 << below(17));
            here->second = (int)below(2);
            here->start = (here->second ? second_allocate : first_allocate)(here->size);
            if (!here->start) return (size_t)-1;
            sum += lost(here->start, here->size, 0);
            here->mark = (unsigned char)(1 + below(255));
            fill(here->start, here->size, here->mark);
        }
    }
    return sum;
}

static const char *by;
static size_t by_length;

const char *EXPORT(whose)(void) { return by; }
size_t EXPORT(whose_length)(void) { return by_length; }

/* One library has the tail and the other asks for it: 1 if that is refused, and all in the tail is as it was. */
int EXPORT(one_has_the_tail)(int second) {
    const size_t size = 500000;
    unsigned char *tail = (second ? second_tail : first_tail)(size, &by, &by_length);
    if (!tail) return 0;
    fill(tail, size, 0xab);
    if ((second ? first_tail : second_tail)(1, &by, &by_length)) return 0;
    return lost(tail, size, 0xab) == 0;
}
