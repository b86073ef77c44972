/* keyhold configure: keeps endpoint and access key in a profile. Everything can be given by flags; what is not is asked
 * for on a terminal. */
#include <stdio.h>

#include "cli/profile.h"
#include "cli/run.h"
#include "cli/terminal.h"
#include "cli/value.h"

enum { SECRET_BYTES_MOST = 4096 };

static const command_flag flags[] = {
    {"access-key-id", "ID", "the access key's id"},
    {"secret-file", "FILE", "a file with its secret, or - for stdin; the secret itself is never typed in place"},
    {NULL, NULL, NULL},
};

typedef struct wanted {
    const char *question;
    enum terminal_echo echo;
    slice standard; /* for an empty answer */
} wanted;

static status ask(invocation *inv, const wanted *w, slice *to) {
    OWNED(buffer) line = {0};
    slice question;
    if (!slice_is_absent(*to)) return OK;
    if (w->standard.len)
        TRY(arena_printf(&inv->memory, &question, "%s [%.*s]: ", w->question, SLICE_ARGS(w->standard)));
    else TRY(arena_printf(&inv->memory, &question, "%s: ", w->question));
    status asked = terminal_ask((const char *)question.at, w->echo, &line);
    if (!FAILED(asked)) asked = arena_copy(&inv->memory, slice_trim(buffer_slice(&line)), to);
    buffer_wipe(&line);
    if (FAILED(asked)) {
        trouble_advise(&inv->trouble, "without a terminal give --access-key-id ID and --secret-file FILE");
        return trouble_note(&inv->trouble, FAIL(USAGE), "%s is missing.", w->question);
    }
    if (slice_is_empty(*to)) *to = w->standard;
    return OK;
}

static status fill(invocation *inv, profile *p) {
    const wanted ENDPOINT = {"Endpoint", TERMINAL_SHOWN, p->endpoint}, ID = {"Access key id", TERMINAL_SHOWN, {0}};
    const wanted SECRET = {"Access key secret", TERMINAL_HIDDEN, {0}};
    slice id = {0}, typed_secret = {0}, file, endpoint = inv->endpoint;
    bool is_told = flag_find(inv, "access-key-id", &id);
    if (flag_find(inv, "secret-file", &file)) TRY(value_read_file(inv, file, SECRET_BYTES_MOST, &typed_secret));
    if (slice_is_absent(endpoint) && is_told) endpoint = p->endpoint;
    TRY(ask(inv, &ENDPOINT, &endpoint));
    TRY(ask(inv, &ID, &id));
    TRY(ask(inv, &SECRET, &typed_secret));
    p->endpoint = endpoint;
    p->access_key_id = slice_trim(id);
    p->access_key_secret = slice_trim(typed_secret);
    p->security_token = (slice){0};
    if (slice_is_empty(p->access_key_id) || slice_is_empty(p->access_key_secret))
        return trouble_note(&inv->trouble, FAIL(USAGE), "An access key has an id and a secret, both not empty.");
    return OK;
}

static status configure(invocation *inv) {
    profile p;
    slice name = slice_is_absent(inv->profile) ? SLICE("default") : inv->profile, path;
    inv->profile = (slice){0}; /* it need not exist */
    TRY(profile_load(inv, &p));
    TRY(fill(inv, &p));
    inv->endpoint = p.endpoint;
    profile checked;
    TRY(profile_load(inv, &checked)); /* an endpoint typed just now is checked as any other */
    p.endpoint = checked.endpoint;
    if (inv->is_dry_run) return run_describe(inv);
    TRY(profile_save(inv, name, &p));
    TRY(profile_path(inv, "", &path));
    if (!inv->is_quiet)
        fprintf(stderr, "keyhold: configure: profile %.*s is in %.*s\n", SLICE_ARGS(name), SLICE_ARGS(path));
    return OK;
}

static const command rows[] = {
    {.flags = flags,
     .run = configure,
     .help = "Keeps endpoint, authority (--ca) and access key in a profile (--profile NAME)."},
};

extern const noun configure_noun;
const noun configure_noun = {"configure", "Keep endpoint and access key in a profile.", rows, 1};
