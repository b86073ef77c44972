/* Approvals that were used, and by which signed request. In memory only. */
#ifndef CUSTODY_SPENT_H
#define CUSTODY_SPENT_H

#include "base/slice.h"
#include "base/status.h"

enum { SPENT_MOST = 8192, SPENT_MARK_BYTES = 16 };

typedef struct spent_list {
    struct spent {
        uint8_t approval[SPENT_MARK_BYTES], signature[SPENT_MARK_BYTES]; /* beginnings of SHA-256 */
        int64_t until_s;
    } at[SPENT_MOST];
    size_t count;
} spent_list;

/* THROTTLED when there is no room for so many more. */
status spent_make_room(spent_list *l, size_t count, int64_t now_s);
/* APPROVAL_REQUIRED when the approval was used by a request with another signature: the same one may run its acts again. */
status spent_check(const spent_list *l, slice approval, slice signature);
/* Notes it until it has expired; there is room. */
status spent_note(spent_list *l, slice approval, slice signature, int64_t until_s);

#endif
