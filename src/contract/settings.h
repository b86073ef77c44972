/* The server's settings: one table says what there is; a value comes from, later ones winning: the default, the
 * configuration file, conf.d beside it, the environment, flags. Each value remembers where it came from. Secrets are
 * never settings. */
#ifndef CONTRACT_SETTINGS_H
#define CONTRACT_SETTINGS_H

#include "contract/message.h"

enum setting_id {
    SETTING_REGION,
    SETTING_REGIONS,
    SETTING_DATA,
    SETTING_HTTP,
    SETTING_HTTPS,
    SETTING_GATEWAYS,
    SETTING_MAX_CONNECTIONS,
    SETTING_IDLE_TIMEOUT_S,
    SETTING_BASE_DOMAINS,
    SETTING_HOSTNAMES,
    SETTING_DURABLE,
    SETTING_LOG_LEVEL,
    SETTING_UID_BASE,
    SETTING_ROTATION_LEAST_S,
    SETTING_LOGIN_DOMAIN,
    SETTING_SEAL_PROVIDER,
    SETTING_COUNT
};

enum setting_kind {
    SETTING_IS_REGION,   /* lower-case letters, digits and '-' */
    SETTING_IS_PATH,     /* of a folder */
    SETTING_IS_NUMBER,   /* decimal, from `least` to `most` */
    SETTING_IS_YES_NO,   /* yes true on, no false off; kept as "yes" and "no" */
    SETTING_IS_CHOICE,   /* one of `choices` */
    SETTING_IS_ADDRESS,  /* numeric "127.0.0.1:8443", "[::1]:8443", or "off" */
    SETTING_IS_LOOPBACK, /* the same, on a loopback address only */
    SETTING_IS_NAME,     /* one DNS name */
    SETTING_IS_NAMES,    /* DNS names and addresses divided by commas, or nothing */
};

typedef struct setting_row {
    const char *section, *key;
    enum setting_kind kind;
    const char *standard; /* value when nothing else says */
    int64_t least, most;
    const char *const *choices; /* NULL at the end */
    unsigned roles;             /* 1u << ROLE_… of those that receive it */
    const char *told_as;        /* under which name they receive it; NULL: the key */
    const char *help;           /* one line */
} setting_row;

/* The row of a setting; never NULL for an id below SETTING_COUNT. */
const setting_row *setting_row_of(enum setting_id id);
/* By flag without the dashes: "max-connections" is server.max_connections, "seal-provider" is seal.provider. */
bool setting_by_flag(slice name, enum setting_id *out);
/* Appends the flag with its dashes: "--max-connections". */
status setting_tell_flag(enum setting_id id, buffer *out);

enum setting_source { SETTING_FROM_DEFAULT, SETTING_FROM_FILE, SETTING_FROM_ENVIRONMENT, SETTING_FROM_FLAG };

typedef struct setting_value {
    slice text; /* followed by a NUL */
    enum setting_source source;
    slice file; /* followed by a NUL; for SETTING_FROM_FILE */
    unsigned line;
} setting_value;

typedef struct settings {
    arena memory;
    setting_value values[SETTING_COUNT];
} settings;
void settings_clear(settings *s);

typedef struct setting_flag {
    enum setting_id id;
    slice value;
} setting_flag;

typedef struct settings_sources {
    const char *config_path;        /* must be there; NULL: keyhold.conf in the data folder, if it is there */
    const char *const *environment; /* "NAME=value", NULL at the end; may be NULL */
    const setting_flag *flags;
    size_t flag_count;
    const char *data; /* the folder when nothing else names one; NULL: what the table says */
} settings_sources;

/* Reads all sources. On failure *complaint says in one sentence what is wrong where, with the nearest known name for an
 * unknown one. NOT_FOUND (the file named), MALFORMED (a file's form), INVALID_PARAMETER (unknown name, bad value), and
 * those of files_read. Opens files by name: before a sandbox, or within its folders. */
status settings_load(const settings_sources *from, settings *out, buffer *complaint);

slice settings_text(const settings *s, enum setting_id id);
/* The same as a C string, valid as long as the settings. */
const char *settings_string(const settings *s, enum setting_id id);
int64_t settings_number(const settings *s, enum setting_id id); /* of a SETTING_IS_NUMBER */
bool settings_is(const settings *s, enum setting_id id, const char *value);
/* Appends "default", "FILE:12", "environment KEYHOLD_SERVER_HTTP" or "--http". */
status settings_tell_origin(const settings *s, enum setting_id id, buffer *out);

/* What the role receives, by the names it knows, in the arena; the array has room for `more` further pairs. */
status settings_for_role(const settings *s, enum role role, size_t more, arena *memory, pair_list *out);

/* Appends a configuration file: every setting with its help; those that differ from the default as given, the others as
 * comments. The data folder is left out: the file lies in it. */
status settings_write_file(const settings *s, buffer *out);

/* Only for settings_load.c: checks a value and brings it into its one form (in the arena). INVALID_PARAMETER appends
 * why to *complaint: "must be a number from 0 to 64, not \"many\"". */
status setting_check(const setting_row *row, slice value, arena *memory, slice *out, buffer *complaint);

#endif
