/* Names for certificates: checked here, because whoever sets them may have them from a configuration file. */
#include "crypto/names.h"

enum { MAX_DNS_BYTES = 253, MAX_LABEL_BYTES = 63, MAX_ADDRESS_BYTES = 45 };

static bool byte_is_of_label(uint8_t byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') || byte == '-';
}

static bool label_is_good(slice label) {
    if (label.len == 0 || label.len > MAX_LABEL_BYTES) return false;
    if (label.at[0] == '-' || label.at[label.len - 1] == '-') return false;
    for (size_t i = 0; i < label.len; i++) {
        if (!byte_is_of_label(label.at[i])) return false;
    }
    return true;
}

/* A name of digits and dots alone is a mistyped address (RFC 1123 §2.1 leaves the last label alphabetic). */
static bool label_is_number(slice label) {
    for (size_t i = 0; i < label.len; i++) {
        if (label.at[i] < '0' || label.at[i] > '9') return false;
    }
    return true;
}

static bool name_is_dns(slice name) {
    if (name.len == 0 || name.len > MAX_DNS_BYTES) return false;
    slice rest = name, label = {0};
    if (slice_starts_with(name, SLICE("*."))) rest = slice_skip(name, 2);
    while (slice_split(&rest, '.', &label)) {
        if (!label_is_good(label)) return false;
    }
    return !label_is_number(label);
}

static ASN1_OCTET_STRING *address_parse(slice name) {
    char text[MAX_ADDRESS_BYTES + 1] = {0};
    if (name.len == 0 || name.len > MAX_ADDRESS_BYTES || slice_contains_byte(name, 0)) return NULL;
    memcpy(text, name.at, name.len);
    return a2i_IPADDRESS(text);
}

static ASN1_STRING *dns_name_make(slice name) {
    ASN1_STRING *made = ASN1_IA5STRING_new();
    if (made == NULL || ASN1_STRING_set(made, name.at, (int)name.len) == 1) return made;
    ASN1_STRING_free(made);
    return NULL;
}

status server_name_make(slice name, GENERAL_NAME **out) {
    ASN1_STRING *value = address_parse(name);
    int kind = value ? GEN_IPADD : GEN_DNS;
    status_ignore(libcrypto_failure()); /* what it says about a name that is no address */
    ENSURE(value != NULL || name_is_dns(name), INVALID_PARAMETER);
    if (value == NULL) value = dns_name_make(name);
    ENSURE(value != NULL, OUT_OF_MEMORY);
    GENERAL_NAME *made = GENERAL_NAME_new();
    if (made == NULL) {
        ASN1_STRING_free(value);
        return FAIL(OUT_OF_MEMORY);
    }
    GENERAL_NAME_set0_value(made, kind, value);
    *out = made;
    return OK;
}
