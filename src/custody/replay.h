/* What was taken once and is not to be taken again while it is good: assertions. In memory only: what outlasts the process is core's to keep,
 * under the same marks. */
#ifndef CUSTODY_REPLAY_H
#define CUSTODY_REPLAY_H

#include "base/arena.h"

enum { REPLAYS_MOST = 8192, REPLAY_MARK_BYTES = 16 };

typedef struct replays {
    struct replay {
        uint8_t mark[REPLAY_MARK_BYTES]; /* the beginning of a SHA-256 */
        int64_t until_s;
    } at[REPLAYS_MOST];
    size_t count;
} replays;

/* Tells it from every other: REPLAY_MARK_BYTES in the arena. */
status replay_mark(slice who, slice what, arena *memory, slice *out);

/* Notes it. SAML_ASSERTION when it was taken before, THROTTLED when there is no room for one more that is still good. */
status replays_take(replays *r, slice mark, int64_t until_s, int64_t now_s);

#endif
