/* IAM: which services somebody used last. A job names whose uses are meant; whenever it is looked at, the auditor looks through a further
 * part of the trail for it, until all of the time that counts is looked through. */
#include "base/text.h"
#include "crypto/random.h"
#include "service/ram/holder.h"

enum { JOB_DAYS = 7, TRACKED_DAYS = 400, DAY_S = 86400, JOBS_MOST = 100, JOB_ID_BYTES = 36, PRINCIPALS_MOST = 2000 };

static status job_prefix(call *c, slice *out) {
    return arena_printf(&c->memory, out, "last-access/%.*s/", SLICE_ARGS(c->who.account_id));
}

static status job_path(call *c, slice id, slice *out) {
    TRY(job_prefix(c, out));
    return ARENA_JOIN(&c->memory, out, *out, id);
}

/* ---- whose uses are meant */

typedef struct people {
    last_access_principal *at;
    size_t count, room;
    slice group; /* of which they are members; absent: it is not asked for */
} people;

static status add_person(call *c, people *all, const last_access_principal *who) {
    for (size_t i = 0; i < all->count; i++)
        if (slice_equals(all->at[i].id, who->id)) return OK;
    ENSURE(all->count < PRINCIPALS_MOST, TOO_LARGE);
    if (all->count == all->room) {
        size_t room = all->room ? all->room * 2 : 16;
        last_access_principal *grown = ARENA_ARRAY(&c->memory, last_access_principal, room);
        ENSURE(grown != NULL, OUT_OF_MEMORY);
        if (all->count) memcpy(grown, all->at, all->count * sizeof *grown);
        all->at = grown;
        all->room = room;
    }
    last_access_principal *to = &all->at[all->count++];
    *to = *who;
    TRY(arena_copy(&c->memory, who->id, &to->id));
    return arena_copy(&c->memory, who->name, &to->name);
}

static status add_member(call *c, const store_row *row, void *context) {
    people *all = context;
    user_record user;
    OWNED(arena) memory = {0};
    ENSURE(!FAILED(shape_unpack(&user_record_shape, row->value, &memory, &user)), CORRUPT);
    for (size_t i = 0; i < user.groups.count; i++)
        if (slice_equals(user.groups.at[i].group_name, all->group))
            return add_person(c, all, &(last_access_principal){user.user_id, user.user_name, SET_BOOL(false)});
    return OK;
}

static status add_members(call *c, people *all, slice group) {
    slice prefix;
    all->group = group;
    TRY(user_prefix(c->who.account_id, &c->memory, &prefix));
    return records_walk(c, prefix, add_member, all);
}

static status add_holder(call *c, holder *h, size_t at, void *context) {
    if (at == SIZE_MAX) return OK; /* a bound gives nothing */
    if (h->kind == HOLDER_GROUP) return add_members(c, context, h->group.group_name);
    last_access_principal who = {h->user.user_id, h->user.user_name, SET_BOOL(false)};
    if (h->kind == HOLDER_ROLE) who = (last_access_principal){h->role.role_id, h->role.role_name, SET_BOOL(true)};
    return add_person(c, context, &who);
}

static status add_holders(call *c, people *all, slice arn_text) {
    policy_name named;
    policy_view there;
    TRY(boundary_read(c, arn_text, &named));
    TRY(policy_view_of(c, named.name, named.type, &there));
    return holders_walk(c, &named, add_holder, all);
}

static status find_people(call *c, slice arn_text, people *all) {
    identity_reference named;
    holder h;
    static const char *const KINDS[] = {[HOLDER_USER] = "user/", [HOLDER_GROUP] = "group/", [HOLDER_ROLE] = "role/"};
    if (!FAILED(identity_refer(c, arn_text, "policy/", &named))) return add_holders(c, all, arn_text);
    for (enum holder_kind kind = HOLDER_USER; kind <= HOLDER_ROLE; kind++) {
        if (FAILED(identity_refer(c, arn_text, KINDS[kind], &named))) continue;
        static const status MISSING[] = {[HOLDER_USER] = {FAILURE_USER_NOT_FOUND},
                                         [HOLDER_GROUP] = {FAILURE_GROUP_NOT_FOUND},
                                         [HOLDER_ROLE] = {FAILURE_ROLE_NOT_FOUND}};
        if (!named.is_own) return MISSING[kind];
        TRY(holder_load(c, kind, named.name, &h));
        if (kind == HOLDER_GROUP) return add_members(c, all, named.name);
        last_access_principal who = {h.user.user_id, h.user.user_name, SET_BOOL(false)};
        if (kind == HOLDER_ROLE) who = (last_access_principal){h.role.role_id, h.role.role_name, SET_BOOL(true)};
        return add_person(c, all, &who);
    }
    return call_refuse(c, FAIL(INVALID_PARAMETER), "Arn");
}

/* ---- actions and services by AWS's names */

typedef struct aws_action {
    slice service, name;
} aws_action;

static aws_action aws_action_of(slice action) {
    static const char *const SERVICES[][2] = {
        {"ram", "iam"}, {"ims", "iam"}, {"oss", "s3"}, {"actiontrail", "cloudtrail"}};
    slice rest = action;
    for (int id = OPERATION_NONE + 1; id < OPERATION_COUNT; id++) {
        const operation *op = operation_get(id);
        if (!op->aws || !slice_equals_text(action, op->action)) continue;
        rest = slice_of_text(op->aws);
        break;
    }
    aws_action found = {0};
    (void)slice_split(&rest, ':', &found.service);
    found.name = rest;
    for (size_t i = 0; i < sizeof SERVICES / sizeof *SERVICES; i++)
        if (slice_equals_text(found.service, SERVICES[i][0])) found.service = slice_of_text(SERVICES[i][1]);
    return found;
}

static slice service_title(slice service) {
    static const char *const TITLES[][2] = {{"iam", "AWS Identity and Access Management"},
                                            {"kms", "AWS Key Management Service"},
                                            {"sts", "AWS Security Token Service"},
                                            {"s3", "Amazon S3"},
                                            {"secretsmanager", "AWS Secrets Manager"},
                                            {"cloudtrail", "AWS CloudTrail"},
                                            {"keyhold", "Keyhold"}};
    for (size_t i = 0; i < sizeof TITLES / sizeof *TITLES; i++)
        if (slice_equals_text(service, TITLES[i][0])) return slice_of_text(TITLES[i][1]);
    return service;
}

static void add_service(slice_list *all, slice service) {
    for (size_t i = 0; i < all->count; i++)
        if (slice_equals(all->at[i], service)) return;
    all->at[all->count++] = service;
}

/* Those that policies allow; and those that were used, whatever allows it now. */
static status services_of(call *c, const last_access_record *job, slice_list *out) {
    *out = (slice_list){ARENA_ARRAY(&c->memory, slice, job->services.count + job->uses.count + 1), 0};
    ENSURE(out->at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < job->services.count; i++) add_service(out, job->services.at[i]);
    for (size_t i = 0; i < job->uses.count; i++) add_service(out, aws_action_of(job->uses.at[i].action).service);
    return OK;
}

static status allowed_services(call *c, slice arn_text, slice_list *out) {
    list_allowed_actions_in asked = {.policy_source_arn = arn_text};
    list_allowed_actions_out allowed = {0};
    TRY(list_allowed_actions_prepare(c, &asked, &allowed));
    *out = (slice_list){ARENA_ARRAY(&c->memory, slice, allowed.actions.count + 1), 0};
    ENSURE(out->at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < allowed.actions.count; i++) add_service(out, aws_action_of(allowed.actions.at[i]).service);
    return OK;
}

/* ---- jobs */

static bool is_over(const call *c, const last_access_record *job) {
    return c->now_s - job->created_at.value > JOB_DAYS * DAY_S;
}

/* Those whose time is over go; the others are counted. */
static status sweep_job(call *c, const store_row *row, void *context) {
    last_access_record job;
    OWNED(arena) memory = {0};
    ENSURE(!FAILED(shape_unpack(&last_access_record_shape, row->value, &memory, &job)), CORRUPT);
    if (!is_over(c, &job)) {
        ++*(size_t *)context;
        return OK;
    }
    slice path;
    TRY(arena_copy(&c->memory, row->key, &path));
    return call_change(c, path, NULL, NULL, STORE_ANY);
}

static status new_job_id(call *c, slice *out) {
    uint8_t random[16];
    char text[JOB_ID_BYTES + 1];
    TRY(random_uuid(random));
    uuid_format(random, text);
    return arena_copy(&c->memory, slice_of_text(text), out);
}

status generate_service_last_accessed_details_prepare(call *c, const generate_service_last_accessed_details_in *in,
                                                      generate_service_last_accessed_details_out *out) {
    slice prefix, path;
    size_t count = 0;
    people all = {0};
    slice_list services;
    last_access_record job = {.arn = in->arn, .created_at = SET_INT(c->now_s)};
    TRY(find_people(c, in->arn, &all));
    TRY(allowed_services(c, in->arn, &services));
    TRY(job_prefix(c, &prefix));
    TRY(records_walk(c, prefix, sweep_job, &count));
    ENSURE(count < JOBS_MOST, LAST_ACCESS_JOB_LIMIT);
    job.granularity = in->granularity ? in->granularity : ACCESS_GRANULARITY_SERVICE_LEVEL;
    job.principals.at = all.at, job.principals.count = all.count;
    job.services.at = services.at, job.services.count = services.count;
    TRY(new_job_id(c, &out->job_id));
    TRY(job_path(c, out->job_id, &path));
    return call_change(c, path, &last_access_record_shape, &job, STORE_ABSENT);
}

static status load_job(call *c, slice id, last_access_record *out) {
    slice path;
    ENSURE(identity_name_is_valid(id, JOB_ID_BYTES), LAST_ACCESS_JOB_NOT_FOUND);
    TRY(job_path(c, id, &path));
    status loaded = call_load(c, path, &last_access_record_shape, out, NULL);
    if (FAILED_WITH(loaded, NOT_FOUND)) return FAIL(LAST_ACCESS_JOB_NOT_FOUND);
    TRY(loaded);
    ENSURE(!is_over(c, out), LAST_ACCESS_JOB_NOT_FOUND);
    return OK;
}

/* For the auditor: where to go on, from when on it counts, whose uses. */
static status ask_trail(call *c, const last_access_record *job) {
    OWNED(buffer) text = {0};
    slice head;
    int64_t from_s = job->created_at.value - (int64_t)TRACKED_DAYS * DAY_S;
    TRY(arena_printf(&c->memory, &head, "%.*s;%lld;", SLICE_ARGS(job->next_token),
                     (long long)(from_s > 0 ? from_s : 0)));
    TRY(buffer_append(&text, head));
    for (size_t i = 0; i < job->principals.count; i++) {
        if (i) TRY(buffer_append_byte(&text, ','));
        TRY(buffer_append(&text, job->principals.at[i].id));
    }
    TRY(arena_copy(&c->memory, buffer_slice(&text), &c->sought));
    c->asks_auditor = c->completes_answer = true;
    return OK;
}

/* What the auditor found is older than what is there. */
static status merge(call *c, last_access_record *job, const last_use *found, size_t count) {
    last_use *all = ARENA_ARRAY(&c->memory, last_use, job->uses.count + count + 1);
    size_t kept = job->uses.count;
    ENSURE(all != NULL, OUT_OF_MEMORY);
    if (kept) memcpy(all, job->uses.at, kept * sizeof *all);
    for (size_t i = 0; i < count; i++) {
        bool is_known = false;
        for (size_t k = 0; k < job->uses.count && !is_known; k++)
            is_known = slice_equals(all[k].principal_id, found[i].principal_id) &&
                       slice_equals(all[k].action, found[i].action);
        if (!is_known) all[kept++] = found[i];
    }
    job->uses.at = all, job->uses.count = kept;
    return OK;
}

typedef struct progress {
    slice job_id, next;
    const last_use *found;
    size_t count;
} progress;

static status go_on(call *c, const progress *p, last_access_record *job) {
    slice path;
    TRY(load_job(c, p->job_id, job));
    TRY(merge(c, job, p->found, p->count));
    job->next_token = p->next;
    if (slice_is_absent(p->next)) job->completed_at = SET_INT(c->now_s);
    TRY(job_path(c, p->job_id, &path));
    return call_change(c, path, &last_access_record_shape, job, STORE_ANY);
}

/* ---- what a job tells */

static status entity_arn(call *c, const last_access_principal *who, slice *out) {
    if (who->is_role.value) return arn_principal_role(c->who.account_id, who->name, &c->memory, out);
    return arn_principal_user(c->who.account_id, who->name, &c->memory, out);
}

static status arn_of_id(call *c, const last_access_record *job, slice id, slice *out) {
    for (size_t i = 0; i < job->principals.count; i++)
        if (slice_equals(job->principals.at[i].id, id)) return entity_arn(c, &job->principals.at[i], out);
    return OK;
}

/* The latest use of a service, or of one action of it, by somebody or by anybody. */
typedef struct wanted {
    slice service, action, principal; /* absent: any */
} wanted;

static const last_use *latest(const last_access_record *job, const wanted *w) {
    const last_use *best = NULL;
    for (size_t i = 0; i < job->uses.count; i++) {
        const last_use *use = &job->uses.at[i];
        aws_action action = aws_action_of(use->action);
        bool is_it = slice_equals(action.service, w->service) &&
                     (slice_is_absent(w->action) || slice_equals(action.name, w->action)) &&
                     (slice_is_absent(w->principal) || slice_equals(use->principal_id, w->principal));
        if (is_it && (!best || use->last_used.value > best->last_used.value)) best = use;
    }
    return best;
}

static status put_actions(call *c, const last_access_record *job, service_access *to) {
    slice_list names = {ARENA_ARRAY(&c->memory, slice, job->uses.count + 1), 0};
    tracked_action *all = ARENA_ARRAY(&c->memory, tracked_action, job->uses.count + 1);
    ENSURE(names.at != NULL && all != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < job->uses.count; i++) {
        aws_action action = aws_action_of(job->uses.at[i].action);
        if (slice_equals(action.service, to->service_namespace)) add_service(&names, action.name);
    }
    for (size_t i = 0; i < names.count; i++) {
        const last_use *use = latest(job, &(wanted){to->service_namespace, names.at[i], {0}});
        all[i] = (tracked_action){.action_name = names.at[i], .last_accessed_time = use->last_used};
        all[i].last_accessed_region = use->region;
        TRY(arn_of_id(c, job, use->principal_id, &all[i].last_accessed_entity));
    }
    to->tracked_actions_last_accessed.at = all, to->tracked_actions_last_accessed.count = names.count;
    return OK;
}

static status put_service(call *c, const last_access_record *job, slice service, service_access *to) {
    int64_t users = 0;
    const last_use *use = latest(job, &(wanted){service, {0}, {0}});
    *to = (service_access){.service_name = service_title(service), .service_namespace = service};
    for (size_t i = 0; i < job->principals.count; i++)
        users += latest(job, &(wanted){service, {0}, job->principals.at[i].id}) != NULL;
    to->total_authenticated_entities = SET_INT(users);
    if (!use) return OK;
    to->last_authenticated = use->last_used;
    to->last_authenticated_region = use->region;
    TRY(arn_of_id(c, job, use->principal_id, &to->last_authenticated_entity));
    return job->granularity == ACCESS_GRANULARITY_ACTION_LEVEL ? put_actions(c, job, to) : OK;
}

static int status_of(const last_access_record *job) {
    return job->completed_at.is_set ? JOB_STATUS_COMPLETED : JOB_STATUS_IN_PROGRESS;
}

static status tell_services(call *c, const get_service_last_accessed_details_in *in, const last_access_record *job,
                            get_service_last_accessed_details_out *out) {
    slice_list services = {0};
    list_rest rest;
    *out = (get_service_last_accessed_details_out){.job_status = (int)status_of(job), .job_type = job->granularity};
    out->job_creation_date = job->created_at;
    out->job_completion_date = job->completed_at;
    if (job->completed_at.is_set) TRY(services_of(c, job, &services));
    out->services_last_accessed.at = ARENA_ARRAY(&c->memory, service_access, services.count + 1);
    ENSURE(out->services_last_accessed.at != NULL, OUT_OF_MEMORY);
    out->services_last_accessed.count = services.count;
    for (size_t i = 0; i < services.count; i++)
        TRY(put_service(c, job, services.at[i], &out->services_last_accessed.at[i]));
    TRY(LIST_CUT(c, out->services_last_accessed, &rest));
    out->is_truncated = rest.is_truncated, out->marker = rest.marker;
    return OK;
}

status get_service_last_accessed_details_prepare(call *c, const get_service_last_accessed_details_in *in,
                                                 get_service_last_accessed_details_out *out) {
    last_access_record job;
    TRY(load_job(c, in->job_id, &job));
    return job.completed_at.is_set ? tell_services(c, in, &job, out) : ask_trail(c, &job);
}

status get_service_last_accessed_details_keep(call *c, const get_service_last_accessed_details_in *in,
                                              get_service_last_accessed_details_out *out) {
    last_access_record job;
    TRY(go_on(c, &(progress){in->job_id, out->next_token, out->uses.at, out->uses.count}, &job));
    return tell_services(c, in, &job, out);
}

static status tell_entities(call *c, const get_service_last_accessed_details_with_entities_in *in,
                            const last_access_record *job, get_service_last_accessed_details_with_entities_out *out) {
    list_rest rest;
    size_t count = job->completed_at.is_set ? job->principals.count : 0;
    entity_identity *who = ARENA_ARRAY(&c->memory, entity_identity, count + 1);
    *out = (get_service_last_accessed_details_with_entities_out){.job_status = (int)status_of(job)};
    out->job_creation_date = job->created_at;
    out->job_completion_date = job->completed_at;
    out->entity_details_list.at = ARENA_ARRAY(&c->memory, entity_access, count + 1);
    ENSURE(who != NULL && out->entity_details_list.at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < count; i++) {
        const last_access_principal *p = &job->principals.at[i];
        const last_use *use = latest(job, &(wanted){in->service_namespace, {0}, p->id});
        who[i] =
            (entity_identity){.name = p->name, .type = p->is_role.value ? SLICE("ROLE") : SLICE("USER"), .id = p->id};
        TRY(entity_arn(c, p, &who[i].arn));
        out->entity_details_list.at[i] = (entity_access){&who[i], use ? use->last_used : (maybe_int){0}};
    }
    out->entity_details_list.count = count;
    TRY(LIST_CUT(c, out->entity_details_list, &rest));
    out->is_truncated = rest.is_truncated, out->marker = rest.marker;
    return OK;
}

status
get_service_last_accessed_details_with_entities_prepare(call *c,
                                                        const get_service_last_accessed_details_with_entities_in *in,
                                                        get_service_last_accessed_details_with_entities_out *out) {
    last_access_record job;
    TRY(load_job(c, in->job_id, &job));
    return job.completed_at.is_set ? tell_entities(c, in, &job, out) : ask_trail(c, &job);
}

status
get_service_last_accessed_details_with_entities_keep(call *c,
                                                     const get_service_last_accessed_details_with_entities_in *in,
                                                     get_service_last_accessed_details_with_entities_out *out) {
    last_access_record job;
    TRY(go_on(c, &(progress){in->job_id, out->next_token, out->uses.at, out->uses.count}, &job));
    return tell_entities(c, in, &job, out);
}
