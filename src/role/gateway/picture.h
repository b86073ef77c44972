/* The picture that goes along with a new device's seed. The gateway draws it: core never sees the seed. */
#ifndef ROLE_GATEWAY_PICTURE_H
#define ROLE_GATEWAY_PICTURE_H

#include "contract/contract_tables.h"

/* Puts QRCodePNG beside the seed, in the arena, to be wiped with it. */
status picture_add(create_virtual_mfa_device_out *out, arena *memory);

#endif
