/* The ledger of key uses of each account, kept beside its tree. */
#include "base/clock.h"
#include "trail/ledger_account.h"

status ledger_count(ledger *l, bool *is_done) {
    status result = OK;
    int64_t until_ms = clock_monotonic_ms() + LEDGER_COUNT_MS;
    *is_done = true;
    for (size_t seen = 0; seen < l->account_count; seen++) {
        ledger_account *account = l->accounts[l->count_next % l->account_count];
        bool is_counted = false;
        int64_t left_ms = until_ms - clock_monotonic_ms();
        *is_done = left_ms > 0;
        if (!*is_done) return result;
        status counted = usage_work(&account->usage, &account->tree, (int)left_ms, &is_counted);
        if (!FAILED(result)) result = counted;
        if (!is_counted && !FAILED(counted)) *is_done = false;
        l->count_next++;
    }
    return result;
}

status ledger_count_account(ledger *l, slice name, bool *is_done) {
    ledger_account *account;
    TRY(ledger_account_need(l, name, &account));
    return usage_work(&account->usage, &account->tree, LEDGER_COUNT_MS, is_done);
}

status ledger_usage(ledger *l, slice name, const usage_query *query, arena *memory, usage_answer *out) {
    ledger_account *account;
    const tree *t;
    TRY(ledger_tree(l, name, &t));
    TRY(ledger_account_need(l, name, &account));
    return usage_find(&account->usage, t, query, memory, out);
}
