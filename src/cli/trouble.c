/* Failures: recognising what the server answered, exit codes, and what to try next. */
#include "cli/trouble.h"

#include <stdarg.h>
#include <stdio.h>

#include "contract/failure.h"

void text_make_printable(char *text) {
    for (unsigned char *at = (unsigned char *)text; *at; at++) {
        bool is_c1 = at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0; /* U+0080 to U+009F in UTF-8 */
        if (is_c1) *at++ = '?';
        if (*at < ' ' || *at == 0x7f || is_c1) *at = '?';
    }
}

status trouble_note(trouble *t, status failure, const char *why, ...) {
    if (FAILED(t->failure)) return failure;
    va_list arguments;
    va_start(arguments, why);
    vsnprintf(t->why, sizeof t->why, why, arguments);
    va_end(arguments);
    text_make_printable(t->why);
    t->failure = failure;
    return failure;
}

void trouble_advise(trouble *t, const char *next, ...) {
    if (t->next[0]) return;
    va_list arguments;
    va_start(arguments, next);
    vsnprintf(t->next, sizeof t->next, next, arguments);
    va_end(arguments);
    text_make_printable(t->next);
}

/* ---- what the server answered */

#define COUNT_ONE(name) +1
enum { FAILURES = 0 STATUS_CODES(COUNT_ONE) };

static bool has_code(const failure_row *row, slice code) {
    for (int wire = 0; wire < WIRE_COUNT; wire++)
        if (row->in[wire].code && slice_equals_text(code, row->in[wire].code)) return true;
    return false;
}

/* Several failures share a code, and some products spell a code their own way; the message tells them apart. */
static unsigned likeness(const failure_row *row, const server_error *error) {
    slice says = slice_of_text(row->message);
    if (slice_ends_with(says, SLICE("."))) says = slice_head(says, says.len - 1); /* a detail follows a colon instead */
    bool says_the_same = !slice_is_empty(says) && slice_starts_with(error->message, says);
    return (says_the_same ? 2u : 0u) + (has_code(row, error->code) ? 1u : 0u);
}

static status failure_by_http(int http) {
    switch (http) {
    case 403: return FAIL(NO_PERMISSION);
    case 404: return FAIL(NOT_FOUND);
    case 408:
    case 504: return FAIL(TIMEOUT);
    case 409:
    case 412: return FAIL(CONFLICT);
    case 429: return FAIL(THROTTLED);
    case 502:
    case 503: return FAIL(CLOSED);
    default: return FAIL(INTERNAL);
    }
}

static status failure_of(const server_error *error) {
    status best = failure_by_http(error->http);
    unsigned most = 0;
    for (int i = STATUS_OK + 1; i < FAILURES; i++) {
        status candidate = {(enum status_code)i};
        unsigned alike = likeness(failure_get(candidate.code), error);
        if (alike <= most) continue;
        most = alike;
        best = candidate;
    }
    return best;
}

/* A refusal's message ends in "EncodedDiagnosticMessage: …", which is no sentence for people. */
static slice cut_diagnostic(slice message, slice *diagnostic) {
    static const slice MARK = {(const uint8_t *)"EncodedDiagnosticMessage: ", 26};
    size_t at = 0;
    while (at < message.len && !slice_starts_with(slice_skip(message, at), MARK)) at++;
    if (at == message.len) return message;
    slice rest = slice_skip(message, at + MARK.len);
    *diagnostic = slice_head(rest, slice_find_byte(rest, ' '));
    while (at > 0 && message.at[at - 1] == ' ') at--;
    return slice_head(message, at);
}

status trouble_from_server(trouble *t, const server_error *error) {
    status failure = failure_of(error);
    const char *says = failure_get(failure.code)->message;
    slice message = slice_is_empty(error->message) ? slice_of_text(says) : error->message;
    slice diagnostic = {0};
    if (FAILED(t->failure)) return failure;
    message = cut_diagnostic(message, &diagnostic);
    (void)trouble_note(t, failure, "%.*s", SLICE_ARGS(message)).code;
    if (diagnostic.len < sizeof t->diagnostic)
        snprintf(t->diagnostic, sizeof t->diagnostic, "%.*s", SLICE_ARGS(diagnostic));
    t->http = error->http;
    snprintf(t->code, sizeof t->code, "%.*s", SLICE_ARGS(error->code));
    snprintf(t->request_id, sizeof t->request_id, "%.*s", SLICE_ARGS(error->request_id));
    text_make_printable(t->code);
    text_make_printable(t->request_id);
    text_make_printable(t->diagnostic);
    return failure;
}

/* ---- exit codes: those that do not follow from the HTTP status */

static const struct {
    enum status_code failure;
    enum outcome outcome;
} outcomes[] = {
    {STATUS_OK, OUTCOME_OK},
    {FAILURE_DRY_RUN, OUTCOME_OK},
    {FAILURE_USAGE, OUTCOME_USAGE},
    {FAILURE_UNKNOWN_OPERATION, OUTCOME_ERROR},
    {FAILURE_UNSUPPORTED_METHOD, OUTCOME_ERROR},
    {FAILURE_OUT_OF_MEMORY, OUTCOME_ERROR},
    {FAILURE_DISK_FULL, OUTCOME_ERROR},
    {FAILURE_READ_ONLY, OUTCOME_ERROR},
    {FAILURE_INCOMPLETE_SIGNATURE, OUTCOME_DENIED},
    {FAILURE_BAD_SIGNATURE, OUTCOME_DENIED},
    {FAILURE_INACTIVE_ACCESS_KEY, OUTCOME_DENIED},
    {FAILURE_NONCE_USED, OUTCOME_DENIED},
    {FAILURE_REQUEST_EXPIRED, OUTCOME_DENIED},
    {FAILURE_BAD_SECURITY_TOKEN, OUTCOME_DENIED},
    {FAILURE_SECURITY_TOKEN_EXPIRED, OUTCOME_DENIED},
    {FAILURE_SECURITY_TOKEN_MISMATCH, OUTCOME_DENIED},
    {FAILURE_ANONYMOUS, OUTCOME_DENIED},
    {FAILURE_APPROVAL_REQUIRED, OUTCOME_PENDING},
    {FAILURE_ALIAS_EXISTS, OUTCOME_CONFLICT},
    {FAILURE_VERIFICATION, OUTCOME_VERIFICATION},
    {FAILURE_CORRUPT, OUTCOME_VERIFICATION},
    {FAILURE_BAD_DIGEST, OUTCOME_VERIFICATION},
    {FAILURE_BAD_CRC, OUTCOME_VERIFICATION},
    {FAILURE_BAD_BODY_HASH, OUTCOME_VERIFICATION},
    {FAILURE_TIMEOUT, OUTCOME_TIMEOUT},
};

enum outcome outcome_of(status failure) {
    for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++)
        if (outcomes[i].failure == failure.code) return outcomes[i].outcome;
    const failure_row *row = failure_get(failure.code);
    switch (failure_shown(row).http) {
    case 403: return OUTCOME_DENIED;
    case 404: return OUTCOME_NOT_FOUND;
    case 409:
    case 412: return OUTCOME_CONFLICT;
    case 429:
    case 503: return OUTCOME_UNAVAILABLE;
    default: return OUTCOME_ERROR;
    }
}

/* ---- what to try next */

static const struct {
    enum status_code failure;
    const char *next;
} hints[] = {
    {FAILURE_KEY_NOT_FOUND, "`keyhold key list` shows the account's keys"},
    {FAILURE_ALIAS_NOT_FOUND, "`keyhold alias list` shows the account's aliases"},
    {FAILURE_APPROVAL_REQUIRED,
     "`keyhold approval request` asks for it, with the operation and exactly these parameters"},
    {FAILURE_ALIAS_EXISTS, "`keyhold alias update` lets it name another key"},
    {FAILURE_KEY_DISABLED, "`keyhold key enable` lets it be used again"},
    {FAILURE_KEY_PENDING_DELETION, "`keyhold key cancel-deletion` calls the deletion off"},
    {FAILURE_KEY_PENDING_IMPORT, "`keyhold key import KEY FILE` brings its material"},
    {FAILURE_KEY_PROTECTED, "`keyhold key unprotect` switches the protection off"},
    {FAILURE_USER_NOT_FOUND, "`keyhold user list` shows the account's users"},
    {FAILURE_USER_HAS_ACCESS_KEY, "`keyhold access-key list USER` shows what to delete first"},
    {FAILURE_USER_HAS_POLICY, "`keyhold policy list-for-user USER` shows what to detach first"},
    {FAILURE_ACCESS_KEY_NOT_FOUND, "`keyhold access-key list USER` shows a user's access keys"},
    {FAILURE_POLICY_NOT_FOUND, "`keyhold policy list` shows all policies; a system policy needs --type System"},
    {FAILURE_POLICY_IN_USE, "`keyhold policy detach` takes it away from a user"},
    {FAILURE_POLICY_HAS_VERSIONS, "`keyhold policy versions` shows what to delete first"},
    {FAILURE_POLICY_VERSION_LIMIT, "`keyhold policy delete-version` makes room"},
    {FAILURE_BUCKET_NOT_FOUND, "`keyhold bucket list` shows the account's buckets"},
    {FAILURE_BUCKET_NOT_EMPTY, "`keyhold object rm BUCKET/ --recursive` empties it"},
    {FAILURE_OBJECT_NOT_FOUND, "`keyhold object ls BUCKET` shows what is there"},
    {FAILURE_EVENT_NOT_FOUND, "`keyhold trail events` shows the newest events with their ids"},
    {FAILURE_BAD_SIGNATURE,
     "check the access key's id and its secret: `keyhold configure`, or KEYHOLD_ACCESS_KEY_ID and "
     "KEYHOLD_ACCESS_KEY_SECRET_FILE"},
    {FAILURE_INACTIVE_ACCESS_KEY, "`keyhold access-key update ID Active`, signed with another access key"},
    {FAILURE_REQUEST_EXPIRED, "set this machine's clock, or the server's"},
    {FAILURE_SECURITY_TOKEN_EXPIRED, "`keyhold login` or `keyhold session` gives new credentials"},
    {FAILURE_CLOSED, "`keyhold doctor` looks for the cause; --wait SECONDS keeps trying"},
    {FAILURE_THROTTLED, "try again later; --wait SECONDS keeps trying"},
};

static const char *hint_for(status failure) {
    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++)
        if (hints[i].failure == failure.code) return hints[i].next;
    return NULL;
}

void trouble_print(const trouble *t, const char *attempted, const char *action) {
    bool is_denied = FAILED_WITH(t->failure, NO_PERMISSION);
    const char *hint = t->next[0] ? t->next : hint_for(t->failure);
    const char *why = t->why[0] ? t->why : failure_get(t->failure.code)->message;
    fprintf(stderr, "keyhold: %s%s%s\n", attempted, attempted[0] ? ": " : "", why);
    if (t->code[0]) fprintf(stderr, "  code:    %s (HTTP %d)\n", t->code, t->http);
    if (t->request_id[0]) fprintf(stderr, "  request: %s\n", t->request_id);
    if (is_denied && action && !t->next[0])
        fprintf(stderr, "  next:    ask the account's owner for a policy that allows %s\n", action);
    else if (hint) fprintf(stderr, "  next:    %s\n", hint);
    if (t->diagnostic[0]) fprintf(stderr, "  why:     keyhold policy explain %s\n", t->diagnostic);
}
