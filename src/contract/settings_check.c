/* Whether a setting's value is one it may have, and its one form. */
#include <arpa/inet.h>
#include <stdio.h>

#include "contract/settings.h"
#include "system/listen.h"

enum { REGION_BYTES_MOST = 64, PATH_BYTES_MOST = 3000, NAMES_BYTES_MOST = 4096, ADDRESS_BYTES_MOST = 64 };

static bool is_region_byte(uint8_t c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; }

static bool is_name_byte(uint8_t c) {
    return is_region_byte(c) || (c >= 'A' && c <= 'Z') || c == '.' || c == ':' || c == '*' || c == '_';
}

static bool consists_of(slice text, bool (*allowed)(uint8_t)) {
    for (size_t i = 0; i < text.len; i++)
        if (!allowed(text.at[i])) return false;
    return text.len > 0;
}

static bool is_names(slice text) {
    slice rest = text, name;
    if (slice_is_empty(text)) return true;
    while (slice_split(&rest, ',', &name))
        if (!consists_of(slice_trim(name), is_name_byte) || slice_trim(name).len > 253) return false;
    return text.len <= NAMES_BYTES_MOST;
}

static bool is_host(slice host) {
    char text[INET6_ADDRSTRLEN];
    uint8_t address[16];
    bool is_v6 = host.len > 2 && host.at[0] == '[' && host.at[host.len - 1] == ']';
    if (is_v6) host = slice_of(host.at + 1, host.len - 2);
    if (host.len >= sizeof text) return false;
    memcpy(text, host.at, host.len);
    text[host.len] = 0;
    return inet_pton(is_v6 ? AF_INET6 : AF_INET, text, address) == 1;
}

static bool is_address(slice text) {
    size_t colon = text.len;
    uint64_t port;
    while (colon > 0 && text.at[colon - 1] != ':') colon--;
    if (colon < 2 || text.len > ADDRESS_BYTES_MOST) return false;
    slice digits = slice_skip(text, colon);
    return digits.len <= 5 && slice_to_u64(digits, &port) && port <= 65535 && is_host(slice_head(text, colon - 1));
}

static status refuse(buffer *complaint, const char *what, slice value) {
    TRY(buffer_printf(complaint, "must be %s, not \"%.*s\"", what, SLICE_ARGS(slice_head(value, 80))));
    return FAIL(INVALID_PARAMETER);
}

static status check_number(const setting_row *row, slice value, buffer *complaint) {
    int64_t number;
    if (slice_to_i64(value, &number) && number >= row->least && number <= row->most) return OK;
    char what[80];
    snprintf(what, sizeof what, "a number from %lld to %lld", (long long)row->least, (long long)row->most);
    return refuse(complaint, what, value);
}

static status check_yes_no(slice value, slice *out, buffer *complaint) {
    static const char *const yes[] = {"yes", "true", "on", "1", NULL}, *const no[] = {"no", "false", "off", "0", NULL};
    for (size_t i = 0; yes[i]; i++) {
        bool is_yes = slice_equals_ignoring_case(value, slice_of_text(yes[i]));
        if (!is_yes && !slice_equals_ignoring_case(value, slice_of_text(no[i]))) continue;
        *out = is_yes ? SLICE("yes") : SLICE("no");
        return OK;
    }
    return refuse(complaint, "yes or no", value);
}

static status check_choice(const setting_row *row, slice value, buffer *complaint) {
    if (choice_find(row->choices, value)) return OK;
    TRY(buffer_append_text(complaint, "must be "));
    for (size_t i = 0; row->choices[i]; i++)
        TRY(buffer_printf(complaint, "%s%s", i == 0 ? "" : row->choices[i + 1] ? ", " : " or ", row->choices[i]));
    TRY(buffer_printf(complaint, ", not \"%.*s\"", SLICE_ARGS(slice_head(value, 80))));
    return FAIL(INVALID_PARAMETER);
}

static status check_address(const setting_row *row, slice value, buffer *complaint) {
    if (slice_equals_text(value, "off")) return OK;
    if (!is_address(value))
        return refuse(complaint, "a numeric address with a port (127.0.0.1:8443 or [::1]:8443) or off", value);
    char text[ADDRESS_BYTES_MOST + 1];
    snprintf(text, sizeof text, "%.*s", SLICE_ARGS(value));
    if (row->kind != SETTING_IS_LOOPBACK || listen_is_loopback(text)) return OK;
    TRY(buffer_printf(
        complaint,
        "is plain HTTP, which is offered on loopback addresses only (127.0.0.1 or [::1]), and %.*s is not "
        "one; use https for other addresses",
        SLICE_ARGS(value)));
    return FAIL(INVALID_PARAMETER);
}

status setting_check(const setting_row *row, slice value, arena *memory, slice *out, buffer *complaint) {
    slice checked = slice_trim(value);
    status fits = OK;
    switch (row->kind) {
    case SETTING_IS_REGION:
        if (!consists_of(checked, is_region_byte) || checked.len > REGION_BYTES_MOST)
            fits = refuse(complaint, "1 to 64 lower-case letters, digits and '-'", checked);
        break;
    case SETTING_IS_PATH:
        if (checked.len == 0 || checked.len > PATH_BYTES_MOST || slice_contains_byte(checked, 0))
            fits = refuse(complaint, "the path of a folder", checked);
        break;
    case SETTING_IS_NUMBER: fits = check_number(row, checked, complaint); break;
    case SETTING_IS_YES_NO: fits = check_yes_no(checked, &checked, complaint); break;
    case SETTING_IS_CHOICE: fits = check_choice(row, checked, complaint); break;
    case SETTING_IS_ADDRESS:
    case SETTING_IS_LOOPBACK: fits = check_address(row, checked, complaint); break;
    case SETTING_IS_NAME:
        if (slice_is_empty(checked) || slice_contains_byte(checked, ',') || !is_names(checked))
            fits = refuse(complaint, "a host name", checked);
        break;
    case SETTING_IS_NAMES:
        if (!is_names(checked)) fits = refuse(complaint, "host names or addresses divided by commas", checked);
        break;
    }
    TRY(fits);
    return arena_copy(memory, checked, out);
}
