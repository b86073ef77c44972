/* What the supervisor says on stdout: for people on a terminal, JSON otherwise. The one place where a new access key's
 * secret is ever shown. */
#include <stdio.h>

#include "format/json.h"
#include "role/supervisor/supervisor.h"
#include "system/process.h"

enum { STDOUT_FD = 1, REPORT_BYTES_MOST = 64 << 10 };

static void print(buffer *text) {
    fwrite(text->at, 1, text->len, stdout);
    fflush(stdout);
    buffer_wipe(text);
}

static void put(json_writer *w, const char *name, slice value) {
    if (!slice_is_absent(value)) json_put_member_text(w, name, value);
}

static void put_paths(json_writer *w, const supervisor *s) {
    OWNED(buffer) ca = {0};
    put(w, "data", slice_of_text(s->folder.path));
    if (!FAILED(buffer_printf(&ca, "%s/tls/ca.pem", s->folder.path))) put(w, "ca", buffer_slice(&ca));
}

static void put_account(json_writer *w, const supervisor *s, slice existing_account) {
    bool is_new = slice_is_absent(existing_account);
    put(w, "accountId", is_new ? s->account.account_id : existing_account);
    if (!is_new) return;
    put(w, "accessKeyId", s->account.access_key_id);
    put(w, "accessKeySecret", s->account.access_key_secret);
}

static void finish_line(json_writer *w, buffer *text) {
    json_end_object(w);
    if (FAILED(json_finish(w)) || FAILED(buffer_append_byte(text, '\n'))) buffer_wipe(text);
    print(text);
}

static void report_account_json(const supervisor *s, slice existing_account) {
    OWNED(buffer) text = {0};
    json_writer w = {.out = &text};
    if (FAILED(buffer_reserve(&text, REPORT_BYTES_MOST))) return;
    json_begin_object(&w);
    json_put_member_bool(&w, "isNew", slice_is_absent(existing_account));
    put_account(&w, s, existing_account);
    /* what was given now is not what the folder has */
    if (slice_is_absent(existing_account)) put(&w, "region", settings_text(&s->settings, SETTING_REGION));
    put_paths(&w, s);
    finish_line(&w, &text);
}

static status tell_new(const supervisor *s, buffer *text) {
    TRY(buffer_printf(text, "Keyhold is initialised.\n\n  account            %.*s\n  access key id      %.*s\n",
                      SLICE_ARGS(s->account.account_id), SLICE_ARGS(s->account.access_key_id)));
    TRY(buffer_printf(text, "  access key secret  %.*s   (shown only this once: keep it)\n",
                      SLICE_ARGS(s->account.access_key_secret)));
    TRY(buffer_printf(text, "  region             %s\n  data folder        %s\n  local authority    %s/tls/ca.pem\n\n",
                      settings_string(&s->settings, SETTING_REGION), s->folder.path, s->folder.path));
    return buffer_printf(text,
                         "Keep a copy of %s/root.key somewhere else: nothing opens the data without it.\n"
                         "Next: keyhold serve --data %s\n",
                         s->folder.path, s->folder.path);
}

static void report_account_text(const supervisor *s, slice existing_account) {
    OWNED(buffer) text = {0};
    if (FAILED(buffer_reserve(&text, REPORT_BYTES_MOST))) return;
    bool is_new = slice_is_absent(existing_account);
    status told = is_new ? tell_new(s, &text)
                         : buffer_printf(&text, "%s is initialised already, with account %.*s; nothing was changed.\n",
                                         s->folder.path, SLICE_ARGS(existing_account));
    if (!FAILED(told)) print(&text);
}

static bool wants_json(const supervisor *s) {
    if (s->options.output != OUTPUT_BY_TERMINAL) return s->options.output == OUTPUT_JSON;
    return !process_is_terminal(STDOUT_FD);
}

/* A new secret is shown even to those who asked for quiet: it would be lost. */
void report_account(const supervisor *s, slice existing_account) {
    bool has_news = slice_is_absent(existing_account) || s->options.output == OUTPUT_JSON;
    if (s->options.quiet && !has_news) return;
    if (wants_json(s)) report_account_json(s, existing_account);
    else report_account_text(s, existing_account);
}

static void report_ready_json(const supervisor *s, slice existing_account) {
    OWNED(buffer) text = {0};
    json_writer w = {.out = &text};
    if (FAILED(buffer_reserve(&text, REPORT_BYTES_MOST))) return;
    json_begin_object(&w);
    json_put_member_bool(&w, "ready", true);
    put(&w, "http", s->http);
    put(&w, "https", s->https);
    put_account(&w, s, existing_account);
    put(&w, "region", settings_text(&s->settings, SETTING_REGION));
    put_paths(&w, s);
    json_put_member_integer(&w, "gateways", (int64_t)s->gateway_count);
    finish_line(&w, &text);
}

static void report_ready_text(const supervisor *s) {
    OWNED(buffer) text = {0};
    status told = buffer_append_text(&text, "ready");
    if (!FAILED(told) && s->http.len) told = buffer_printf(&text, "  http://%.*s", SLICE_ARGS(s->http));
    if (!FAILED(told) && s->https.len) told = buffer_printf(&text, "  https://%.*s", SLICE_ARGS(s->https));
    if (!FAILED(told)) told = buffer_append_byte(&text, '\n');
    if (!FAILED(told)) print(&text);
}

void report_ready(const supervisor *s) {
    OWNED(arena) memory = {0};
    slice existing = {0};
    if (!s->options.in_memory && FAILED(data_folder_account(s->folder.path, &memory, &existing))) existing = SLICE("");
    if (s->options.in_memory || s->options.output == OUTPUT_JSON) report_ready_json(s, existing);
    else if (!s->options.quiet) report_ready_text(s);
}
