/* What the simulations share: documents that come with the request, compiled for it. */
#ifndef SERVICE_RAM_SIMULATE_H
#define SERVICE_RAM_SIMULATE_H

#include "service/ram/holder.h"

enum { GIVEN_POLICIES_MOST = 32, SIMULATED_MOST = IDENTITY_POLICIES_MOST + GIVEN_POLICIES_MOST, SIMULATED_BESIDE = 3 };
enum { SIMULATION_STEPS_MOST = 8 << 20 }; /* of one request: some 20 ms */

/* Policies compiled for one simulation, and the question but for its action and resource. */
typedef struct simulation {
    policy *made[SIMULATED_MOST + SIMULATED_BESIDE];
    size_t made_count;
    const policy *identity[SIMULATED_MOST];
    policy_label labels[SIMULATED_MOST];
    policy_caller caller;
    authorisation question;
} simulation;
void simulation_clear(simulation *s);

typedef struct given_document {
    slice text; /* absent: none */
    enum policy_kind kind;
    const char *name; /* of the parameter, for the refusal */
} given_document;
/* NULL for none. POLICY_MALFORMED, naming the parameter. */
status simulation_compile(call *c, simulation *s, const given_document *d, const policy **out);

/* More policies of the identity. */
status simulation_add(simulation *s, const policy *p, policy_label label);
status simulation_take_list(call *c, simulation *s, slice_list documents);
status simulation_take_group(call *c, simulation *s, slice name);
/* Who asks, by a full name; absent: the caller. PRINCIPAL_ARN. */
status simulation_take_caller(call *c, simulation *s, slice arn_text);
/* Keys under their one name, as requests have them. */
status simulation_take_context(call *c, simulation *s, const context_entry *entries, size_t count);

/* AWS's clients give the one boundary as a list. */
static inline slice boundary_of_list(slice named, const slice *list, size_t count) { return count ? list[0] : named; }

/* A resource's full name; "*" is any of the action's service, which only a policy about everything speaks of. INVALID_PARAMETER. */
typedef struct aimed {
    slice name;
    arn parts;
    bool has_account;
} aimed;
status simulation_aim(call *c, slice account, slice action, slice resource, aimed *out);

/* Patterns made to cost would hold up everybody else: what a request asks is answered whole or not at all. */
status simulation_check_budget(call *c, const authorisation *question);

/* The condition keys a question's policies ask about and it has no value for, as the caller's clients call them. */
status simulation_missing(call *c, const authorisation *question, slice_list *out);

#endif
