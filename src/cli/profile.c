/* Profiles: finding, reading, writing. */
#include "cli/profile.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include "cli/value.h"
#include "contract/nearest.h"
#include "format/ini.h"
#include "system/files.h"

#define SESSION_SUFFIX ".login"

enum { SECRET_BYTES_MOST = 4096, TOKEN_BYTES_MOST = 16384 };

/* ---- places */

static status config_folder(invocation *inv, slice *out) {
    const char *given = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    if (given && given[0] == '/') return arena_printf(&inv->memory, out, "%s/keyhold", given);
    ENSURE(home && home[0] == '/', NOT_FOUND);
    return arena_printf(&inv->memory, out, "%s/.config/keyhold", home);
}

status profile_path(invocation *inv, const char *name, slice *out) {
    slice folder;
    TRY(config_folder(inv, &folder));
    return arena_printf(&inv->memory, out, "%.*s/%s", SLICE_ARGS(folder), name);
}

static bool name_is_valid(slice name) {
    bool is_valid = name.len > 0 && name.len <= 64 && name.at[0] != '.';
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.at[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        is_valid = is_valid && (is_letter || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.');
    }
    return is_valid;
}

static status bad_name(invocation *inv, slice name) {
    return trouble_note(&inv->trouble, FAIL(USAGE),
                        "\"%.*s\" cannot be a profile's name: letters, digits, '-', '_' and '.' only.",
                        SLICE_ARGS(name));
}

static status path_of(invocation *inv, slice name, const char *suffix, slice *out) {
    slice file;
    if (!name_is_valid(name)) return bad_name(inv, name);
    TRY(arena_printf(&inv->memory, &file, "%.*s%s", SLICE_ARGS(name), suffix));
    return profile_path(inv, (const char *)file.at, out);
}

/* ---- one file */

typedef struct reading {
    invocation *inv;
    slice path;
    profile *to;
    bool may_hold_secrets; /* nobody else can read the file */
} reading;

static status refuse_line(const reading *r, const ini_line *line, const char *why) {
    return trouble_note(&r->inv->trouble, FAIL(MALFORMED), "%.*s:%u: %.*s %s.", SLICE_ARGS(r->path), line->number,
                        SLICE_ARGS(line->key), why);
}

/* A path in a profile counts from the profile's folder. */
static status resolve_path(const reading *r, slice path, slice *out) {
    size_t end = r->path.len;
    while (end > 0 && r->path.at[end - 1] != '/') end--;
    if (path.len > 0 && path.at[0] == '/') return arena_copy(&r->inv->memory, path, out);
    return arena_printf(&r->inv->memory, out, "%.*s%.*s", SLICE_ARGS(slice_head(r->path, end)), SLICE_ARGS(path));
}

static status read_secret_file(invocation *inv, slice path, size_t most, slice *out) {
    bool is_private;
    slice content, named;
    TRY(arena_copy(&inv->memory, path, &named));
    if (!FAILED(files_is_private(FILES_HERE, (const char *)named.at, &is_private)) && !is_private) {
        trouble_advise(&inv->trouble, "chmod 600 %.*s", SLICE_ARGS(path));
        return trouble_note(&inv->trouble, FAIL(USAGE), "%.*s holds a secret and others can read it.",
                            SLICE_ARGS(path));
    }
    TRY(value_read_file(inv, path, most, &content));
    return arena_copy(&inv->memory, slice_trim(content), out);
}

static status take_secret(const reading *r, const ini_line *line, slice *out) {
    if (!r->may_hold_secrets) {
        trouble_advise(&r->inv->trouble, "chmod 600 %.*s, or use %.*s_file", SLICE_ARGS(r->path),
                       SLICE_ARGS(line->key));
        return refuse_line(r, line, "stands in a file that others can read");
    }
    *out = line->value;
    return OK;
}

static status take_file(const reading *r, slice value, size_t most, slice *out) {
    slice path;
    TRY(resolve_path(r, value, &path));
    return read_secret_file(r->inv, path, most, out);
}

static const char *const keys[] = {"endpoint",
                                   "ca",
                                   "region",
                                   "access_key_id",
                                   "access_key_secret",
                                   "access_key_secret_file",
                                   "security_token",
                                   "security_token_file",
                                   NULL};

static status refuse_key(const reading *r, const ini_line *line) {
    for (size_t i = 0; keys[i]; i++) {
        size_t distance = nearest_distance(line->key, slice_of_text(keys[i]));
        if (nearest_is_likely(line->key, slice_of_text(keys[i]), distance))
            trouble_advise(&r->inv->trouble, "did you mean %s?", keys[i]);
    }
    return refuse_line(r, line, "is not known");
}

static status take_line(const reading *r, const ini_line *line) {
    slice key = line->key;
    profile *to = r->to;
    if (slice_equals_text(key, "endpoint")) return to->endpoint = line->value, OK;
    if (slice_equals_text(key, "region")) return to->region = line->value, OK;
    if (slice_equals_text(key, "access_key_id")) return to->access_key_id = line->value, OK;
    if (slice_equals_text(key, "ca")) return resolve_path(r, line->value, &to->ca);
    if (slice_equals_text(key, "access_key_secret")) return take_secret(r, line, &to->access_key_secret);
    if (slice_equals_text(key, "security_token")) return take_secret(r, line, &to->security_token);
    if (slice_equals_text(key, "access_key_secret_file"))
        return take_file(r, line->value, SECRET_BYTES_MOST, &to->access_key_secret);
    if (slice_equals_text(key, "security_token_file"))
        return take_file(r, line->value, TOKEN_BYTES_MOST, &to->security_token);
    return refuse_key(r, line);
}

static status read_profile(invocation *inv, slice path, profile *out) {
    profile found = {0};
    reading r = {inv, path, &found, false};
    slice text;
    ini_list lines;
    ini_fault fault;
    TRY(files_is_private(FILES_HERE, (const char *)path.at, &r.may_hold_secrets));
    TRY(value_read_file(inv, path, INI_BYTES_MOST, &text));
    status read = ini_read(text, &inv->memory, &lines, &fault);
    if (FAILED(read))
        return trouble_note(&inv->trouble, read, "%.*s:%u: %s.", SLICE_ARGS(path), fault.number, fault.reason);
    for (size_t i = 0; i < lines.count; i++) TRY(take_line(&r, &lines.at[i]));
    found.told_by = (const char *)path.at;
    *out = found;
    return OK;
}

/* ---- the environment */

static slice variable(const char *name) {
    const char *value = getenv(name);
    return value && *value ? slice_of_text(value) : (slice){0};
}

/* A secret by its own variable or by the one that names a file. */
static status secret_variable(invocation *inv, const char *name, const char *file_name, slice *out) {
    slice path = variable(file_name);
    *out = variable(name);
    if (!slice_is_absent(*out) || slice_is_absent(path)) return OK;
    return read_secret_file(inv, path, SECRET_BYTES_MOST, out);
}

static status read_environment(invocation *inv, profile *out) {
    profile found = {.endpoint = variable("KEYHOLD_ENDPOINT"),
                     .ca = variable("KEYHOLD_CA"),
                     .region = variable("KEYHOLD_REGION"),
                     .access_key_id = variable("KEYHOLD_ACCESS_KEY_ID"),
                     .security_token = variable("KEYHOLD_SECURITY_TOKEN"),
                     .told_by = "KEYHOLD_ACCESS_KEY_ID"};
    TRY(secret_variable(inv, "KEYHOLD_ACCESS_KEY_SECRET", "KEYHOLD_ACCESS_KEY_SECRET_FILE", &found.access_key_secret));
    *out = found;
    return OK;
}

static profile read_other_tools(void) {
    profile found = {.access_key_id = variable("ALIBABA_CLOUD_ACCESS_KEY_ID"),
                     .access_key_secret = variable("ALIBABA_CLOUD_ACCESS_KEY_SECRET"),
                     .security_token = variable("ALIBABA_CLOUD_SECURITY_TOKEN"),
                     .told_by = "ALIBABA_CLOUD_ACCESS_KEY_ID"};
    if (!slice_is_absent(found.access_key_id)) return found;
    return (profile){.access_key_id = variable("OSS_ACCESS_KEY_ID"),
                     .access_key_secret = variable("OSS_ACCESS_KEY_SECRET"),
                     .security_token = variable("OSS_SESSION_TOKEN"),
                     .told_by = "OSS_ACCESS_KEY_ID"};
}

/* ---- putting them together */

static void fill(slice *to, slice from) {
    if (slice_is_absent(*to)) *to = from;
}

/* What is still missing comes from the next source; an access key comes whole or not at all. */
static void fill_from(profile *to, const profile *from) {
    fill(&to->endpoint, from->endpoint);
    fill(&to->ca, from->ca);
    fill(&to->region, from->region);
    if (!slice_is_absent(to->access_key_id) || slice_is_absent(from->access_key_id)) return;
    to->access_key_id = from->access_key_id;
    to->access_key_secret = from->access_key_secret;
    to->security_token = from->security_token;
    to->told_by = from->told_by;
}

static status load_named(invocation *inv, slice name, bool must_exist, profile *out) {
    slice path;
    bool exists = false;
    *out = (profile){0};
    status placed = path_of(inv, name, ".conf", &path);
    if (FAILED_WITH(placed, NOT_FOUND) && !must_exist) return OK;
    if (!FAILED(placed)) placed = files_exists(FILES_HERE, (const char *)path.at, &exists);
    TRY(placed);
    if (exists) return read_profile(inv, path, out);
    if (!must_exist) return OK;
    trouble_advise(&inv->trouble, "`keyhold configure --profile %.*s` makes it", SLICE_ARGS(name));
    return trouble_note(&inv->trouble, FAIL(NOT_FOUND), "There is no profile \"%.*s\" (%.*s).", SLICE_ARGS(name),
                        SLICE_ARGS(path));
}

static slice asked_profile(const invocation *inv) {
    return slice_is_absent(inv->profile) ? variable("KEYHOLD_PROFILE") : inv->profile;
}

slice profile_name(const invocation *inv) {
    slice asked = asked_profile(inv);
    return slice_is_absent(asked) ? SLICE("default") : asked;
}

static status session_name(invocation *inv, slice name, slice *out) {
    return arena_printf(&inv->memory, out, "%.*s" SESSION_SUFFIX, SLICE_ARGS(name));
}

/* Who has logged in is that person until they log out, whatever access key the profile has. */
static status load_kept(invocation *inv, bool is_named, profile *out) {
    slice name = profile_name(inv), of_session;
    profile session;
    TRY(session_name(inv, name, &of_session));
    TRY(load_named(inv, of_session, false, &session));
    bool has_session = !slice_is_absent(session.access_key_id), is_login = inv->command->operation == OPERATION_LOGIN;
    TRY(load_named(inv, name, is_named && !has_session && !is_login, out));
    if (!has_session) return OK;
    profile whole = session;
    fill(&whole.endpoint, out->endpoint);
    fill(&whole.ca, out->ca);
    fill(&whole.region, out->region);
    *out = whole;
    return OK;
}

static status gather(invocation *inv, profile *out) {
    bool is_named = !slice_is_absent(asked_profile(inv));
    profile kept, environment, others = read_other_tools();
    TRY(load_kept(inv, is_named, &kept));
    TRY(read_environment(inv, &environment));
    *out = (profile){.endpoint = inv->endpoint, .ca = inv->ca, .region = inv->region};
    fill_from(out, is_named ? &kept : &environment);
    fill_from(out, is_named ? &environment : &kept);
    fill_from(out, &others);
    fill(&out->endpoint, SLICE("https://127.0.0.1:8443"));
    fill(&out->region, SLICE("cn-hangzhou"));
    return OK;
}

static bool host_is_loopback(slice host) {
    char name[64];
    struct in_addr four;
    if (slice_starts_with(host, SLICE("[::1]"))) return true;
    slice bare = slice_head(host, slice_find_byte(host, ':'));
    if (slice_equals_ignoring_case(bare, SLICE("localhost"))) return true;
    if (bare.len == 0 || bare.len >= sizeof name) return false;
    memcpy(name, bare.at, bare.len);
    name[bare.len] = 0;
    return inet_pton(AF_INET, name, &four) == 1 && (ntohl(four.s_addr) >> 24) == 127;
}

static bool host_is_valid(slice host) {
    bool is_valid = host.len > 0 && host.len < 300;
    for (size_t i = 0; i < host.len; i++)
        is_valid = is_valid && host.at[i] > ' ' && host.at[i] < 0x7f && host.at[i] != '/' && host.at[i] != '@' &&
                   host.at[i] != '?';
    return is_valid;
}

/* Plain HTTP only on this machine: signatures protect requests, not what is in them. */
static status check_endpoint(invocation *inv, profile *p) {
    slice given = slice_trim(p->endpoint);
    while (slice_ends_with(given, SLICE("/"))) given.len--;
    bool is_tls = slice_starts_with(given, SLICE("https://")), is_plain = slice_starts_with(given, SLICE("http://"));
    slice host = slice_skip(given, is_tls ? 8 : 7);
    if ((!is_tls && !is_plain) || !host_is_valid(host)) {
        trouble_advise(&inv->trouble, "write it as https://HOST:PORT");
        return trouble_note(&inv->trouble, FAIL(USAGE), "The endpoint \"%.*s\" is not one.", SLICE_ARGS(given));
    }
    p->is_loopback = host_is_loopback(host);
    if (is_plain && !p->is_loopback) {
        trouble_advise(&inv->trouble, "use https://%.*s", SLICE_ARGS(host));
        return trouble_note(&inv->trouble, FAIL(USAGE),
                            "Plain HTTP is for this machine only; keys would cross the network in clear.");
    }
    slice standard = is_tls ? SLICE(":443") : SLICE(":80");
    if (slice_ends_with(host, standard)) host.len -= standard.len;
    TRY(arena_copy(&inv->memory, host, &p->host));
    return arena_copy(&inv->memory, given, &p->endpoint);
}

static status keep_text(invocation *inv, slice *text) {
    return slice_is_absent(*text) ? OK : arena_copy(&inv->memory, *text, text);
}

status profile_load(invocation *inv, profile *out) {
    profile p;
    TRY(gather(inv, &p));
    TRY(check_endpoint(inv, &p));
    TRY(keep_text(inv, &p.ca));
    TRY(keep_text(inv, &p.region));
    *out = p;
    return OK;
}

status profile_load_with_key(invocation *inv, profile *out) {
    profile p;
    TRY(profile_load(inv, &p));
    if (slice_is_absent(p.access_key_id)) {
        trouble_advise(&inv->trouble, "`keyhold configure` keeps one in a profile; or set KEYHOLD_ACCESS_KEY_ID and "
                                      "KEYHOLD_ACCESS_KEY_SECRET_FILE");
        return trouble_note(&inv->trouble, FAIL(USAGE), "No access key is known.");
    }
    if (slice_is_absent(p.access_key_secret))
        return trouble_note(&inv->trouble, FAIL(USAGE), "The access key %.*s (from %s) comes without its secret.",
                            SLICE_ARGS(p.access_key_id), p.told_by);
    *out = p;
    return OK;
}

/* ---- writing */

static status folder_open(invocation *inv, int *out) {
    slice folder, parent;
    bool exists;
    TRY(config_folder(inv, &folder));
    TRY(arena_copy(&inv->memory, slice_head(folder, folder.len - strlen("/keyhold")), &parent));
    TRY(files_exists(FILES_HERE, (const char *)parent.at, &exists));
    if (!exists) TRY(files_make_folder(FILES_HERE, (const char *)parent.at));
    return files_need_folder(FILES_HERE, (const char *)folder.at, out);
}

typedef struct destination {
    invocation *inv;
    int folder;
    slice name;
} destination;

static status write_beside(const destination *d, const char *suffix, slice content) {
    slice file;
    TRY(arena_printf(&d->inv->memory, &file, "%.*s%s", SLICE_ARGS(d->name), suffix));
    return files_write_atomic(d->folder, (const char *)file.at, content);
}

static status append_line(buffer *out, const char *key, slice value) {
    if (slice_is_absent(value)) return OK;
    ENSURE(strlen(key) + value.len + 3 < INI_LINE_BYTES_MOST && !slice_contains_byte(value, '\n'), TOO_LARGE);
    return buffer_printf(out, "%s = %.*s\n", key, SLICE_ARGS(value));
}

static status write_all(const destination *d, const profile *p) {
    OWNED(buffer) text = {0};
    slice secret_file, token_file;
    TRY(arena_printf(&d->inv->memory, &secret_file, "%.*s.secret", SLICE_ARGS(d->name)));
    TRY(arena_printf(&d->inv->memory, &token_file, "%.*s.token", SLICE_ARGS(d->name)));
    TRY(append_line(&text, "endpoint", p->endpoint));
    TRY(append_line(&text, "ca", p->ca));
    TRY(append_line(&text, "region", p->region));
    TRY(append_line(&text, "access_key_id", p->access_key_id));
    TRY(append_line(&text, "access_key_secret_file", secret_file));
    if (!slice_is_absent(p->security_token)) TRY(append_line(&text, "security_token_file", token_file));
    TRY(write_beside(d, ".secret", p->access_key_secret));
    if (!slice_is_absent(p->security_token)) TRY(write_beside(d, ".token", p->security_token));
    return write_beside(d, ".conf", buffer_slice(&text));
}

/* A path that still holds when the profile is read from elsewhere. NOT_FOUND. */
static status absolute(invocation *inv, slice path, slice *out) {
    slice whole;
    if (slice_is_absent(path)) return *out = path, OK;
    TRY(arena_copy(&inv->memory, path, &whole));
    char *found = realpath((const char *)whole.at, NULL);
    ENSURE(found != NULL, NOT_FOUND);
    status copied = arena_copy(&inv->memory, slice_of_text(found), out);
    free(found);
    return copied;
}

status profile_save(invocation *inv, slice name, const profile *given) {
    profile made = *given;
    destination d = {.inv = inv, .name = name};
    if (!name_is_valid(name)) return bad_name(inv, name);
    status done = absolute(inv, given->ca, &made.ca);
    if (FAILED(done)) return trouble_note(&inv->trouble, done, "%.*s: there is no such file.", SLICE_ARGS(given->ca));
    done = folder_open(inv, &d.folder);
    if (FAILED(done))
        return trouble_note(&inv->trouble, done, "The folder of profiles (~/.config/keyhold) cannot be made.");
    done = write_all(&d, &made);
    files_close(d.folder);
    if (FAILED(done))
        return trouble_note(&inv->trouble, done, "The profile \"%.*s\" could not be written.", SLICE_ARGS(name));
    return OK;
}

status profile_save_session(invocation *inv, slice name, const profile *given) {
    slice whole;
    TRY(session_name(inv, name, &whole));
    return profile_save(inv, whole, given);
}

status profile_end_session(invocation *inv, slice name) {
    static const char *const SUFFIXES[] = {".conf", ".secret", ".token"};
    slice whole, path;
    status ended = OK;
    TRY(session_name(inv, name, &whole));
    for (size_t i = 0; i < sizeof SUFFIXES / sizeof *SUFFIXES; i++) {
        TRY(path_of(inv, whole, SUFFIXES[i], &path));
        status removed = files_unlink(FILES_HERE, (const char *)path.at);
        if (FAILED(removed) && !FAILED(ended)) ended = removed;
    }
    return ended;
}
