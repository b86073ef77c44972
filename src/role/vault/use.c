/* The vault at work: uses, their witnesses and their answers. No answer leaves before the witnesses of its uses are
 * with the auditor's socket; without an auditor no key is used. */
#include "base/clock.h"
#include "base/log.h"
#include "crypto/compare.h"
#include "role/vault/vault.h"

enum { ANSWERS_LEAST = 1 << 20, LEDGER_PAUSE = 512, RELEASE_AGAIN_MS = 1 };

static void frame_forget(vault *v) {
    bytes_wipe(v->frame.at, v->frame.len);
    buffer_reset(&v->frame);
}

status vault_send_frame(vault *v, channel *to) {
    status sent = to ? channel_send(to, buffer_slice(&v->frame)) : FAIL(CLOSED);
    frame_forget(v);
    return sent;
}

/* Never by realloc, which would leave the old bytes lying about. */
static status answers_reserve(vault *v, size_t more) {
    size_t needed = v->answers.len + more;
    if (needed <= v->answers.capacity) return OK;
    OWNED(buffer) larger = {0};
    TRY(buffer_reserve(&larger, needed < ANSWERS_LEAST ? ANSWERS_LEAST : 2 * needed));
    TRY(buffer_append(&larger, buffer_slice(&v->answers)));
    buffer_wipe(&v->answers);
    buffer former = v->answers;
    v->answers = larger;
    larger = former;
    return OK;
}

/* Refusals used no key: nothing to witness, nothing to wait for. */
static void refuse(vault *v, int64_t id, status failure) {
    used_message m = {.id = SET_INT(id), .failure = SET_INT(failure.code)};
    status sent = message_encode(MESSAGE_USED, &m, &v->frame);
    if (!FAILED(sent)) sent = vault_send_frame(v, v->core);
    if (FAILED(sent)) log_warning("answer lost", "%s", status_name(sent));
}

static bool can_witness(const vault *v) {
    return v->auditor != NULL && channel_is_open(v->auditor) && ledger_room(&v->ledger) >= CUSTODY_ACTS_MOST;
}

static status witness_all(vault *v, const use_message *use, const use_outcome *done) {
    for (size_t i = 0; i < done->use_count; i++) {
        const key_use *u = &done->uses[i];
        witness_message m = {.request_id = use->request_id,
                             .account_id = u->owner_id.len ? u->owner_id : use->account_id,
                             .act = u->act,
                             .key_id = slice_of_text(u->key_id),
                             .key_version_id = slice_of_text(u->key_version_id)};
        TRY(ledger_add(&v->ledger, &m));
    }
    return OK;
}

/* Everything that can fail comes before the first witness: what is witnessed is answered. */
static status answer(vault *v, const use_message *use, const use_outcome *done) {
    TRY(message_encode(MESSAGE_USED, &done->used, &v->frame));
    ENSURE(v->frame.len <= CHANNEL_FRAME_MAX, TOO_LARGE);
    TRY(answers_reserve(v, sizeof(uint32_t) + v->frame.len));
    TRY(witness_all(v, use, done));
    TRY(buffer_append_u32(&v->answers, (uint32_t)v->frame.len));
    TRY(buffer_append(&v->answers, buffer_slice(&v->frame)));
    frame_forget(v);
    return OK;
}

/* The end of its turn refuses what is overdue; this sees to it that there is a turn. */
static void wake(void *context) { (void)context; }

static status park(vault *v, slice frame, const parked *wish) {
    ENSURE(v->parked_count < PARKED_MOST, THROTTLED);
    parked *p = &v->parked[v->parked_count];
    *p = *wish;
    p->until_ms = loop_now_ms(v->loop) + PARKED_FOR_MS;
    status copied = buffer_append(&p->frame, frame);
    if (!FAILED(copied)) copied = loop_after(v->loop, PARKED_FOR_MS, wake, v, NULL);
    if (FAILED(copied)) {
        buffer_clear(&p->frame);
        return copied;
    }
    v->parked_count++;
    return OK;
}

static status send_order(vault *v, const use_outcome *done) {
    if (done->is_reading) {
        TRY(buffer_append(&v->frame, buffer_slice(&done->order)));
        return vault_send_frame(v, v->reader);
    }
    labour_message m = {.number = SET_INT(done->labour), .order = buffer_slice(&done->order)};
    TRY(message_encode(MESSAGE_LABOUR, &m, &v->frame));
    return vault_send_frame(v, v->labourer);
}

/* Whether it was answered: not when it needs a pair, or something done elsewhere; *wish then says what it waits for. */
static bool use_now(vault *v, const use_message *use, const labour_answer *given, parked *wish) {
    if (!can_witness(v)) {
        refuse(v, use->id.value, FAIL(CLOSED));
        return true;
    }
    use_message readable = *use;
    proof opened;
    status opening = use->proof ? custody_open_texts(v->custody, use, &v->memory, &opened) : OK;
    if (FAILED(opening)) {
        refuse(v, use->id.value, opening);
        return true;
    }
    if (use->proof) readable.proof = &opened;
    use_outcome done = {0};
    custody_use_again(v->custody, &readable, clock_now_s(), &v->memory, given, &done);
    bool answered = !done.wants_pair && !done.wants_labour;
    wish->wanted = done.wanted;
    wish->labour = done.wants_labour ? done.labour : 0;
    wish->is_reading = done.wants_labour && done.is_reading;
    status held = answered ? answer(v, use, &done) : OK;
    if (done.wants_labour) held = send_order(v, &done);
    if (FAILED(held)) answered = true;
    use_outcome_clear(&done);
    if (FAILED(held)) {
        frame_forget(v);
        refuse(v, use->id.value, held);
    }
    if (ledger_room(&v->ledger) < LEDGER_PAUSE && v->core) channel_pause(v->core);
    return answered;
}

void vault_use(vault *v, slice frame, const use_message *use) {
    parked wish = {.id = use->id.value};
    if (use_now(v, use, NULL, &wish)) return;
    status kept = park(v, frame, &wish);
    if (FAILED(kept)) refuse(v, use->id.value, kept);
}

static void unpark(vault *v, size_t place) {
    buffer_clear(&v->parked[place].frame);
    v->parked_count--;
    memmove(v->parked + place, v->parked + place + 1, (v->parked_count - place) * sizeof v->parked[0]);
}

static void unpark_first(vault *v) { unpark(v, 0); }

static bool use_one_parked(vault *v, parked *p, const labour_answer *given) {
    message m;
    bool answered = true;
    status read = message_decode(buffer_slice(&p->frame), ROLE_CORE, ROLE_VAULT, &v->memory, &m);
    if (!FAILED(read)) answered = use_now(v, m.fields, given, p);
    else refuse(v, p->id, read);
    arena_wipe(&v->memory);
    return answered;
}

/* Those that wait for one kind do not hold up those that wait for another. */
void vault_use_parked(vault *v) {
    for (size_t i = 0; i < v->parked_count;) {
        if (v->parked[i].labour == 0 && use_one_parked(v, &v->parked[i], NULL)) unpark(v, i);
        else i++;
    }
}

void vault_use_laboured(vault *v, const labour_answer *given) {
    for (size_t i = 0; i < v->parked_count;) {
        int64_t labour = v->parked[i].labour;
        bool is_meant = labour != 0 && (given == NULL ? !v->parked[i].is_reading : labour == given->labour);
        if (is_meant && use_one_parked(v, &v->parked[i], given)) unpark(v, i);
        else i++;
    }
}

void vault_lose_reading(vault *v) {
    for (size_t i = 0; i < v->parked_count;) {
        labour_answer lost = {.labour = v->parked[i].labour, .answer = FAIL(CLOSED)};
        if (v->parked[i].is_reading && use_one_parked(v, &v->parked[i], &lost)) unpark(v, i);
        else i++;
    }
}

static void refuse_overdue(vault *v) {
    while (v->parked_count > 0 && v->parked[0].until_ms <= loop_now_ms(v->loop)) {
        refuse(v, v->parked[0].id, FAIL(TIMEOUT));
        unpark_first(v);
    }
}

void vault_forget_core(vault *v) {
    buffer_wipe(&v->answers);
    while (v->parked_count > 0) unpark_first(v);
}

static void release_again(void *context) {
    vault *v = context;
    v->release_planned = false; /* the turn's end does the rest */
}

static void plan_release(vault *v) {
    if (v->release_planned) return;
    v->release_planned = !FAILED(loop_after(v->loop, RELEASE_AGAIN_MS, release_again, v, NULL));
}

/* Whether all witnesses are with the auditor's socket. */
static bool witnesses_told(vault *v) {
    if (v->auditor == NULL || FAILED(ledger_send(&v->ledger, v->auditor))) return false;
    channel_flush(v->auditor);
    return channel_is_open(v->auditor) && channel_pending_bytes(v->auditor) == 0;
}

static void send_answers(vault *v) {
    slice rest = buffer_slice(&v->answers), frame;
    uint32_t length;
    status sent = OK;
    while (!FAILED(sent) && slice_take_u32(&rest, &length) && slice_take(&rest, length, &frame))
        sent = v->core ? channel_send(v->core, frame) : FAIL(CLOSED);
    if (FAILED(sent)) log_warning("answers lost", "%s", status_name(sent));
    bytes_wipe(v->answers.at, v->answers.len);
    buffer_reset(&v->answers);
}

void vault_release(vault *v) {
    refuse_overdue(v);
    if (v->answers.len == 0 && v->ledger.sent == v->ledger.next - 1) return;
    if (witnesses_told(v)) send_answers(v);
    else if (v->auditor != NULL) plan_release(v);
}
