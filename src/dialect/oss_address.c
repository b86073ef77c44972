/* Host and path of an OSS request as bucket and key. */
#include "base/text.h"
#include "dialect/oss_rest.h"

/* What the Host header says. */
typedef struct host_reading {
    slice bucket; /* absent: the path names it */
} host_reading;

static bool is_ip_address(slice host) {
    if (host.len == 0 || host.at[0] == '[') return true;
    for (size_t i = 0; i < host.len; i++)
        if ((host.at[i] < '0' || host.at[i] > '9') && host.at[i] != '.') return false;
    return true;
}

/* BUCKET of "BUCKET.domain". False when the host is not below the domain; an empty label leaves the bucket absent. */
static bool take_label(slice host, slice domain, host_reading *out) {
    if (host.len <= domain.len || !slice_ends_with(host, domain)) return false;
    slice label = slice_head(host, host.len - domain.len);
    if (label.at[label.len - 1] != '.') return false;
    label.len--;
    *out = (host_reading){label.len ? label : (slice){0}};
    return true;
}

/* [BUCKET].oss-REGION.aliyuncs.com and its kin (-internal, oss-accelerate, …). */
static bool read_cloud_host(slice host, host_reading *out) {
    const slice suffix = SLICE(".aliyuncs.com");
    if (!slice_ends_with(host, suffix)) return false;
    slice rest = slice_head(host, host.len - suffix.len), endpoint = rest;
    for (size_t dot; (dot = slice_find_byte(endpoint, '.')) != SIZE_MAX;) endpoint = slice_skip(endpoint, dot + 1);
    if (!slice_starts_with(endpoint, SLICE("oss"))) return false;
    *out = (host_reading){0};
    if (endpoint.len < rest.len) take_label(rest, endpoint, out);
    return true;
}

static bool read_configured_host(slice host, slice base_domains, host_reading *out) {
    slice entry;
    while (slice_split(&base_domains, ',', &entry)) {
        entry = slice_trim(entry);
        size_t split = slice_find_byte(entry, '=');
        slice domain = slice_head(entry, split);
        if (domain.len == 0) continue;
        bool is_same = slice_equals_ignoring_case(host, domain);
        if (split != SIZE_MAX && is_same) {
            *out = (host_reading){slice_skip(entry, split + 1)};
            return true;
        }
        if (split == SIZE_MAX && is_same) {
            *out = (host_reading){0};
            return true;
        }
        if (split == SIZE_MAX && take_label(host, domain, out)) return true;
    }
    return false;
}

static status read_host(const oss_request *r, host_reading *out) {
    slice host;
    *out = (host_reading){0};
    TRY(text_lower(host_name(head_find(r->head, "host")), r->memory, &host));
    if (read_configured_host(host, r->head->base_domains, out) || is_ip_address(host)) return OK;
    if (take_label(host, SLICE("localhost"), out)) return OK;
    (void)read_cloud_host(host, out);
    return OK;
}

static status key_check(slice key) {
    if (slice_is_absent(key)) return OK;
    ENSURE(key.len <= OSS_KEY_MOST && utf8_is_valid(key) && !slice_contains_byte(key, 0), OBJECT_NAME);
    ENSURE(key.len == 0 || (key.at[0] != '/' && key.at[0] != '\\'), OBJECT_NAME);
    return OK;
}

/* `raw` is a path without its first '/'. An empty key is none: "/bucket/" is the bucket. */
static status read_key(const oss_request *r, slice raw, slice *out) {
    slice key;
    *out = (slice){0};
    if (raw.len == 0) return OK;
    TRY(percent_decode(raw, false, r->memory, &key));
    *out = key;
    return OK;
}

static status read_path_style(oss_request *r, slice raw) {
    if (raw.len == 0) return OK;
    size_t split = slice_find_byte(raw, '/');
    TRY(percent_decode(slice_head(raw, split), false, r->memory, &r->address.bucket));
    ENSURE(r->address.bucket.len > 0 && utf8_is_valid(r->address.bucket), BUCKET_NAME);
    return split == SIZE_MAX ? OK : read_key(r, slice_skip(raw, split + 1), &r->address.key);
}

/* The path begins with the name of the bucket that the host names, too. A client that was told to write paths but keeps
 * the bucket's host does that; so does one that stores objects below a folder of the bucket's name. */
static bool is_ambiguous(slice raw, slice bucket) {
    size_t split = slice_find_byte(raw, '/');
    return split != SIZE_MAX && slice_equals(slice_head(raw, split), bucket);
}

status oss_address_read(oss_request *r) {
    host_reading host;
    slice raw = slice_skip(head_path(r->head), 1);
    r->address = r->second = (oss_address){0};
    TRY(read_host(r, &host));
    if (slice_is_absent(host.bucket)) {
        TRY(read_path_style(r, raw));
    } else if (is_ambiguous(raw, host.bucket)) {
        TRY(read_path_style(r, raw));
        if (!slice_is_absent(r->address.key)) {
            r->second.bucket = host.bucket;
            TRY(read_key(r, raw, &r->second.key));
        }
    } else {
        r->address.bucket = host.bucket;
        TRY(read_key(r, raw, &r->address.key));
    }
    if (FAILED(key_check(r->second.key))) r->second = (oss_address){0};
    return key_check(r->address.key);
}
