/* keyhold policy unused: for each user the actions its policies allow, held against the trail. What the trail has of the user's last events
 * is read first, which covers what is done often; what is then left is looked up by name. A request that was refused or failed uses no
 * permission. */
#include "cli/policy_unused.h"

#include "base/clock.h"
#include "cli/run.h"
#include "cli/value.h"

enum { DAYS_STANDARD = 90, DAYS_MOST = 3650, PAGES_FIRST = 10, ACTIONS_MOST = 1024, DAY_S = 86400 };

const command_flag policy_unused_flags[] = {
    {"days", "N", "how far to look back (90)"},
    {"user", "NAME", "one user instead of all"},
    {NULL, NULL, NULL},
};

/* One user's actions; those seen in the trail are taken out. */
typedef struct search {
    client *c;
    json_rows *rows;
    slice user, arn, from, to;
    int64_t from_s;
    slice actions[ACTIONS_MOST];
    size_t count;
} search;

static slice text_of(const json *object, const char *path) {
    slice text = {0};
    (void)json_get_text(json_at(object, slice_of_text(path)), &text);
    return text;
}

static status ask(search *s, enum operation_id id, const pair *parameters, size_t count, result *out) {
    return call_rpc(s->c, id, (pair_list){(pair *)(uintptr_t)parameters, count}, out);
}

/* ---- the trail */

/* The action behind an event: that of the operation it names. */
static slice action_of(const json *event) {
    slice name = text_of(event, "eventName"), service = text_of(event, "serviceName");
    for (int id = OPERATION_NONE + 1; id < OPERATION_COUNT; id++) {
        const operation *op = operation_get(id);
        bool is_it = slice_equals_text(name, op->name) && slice_equals_text(service, op->product->service_name);
        if (is_it) return slice_of_text(op->action);
    }
    return (slice){0};
}

static void take_out(search *s, slice action) {
    for (size_t i = 0; i < s->count; i++) {
        if (!slice_equals(s->actions[i], action)) continue;
        s->actions[i] = s->actions[--s->count];
        return;
    }
}

typedef struct page_wish {
    slice attributes; /* as JSON */
    size_t pages_most;
} page_wish;

/* Until nothing is left to find, or the pages are over. */
static status read_events(search *s, const page_wish *wish, slice sought) {
    slice token = {0};
    for (size_t page = 0; page < wish->pages_most; page++) {
        result r;
        const pair parameters[] = {{SLICE("LookupAttribute"), wish->attributes},
                                   {SLICE("StartTime"), s->from},
                                   {SLICE("EndTime"), s->to},
                                   {SLICE("MaxResults"), SLICE("50")},
                                   {SLICE("NextToken"), token}};
        TRY(ask(s, OPERATION_LOOKUP_EVENTS, parameters, slice_is_absent(token) ? 4 : 5, &r));
        size_t before = s->count;
        for (const json *each = json_first(json_member(r.value, SLICE("Events"))); each; each = each->next)
            if (slice_is_empty(text_of(each, "errorCode"))) take_out(s, action_of(each));
        token = text_of(r.value, "NextToken");
        bool is_found = !slice_is_absent(sought) && s->count < before;
        if (slice_is_empty(token) || s->count == 0 || is_found) return OK;
    }
    return OK;
}

static status attributes_of(search *s, slice event_name, slice *out) {
    if (slice_is_absent(event_name))
        return arena_printf(&s->c->inv->memory, out, "[{\"Key\":\"User\",\"Value\":\"%.*s\"}]", SLICE_ARGS(s->user));
    return arena_printf(&s->c->inv->memory, out,
                        "[{\"Key\":\"User\",\"Value\":\"%.*s\"},{\"Key\":\"EventName\",\"Value\":\"%.*s\"}]",
                        SLICE_ARGS(s->user), SLICE_ARGS(event_name));
}

/* By the name of each operation that stands behind the action. */
static status look_up(search *s, slice action) {
    for (int id = OPERATION_NONE + 1; id < OPERATION_COUNT; id++) {
        const operation *op = operation_get(id);
        size_t before = s->count;
        page_wish wish = {.pages_most = SIZE_MAX};
        if (!slice_equals_text(action, op->action)) continue;
        TRY(attributes_of(s, slice_of_text(op->name), &wish.attributes));
        TRY(read_events(s, &wish, action));
        if (s->count < before) return OK;
    }
    return OK;
}

static status hold_against_trail(search *s) {
    page_wish first = {.pages_most = PAGES_FIRST};
    slice left[ACTIONS_MOST];
    TRY(attributes_of(s, (slice){0}, &first.attributes));
    TRY(read_events(s, &first, (slice){0}));
    size_t count = s->count;
    memcpy(left, s->actions, count * sizeof *left);
    for (size_t i = 0; i < count; i++) TRY(look_up(s, left[i]));
    return OK;
}

/* ---- rows */

static status add_row(search *s, const char *kind, slice name, slice last) {
    OWNED(buffer) text = {0};
    const json *row;
    json_writer w = {.out = &text};
    json_begin_object(&w);
    json_put_member_text(&w, "UserName", s->user);
    json_put_member_text(&w, "Kind", slice_of_text(kind));
    json_put_member_text(&w, "Name", name);
    if (!slice_is_empty(last)) json_put_member_text(&w, "LastUsed", last);
    json_end_object(&w);
    TRY(json_finish(&w));
    TRY(json_from_buffer(&text, &s->c->inv->memory, &row));
    return json_rows_add(s->c->inv, s->rows, row);
}

static bool is_old(const search *s, slice time) {
    int64_t time_s;
    return FAILED(clock_parse_iso(time, &time_s)) || time_s < s->from_s;
}

static status add_actions(search *s) {
    result r;
    const pair parameters[] = {{SLICE("PolicySourceArn"), s->arn}};
    TRY(ask(s, OPERATION_LIST_ALLOWED_ACTIONS, parameters, 1, &r));
    s->count = 0;
    for (const json *each = json_first(json_member(r.value, SLICE("Actions"))); each && s->count < ACTIONS_MOST;
         each = each->next)
        if (json_get_text(each, &s->actions[s->count])) s->count++;
    if (s->count > 0) TRY(hold_against_trail(s));
    for (size_t i = 0; i < s->count; i++) TRY(add_row(s, "Action", s->actions[i], (slice){0}));
    return OK;
}

static status add_keys(search *s) {
    result listed, used;
    const pair whose = {SLICE("UserName"), s->user};
    TRY(ask(s, OPERATION_LIST_ACCESS_KEYS, &whose, 1, &listed));
    for (const json *each = json_first(json_at(listed.value, SLICE("AccessKeys.AccessKey"))); each; each = each->next) {
        const pair key[] = {whose, {SLICE("UserAccessKeyId"), text_of(each, "AccessKeyId")}};
        TRY(ask(s, OPERATION_GET_ACCESS_KEY_LAST_USED, key, 2, &used));
        slice last = text_of(used.value, "AccessKeyLastUsed.LastUsedDate");
        if (is_old(s, last)) TRY(add_row(s, "AccessKey", key[1].value, last));
    }
    return OK;
}

static status add_login(search *s, slice last) {
    result r;
    const pair whose = {SLICE("UserName"), s->user};
    status found = ask(s, OPERATION_GET_LOGIN_PROFILE, &whose, 1, &r);
    bool has_none = FAILED_WITH(found, LOGIN_PROFILE_NOT_FOUND);
    if (has_none) s->c->inv->trouble = (trouble){0};
    if (has_none) return OK;
    TRY(found);
    return is_old(s, last) ? add_row(s, "Login", SLICE("password"), last) : OK;
}

/* ---- users */

static status add_user(search *s, slice account, const json *user) {
    s->user = text_of(user, "UserName");
    TRY(arena_printf(&s->c->inv->memory, &s->arn, "acs:ram::%.*s:user/%.*s", SLICE_ARGS(account), SLICE_ARGS(s->user)));
    TRY(add_actions(s));
    TRY(add_keys(s));
    return add_login(s, text_of(user, "LastLoginDate"));
}

static status add_named(search *s, slice account, slice name) {
    result r;
    const pair whose = {SLICE("UserName"), name};
    TRY(ask(s, OPERATION_GET_USER, &whose, 1, &r));
    return add_user(s, account, json_member(r.value, SLICE("User")));
}

static status add_all(search *s, slice account) {
    slice marker = {0};
    for (;;) {
        result r;
        const pair page[] = {{SLICE("MaxItems"), SLICE("1000")}, {SLICE("Marker"), marker}};
        TRY(ask(s, OPERATION_LIST_USERS, page, slice_is_absent(marker) ? 1 : 2, &r));
        for (const json *each = json_first(json_at(r.value, SLICE("Users.User"))); each; each = each->next) {
            /* GetUser tells when somebody logged in last */
            TRY(add_named(s, account, text_of(each, "UserName")));
        }
        marker = text_of(r.value, "Marker");
        if (slice_is_empty(marker)) return OK;
    }
}

static status read_days(invocation *inv, search *s) {
    slice typed;
    uint64_t days = DAYS_STANDARD;
    char time[CLOCK_ISO_BYTES];
    bool is_fine = !flag_find(inv, "days", &typed) || (slice_to_u64(typed, &days) && days >= 1 && days <= DAYS_MOST);
    if (!is_fine)
        return trouble_note(&inv->trouble, FAIL(USAGE), "--days must be a number from 1 to %d.", (int)DAYS_MOST);
    s->from_s = clock_now_s() - (int64_t)days * DAY_S;
    clock_format_iso(s->from_s, time);
    TRY(arena_copy(&inv->memory, slice_of_text(time), &s->from));
    clock_format_iso(clock_now_s() + DAY_S, time);
    return arena_copy(&inv->memory, slice_of_text(time), &s->to);
}

status policy_unused_run(invocation *inv) {
    OWNED(client) c = {0};
    json_rows rows = {0};
    result me;
    slice name;
    search *s = ARENA_NEW(&inv->memory, search);
    ENSURE(s != NULL, OUT_OF_MEMORY);
    *s = (search){.c = &c, .rows = &rows};
    TRY(read_days(inv, s));
    if (inv->is_dry_run) return run_describe(inv);
    TRY(client_open(inv, &c));
    TRY(ask(s, OPERATION_GET_CALLER_IDENTITY, NULL, 0, &me));
    slice account = text_of(me.value, "AccountId");
    TRY(flag_find(inv, "user", &name) ? add_named(s, account, name) : add_all(s, account));
    return output_rows(inv, &rows);
}
