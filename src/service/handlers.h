/* What the handlers of one product share with each other. Their prototypes follow from the contract. */
#ifndef SERVICE_HANDLERS_H
#define SERVICE_HANDLERS_H

#include "service/call.h"

#include "contract/contract_handlers.h"

/* A key as its clients see it. */
status key_describe(call *c, const key_record *key, key_metadata **out);
/* Plans the change of a key's record. */
status key_save(call *c, const key_record *key, uint64_t revision);

/* A key's policy to be: refused when it is malformed, or (unless the caller allows that) when it would keep the caller from
 * replacing it. Then planned to be put; the key's record says that there is one. */
typedef struct new_key_policy {
    slice document;
    bool is_lockout_allowed;
} new_key_policy;
status key_policy_check(call *c, slice resource, const new_key_policy *wish);
/* What a key without a policy of its own does as if it had. */
status key_policy_default(call *c, slice *out);
status key_policy_put(call *c, slice key_id, slice document);
/* Which key a permit to share is about. */
status key_sharing_id(call *c, const key_record *key, key_act *about);
/* Plans the index of keys that other accounts may use. */
status key_share(call *c, slice key_id);
status key_policy_path(const key_shelf *shelf, slice key_id, arena *memory,
                       slice *out); /* key-policy/<account>/<key id>, of a multi-Region key with its region */

/* The user named, or, when absent, the caller. Of the account root: a record of its own that only holds access keys. USER_NOT_FOUND. */
status user_load(call *c, slice name, user_record *out, uint64_t *revision);
status user_save(call *c, const user_record *user, uint64_t revision);

/* The binary ids of a key and one of its versions, as the vault wants them. */
status key_ids(call *c, const key_record *key, const key_version_record *version, key_act *act);

/* The version named, or the one that encrypts when none is. KEY_VERSION_NOT_FOUND, also while its material is not there. */
status kms_version(call *c, const key_record *key, slice version_id, const key_version_record **out);
/* An act with that version: KEY_ACT_USE must be allowed. */
status kms_begin_act(call *c, enum vault_act kind, slice version_id, key_act *out);
/* The canonical encryption context. INVALID_PARAMETER naming `field`. */
status kms_context(call *c, pair_list context, const char *field, slice *out);
/* DryRun: everything is checked, nothing is done, and the answer is always a failure that says what would have been. */
status kms_refuse_dry_run(call *c, maybe_bool dry_run);
/* Attested clients are not offered an encrypted answer. */
status kms_refuse_recipient(call *c, slice recipient);
/* The key a ciphertext names. CIPHERTEXT. */
status kms_blob_ids(call *c, slice blob, slice *key_id, slice *version_id);
/* Number of bytes of a data key. */
int64_t kms_data_key_bytes(maybe_int number, int spec);
status kms_uuid_text(call *c, const uint8_t id[16], slice *out);
status kms_key_id_text(call *c, const uint8_t id[16], slice *out);

/* None reserved, none twice. */
status kms_check_tags(call *c, const tag *tags, size_t count);
/* How often a key is to rotate. MISSING_PARAMETER, INVALID_PARAMETER. */
status kms_rotation_interval(call *c, slice text, maybe_int *out);
enum { KEY_VERSIONS_MOST = 200 }; /* of a symmetric key */
/* Asks the vault for a new version of c->key, and puts it into the record as the one that encrypts. */
status kms_successor_ask(call *c, enum vault_act kind);
status kms_successor_keep(call *c, enum rotation_type how, key_version_record *made);

/* Listings as AWS's clients page through them (kms/pages.c): up to Limit entries behind Marker. */
status list_keys_by_marker(call *c, const list_keys_in *in, list_keys_out *out);
status list_aliases_by_marker(call *c, const list_aliases_in *in, list_aliases_out *out);

/* A page of a listing by number: PageNumber from 1, PageSize 1-100, default 10. */
typedef struct page {
    int64_t number, size;
} page;
page page_of(maybe_int number, maybe_int size);
static inline bool page_holds(const page *p, int64_t index) {
    return index >= (p->number - 1) * p->size && index < p->number * p->size;
}

/* Goes over all records under a prefix, a chunk of rows at a time. `visit` is called for each; its failure ends the walk. */
typedef status record_visitor(call *c, const store_row *row, void *context);
status records_walk(call *c, slice prefix, record_visitor *visit, void *context);
/* Over those behind a key (absent: all), until `visit` has set *is_enough (NULL: to the end). */
typedef struct records_span {
    slice prefix, after;
    const bool *is_enough;
} records_span;
status records_walk_some(call *c, const records_span *span, record_visitor *visit, void *context);
status records_count(call *c, slice prefix, size_t *out);

/* A policy of that kind, up to POLICY_BYTES_MOST, of a resource POLICY_RESOURCE_BYTES_MOST. POLICY_MALFORMED, saying where and why. */
status document_compile(call *c, slice document, enum policy_kind kind, policy **out);
status document_check(call *c, slice document, enum policy_kind kind);

#endif
