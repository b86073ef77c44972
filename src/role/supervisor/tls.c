/* Certificates: made once, by crypto/certificate.h. */
#include "role/supervisor/tls.h"

#include "base/clock.h"
#include "base/log.h"
#include "crypto/certificate.h"
#include "system/files.h"
#include "system/listen.h"

enum { PEM_BYTES_MOST = 128 << 10, ENDS_SOON_S = 30 * 24 * 3600 };

static status has_pair(int folder_fd, const char *first, const char *second, bool *out) {
    bool has_first, has_second;
    TRY(files_exists(folder_fd, first, &has_first));
    TRY(files_exists(folder_fd, second, &has_second));
    *out = has_first && has_second;
    return OK;
}

static status write_pair(int folder_fd, const char *const names[2], buffer *key, const buffer *certificate) {
    status written = files_write_atomic(folder_fd, names[0], buffer_slice(key));
    buffer_wipe(key);
    TRY(written);
    return files_write_atomic(folder_fd, names[1], buffer_slice(certificate));
}

static status make_authority(int folder_fd) {
    static const char *const names[2] = {"tls/ca.key", "tls/ca.pem"};
    OWNED(buffer) key = {0};
    OWNED(buffer) certificate = {0};
    TRY(certificate_make_authority(SLICE("Keyhold local authority"), &key, &certificate));
    return write_pair(folder_fd, names, &key, &certificate);
}

/* The address people will use, when it is one and not all of them. */
static status append_own_address(const settings *s, buffer *names) {
    slice address = settings_text(s, SETTING_HTTPS);
    size_t end = address.len;
    while (end > 0 && address.at[end - 1] != ':') end--;
    if (end < 2 || listen_is_loopback(settings_string(s, SETTING_HTTPS))) return OK;
    slice host = slice_head(address, end - 1);
    if (host.at[0] == '[') host = slice_of(host.at + 1, host.len - 2);
    if (slice_equals_text(host, "0.0.0.0") || slice_equals_text(host, "::")) return OK;
    return buffer_printf(names, ",%.*s", SLICE_ARGS(host));
}

static status list_names(const settings *s, buffer *names) {
    slice hostnames = settings_text(s, SETTING_HOSTNAMES);
    TRY(buffer_append_text(names, "localhost,127.0.0.1,::1"));
    TRY(append_own_address(s, names));
    return hostnames.len ? buffer_printf(names, ",%.*s", SLICE_ARGS(hostnames)) : OK;
}

static status make_server(int folder_fd, const settings *s) {
    static const char *const files[2] = {"tls/server.key", "tls/server.pem"};
    OWNED(buffer) ca_key = {0};
    OWNED(buffer) ca_certificate = {0};
    OWNED(buffer) names = {0};
    OWNED(buffer) key = {0};
    OWNED(buffer) certificate = {0};
    TRY(list_names(s, &names));
    TRY(files_read(folder_fd, "tls/ca.pem", PEM_BYTES_MOST, &ca_certificate));
    TRY(buffer_reserve(&ca_key, PEM_BYTES_MOST));
    TRY(files_read(folder_fd, "tls/ca.key", PEM_BYTES_MOST / 2, &ca_key));
    certificate_authority authority = {buffer_slice(&ca_key), buffer_slice(&ca_certificate)};
    status made = certificate_make_server(&authority, buffer_slice(&names), &key, &certificate);
    buffer_wipe(&ca_key);
    TRY(made);
    return write_pair(folder_fd, files, &key, &certificate);
}

status tls_make(int folder_fd, const settings *s, bool *is_new) {
    bool has_server, has_authority;
    TRY(has_pair(folder_fd, "tls/server.pem", "tls/server.key", &has_server));
    if (has_server) return OK;
    TRY(has_pair(folder_fd, "tls/ca.pem", "tls/ca.key", &has_authority));
    if (!has_authority) TRY(make_authority(folder_fd));
    TRY(make_server(folder_fd, s));
    *is_new = true;
    return OK;
}

static void warn_of_end(slice certificate) {
    char date[CLOCK_ISO_BYTES];
    int64_t end_s;
    if (FAILED(certificate_not_after(certificate, &end_s)) || end_s - clock_now_s() > ENDS_SOON_S) return;
    clock_format_iso(end_s, date);
    log_warning("certificate ends soon",
                "%s: put a new tls/server.pem and tls/server.key there, or remove both and "
                "start again for new ones of the local authority",
                date);
}

status tls_hold(int folder_fd, int *out, buffer *complaint) {
    OWNED(buffer) pem = {0};
    TRY(buffer_reserve(&pem, 2 * PEM_BYTES_MOST));
    TRY(files_read(folder_fd, "tls/server.pem", PEM_BYTES_MOST, &pem));
    int64_t end_s;
    if (FAILED(certificate_not_after(buffer_slice(&pem), &end_s))) {
        TRY(buffer_append_text(complaint, "tls/server.pem in the data folder is not a certificate in PEM form"));
        return FAIL(MALFORMED);
    }
    warn_of_end(buffer_slice(&pem));
    if (pem.at[pem.len - 1] != '\n') TRY(buffer_append_byte(&pem, '\n'));
    status held = files_read(folder_fd, "tls/server.key", PEM_BYTES_MOST / 2, &pem);
    if (!FAILED(held)) held = files_memory(buffer_slice(&pem), out);
    buffer_wipe(&pem);
    return held;
}
