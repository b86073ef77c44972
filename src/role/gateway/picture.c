/* otpauth://totp/Keyhold:NAME?secret=SEED&issuer=Keyhold, as authenticator apps read it. */
#include "role/gateway/picture.h"

#include "base/text.h"
#include "format/qr.h"

static slice name_of(slice serial) { return slice_skip(serial, slice_find(serial, SLICE(":mfa/")) + 5); }

static status write_uri(const mfa_device_view *device, buffer *out) {
    TRY(buffer_append_text(out, "otpauth://totp/Keyhold:"));
    TRY(percent_encode(out, name_of(device->serial_number), NULL));
    TRY(buffer_append_text(out, "?secret="));
    TRY(buffer_append(out, device->base32_string_seed));
    return buffer_append_text(out, "&issuer=Keyhold");
}

status picture_add(create_virtual_mfa_device_out *out, arena *memory) {
    OWNED(buffer) uri = {0};
    OWNED(buffer) png = {0};
    mfa_device_view *device = out->virtual_mfa_device;
    ENSURE(device != NULL && slice_find(device->serial_number, SLICE(":mfa/")) != SIZE_MAX, INTERNAL);
    status drawn = write_uri(device, &uri);
    if (!FAILED(drawn)) drawn = qr_write_png(buffer_slice(&uri), &png);
    if (!FAILED(drawn)) drawn = arena_copy(memory, buffer_slice(&png), &device->qr_code_png);
    buffer_wipe(&uri);
    buffer_wipe(&png);
    return drawn;
}
