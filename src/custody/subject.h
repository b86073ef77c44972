/* The subject of a certificate as people write it: a distinguished name (RFC 4514). */
#ifndef CUSTODY_SUBJECT_H
#define CUSTODY_SUBJECT_H

#include "base/arena.h"
#include "crypto/request.h"

/* TYPE=VALUE parts divided by commas, the types CN, OU, O, L, ST, C, STREET, DC, UID, E (or EMAILADDRESS), SERIALNUMBER, POSTALCODE in
 * either case; in values a backslash before one of  , + " \ < > ; # = and space, or before two hex digits. There must be a CN. Refused
 * (CERTIFICATE_SUBJECT) beside what RFC 4514 refuses: several values in one part ('+'), '#' and hex, types by number, text that is not
 * UTF-8, control characters, more than REQUEST_PARTS_MOST parts. Values live in the arena or in `text`. */
status subject_read(slice text, arena *memory, name_part parts[REQUEST_PARTS_MOST], size_t *count);

#endif
