/* keyhold-supervisor: what `keyhold init` and `keyhold serve` run. Makes the data folder; holds the listening sockets;
 * starts the other processes, hands them their channels to each other, starts again what ends. It parses nothing that
 * came from outside: of its children's frames it knows two verbs. */
#include "role/supervisor/supervisor.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/table.h"
#include "contract/failure.h"
#include "crypto/random.h"
#include "crypto/start.h"
#include "system/files.h"
#include "system/process.h"
#include "system/sandbox.h"

enum { SANDBOX_FOLDERS_MOST = 4, KEPT_MOST = 2 * FAMILY_GATEWAYS_MOST + 16, ARENA_BYTES = 1 << 20 };

/* Exit codes as documented for `keyhold`. */
enum { EXIT_USAGE = 2, EXIT_NOT_FOUND = 3, EXIT_UNAVAILABLE = 5, EXIT_CONFLICT = 6, EXIT_VERIFICATION = 7 };

/* ---- settings */

void supervisor_log_as_set(const supervisor *s) {
    static const char *const names[] = {"debug", "info", "warning", "error", NULL};
    int level = choice_find(names, settings_text(&s->settings, SETTING_LOG_LEVEL));
    log_begin("supervisor", level ? (enum log_level)(level - 1) : LOG_INFO_LINE);
}

/* Root's data is where services have theirs; others have it in their home. */
static status default_folder(char out[PATH_MAX]) {
    const char *data = process_variable("XDG_DATA_HOME"), *home = process_variable("HOME");
    int len = 0;
    if (process_is_root() || (!(data && *data) && !(home && *home))) len = snprintf(out, PATH_MAX, "/var/lib/keyhold");
    else if (data && *data == '/') len = snprintf(out, PATH_MAX, "%s/keyhold", data);
    else len = snprintf(out, PATH_MAX, "%s/.local/share/keyhold", home ? home : "");
    ENSURE(len > 0 && len < PATH_MAX, TOO_LARGE);
    return OK;
}

status supervisor_load_settings(const supervisor *s, settings *out, buffer *complaint) {
    char folder[PATH_MAX];
    TRY(default_folder(folder));
    settings_sources from = {.config_path = s->options.config_path,
                             .environment = (const char *const *)environ,
                             .flags = s->options.flags,
                             .flag_count = s->options.flag_count,
                             .data = folder};
    return settings_load(&from, out, complaint);
}

/* The throw-away instance: a folder in memory, nothing durable. */
static status choose_temporary(supervisor *s, buffer *complaint) {
    ENSURE(s->options.flag_count + 2 <= OPTION_FLAGS_MOST, USAGE);
    TRY(data_folder_choose_temporary(s->temporary, complaint));
    setting_flag *next = s->options.flags + s->options.flag_count;
    next[0] = (setting_flag){SETTING_DATA, slice_of_text(s->temporary)};
    next[1] = (setting_flag){SETTING_DURABLE, SLICE("no")};
    s->options.flag_count += 2;
    return OK;
}

/* ---- starting the family */

static void keep(int *kept, size_t *count, int fd) {
    if (fd > 2) kept[(*count)++] = fd;
}

static size_t list_kept(const supervisor *s, int kept[KEPT_MOST]) {
    size_t count = loop_descriptors(s->loop, kept);
    const int own[] = {s->folder.fd,     s->folder.lock_fd, s->folder.root_key_fd,
                       s->folder.pem_fd, s->null_fd,        s->notify.fd};
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) keep(kept, &count, own[i]);
    for (size_t i = 0; i < FAMILY_GATEWAYS_MOST; i++) {
        keep(kept, &count, s->plain_fds[i]);
        keep(kept, &count, s->tls_fds[i]);
    }
    return count;
}

/* The folder that contains `path`, in the arena. */
static status folder_of(arena *memory, const char *path, slice *out) {
    char resolved[PATH_MAX];
    ENSURE(realpath(path, resolved) != NULL, NOT_FOUND);
    char *slash = strrchr(resolved, '/');
    return arena_copy(memory, slash == resolved ? SLICE("/") : slice_of(resolved, (size_t)(slash - resolved)), out);
}

/* What holds for the supervisor holds for all it starts: they write in the data folder and nowhere else. */
static status confine(supervisor *s) {
    int kept[KEPT_MOST];
    sandbox_folder folders[SANDBOX_FOLDERS_MOST] = {{.path = s->folder.path, .right = SANDBOX_READ_WRITE}};
    size_t count = 1;
    slice path;
    folders[count++] =
        (sandbox_folder){.path = (const char *)family_folder(s->family).at, .right = SANDBOX_READ_EXECUTE};
    if (s->options.config_path) {
        TRY(folder_of(&s->memory, s->options.config_path, &path));
        folders[count++] = (sandbox_folder){.path = (const char *)path.at, .right = SANDBOX_READ};
    }
    if (s->temporary[0]) {
        TRY(folder_of(&s->memory, s->temporary, &path));
        folders[count++] = (sandbox_folder){.path = (const char *)path.at, .right = SANDBOX_READ_WRITE};
    }
    sandbox_plan plan = {.role = SANDBOX_SUPERVISOR, .folders = folders, .folder_count = count, .keep = kept};
    plan.keep_count = list_kept(s, kept);
    sandbox_report report;
    TRY(sandbox_enter(&plan, &report));
    if (!report.files_confined) log_warning("no Landlock", "%s", "this kernel cannot confine files by path");
    return OK;
}

status supervisor_start_family(supervisor *s, const family_plan *plan, buffer *complaint) {
    family_plan whole = *plan;
    bool has_account;
    TRY(data_folder_has_account(&s->folder, &has_account));
    whole.loop = s->loop;
    whole.may_begin = !has_account;
    status made = family_new(&whole, &s->family);
    if (FAILED(made)) {
        TRY(buffer_append_text(complaint,
                               "the programs of Keyhold are not beside this one nor in libexec; reinstall it, or "
                               "say where they are with KEYHOLD_LIBEXEC"));
        return made;
    }
    status confined = confine(s);
    if (FAILED(confined)) TRY(buffer_printf(complaint, "the sandbox could not be entered: %s", status_name(confined)));
    TRY(confined);
    status started = family_start(s->family);
    if (FAILED(started)) TRY(buffer_printf(complaint, "the processes could not be started: %s", status_name(started)));
    return started;
}

void supervisor_give_up(supervisor *s) {
    log_error("not started", "%s", "a process ended too early; its own lines above say why");
    s->has_failed = true;
    family_stop(s->family);
}

/* ---- the account */

status supervisor_bootstrap(supervisor *s) {
    bootstrap_message wish = {s->chosen.account_id, s->chosen.access_key_id, s->chosen.access_key_secret};
    s->is_awaiting_account = true;
    return family_tell(s->family, ROLE_CORE, MESSAGE_BOOTSTRAP, &wish);
}

static status keep_account(supervisor *s, const bootstrapped_message *result) {
    arena *memory = &s->chosen.memory;
    TRY(arena_copy(memory, result->account_id, &s->account.account_id));
    TRY(arena_copy(memory, result->access_key_id, &s->account.access_key_id));
    TRY(arena_copy(memory, result->access_key_secret, &s->account.access_key_secret));
    return data_folder_set_account(&s->folder, result->account_id);
}

void supervisor_take_account(supervisor *s, const bootstrapped_message *result) {
    status made = {(enum status_code)result->failure.value};
    s->is_awaiting_account = false;
    if (!FAILED(made)) made = keep_account(s, result);
    if (!FAILED(made)) return;
    log_error("account not made", "%s: %s %.*s", status_name(made), failure_get(made.code)->message,
              SLICE_ARGS(result->detail));
    s->has_failed = true;
}

void supervisor_forget_account(supervisor *s) {
    chosen_account_clear(&s->chosen);
    s->account = (bootstrapped_message){0};
}

/* ---- the process */

static status crypto_begin(void) {
    uint8_t seed[16];
    TRY(crypto_start());
    TRY(random_fill(seed, sizeof seed));
    table_seed(seed);
    return OK;
}

static status run(supervisor *s, buffer *complaint) {
    TRY(crypto_begin());
    TRY(chosen_account_read(s->options.account_id, s->options.access_key_file, &s->chosen, complaint));
    if (s->options.in_memory) TRY(choose_temporary(s, complaint));
    TRY(supervisor_load_settings(s, &s->settings, complaint));
    supervisor_log_as_set(s);
    TRY(files_open_read(FILES_HERE, "/dev/null", &s->null_fd));
    TRY(loop_new(&s->loop));
    return s->options.verb == VERB_INIT ? supervisor_init(s, complaint) : supervisor_serve(s, complaint);
}

static void supervisor_begin(supervisor *s) {
    s->started_ms = clock_monotonic_ms();
    s->folder = data_folder_closed();
    s->null_fd = -1;
    s->memory.limit = ARENA_BYTES;
    for (size_t i = 0; i < FAMILY_GATEWAYS_MOST; i++) s->plain_fds[i] = s->tls_fds[i] = -1;
}

static void supervisor_end(supervisor *s) {
    family_free(s->family);
    supervisor_close_listeners(s);
    data_folder_clear(&s->folder);
    if (s->temporary[0] && FAILED(files_remove_tree(FILES_HERE, s->temporary)))
        log_warning("folder not removed", "%s", s->temporary);
    supervisor_forget_account(s);
    notify_clear(&s->notify);
    loop_free(s->loop);
    files_close(s->null_fd);
    settings_clear(&s->settings);
    arena_clear(&s->memory);
}

static int exit_code_of(status result) {
    if (!FAILED(result)) return EXIT_SUCCESS;
    if (FAILED_WITH(result, USAGE) || FAILED_WITH(result, INVALID_PARAMETER)) return EXIT_USAGE;
    if (FAILED_WITH(result, NOT_FOUND)) return EXIT_NOT_FOUND;
    if (FAILED_WITH(result, UNSUPPORTED)) return EXIT_UNAVAILABLE;
    if (FAILED_WITH(result, CONFLICT) || FAILED_WITH(result, EXISTS)) return EXIT_CONFLICT;
    return FAILED_WITH(result, CORRUPT) ? EXIT_VERIFICATION : EXIT_FAILURE;
}

static status help(void) {
    OWNED(buffer) text = {0};
    TRY(supervisor_options_tell(&text));
    fwrite(text.at, 1, text.len, stdout);
    return OK;
}

static status obey(supervisor *s, int argc, char **argv, buffer *complaint) {
    TRY(supervisor_options_read(argc, argv, &s->options, complaint));
    return s->options.verb == VERB_HELP ? help() : run(s, complaint);
}

int main(int argc, char **argv) {
    OWNED(buffer) complaint = {0};
    supervisor *s = calloc(1, sizeof *s);
    if (!s) return EXIT_FAILURE;
    log_begin("supervisor", LOG_INFO_LINE);
    process_ignore_broken_pipes();
    supervisor_begin(s);
    status result = obey(s, argc, argv, &complaint);
    if (FAILED(result) && complaint.len) fprintf(stderr, "keyhold: %.*s\n", SLICE_ARGS(buffer_slice(&complaint)));
    else if (FAILED(result)) log_error("supervisor ends", "%s", status_name(result));
    supervisor_end(s);
    free(s);
    return exit_code_of(result);
}
