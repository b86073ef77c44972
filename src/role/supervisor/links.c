/* Connecting children with each other. */
#include "crypto/compare.h"
#include "crypto/random.h"
#include "role/supervisor/member.h"
#include "system/files.h"

enum { PAIR_KEY_BYTES = 32 };

typedef struct link_ends {
    int fds[2]; /* -1: no channel */
    uint8_t pair_key[PAIR_KEY_BYTES];
    bool has_key;
} link_ends;

static status ends_make(unsigned kind, link_ends *out) {
    *out = (link_ends){.fds = {-1, -1}, .has_key = kind & LINK_PAIR_KEY};
    if (out->has_key) TRY(random_fill(out->pair_key, sizeof out->pair_key));
    return kind & LINK_CHANNEL ? channel_pair(out->fds) : OK;
}

static status tell_of(member *m, const member *other, link_ends *ends, size_t end) {
    connect_message news = {.peer = (int)other->row->role, .index = SET_INT(other->index)};
    if (ends->has_key) news.pair_key = slice_of(ends->pair_key, sizeof ends->pair_key);
    int fd = ends->fds[end];
    ends->fds[end] = -1;
    return member_tell(m, MESSAGE_CONNECT, &news, fd);
}

status members_link(member *a, member *b, unsigned kind) {
    link_ends ends;
    status linked = ends_make(kind, &ends);
    if (!FAILED(linked)) linked = tell_of(b, a, &ends, 1);
    if (!FAILED(linked)) linked = tell_of(a, b, &ends, 0);
    files_close(ends.fds[0]);
    files_close(ends.fds[1]);
    bytes_wipe(&ends, sizeof ends);
    return linked;
}

/* The other side of a link as seen from `m`; false when the link is not one of its. */
static bool other_side(const link_row *row, const member *m, enum role *out) {
    if (row->a != m->row->role && row->b != m->row->role) return false;
    *out = row->a == m->row->role ? row->b : row->a;
    return true;
}

static status link_with(member *m, member *other, const link_row *row) {
    return row->a == m->row->role ? members_link(m, other, row->kind) : members_link(other, m, row->kind);
}

/* A peer that just lost its control channel is about to be started anew, and is connected then. */
status member_link_all(member *m) {
    family *f = m->family;
    for (size_t i = 0; i < LINK_ROWS; i++) {
        enum role wanted;
        if (!other_side(link_row_at(i), m, &wanted)) continue;
        for (size_t k = 0; k < f->count; k++) {
            member *other = &f->members[k];
            if (other->row->role != wanted || !other->is_alive || !other->control) continue;
            status linked = link_with(m, other, link_row_at(i));
            if (FAILED(linked) && !FAILED_WITH(linked, CLOSED)) return linked;
        }
    }
    connected_message connected = {0};
    return member_tell(m, MESSAGE_CONNECTED, &connected, -1);
}
