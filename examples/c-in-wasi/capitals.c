// The C library: it knows nothing of Rust, and allocates as C does.

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

// The text in capitals, in a block that the caller frees; null if there is no memory.
char *capitals(const char *text) {
    size_t length = strlen(text);
    char *copy = malloc(length + 1);
    if (copy) {
        for (size_t at = 0; at <= length; at += 1) copy[at] = (char)toupper((unsigned char)text[at]);
    }
    return copy;
}
