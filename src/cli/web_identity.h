/* Sessions for a token or an assertion that somebody else vouches with: asked for on the command line, or, where no access key is known,
 * what the environment of a workload says. */
#ifndef CLI_WEB_IDENTITY_H
#define CLI_WEB_IDENTITY_H

#include "cli/call.h"

typedef struct web_identity {
    slice token, assertion; /* one of them; an assertion as its provider gave it, base64 */
    slice role, provider;   /* ARNs; of a token's provider absent: the issuer that the token names */
    slice session_name;     /* of a token; absent: "keyhold" */
    slice duration;         /* seconds; absent: the server's standard */
} web_identity;

/* What the variables of either cloud's SDKs say: ALIBABA_CLOUD_OIDC_TOKEN_FILE, ALIBABA_CLOUD_ROLE_ARN and
 * ALIBABA_CLOUD_OIDC_PROVIDER_ARN, or AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN; ALIBABA_CLOUD_ROLE_SESSION_NAME and
 * AWS_ROLE_SESSION_NAME if there are. False when neither names a token's file and a role. The file is not read yet. */
bool web_identity_in_environment(void);
/* The role that they name; absent. */
slice web_identity_role(void);
status web_identity_from_environment(invocation *inv, web_identity *out);

/* The Credentials of an answer into a profile. MALFORMED. */
status web_identity_credentials(invocation *inv, const json *made, profile *to);

/* Takes the role on: the answer, whose Credentials are noted in *to. The client needs no key for it. */
status web_identity_take(client *c, const web_identity *w, profile *to, const json **out);

#endif
