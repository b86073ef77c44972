/* Where the server is and who we are: from flags, the environment, or a profile, ~/.config/keyhold/NAME.conf. */
#ifndef CLI_PROFILE_H
#define CLI_PROFILE_H

#include "cli/invocation.h"

/* All slices are followed by a NUL and live in the invocation's memory. */
typedef struct profile {
    slice endpoint; /* "https://127.0.0.1:8443", without a slash at the end */
    slice host;     /* as the Host header has it */
    slice ca;       /* file of certificates to trust; absent: the system's */
    slice region;
    slice access_key_id; /* absent: none was found */
    slice access_key_secret;
    slice security_token; /* absent for keys that do not lapse */
    const char *told_by;  /* where the access key was found, for messages */
    bool is_loopback;
} profile;

/* A flag wins. With --profile (or KEYHOLD_PROFILE) the profile comes next and then the environment; otherwise the
 * environment, then the profile "default". Access keys that other tools keep in the environment come last
 * (ALIBABA_CLOUD_ACCESS_KEY_ID, OSS_ACCESS_KEY_ID). Id and secret always come from the same place. USAGE, NOT_FOUND
 * (a named profile), MALFORMED, with the reason in inv->trouble. */
status profile_load(invocation *inv, profile *out);
/* The same, but an access key must have been found. */
status profile_load_with_key(invocation *inv, profile *out);

/* Writes NAME.conf, and NAME.secret and NAME.token beside it, in the folder of profiles (mode 0700, files 0600),
 * replacing older ones. USAGE for a name that is none, NOT_FOUND when there is no such authority file. */
status profile_save(invocation *inv, slice name, const profile *given);

/* Keeps a session beside the profile, NAME.login.conf and its like: later calls with this profile use it until profile_end_session.
 * Removing what is not there: NOT_FOUND. */
status profile_save_session(invocation *inv, slice name, const profile *given);
status profile_end_session(invocation *inv, slice name);

/* The profile that is asked for, "default" when none is. */
slice profile_name(const invocation *inv);

/* ~/.config/keyhold, or below XDG_CONFIG_HOME, with "/name" behind. NOT_FOUND without a home folder. */
status profile_path(invocation *inv, const char *name, slice *out);

#endif
