/* ActionTrail and the proofs of the trail: the auditor answers; here stands only what may be asked. */
#include "service/handlers.h"

static status ask_auditor(call *c) {
    c->asks_auditor = true;
    return OK;
}

status lookup_events_prepare(call *c, const lookup_events_in *in, lookup_events_out *out) {
    (void)out;
    if (in->start_time.is_set != in->end_time.is_set)
        return call_refuse(c, FAIL(INVALID_PARAMETER), "StartTime and EndTime go together.");
    if (in->start_time.is_set && in->start_time.value > in->end_time.value)
        return call_refuse(c, FAIL(INVALID_PARAMETER), "StartTime lies behind EndTime.");
    return ask_auditor(c);
}

status list_last_uses_prepare(call *c, const list_last_uses_in *in, list_last_uses_out *out) {
    (void)in, (void)out;
    return ask_auditor(c);
}

status get_event_proof_prepare(call *c, const get_event_proof_in *in, get_event_proof_out *out) {
    (void)in, (void)out;
    return ask_auditor(c);
}

status get_checkpoint_prepare(call *c, const get_checkpoint_in *in, get_checkpoint_out *out) {
    (void)in, (void)out;
    return ask_auditor(c);
}

status get_key_destruction_certificate_prepare(call *c, const get_key_destruction_certificate_in *in,
                                               get_key_destruction_certificate_out *out) {
    (void)in, (void)out;
    key_shelf shelf = call_keys(c);
    slice path;
    destroyed_key_record record;
    TRY(destroyed_key_path(&shelf, c->subject, &c->memory, &path));
    status found = call_load(c, path, &destroyed_key_record_shape, &record, NULL);
    if (FAILED_WITH(found, NOT_FOUND)) return FAIL(KEY_NOT_DESTROYED);
    TRY(found);
    c->sought = record.request_id;
    return ask_auditor(c);
}

/* ---- uses of a key */

static status ask_usage(call *c, maybe_int from, maybe_int to, int period) {
    bool is_turned = from.is_set && to.is_set && from.value > to.value;
    if (is_turned) return call_refuse(c, FAIL(INVALID_PARAMETER), "StartTime lies behind EndTime.");
    if ((from.is_set || to.is_set) && period == USAGE_PERIOD_ALL)
        return call_refuse(c, FAIL(INVALID_PARAMETER), "Period All goes without StartTime and EndTime.");
    return ask_auditor(c);
}

status get_key_usage_prepare(call *c, const get_key_usage_in *in, get_key_usage_out *out) {
    (void)out;
    return ask_usage(c, in->start_time, in->end_time, in->period);
}

status get_certificate_usage_prepare(call *c, const get_certificate_usage_in *in, get_certificate_usage_out *out) {
    (void)out;
    return ask_usage(c, in->start_time, in->end_time, in->period);
}

status get_key_last_usage_prepare(call *c, const get_key_last_usage_in *in, get_key_last_usage_out *out) {
    (void)in, (void)out;
    c->completes_answer = true;
    return ask_auditor(c);
}

status get_key_last_usage_keep(call *c, const get_key_last_usage_in *in, get_key_last_usage_out *out) {
    (void)in;
    out->key_creation = c->key->created_at;
    return OK;
}
