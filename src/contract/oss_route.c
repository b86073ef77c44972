/* The table of requests of the object service. */
#include "contract/oss_route.h"

static const oss_route ROUTES[] = {
    {"GET", ABOUT_SERVICE, NULL, OPERATION_LIST_BUCKETS},
    {"GET", ABOUT_BUCKET, NULL, OPERATION_LIST_OBJECTS},
    {"GET", ABOUT_BUCKET, NULL, OPERATION_LIST_OBJECTS_V2},
    {"PUT", ABOUT_BUCKET, NULL, OPERATION_PUT_BUCKET},
    {"DELETE", ABOUT_BUCKET, NULL, OPERATION_DELETE_BUCKET},
    {"GET", ABOUT_BUCKET, "bucketInfo", OPERATION_GET_BUCKET_INFO},
    {"GET", ABOUT_BUCKET, "location", OPERATION_GET_BUCKET_LOCATION},
    {"GET", ABOUT_BUCKET, "acl", OPERATION_GET_BUCKET_ACL},
    {"GET", ABOUT_BUCKET, "encryption", OPERATION_GET_BUCKET_ENCRYPTION},
    {"PUT", ABOUT_BUCKET, "encryption", OPERATION_PUT_BUCKET_ENCRYPTION},
    {"DELETE", ABOUT_BUCKET, "encryption", OPERATION_DELETE_BUCKET_ENCRYPTION},
    {"GET", ABOUT_BUCKET, "policy", OPERATION_GET_BUCKET_POLICY},
    {"PUT", ABOUT_BUCKET, "policy", OPERATION_PUT_BUCKET_POLICY},
    {"DELETE", ABOUT_BUCKET, "policy", OPERATION_DELETE_BUCKET_POLICY},
    {"POST", ABOUT_BUCKET, "delete", OPERATION_DELETE_MULTIPLE_OBJECTS},
    {"PUT", ABOUT_OBJECT, NULL, OPERATION_PUT_OBJECT},
    {"PUT", ABOUT_OBJECT, NULL, OPERATION_COPY_OBJECT},
    {"GET", ABOUT_OBJECT, NULL, OPERATION_GET_OBJECT},
    {"HEAD", ABOUT_OBJECT, NULL, OPERATION_HEAD_OBJECT},
    {"HEAD", ABOUT_OBJECT, "objectMeta", OPERATION_HEAD_OBJECT},
    {"DELETE", ABOUT_OBJECT, NULL, OPERATION_DELETE_OBJECT},
};
enum { ROUTE_COUNT = sizeof ROUTES / sizeof *ROUTES };

const oss_route *oss_route_at(size_t index) { return index < ROUTE_COUNT ? &ROUTES[index] : NULL; }

const oss_route *oss_route_of(enum operation_id id) {
    for (size_t i = 0; i < ROUTE_COUNT; i++)
        if (ROUTES[i].operation == id) return &ROUTES[i];
    return NULL;
}

const oss_route *oss_route_find(slice method, enum oss_about about, slice part) {
    for (size_t i = 0; i < ROUTE_COUNT; i++) {
        const oss_route *row = &ROUTES[i];
        bool is_same = row->part ? slice_equals_text(part, row->part) : slice_is_absent(part);
        if (row->about == about && is_same && slice_equals_text(method, row->method)) return row;
    }
    return NULL;
}
