/* What the tests share with what runs them: a C program on the host (native.c), one beside a libc
 * in wasm (libc.c), or a script in node (wasm.c, run.mjs). */

#ifndef TEST_H
#define TEST_H

#include <stddef.h>

/* Says some text. */
#if defined(__wasm__) && !defined(__wasi__) && !defined(__EMSCRIPTEN__)
__attribute__((import_module("host"), import_name("say")))
#endif
void say(const char *text, size_t length);
void say_text(const char *text);
void say_number(unsigned long number);

size_t length_of(const char *text);

/* Begins a test, and ends the one before it; ends the last one. */
void test(const char *name);
void finish(void);

/* Notes that something is not as it should be. Returns whether it is. */
int check(int good, const char *what, const char *file, int line);

#define CHECK(condition) check(!!(condition), #condition, __FILE__, __LINE__)

/* Runs every test that needs no more than freehold. */
void run_tests(void);

/* Runs the controls, against a library without its checks. */
void run_controls(void);

/* How many tests failed. */
int failures(void);

#endif
