/* keyhold login, keyhold logout: a session of a person, kept beside the profile until they log out or it lapses. */
#include <stdio.h>

#include "base/text.h"
#include "cli/run.h"
#include "cli/terminal.h"
#include "cli/value.h"
#include "cli/web_identity.h"

/* Typed on the terminal; an empty answer sets nothing. */
static status ask(invocation *inv, const char *field_name, const char *question) {
    OWNED(buffer) line = {0};
    slice typed = {0};
    status asked = terminal_ask(question, TERMINAL_HIDDEN, &line);
    if (!FAILED(asked)) asked = arena_copy(&inv->memory, buffer_slice(&line), &typed);
    buffer_wipe(&line);
    if (FAILED(asked)) {
        trouble_advise(&inv->trouble,
                       "without a terminal give --password @FILE, and --code @FILE where there is a device");
        return trouble_note(&inv->trouble, FAIL(USAGE), "%s is missing.", field_name);
    }
    return slice_is_empty(typed) ? OK : argument_set(inv, field_name, typed);
}

/* Whoever is asked for the password is asked for the code as well: the server does not say who has a device. */
static status ask_what_is_missing(invocation *inv) {
    bool has_code =
        !slice_is_absent(argument_find(inv, "Code")) || !slice_is_absent(argument_find(inv, "RecoveryCode"));
    if (!slice_is_absent(argument_find(inv, "Password"))) return OK;
    TRY(ask(inv, "Password", "Password: "));
    return has_code ? OK : ask(inv, "Code", "One-time code (empty without a device): ");
}

static void tell(const invocation *inv, const json *made) {
    bool resets = false, binds = false;
    slice until = {0};
    (void)json_get_bool(json_member(made, SLICE("PasswordResetRequired")), &resets);
    (void)json_get_bool(json_member(made, SLICE("MFABindRequired")), &binds);
    (void)json_get_text(json_member(json_member(made, SLICE("Credentials")), SLICE("Expiration")), &until);
    if (inv->is_quiet) return;
    if (!slice_is_absent(argument_find(inv, "RecoveryCode")))
        fprintf(stderr,
                "keyhold: this session is for a new second factor: keyhold mfa unbind, or keyhold passkey delete; then "
                "keyhold mfa create and bind\n");
    fprintf(stderr, "keyhold: logged in until %.*s; `keyhold logout` ends it here\n", SLICE_ARGS(until));
    if (resets)
        fprintf(stderr, "keyhold: the password has to be changed first: keyhold login-profile change-password\n");
    if (binds)
        fprintf(stderr,
                "keyhold: a device for one-time codes has to be bound first: keyhold mfa create, keyhold mfa bind\n");
}

static status keep(client *c, const json *made) {
    profile p = c->profile;
    TRY(web_identity_credentials(c->inv, made, &p));
    return profile_save_session(c->inv, profile_name(c->inv), &p);
}

/* ---- with a token or an assertion instead of a password */

static const command_flag identity_flags[] = {
    {"oidc-token", "@FILE", "a token of an OpenID Connect provider: takes on the role named with --role"},
    {"saml-assertion", "@FILE", "likewise a SAML response, in base64 or as XML"},
    {"role", "ARN", "the role to take on; otherwise the one that the environment names"},
    {"provider", "ARN", "who vouches; of a token otherwise the issuer that it names"},
    {"session-name", "NAME", "what the session is called, of a token: keyhold unless said otherwise"},
    {NULL, NULL, NULL},
};

enum { ASSERTION_BYTES_MOST = 100000 };

/* Never typed in place: others could see it. */
static status read_brought(invocation *inv, const char *flag, slice *out) {
    slice given, text;
    *out = (slice){0};
    if (!flag_find(inv, flag, &given)) return OK;
    bool is_file = slice_starts_with(given, SLICE("@")), is_stdin = slice_equals_text(given, "-");
    if (!is_file && !is_stdin)
        return trouble_note(&inv->trouble, FAIL(USAGE), "--%s comes from a file: @FILE, or - for stdin.", flag);
    TRY(value_read_file(inv, is_file ? slice_skip(given, 1) : given, ASSERTION_BYTES_MOST, &text));
    *out = slice_trim(text);
    return OK;
}

/* What begins like XML is not in base64 yet. */
static status as_base64(invocation *inv, slice *text) {
    OWNED(buffer) encoded = {0};
    if (!slice_starts_with(*text, SLICE("<"))) return OK;
    TRY(base64_encode(&encoded, *text));
    return arena_copy(&inv->memory, buffer_slice(&encoded), text);
}

static status read_identity(invocation *inv, web_identity *out) {
    web_identity w = {0};
    TRY(read_brought(inv, "oidc-token", &w.token));
    TRY(read_brought(inv, "saml-assertion", &w.assertion));
    TRY(as_base64(inv, &w.assertion));
    if (slice_is_absent(w.token) == slice_is_absent(w.assertion))
        return trouble_note(&inv->trouble, FAIL(USAGE), "Give a token or an assertion, not both.");
    (void)flag_find(inv, "role", &w.role);
    (void)flag_find(inv, "provider", &w.provider);
    (void)flag_find(inv, "session-name", &w.session_name);
    w.duration = argument_find(inv, "DurationSeconds");
    if (slice_is_absent(w.role)) w.role = web_identity_role();
    if (slice_is_absent(w.role)) return trouble_note(&inv->trouble, FAIL(USAGE), "--role is missing.");
    bool needs_provider = !slice_is_absent(w.assertion) && slice_is_absent(w.provider);
    if (needs_provider) return trouble_note(&inv->trouble, FAIL(USAGE), "--provider is missing.");
    *out = w;
    return OK;
}

static bool brings_identity(const invocation *inv) {
    return flag_is_given(inv, "oidc-token") || flag_is_given(inv, "saml-assertion");
}

static status login_with_identity(invocation *inv) {
    OWNED(client) c = {0};
    web_identity w;
    const json *made;
    TRY(read_identity(inv, &w));
    if (inv->is_dry_run) return run_describe(inv);
    TRY(client_open(inv, &c));
    TRY(web_identity_take(&c, &w, &c.profile, &made));
    TRY(profile_save_session(inv, profile_name(inv), &c.profile));
    tell(inv, made);
    return OK;
}

static status login(invocation *inv) {
    OWNED(client) c = {0};
    result r;
    if (brings_identity(inv)) return login_with_identity(inv);
    if (inv->is_dry_run) return run_describe(inv);
    TRY(ask_what_is_missing(inv));
    TRY(client_open(inv, &c));
    TRY(call_operation(&c, &r));
    TRY(keep(&c, r.value));
    tell(inv, r.value);
    return OK;
}

static const command login_rows[] = {
    {.operation = OPERATION_LOGIN,
     .positional = "Account UserName",
     .short_names = "DurationSeconds=duration",
     .flags = identity_flags,
     .instead = "oidc-token saml-assertion",
     .help = "Logs in with a password and, where the user has a device, a one-time code, or takes a role on with a "
             "token or "
             "an assertion; later calls are signed with the session.",
     .run = login},
};

extern const noun login_noun;
const noun login_noun = {"login",
                         "Log in with a password, a token or an assertion; later calls are signed with the session.",
                         login_rows, 1};

static status logout(invocation *inv) {
    slice name = profile_name(inv);
    if (inv->is_dry_run) return run_describe(inv);
    status ended = profile_end_session(inv, name);
    if (FAILED_WITH(ended, NOT_FOUND))
        return trouble_note(&inv->trouble, ended, "Nobody is logged in with the profile %.*s.", SLICE_ARGS(name));
    return ended;
}

static const command logout_rows[] = {
    {.run = logout, .help = "Forgets the session of `keyhold login`; its credentials lapse by themselves."},
};

extern const noun logout_noun;
const noun logout_noun = {"logout", "Forget the session of `keyhold login`.", logout_rows, 1};
