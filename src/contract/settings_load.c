/* Settings from files, the environment and flags. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "contract/nearest.h"
#include "contract/settings.h"
#include "format/ini.h"
#include "system/files.h"

enum { CONF_D_FILES_MOST = 64, SETTINGS_MEMORY = 4 << 20 };

#define VARIABLE_PREFIX "KEYHOLD_"

typedef struct loading {
    settings *s;
    buffer *complaint;
} loading;

static status set(loading *l, enum setting_id id, slice value, const setting_value *origin) {
    OWNED(buffer) why = {0};
    setting_value made = *origin;
    status checked = setting_check(setting_row_of(id), value, &l->s->memory, &made.text, &why);
    if (!FAILED(checked)) {
        l->s->values[id] = made;
        return OK;
    }
    /* The origin of the refused value goes before the sentence. */
    setting_value before = l->s->values[id];
    l->s->values[id] = made;
    TRY(settings_tell_origin(l->s, id, l->complaint));
    l->s->values[id] = before;
    TRY(buffer_printf(l->complaint, ": %s %.*s", setting_row_of(id)->key, SLICE_ARGS(buffer_slice(&why))));
    return checked;
}

/* ---- unknown names */

static bool is_section(slice name) {
    for (int id = 0; id < SETTING_COUNT; id++)
        if (slice_equals_text(name, setting_row_of((enum setting_id)id)->section)) return true;
    return false;
}

/* The nearest of the sections (`section` absent) or of the keys of a section; NULL when none is near. */
static const char *nearest_known(slice typed, slice section) {
    const char *nearest = NULL;
    size_t best = SIZE_MAX;
    for (int id = 0; id < SETTING_COUNT; id++) {
        const setting_row *row = setting_row_of((enum setting_id)id);
        if (!slice_is_absent(section) && !slice_equals_text(section, row->section)) continue;
        const char *known = slice_is_absent(section) ? row->section : row->key;
        size_t distance = nearest_distance(typed, slice_of_text(known));
        if (distance >= best || !nearest_is_likely(typed, slice_of_text(known), distance)) continue;
        best = distance;
        nearest = known;
    }
    return nearest;
}

static status tell_nearest(loading *l, const char *nearest) {
    return nearest ? buffer_printf(l->complaint, "; did you mean \"%s\"?", nearest) : OK;
}

static status unknown_in_file(loading *l, slice file, const ini_line *line) {
    TRY(buffer_printf(l->complaint, "%.*s:%u: ", SLICE_ARGS(file), line->number));
    if (slice_is_empty(line->section)) {
        TRY(buffer_printf(l->complaint, "%.*s stands before any section; put it under [server]",
                          SLICE_ARGS(line->key)));
    } else if (!is_section(line->section)) {
        TRY(buffer_printf(l->complaint, "unknown section [%.*s]", SLICE_ARGS(line->section)));
        TRY(tell_nearest(l, nearest_known(line->section, (slice){0})));
    } else {
        TRY(buffer_printf(l->complaint, "unknown setting \"%.*s\" in [%.*s]", SLICE_ARGS(line->key),
                          SLICE_ARGS(line->section)));
        TRY(tell_nearest(l, nearest_known(line->key, line->section)));
    }
    return FAIL(INVALID_PARAMETER);
}

static bool find_row(slice section, slice key, enum setting_id *out) {
    for (int id = 0; id < SETTING_COUNT; id++) {
        const setting_row *row = setting_row_of((enum setting_id)id);
        if (!slice_equals_text(section, row->section) || !slice_equals_text(key, row->key)) continue;
        *out = (enum setting_id)id;
        return true;
    }
    return false;
}

/* ---- files */

static status take_line(loading *l, slice file, const ini_line *line) {
    enum setting_id id;
    if (!find_row(line->section, line->key, &id)) return unknown_in_file(l, file, line);
    setting_value origin = {.source = SETTING_FROM_FILE, .file = file, .line = line->number};
    return set(l, id, line->value, &origin);
}

static status take_text(loading *l, slice file, slice text) {
    ini_list list;
    ini_fault fault;
    status read = ini_read(text, &l->s->memory, &list, &fault);
    if (FAILED(read)) {
        if (fault.number == 0) TRY(buffer_printf(l->complaint, "%.*s: %s", SLICE_ARGS(file), fault.reason));
        else TRY(buffer_printf(l->complaint, "%.*s:%u: this line %s", SLICE_ARGS(file), fault.number, fault.reason));
        return read;
    }
    for (size_t i = 0; i < list.count; i++) TRY(take_line(l, file, &list.at[i]));
    return OK;
}

static status take_file(loading *l, const char *path) {
    OWNED(buffer) text = {0};
    slice file;
    char resolved[PATH_MAX]; /* configuration is often mounted as links */
    TRY(arena_copy(&l->s->memory, slice_of_text(path), &file));
    status read =
        realpath(path, resolved) ? files_read(FILES_HERE, resolved, INI_BYTES_MOST, &text) : files_failure(errno);
    if (!FAILED(read)) return take_text(l, file, buffer_slice(&text));
    TRY(buffer_printf(l->complaint, "%s: cannot be read: %s", path,
                      FAILED_WITH(read, NOT_FOUND) ? "there is no such file" : status_name(read)));
    return read;
}

/* The files *.conf in the folder conf.d beside the main file, in byte order of their names. */
static status take_conf_d(loading *l, const char *main_path) {
    char folder[4096], path[4400];
    const char *slash = strrchr(main_path, '/');
    int beside = slash ? (int)(slash - main_path) + 1 : 0;
    int len = snprintf(folder, sizeof folder, "%.*sconf.d", beside, main_path);
    ENSURE(len > 0 && (size_t)len < sizeof folder, TOO_LARGE);
    slice *names;
    size_t count;
    int fd;
    status opened = files_open_folder(FILES_HERE, folder, &fd);
    if (FAILED_WITH(opened, NOT_FOUND)) return OK;
    if (FAILED(opened)) TRY(buffer_printf(l->complaint, "%s: cannot be opened: %s", folder, status_name(opened)));
    TRY(opened);
    status listed = files_list(fd, &l->s->memory, &names, &count);
    files_close(fd);
    TRY(listed);
    for (size_t i = 0; i < count && i < CONF_D_FILES_MOST; i++) {
        if (!slice_ends_with(names[i], SLICE(".conf")) || names[i].at[0] == '.') continue;
        len = snprintf(path, sizeof path, "%s/%.*s", folder, SLICE_ARGS(names[i]));
        ENSURE(len > 0 && (size_t)len < sizeof path, TOO_LARGE);
        TRY(take_file(l, path));
    }
    return OK;
}

/* ---- environment and flags */

/* Whether `name` is KEYHOLD_SECTION_ and, in *key, what follows. */
static bool is_variable_of(slice name, const char *section, slice *key) {
    slice rest = slice_skip(name, sizeof VARIABLE_PREFIX - 1);
    size_t len = strlen(section);
    if (!slice_starts_with(name, SLICE(VARIABLE_PREFIX)) || rest.len <= len || rest.at[len] != '_') return false;
    if (!slice_equals_ignoring_case(slice_head(rest, len), slice_of_text(section))) return false;
    *key = slice_skip(rest, len + 1);
    return true;
}

static status take_variable(loading *l, slice name, slice value) {
    slice key = {0}, section = {0};
    for (int id = 0; id < SETTING_COUNT; id++) {
        const setting_row *row = setting_row_of((enum setting_id)id);
        if (!is_variable_of(name, row->section, &key)) continue;
        section = slice_of_text(row->section);
        if (!slice_equals_ignoring_case(key, slice_of_text(row->key))) continue;
        return set(l, (enum setting_id)id, value, &(setting_value){.source = SETTING_FROM_ENVIRONMENT});
    }
    if (slice_is_absent(section)) return OK; /* the client's, or not ours */
    TRY(buffer_printf(l->complaint, "environment %.*s: there is no such setting", SLICE_ARGS(name)));
    TRY(tell_nearest(l, nearest_known(key, section)));
    return FAIL(INVALID_PARAMETER);
}

static status take_environment(loading *l, const char *const *environment) {
    for (; environment && *environment; environment++) {
        slice name = slice_of_text(*environment);
        size_t equals = slice_find_byte(name, '=');
        if (equals == SIZE_MAX) continue;
        TRY(take_variable(l, slice_head(name, equals), slice_skip(name, equals + 1)));
    }
    return OK;
}

static status take_flags(loading *l, const settings_sources *from) {
    for (size_t i = 0; i < from->flag_count; i++)
        TRY(set(l, from->flags[i].id, from->flags[i].value, &(setting_value){.source = SETTING_FROM_FLAG}));
    return OK;
}

/* ---- all of it */

static status take_defaults(loading *l, const settings_sources *from) {
    for (int id = 0; id < SETTING_COUNT; id++) {
        const char *standard = setting_row_of((enum setting_id)id)->standard;
        if (id == SETTING_DATA && from->data) standard = from->data;
        TRY(set(l, (enum setting_id)id, slice_of_text(standard), &(setting_value){.source = SETTING_FROM_DEFAULT}));
    }
    return OK;
}

/* The file in the data folder cannot say where the data folder is. */
static status take_file_of_folder(loading *l) {
    char path[4096];
    bool is_there = false;
    setting_value data = l->s->values[SETTING_DATA];
    int len = snprintf(path, sizeof path, "%.*s/keyhold.conf", SLICE_ARGS(data.text));
    ENSURE(len > 0 && (size_t)len < sizeof path, TOO_LARGE);
    status asked = files_exists(FILES_HERE, path, &is_there);
    if (!FAILED(asked) && is_there) TRY(take_file(l, path));
    TRY(take_conf_d(l, path));
    const setting_value *said = &l->s->values[SETTING_DATA];
    if (said->source != SETTING_FROM_FILE || slice_equals(said->text, data.text)) return OK;
    TRY(buffer_printf(l->complaint, "%.*s:%u: data cannot be set in the data folder itself; use --data or --config",
                      SLICE_ARGS(said->file), said->line));
    return FAIL(INVALID_PARAMETER);
}

static status take_all(loading *l, const settings_sources *from) {
    l->s->memory.limit = SETTINGS_MEMORY;
    TRY(take_defaults(l, from));
    if (from->config_path) {
        TRY(take_file(l, from->config_path));
        TRY(take_conf_d(l, from->config_path));
    } else {
        /* Only to know the folder: both are taken again after the file. */
        TRY(take_environment(l, from->environment));
        TRY(take_flags(l, from));
        TRY(take_file_of_folder(l));
    }
    TRY(take_environment(l, from->environment));
    return take_flags(l, from);
}

status settings_load(const settings_sources *from, settings *out, buffer *complaint) {
    OWNED(settings) made = {0};
    loading l = {&made, complaint};
    TRY(take_all(&l, from));
    *out = made;
    made = (settings){0};
    return OK;
}
