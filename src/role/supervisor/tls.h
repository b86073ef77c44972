/* Certificates in the data folder: HTTPS works from the first start on, under a local authority. */
#ifndef ROLE_SUPERVISOR_TLS_H
#define ROLE_SUPERVISOR_TLS_H

#include "contract/settings.h"

/* Makes tls/ca.pem and ca.key, tls/server.pem and server.key where a pair is missing; sets *is_new then. A pair of the
 * owner's own stays. */
status tls_make(int folder_fd, const settings *s, bool *is_new);
/* The server's certificate followed by its key, as a file in memory. Warns in the log when it ends soon. */
status tls_hold(int folder_fd, int *out, buffer *complaint);

#endif
