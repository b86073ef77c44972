/* The way of a request: see serve.h. Each function below is one stage. */
#include "service/sts/pace.h"
#include "service/serve.h"

#include <endian.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "contract/message.h"
#include "service/diagnosis.h"
#include "service/own.h"
#include "service/resource.h"

#include "contract/contract_handlers.h"

enum { ATTEMPTS_MOST = 8 };

/* ---- the handlers, one row per operation */

typedef status step(call *c, const void *in, void *out);
typedef struct handler {
    step *prepare, *finish, *keep;
} handler;
HANDLER_WRAPPERS
static status bootstrap_finish_any(call *c, const void *in, void *out) {
    (void)in, (void)out;
    return bootstrap_finish(c);
}
static const handler HANDLERS[OPERATION_COUNT] = {[OPERATION_NONE] = {NULL, bootstrap_finish_any, NULL}, HANDLER_ROWS};

static status run_step(call *c, step *s) { return s ? s(c, c->in, c->out) : FAIL(INTERNAL); }

static const handler *handler_of(const job *j) { return &HANDLERS[j->operation_id]; }

/* ---- arrived: who asks, is it fresh, may they, what does it mean */

static status prepare(job *j) {
    call *c = &j->call;
    j->is_unprepared = false;
    ENSURE(c->operation != NULL, UNKNOWN_OPERATION);
    TRY(resource_authorise(c));
    return run_step(c, handler_of(j)->prepare);
}

static status send_use(serve *s, job *j) {
    call *c = &j->call;
    ENSURE(s->vault != NULL, CLOSED);
    use_message use = {.id = SET_INT(j->number), .request_id = c->request_id, .gateway = SET_INT(j->gateway)};
    use.account_id = c->who.account_id;
    use.account = c->who.sealed_account;
    use.access_key = c->who.sealed_secret;
    use.proof = (proof *)(uintptr_t)c->proof;
    if (!FAILED(c->failure)) use.acts.at = c->acts, use.acts.count = c->act_count, use.approval = c->shown;
    buffer_reset(&s->out);
    TRY(message_encode(MESSAGE_USE, &use, &s->out));
    return channel_send(s->vault, buffer_slice(&s->out));
}

/* Keyhold's own beginning: nobody can have signed it, and the vault knows its one allowed form. */
static void work_bootstrap(serve *s, job *j) {
    status sent = send_use(s, j);
    if (FAILED(sent)) job_fail(s, j, sent);
    else job_move(s, j, STAGE_VAULT);
}

static void after_steps(serve *s, job *j);

static void work_own(serve *s, job *j) {
    call *c = &j->call;
    status prepared = j->own->prepare(c);
    if (FAILED_WITH(prepared, NOT_FOUND)) return job_free(s, j);
    if (FAILED(prepared)) return job_fail(s, j, prepared);
    if (c->act_count == 0) return after_steps(s, j);
    status sent = send_use(s, j);
    if (FAILED(sent)) job_fail(s, j, sent);
    else job_move(s, j, STAGE_VAULT);
}

/* How one gets something to sign with: what the person knows, which the vault checks, stands for a signature. */
static void work_unsigned(serve *s, job *j) {
    call *c = &j->call;
    status prepared = FAILED(c->failure) ? c->failure : run_step(c, handler_of(j)->prepare);
    if (!FAILED(prepared)) prepared = send_use(s, j);
    if (FAILED(prepared)) job_fail(s, j, prepared);
    else job_move(s, j, STAGE_VAULT);
}

/* What uses a key or moves a body is prepared at once, so that one message to the vault does both. Everything else waits until the signature
 * is known to be good: who has none can have no work done, and cannot tell by the time it takes whether a key is anybody's. */
static bool is_prepared_at_once(const call *c) {
    return c->operation && (c->operation->level == LEVEL_USE || c->operation->body != BODY_NONE);
}

/* What is wrong with who signs is told only to who has signed: the vault checks first, and where nobody is there, against a secret that nobody
 * has. */
static bool is_for_the_vault(status found) {
    return !FAILED(found) || FAILED_WITH(found, UNKNOWN_ACCESS_KEY) || FAILED_WITH(found, INACTIVE_ACCESS_KEY) ||
           FAILED_WITH(found, ACCOUNT_FROZEN) || FAILED_WITH(found, BAD_SECURITY_TOKEN) ||
           FAILED_WITH(found, SECURITY_TOKEN_EXPIRED);
}

/* A signed request goes to the vault whatever else is wrong with it: a bad signature wins over any other error. */
static void work_arrived(serve *s, job *j) {
    call *c = &j->call;
    if (j->bootstrapped) return work_bootstrap(s, j);
    if (j->own) return work_own(s, j);
    bool is_unsigned = c->operation && c->operation->is_unsigned;
    if (!c->proof && is_unsigned) return work_unsigned(s, j);
    if (!c->proof || is_unsigned) return job_fail(s, j, FAIL(INCOMPLETE_SIGNATURE));
    /* A signature with a part missing cannot be checked: what is wrong with it is all there is to say. */
    if (FAILED(c->failure) && c->proof->texts.count == 0) return job_fail(s, j, c->failure);
    status found = identity_find(s->house->identities, c->proof, &c->memory, &c->who);
    if (!is_for_the_vault(found)) return job_fail(s, j, found);
    if (FAILED(found)) c->failure = found;
    if (!FAILED(c->failure)) c->failure = fresh_check(s, c);
    j->is_unprepared = true;
    if (!FAILED(c->failure) && is_prepared_at_once(c)) c->failure = prepare(j);
    status sent = send_use(s, j);
    if (FAILED(sent)) {
        c->failure = OK; /* the signature was never seen: nothing else is known about the request */
        return job_fail(s, j, sent);
    }
    job_move(s, j, STAGE_VAULT);
}

/* ---- finish: the vault has verified and used */

static void after_steps(serve *s, job *j) {
    call *c = &j->call;
    j->has_run = true;
    if (c->asks_auditor) return job_move(s, j, STAGE_TRAIL);
    if (c->body.is_open && j->stage != STAGE_KEEP) return job_move(s, j, STAGE_BODY);
    job_move(s, j, STAGE_COMMIT);
}

static status send_reply(serve *s, job *j);

/* What was read has changed since: the request begins anew. Only those without a nonce can be verified twice. */
static bool begins_again(serve *s, job *j, status finished) {
    if (!FAILED_WITH(finished, CONFLICT) || fresh_is_once(&j->call) || ++j->attempts > ATTEMPTS_MOST) return false;
    call_forget_steps(&j->call);
    job_move(s, j, STAGE_ARRIVED);
    return true;
}

/* An access key's last use, or a role's, is kept with what the request changes anyway, or at most every quarter of an hour. */
static status note_use(call *c) {
    slice path;
    slice id = c->who.is_session ? c->who.role_id : c->who.access_key_id;
    if (!c->proof || slice_is_absent(id)) return OK;
    access_key_use_record use = {SET_INT(c->now_s), slice_of_text(c->operation->product->name), call_region(c)};
    if (!identity_note_use(c->house->identities, id, &use)) return OK;
    TRY(access_key_use_path(id, &c->memory, &path));
    return call_change(c, path, &access_key_use_record_shape, &use, STORE_ANY);
}

static status run_finish(job *j) {
    if (j->own) return j->own->finish ? j->own->finish(&j->call) : OK;
    return handler_of(j)->finish ? run_step(&j->call, handler_of(j)->finish) : OK;
}

/* Once for a request, when the vault has found its signature good. */
static status check_verified(serve *s, job *j) {
    call *c = &j->call;
    if (j->is_verified) return c->failure;
    j->is_verified = true;
    status named = said_is_operation(c, &j->said, j->operation_id);
    if (FAILED(c->failure) && FAILED(named)) c->operation = NULL; /* recorded under no wrong name either */
    if (!FAILED(c->failure)) c->failure = named;
    if (!FAILED(c->failure)) c->failure = said_is_input(c, &j->said);
    status remembered = fresh_remember(s, c);
    return FAILED(c->failure) ? c->failure : remembered;
}

/* True when the vault has a part in it: it is asked once more, now with its acts. */
static bool goes_back(serve *s, job *j, status *prepared) {
    *prepared = prepare(j);
    if (FAILED(*prepared) || j->call.act_count == 0) return false;
    *prepared = send_use(s, j);
    if (FAILED(*prepared)) return false;
    job_move(s, j, STAGE_VAULT);
    return true;
}

static void work_finish(serve *s, job *j) {
    call *c = &j->call;
    status finished = check_verified(s, j);
    if (FAILED_WITH(finished, MFA_CODE) || FAILED_WITH(finished, PASSWORD_WRONG)) pace_fail_shown(c);
    if (!FAILED(finished) && j->is_unprepared && goes_back(s, j, &finished)) return;
    if (!FAILED(finished)) finished = run_finish(j);
    if (begins_again(s, j, finished)) return;
    if (!FAILED(finished)) finished = note_use(c);
    if (FAILED(finished)) return job_fail(s, j, finished);
    after_steps(s, j);
    if (j->stage == STAGE_BODY && FAILED(send_reply(s, j))) job_fail(s, j, FAIL(CLOSED));
}

static void work_keep(serve *s, job *j) {
    call *c = &j->call;
    if (j->done.failure.value != STATUS_OK) return job_fail(s, j, (status){(enum status_code)j->done.failure.value});
    c->body.done = &j->done;
    status kept = run_step(c, handler_of(j)->keep);
    if (FAILED(kept)) return job_fail(s, j, kept);
    job_move(s, j, STAGE_COMMIT);
}

/* ---- trail: the auditor answers for operations that read the trail */

static void work_trail(serve *s, job *j) {
    call *c = &j->call;
    if (j->is_asked) return;
    OWNED(buffer) packed = {0};
    lookup_message ask = {
        .id = SET_INT(j->number), .account_id = c->who.account_id, .operation = SET_INT(j->operation_id)};
    ask.key_id = c->key ? c->key->key_id : c->certificate ? c->certificate->certificate_id : c->subject;
    ask.sought = c->sought;
    buffer_reset(&s->out);
    status sent = shape_pack(c->operation->in, c->in, &packed);
    ask.input = buffer_slice(&packed);
    if (!FAILED(sent)) sent = message_encode(MESSAGE_LOOKUP, &ask, &s->out);
    if (!FAILED(sent)) sent = s->auditor ? channel_send(s->auditor, buffer_slice(&s->out)) : FAIL(CLOSED);
    if (FAILED(sent)) return job_fail(s, j, sent);
    j->is_asked = true;
}

/* ---- commit: all changes of this turn in one durable transaction */

static void run_again(serve *s, job *j) {
    call *c = &j->call;
    if (j->own) return job_fail(s, j, FAIL(CONFLICT)); /* it is looked for again */
    bool keeps = c->body.done != NULL;
    call_forget_steps(c);
    if (++j->attempts > ATTEMPTS_MOST) return job_fail(s, j, FAIL(CONFLICT));
    status again = resource_authorise(c);
    if (!FAILED(again) && !keeps) again = run_step(c, handler_of(j)->prepare);
    if (!FAILED(again) && !keeps && handler_of(j)->finish) again = run_step(c, handler_of(j)->finish);
    if (!FAILED(again) && keeps) again = run_step(c, handler_of(j)->keep);
    if (FAILED(again)) job_fail(s, j, again);
}

/* With what follows from them (keys/derived.h). */
static status apply_changes(serve *s, job *j) {
    call *c = &j->call;
    derived_changes more;
    TRY(derived_follow(s->house->store, c->changes, c->change_count, &c->memory, &more));
    for (size_t i = 0; i < more.count; i++) TRY(call_change_raw(c, &more.at[i]));
    TRY(store_apply(s->house->store, c->changes, c->change_count));
    j->released = (slice_list){more.released, more.released_count};
    j->removes_values = more.removes_values;
    return derived_count(&s->derived, &more);
}

static status apply(serve *s, job *j) {
    call *c = &j->call;
    TRY(record_prepare(j));
    if (c->change_count == 0) return OK;
    if (c->body.is_open && c->body.done && !c->body.is_whole) {
        TRY(blobs_commit(s->house->blobs, c->body.blob_id));
        c->body.is_whole = true;
    }
    return apply_changes(s, j);
}

static void remove_doomed(serve *s, job *j) {
    for (size_t i = 0; i < j->call.doomed_count; i++)
        status_ignore(blobs_remove(s->house->blobs, j->call.doomed[i].at));
}

/* Material that no record holds any more goes from the vault's memory and, like values of secrets, from the disk, before anything is
 * answered. */
static status forget_released(serve *s, const job *j) {
    const slice_list *released = &j->released;
    ENSURE(s->vault != NULL, CLOSED);
    for (size_t i = 0; i < released->count; i++) {
        key_act act = {.act = VAULT_ACT_FORGET, .key = released->at[i]};
        use_message use = {.request_id = j->call.request_id, .account_id = j->call.who.account_id};
        use.account = j->call.who.sealed_account;
        use.acts.at = &act, use.acts.count = 1;
        buffer_reset(&s->out);
        TRY(message_encode(MESSAGE_USE, &use, &s->out));
        TRY(channel_send(s->vault, buffer_slice(&s->out)));
    }
    return OK;
}

static void scrub_released(serve *s) {
    bool is_needed = false;
    for (const job *j = s->stages[STAGE_APPLIED].first; j; j = j->next) {
        if (j->released.count == 0 && !j->removes_values) continue;
        is_needed = true;
        status_ignore(forget_released(s, j)); /* a vault that comes anew has nothing in memory */
    }
    if (is_needed) s->is_unscrubbed = true;
    if (s->is_unscrubbed && !FAILED(store_scrub(s->house->store))) s->is_unscrubbed = false;
}

static void end_commit(serve *s, status result) {
    for (job *j = s->stages[STAGE_APPLIED].first, *next; j; j = next) {
        next = j->next;
        if (FAILED(result)) {
            j->call.change_count = 0;
            job_fail(s, j, result);
            continue;
        }
        j->call.body.is_open = false;
        remove_doomed(s, j);
        job_move(s, j, STAGE_RECORD);
    }
}

/* Applies what does not conflict; what does runs its steps again and waits for the next turn. */
static void apply_all(serve *s) {
    for (job *j = s->stages[STAGE_COMMIT].first, *next; j; j = next) {
        next = j->next;
        status applied = apply(s, j);
        if (!FAILED(applied)) {
            job_move(s, j, STAGE_APPLIED);
        } else if (FAILED_WITH(applied, CONFLICT)) {
            run_again(s, j);
        } else {
            j->call.change_count = 0;
            job_fail(s, j, applied);
        }
    }
}

static void work_commit(serve *s) {
    bool is_writing = false;
    for (job *j = s->stages[STAGE_COMMIT].first; j; j = j->next) is_writing |= j->call.change_count > 0;
    status result = is_writing ? store_begin(s->house->store) : OK;
    if (FAILED(result)) {
        for (job *j = s->stages[STAGE_COMMIT].first, *next; j; j = next) {
            next = j->next;
            job_fail(s, j, result);
        }
        return;
    }
    apply_all(s);
    if (is_writing) {
        status_ignore(record_forget_done(s)); /* what stays is sent again after a restart, and known to the auditor */
        result = blobs_sync(s->house->blobs);
        if (!FAILED(result)) result = derived_flush(&s->derived, s->house->store);
        if (FAILED(result)) store_roll_back(s->house->store);
        else result = store_commit(s->house->store);
        derived_drop(&s->derived);
        if (!FAILED(result)) scrub_released(s);
    }
    end_commit(s, result);
}

/* ---- record and reply */

static void work_record(serve *s, job *j) {
    if (failures_take(s, j)) return;
    status prepared = record_is_refusal(j) ? diagnosis_make_of_rule(&j->call) : OK;
    if (!FAILED(prepared) && j->event.len == 0) prepared = record_prepare(j);
    if (FAILED(prepared)) {
        /* An event that cannot be made must not let the answer out. */
        j->call.failure = FAIL(INTERNAL);
        j->is_abandoned = true;
        return job_move(s, j, STAGE_REPLY);
    }
    job_move(s, j, STAGE_WAIT);
    status_ignore(record_send(s, j)); /* without an auditor it waits for the next one */
}

/* A refusal carries why, sealed; only who has signed gets it. */
static status told(const job *j, arena *memory, slice *out) {
    const call *c = &j->call;
    *out = c->detail;
    if (!record_is_refusal(j) || !c->proof || slice_is_absent(c->diagnosis)) return OK;
    return arena_printf(memory, out, "%.*s EncodedDiagnosticMessage: %.*s", SLICE_ARGS(c->detail),
                        SLICE_ARGS(c->diagnosis));
}

static status send_reply(serve *s, job *j) {
    call *c = &j->call;
    channel *to = j->gateway >= 0 && j->gateway < SERVE_GATEWAYS_MOST ? s->gateways[j->gateway] : NULL;
    ENSURE(to != NULL && !j->is_abandoned, CLOSED);
    buffer_reset(&s->packed);
    reply_message reply = {.id = SET_INT(j->gateway_id), .failure = SET_INT(c->failure.code)};
    TRY(told(j, &c->memory, &reply.detail));
    if (!FAILED(c->failure)) {
        TRY(shape_pack(c->operation->out, c->out, &s->packed));
        reply.output = buffer_slice(&s->packed);
        reply.account_id = call_account(c);
        if (c->body.plan.act && !c->body.done) reply.body = &c->body.plan;
    }
    buffer_reset(&s->out);
    TRY(message_encode(MESSAGE_REPLY, &reply, &s->out));
    int fds[2];
    size_t count = 0;
    if (reply.body && c->body.source >= 0) fds[count++] = c->body.source;
    if (reply.body && c->body.storage >= 0) fds[count++] = c->body.storage;
    if (reply.body) c->body.source = c->body.storage = -1;
    return count ? channel_send_with_descriptors(to, buffer_slice(&s->out), fds, count)
                 : channel_send(to, buffer_slice(&s->out));
}

/* What does not fit into one message is said to be too long: a client that is not answered waits. */
static void reply(serve *s, job *j) {
    call *c = &j->call;
    if (!FAILED_WITH(send_reply(s, j), TOO_LARGE)) return;
    c->failure = FAIL(TOO_LARGE);
    c->detail = SLICE("The answer is longer than 1 MiB: ask for less at once, with MaxItems where there is one.");
    status_ignore(send_reply(s, j));
}

static void work_reply(serve *s, job *j) {
    if (j->bootstrapped) {
        bootstrapped_message result = {.is_new = SET_BOOL(!FAILED(j->call.failure)), .detail = j->call.detail};
        result.failure = SET_INT(j->call.failure.code);
        result.account_id = j->call.who.account_id;
        result.access_key_id = j->call.who.access_key_id;
        if (!FAILED(j->call.failure)) result.access_key_secret = j->call.results.at[1].extra;
        j->bootstrapped(j->bootstrap_context, &result);
    } else if (j->gateway >= 0) {
        reply(s, j);
    }
    job_free(s, j);
}

/* ---- the turn */

static void work_all(serve *s, enum stage stage, void (*work)(serve *, job *)) {
    for (job *j = s->stages[stage].first, *next; j; j = next) {
        next = j->next;
        work(s, j);
    }
}

bool serve_turn(serve *s) {
    own_turn(s);
    rewrap_turn(s);
    work_all(s, STAGE_ARRIVED, work_arrived);
    work_all(s, STAGE_FINISH, work_finish);
    fresh_keep(s);
    work_all(s, STAGE_KEEP, work_keep);
    work_all(s, STAGE_TRAIL, work_trail);
    if (s->stages[STAGE_COMMIT].count) work_commit(s);
    work_all(s, STAGE_RECORD, work_record);
    failures_turn(s);
    work_all(s, STAGE_REPLY, work_reply);
    return s->stages[STAGE_ARRIVED].count || s->stages[STAGE_COMMIT].count;
}
