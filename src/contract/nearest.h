/* "Did you mean …?": the known name closest to what was typed. */
#ifndef CONTRACT_NEAREST_H
#define CONTRACT_NEAREST_H

#include "base/slice.h"

enum { NEAREST_BYTES_MOST = 64 }; /* longer texts have no near name */

/* Insertions, deletions, replacements and swaps of neighbours that turn one into the other, ASCII case aside; SIZE_MAX
 * when either has more than NEAREST_BYTES_MOST bytes. */
size_t nearest_distance(slice a, slice b);
/* Whether the distance is small enough for one to be a mistyped form of the other: a third of the length, at least 1,
 * at most 3. */
bool nearest_is_likely(slice typed, slice known, size_t distance);

#endif
