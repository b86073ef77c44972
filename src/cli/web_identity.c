/* Nobody signs these calls: the token stands for a signature. */
#include "cli/web_identity.h"

#include <stdlib.h>

#include "base/text.h"
#include "cli/value.h"

enum { TOKEN_BYTES_MOST = 20000 };

/* ---- the environment */

static slice variable(const char *name) {
    const char *value = getenv(name);
    return value && *value ? slice_of_text(value) : (slice){0};
}

/* One cloud's variables. */
static const struct family {
    const char *file, *role, *provider, *session_name;
} FAMILIES[] = {
    {"ALIBABA_CLOUD_OIDC_TOKEN_FILE", "ALIBABA_CLOUD_ROLE_ARN", "ALIBABA_CLOUD_OIDC_PROVIDER_ARN",
     "ALIBABA_CLOUD_ROLE_SESSION_NAME"},
    {"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN", NULL, "AWS_ROLE_SESSION_NAME"},
};

static const struct family *family_find(void) {
    for (size_t i = 0; i < sizeof FAMILIES / sizeof *FAMILIES; i++)
        if (!slice_is_absent(variable(FAMILIES[i].file)) && !slice_is_absent(variable(FAMILIES[i].role)))
            return &FAMILIES[i];
    return NULL;
}

slice web_identity_role(void) {
    slice role = variable(FAMILIES[0].role);
    return slice_is_absent(role) ? variable(FAMILIES[1].role) : role;
}

bool web_identity_in_environment(void) { return family_find() != NULL; }

/* The file may be replaced any time, so it is read each time. */
status web_identity_from_environment(invocation *inv, web_identity *out) {
    const struct family *of = family_find();
    web_identity found = {0};
    slice text;
    ENSURE(of != NULL, NOT_FOUND);
    TRY(value_read_file(inv, variable(of->file), TOKEN_BYTES_MOST, &text));
    found.token = slice_trim(text);
    found.role = variable(of->role);
    found.session_name = variable(of->session_name);
    if (of->provider) found.provider = variable(of->provider);
    *out = found;
    return OK;
}

/* ---- which provider a token means */

/* Its claim, which nobody believes: the server looks the provider up by it, and then checks the token. */
static status issuer_of(invocation *inv, slice token, slice *out) {
    slice rest = token, header, claims, text;
    const json *said;
    bool is_read = slice_split(&rest, '.', &header) && slice_split(&rest, '.', &claims);
    is_read = is_read && !FAILED(base64url_decode(claims, &inv->memory, &text));
    is_read = is_read && !FAILED(json_parse(text, &inv->memory, &said, NULL));
    if (is_read && json_get_text(json_member(said, SLICE("iss")), out)) return OK;
    trouble_advise(&inv->trouble, "name the provider, acs:ram::ACCOUNT:oidc-provider/NAME");
    return trouble_note(&inv->trouble, FAIL(USAGE), "The token does not say who its issuer is.");
}

/* ---- the call */

enum { PARAMETERS_MOST = 6 };

static void add(pair_list *to, const char *name, slice value) {
    if (!slice_is_absent(value)) to->at[to->count++] = (pair){slice_of_text(name), value};
}

static status ask(client *c, const web_identity *w, result *out) {
    pair held[PARAMETERS_MOST];
    pair_list parameters = {held, 0};
    slice issuer = {0};
    bool is_token = !slice_is_absent(w->token);
    add(&parameters, "RoleArn", w->role);
    add(&parameters, "DurationSeconds", w->duration);
    if (!is_token) {
        add(&parameters, "SAMLProviderArn", w->provider);
        add(&parameters, "SAMLAssertion", w->assertion);
        return call_rpc(c, OPERATION_ASSUME_ROLE_WITH_SAML, parameters, out);
    }
    if (slice_is_absent(w->provider)) TRY(issuer_of(c->inv, w->token, &issuer));
    add(&parameters, "OIDCProviderArn", w->provider);
    add(&parameters, "Issuer", issuer);
    add(&parameters, "OIDCToken", w->token);
    add(&parameters, "RoleSessionName", slice_is_absent(w->session_name) ? SLICE("keyhold") : w->session_name);
    return call_rpc(c, OPERATION_ASSUME_ROLE_WITH_OIDC, parameters, out);
}

status web_identity_credentials(invocation *inv, const json *made, profile *to) {
    const json *given = json_member(made, SLICE("Credentials"));
    bool is_whole = json_get_text(json_member(given, SLICE("AccessKeyId")), &to->access_key_id) &&
                    json_get_text(json_member(given, SLICE("AccessKeySecret")), &to->access_key_secret) &&
                    json_get_text(json_member(given, SLICE("SecurityToken")), &to->security_token);
    return is_whole ? OK : trouble_note(&inv->trouble, FAIL(MALFORMED), "The answer has no session.");
}

status web_identity_take(client *c, const web_identity *w, profile *to, const json **out) {
    result r;
    TRY(ask(c, w, &r));
    TRY(web_identity_credentials(c->inv, r.value, to));
    *out = r.value;
    return OK;
}
