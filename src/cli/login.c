/* keyhold login, keyhold logout: a session of a person, kept beside the profile until they log out or it lapses. */
#include <stdio.h>

#include "base/text.h"
#include "cli/run.h"
#include "cli/terminal.h"

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
    bool has_code = !slice_is_absent(argument_find(inv, "Code"));
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
    fprintf(stderr, "keyhold: logged in until %.*s; `keyhold logout` ends it here\n", SLICE_ARGS(until));
    if (resets)
        fprintf(stderr, "keyhold: the password has to be changed first: keyhold login-profile change-password\n");
    if (binds)
        fprintf(stderr,
                "keyhold: a device for one-time codes has to be bound first: keyhold mfa create, keyhold mfa bind\n");
}

static status keep(client *c, const json *made) {
    profile p = c->profile;
    const json *given = json_member(made, SLICE("Credentials"));
    bool is_whole = json_get_text(json_member(given, SLICE("AccessKeyId")), &p.access_key_id) &&
                    json_get_text(json_member(given, SLICE("AccessKeySecret")), &p.access_key_secret) &&
                    json_get_text(json_member(given, SLICE("SecurityToken")), &p.security_token);
    if (!is_whole) return trouble_note(&c->inv->trouble, FAIL(MALFORMED), "The answer has no session.");
    return profile_save_session(c->inv, profile_name(c->inv), &p);
}

static status login(invocation *inv) {
    OWNED(client) c = {0};
    result r;
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
     .run = login},
};

extern const noun login_noun;
const noun login_noun = {"login", "Log in with a password; later calls are signed with the session.", login_rows, 1};

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
