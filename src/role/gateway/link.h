/* The gateway's side of the channel to core: requests under way, their answers and deadlines, and what happens when core
 * goes away and comes back. */
#ifndef ROLE_GATEWAY_LINK_H
#define ROLE_GATEWAY_LINK_H

#include "contract/message.h"
#include "system/channel.h"

enum { LINK_ANSWER_WITHIN_MS = 30000, LINK_CALLS_MAX = 1 << 16 };

typedef struct core_link core_link;

/* Core answered. The message is valid during the call only; the descriptors belong to the callee. */
typedef void core_replied(void *context, const reply_message *reply, const int *fds, size_t fd_count);
/* No answer will come: CLOSED (core went away) or TIMEOUT. */
typedef void core_failed(void *context, status why);

/* One request under way; part of whatever asks. Start with the callbacks and {0} elsewhere. */
typedef struct core_call {
    core_replied *on_reply;
    core_failed *on_failure;
    void *context;
    /* private to link.c */
    int64_t id; /* 0: not under way */
    int64_t deadline_ms;
    bool is_awaited; /* an answer is due by the deadline */
} core_call;

/* OUT_OF_MEMORY. */
status core_link_new(loop *l, core_link **out);
/* Takes over the connected socket; a channel before this one is dropped, its calls fail with CLOSED. */
status core_link_connect(core_link *link, int fd);
bool core_link_is_open(const core_link *link);

/* Sends the request under a fresh number and waits for the answer. CLOSED (no core now), TOO_LARGE (no frame holds it),
 * OUT_OF_MEMORY; nothing is under way then. After its answer the call is over, unless the answer had a plan to store or
 * copy a body: then core_link_tell_body or core_link_drop follows. */
status core_link_ask(core_link *link, core_call *call, request_message *request);
/* Reports how the body of a plan went and waits for the answer. */
status core_link_tell_body(core_link *link, core_call *call, body_message *body);
/* Reports something about a call that is over, for the log and the trail; no answer comes. */
void core_link_note_body(core_link *link, int64_t id, slice request_id, enum status_code failure);
/* Tells core that nobody waits any more. Does nothing for a call that is not under way. */
void core_link_drop(core_link *link, core_call *call);

/* Calls under way. */
size_t core_link_count(const core_link *link);
/* Closes the channel and frees; calls under way fail with CLOSED before. */
void core_link_free(core_link *link);

#endif
