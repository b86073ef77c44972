/* What a decision rested on, as people are told of it: every policy that was asked, what each says by itself, every statement that applies, and
 * which of them decided. */
#ifndef SERVICE_EXPLANATION_H
#define SERVICE_EXPLANATION_H

#include "service/call.h"

enum { EXPLAINED_MATCHES_MOST = 32, EXPLAINED_POLICIES_MOST = 32, EXPLAINED_NAMES_MOST = 16 };

typedef struct explanation {
    matched_policy *matches;
    size_t match_count;
    policy_opinion *opinions;
    size_t opinion_count;
    matched_policy *deciding; /* NULL: no statement did */
    bool is_cut;              /* there was more than fits */
} explanation;

status explain(call *c, const authorisation *question, const verdict *v, explanation *out);

/* "allowed", "explicitDeny", "implicitDeny" */
slice explained_decision(enum decision decision);

#endif
