/* The data folder: making it, checking it, and what the supervisor holds open of it.
 *
 *   DIR/root.key  account  keyhold.conf  conf.d/  core/{store.db,blobs/}  trail/  tls/{ca,server}.{pem,key}
 *
 * `account` has the id of the account once it is there: init is done then. */
#ifndef ROLE_SUPERVISOR_FOLDER_H
#define ROLE_SUPERVISOR_FOLDER_H

#include <limits.h>

#include "contract/settings.h"

enum { ROOT_KEY_FILE_BYTES = 32 };

typedef struct data_folder {
    char path[PATH_MAX]; /* absolute */
    int fd;              /* -1: not open */
    int lock_fd;
    int root_key_fd;
    int pem_fd;  /* server.pem followed by server.key, in memory */
    bool is_new; /* something of it was made just now */
} data_folder;

/* One that is not open. */
data_folder data_folder_closed(void);

/* All of these say in *complaint what is wrong and what to do about it. */

/* Makes the folder with parents and everything in it that is not there yet; never replaces. `with_config`: also
 * keyhold.conf from the settings. Locks it. CONFLICT (somebody serves it, or it is not a data folder), NOT_FOUND
 * (root.key is gone while there is data under it), and those of files.h. */
status data_folder_make(const settings *s, bool with_config, data_folder *out, buffer *complaint);
/* Opens one that init has made, locks it. NOT_FOUND (init was not run, or not to its end), CONFLICT. */
status data_folder_open(const settings *s, data_folder *out, buffer *complaint);
/* Chooses and makes an empty folder in memory (/dev/shm, else $TMPDIR or /tmp); to be filled by data_folder_make. */
status data_folder_choose_temporary(char out[PATH_MAX], buffer *complaint);
/* Opens the root key and the certificate for passing on. Once made or opened. */
status data_folder_hold(data_folder *d, buffer *complaint);

/* The account's id, in the arena; absent while there is none. */
status data_folder_account(const char *path, arena *memory, slice *out);
status data_folder_set_account(data_folder *d, slice id);
/* Whether that was done. */
status data_folder_has_account(const data_folder *d, bool *out);

/* Closes what is open. */
void data_folder_clear(data_folder *d);

#endif
