/* Tests that are named, and what was wrong in them. Freestanding: it uses nothing of a libc. */

#include "test.h"

static const char *name_now;
static int passed, failed, failed_now;

size_t length_of(const char *text) {
    size_t length = 0;
    while (text[length]) length++;
    return length;
}

void say_text(const char *text) { say(text, length_of(text)); }

void say_number(unsigned long number) {
    char digits[24];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    say(digits + at, sizeof digits - at);
}

static void end_test(void) {
    if (!name_now) return;
    if (failed_now) failed++;
    else passed++;
    say_text("test ");
    say_text(name_now);
    say_text(failed_now ? " ... FAILED\n" : " ... ok\n");
    name_now = NULL;
}

void test(const char *name) {
    end_test();
    name_now = name;
    failed_now = 0;
}

void finish(void) {
    end_test();
    say_text(failed ? "test result: FAILED. " : "test result: ok. ");
    say_number((unsigned long)passed);
    say_text(" passed; ");
    say_number((unsigned long)failed);
    say_text(" failed\n");
}

int failures(void) { return failed + (passed == 0); }

int check(int good, const char *what, const char *file, int line) {
    if (good) return 1;
    failed_now = 1;
    say_text(file);
    say_text(":");
    say_number((unsigned long)line);
    say_text(": not so: ");
    say_text(what);
    say_text("\n");
    return 0;
}
