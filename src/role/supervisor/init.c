/* keyhold init: the data folder, its keys and certificates, the account and its root access key. */
#include <stdio.h>

#include "base/log.h"
#include "role/supervisor/supervisor.h"

/* Nothing to do: the account is there. Another one than asked for is an error. */
static status is_done(supervisor *s, slice account, buffer *complaint) {
    bool is_other = !slice_is_absent(s->chosen.account_id) && !slice_equals(s->chosen.account_id, account);
    if (!is_other) {
        report_account(s, account);
        return OK;
    }
    TRY(buffer_printf(complaint, "%s: belongs to account %.*s, not %.*s; nothing was changed", s->folder.path,
                      SLICE_ARGS(account), SLICE_ARGS(s->chosen.account_id)));
    return FAIL(CONFLICT);
}

static void on_bootstrapped(void *context, const bootstrapped_message *result) {
    supervisor *s = context;
    supervisor_take_account(s, result);
    if (!s->has_failed) {
        bool is_new = result->is_new.is_set && result->is_new.value;
        report_account(s, is_new ? (slice){0} : result->account_id);
    }
    family_stop(s->family);
}

static void on_failed(void *context) { supervisor_give_up(context); }

static void on_gone(void *context) { loop_stop(((supervisor *)context)->loop); }

static status make_account(supervisor *s, buffer *complaint) {
    family_plan plan = {.settings = &s->settings, .data_path = s->folder.path, .has_one_try = true};
    plan.roles = 1u << ROLE_VAULT | 1u << ROLE_AUDITOR | 1u << ROLE_CORE;
    plan.root_key_fd = s->folder.root_key_fd;
    plan.pem_fd = plan.null_fd = s->null_fd;
    plan.events = (family_events){NULL, on_bootstrapped, on_failed, on_gone, s};
    TRY(supervisor_start_family(s, &plan, complaint));
    TRY(supervisor_bootstrap(s));
    TRY(loop_run(s->loop));
    if (s->has_failed) return FAIL(INTERNAL);
    return OK;
}

/* Somebody serves the folder: then init was done before. */
static status look_at_locked(supervisor *s, status why, buffer *complaint) {
    OWNED(arena) memory = {0};
    slice account = {0};
    const char *path = settings_string(&s->settings, SETTING_DATA);
    if (!FAILED_WITH(why, CONFLICT) || FAILED(data_folder_account(path, &memory, &account)) || slice_is_absent(account))
        return why;
    buffer_reset(complaint);
    snprintf(s->folder.path, sizeof s->folder.path, "%s", path);
    return is_done(s, account, complaint);
}

status supervisor_init(supervisor *s, buffer *complaint) {
    OWNED(arena) memory = {0};
    slice account;
    status made = data_folder_make(&s->settings, s->options.config_path == NULL, &s->folder, complaint);
    if (FAILED(made)) return look_at_locked(s, made, complaint);
    TRY(data_folder_account(s->folder.path, &memory, &account));
    if (!slice_is_absent(account)) return is_done(s, account, complaint);
    if (s->chosen.is_file_open_to_others)
        log_warning("access key file open to others", "%s: chmod 600 it, or remove it after this",
                    s->options.access_key_file);
    TRY(data_folder_hold(&s->folder, complaint));
    return make_account(s, complaint);
}
