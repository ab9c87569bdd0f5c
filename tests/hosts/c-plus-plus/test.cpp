/* freehold.hpp: arenas and scopes that end by themselves, containers in an arena, all forms of `new` and `delete`, and what fails. */

#define FREEHOLD_NEW_AND_DELETE
#include "freehold.hpp"

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

// Compiled as C++ too.
#include "../c-library/report.c"

void say(const char *text, size_t length) { std::fwrite(text, 1, length, stdout); }

namespace {

/* What the compiler may not know: it warns of sizes that there can't be. */
std::size_t opaque(std::size_t size) {
    volatile std::size_t kept = size;
    return kept;
}

/* Whose memory that is, as the map has it; "" if it is in nobody's. */
std::string owner_of(const void *block) {
    freehold_span span = {};
    while (freehold_ledger_next(freehold_ledger_default(nullptr), &span, nullptr)) {
        if (reinterpret_cast<std::uintptr_t>(block) - span.start < span.length) return span.owner;
    }
    return "";
}

std::size_t claimed_by(const char *owner) {
    freehold_span span = {};
    std::size_t sum = 0;
    while (freehold_ledger_next(freehold_ledger_default(nullptr), &span, nullptr)) {
        if (std::strcmp(owner, span.owner) == 0) sum += span.length;
    }
    return sum;
}

/* What `work` throws: the number, or -1. */
template <typename Work>
int thrown(Work work) {
    try {
        work();
    } catch (const std::bad_alloc &caught) {
        auto ours = dynamic_cast<const freehold::error *>(&caught);
        return ours && std::strlen(ours->what()) > 10 ? ours->code() : 1000;
    }
    return -1;
}

void arenas_and_scopes() {
    {
        freehold::arena frames("frames");
        char *kept = static_cast<char *>(frames.allocate(100));
        std::memset(kept, 7, 100);
        CHECK(owner_of(kept) == "frames" && reinterpret_cast<std::uintptr_t>(kept) % alignof(std::max_align_t) == 0);
        void *first = nullptr;
        for (int turn = 0; turn < 100; turn++) {
            freehold::scope scope(frames);
            void *block = frames.allocate(3000, 64);
            CHECK(!first || block == first);
            first = block;
            freehold::scope inner(frames.handle());
            std::memset(frames.allocate(500), turn, 500);
        }
        CHECK(kept[0] == 7 && kept[99] == 7);
        freehold::arena moved(std::move(frames));
        CHECK(!frames.handle() && thrown([&] { frames.allocate(1); }) == FREEHOLD_NULL_HANDLE);
        frames = std::move(moved);
        CHECK(frames.handle() && !moved.handle());
        frames.reserve(10000);
        frames.reset();
        CHECK(claimed_by("frames") > 0);
    }
    CHECK(claimed_by("frames") == 0);
}

void containers_in_an_arena() {
    freehold::arena texts("texts");
    freehold::arena_resource memory(texts), same(texts);
    freehold::arena other("other");
    freehold::arena_resource elsewhere(other);
    CHECK(memory == same && memory != elsewhere && memory != *std::pmr::new_delete_resource());
    std::size_t heap = claimed_by("heap");
    {
        freehold::scope scope(texts);
        std::pmr::map<int, std::pmr::string> words(&memory);
        for (int at = 0; at < 1000; at++) words.emplace(at, "a text that is too long to lie in the string itself");
        CHECK(owner_of(words.at(500).data()) == "texts" && owner_of(&words.at(500)) == "texts");
        std::pmr::vector<double> numbers(&memory);
        for (int at = 0; at < 10000; at++) numbers.push_back(at);
        CHECK(numbers[9999] == 9999 && owner_of(numbers.data()) == "texts");
    }
    CHECK(claimed_by("heap") == heap);
    struct alignas(256) Wide { char bytes[256]; };
    std::pmr::vector<Wide> wide(10, &memory);
    CHECK(reinterpret_cast<std::uintptr_t>(wide.data()) % 256 == 0);
}

void what_fails_throws() {
    freehold::arena arena("small");
    freehold::arena_resource memory(arena);
    struct { int got, wanted; } const bad[] = {
        {thrown([&] { arena.allocate(SIZE_MAX); }), FREEHOLD_TOO_LARGE},
        {thrown([&] { arena.allocate(1, 3); }), FREEHOLD_BAD_ARGUMENT},
        {thrown([&] { arena.reserve(SIZE_MAX); }), FREEHOLD_TOO_LARGE},
        {thrown([&] { (void)memory.allocate(SIZE_MAX, 8); }), FREEHOLD_TOO_LARGE},
        {thrown([&] { freehold::arena bad(nullptr); }), FREEHOLD_BAD_ARGUMENT},
        {thrown([&] { freehold::arena bad("bad", reinterpret_cast<freehold_ledger *>(8)); }), FREEHOLD_NOT_A_HANDLE},
        {thrown([&] { freehold::scope bad(nullptr); }), FREEHOLD_NULL_HANDLE},
        {thrown([&] { freehold::scope bad(reinterpret_cast<freehold_arena *>(8)); }), FREEHOLD_NOT_A_HANDLE},
        {thrown([&] { ::operator delete(::operator new(opaque(SIZE_MAX))); }), FREEHOLD_TOO_LARGE},
        {thrown([&] { ::operator delete(::operator new(opaque(SIZE_MAX / 2))); }), FREEHOLD_TOO_LARGE},
        {thrown([&] { ::operator delete(::operator new(opaque(SIZE_MAX - 8), std::align_val_t(64))); }), FREEHOLD_TOO_LARGE},
    };
    for (auto [got, wanted] : bad) CHECK(got == wanted);
    CHECK(!::operator new(opaque(SIZE_MAX), std::nothrow) && !::operator new[](opaque(SIZE_MAX / 2), std::nothrow));
    CHECK(!::operator new(opaque(SIZE_MAX / 2), std::align_val_t(4096), std::nothrow));
    /* It is as it was. */
    std::memset(arena.allocate(1000), 1, 1000);
}

int asked;

void make_room() {
    if (++asked == 3) std::set_new_handler(nullptr);
}

void the_handler_is_asked() {
    asked = 0;
    std::set_new_handler(make_room);
    CHECK(thrown([] { ::operator delete(::operator new(opaque(SIZE_MAX / 2))); }) == FREEHOLD_TOO_LARGE && asked == 3);
}

struct Base {
    virtual ~Base() = default;
    long one = 1;
};

struct Derived : Base {
    long more[20] = {};
};

struct alignas(128) Aligned {
    char bytes[300];
};

void every_new_and_delete() {
    auto is_heaps = [](const void *block, std::size_t align) {
        return owner_of(block) == "heap" && reinterpret_cast<std::uintptr_t>(block) % align == 0;
    };
    std::size_t before = 0;
    for (int turn = 0; turn < 50; turn++) {
        int *one = new int(5);
        Base *base = new Derived;
        char *many = new char[10000];
        Aligned *aligned = new Aligned, *row = new Aligned[7];
        CHECK(is_heaps(one, 16) && is_heaps(base, 16) && is_heaps(many, 16) && is_heaps(aligned, 128) && is_heaps(row, 128));
        std::memset(many, 1, 10000);
        std::memset(aligned->bytes, 2, 300);
        std::memset(row, 3, 7 * sizeof(Aligned));
        CHECK(*one == 5 && many[9999] == 1 && aligned->bytes[299] == 2);
        delete one;
        delete base;
        delete[] many;
        delete aligned;
        delete[] row;
        /* Each by its own name. */
        auto wide = std::align_val_t(512);
        ::operator delete(::operator new(20));
        ::operator delete[](::operator new[](20));
        ::operator delete(::operator new(20), std::size_t(20));
        ::operator delete[](::operator new[](20), std::size_t(20));
        ::operator delete(::operator new(20, std::nothrow), std::nothrow);
        ::operator delete[](::operator new[](20, std::nothrow), std::nothrow);
        ::operator delete(::operator new(20, wide), wide);
        ::operator delete[](::operator new[](20, wide), wide);
        ::operator delete(::operator new(20, wide), std::size_t(20), wide);
        ::operator delete[](::operator new[](20, wide), std::size_t(20), wide);
        ::operator delete(::operator new(20, wide, std::nothrow), wide, std::nothrow);
        ::operator delete[](::operator new[](20, wide, std::nothrow), wide, std::nothrow);
        void *none = ::operator new(0), *nothing = ::operator new(0);
        CHECK(none && nothing && none != nothing);
        ::operator delete(none);
        ::operator delete(nothing);
        ::operator delete(static_cast<void *>(nullptr));
        auto shared = std::make_shared<std::string>("a text that is too long to lie in the string itself");
        CHECK(is_heaps(shared->data(), 1));
        /* What is freed is had again: each turn takes as much as the one before. */
        if (turn == 10) before = claimed_by("heap");
        CHECK(turn <= 10 || claimed_by("heap") == before);
    }
}

} // namespace

int main() {
    test("arenas_and_scopes"), arenas_and_scopes();
    test("containers_in_an_arena"), containers_in_an_arena();
    test("what_fails_throws"), what_fails_throws();
    test("the_handler_is_asked"), the_handler_is_asked();
    test("every_new_and_delete"), every_new_and_delete();
    finish();
    return failures() != 0;
}
