/* keyhold trail: what happened, and the proof of it. */
#include "cli/trail.h"

#define FILTERS                                                                                                        \
    {"name", "EVENT", "events of this name: Decrypt"}, {"user", "USER", "events of this user: alice, or root"},        \
        {"resource", "NAME", "events about this resource: a key's id, a bucket"},                                      \
        {"event-id", "ID", "the event of this id"}, {"request-id", "ID", "the event of this request"},                 \
        {"access-key", "ID", "events signed with this access key"}, {                                                  \
        "service", "NAME", "Kms, Ram, Sts, Oss, Actiontrail"                                                           \
    }

static const command_flag event_flags[] = {
    FILTERS,
    {"from", "TIME", "not before: 2024-05-20T06:34:21Z, 2024-05-20, -2h; a week ago unless given"},
    {"to", "TIME", "not after; now unless given"},
    {"limit", "N", "at most so many events, 20 unless given"},
    {"max-results", "N", "the same"},
    {"oldest-first", NULL, "the other order"},
    {NULL, NULL, NULL},
};

static const command_flag follow_flags[] = {
    FILTERS,
    {"from", "TIME", "begin with the events since then; now unless given"},
    {"limit", "N", "stop after so many events"},
    {"all", NULL, "show this command's own look-ups, too"},
    {NULL, NULL, NULL},
};

static const command_flag verify_flags[] = {
    {"vkey", "FILE",
     "the log's public key, kept since earlier or got from its owner; without it the copy's own is used"},
    {"earlier", "FILE", "a checkpoint kept since earlier: the log must be a continuation of it"},
    {NULL, NULL, NULL},
};

static const command_flag check_flags[] = {
    {"vkey", "FILE", "the log's public key"},
    {NULL, NULL, NULL},
};

#define COLUMNS                                                                                                        \
    "eventTime=TIME eventName=EVENT userIdentity.userName=USER resourceName=RESOURCE errorCode=ERROR eventId=ID"
#define QUESTION "StartTime EndTime Direction MaxResults NextToken LookupAttribute"

static const command rows[] = {
    {.verb = "events",
     .operation = OPERATION_LOOKUP_EVENTS,
     .hidden = QUESTION,
     .columns = COLUMNS,
     .name = "eventId",
     .flags = event_flags,
     .run = trail_events},
    {.verb = "follow",
     .operation = OPERATION_LOOKUP_EVENTS,
     .hidden = QUESTION,
     .columns = COLUMNS,
     .name = "eventId",
     .flags = follow_flags,
     .run = trail_follow,
     .help = "Shows events as they are recorded, until it is stopped."},
    {.verb = "verify",
     .words = "DIR",
     .flags = verify_flags,
     .run = trail_verify,
     .help = "Checks a copied trail without any server: every entry, every hash, the signature. Exit code 7 when "
             "anything differs."},
    {.verb = "proof",
     .operation = OPERATION_GET_EVENT_PROOF,
     .positional = "EventId",
     .saved = "Proof",
     .run = trail_proof,
     .help = "Proves that an event is in the trail; --out FILE keeps the proof with the event in it."},
    {.verb = "check-proof",
     .words = "FILE",
     .flags = check_flags,
     .run = trail_check_proof,
     .help = "Checks a proof without any server, and shows the event that it proves."},
    {.verb = "checkpoint", .operation = OPERATION_GET_CHECKPOINT, .name = "Checkpoint", .saved = "Checkpoint"},
};

extern const noun trail_noun;
const noun trail_noun = {"trail", "The record of every use: look up, follow, prove, verify.", rows,
                         sizeof rows / sizeof *rows};
