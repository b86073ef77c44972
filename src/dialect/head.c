/* Reading a request's head. */
#include "dialect/head.h"

#include <stdlib.h>

slice head_find_named(const http_head *head, slice name) {
    for (size_t i = 0; i < head->header_count; i++) {
        const http_header *each = &head->headers[i];
        if (each->name.len == name.len && slice_equals_ignoring_case(each->name, name)) return slice_trim(each->value);
    }
    return (slice){0};
}

slice head_path(const http_head *head) { return slice_head(head->target, slice_find_byte(head->target, '?')); }

slice head_query(const http_head *head) {
    size_t at = slice_find_byte(head->target, '?');
    return at == SIZE_MAX ? (slice){0} : slice_skip(head->target, at + 1);
}

bool words_contain(const char *words, slice word) {
    slice rest = slice_of_text(words), each;
    while (slice_split(&rest, ' ', &each))
        if (slice_equals(each, word)) return true;
    return false;
}

status text_lower(slice text, arena *memory, slice *out) {
    uint8_t *lower = arena_take_raw(memory, text.len + 1);
    ENSURE(lower != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.at[i];
        lower[i] = c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
    }
    lower[text.len] = 0;
    *out = slice_of(lower, text.len);
    return OK;
}

status text_keep(const buffer *text, arena *memory, slice *out) { return arena_copy(memory, buffer_slice(text), out); }

static int header_compare(const void *a, const void *b) {
    const http_header *left = a, *right = b;
    int order = slice_compare(left->name, right->name);
    return order ? order : slice_compare(left->value, right->value);
}

void header_list_sort(header_list *list) {
    if (list->count > 1) qsort(list->at, list->count, sizeof *list->at, header_compare);
}

status head_list_prefixed(const http_head *head, const char *prefix, arena *memory, header_list *out) {
    header_list list = {.at = ARENA_ARRAY(memory, http_header, head->header_count)};
    ENSURE(list.at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < head->header_count; i++) {
        const http_header *from = &head->headers[i];
        if (!slice_equals_ignoring_case(slice_head(from->name, strlen(prefix)), slice_of_text(prefix))) continue;
        http_header *to = &list.at[list.count];
        TRY(text_lower(from->name, memory, &to->name));
        to->value = slice_trim(from->value);
        list.count++;
    }
    header_list_sort(&list);
    *out = list;
    return OK;
}

static bool is_clean_byte(uint8_t c) { return c != '\r' && c != '\n' && c != 0; }

/* None of eight bytes is below 0x0e: a high bit of the difference says that one is. */
static bool are_clean(const uint8_t *at) {
    uint64_t run;
    memcpy(&run, at, sizeof run);
    return ((run - UINT64_C(0x0e0e0e0e0e0e0e0e)) & ~run & UINT64_C(0x8080808080808080)) == 0;
}

static bool is_clean(slice text) {
    for (size_t i = 0; i < text.len;) {
        bool is_run = text.len - i >= sizeof(uint64_t) && are_clean(text.at + i);
        if (!is_run && !is_clean_byte(text.at[i])) return false;
        i += is_run ? sizeof(uint64_t) : 1;
    }
    return true;
}

static bool may_come_once(slice name) {
    static const char ONCE[] =
        "host authorization date content-type content-md5 content-length content-encoding content-disposition "
        "content-language cache-control expires range if-match if-none-match if-modified-since "
        "if-unmodified-since x-amz-target x-amz-date x-amz-security-token x-amz-content-sha256";
    if (slice_starts_with(name, SLICE("x-acs-")) || slice_starts_with(name, SLICE("x-oss-"))) return true;
    return words_contain(ONCE, name);
}

static status target_check(slice target) {
    ENSURE(target.len > 0 && target.at[0] == '/', MALFORMED);
    for (size_t i = 0; i < target.len; i++) ENSURE(target.at[i] > ' ' && target.at[i] != 0x7f, MALFORMED);
    return OK;
}

status head_check(const http_head *head, arena *memory, slice *detail) {
    *detail = SLICE("request target");
    TRY(target_check(head->target));
    header_list all;
    TRY(head_list_prefixed(head, "", memory, &all));
    for (size_t i = 0; i < all.count; i++) {
        *detail = all.at[i].name;
        ENSURE(is_clean(all.at[i].name) && is_clean(all.at[i].value), MALFORMED);
        bool is_again = i > 0 && slice_equals(all.at[i].name, all.at[i - 1].name);
        ENSURE(!is_again || !may_come_once(all.at[i].name), INVALID_PARAMETER);
    }
    *detail = (slice){0};
    return OK;
}

bool head_has_form_body(const http_head *head) {
    slice type = head_find(head, "content-type");
    slice kind = slice_trim(slice_head(type, slice_find_byte(type, ';')));
    return slice_equals_ignoring_case(kind, SLICE("application/x-www-form-urlencoded"));
}

slice host_name(slice host) {
    if (host.len && host.at[0] == '[') { /* RFC 3986 §3.2.2: an IPv6 literal */
        size_t end = slice_find_byte(host, ']');
        return end == SIZE_MAX ? host : slice_head(host, end + 1);
    }
    return slice_head(host, slice_find_byte(host, ':'));
}
