// C++ over freehold.h: what a frame needs lies in an arena and is gone at the frame's end, containers included; all else is `new`'s, on the
// module's heap. One map shows both.

#define FREEHOLD_NEW_AND_DELETE
#include "freehold.hpp"

#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

struct Shape {
    virtual ~Shape() = default;
    double area = 2;
};

int main() try {
    freehold::arena frames("frames");
    freehold::arena_resource memory(frames);
    std::vector<std::unique_ptr<Shape>> scene;
    for (int at = 0; at < 1000; at++) scene.push_back(std::make_unique<Shape>());

    double sum = 0;
    freehold_stats first = {}, last = {};
    for (int frame = 0; frame < 1000; frame++) {
        freehold::scope scope(frames);
        std::pmr::vector<double> areas(&memory);
        std::pmr::map<int, std::pmr::string> names(&memory);
        for (auto &shape : scene) areas.push_back(shape->area);
        for (int at = 0; at < 20; at++) names.emplace(at, "a name that is too long to lie in the string itself");
        for (double area : areas) sum += area;
        freehold_ledger_stats(freehold_ledger_default(nullptr), frame == 0 ? &first : &last, nullptr);
    }
    std::printf("areas: %.0f; memory grew %zu times in the first frame, and %zu times after it\n", sum, first.growths, last.growths - first.growths);

    try {
        frames.allocate(SIZE_MAX);
    } catch (const std::bad_alloc &refused) {
        std::printf("refused: %s\n\n", refused.what());
    }

    freehold_ledger *ledger = freehold_ledger_default(nullptr);
    std::string map(freehold_ledger_draw(ledger, nullptr, 0, nullptr) + 400, ' '); // the text itself will be in it
    freehold_ledger_draw(ledger, map.data(), map.size(), nullptr);
    std::printf("%s\n", map.c_str());
} catch (const std::bad_alloc &refused) {
    std::fprintf(stderr, "%s\n", refused.what());
    return 1;
}
