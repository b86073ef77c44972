/* The way of a request through core, as a staged pipeline. Every stage is a queue worked in batches once a loop turn:
 *
 *   arrived    who asks, may they, what does it mean (prepare)
 *   vault      it verifies the signature and only then uses the keys
 *   finish     what the vault's part comes to; for bodies: on disk, then keep
 *   commit     all changes of the turn in one durable transaction
 *   record     the events, durable too
 *   reply
 *
 * Nothing here waits; nothing is answered before its event is durable. */
#ifndef SERVICE_SERVE_H
#define SERVICE_SERVE_H

#include "service/call.h"
#include "system/channel.h"

typedef struct serve serve;

enum { SERVE_GATEWAYS_MOST = 64, SERVE_CALLS_MOST = 8192 };

/* Nonces are kept beneath the folder as well (access/nonce_log.h), so that a process that starts anew takes no request for a second time. */
status serve_remember_nonces(serve *s, slice folder, slice boot);
/* The house must outlive it. */
status serve_new(house *h, serve **out);
void serve_free(serve *s);

/* Channels may come and go at any time; NULL: lost. What was under way on a lost one fails with CLOSED, but events not yet
 * acknowledged are sent again to the next auditor. Channels stay the caller's. */
void serve_use_gateway(serve *s, int64_t index, channel *c);
void serve_use_vault(serve *s, channel *c);
void serve_use_auditor(serve *s, channel *c);

/* Frames from the three sides. A failure means the peer broke the rules: close that channel. */
status serve_from_gateway(serve *s, int64_t index, slice frame);
status serve_from_vault(serve *s, slice frame);
status serve_from_auditor(serve *s, slice frame);

/* Works all queues; call at the end of every loop turn. True: there is more to do at once. */
bool serve_turn(serve *s);

/* At start: events of changes that were committed but not acknowledged by the auditor before the last end are sent again. */
status serve_recover(serve *s);

/* For a clean stop: nothing of Keyhold's own is begun any more. What is under way goes on. */
void serve_end(serve *s);
/* Calls under way, for a clean stop. */
size_t serve_busy(const serve *s);

/* Begins the rotations that are due: call now and then. */
void serve_rotate_due(serve *s, int64_t now_s);
/* The same for secrets. */
void serve_renew_due(serve *s, int64_t now_s);

/* Who has to wait before logging in again: recalled once at start, kept now and then. */
status serve_recall_tries(serve *s);
void serve_keep_tries(serve *s, int64_t now_s);

/* The bootstrap of an account, once: asks the vault for an account key, a root access key and the service key, stores them, records it. Ends with
 * a call of `done`. When the account is there already: is_new false and no secret. */
typedef void serve_bootstrapped(void *context, const bootstrapped_message *result);
status serve_bootstrap(serve *s, const bootstrap_message *wish, serve_bootstrapped *done, void *context);

#endif
