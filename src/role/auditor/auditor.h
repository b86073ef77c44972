/* For the auditor's files only: the batch under way. Events of core are paired with the vault's witnesses by request id. */
#ifndef ROLE_AUDITOR_H
#define ROLE_AUDITOR_H

#include "contract/message.h"
#include "trail/ledger.h"

enum { WITNESS_USES_MOST = 8, ALARM_AFTER_S = 30 };

/* What the vault said of one request and core has not mentioned yet. */
typedef struct witness witness;

typedef struct waiting_event {
    struct waiting_event *next;
    uint64_t number;
    slice account, request_id, event; /* in the same allocation */
    slice uses_of; /* the request whose witnesses it tells of; they stay for that request's own event */
    int64_t key_uses;
    bool is_added; /* to the ledger, by an attempt whose commit failed */
} waiting_event;

typedef struct waiting_lookup {
    struct waiting_lookup *next;
    int64_t id;
    slice account, key_id, sought, input; /* in the same allocation */
    enum operation_id operation;
} waiting_lookup;

typedef struct trail {
    ledger ledger;
    table witnesses; /* request id → witness */
    waiting_event *events, **events_end;
    waiting_lookup *lookups, **lookups_end;
    uint64_t witnessed;    /* the newest number of the vault */
    uint64_t settled;      /* the vault was told that all up to this one are durable */
    int64_t alarm_after_s; /* how long a witness may wait for its event */
    arena memory;
    buffer composed;
} trail;

void trail_clear(trail *t);
/* A peer came anew: its numbers start over, and it sends again what was not acknowledged. */
void trail_new_core(trail *t);
void trail_new_vault(trail *t);

status trail_take_event(trail *t, const event_message *m);
status trail_take_witness(trail *t, const witness_message *m);
status trail_take_lookup(trail *t, const lookup_message *m);

bool trail_has_batch(const trail *t);
bool trail_has_witnesses(const trail *t);
/* Pairs, journals and syncs the batch, and gives the number of its last event. On failure all of it waits for the next try. */
status trail_commit(trail *t, uint64_t *event_number);

/* How many witnesses the vault still keeps because it was not told that they are durable. */
uint64_t trail_unsettled(const trail *t);
/* All witnesses up to *number are durable, or wait for no event. False when the vault was told so already. */
bool trail_settle(trail *t, uint64_t *number);

/* Uses the vault reported and core kept silent about for alarm_after_s become events of their own. */
status trail_raise_alarms(trail *t);

/* lookup.c: answers the oldest question that can be answered now; false when there is none. The answer's slices live in
 * `output` and the trail. One that has to wait until key uses are counted stays for the next turn: trail_has_lookups. */
bool trail_next_answer(trail *t, buffer *output, found_message *out);
bool trail_has_lookups(const trail *t);

/* For lookup.c. An account without entries has no tree: NULL. */
status trail_find_tree(trail *t, slice account, const tree **out);
/* usage.c. CONFLICT: not all uses are counted yet, ask again next turn. */
status trail_answer_usage(trail *t, const waiting_lookup *l, void *output);
status trail_answer_certificate_usage(trail *t, const waiting_lookup *l, void *output);
status trail_answer_census(trail *t, const waiting_lookup *l, void *output);
status trail_answer_last_usage(trail *t, const waiting_lookup *l, void *output);
/* last_use.c: of the operations that have Uses and NextToken in their answer. */
status trail_answer_last_uses(trail *t, const waiting_lookup *l, void *output);

#endif
