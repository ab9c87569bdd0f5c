/* `new` and `delete` of freehold.hpp in the file that uses them: whatever the compiler puts into whatever, a block is freed as it was allocated.
 * The heap is this file's own, which notes both; with exceptions and without, so nothing here throws. */

#define FREEHOLD_NEW_AND_DELETE
#include "freehold.hpp"

#include <cstdio>

// Compiled as C++ too.
#include "../c-library/report.c"

void say(const char *text, size_t length) { std::fwrite(text, 1, length, stdout); }

namespace {

struct {
    char *start;
    std::size_t size, align;
} given;

} // namespace

/* One block at a time, whose memory is not zero before. */
extern "C" void *freehold_heap_alloc(std::size_t size, std::size_t align, freehold_error *told) {
    static char memory[4096 + 512];
    char *start = memory + (512 - reinterpret_cast<std::uintptr_t>(memory) % 512);
    if (size > 4096) {
        if (told) *told = {FREEHOLD_REFUSED, ""};
        return nullptr;
    }
    for (std::size_t at = 0; at < size; at++) start[at] = 0x55;
    given = {start, size, align};
    return start;
}

extern "C" int freehold_heap_free(void *block, std::size_t size, std::size_t align, freehold_error *) {
    CHECK(block == given.start && size == given.size && align == given.align);
    given = {};
    return FREEHOLD_OK;
}

/* Nobody knows what it looks at. */
void *volatile seen;

struct alignas(128) Aligned {
    char bytes[300];
};

/* The block is looked at, and freed by `free`. */
template <typename Block, typename Free>
inline void freed(Block *block, Free free) {
    seen = block;
    free(block);
    CHECK(!given.start);
}

int main() {
    test("what_new_gave_delete_frees");
    freed(new char(3), [](char *least) { delete least; });
    freed(new int(3), [](int *one) { delete one; });
    freed(new char[1000], [](char *many) { delete[] many; });
    freed(new Aligned, [](Aligned *aligned) { delete aligned; });
    freed(new Aligned[3], [](Aligned *row) { delete[] row; });
    freed(::operator new(20), [](void *raw) { ::operator delete(raw); });
    freed(::operator new(20, std::nothrow), [](void *quiet) { ::operator delete(quiet, std::nothrow); });
    freed(::operator new(20, std::align_val_t(512)), [](void *wide) { ::operator delete(wide, std::align_val_t(512)); });
    finish();
    return failures() != 0;
}
