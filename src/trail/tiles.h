/* Tile files (c2sp.org/tlog-tiles): their names, reading and writing them.
 *
 *   tile/<L>/<N>            full: 256 hashes of 32 bytes        tile/entries/<N>          full: 256 entries
 *   tile/<L>/<N>.p/<W>      partial: W hashes, 1 to 255         tile/entries/<N>.p/<W>    each: u16 length, bytes
 *
 * <N> in groups of three digits, all but the last after an "x": 1234067 is x001/x234/067. */
#ifndef TRAIL_TILES_H
#define TRAIL_TILES_H

#include "base/buffer.h"
#include "trail/merkle.h"

enum {
    TILE_ENTRIES = -1,      /* in place of a level: an entry bundle */
    TILE_NAME_BYTES = 128,  /* of any name with its folder and NUL */
    TILE_FOLDER_BYTES = 40, /* of the folder before "tile/", with its '/' and NUL */
    TILE_ENTRY_BYTES_MOST = 65535,
    TILE_BUNDLE_BYTES_MOST = MERKLE_TILE_WIDTH * (2 + TILE_ENTRY_BYTES_MOST),
};

/* Where tiles lie: `folder` is "" or ends in '/', beneath dir_fd (which is not owned). */
typedef struct tile_place {
    int dir_fd;
    char folder[TILE_FOLDER_BYTES];
} tile_place;

typedef struct tile_id {
    int level; /* 0 to 7, or TILE_ENTRIES */
    uint64_t index;
    unsigned width; /* 1 to 256; 256 is a full tile */
} tile_id;

/* How many items the tile of that level and index has in a tree of `size` leaves; 0 when there is no such tile. */
unsigned tile_width(int level, uint64_t index, uint64_t size);
/* The index of the rightmost tile of a level that is not full (it may be empty) in a tree of `size` leaves. */
uint64_t tile_edge(int level, uint64_t size);

void tile_name(const tile_place *place, const tile_id *id, char out[TILE_NAME_BYTES]);

/* Appends the file's bytes. NOT_FOUND; TOO_LARGE when it is longer than such a tile can be; CORRUPT when a hash tile
 * has not exactly `width` hashes; failures of system/files.h. */
status tile_read(const tile_place *place, const tile_id *id, buffer *out);
/* The first `width` items from whichever file has them: the one of that width, the full one, or a wider partial one (a
 * checkpoint's partial tiles may have been replaced by later ones, which begin alike). NOT_FOUND. */
status tile_read_prefix(const tile_place *place, const tile_id *id, buffer *out);
/* Writes the file, not synced, making folders as needed; an unreferenced one left by a crash is overwritten. */
status tile_write(const tile_place *place, const tile_id *id, slice bytes);
/* Makes the content durable; the names become durable with tile_sync_folder. */
status tile_sync(const tile_place *place, const tile_id *id);
status tile_sync_folder(const tile_place *place, const tile_id *id);
/* Best effort: removes a partial tile, and its folder once it is empty. */
void tile_remove_partial(const tile_place *place, const tile_id *id);

/* Entry bundles: takes the next entry off *rest. False at the end, or when what is left is no whole entry (rest is then
 * not empty). */
bool bundle_take(slice *rest, slice *entry);
status bundle_append(buffer *bundle, slice entry); /* TOO_LARGE past TILE_ENTRY_BYTES_MOST */

#endif
