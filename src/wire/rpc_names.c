/* Names against the shape that they would fill. */
#include "wire/rpc_names.h"

#include "contract/nearest.h"

/* What clients send with every request, whatever it is for: the signature's own, and what Alibaba's gateway and its older clients know. */
static bool is_of_every_request(slice name) {
    static const char *const NAMES[] = {
        "Action",          "Version",          "Format",          "AccessKeyId",   "Signature",
        "SignatureMethod", "SignatureVersion", "SignatureNonce",  "SignatureType", "Timestamp",
        "SecurityToken",   "RegionId",         "OwnerId",         "OwnerAccount",  "Product",
        "BearerToken",     "AcceptLanguage",   "ResourceOwnerId", "Lang",          "ResourceOwnerAccount"};
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        if (slice_equals_text(name, NAMES[i])) return true;
    return false;
}

static bool is_number(slice text) {
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] < '0' || text.at[i] > '9') return false;
    return text.len > 0;
}

/* NAME, NAME.1, NAME.1.MEMBER, NAME.MEMBER or NAME.anything, as the field's kind has it. */
static bool is_field(const shape *s, slice name) {
    slice rest = name, head, number;
    if (shape_find(s, name)) return true; /* some names have a dot of their own */
    if (!slice_split(&rest, '.', &head)) return false;
    const field *f = shape_find(s, head);
    if (!f || slice_is_absent(rest)) return f != NULL;
    switch (f->kind) {
    case FIELD_MAP: return true;
    case FIELD_TEXTS: return is_number(rest);
    case FIELD_SHAPE: return is_field(f->nested, rest);
    case FIELD_SHAPES:
        if (!slice_split(&rest, '.', &number) || !is_number(number)) return false;
        return slice_is_absent(rest) || is_field(f->nested, rest);
    default: return false;
    }
}

static const field *nearest_field(const shape *s, slice name) {
    const field *found = NULL;
    size_t least = SIZE_MAX;
    slice head = slice_head(name, slice_find_byte(name, '.'));
    for (size_t i = 0; i < s->field_count; i++) {
        size_t distance = nearest_distance(head, slice_of_text(s->fields[i].name));
        if (distance >= least || !nearest_is_likely(head, slice_of_text(s->fields[i].name), distance)) continue;
        least = distance;
        found = &s->fields[i];
    }
    return found;
}

status rpc_check_names(const form *parameters, const shape *in, arena *memory, slice *detail) {
    enum { SHOWN_BYTES = 100 };
    for (size_t i = 0; i < parameters->count; i++) {
        slice name = parameters->pairs[i].name;
        if (is_of_every_request(name) || is_field(in, name)) continue;
        const field *meant = nearest_field(in, name);
        TRY(arena_printf(memory, detail, "%.*s is not known here%s%s%s", SLICE_ARGS(slice_head(name, SHOWN_BYTES)),
                         meant ? "; did you mean " : "", meant ? meant->name : "", meant ? "?" : "."));
        return FAIL(INVALID_PARAMETER);
    }
    return OK;
}
