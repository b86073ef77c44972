/* Edit distance with swaps (optimal string alignment): three rows of the table at a time. */
#include "contract/nearest.h"

static uint8_t lower(uint8_t c) { return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c; }

static bool is_same(slice a, size_t i, slice b, size_t j) { return lower(a.at[i - 1]) == lower(b.at[j - 1]); }

static size_t least(size_t a, size_t b, size_t c) {
    size_t of_two = a < b ? a : b;
    return of_two < c ? of_two : c;
}

size_t nearest_distance(slice a, slice b) {
    if (a.len > NEAREST_BYTES_MOST || b.len > NEAREST_BYTES_MOST) return SIZE_MAX;
    size_t rows[3][NEAREST_BYTES_MOST + 1];
    for (size_t j = 0; j <= b.len; j++) rows[0][j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t *now = rows[i % 3], *before = rows[(i + 2) % 3], *earlier = rows[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            now[j] = least(before[j] + 1, now[j - 1] + 1, before[j - 1] + !is_same(a, i, b, j));
            bool is_swap = i > 1 && j > 1 && is_same(a, i, b, j - 1) && is_same(a, i - 1, b, j);
            if (is_swap && earlier[j - 2] + 1 < now[j]) now[j] = earlier[j - 2] + 1;
        }
    }
    return rows[a.len % 3][b.len];
}

bool nearest_is_likely(slice typed, slice known, size_t distance) {
    size_t longer = typed.len > known.len ? typed.len : known.len;
    size_t most = longer / 3;
    if (most < 1) most = 1;
    if (most > 3) most = 3;
    return distance <= most && distance < longer;
}
