/* Counting tries. */
#include "service/sts/pace.h"

#include "access/address.h"

enum { PLACES_MOST = 8, HASHES_A_SECOND = 20 };

/* Guessing at one person, and from one place. */
static const slowdown_rule PERSON = {.free_tries = 5}, ADDRESS = {.free_tries = 20};

static status refuse(call *c, status why, int64_t wait_s) {
    return FAILED_WITH(why, LOGIN_SLOWED) ? call_refuse(c, why, "%lld s", (long long)wait_s) : why;
}

static bool has_logged_in_from(const user_record *user, slice place) {
    for (size_t i = 0; user && i < user->login_places.count; i++)
        if (slice_equals(user->login_places.at[i], place)) return true;
    return false;
}

/* Names count whether or not anybody has them. */
static status person_key(call *c, const pace_wish *wish, slice place, slice *out) {
    return arena_printf(&c->memory, out, "%.*s/%.*s%s%.*s", SLICE_ARGS(c->who.account_id), SLICE_ARGS(wish->user_name),
                        place.len ? "@" : "", SLICE_ARGS(place));
}

/* Of each the process can make some forty a second: what strangers send does not take them all. */
static status take_hash(call *c, bool is_known) {
    allowance *b = is_known ? &c->house->hashes_known : &c->house->hashes;
    return allowance_take(b, HASHES_A_SECOND, c->now_s) ? OK : FAIL(LOGIN_SLOWED);
}

static void take_back(call *c, const login_pace *pace, const slowdown_rule *rule) {
    if (pace->person.len) slowdown_take_back(c->house->by_person, pace->person, rule);
    if (pace->address.len) slowdown_take_back(c->house->by_address, pace->address, &ADDRESS);
}

status pace_take(call *c, const pace_wish *wish, login_pace *out) {
    login_pace made = {0};
    slowdown_rule rule = PERSON;
    int64_t wait_s = 0;
    slice person;
    rule.locked_from = wish->locked_from;
    TRY(address_place(c->peer->source_ip, &c->memory, &made.place));
    bool is_known = has_logged_in_from(wish->user, made.place);
    TRY(person_key(c, wish, is_known ? made.place : (slice){0}, &person));
    status tried = is_known ? OK : slowdown_try(c->house->by_address, made.place, &ADDRESS, c->now_s, &wait_s);
    if (FAILED(tried)) return refuse(c, tried, wait_s);
    if (!is_known) made.address = made.place;
    if (wish->has_password) tried = slowdown_try(c->house->by_person, person, &rule, c->now_s, &wait_s);
    if (FAILED(tried)) return refuse(c, tried, wait_s);
    if (wish->has_password) made.person = person;
    if (wish->has_password) tried = take_hash(c, is_known);
    if (FAILED(tried)) take_back(c, &made, &rule);
    if (FAILED(tried)) return refuse(c, tried, 1);
    *out = made;
    return OK;
}

/* The newest first. */
static status add_place(call *c, slice place, user_record *user) {
    if (user->login_places.count && slice_equals(user->login_places.at[0], place)) return OK;
    slice *list = ARENA_ARRAY(&c->memory, slice, PLACES_MOST);
    size_t count = 0;
    ENSURE(list != NULL, OUT_OF_MEMORY);
    list[count++] = place;
    for (size_t i = 0; i < user->login_places.count && count < PLACES_MOST; i++)
        if (!slice_equals(user->login_places.at[i], place)) list[count++] = user->login_places.at[i];
    user->login_places.at = list;
    user->login_places.count = count;
    return OK;
}

status pace_forgive(call *c, login_pace *pace, user_record *user) {
    if (pace->person.len) slowdown_forgive(c->house->by_person, pace->person);
    if (pace->address.len) slowdown_take_back(c->house->by_address, pace->address, &ADDRESS);
    pace->person = pace->address = (slice){0}; /* also when the step runs again */
    return add_place(c, pace->place, user);
}

/* ---- old passwords and codes of those who sign */

static status shown_key(call *c, slice place, slice *out) {
    return arena_printf(&c->memory, out, "shown/%.*s/%.*s@%.*s", SLICE_ARGS(c->who.account_id),
                        SLICE_ARGS(c->who.user_name), SLICE_ARGS(place));
}

static status shown_keys(call *c, slice *by_person, slice *by_place) {
    slice place;
    TRY(address_place(c->peer ? c->peer->source_ip : SLICE(""), &c->memory, &place));
    TRY(shown_key(c, (slice){0}, by_person));
    return shown_key(c, place, by_place);
}

status pace_take_shown(call *c) {
    slice by_person, by_place;
    int64_t wait_s = 0;
    TRY(shown_keys(c, &by_person, &by_place));
    status tried = slowdown_look(c->house->by_person, by_person, c->now_s, &wait_s);
    if (!FAILED(tried)) tried = slowdown_try(c->house->by_person, by_place, &PERSON, c->now_s, &wait_s);
    return refuse(c, tried, wait_s);
}

void pace_forgive_shown(call *c) {
    slice by_person, by_place;
    if (FAILED(shown_keys(c, &by_person, &by_place))) return;
    slowdown_forgive(c->house->by_person, by_person);
    slowdown_forgive(c->house->by_person, by_place);
}

void pace_fail_shown(call *c) {
    slice by_person, by_place;
    int64_t wait_s;
    if (FAILED(shown_keys(c, &by_person, &by_place))) return;
    status_ignore(slowdown_try(c->house->by_person, by_person, &PERSON, c->now_s, &wait_s));
}
