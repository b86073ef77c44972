/* Codes by libqrencode, pictures by libpng. */
#include "format/qr.h"

#include <png.h>
#include <qrencode.h>
#include <stdlib.h>
#include <string.h>

typedef struct picture {
    const QRcode *code;
    buffer *out;
    status failure;
} picture;

static void append(png_structp png, png_bytep data, png_size_t length) {
    picture *p = png_get_io_ptr(png);
    if (!FAILED(p->failure)) p->failure = buffer_append(p->out, slice_of(data, length));
}

static void flush(png_structp png) { (void)png; }

static bool is_dark(const QRcode *code, int x, int y) {
    if (x < 0 || y < 0 || x >= code->width || y >= code->width) return false;
    return code->data[y * code->width + x] & 1;
}

static int modules_of(const QRcode *code) { return code->width + 2 * QR_QUIET_MODULES; }

/* One row of pixels, a bit each; a set bit is white. */
static void fill_row(const QRcode *code, int pixel_row, uint8_t *row, size_t row_bytes) {
    int y = pixel_row / QR_MODULE_PIXELS - QR_QUIET_MODULES;
    memset(row, 0xff, row_bytes);
    for (int at = 0; at < modules_of(code) * QR_MODULE_PIXELS; at++)
        if (is_dark(code, at / QR_MODULE_PIXELS - QR_QUIET_MODULES, y))
            row[at / 8] = (uint8_t)(row[at / 8] & ~(0x80 >> at % 8));
}

/* libpng leaves by longjmp when it fails; nothing is allocated here that it would pass over. */
static bool write_rows(png_structp png, png_infop info, const picture *p, uint8_t *row) {
    unsigned side = (unsigned)(modules_of(p->code) * QR_MODULE_PIXELS);
    if (setjmp(png_jmpbuf(png))) return false;
    png_set_IHDR(png, info, side, side, 1, PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    for (unsigned y = 0; y < side; y++) {
        fill_row(p->code, (int)y, row, (side + 7) / 8);
        png_write_row(png, row);
    }
    png_write_end(png, info);
    return true;
}

static status write_png(picture *p, uint8_t *row) {
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!info) {
        png_destroy_write_struct(&png, NULL);
        return FAIL(OUT_OF_MEMORY);
    }
    png_set_write_fn(png, p, append, flush);
    bool is_written = write_rows(png, info, p, row);
    png_destroy_write_struct(&png, &info);
    TRY(p->failure);
    ENSURE(is_written, INTERNAL);
    return OK;
}

static status draw(const QRcode *code, buffer *out) {
    picture p = {code, out, OK};
    size_t row_bytes = ((size_t)modules_of(code) * QR_MODULE_PIXELS + 7) / 8;
    uint8_t *row = calloc(1, row_bytes);
    ENSURE(row != NULL, OUT_OF_MEMORY);
    status drawn = write_png(&p, row);
    explicit_bzero(row, row_bytes);
    free(row);
    return drawn;
}

status qr_write_png(slice text, buffer *out) {
    ENSURE(text.len > 0 && text.len <= QR_TEXT_MOST, TOO_LARGE);
    QRcode *code = QRcode_encodeData((int)text.len, text.at, 0, QR_ECLEVEL_M);
    ENSURE(code != NULL, OUT_OF_MEMORY);
    status drawn = draw(code, out);
    explicit_bzero(code->data, (size_t)code->width * (size_t)code->width);
    QRcode_free(code);
    return drawn;
}
