/* keyhold secret follow: the owner's hook for rotations. For each new version that waits, the command is run with the value on its
 * standard input; when it ends well, the version is confirmed. */
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/secret.h"
#include "system/spawn.h"

enum { PAUSE_S = 30, PAUSE_MOST_S = 86400, ROUND_MEMORY = 32 << 20, VARIABLES_MOST = 1024, VALUE_MOST = 64 << 10 };

const command_flag secret_follow_flags[] = {
    {"exec", "COMMAND",
     "run it by sh, with the new value on standard input and KEYHOLD_SECRET_NAME and "
     "KEYHOLD_SECRET_VERSION set"},
    {"name", "PREFIX", "only secrets whose names begin so"},
    {"once", NULL, "look once and end"},
    {"every", "SECONDS", "look this often, 30 unless given"},
    {NULL, NULL, NULL},
};

typedef struct follower {
    client *c;
    invocation *inv;       /* of the round */
    const invocation *own; /* what was asked for */
    slice exec;            /* absent: waiting versions are shown */
    bool has_failed;       /* a command did */
} follower;

typedef struct waiting {
    slice name, version;
} waiting;

/* ---- the command */

extern char **environ;

static status make_environment(follower *f, const waiting *w, const char ***out) {
    arena *memory = &f->inv->memory;
    const char **list = ARENA_ARRAY(memory, const char *, VARIABLES_MOST + 3);
    slice name, version;
    size_t count = 0;
    ENSURE(list != NULL, OUT_OF_MEMORY);
    while (environ[count] && count < VARIABLES_MOST) {
        list[count] = environ[count];
        count++;
    }
    TRY(arena_printf(memory, &name, "KEYHOLD_SECRET_NAME=%.*s", SLICE_ARGS(w->name)));
    TRY(arena_printf(memory, &version, "KEYHOLD_SECRET_VERSION=%.*s", SLICE_ARGS(w->version)));
    list[count++] = (const char *)name.at;
    list[count++] = (const char *)version.at;
    *out = list;
    return OK;
}

/* A pipe holds the longest value: it is filled before anybody reads, and never touches a disk. */
static status fill_pipe(slice value, int *reading) {
    int ends[2];
    ENSURE(value.len <= VALUE_MOST && pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0, IO);
    ssize_t written = write(ends[1], value.at, value.len);
    close(ends[1]);
    if (written != (ssize_t)value.len) {
        close(ends[0]);
        return FAIL(IO);
    }
    *reading = ends[0];
    return OK;
}

static status run_command(follower *f, const waiting *w, int reading, bool *went_well) {
    const char **environment;
    slice script;
    spawn_child child;
    spawn_end end;
    TRY(make_environment(f, w, &environment));
    TRY(arena_printf(&f->inv->memory, &script, "exec <&3 3<&-; %.*s", SLICE_ARGS(f->exec)));
    const char *const words[] = {"sh", "-c", (const char *)script.at, NULL};
    spawn_plan plan = {.path = "/bin/sh",
                       .arguments = words,
                       .environment = environment,
                       .descriptors = &reading,
                       .descriptor_count = 1};
    TRY(spawn_start(&plan, &child));
    TRY(spawn_wait(&child, -1, &end));
    *went_well = end.signal == 0 && end.exit_code == 0;
    return OK;
}

static status give_to_command(follower *f, const waiting *w, slice value, bool *went_well) {
    int reading;
    TRY(fill_pipe(value, &reading));
    status ran = run_command(f, w, reading, went_well);
    close(reading);
    return ran;
}

/* ---- one version that waits */

static status ask(follower *f, enum operation_id id, const waiting *w, result *out) {
    pair value[] = {{SLICE("SecretName"), w->name}, {SLICE("VersionId"), w->version}};
    pair stage[] = {{SLICE("SecretName"), w->name},
                    {SLICE("MoveToVersion"), w->version},
                    {SLICE("VersionStage"), SLICE("ACSCurrent")}};
    bool reads = id == OPERATION_GET_SECRET_VALUE;
    return call_rpc(f->c, id, reads ? (pair_list){value, 2} : (pair_list){stage, 3}, out);
}

static status show(follower *f, const json *entry) { return output_line(f->inv, entry); }

static status handle(follower *f, const waiting *w) {
    result r;
    slice value;
    bool went_well = false;
    TRY(ask(f, OPERATION_GET_SECRET_VALUE, w, &r));
    TRY(secret_value_of(f->inv, r.value, &value));
    TRY(give_to_command(f, w, value, &went_well));
    if (went_well) TRY(ask(f, OPERATION_UPDATE_SECRET_VERSION_STAGE, w, &r));
    f->has_failed = f->has_failed || !went_well;
    if (!f->own->is_quiet)
        fprintf(stderr, "keyhold: secret %.*s, version %.*s: %s\n", SLICE_ARGS(w->name), SLICE_ARGS(w->version),
                went_well ? "confirmed" : "the command failed; the version still waits");
    return OK;
}

/* ---- rounds */

static bool is_waiting(const json *entry, slice prefix, waiting *out) {
    slice deleted;
    bool waits = json_get_text(json_member(entry, SLICE("SecretName")), &out->name) &&
                 json_get_text(json_member(entry, SLICE("PendingVersionId")), &out->version);
    bool is_deleted = json_get_text(json_member(entry, SLICE("PlannedDeleteTime")), &deleted);
    return waits && !is_deleted && slice_starts_with(out->name, prefix);
}

static status look(follower *f) {
    json_rows rows = {0};
    slice prefix = SLICE("");
    (void)flag_find(f->own, "name", &prefix);
    TRY(run_pages(f->c, &rows));
    for (size_t i = 0; i < rows.count; i++) {
        waiting w;
        if (!is_waiting(rows.at[i], prefix, &w)) continue;
        if (slice_is_absent(f->exec)) TRY(show(f, rows.at[i]));
        else TRY(handle(f, &w));
    }
    return OK;
}

static status begin_round(follower *f) {
    arena kept = f->inv->memory;
    *f->inv = *f->own;
    f->inv->memory = kept;
    return look(f);
}

static status rounds(follower *f, int64_t pause_s) {
    for (;;) {
        const struct timespec rest = {pause_s, 0};
        TRY(begin_round(f));
        arena_wipe(&f->inv->memory);
        if (flag_is_given(f->own, "once")) break;
        nanosleep(&rest, NULL);
    }
    if (!f->has_failed) return OK;
    return trouble_note(&f->inv->trouble, FAIL(INTERNAL), "A command failed; its version still waits.");
}

static status read_pause(invocation *inv, int64_t *out) {
    slice typed;
    *out = PAUSE_S;
    if (!flag_find(inv, "every", &typed)) return OK;
    if (slice_to_i64(typed, out) && *out >= 1 && *out <= PAUSE_MOST_S) return OK;
    return trouble_note(&inv->trouble, FAIL(USAGE),
                        "--every must be a number of seconds from 1 to 86400, not \"%.*s\".", SLICE_ARGS(typed));
}

status secret_follow(invocation *inv) {
    OWNED(client) c = {0};
    OWNED(invocation) round = {.memory = {.limit = ROUND_MEMORY}};
    follower f = {.c = &c, .inv = &round, .own = inv};
    int64_t pause_s;
    if (inv->form == OUTPUT_JSON) inv->form = OUTPUT_JSONL;
    (void)flag_find(inv, "exec", &f.exec);
    TRY(read_pause(inv, &pause_s));
    if (inv->is_dry_run) return run_describe(inv);
    TRY(client_open(inv, &c));
    c.inv = &round;
    status done = rounds(&f, pause_s);
    inv->trouble = round.trouble;
    c.inv = inv;
    return done;
}
