/* The first account, the platform operator's: made once, at the first start. */
#include "base/text.h"
#include "crypto/random.h"
#include "service/account/account.h"
#include "service/pipeline.h"

static status choose(call *c, const bootstrap_message *wish) {
    new_account *a = CALL_NEW(c, new_account);
    ENSURE(a != NULL, OUT_OF_MEMORY);
    c->memo = a;
    a->is_operator = true;
    if (!slice_is_empty(wish->account_id)) TRY(arena_copy(&c->memory, wish->account_id, &a->account_id));
    if (!slice_is_empty(wish->access_key_id)) TRY(arena_copy(&c->memory, wish->access_key_id, &a->access_key_id));
    if (!slice_is_empty(wish->access_key_secret))
        TRY(arena_copy(&c->memory, wish->access_key_secret, &a->given_secret));
    TRY(account_choose(c, a));
    c->who.account_id = a->account_id;
    c->who.access_key_id = a->access_key_id;
    return account_ask_vault(c, a);
}

static status account_is_new(serve *s, const bootstrap_message *wish, arena *memory, slice *existing) {
    store_row *rows;
    size_t count;
    (void)wish;
    TRY(store_list(s->house->store, SLICE("account/"), (slice){0}, 1, memory, &rows, &count));
    *existing = count ? slice_skip(rows[0].key, 8) : (slice){0};
    return OK;
}

status serve_bootstrap(serve *s, const bootstrap_message *wish, serve_bootstrapped *done, void *context) {
    OWNED(arena) memory = {0};
    slice existing;
    TRY(account_is_new(s, wish, &memory, &existing));
    if (!slice_is_absent(existing)) {
        bootstrapped_message result = {.account_id = existing, .is_new = SET_BOOL(false)};
        done(context, &result);
        return OK;
    }
    job *j = job_new(s);
    ENSURE(j != NULL, OUT_OF_MEMORY);
    uint8_t id[16];
    char text[37];
    j->bootstrapped = done;
    j->bootstrap_context = context;
    status planned = random_uuid(id);
    uuid_format(id, text);
    if (!FAILED(planned)) planned = arena_copy(&j->call.memory, slice_of_text(text), &j->call.request_id);
    if (!FAILED(planned)) planned = choose(&j->call, wish);
    if (FAILED(planned)) job_free(s, j);
    return planned;
}

status bootstrap_finish(call *c) { return account_keep(c, c->memo); }
