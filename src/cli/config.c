/* keyhold config: the server's settings, and where each value comes from. */
#include "cli/run.h"
#include "contract/settings.h"

extern char **environ;

static const command_flag flags[] = {
    {"config", "FILE", "a configuration file; otherwise keyhold.conf in the data folder"},
    {"data", "DIR", "the data folder"},
    {NULL, NULL, NULL},
};

static status load(invocation *inv, settings *out) {
    OWNED(buffer) complaint = {0};
    slice data, path, kept;
    setting_flag given = {.id = SETTING_DATA};
    settings_sources sources = {.environment = (const char *const *)environ, .flags = &given};
    if (flag_find(inv, "data", &data)) {
        given.value = data;
        sources.flag_count = 1;
    }
    if (flag_find(inv, "config", &path)) {
        TRY(arena_copy(&inv->memory, path, &kept));
        sources.config_path = (const char *)kept.at;
    }
    status loaded = settings_load(&sources, out, &complaint);
    if (!FAILED(loaded)) return OK;
    return trouble_note(&inv->trouble, loaded, "%.*s", SLICE_ARGS(buffer_slice(&complaint)));
}

static status make_row(invocation *inv, const settings *s, enum setting_id id, const json **out) {
    OWNED(buffer) text = {0};
    OWNED(buffer) origin = {0};
    const setting_row *row = setting_row_of(id);
    json_writer w = {.out = &text};
    slice name;
    TRY(settings_tell_origin(s, id, &origin));
    TRY(arena_printf(&inv->memory, &name, "%s.%s", row->section, row->key));
    json_begin_object(&w);
    json_put_member_text(&w, "Setting", name);
    json_put_member_text(&w, "Value", settings_text(s, id));
    json_put_member_text(&w, "From", buffer_slice(&origin));
    json_put_member_text(&w, "Help", slice_of_text(row->help));
    json_end_object(&w);
    TRY(json_finish(&w));
    return json_from_buffer(&text, &inv->memory, out);
}

static status show(invocation *inv) {
    OWNED(settings) s = {0};
    json_rows rows = {0};
    TRY(load(inv, &s));
    for (int id = 0; id < SETTING_COUNT; id++) {
        const json *row;
        TRY(make_row(inv, &s, (enum setting_id)id, &row));
        TRY(json_rows_add(inv, &rows, row));
    }
    return output_rows(inv, &rows);
}

static status check(invocation *inv) {
    OWNED(settings) s = {0};
    return load(inv, &s);
}

static const command rows[] = {
    {.verb = "show",
     .columns = "Setting Value From",
     .name = "Setting",
     .flags = flags,
     .run = show,
     .help = "Shows every setting of the server, and where its value comes from."},
    {.verb = "check",
     .flags = flags,
     .run = check,
     .help = "Checks the configuration; exit code 0 when the server would take it."},
};

extern const noun config_noun;
const noun config_noun = {"config", "The server's settings, and where each value comes from.", rows,
                          sizeof rows / sizeof *rows};
