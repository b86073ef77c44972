/* Floods of refused requests: beyond a handful a second from one source they are recorded together when the second is over, and
 * answered then. The trail is no lever against the service, and guessing gets slower. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "service/pipeline.h"

enum { SINGLE_MOST = 16, SOURCES_MOST = 65536 };

typedef struct source {
    int64_t second;
    uint64_t seen;
    job *leader; /* the first one held back in this second */
} source;

struct failures {
    table by_source;
    int64_t swept_s;
};

status failures_new(struct failures **out) {
    struct failures *f = calloc(1, sizeof *f);
    ENSURE(f != NULL, OUT_OF_MEMORY);
    *out = f;
    return OK;
}

static void forget_all(struct failures *f) {
    size_t cursor = 0;
    void *value;
    while (table_next(&f->by_source, &cursor, NULL, &value)) free(value);
    table_clear(&f->by_source);
}

void failures_free(struct failures *f) {
    if (!f) return;
    forget_all(f);
    free(f);
}

/* Failures that cost an outsider nothing to cause. */
static bool is_cheap(const job *j) {
    switch (j->call.failure.code) {
    case FAILURE_UNKNOWN_ACCESS_KEY:
    case FAILURE_INCOMPLETE_SIGNATURE:
    case FAILURE_BAD_SIGNATURE:
    case FAILURE_BAD_SECURITY_TOKEN:
    case FAILURE_IDENTITY_TOKEN:
    case FAILURE_SAML_ASSERTION:
    case FAILURE_ANONYMOUS:
    case FAILURE_THROTTLED:
    case FAILURE_UNKNOWN_OPERATION:
    case FAILURE_REQUEST_TOO_LARGE:
    case FAILURE_URI_TOO_LONG:
    case FAILURE_HEADERS_TOO_LARGE:
    case FAILURE_MALFORMED: return j->gateway >= 0 && !j->is_verified;
    default: return false;
    }
}

static source *find_source(struct failures *f, const job *j) {
    char text[160];
    slice ip = j->call.peer ? j->call.peer->source_ip : SLICE("");
    int length = snprintf(text, sizeof text, "%d %.*s", (int)j->call.failure.code, SLICE_ARGS(slice_head(ip, 64)));
    slice key = slice_of(text, (size_t)length);
    source *found = table_get(&f->by_source, key);
    if (found) return found;
    if (f->by_source.count >= SOURCES_MOST) return NULL;
    found = calloc(1, sizeof *found);
    if (found && FAILED(table_put(&f->by_source, key, found, NULL))) {
        free(found);
        return NULL;
    }
    return found;
}

bool failures_take(serve *s, job *j) {
    if (!is_cheap(j) || j->leader || j->stands_for || j->event.len) return false;
    source *from = find_source(s->failures, j);
    if (!from) return false;
    int64_t now_s = clock_now_s();
    if (from->second != now_s && !from->leader) *from = (source){.second = now_s};
    if (++from->seen <= SINGLE_MOST) return false;
    if (!from->leader) from->leader = j;
    else from->leader->stands_for++;
    j->leader = from->leader;
    job_move(s, j, STAGE_BUNDLED);
    return true;
}

void failures_turn(serve *s) {
    int64_t now_s = clock_now_s();
    if (s->failures->swept_s == now_s) return;
    s->failures->swept_s = now_s;
    size_t cursor = 0;
    slice key;
    void *value;
    while (table_next(&s->failures->by_source, &cursor, &key, &value)) {
        source *from = value;
        if (from->second == now_s) continue;
        if (from->leader) job_move(s, from->leader, STAGE_RECORD);
        table_remove(&s->failures->by_source, key);
        free(from);
    }
}
