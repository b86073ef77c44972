/* The requests of the object service: which method on what means which operation. The dialect, the command line and the check of what was
 * signed read the same rows. */
#ifndef CONTRACT_OSS_ROUTE_H
#define CONTRACT_OSS_ROUTE_H

#include "contract/contract_tables.h"

enum oss_about { ABOUT_SERVICE, ABOUT_BUCKET, ABOUT_OBJECT };

typedef struct oss_route {
    const char *method;
    enum oss_about about;
    const char *part; /* sub-resource: the word in the query that makes the request about it; NULL: none */
    enum operation_id operation;
} oss_route;

/* In the order of the table; NULL behind the last. */
const oss_route *oss_route_at(size_t index);
/* How an operation is asked for; NULL when it is none of the object service. */
const oss_route *oss_route_of(enum operation_id id);
/* What a request asks for, an absent part is none; NULL when it is nothing offered. Listings of the second kind and copies are told from
 * their like by what else the request says. */
const oss_route *oss_route_find(slice method, enum oss_about about, slice part);

#endif
