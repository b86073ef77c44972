/* IAM: the report of an account's credentials, comma-separated values with a row for the root and one for each user. */
#include "base/clock.h"
#include "service/ram/passkey.h"
#include "service/ram/ram.h"

enum { REPORT_AGE_S = 4 * 3600, KEYS_SHOWN = 2 };

static const char HEAD[] =
    "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,mfa_"
    "active,"
    "access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_1_last_used_region,"
    "access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,"
    "access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,cert_1_last_rotated,cert_2_active,cert_"
    "2_last_rotated";

typedef struct report {
    buffer text;
    int64_t password_age_s; /* 0: passwords do not expire */
} report;

static status put(report *r, slice text) {
    TRY(buffer_append_byte(&r->text, ','));
    return buffer_append(&r->text, text);
}

static status put_truth(report *r, bool is_true) { return put(r, is_true ? SLICE("true") : SLICE("false")); }

static status put_time(report *r, maybe_int at, slice otherwise) {
    char time[CLOCK_ISO_BYTES];
    if (!at.is_set) return put(r, otherwise);
    clock_format_iso(at.value, time);
    TRY(put(r, slice_head(slice_of_text(time), CLOCK_ISO_BYTES - 2)));
    return buffer_append(&r->text, SLICE("+00:00"));
}

static status put_nothing(report *r, size_t count) {
    for (size_t i = 0; i < count; i++) TRY(put(r, SLICE("N/A")));
    return OK;
}

static status put_password(report *r, const user_record *user) {
    const login_record *login = user->login;
    TRY(put_truth(r, login != NULL));
    if (!login) {
        TRY(put_time(r, user->last_login_at, SLICE("N/A")));
        return put_nothing(r, 2);
    }
    TRY(put_time(r, user->last_login_at, SLICE("no_information")));
    maybe_int changed = login->changed_at.is_set ? login->changed_at : login->created_at;
    TRY(put_time(r, changed, SLICE("N/A")));
    maybe_int next = r->password_age_s ? SET_INT(changed.value + r->password_age_s) : (maybe_int){0};
    return put_time(r, next, SLICE("N/A"));
}

static status put_key(call *c, report *r, slice id) {
    slice path;
    access_key_record key;
    access_key_use_record use = {0};
    TRY(access_key_path(id, &c->memory, &path));
    TRY(call_load(c, path, &access_key_record_shape, &key, NULL));
    TRY(access_key_last_use(c, id, &use));
    TRY(put_truth(r, key.status == ACCESS_KEY_STATUS_ACTIVE));
    TRY(put_time(r, key.created_at, SLICE("N/A")));
    TRY(put_time(r, use.used_at, SLICE("N/A")));
    TRY(put(r, slice_is_absent(use.region) ? SLICE("N/A") : use.region));
    return put(r, slice_is_absent(use.service_name) ? SLICE("N/A") : use.service_name);
}

static status put_keys(call *c, report *r, const user_record *user) {
    for (size_t i = 0; i < KEYS_SHOWN; i++) {
        if (i < user->access_keys.count) {
            TRY(put_key(c, r, user->access_keys.at[i]));
            continue;
        }
        TRY(put_truth(r, false));
        TRY(put_nothing(r, 4));
    }
    for (size_t i = 0; i < 2; i++) { /* nobody has certificates to sign with */
        TRY(put_truth(r, false));
        TRY(put(r, SLICE("N/A")));
    }
    return OK;
}

/* RFC 4180 §2: what holds a comma is quoted. AWS's root is called so. */
static status put_name(report *r, slice before, slice name) {
    bool is_quoted = slice_contains_byte(name, ',');
    if (is_quoted) TRY(buffer_append_byte(&r->text, '"'));
    TRY(buffer_append(&r->text, before));
    TRY(buffer_append(&r->text, name));
    return is_quoted ? buffer_append_byte(&r->text, '"') : OK;
}

static status put_user(call *c, report *r, const user_record *user) {
    slice arn_text;
    bool is_root = slice_is_absent(user->user_name);
    TRY(buffer_append_byte(&r->text, '\n'));
    TRY(put_name(r, is_root ? SLICE("<root_account>") : SLICE(""), user->user_name));
    TRY(arena_printf(&c->memory, &arn_text, "arn:aws:iam::%.*s:%s", SLICE_ARGS(c->who.account_id),
                     is_root ? "root" : "user/"));
    TRY(buffer_append_byte(&r->text, ','));
    TRY(put_name(r, arn_text, user->user_name));
    TRY(put_time(r, user->created_at, SLICE("N/A")));
    TRY(put_password(r, user));
    TRY(put_truth(r, has_second_factor(user)));
    return put_keys(c, r, user);
}

static status add_row(call *c, const store_row *row, void *context) {
    user_record user;
    slice kept;
    TRY(arena_copy(&c->memory, row->value, &kept));
    ENSURE(!FAILED(shape_unpack(&user_record_shape, kept, &c->memory, &user)), CORRUPT);
    return put_user(c, context, &user);
}

static status write_report(call *c, report *r) {
    slice prefix, path;
    user_record root;
    password_policy_view *rules;
    TRY(password_rules(c, &rules));
    r->password_age_s = rules->max_password_age.value * 86400;
    TRY(buffer_append_text(&r->text, HEAD));
    TRY(user_path(c->who.account_id, (slice){0}, &c->memory, &path));
    TRY(call_load(c, path, &user_record_shape, &root, NULL));
    TRY(put_user(c, r, &root));
    TRY(user_prefix(c->who.account_id, &c->memory, &prefix));
    TRY(records_walk(c, prefix, add_row, r));
    return buffer_append_byte(&r->text, '\n');
}

static status report_path(call *c, slice *out) {
    return arena_printf(&c->memory, out, "credential-report/%.*s", SLICE_ARGS(c->who.account_id));
}

static bool is_fresh(const call *c, const credential_report_record *made) {
    return c->now_s - made->generated_at.value < REPORT_AGE_S;
}

status generate_credential_report_prepare(call *c, const generate_credential_report_in *in,
                                          generate_credential_report_out *out) {
    (void)in;
    slice path;
    credential_report_record made = {0};
    report r = {0};
    TRY(report_path(c, &path));
    status found = call_load(c, path, &credential_report_record_shape, &made, NULL);
    if (FAILED(found) && !FAILED_WITH(found, NOT_FOUND)) return found;
    out->state = REPORT_STATE_COMPLETE;
    if (!FAILED(found) && is_fresh(c, &made)) return OK;
    out->description = SLICE("No report exists. Started and completed a new one.");
    status written = write_report(c, &r);
    if (!FAILED(written)) written = arena_copy(&c->memory, buffer_slice(&r.text), &made.content);
    buffer_clear(&r.text);
    TRY(written);
    made.generated_at = SET_INT(c->now_s);
    return call_change(c, path, &credential_report_record_shape, &made, STORE_ANY);
}

status get_credential_report_prepare(call *c, const get_credential_report_in *in, get_credential_report_out *out) {
    (void)in;
    slice path;
    credential_report_record made;
    TRY(report_path(c, &path));
    status found = call_load(c, path, &credential_report_record_shape, &made, NULL);
    ENSURE(!FAILED_WITH(found, NOT_FOUND), CREDENTIAL_REPORT_ABSENT);
    TRY(found);
    ENSURE(is_fresh(c, &made), CREDENTIAL_REPORT_EXPIRED);
    out->content = made.content;
    out->report_format = SLICE("text/csv");
    out->generated_time = made.generated_at;
    return OK;
}
