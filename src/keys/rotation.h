/* Automatic rotation: which keys may, how it stands, and when the next one is due. */
#ifndef KEYS_ROTATION_H
#define KEYS_ROTATION_H

#include "keys/key.h"

/* In days; how short it may be is a setting, 7 days unless set otherwise. */
enum { ROTATION_DAYS_MOST = 2560, ROTATION_DAYS_STANDARD = 365 };

/* Symmetric, and made here: whoever brought their own key brings the next one too. */
bool rotation_is_possible(const key_record *key);
/* Disabled, Enabled, or Suspended while the key is not Enabled. */
int rotation_status(const key_record *key);
/* Last rotation, or making, plus the interval; absent when automatic rotation is off. It may lie in the past: then it is due at once. */
maybe_int rotation_next(const key_record *key);

/* The index of what is due: rotation/<when, 16 digits>/<store key of the key>. */
#define ROTATION_PREFIX SLICE("rotation/")
status rotation_path(int64_t due_s, slice key_path, arena *memory, slice *out);
/* When the entry of this store key is due. CORRUPT. */
status rotation_path_read(slice path, int64_t *due_s);

#endif
