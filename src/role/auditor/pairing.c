/* Two witnesses: every event that claims a key use must have the vault's word for it, and every word an event. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/text.h"
#include "crypto/random.h"
#include "role/auditor/auditor.h"
#include "trail/event.h"

enum { EVENTS_MEMORY = 64 << 20 };

struct witness {
    uint64_t number; /* of the first one */
    int64_t since_s;
    uint64_t last_number;
    char account[40];
    size_t count;
    struct {
        char key_id[40], key_version_id[40];
        int act;
    } uses[WITNESS_USES_MOST];
};

static void forget_events(trail *t) {
    for (waiting_event *e = t->events, *next; e; e = next) {
        next = e->next;
        free(e);
    }
    t->events = NULL;
    t->events_end = NULL;
}

static void forget_lookups(trail *t) {
    for (waiting_lookup *l = t->lookups, *next; l; l = next) {
        next = l->next;
        free(l);
    }
    t->lookups = NULL;
    t->lookups_end = NULL;
}

void trail_clear(trail *t) {
    size_t cursor = 0;
    void *value;
    while (table_next(&t->witnesses, &cursor, NULL, &value)) free(value);
    table_clear(&t->witnesses);
    forget_events(t);
    forget_lookups(t);
    arena_clear(&t->memory);
    buffer_clear(&t->composed);
    ledger_clear(&t->ledger);
}

void trail_new_core(trail *t) {
    forget_events(t);
    forget_lookups(t);
}

/* The old vault's witnesses stay: their events may still come. */
void trail_new_vault(trail *t) { t->witnessed = t->settled = 0; }

static slice put(uint8_t **at, slice text) {
    if (text.len) memcpy(*at, text.at, text.len);
    slice copy = slice_of(*at, text.len);
    *at += text.len;
    return copy;
}

status trail_take_event(trail *t, const event_message *m) {
    ENSURE(m->event.len > 0 && m->event.len <= EVENT_BYTES_MOST && m->number.value > 0, MALFORMED);
    waiting_event *e = malloc(sizeof *e + m->account_id.len + m->request_id.len + m->event.len + m->uses_of.len);
    ENSURE(e != NULL, OUT_OF_MEMORY);
    uint8_t *at = (uint8_t *)(e + 1);
    *e = (waiting_event){.number = (uint64_t)m->number.value, .key_uses = m->key_uses.value};
    e->account = put(&at, m->account_id);
    e->request_id = put(&at, m->request_id);
    e->event = put(&at, m->event);
    e->uses_of = m->uses_of.len ? put(&at, m->uses_of) : e->request_id;
    if (!t->events_end) t->events_end = &t->events;
    *t->events_end = e;
    t->events_end = &e->next;
    return OK;
}

static void set_text(char out[40], slice text) { snprintf(out, 40, "%.*s", SLICE_ARGS(slice_head(text, 39))); }

status trail_take_witness(trail *t, const witness_message *m) {
    uint64_t number = (uint64_t)m->number.value;
    if (number > t->witnessed) t->witnessed = number;
    if (ledger_knows(&t->ledger, m->request_id)) return OK; /* said again after a restart, and paired before it */
    witness *w = table_get(&t->witnesses, m->request_id);
    if (!w) {
        w = calloc(1, sizeof *w);
        ENSURE(w != NULL, OUT_OF_MEMORY);
        w->number = number;
        w->since_s = clock_now_s();
        set_text(w->account, m->account_id);
        status kept = table_put(&t->witnesses, m->request_id, w, NULL);
        if (FAILED(kept)) {
            free(w);
            return kept;
        }
    }
    if (number <= w->last_number) return OK;
    w->last_number = number;
    if (w->count == WITNESS_USES_MOST) return OK;
    set_text(w->uses[w->count].key_id, m->key_id);
    set_text(w->uses[w->count].key_version_id, m->key_version_id);
    w->uses[w->count++].act = m->act;
    return OK;
}

bool trail_has_batch(const trail *t) { return t->events != NULL; }
bool trail_has_witnesses(const trail *t) { return t->witnesses.count > 0; }

/* ---- composing */

static size_t list_uses(const witness *w, event_use uses[WITNESS_USES_MOST]) {
    for (size_t i = 0; i < w->count; i++)
        uses[i] = (event_use){slice_of_text(w->uses[i].key_id), slice_of_text(w->uses[i].key_version_id),
                              slice_of_text(choice_text(vault_act_choices, w->uses[i].act))};
    return w->count;
}

typedef struct alarm {
    const char *name, *message;
    slice account, request_id;
} alarm;

/* An event of the auditor itself, in the trail of the account concerned. */
static status add_alarm(trail *t, const alarm *a, const witness *w) {
    uint8_t random[16];
    char id[37];
    event_use uses[WITNESS_USES_MOST];
    OWNED(buffer) json = {0};
    TRY(random_uuid(random));
    uuid_format(random, id);
    event e = {
        .event_id = slice_of_text(id), .event_name = slice_of_text(a->name), .event_source = SLICE("auditor.keyhold")};
    e.service_name = SLICE("Keyhold");
    e.event_type = SLICE("AliyunServiceEvent");
    e.event_rw = SLICE("Write");
    e.request_id = a->request_id;
    e.error_code = SLICE("KeyUseNotPaired");
    e.error_message = slice_of_text(a->message);
    e.recipient_account_id = a->account;
    e.time_s = clock_now_s();
    e.identity = (event_identity){.type = SLICE("system"), .user_name = SLICE("keyhold-auditor")};
    e.uses = uses;
    e.use_count = w ? list_uses(w, uses) : 0;
    TRY(event_write(&e, &json));
    return ledger_add(&t->ledger, a->account, slice_of_text(id), buffer_slice(&json));
}

static status compose(trail *t, const waiting_event *e, const witness *w) {
    event_use uses[WITNESS_USES_MOST];
    buffer_reset(&t->composed);
    if (!w) return buffer_append(&t->composed, e->event);
    return event_append_uses(e->event, uses, list_uses(w, uses), &t->composed);
}

static status record_event(trail *t, const waiting_event *e) {
    if (ledger_knows(&t->ledger, e->request_id)) return OK; /* core sent it again: it is durable already */
    witness *w = table_get(&t->witnesses, e->uses_of);
    TRY(compose(t, e, w));
    TRY(ledger_add(&t->ledger, e->account, e->request_id, buffer_slice(&t->composed)));
    bool is_paired = (int64_t)(w ? w->count : 0) >= e->key_uses;
    if (is_paired) return OK;
    alarm missing = {"KeyUseNotWitnessed", "Core recorded a key use that the vault did not report.", e->account,
                     e->request_id};
    return add_alarm(t, &missing, w);
}

static void forget_witness(trail *t, slice request_id) { free(table_remove(&t->witnesses, request_id)); }

uint64_t trail_unsettled(const trail *t) { return t->witnessed - t->settled; }

/* All before the oldest one that still waits for its event. */
bool trail_settle(trail *t, uint64_t *number) {
    uint64_t oldest = t->witnessed + 1;
    size_t cursor = 0;
    void *value;
    while (table_next(&t->witnesses, &cursor, NULL, &value)) {
        const witness *w = value;
        if (w->number < oldest) oldest = w->number;
    }
    if (oldest - 1 <= t->settled) return false;
    *number = t->settled = oldest - 1;
    return true;
}

status trail_commit(trail *t, uint64_t *event_number) {
    uint64_t last = 0;
    for (waiting_event *e = t->events; e; e = e->next) {
        if (!e->is_added) TRY(record_event(t, e));
        e->is_added = true;
    }
    if (t->events) TRY(ledger_commit(&t->ledger));
    for (waiting_event *e = t->events; e; e = e->next) {
        last = e->number;
        forget_witness(t, e->request_id);
    }
    forget_events(t);
    *event_number = last;
    return OK;
}

/* ---- alarms */

static status raise_one(trail *t, slice request_id, const witness *w) {
    alarm silent = {"KeyUseNotRecorded", "The vault used a key and core recorded no event for it.",
                    slice_of_text(w->account), request_id};
    if (slice_is_empty(silent.account)) silent.account = SLICE("platform");
    return add_alarm(t, &silent, w);
}

status trail_raise_alarms(trail *t) {
    int64_t now_s = clock_now_s();
    size_t cursor = 0, raised = 0;
    /* While the journal cannot be written, what waits for it may be what the witnesses wait for. */
    if (t->events && t->events->is_added) return OK;
    slice request_id;
    void *value;
    while (table_next(&t->witnesses, &cursor, &request_id, &value)) {
        const witness *w = value;
        if (now_s - w->since_s < t->alarm_after_s) continue;
        TRY(raise_one(t, request_id, w));
        forget_witness(t, request_id);
        raised++;
    }
    return raised ? ledger_commit(&t->ledger) : OK;
}
