/* Moving an object's bytes between the server and a file, checksummed on the way. */
#ifndef CLI_TRANSFER_H
#define CLI_TRANSFER_H

#include "cli/call.h"

/* Stores the file ("-": stdin, of any length) as the order says. The server's CRC-64 must be that of the bytes sent:
 * VERIFICATION otherwise. */
status transfer_put(client *c, const oss_order *order, slice path, result *out);

/* Fetches the object into the file ("-": stdout). The bytes go to a temporary file beside it, which takes the name only
 * when their CRC-64 is the one the server gives; otherwise VERIFICATION, and what was there before stays. */
status transfer_get(client *c, const oss_order *order, slice path, result *out);

#endif
