/* malloc with a head that keeps the size, so that free knows how much to overwrite. */
#include "format/wiping.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct wiping_head {
    size_t bytes;  /* head included */
    size_t unused; /* keeps what follows aligned to 16 */
} wiping_head;

static wiping_head *head_of(void *at) { return (wiping_head *)at - 1; }

void *wiping_take(size_t bytes) {
    if (bytes > SIZE_MAX - sizeof(wiping_head)) return NULL;
    wiping_head *head = malloc(sizeof *head + bytes);
    if (!head) return NULL;
    head->bytes = sizeof *head + bytes;
    return head + 1;
}

void *wiping_resize(void *at, size_t bytes) {
    if (!at) return wiping_take(bytes);
    void *grown = wiping_take(bytes);
    if (!grown) return NULL;
    size_t held = head_of(at)->bytes - sizeof(wiping_head);
    memcpy(grown, at, held < bytes ? held : bytes);
    wiping_give_back(at);
    return grown;
}

void wiping_give_back(void *at) {
    if (!at) return;
    wiping_head *head = head_of(at);
    explicit_bzero(head, head->bytes);
    free(head);
}
