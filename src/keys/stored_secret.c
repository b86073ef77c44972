/* Secret records, names, versions and labels. */
#include "keys/stored_secret.h"

#include "contract/interval.h"

status secret_path(const secret_shelf *shelf, slice name, arena *memory, slice *out) {
    return arena_printf(memory, out, "secret/%.*s/%.*s/%.*s", SLICE_ARGS(shelf->account), SLICE_ARGS(shelf->region),
                        SLICE_ARGS(name));
}

status secret_prefix(const secret_shelf *shelf, arena *memory, slice *out) {
    return secret_path(shelf, SLICE(""), memory, out);
}

status secret_value_path(slice account, const secret_record *of, int64_t number, arena *memory, slice *out) {
    return arena_printf(memory, out, "secret-value/%.*s/%.*s/%lld", SLICE_ARGS(account), SLICE_ARGS(of->secret_id),
                        (long long)number);
}

/* ---- names */

static bool is_name_byte(uint8_t c) {
    bool is_letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    return is_letter || (c != 0 && strchr("_/+=.@-!", c) != NULL);
}

bool secret_name_is_valid(slice name) {
    if (name.len == 0 || name.len > SECRET_NAME_MOST || slice_starts_with(name, SLICE("acs/"))) return false;
    for (size_t i = 0; i < name.len; i++)
        if (!is_name_byte(name.at[i])) return false;
    return true;
}

/* What follows scheme:partition-or-service:…:region:account: in an ARN of this very home. */
static bool take_home(slice *rest, const slice *wanted, size_t count) {
    slice part;
    for (size_t i = 0; i < count; i++)
        if (!slice_split(rest, ':', &part) || !slice_equals(part, wanted[i])) return false;
    return !slice_is_absent(*rest);
}

static bool take_alibaba(slice text, const secret_shelf *shelf, secret_name *out) {
    const slice wanted[] = {SLICE("acs"), SLICE("kms"), shelf->region, shelf->account};
    if (!take_home(&text, wanted, 4) || !slice_starts_with(text, SLICE("secret/"))) return false;
    *out = (secret_name){.name = slice_skip(text, 7)};
    return true;
}

static bool take_amazon(slice text, const secret_shelf *shelf, secret_name *out) {
    const slice wanted[] = {SLICE("arn"), SLICE("aws"), SLICE("secretsmanager"), shelf->region, shelf->account};
    if (!take_home(&text, wanted, 5) || !slice_starts_with(text, SLICE("secret:"))) return false;
    text = slice_skip(text, 7);
    enum { TAIL = SECRET_SUFFIX_CHARACTERS + 1 };
    if (text.len <= TAIL || text.at[text.len - TAIL] != '-') {
        *out = (secret_name){.name = text};
        return true;
    }
    *out = (secret_name){slice_head(text, text.len - TAIL), slice_skip(text, text.len - TAIL + 1)};
    return true;
}

status secret_name_parse(slice text, const secret_shelf *shelf, secret_name *out) {
    secret_name found = {.name = text};
    bool is_arn = slice_starts_with(text, SLICE("acs:")) || slice_starts_with(text, SLICE("arn:"));
    if (is_arn) ENSURE(take_alibaba(text, shelf, &found) || take_amazon(text, shelf, &found), SECRET_NOT_FOUND);
    ENSURE(secret_name_is_valid(found.name), SECRET_NOT_FOUND);
    *out = found;
    return OK;
}

/* ---- records */

status secret_load_remains(const secret_shelf *shelf, slice name, arena *memory, secret_record *out,
                           uint64_t *revision) {
    slice path, packed;
    uint64_t found;
    TRY(secret_path(shelf, name, memory, &path));
    TRY(store_get(shelf->store, path, memory, &packed, &found));
    ENSURE(!FAILED(shape_unpack(&secret_record_shape, packed, memory, out)), CORRUPT);
    if (revision) *revision = found;
    return OK;
}

static bool has_suffix(const secret_record *of, slice suffix) {
    return slice_equals(slice_head(of->secret_id, SECRET_SUFFIX_CHARACTERS), suffix);
}

status secret_load(const secret_shelf *shelf, const secret_name *name, arena *memory, secret_record *out,
                   uint64_t *revision) {
    secret_record found;
    status loaded = secret_load_remains(shelf, name->name, memory, &found, revision);
    ENSURE(!FAILED_WITH(loaded, NOT_FOUND), SECRET_NOT_FOUND);
    TRY(loaded);
    ENSURE(!(found.delete_at.is_set && found.delete_at.value <= shelf->now_s), SECRET_NOT_FOUND);
    ENSURE(slice_is_absent(name->suffix) || has_suffix(&found, name->suffix), SECRET_NOT_FOUND);
    *out = found;
    return OK;
}

/* ---- versions and labels */

secret_version_record *secret_version(const secret_record *of, slice version_id) {
    for (size_t i = 0; i < of->versions.count; i++)
        if (slice_equals(of->versions.at[i].version_id, version_id)) return &of->versions.at[i];
    return NULL;
}

bool secret_version_has(const secret_version_record *version, slice stage) {
    for (size_t i = 0; i < version->stages.count; i++)
        if (slice_equals(version->stages.at[i], stage)) return true;
    return false;
}

secret_version_record *secret_version_with(const secret_record *of, slice stage) {
    for (size_t i = 0; i < of->versions.count; i++)
        if (secret_version_has(&of->versions.at[i], stage)) return &of->versions.at[i];
    return NULL;
}

secret_version_record *secret_version_waiting(const secret_record *of) {
    secret_version_record *pending = secret_version_with(of, STAGE_PENDING);
    return pending && !secret_version_has(pending, STAGE_CURRENT) ? pending : NULL;
}

void secret_stage_remove(secret_version_record *from, slice stage) {
    size_t kept = 0;
    for (size_t i = 0; i < from->stages.count; i++)
        if (!slice_equals(from->stages.at[i], stage)) from->stages.at[kept++] = from->stages.at[i];
    from->stages.count = kept;
}

static status stage_add(secret_version_record *to, slice stage, arena *memory) {
    if (secret_version_has(to, stage)) return OK;
    ENSURE(to->stages.count < SECRET_STAGES_MOST, SECRET_LIMIT);
    slice *grown = ARENA_ARRAY(memory, slice, to->stages.count + 1);
    ENSURE(grown != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < to->stages.count; i++) grown[i] = to->stages.at[i];
    grown[to->stages.count] = stage;
    to->stages.at = grown;
    to->stages.count++;
    return OK;
}

status secret_stage_move(secret_record *of, secret_version_record *to, slice stage, arena *memory) {
    secret_version_record *from = secret_version_with(of, stage);
    if (from == to) return OK;
    if (from) secret_stage_remove(from, stage);
    TRY(stage_add(to, stage, memory));
    if (!from || !slice_equals(stage, STAGE_CURRENT)) return OK;
    secret_version_record *before = secret_version_with(of, STAGE_PREVIOUS);
    if (before) secret_stage_remove(before, STAGE_PREVIOUS);
    return stage_add(from, STAGE_PREVIOUS, memory);
}

status secret_version_to_drop(const secret_record *of, secret_version_record **out) {
    *out = NULL;
    if (of->versions.count < SECRET_VERSIONS_MOST) return OK;
    for (size_t i = 0; i < of->versions.count && !*out; i++)
        if (of->versions.at[i].stages.count == 0) *out = &of->versions.at[i];
    ENSURE(*out != NULL, SECRET_LIMIT);
    return OK;
}

void secret_version_drop(secret_record *of, const secret_version_record *version) {
    size_t at = (size_t)(version - of->versions.at);
    for (size_t i = at + 1; i < of->versions.count; i++) of->versions.at[i - 1] = of->versions.at[i];
    of->versions.count--;
}

status secret_version_add(secret_record *of, const secret_version_record *version, arena *memory,
                          secret_version_record **out) {
    secret_version_record *grown = ARENA_ARRAY(memory, secret_version_record, of->versions.count + 1);
    ENSURE(grown != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < of->versions.count; i++) grown[i] = of->versions.at[i];
    grown[of->versions.count] = *version;
    of->versions.at = grown;
    *out = &grown[of->versions.count++];
    return OK;
}

/* ---- rotation */

status secret_interval_parse(slice text, int64_t least_s, int64_t *out_s) {
    int64_t seconds;
    TRY(interval_parse(text, &seconds));
    ENSURE(seconds >= least_s && seconds <= SECRET_INTERVAL_MOST_S, INVALID_PARAMETER);
    *out_s = seconds;
    return OK;
}

maybe_int secret_next_rotation(const secret_record *of) {
    if (!of->rotation_enabled.value || of->delete_at.is_set) return (maybe_int){0};
    return SET_INT(of->rotation_from.value + of->rotation_interval.value);
}

enum { DUE_DIGITS = 16 };

status secret_rotation_path(int64_t due_s, slice path, arena *memory, slice *out) {
    ENSURE(due_s >= 0, INVALID_PARAMETER);
    return arena_printf(memory, out, "secret-rotation/%0*lld/%.*s", DUE_DIGITS, (long long)due_s, SLICE_ARGS(path));
}

status secret_rotation_path_read(slice path, int64_t *due_s) {
    slice digits = slice_head(slice_skip(path, SECRET_ROTATION_PREFIX.len), DUE_DIGITS);
    ENSURE(slice_starts_with(path, SECRET_ROTATION_PREFIX) && digits.len == DUE_DIGITS, CORRUPT);
    ENSURE(slice_to_i64(digits, due_s), CORRUPT);
    return OK;
}
