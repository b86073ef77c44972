/* The account and root access key somebody chose, instead of ones made at random. */
#ifndef ROLE_SUPERVISOR_CREDENTIALS_H
#define ROLE_SUPERVISOR_CREDENTIALS_H

#include "base/arena.h"
#include "base/buffer.h"

enum { ACCOUNT_DIGITS_LEAST = 12, ACCOUNT_DIGITS_MOST = 16 };

/* Absent slices: to be made. */
typedef struct chosen_account {
    arena memory; /* wiped by chosen_account_clear */
    slice account_id;
    slice access_key_id;
    slice access_key_secret;
    bool is_file_open_to_others; /* somebody else may read the key file */
} chosen_account;
void chosen_account_clear(chosen_account *c);

/* Checks the account id and reads the key file; either may be NULL. The file has the access key id on its first line
 * and the secret on its second, or lines "access_key_id = …" and "access_key_secret = …"; blank lines and comments
 * (#) may stand between. INVALID_PARAMETER, NOT_FOUND, and those of files_read; *complaint says what is wrong, never
 * with a secret in it. */
status chosen_account_read(const char *account_id, const char *key_file, chosen_account *out, buffer *complaint);

#endif
