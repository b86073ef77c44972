/* Reading chosen credentials. */
#include "role/supervisor/credentials.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "system/files.h"

enum {
    FILE_BYTES_MOST = 4096,
    ID_BYTES_LEAST = 4,
    ID_BYTES_MOST = 128,
    SECRET_BYTES_LEAST = 16,
    SECRET_BYTES_MOST = 128
};

void chosen_account_clear(chosen_account *c) {
    arena_wipe(&c->memory);
    arena_clear(&c->memory);
    *c = (chosen_account){0};
}

static status refuse(buffer *complaint, const char *why) {
    TRY(buffer_append_text(complaint, why));
    return FAIL(INVALID_PARAMETER);
}

static status check_account(slice id, buffer *complaint) {
    bool is_digits = id.len >= ACCOUNT_DIGITS_LEAST && id.len <= ACCOUNT_DIGITS_MOST;
    for (size_t i = 0; i < id.len; i++) is_digits = is_digits && id.at[i] >= '0' && id.at[i] <= '9';
    return is_digits ? OK : refuse(complaint, "the account id must have 12 to 16 digits and nothing else");
}

static bool is_id(slice text) {
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.at[i];
        bool is_letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (!is_letter && !(c >= '0' && c <= '9') && !strchr("._@-", c)) return false;
    }
    return text.len >= ID_BYTES_LEAST && text.len <= ID_BYTES_MOST;
}

static bool is_secret_text(slice text) {
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] <= ' ' || text.at[i] >= 0x7f) return false;
    return text.len >= SECRET_BYTES_LEAST && text.len <= SECRET_BYTES_MOST;
}

/* "access_key_id = X": X, when the line names that. */
static bool is_named(slice line, const char *name, slice *value) {
    size_t equals = slice_find_byte(line, '=');
    if (equals == SIZE_MAX) return false;
    if (!slice_equals_ignoring_case(slice_trim(slice_head(line, equals)), slice_of_text(name))) return false;
    *value = slice_trim(slice_skip(line, equals + 1));
    return true;
}

/* False: a third line, or one of the two twice. */
static bool take_line(slice line, slice *id, slice *secret) {
    slice value;
    slice *into = slice_is_absent(*id) ? id : secret;
    if (is_named(line, "access_key_id", &value)) into = id;
    else if (is_named(line, "access_key_secret", &value)) into = secret;
    else value = line;
    if (!slice_is_absent(*into)) return false;
    *into = value;
    return true;
}

static status take_text(slice text, chosen_account *c, buffer *complaint) {
    slice rest = text, line, id = {0}, secret = {0};
    while (slice_split(&rest, '\n', &line)) {
        line = slice_trim(line);
        if (slice_is_empty(line) || line.at[0] == '#' || line.at[0] == '[') continue;
        if (!take_line(line, &id, &secret))
            return refuse(complaint, "the access key file has more than an id and a secret");
    }
    if (slice_is_absent(secret) || slice_is_absent(id))
        return refuse(complaint, "the access key file must have the id on its first line and the secret on its second");
    if (!is_id(id))
        return refuse(complaint, "the access key id in the file must have 4 to 128 letters, digits or any of . _ @ -");
    if (slice_starts_with(id, SLICE("STS.")))
        return refuse(complaint, "the access key id must not begin with STS.: that is how sessions begin");
    if (!is_secret_text(secret))
        return refuse(complaint, "the access key secret in the file must have 16 to 128 printable ASCII characters");
    TRY(arena_copy(&c->memory, id, &c->access_key_id));
    return arena_copy(&c->memory, secret, &c->access_key_secret);
}

static status read_file(const char *path, chosen_account *c, buffer *complaint) {
    bool is_private = false;
    char resolved[PATH_MAX]; /* secrets are often mounted as links */
    OWNED(buffer) text = {0};
    TRY(buffer_reserve(&text, 2 * FILE_BYTES_MOST)); /* growing would leave copies */
    status read =
        realpath(path, resolved) ? files_read(FILES_HERE, resolved, FILE_BYTES_MOST, &text) : files_failure(errno);
    if (FAILED(read)) {
        TRY(buffer_printf(complaint, "the access key file %s cannot be read: %s", path,
                          FAILED_WITH(read, NOT_FOUND) ? "there is no such file" : status_name(read)));
        return read;
    }
    status taken = take_text(buffer_slice(&text), c, complaint);
    buffer_wipe(&text);
    TRY(taken);
    status asked = files_is_private(FILES_HERE, resolved, &is_private);
    c->is_file_open_to_others = FAILED(asked) || !is_private;
    return OK;
}

status chosen_account_read(const char *account_id, const char *key_file, chosen_account *out, buffer *complaint) {
    OWNED(chosen_account) read = {0};
    if (account_id) {
        TRY(check_account(slice_of_text(account_id), complaint));
        TRY(arena_copy(&read.memory, slice_of_text(account_id), &read.account_id));
    }
    if (key_file) TRY(read_file(key_file, &read, complaint));
    *out = read;
    read = (chosen_account){0};
    return OK;
}
