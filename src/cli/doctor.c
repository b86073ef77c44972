/* keyhold doctor: checks and explains. */
#include "cli/doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/client.h"
#include "cli/run.h"
#include "cli/terminal.h"
#include "contract/settings.h"

extern char **environ;

static const command_flag flags[] = {
    {"data", "DIR", "the server's data folder"},
    {NULL, NULL, NULL},
};

finding *finding_add(findings *all, const char *check, enum finding_state state, const char *text, ...) {
    static finding dropped;
    finding *f = all->count < FINDINGS_MOST ? &all->at[all->count++] : &dropped;
    va_list arguments;
    *f = (finding){.check = check, .state = state};
    va_start(arguments, text);
    vsnprintf(f->text, sizeof f->text, text, arguments);
    va_end(arguments);
    text_make_printable(f->text);
    return f;
}

void finding_advise(finding *f, const char *advice, ...) {
    va_list arguments;
    va_start(arguments, advice);
    vsnprintf(f->advice, sizeof f->advice, advice, arguments);
    va_end(arguments);
    text_make_printable(f->advice);
}

/* ---- which folder, which server */

static status load_settings(invocation *inv, settings *out) {
    OWNED(buffer) complaint = {0};
    slice data;
    setting_flag given = {.id = SETTING_DATA};
    settings_sources sources = {.environment = (const char *const *)environ, .flags = &given};
    if (flag_find(inv, "data", &data)) {
        given.value = data;
        sources.flag_count = 1;
    }
    status loaded = settings_load(&sources, out, &complaint);
    if (!FAILED(loaded)) return OK;
    return trouble_note(&inv->trouble, loaded, "%.*s", SLICE_ARGS(buffer_slice(&complaint)));
}

/* Nobody named a server: then the one of the folder's settings, whose authority lies in the folder. */
static status find_server(invocation *inv, const settings *s, bool *is_named) {
    slice address = settings_text(s, SETTING_HTTPS), ca;
    *is_named = !slice_is_absent(inv->endpoint) || getenv("KEYHOLD_ENDPOINT") || !slice_is_absent(inv->profile);
    if (*is_named || slice_equals_text(address, "off")) return OK;
    if (slice_starts_with(address, SLICE("0.0.0.0:")))
        TRY(arena_printf(&inv->memory, &address, "127.0.0.1%.*s", SLICE_ARGS(slice_skip(address, 7))));
    TRY(arena_printf(&inv->memory, &inv->endpoint, "https://%.*s", SLICE_ARGS(address)));
    TRY(arena_printf(&inv->memory, &ca, "%s/tls/ca.pem", settings_string(s, SETTING_DATA)));
    if (slice_is_absent(inv->ca) && access((const char *)ca.at, R_OK) == 0) inv->ca = ca;
    return OK;
}

static status check_server(invocation *inv, const settings *s, findings *all) {
    profile p;
    bool is_named;
    char why[200];
    TRY(find_server(inv, s, &is_named));
    TRY(profile_load(inv, &p));
    if (client_probe(&p, why, sizeof why)) {
        (void)finding_add(all, "server", FINDING_FINE, "%.*s answers", SLICE_ARGS(p.endpoint));
        return OK;
    }
    finding *f = finding_add(all, "server", is_named ? FINDING_WRONG : FINDING_WARNING, "%.*s does not answer: %s",
                             SLICE_ARGS(p.endpoint), why);
    finding_advise(f, "keyhold serve --data %s starts it", settings_string(s, SETTING_DATA));
    return OK;
}

/* ---- showing */

static const char *const state_names[] = {"ok", "warning", "wrong"};

static void show_lines(const findings *all) {
    static const char *const COLOURS[] = {"\033[32m", "\033[33m", "\033[31m"};
    bool is_bright = terminal_is_bright(STDOUT_FILENO);
    for (size_t i = 0; i < all->count; i++) {
        const finding *f = &all->at[i];
        printf("%s%-8s%s %s: %s\n", is_bright ? COLOURS[f->state] : "", state_names[f->state],
               is_bright ? "\033[0m" : "", f->check, f->text);
        if (f->advice[0]) printf("         %s\n", f->advice);
    }
}

static status show_rows(invocation *inv, const findings *all) {
    json_rows rows = {0};
    for (size_t i = 0; i < all->count; i++) {
        const finding *f = &all->at[i];
        OWNED(buffer) text = {0};
        const json *row;
        json_writer w = {.out = &text};
        json_begin_object(&w);
        json_put_member_text(&w, "Check", slice_of_text(f->check));
        json_put_member_text(&w, "State", slice_of_text(state_names[f->state]));
        json_put_member_text(&w, "Finding", slice_of_text(f->text));
        if (f->advice[0]) json_put_member_text(&w, "Advice", slice_of_text(f->advice));
        json_end_object(&w);
        TRY(json_finish(&w));
        TRY(json_from_buffer(&text, &inv->memory, &row));
        TRY(json_rows_add(inv, &rows, row));
    }
    return output_rows(inv, &rows);
}

static status show(invocation *inv, const findings *all) {
    size_t wrong = 0;
    for (size_t i = 0; i < all->count; i++) wrong += all->at[i].state == FINDING_WRONG;
    if (output_form_of(inv) == OUTPUT_TABLE) show_lines(all);
    else TRY(show_rows(inv, all));
    if (wrong == 0) return OK;
    trouble_advise(&inv->trouble, "do what is advised above, then run keyhold doctor again");
    return trouble_note(&inv->trouble, FAIL(INTERNAL), "%zu of %zu checks found something wrong.", wrong, all->count);
}

static status doctor(invocation *inv) {
    OWNED(settings) s = {0};
    findings *all = ARENA_NEW(&inv->memory, findings);
    ENSURE(all != NULL, OUT_OF_MEMORY);
    TRY(load_settings(inv, &s));
    doctor_check_machine(all);
    doctor_check_folder(all, settings_string(&s, SETTING_DATA));
    TRY(check_server(inv, &s, all));
    return show(inv, all);
}

static const command rows[] = {
    {.name = "Check",
     .flags = flags,
     .run = doctor,
     .help = "Looks at the machine, the data folder and the server, and says what to do. Exit code 1 when something is "
             "wrong."},
};

extern const noun doctor_noun;
const noun doctor_noun = {"doctor", "Check machine, data folder and server.", rows, 1};
