/* Looking events up, and following them. */
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "base/table.h"
#include "base/text.h"
#include "cli/trail.h"
#include "cli/value.h"
#include "trail/proof.h"

enum { PAGE_MOST = 50, LIMIT_STANDARD = 20, LIMIT_MOST = 100000, WEEK_S = 7 * 86400, DAY_S = 86400 };
enum { OVERLAP_S = 5, GENERATION_S = 60, POLL_PAUSE_MS = 500, POLL_MEMORY = 32 << 20 };

/* ---- the question */

static const struct {
    const char *flag;
    const char *attribute;
} filters[] = {
    {"name", "EventName"},        {"user", "User"},
    {"resource", "ResourceName"}, {"event-id", "EventId"},
    {"request-id", "RequestId"},  {"access-key", "EventAccessKeyId"},
    {"service", "ServiceName"},
};

static status add_filters(invocation *inv) {
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++) {
        slice value, text;
        if (!flag_find(inv, filters[i].flag, &value)) continue;
        TRY(arena_printf(&inv->memory, &text, "%s=%.*s", filters[i].attribute, SLICE_ARGS(value)));
        TRY(argument_set(inv, "LookupAttribute", text));
    }
    return OK;
}

static status flag_time(invocation *inv, const char *name, int64_t otherwise, int64_t *out) {
    slice typed;
    *out = otherwise;
    if (!flag_find(inv, name, &typed) || value_time(typed, clock_now_s(), out)) return OK;
    return trouble_note(&inv->trouble, FAIL(USAGE),
                        "--%s must be a time such as 2024-05-20T06:34:21Z or -2h, not \"%.*s\".", name,
                        SLICE_ARGS(typed));
}

static status flag_limit(invocation *inv, uint64_t otherwise, uint64_t *out) {
    slice typed;
    *out = otherwise;
    if (!flag_find(inv, "limit", &typed) && !flag_find(inv, "max-results", &typed)) return OK;
    if (slice_to_u64(typed, out) && *out >= 1 && *out <= LIMIT_MOST) return OK;
    return trouble_note(&inv->trouble, FAIL(USAGE), "--limit must be a number from 1 to %d, not \"%.*s\".",
                        (int)LIMIT_MOST, SLICE_ARGS(typed));
}

static status set_time(invocation *inv, const char *name, int64_t time_s) {
    char text[CLOCK_ISO_BYTES];
    slice kept;
    clock_format_iso(time_s, text);
    TRY(arena_copy(&inv->memory, slice_of_text(text), &kept));
    return argument_replace(inv, name, kept);
}

static status set_size(invocation *inv, uint64_t wanted) {
    slice text;
    TRY(arena_printf(&inv->memory, &text, "%llu", (unsigned long long)(wanted < PAGE_MOST ? wanted : PAGE_MOST)));
    return argument_replace(inv, "MaxResults", text);
}

/* ---- events */

static slice token_of(const result *r) {
    slice token = {0};
    (void)json_get_text(json_member(r->value, SLICE("NextToken")), &token);
    return slice_is_empty(token) ? (slice){0} : token;
}

static status gather(client *c, uint64_t limit, json_rows *found) {
    for (;;) {
        result r;
        TRY(set_size(c->inv, limit - found->count));
        TRY(call_operation(c, &r));
        for (const json *each = json_first(json_member(r.value, SLICE("Events"))); each && found->count < limit;
             each = each->next)
            TRY(json_rows_add(c->inv, found, each));
        slice token = token_of(&r);
        if (slice_is_absent(token) || found->count >= limit) return OK;
        TRY(argument_replace(c->inv, "NextToken", token));
    }
}

status trail_events(invocation *inv) {
    OWNED(client) c = {0};
    json_rows found = {0};
    int64_t now_s = clock_now_s(), from_s, to_s;
    uint64_t limit;
    TRY(flag_time(inv, "from", now_s - WEEK_S, &from_s));
    TRY(flag_time(inv, "to", now_s + DAY_S, &to_s));
    TRY(flag_limit(inv, LIMIT_STANDARD, &limit));
    TRY(add_filters(inv));
    TRY(set_time(inv, "StartTime", from_s));
    TRY(set_time(inv, "EndTime", to_s));
    if (flag_is_given(inv, "oldest-first")) TRY(argument_set(inv, "Direction", SLICE("FORWARD")));
    if (inv->is_dry_run) return run_describe(inv);
    TRY(client_open(inv, &c));
    TRY(gather(&c, limit, &found));
    return output_rows(inv, &found);
}

/* ---- follow: ask again and again, a little overlapping, and pass over what was shown */

typedef struct follower {
    client *c;
    invocation *inv;  /* for one round: its memory is given back after each */
    table seen[2];    /* ids of this generation and of the one before */
    int64_t begun_s;  /* of this generation */
    int64_t newest_s; /* time of the newest event */
    uint64_t left;
    bool shows_own;
} follower;

static slice text_at(const json *event, const char *path) {
    slice text = {0};
    (void)json_get_text(json_at(event, slice_of_text(path)), &text);
    return text;
}

static bool is_own(const follower *f, const json *event) {
    return slice_equals_text(text_at(event, "eventName"), "LookupEvents") &&
           slice_equals(text_at(event, "userIdentity.accessKeyId"), f->c->profile.access_key_id);
}

static void turn_generation(follower *f, int64_t start_s) {
    if (start_s - f->begun_s < GENERATION_S) return;
    table_clear(&f->seen[1]);
    f->seen[1] = f->seen[0];
    f->seen[0] = (table){0};
    f->begun_s = start_s;
}

static status show_new(follower *f, const json *event) {
    int64_t time_s;
    slice id = text_at(event, "eventId");
    if (f->left == 0 || table_get(&f->seen[0], id) || table_get(&f->seen[1], id)) return OK;
    TRY(table_put(&f->seen[0], id, f, NULL));
    if (!FAILED(clock_parse_iso(text_at(event, "eventTime"), &time_s)) && time_s > f->newest_s) f->newest_s = time_s;
    if (!f->shows_own && is_own(f, event)) return OK;
    f->left--;
    return output_line(f->inv, event);
}

static status poll_round(follower *f, int64_t start_s) {
    TRY(set_time(f->inv, "StartTime", start_s));
    TRY(set_time(f->inv, "EndTime", clock_now_s() + DAY_S));
    TRY(set_size(f->inv, PAGE_MOST));
    for (;;) {
        result r;
        TRY(call_operation(f->c, &r));
        for (const json *each = json_first(json_member(r.value, SLICE("Events"))); each; each = each->next)
            TRY(show_new(f, each));
        slice token = token_of(&r);
        if (slice_is_absent(token) || f->left == 0) return OK;
        TRY(argument_replace(f->inv, "NextToken", token));
    }
}

static status follow(follower *f, const invocation *asked) {
    while (f->left > 0) {
        const struct timespec rest = {0, POLL_PAUSE_MS * 1000000L};
        int64_t start_s = f->newest_s - OVERLAP_S;
        arena kept = f->inv->memory;
        *f->inv = *asked;
        f->inv->memory = kept;
        turn_generation(f, start_s);
        TRY(poll_round(f, start_s > f->begun_s ? start_s : f->begun_s));
        arena_wipe(&f->inv->memory);
        if (f->left > 0) nanosleep(&rest, NULL);
    }
    return OK;
}

status trail_follow(invocation *inv) {
    OWNED(client) c = {0};
    OWNED(invocation) round = {.memory = {.limit = POLL_MEMORY}};
    follower f = {.c = &c, .inv = &round, .shows_own = flag_is_given(inv, "all")};
    if (inv->form == OUTPUT_JSON) inv->form = OUTPUT_JSONL;
    TRY(flag_time(inv, "from", clock_now_s(), &f.begun_s));
    TRY(flag_limit(inv, UINT64_MAX, &f.left));
    TRY(add_filters(inv));
    TRY(argument_set(inv, "Direction", SLICE("FORWARD")));
    if (inv->is_dry_run) return run_describe(inv);
    TRY(client_open(inv, &c));
    c.inv = &round;
    f.newest_s = f.begun_s;
    status done = follow(&f, inv);
    inv->trouble = round.trouble;
    c.inv = inv;
    table_clear(&f.seen[0]);
    table_clear(&f.seen[1]);
    return done;
}

/* ---- proof */

/* The proof's own text with the event as its extra data, which any client of such logs passes over; an event too long
 * for that goes beside it, in JSON. */
static status join(invocation *inv, slice proof_text, slice entry, buffer *out) {
    tlog_proof parsed;
    if (entry.len > PROOF_EXTRA_BYTES_MOST) {
        json_writer w = {.out = out};
        json_begin_object(&w);
        json_put_member_text(&w, "Entry", entry);
        json_put_member_text(&w, "Proof", proof_text);
        json_end_object(&w);
        return json_finish(&w);
    }
    TRY(tlog_proof_parse(proof_text, &inv->memory, &parsed));
    parsed.extra = entry;
    return tlog_proof_write(&parsed, out);
}

status trail_proof(invocation *inv) {
    OWNED(client) c = {0};
    OWNED(buffer) text = {0};
    result r;
    slice proof_text, entry;
    if (inv->is_dry_run) return run_describe(inv);
    TRY(client_open(inv, &c));
    TRY(call_operation(&c, &r));
    if (slice_is_absent(inv->out_path)) return output_object(inv, r.value);
    bool is_whole = json_get_text(json_member(r.value, SLICE("Proof")), &proof_text) &&
                    json_get_text(json_member(r.value, SLICE("Entry")), &entry);
    if (!is_whole || FAILED(join(inv, proof_text, entry, &text)))
        return trouble_note(&inv->trouble, FAIL(MALFORMED), "The answer is not a proof.");
    TRY(output_save(inv, inv->out_path, buffer_slice(&text)));
    if (!inv->is_quiet && !slice_equals_text(inv->out_path, "-"))
        fprintf(stderr, "keyhold: %s: done\n", invocation_title(inv));
    return OK;
}
