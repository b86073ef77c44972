/* keyhold policy unused: for each user, group and role the actions its policies allow, held against the trail; of a group what none of its
 * members did. A request that was refused or failed uses no permission. */
#include "cli/policy_unused.h"

#include "base/clock.h"
#include "cli/run.h"
#include "cli/value.h"

enum { DAYS_STANDARD = 90, DAYS_MOST = 3650, ACTIONS_MOST = 1024, DAY_S = 86400 };

const command_flag policy_unused_flags[] = {
    {"days", "N", "how far to look back (90)"},
    {"user", "NAME", "one user instead of all"},
    {"group", "NAME", "one group"},
    {"role", "NAME", "one role"},
    {NULL, NULL, NULL},
};

/* Somebody's actions; those seen in the trail are taken out. */
typedef struct search {
    client *c;
    json_rows *rows;
    slice account, from;
    int64_t from_s;
    const char *member; /* of the row: UserName, GroupName, RoleName */
    slice name;
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

static void take_out(search *s, slice action) {
    for (size_t i = 0; i < s->count; i++) {
        if (!slice_equals(s->actions[i], action)) continue;
        s->actions[i] = s->actions[--s->count];
        return;
    }
}

/* Until nothing is left to find, or the trail is looked through as far as it counts. */
static status hold_against_trail(search *s, slice principal_id) {
    slice token = {0};
    while (s->count > 0) {
        result r;
        const pair parameters[] = {
            {SLICE("PrincipalIds.1"), principal_id}, {SLICE("StartTime"), s->from}, {SLICE("NextToken"), token}};
        TRY(ask(s, OPERATION_LIST_LAST_USES, parameters, slice_is_absent(token) ? 2 : 3, &r));
        for (const json *each = json_first(json_member(r.value, SLICE("Uses"))); each; each = each->next)
            take_out(s, text_of(each, "Action"));
        token = text_of(r.value, "NextToken");
        if (slice_is_empty(token)) return OK;
    }
    return OK;
}

/* ---- rows */

static status add_row(search *s, const char *kind, slice name, slice last) {
    OWNED(buffer) text = {0};
    const json *row;
    json_writer w = {.out = &text};
    json_begin_object(&w);
    json_put_member_text(&w, s->member, s->name);
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

static status load_actions(search *s, const char *kind) {
    result r;
    slice arn;
    TRY(arena_printf(&s->c->inv->memory, &arn, "acs:ram::%.*s:%s/%.*s", SLICE_ARGS(s->account), kind,
                     SLICE_ARGS(s->name)));
    const pair parameters[] = {{SLICE("PolicySourceArn"), arn}};
    TRY(ask(s, OPERATION_LIST_ALLOWED_ACTIONS, parameters, 1, &r));
    s->count = 0;
    for (const json *each = json_first(json_member(r.value, SLICE("Actions"))); each && s->count < ACTIONS_MOST;
         each = each->next)
        if (json_get_text(each, &s->actions[s->count])) s->count++;
    return OK;
}

static status add_actions(search *s) {
    for (size_t i = 0; i < s->count; i++) TRY(add_row(s, "Action", s->actions[i], (slice){0}));
    return OK;
}

static status add_keys(search *s) {
    result listed, used;
    const pair whose = {SLICE("UserName"), s->name};
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
    const pair whose = {SLICE("UserName"), s->name};
    status found = ask(s, OPERATION_GET_LOGIN_PROFILE, &whose, 1, &r);
    bool has_none = FAILED_WITH(found, LOGIN_PROFILE_NOT_FOUND);
    if (has_none) s->c->inv->trouble = (trouble){0};
    if (has_none) return OK;
    TRY(found);
    return is_old(s, last) ? add_row(s, "Login", SLICE("password"), last) : OK;
}

/* ---- users, groups, roles */

static status add_user(search *s, slice name) {
    result r;
    const pair whose = {SLICE("UserName"), name};
    TRY(ask(s, OPERATION_GET_USER, &whose, 1, &r)); /* it tells when somebody logged in last */
    s->member = "UserName";
    s->name = name;
    TRY(load_actions(s, "user"));
    TRY(hold_against_trail(s, text_of(r.value, "User.UserId")));
    TRY(add_actions(s));
    TRY(add_keys(s));
    return add_login(s, text_of(r.value, "User.LastLoginDate"));
}

static status add_role(search *s, slice name) {
    result r;
    const pair whose = {SLICE("RoleName"), name};
    TRY(ask(s, OPERATION_GET_ROLE, &whose, 1, &r));
    s->member = "RoleName";
    s->name = name;
    TRY(load_actions(s, "role"));
    TRY(hold_against_trail(s, text_of(r.value, "Role.RoleId")));
    return add_actions(s);
}

/* What one operation lists, page by page: each goes to `visit`. */
typedef struct listing {
    enum operation_id operation;
    const char *elements;
    const char *id; /* the member that `visit` gets */
    pair of;        /* a parameter; absent: none */
    status (*visit)(search *s, slice text);
} listing;

static status list(search *s, const listing *l) {
    slice marker = {0};
    for (;;) {
        result r;
        pair page[3] = {{SLICE("MaxItems"), SLICE("100")}};
        size_t count = 1;
        if (!slice_is_absent(l->of.key)) page[count++] = l->of;
        if (!slice_is_absent(marker)) page[count++] = (pair){SLICE("Marker"), marker};
        TRY(ask(s, l->operation, page, count, &r));
        for (const json *each = json_first(json_at(r.value, slice_of_text(l->elements))); each; each = each->next)
            TRY(l->visit(s, text_of(each, l->id)));
        marker = text_of(r.value, "Marker");
        if (slice_is_empty(marker)) return OK;
    }
}

static status take_out_member(search *s, slice name) {
    result r;
    const pair whose = {SLICE("UserName"), name};
    TRY(ask(s, OPERATION_GET_USER, &whose, 1, &r));
    return hold_against_trail(s, text_of(r.value, "User.UserId"));
}

static status add_group(search *s, slice name) {
    s->member = "GroupName";
    s->name = name;
    TRY(load_actions(s, "group"));
    TRY(list(
        s, &(listing){
               OPERATION_LIST_USERS_FOR_GROUP, "Users.User", "UserName", {SLICE("GroupName"), name}, take_out_member}));
    return add_actions(s);
}

static status add_all(search *s) {
    TRY(list(s, &(listing){OPERATION_LIST_USERS, "Users.User", "UserName", {{0}, {0}}, add_user}));
    TRY(list(s, &(listing){OPERATION_LIST_GROUPS, "Groups.Group", "GroupName", {{0}, {0}}, add_group}));
    return list(s, &(listing){OPERATION_LIST_ROLES, "Roles.Role", "RoleName", {{0}, {0}}, add_role});
}

static status add_asked(search *s) {
    static const struct {
        const char *flag;
        status (*add)(search *s, slice name);
    } KINDS[] = {{"user", add_user}, {"group", add_group}, {"role", add_role}};
    bool is_one = false;
    slice name;
    for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++) {
        if (!flag_find(s->c->inv, KINDS[i].flag, &name)) continue;
        is_one = true;
        TRY(KINDS[i].add(s, name));
    }
    return is_one ? OK : add_all(s);
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
    return arena_copy(&inv->memory, slice_of_text(time), &s->from);
}

status policy_unused_run(invocation *inv) {
    OWNED(client) c = {0};
    json_rows rows = {0};
    result me;
    search *s = ARENA_NEW(&inv->memory, search);
    ENSURE(s != NULL, OUT_OF_MEMORY);
    *s = (search){.c = &c, .rows = &rows};
    TRY(read_days(inv, s));
    if (inv->is_dry_run) return run_describe(inv);
    TRY(client_open(inv, &c));
    TRY(ask(s, OPERATION_GET_CALLER_IDENTITY, NULL, 0, &me));
    s->account = text_of(me.value, "AccountId");
    TRY(add_asked(s));
    return output_rows(inv, &rows);
}
