/* Fetching a document that somebody else publishes, over TLS and nothing else. */
#ifndef CLI_FETCH_H
#define CLI_FETCH_H

#include "cli/invocation.h"

/* How the server is reached and known. */
typedef struct fetch_way {
    slice ca;      /* file of the authorities to trust; absent: the system's */
    slice connect; /* HOST:PORT to connect to in place of the URL's; absent: as the URL says */
    slice
        fingerprints; /* SHA-1s in hex, divided by commas: one of them must be of a certificate of its chain; absent: any chain will do */
} fetch_way;

enum { FETCH_BYTES_MOST = 64 << 10 };

/* The document at an https URL, without following redirects. VERIFICATION when the server is not who it should be, CLOSED, TIMEOUT, TOO_LARGE,
 * NOT_FOUND for any answer but 200; with the reason in the invocation's trouble. */
status fetch(invocation *inv, slice url, const fetch_way *way, slice *out);

#endif
