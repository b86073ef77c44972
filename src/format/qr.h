/* QR codes (ISO/IEC 18004) as pictures (PNG, ISO/IEC 15948). */
#ifndef FORMAT_QR_H
#define FORMAT_QR_H

#include "base/buffer.h"

enum { QR_TEXT_MOST = 1024, QR_MODULE_PIXELS = 5, QR_QUIET_MODULES = 4 };

/* Appends the picture: black on white, with the quiet zone. TOO_LARGE for longer texts; OUT_OF_MEMORY, INTERNAL. The text may be a
 * secret: what is made of it on the way is overwritten; the caller overwrites the picture. */
status qr_write_png(slice text, buffer *out);

#endif
