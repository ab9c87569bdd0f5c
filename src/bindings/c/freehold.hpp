/*
 * freehold.hpp: freehold.h for C++17, header only.
 *
 *     #include <cstdio>
 *     #include <vector>
 *     #include "freehold.hpp"
 *
 *     int main() {
 *         freehold::arena frames("frames");
 *         freehold::arena_resource memory(frames);
 *         for (int frame = 0; frame < 100; frame++) {
 *             freehold::scope scope(frames);               // what is allocated from here on is gone at its end
 *             std::pmr::vector<float> samples(1000, &memory);
 *             // ... use them; `samples` ends before the scope does, as it was made after it
 *         }
 *         std::puts("done");
 *     }
 *
 * What fails throws `freehold::error`, which is a `std::bad_alloc`: `what()` says what was asked, by whom, and what stood in the way; `code()`
 * is one of freehold.h's numbers. Without exceptions the program is aborted instead.
 *
 * One source file of a program may have all of its `new` and `delete` on the module's heap (`heap` in the map):
 *
 *     #define FREEHOLD_NEW_AND_DELETE
 *     #include "freehold.hpp"
 *
 * A block of `new` costs 16 bytes more than its size, or its alignment if that is larger: `delete` need not be told how long it is. (Where
 * freehold is the module's `malloc`, `new` is on its heap as it is.)
 */

#ifndef FREEHOLD_HPP
#define FREEHOLD_HPP

#include <cstddef>
#include <cstdlib>
#include <memory_resource>
#include <new>
#include <utility>

#include "freehold.h"

namespace freehold {

/* Why a call failed. */
class error : public std::bad_alloc {
public:
    explicit error(const freehold_error &told) noexcept : told_(told) {}

    /* One of the numbers of freehold.h. */
    int code() const noexcept { return told_.code; }

    const char *what() const noexcept override { return told_.text; }

private:
    freehold_error told_;
};

[[noreturn]] inline void fail(const freehold_error &told) {
#if defined(__cpp_exceptions) || defined(_CPPUNWIND)
    throw error(told);
#else
    (void)told;
    std::abort();
#endif
}

/* An arena, which is closed at its end: all that was allocated in it is free then. You owe: nothing of that is used any more, and its scopes
 * have ended. */
class arena {
public:
    /* Opens one under this name, on the module's own ledger or another. */
    explicit arena(const char *name, freehold_ledger *ledger = nullptr) {
        freehold_error told;
        if (!ledger) ledger = freehold_ledger_default(&told);
        if (ledger) handle_ = freehold_arena_open(ledger, name, &told);
        if (!handle_) fail(told);
    }

    arena(arena &&other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}

    arena &operator=(arena &&other) noexcept {
        std::swap(handle_, other.handle_);
        return *this;
    }

    ~arena() {
        if (handle_) freehold_arena_close(handle_, nullptr);
    }

    /* What freehold.h's functions take. An arena that was moved from has none. */
    freehold_arena *handle() const noexcept { return handle_; }

    /* `size` bytes, in the innermost of the open scopes. */
    void *allocate(std::size_t size, std::size_t align = alignof(std::max_align_t)) const {
        freehold_error told;
        void *block = freehold_alloc(handle_, size, align, &told);
        if (!block) fail(told);
        return block;
    }

    /* Makes sure that the next `bytes` bytes are there. */
    void reserve(std::size_t bytes) const {
        freehold_error told;
        if (freehold_reserve(handle_, bytes, &told) != FREEHOLD_OK) fail(told);
    }

    /* Frees all that was allocated. You owe: nothing of that is used any more, and no scope is open. */
    void reset() const {
        freehold_error told;
        if (freehold_arena_reset(handle_, &told) != FREEHOLD_OK) fail(told);
    }

private:
    freehold_arena *handle_ = nullptr;
};

/* A stretch of code at whose end all is free that was allocated in it. You owe: nothing of that is used any more. */
class scope {
public:
    explicit scope(const arena &in) : scope(in.handle()) {}

    explicit scope(freehold_arena *in) {
        freehold_error told;
        handle_ = freehold_scope_open(in, &told);
        if (!handle_) fail(told);
    }

    scope(const scope &) = delete;
    scope &operator=(const scope &) = delete;

    ~scope() { freehold_scope_close(handle_, nullptr); }

private:
    freehold_scope *handle_ = nullptr;
};

/* A memory resource for `std::pmr` containers: what they allocate lies in the arena, in the innermost of its open scopes, and is free when that
 * ends; what they deallocate stays until then. You owe: the arena stays open, and a container that was made in a scope ends before it. */
class arena_resource : public std::pmr::memory_resource {
public:
    explicit arena_resource(const arena &in) noexcept : arena_resource(in.handle()) {}
    explicit arena_resource(freehold_arena *in) noexcept : handle_(in) {}

private:
    void *do_allocate(std::size_t size, std::size_t align) override {
        freehold_error told;
        void *block = freehold_alloc(handle_, size, align, &told);
        if (!block) fail(told);
        return block;
    }

    void do_deallocate(void *, std::size_t, std::size_t) override {}

    bool do_is_equal(const std::pmr::memory_resource &other) const noexcept override {
#if defined(__cpp_rtti) || defined(_CPPRTTI)
        auto same = dynamic_cast<const arena_resource *>(&other);
        return same && same->handle_ == handle_;
#else
        return this == &other;
#endif
    }

    freehold_arena *handle_;
};

} // namespace freehold

#endif

#if defined(FREEHOLD_NEW_AND_DELETE) && !defined(FREEHOLD_NEW_AND_DELETE_DEFINED)
#define FREEHOLD_NEW_AND_DELETE_DEFINED

#include <cstdint>

namespace freehold {
namespace new_and_delete {

/* What stands in front of a block: the size and the alignment of all that was allocated for it. The block begins `align` bytes after that. */
struct front {
    std::size_t size, align;
};

inline void *try_allocate(std::size_t size, std::size_t align, freehold_error *told) noexcept {
    if (align < 16) align = 16;
    if (size > SIZE_MAX - align) {
        /* It says that this is too large. */
        return freehold_heap_alloc(SIZE_MAX, align, told);
    }
    char *memory = static_cast<char *>(freehold_heap_alloc(size + align, align, told));
    if (!memory) return nullptr;
    new (memory + align - sizeof(front)) front{size + align, align};
    return memory + align;
}

/* As the standard has it: as long as there is no room the program's handler is asked to make some. */
inline void *allocate(std::size_t size, std::size_t align) {
    freehold_error told;
    while (true) {
        if (void *block = try_allocate(size, align, &told)) return block;
        std::new_handler handler = std::get_new_handler();
        if (!handler) fail(told);
        handler();
    }
}

inline void *allocate_or_null(std::size_t size, std::size_t align) noexcept {
#if defined(__cpp_exceptions) || defined(_CPPUNWIND)
    try {
        return allocate(size, align);
    } catch (...) {
        return nullptr;
    }
#else
    return try_allocate(size, align, nullptr);
#endif
}

inline void release(void *block) noexcept {
    if (!block) return;
    /* A compiler knows what `new` returns, and takes all in front of it for nothing: where it puts this into the function that has the block from
     * `new`, what it reads of the front is undefined (clang does so). So it may not know whose address this is. */
    void *volatile whose = block;
    char *start = static_cast<char *>(whose);
    front was = *reinterpret_cast<front *>(start - sizeof(front));
    freehold_heap_free(start - was.align, was.size, was.align, nullptr);
}

} // namespace new_and_delete
} // namespace freehold

/* Nobody names these in a header of a program's: the compiler calls them. */
void *operator new(std::size_t size) { return freehold::new_and_delete::allocate(size, 1); }
void *operator new[](std::size_t size) { return freehold::new_and_delete::allocate(size, 1); }
void *operator new(std::size_t size, const std::nothrow_t &) noexcept { return freehold::new_and_delete::allocate_or_null(size, 1); }
void *operator new[](std::size_t size, const std::nothrow_t &) noexcept { return freehold::new_and_delete::allocate_or_null(size, 1); }
void *operator new(std::size_t size, std::align_val_t align) { return freehold::new_and_delete::allocate(size, static_cast<std::size_t>(align)); }
void *operator new[](std::size_t size, std::align_val_t align) { return freehold::new_and_delete::allocate(size, static_cast<std::size_t>(align)); }
void *operator new(std::size_t size, std::align_val_t align, const std::nothrow_t &) noexcept {
    return freehold::new_and_delete::allocate_or_null(size, static_cast<std::size_t>(align));
}
void *operator new[](std::size_t size, std::align_val_t align, const std::nothrow_t &) noexcept {
    return freehold::new_and_delete::allocate_or_null(size, static_cast<std::size_t>(align));
}
void operator delete(void *block) noexcept { freehold::new_and_delete::release(block); }
void operator delete[](void *block) noexcept { freehold::new_and_delete::release(block); }
void operator delete(void *block, std::size_t) noexcept { freehold::new_and_delete::release(block); }
void operator delete[](void *block, std::size_t) noexcept { freehold::new_and_delete::release(block); }
void operator delete(void *block, const std::nothrow_t &) noexcept { freehold::new_and_delete::release(block); }
void operator delete[](void *block, const std::nothrow_t &) noexcept { freehold::new_and_delete::release(block); }
void operator delete(void *block, std::align_val_t) noexcept { freehold::new_and_delete::release(block); }
void operator delete[](void *block, std::align_val_t) noexcept { freehold::new_and_delete::release(block); }
void operator delete(void *block, std::size_t, std::align_val_t) noexcept { freehold::new_and_delete::release(block); }
void operator delete[](void *block, std::size_t, std::align_val_t) noexcept { freehold::new_and_delete::release(block); }
void operator delete(void *block, std::align_val_t, const std::nothrow_t &) noexcept { freehold::new_and_delete::release(block); }
void operator delete[](void *block, std::align_val_t, const std::nothrow_t &) noexcept { freehold::new_and_delete::release(block); }

#endif
