/* The table of settings, and reading what was set. */
#include "contract/settings.h"

#define TO(role) (1u << ROLE_##role)
#define TO_ALL (TO(GATEWAY) | TO(CORE) | TO(VAULT) | TO(AUDITOR) | TO(KEYGEN))

static const char *const log_levels[] = {"debug", "info", "warning", "error", NULL};
static const char *const seal_providers[] = {"file", NULL};

static const setting_row rows[SETTING_COUNT] = {
    [SETTING_REGION] = {"server", "region", SETTING_IS_REGION, "cn-hangzhou", .roles = TO(CORE) | TO(GATEWAY),
                        .help = "Region in resource names and endpoints."},
    [SETTING_REGIONS] = {"server", "regions", SETTING_IS_NAMES, "", .roles = TO(CORE),
                         .help = "Further regions AWS's clients may sign for, divided by commas; empty: any."},
    [SETTING_DATA] = {"server", "data", SETTING_IS_PATH, "/var/lib/keyhold", .help = "The data folder."},
    [SETTING_HTTP] = {"server", "http", SETTING_IS_LOOPBACK, "127.0.0.1:8080",
                      .help = "Address for plain HTTP, on the loopback interface only, or off."},
    [SETTING_HTTPS] = {"server", "https", SETTING_IS_ADDRESS, "127.0.0.1:8443",
                       .help = "Address for HTTPS, or off. 0.0.0.0:443 serves every network."},
    [SETTING_GATEWAYS] = {"server", "gateways", SETTING_IS_NUMBER, "0", 0, 64,
                          .help = "Gateway processes; 0 means one for each processor."},
    [SETTING_MAX_CONNECTIONS] = {"server", "max_connections", SETTING_IS_NUMBER, "1024", 1, 60000, .roles = TO(GATEWAY),
                                 .help = "Connections one gateway holds at a time; more are refused."},
    [SETTING_IDLE_TIMEOUT_S] = {"server", "idle_timeout_s", SETTING_IS_NUMBER, "75", 1, 3600, .roles = TO(GATEWAY),
                                .help = "Seconds after which a silent connection is closed."},
    [SETTING_BASE_DOMAINS] = {"server", "base_domains", SETTING_IS_NAMES, "", .roles = TO(GATEWAY),
                              .help = "Domains under which a bucket may be a host name, divided by commas."},
    [SETTING_HOSTNAMES] = {"server", "hostnames", SETTING_IS_NAMES, "",
                           .help = "Further names and addresses for the server's certificate when init makes it."},
    [SETTING_DURABLE] = {"server", "durable", SETTING_IS_YES_NO, "yes", .roles = TO(CORE) | TO(AUDITOR) | TO(GATEWAY),
                         .told_as = "is_durable",
                         .help = "Whether every write is on disk before its answer; no is for tests."},
    [SETTING_LOG_LEVEL] = {"server", "log_level", SETTING_IS_CHOICE, "info", .choices = log_levels, .roles = TO_ALL,
                           .help = "Least important log lines: debug, info, warning or error."},
    [SETTING_UID_BASE] = {"server", "uid_base", SETTING_IS_NUMBER, "0", 0, 2000000000,
                          .help = "Started as root: each role gets a user id counted from here; 0 keeps root."},
    [SETTING_ROTATION_LEAST_S] = {"kms", "rotation_least_s", SETTING_IS_NUMBER, "604800", 1, 221184000,
                                  .roles = TO(CORE),
                                  .help = "Shortest interval, in seconds, at which keys may rotate by themselves, and "
                                          "between two calls of CreateKeyVersion."},
    [SETTING_LOGIN_DOMAIN] = {"login", "domain", SETTING_IS_NAME, "localhost", .roles = TO(CORE) | TO(VAULT),
                              .told_as = "login_domain",
                              .help = "Host name that people log in under: what passkeys are bound to."},
    [SETTING_SEAL_PROVIDER] = {"seal", "provider", SETTING_IS_CHOICE, "file", .choices = seal_providers,
                               .help = "What opens the root key: file is root.key in the data folder."},
};

const setting_row *setting_row_of(enum setting_id id) { return &rows[id]; }

/* '-' in a flag stands for '_' in a name. */
static bool flag_matches(slice flag, const char *name) {
    size_t len = strlen(name);
    if (flag.len != len) return false;
    for (size_t i = 0; i < len; i++)
        if (flag.at[i] != (name[i] == '_' ? '-' : (uint8_t)name[i])) return false;
    return true;
}

static bool row_matches_flag(const setting_row *row, slice flag) {
    if (strcmp(row->section, "server") == 0) return flag_matches(flag, row->key);
    slice section = slice_of_text(row->section);
    if (!slice_starts_with(flag, section) || flag.len <= section.len || flag.at[section.len] != '-') return false;
    return flag_matches(slice_skip(flag, section.len + 1), row->key);
}

bool setting_by_flag(slice name, enum setting_id *out) {
    for (int id = 0; id < SETTING_COUNT; id++) {
        if (!row_matches_flag(&rows[id], name)) continue;
        *out = (enum setting_id)id;
        return true;
    }
    return false;
}

void settings_clear(settings *s) {
    arena_clear(&s->memory);
    *s = (settings){0};
}

slice settings_text(const settings *s, enum setting_id id) { return s->values[id].text; }

const char *settings_string(const settings *s, enum setting_id id) { return (const char *)s->values[id].text.at; }

int64_t settings_number(const settings *s, enum setting_id id) {
    int64_t number = 0;
    return slice_to_i64(s->values[id].text, &number) ? number : 0;
}

bool settings_is(const settings *s, enum setting_id id, const char *value) {
    return slice_equals_text(s->values[id].text, value);
}

static status append_mapped(buffer *out, const char *text, bool is_variable) {
    for (; *text; text++) {
        char c = *text;
        if (is_variable && c >= 'a' && c <= 'z') c = (char)(c - 32);
        if (!is_variable && c == '_') c = '-';
        TRY(buffer_append_byte(out, (uint8_t)c));
    }
    return OK;
}

static status tell_variable(const setting_row *row, buffer *out) {
    TRY(buffer_append_text(out, "environment KEYHOLD_"));
    TRY(append_mapped(out, row->section, true));
    TRY(buffer_append_byte(out, '_'));
    return append_mapped(out, row->key, true);
}

status setting_tell_flag(enum setting_id id, buffer *out) {
    TRY(buffer_append_text(out, "--"));
    if (strcmp(rows[id].section, "server") != 0) {
        TRY(append_mapped(out, rows[id].section, false));
        TRY(buffer_append_byte(out, '-'));
    }
    return append_mapped(out, rows[id].key, false);
}

status settings_tell_origin(const settings *s, enum setting_id id, buffer *out) {
    const setting_value *value = &s->values[id];
    switch (value->source) {
    case SETTING_FROM_FILE: return buffer_printf(out, "%.*s:%u", SLICE_ARGS(value->file), value->line);
    case SETTING_FROM_ENVIRONMENT: return tell_variable(&rows[id], out);
    case SETTING_FROM_FLAG: return setting_tell_flag(id, out);
    case SETTING_FROM_DEFAULT: break;
    }
    return buffer_append_text(out, "default");
}

status settings_for_role(const settings *s, enum role role, size_t more, arena *memory, pair_list *out) {
    pair_list told = {ARENA_ARRAY(memory, pair, SETTING_COUNT + more), 0};
    ENSURE(told.at != NULL, OUT_OF_MEMORY);
    for (int id = 0; id < SETTING_COUNT; id++) {
        const setting_row *row = &rows[id];
        if (!(row->roles & (1u << role))) continue;
        slice name = slice_of_text(row->told_as ? row->told_as : row->key);
        told.at[told.count++] = (pair){name, s->values[id].text};
    }
    *out = told;
    return OK;
}

static status write_row(const settings *s, enum setting_id id, buffer *out) {
    const setting_row *row = &rows[id];
    bool is_chosen = !settings_is(s, id, row->standard);
    TRY(buffer_printf(out, "\n# %s\n", row->help));
    return buffer_printf(out, "%s%s = %.*s\n", is_chosen ? "" : "#", row->key, SLICE_ARGS(s->values[id].text));
}

status settings_write_file(const settings *s, buffer *out) {
    const char *section = "";
    TRY(buffer_append_text(out, "# Keyhold's settings. Files in conf.d beside this one, the environment\n"
                                "# (KEYHOLD_SERVER_HTTP=...) and flags (--http ...) win over what is set here.\n"
                                "# A line with # shows the default.\n"));
    for (int id = 0; id < SETTING_COUNT; id++) {
        if (id == SETTING_DATA) continue;
        if (strcmp(section, rows[id].section) != 0) TRY(buffer_printf(out, "\n[%s]\n", rows[id].section));
        section = rows[id].section;
        TRY(write_row(s, (enum setting_id)id, out));
    }
    return OK;
}
