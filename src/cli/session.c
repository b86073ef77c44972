/* keyhold session, keyhold whoami: credentials that lapse by themselves, and who they belong to. */
#include "cli/access_key.h"

static const command session_rows[] = {
    {.operation = OPERATION_GET_SESSION_TOKEN,
     .short_names = "DurationSeconds=duration",
     .name = "AccessKeyId",
     .flags = access_key_flags,
     .run = access_key_create},
};

extern const noun session_noun;
const noun session_noun = {"session", "Credentials that lapse by themselves, with your own permissions.", session_rows,
                           1};

static const command whoami_rows[] = {{.operation = OPERATION_GET_CALLER_IDENTITY, .name = "Arn"}};

extern const noun whoami_noun;
const noun whoami_noun = {"whoami", "Who the server takes you for.", whoami_rows, 1};
