/* What the RAM handlers share: names, ids, records, and pages of listings. */
#ifndef SERVICE_RAM_H
#define SERVICE_RAM_H

#include "service/handlers.h"

/* Whether a text is of ASCII's letters, digits and these further characters alone. */
bool identity_text_has_only(slice text, const char *further);
/* Letters, digits and + = , . @ _ - as both clouds' names have them; at least one. */
bool identity_name_is_valid(slice name, size_t bytes_most);
enum { USER_NAME_MOST = 64, GROUP_NAME_MOST = 128, ROLE_NAME_MOST = 64, POLICY_NAME_MOST = 128 };
/* INVALID_PARAMETER, naming the field, unless the name is valid. */
status identity_name_check(call *c, slice name, size_t bytes_most, const char *field_name);

/* What a request names: by its name, which is of the caller's account, or by its ARN, acs:ram:… or arn:aws:iam:…. `kind` is what stands
 * before the name there: "mfa/". INVALID_PARAMETER: an ARN of something else. */
typedef struct identity_reference {
    slice account, name;
    bool is_own;
} identity_reference;
status identity_refer(call *c, slice text, const char *kind, identity_reference *out);
/* Whether a name in full, taken apart, is of this house's identities: those of no region, no other partition, no other service. */
bool identity_is_here(slice text, const arn *parts);

/* How many an account, a user, a policy may have. */
enum {
    USERS_MOST = 1000,
    GROUPS_MOST = 50,
    ROLES_MOST = 1000,
    POLICIES_MOST = 1500,
    ACCESS_KEYS_MOST = 2,
    GROUPS_OF_USER_MOST = 5,
    POLICY_VERSIONS_MOST = 5,
};

/* 17 random decimal digits after `first`, as users' ids look. */
status identity_id_new(call *c, char first, slice *out);

/* GROUP_NOT_FOUND; ROLE_NOT_FOUND. *revision may be NULL. */
status group_load(call *c, slice name, group_record *out, uint64_t *revision);
status group_save(call *c, const group_record *group, uint64_t revision);
status role_load(call *c, slice name, role_record *out, uint64_t *revision);
status role_save(call *c, const role_record *role, uint64_t revision);
/* POLICY_NOT_FOUND; POLICY_SYSTEM for one that is shipped. */
status policy_load(call *c, slice name, policy_record *out, uint64_t *revision);
status policy_save(call *c, const policy_record *p, uint64_t revision);

/* What holds for the whole account; empty, with the revision STORE_ABSENT, when nothing was ever set. */
status account_settings_load(call *c, account_settings_record *out, uint64_t *revision);
status account_settings_save(call *c, const account_settings_record *settings, uint64_t revision);

enum { LOGIN_SESSION_HOURS = 6 }; /* unless the account says otherwise */
/* Every session of the user's that began with a login is over, once the record is saved. */
void user_end_sessions(user_record *user);
/* Somebody who takes away or changes what shows that it is them shows it first: refused for users who have a second factor and a session without,
 * or an access key. The root's access keys are another matter (SetRootAccess). */
status user_check_shown(call *c, const user_record *user);
/* Whether the call is somebody else's than the user's. */
bool user_is_another(const call *c, const user_record *user);

/* Whether the caller came in with a code on paper: what is lost can be taken away then, whatever the account asks of its root. */
bool login_is_recovery(const call *c);

/* Whether people may log in from there. */
bool login_network_allows(const account_settings_record *settings, slice source_ip);
/* What the account asks of passwords, every field set. */
status password_rules(call *c, password_policy_view **out);

/* When an access key was used last, or a role (by its id): to the second while this process lives, to a quarter of an hour across its
 * restarts. Nothing is written when it never was. */
status access_key_last_use(call *c, slice id, access_key_use_record *out);

status user_view_of(call *c, const user_record *user, user_view *out);
group_view group_view_of(const group_record *group);
status role_view_of(call *c, const role_record *role, role_view *out);
status policy_view_of(call *c, slice name, int type, policy_view *out);

/* What bounds a user or a role, in its record: set to the policy that `text` names, nothing when it is absent; taken away; shown, NULL when
 * there is none. POLICY_NOT_FOUND. */
status boundary_set(call *c, slice text, attachment_record **in_record);
status boundary_clear(call *c, attachment_record **in_record);
status boundary_view_of(call *c, const attachment_record *present, boundary_view **out);

/* One more or one less attachment of a policy; for system policies there is nothing to count. POLICY_NOT_FOUND. */
status policy_count(call *c, slice name, int type, int change);

/* A page of the records under `prefix`: those after the one named `marker` (absent: from the start), `most` or 100. */
typedef struct record_page {
    store_row *rows;
    size_t count;      /* to be shown */
    bool is_truncated; /* there are more */
} record_page;
typedef struct page_wish {
    slice prefix, marker;
    maybe_int most;
} page_wish;
status page_read(call *c, const page_wish *wish, record_page *out);

/* A page of a list that fits into one answer: `marker` says how many elements went before. IsTruncated is for AWS's clients, or where
 * something is left. INVALID_PARAMETER. */
typedef struct list_wish {
    slice marker;
    maybe_int most;
} list_wish;
typedef struct list_rest {
    maybe_bool is_truncated;
    slice marker;
} list_rest;
status list_cut(call *c, const list_wish *wish, shape_list *list, size_t element_bytes, list_rest *out);
#define LIST_CUT(c, list, out)                                                                                         \
    list_cut(c, &(list_wish){in->marker, in->max_items}, (shape_list *)&(list), sizeof *(list).at, out)

/* A record of the page in the call's memory; CORRUPT. */
status row_unpack(call *c, const store_row *row, const shape *record, void *out);

/* Tags as requests have them into tags as records have them; INVALID_PARAMETER for a key given twice, TAG_LIMIT past 20. */
typedef struct tag_set {
    tag *at;
    size_t count;
} tag_set;
typedef struct name_tags {
    const name_tag *at;
    size_t count;
} name_tags;
/* INVALID_PARAMETER for a key that no tag can have. */
status tags_check_keys(call *c, const slice_list *keys);
status tags_merge(call *c, const tag_set *present, const name_tags *wanted, tag_set *out);
/* Without those of these names, in place: for a record that was loaded for this call alone. Gives how many are left. */
size_t tags_drop(const tag_set *present, const slice_list *keys);
/* Whether all that are wanted are among those present; one without a value asks for the key alone. */
bool tags_match(const tag_set *present, const name_tags *wanted);
#define TAG_SET(list) (&(tag_set){(list).at, (list).count})
#define NAME_TAGS(list) (&(name_tags){(list).at, (list).count})

#endif
