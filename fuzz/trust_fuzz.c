/* Any bytes as a role's trust policy: whom the whole policy lets in, the vault's reading of it never refuses. */
#include <stdlib.h>

#include "access/policy.h"
#include "custody/trust.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ACCOUNT "1000000000000001"

/* One who comes with a token or an assertion, as core and as the vault know them. */
typedef struct comer {
    const char *actions[2];
    policy_caller caller;
    const condition_value *conditions;
    size_t condition_count;
    trust_question question;
} comer;

static bool core_admits(const policy *p, const comer *who) {
    bool is_allowed = false;
    for (size_t i = 0; i < 2; i++) {
        policy_request request = {slice_of_text(who->actions[i]),
                                  SLICE("acs:ram::" ACCOUNT ":role/r"),
                                  who->conditions,
                                  who->condition_count,
                                  1716186861,
                                  &who->caller};
        enum policy_reach reach;
        enum decision decision = policy_consult(p, &request, &reach, NULL);
        if (decision == DECISION_EXPLICIT_DENY) return false;
        is_allowed |= decision == DECISION_ALLOW && reach != REACH_NONE;
    }
    return is_allowed;
}

/* Core refuses what lets everybody in. */
static bool lets_everybody_in(const policy *p, const comer *who) {
    comer nobody = *who;
    nobody.caller.federated = (slice){0};
    return core_admits(p, &nobody);
}

static void compare(const policy *p, slice document, const comer *who) {
    OWNED(arena) memory = {.limit = 16 << 20};
    bool vault_admits = true;
    if (FAILED(trust_admits(document, &who->question, &memory, &vault_admits))) return;
    if (p && !vault_admits && core_admits(p, who) && !lets_everybody_in(p, who)) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const slice NAME = {(const uint8_t *)"ci", 2}, ISSUER = {(const uint8_t *)"https://i.example", 17},
                       SUBJECT = {(const uint8_t *)"alice", 5}, HERE = {(const uint8_t *)"https://here", 12};
    slice audience[] = {SLICE("web"), SLICE("cli")};
    vouched token = {.issuer = ISSUER, .subject = SUBJECT, .audience = {audience, 2}, .party = audience[1]};
    vouched assertion = {.issuer = ISSUER, .subject = SUBJECT, .recipient = HERE};
    const condition_value of_token[] = {
        {SLICE(CONDITION_SESSION_NAME), &NAME, 1},
        {SLICE(CONDITION_OIDC_ISSUER), &ISSUER, 1},
        {SLICE(CONDITION_OIDC_SUBJECT), &SUBJECT, 1},
        {SLICE(CONDITION_OIDC_AUDIENCE), audience, 2},
        {SLICE(CONDITION_OIDC_OF "i.example:sub"), &SUBJECT, 1},
        {SLICE(CONDITION_OIDC_OF "i.example:oaud"), &audience[0], 1},
        {SLICE(CONDITION_OIDC_OF "i.example:aud"), &audience[1], 1},
    };
    const condition_value of_assertion[] = {
        {SLICE(CONDITION_SESSION_NAME), &NAME, 1},
        {SLICE(CONDITION_SAML_ISSUER), &ISSUER, 1},
        {SLICE(CONDITION_SAML_SUBJECT), &SUBJECT, 1},
        {SLICE(CONDITION_SAML_RECIPIENT), &HERE, 1},
    };
    const comer comers[] = {
        {{"sts:AssumeRoleWithOIDC", "sts:AssumeRole"},
         {.account = SLICE(ACCOUNT), .federated = SLICE("acs:ram::" ACCOUNT ":oidc-provider/p")},
         of_token,
         7,
         {SLICE(ACCOUNT), SLICE("oidc-provider/p"), NAME, &token}},
        {{"sts:AssumeRoleWithSAML", "sts:AssumeRole"},
         {.account = SLICE(ACCOUNT), .federated = SLICE("acs:ram::" ACCOUNT ":saml-provider/p")},
         of_assertion,
         4,
         {SLICE(ACCOUNT), SLICE("saml-provider/p"), NAME, &assertion}},
    };
    OWNED(arena) memory = {.limit = 4 << 20};
    slice document = slice_of(data, size), fault = {0};
    policy_source source = {document, POLICY_TRUST, POLICY_BYTES_MOST};
    policy *p = NULL;
    if (FAILED(policy_compile(&source, &memory, &fault, &p))) p = NULL;
    for (size_t i = 0; i < 2; i++) compare(p, document, &comers[i]);
    policy_free(p);
    return 0;
}
