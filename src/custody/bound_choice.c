/* Binding what is chosen from a list: algorithms, key specs, usages; and how often the house may rotate. */
#include "base/text.h"
#include "contract/interval.h"
#include "contract/key_id.h"
#include "contract/key_spec.h"
#include "custody/bound.h"
#include "custody/signed.h"

static status same(int signed_for, int in_act) {
    ENSURE(signed_for == in_act, NO_PERMISSION);
    return OK;
}

/* ABSENT when nothing was signed for it; a text that is no choice is none either, and nothing equals it. */
static status chosen(const binding *b, const field *f, int *out) {
    slice text = signed_find(b->said, f->name);
    *out = 0;
    if (slice_is_absent(text)) return OK;
    *out = choice_find(f->choices, text);
    ENSURE(*out != 0, NO_PERMISSION);
    return OK;
}

static int or_else(int choice, int standard) { return choice ? choice : standard; }

status bind_encryption(const binding *b, const field *f) {
    int wanted;
    const int standard = ENCRYPTION_ALGORITHM_SYMMETRIC_DEFAULT;
    TRY(chosen(b, f, &wanted));
    return same(or_else(wanted, standard), or_else(b->act->encryption, standard));
}

status bind_signing(const binding *b, const field *f) {
    int wanted;
    TRY(chosen(b, f, &wanted));
    return same(wanted, b->act->signing);
}

/* A digest unless said otherwise; with a certificate, a message. */
status bind_message_type(const binding *b, const field *f) {
    int wanted, standard = b->act->is_certificate.value ? MESSAGE_TYPE_RAW : MESSAGE_TYPE_DIGEST;
    TRY(chosen(b, f, &wanted));
    return same(or_else(wanted, standard), or_else(b->act->message_type, standard));
}

status bind_mac(const binding *b, const field *f) {
    int wanted;
    TRY(chosen(b, f, &wanted));
    return same(wanted, b->act->mac);
}

status bind_wrapping(const binding *b, const field *f) {
    int wanted;
    TRY(chosen(b, f, &wanted));
    return same(wanted, b->act->wrapping);
}

status bind_spec(const binding *b, const field *f) {
    int wanted;
    TRY(chosen(b, f, &wanted));
    wanted = choice_find(key_spec_choices, slice_of_text(choice_text(f->choices, wanted)));
    return same(or_else(wanted, KEY_SPEC_ALIYUN_AES_256), or_else(b->act->spec, KEY_SPEC_ALIYUN_AES_256));
}

/* Without one, the first its spec has. */
status bind_usage(const binding *b, const field *f) {
    int wanted;
    const key_spec_row *row = key_spec_get(b->act->spec);
    ENSURE(row != NULL, NO_PERMISSION);
    TRY(chosen(b, f, &wanted));
    return same(or_else(wanted, row->usages[0]), or_else(b->act->usage, row->usages[0]));
}

status bind_pair(const binding *b, const field *f) {
    int wanted;
    TRY(chosen(b, f, &wanted));
    return same(key_spec_of_pair(wanted), b->act->spec);
}

/* Left out, it is new the first time and the same later, which is for core to know. */
status bind_import(const binding *b, const field *f) {
    int wanted;
    TRY(chosen(b, f, &wanted));
    if (wanted == IMPORT_TYPE_ABSENT) return OK;
    ENSURE((wanted == IMPORT_TYPE_NEW_KEY_MATERIAL) == import_is_new(b->act), NO_PERMISSION);
    return OK;
}

/* Its id says so for good. */
status bind_reach(const binding *b, const field *f) {
    bool wanted = slice_equals_ignoring_case(signed_find(b->said, f->name), SLICE("true"));
    bool is_so = b->act->key_id.len == ID_BYTES && key_id_is_marked(b->act->key_id.at);
    ENSURE(is_so == wanted, NO_PERMISSION);
    return OK;
}

status bind_material(const binding *b, const field *f) {
    uint8_t id[ID_BYTES];
    slice named = signed_find(b->said, f->name);
    if (slice_is_absent(named)) return OK;
    ENSURE(!FAILED(uuid_parse(named, id)) && slice_equals(slice_of(id, sizeof id), b->act->key_version_id),
           NO_PERMISSION);
    return OK;
}

enum { DAY_S = 24 * 3600, DAYS_STANDARD = 365 };

/* Days, a year unless said otherwise; or a text that counts when the switch beside it, where there is one, is on. */
static status interval_wanted(const binding *b, const field *f, int64_t *out) {
    static const slice SWITCH = {(const uint8_t *)"EnableAutomaticRotation", 23};
    slice text = signed_find(b->said, f->name);
    *out = 0;
    if (f->kind == FIELD_INT) {
        *out = DAYS_STANDARD;
        ENSURE(slice_is_absent(text) || slice_to_i64(text, out), NO_PERMISSION);
        ENSURE(*out > 0 && *out < INT32_MAX, NO_PERMISSION);
        *out *= DAY_S;
        return OK;
    }
    bool is_on = !shape_find(b->operation->in, SWITCH) ||
                 slice_equals_ignoring_case(signed_find(b->said, "EnableAutomaticRotation"), SLICE("true"));
    if (is_on && !slice_is_absent(text)) ENSURE(!FAILED(interval_parse(text, out)), NO_PERMISSION);
    return OK;
}

status bind_interval(const binding *b, const field *f) {
    int64_t wanted, given = b->act->rotation_interval_s.is_set ? b->act->rotation_interval_s.value : 0;
    TRY(interval_wanted(b, f, &wanted));
    ENSURE(given == wanted, NO_PERMISSION);
    return OK;
}
