/* What serve.c, record.c and bootstrap.c share: the calls under way and the queues they wait in. Not for handlers. */
#ifndef SERVICE_PIPELINE_H
#define SERVICE_PIPELINE_H

#include "access/nonce_log.h"
#include "base/table.h"
#include "keys/derived.h"
#include "service/said.h"
#include "service/serve.h"

enum stage {
    STAGE_ARRIVED, /* to be identified, authorised, prepared */
    STAGE_VAULT,   /* the vault has it */
    STAGE_FINISH,  /* the vault's answer is here */
    STAGE_BODY,    /* the gateway moves its body */
    STAGE_KEEP,    /* the body is on disk */
    STAGE_TRAIL,   /* the auditor looks something up for it */
    STAGE_COMMIT,  /* changes to be made durable */
    STAGE_APPLIED, /* in the transaction under way */
    STAGE_RECORD,  /* its event to be sent */
    STAGE_BUNDLED, /* its failure will be recorded together with others */
    STAGE_WAIT,    /* its event is not durable yet */
    STAGE_REPLY,   /* to be answered */
    STAGE_COUNT
};

/* An act of Keyhold's own: nobody asked for it now, and the vault uses a key for it only when its owner allowed that before. */
typedef struct own_act {
    const char *event_name;
    /* Plans changes, may ask the vault. NOT_FOUND: there is nothing to do, and nothing to record. */
    status (*prepare)(call *c);
    status (*finish)(call *c); /* after the vault's part; NULL when there is none */
} own_act;

typedef struct job {
    call call;
    enum stage stage;
    struct job *next, *previous; /* in its stage's queue */
    uint64_t number;             /* what vault and auditor answer with */
    int64_t gateway;             /* -1: Keyhold's own act */
    int64_t gateway_id;          /* the gateway's number for the request */
    enum operation_id operation_id;
    slice alternative; /* second reading of the input, packed; absent: none */
    slice_list alternative_texts;
    said said;             /* what was signed, as the vault read it */
    const own_act *own;    /* NULL: a request */
    bool is_verified;      /* the vault has seen the signature to be right */
    bool is_unprepared;    /* its steps begin once that is so */
    bool has_run;          /* its steps ran: a lost race runs them again */
    bool is_abandoned;     /* the client is gone; what was begun is still recorded */
    bool is_asked;         /* the auditor was asked */
    bool has_outbox;       /* the event lies in the store until the auditor has it */
    uint64_t event_number; /* in the order of sending; 0: not sent yet */
    int attempts;
    buffer event;      /* JSON, until acknowledged */
    size_t twin_count; /* of the trails of other accounts that tell of it too */
    struct twin {
        slice account_id, request_id, event; /* the request's id with a tail: the auditor knows events by it */
        uint64_t number;
    } twins[CALL_OWNERS_MOST];
    body_message done; /* what the gateway said of the body */
    serve_bootstrapped *bootstrapped;
    void *bootstrap_context;
    slice_list released; /* sealed key material its changes let go of */
    bool removes_values; /* of secrets */
    struct job *leader;  /* its event stands for this job too */
    uint64_t stands_for; /* how many others wait for this job's event */
} job;

typedef struct queue {
    job *first, *last;
    size_t count;
} queue;

struct serve {
    house *house;
    channel *gateways[SERVE_GATEWAYS_MOST];
    channel *vault, *auditor;
    queue stages[STAGE_COUNT];
    table by_number;  /* job number → job */
    table by_gateway; /* gateway index and id → job */
    job *spare;       /* ended jobs whose memory is used again */
    uint64_t last_number, last_event_number;
    nonces *nonces;
    nonce_log *nonce_log;   /* the same on disk; NULL: they are forgotten with the process */
    int64_t nonces_since_s; /* a request with an earlier time may have come before */
    struct failures *failures;
    size_t own_count;         /* own acts under way */
    int64_t own_not_before_s; /* of the next look for some */
    char **recorded;          /* store keys of outbox records whose events are durable */
    size_t recorded_count, recorded_room;
    derived derived;            /* counts of the batch under way */
    int64_t tries_not_before_s; /* of the next time that waits after failed logins are kept */
    int64_t own_next_ms;        /* of the next look for keys whose time has come */
    struct {
        size_t under_way;
        int64_t next_ms;
        buffer after; /* the dependent/… row begun last */
        bool has_failed;
    } rewraps;
    bool is_ending;     /* no own acts are begun any more */
    bool is_unscrubbed; /* key material or values that were let go of may still lie in the store's files */
    buffer out;         /* for encoding frames */
    buffer packed;      /* for what goes into them */
};

job *job_new(serve *s);
void job_free(serve *s, job *j);
void job_move(serve *s, job *j, enum stage stage);
/* Ends the steps with this failure (kept if one is there already) and goes on to recording. */
void job_fail(serve *s, job *j, status failure);

/* fresh.c: is it now, for a region there is, and not again? Looks only; what it finds holds once the signature is known to be good. */
status fresh_check(serve *s, const call *c);
/* Afterwards: NONCE_USED when another came first. */
status fresh_remember(serve *s, const call *c);
/* Before what rests on them is done. */
void fresh_keep(serve *s);
/* Whether the same request may come but once. */
bool fresh_is_once(const call *c);

/* A job for an own act, with a request id of its own; NULL without memory. */
job *own_new(serve *s, const own_act *act);

/* bootstrap.c: the records of a new account, once the vault has made its keys. */
status bootstrap_finish(call *c);

/* record.c: makes the event of a finished job (and with changes also the outbox record that goes into the same transaction), sends
 * it, keeps it until acknowledged. */
/* Somebody who has signed may not do it, as policies, rules and missing approvals have it. */
bool record_is_refusal(const job *j);
status record_prepare(job *j);
status record_send(serve *s, job *j);
void record_send_again(serve *s);
/* The event is durable: its outbox record can go with the next transaction. */
void record_done(serve *s, job *j);
/* Inside a transaction: removes outbox records that are done. */
status record_forget_done(serve *s);
status failures_new(struct failures **out);
void failures_free(struct failures *f);
/* Failed authentications of one source beyond a handful a second are recorded together when the second is over: true when
 * the job was taken into such a bundle, and will be replied to with it. */
bool failures_take(serve *s, job *j);
/* Ends bundles whose second is over. */
void failures_turn(serve *s);

#endif
