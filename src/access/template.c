/* Patterns with variables: filled with the request's values, which count literally. */
#include <stdio.h>

#include "access/policy_form.h"
#include "base/clock.h"

static slice format_time(enum key_source source, int64_t now_s, char room[32]) {
    if (source == KEY_TIME) {
        clock_format_iso(now_s, room);
        return slice_of(room, CLOCK_ISO_BYTES - 1);
    }
    int len = snprintf(room, 32, "%lld", (long long)now_s);
    return slice_of(room, (size_t)len);
}

bool single_value(slice key, enum key_source source, const struct evaluation *e, char room[32], slice *out) {
    if (source != KEY_GIVEN) {
        *out = format_time(source, e->request->now_s, room);
        return true;
    }
    const policy_request *request = e->request;
    for (size_t i = 0; i < request->condition_count; i++) {
        const condition_value *known = &request->conditions[i];
        if (!slice_equals(known->name, key)) continue;
        if (known->count != 1) return false;
        *out = known->values[0];
        return true;
    }
    return false;
}

static bool value_of(const struct policy *p, const struct variable *v, const struct evaluation *e, char room[32],
                     slice *out) {
    if (single_value(pattern_text(p, &v->key), (enum key_source)v->source, e, room, out)) return true;
    if (!v->has_fallback) return false;
    *out = pattern_text(p, &v->fallback);
    return true;
}

/* A value that holds a coded byte could be taken for a wildcard: no UTF-8 does. */
static bool is_plain(slice value) {
    for (size_t i = 0; i < value.len; i++)
        if (value.at[i] >= CODE_FIRST) return false;
    return true;
}

enum filled { FILLED, UNRESOLVED, OVERFLOWN };

static enum filled fill(const struct policy *p, const struct pattern *pattern, struct evaluation *e,
                        uint8_t room[POLICY_TEXT_BYTES_MOST], slice *out) {
    slice code = pattern_text(p, pattern);
    size_t used = 0;
    for (size_t i = 0; i < code.len; i++) {
        char time_room[32];
        slice piece = slice_of(code.at + i, 1);
        if (code.at[i] == CODE_VARIABLE && i + 2 < code.len) {
            size_t number = (size_t)(code.at[i + 1] & 0x7f) << 7 | (code.at[i + 2] & 0x7f);
            i += 2;
            if (!value_of(p, &p->variables[number], e, time_room, &piece)) return UNRESOLVED;
            if (!is_plain(piece)) return OVERFLOWN;
        }
        if (piece.len > POLICY_TEXT_BYTES_MOST - used) return OVERFLOWN;
        if (piece.len) memcpy(room + used, piece.at, piece.len);
        used += piece.len;
    }
    *out = slice_of(room, used);
    return FILLED;
}

/* Too long is not "does not match": a Deny must not be escaped by a long name. */
bool template_expand(const struct policy *p, const struct pattern *pattern, struct evaluation *e,
                     uint8_t room[POLICY_TEXT_BYTES_MOST], slice *out) {
    enum filled filled = fill(p, pattern, e, room, out);
    if (filled == UNRESOLVED) e->is_unresolved = true;
    if (filled == OVERFLOWN || e->steps_left <= pattern->len) e->steps_left = 0;
    else e->steps_left -= pattern->len;
    return filled == FILLED && e->steps_left > 0;
}

bool template_matches(const struct policy *p, const struct pattern *pattern, slice text, struct evaluation *e) {
    uint8_t room[POLICY_TEXT_BYTES_MOST];
    slice wanted;
    return template_expand(p, pattern, e, room, &wanted) && glob_matches_coded(wanted, text, &e->steps_left);
}
