/* What was taken once and is not to be taken again while it is good: assertions. In memory only. */
#ifndef CUSTODY_REPLAY_H
#define CUSTODY_REPLAY_H

#include "base/slice.h"
#include "base/status.h"

enum { REPLAYS_MOST = 8192, REPLAY_MARK_BYTES = 16 };

typedef struct replays {
    struct replay {
        uint8_t mark[REPLAY_MARK_BYTES]; /* the beginning of a SHA-256 */
        int64_t until_s;
    } at[REPLAYS_MOST];
    size_t count;
} replays;

/* Notes it. SAML_ASSERTION when it was taken before, THROTTLED when there is no room for one more that is still good. */
status replays_take(replays *r, slice who, slice what, int64_t until_s, int64_t now_s);

#endif
