/* Offline verification of one account's trail: a copied folder and the log's public key are enough. */
#ifndef TRAIL_VERIFY_H
#define TRAIL_VERIFY_H

#include "trail/checkpoint.h"
#include "trail/tiles.h"

typedef struct verify_request {
    int folder_fd;       /* the account's folder: checkpoint, tile/ */
    const note_key *key; /* of the log ("keyhold/<log name>") or of the account's log (…/<account>) */
    slice account;       /* absent: whichever the checkpoint's origin names */
    slice earlier;       /* absent, or the text of an earlier checkpoint of the same log, which must be a prefix */
} verify_request;

/* Written on failure as well. */
typedef struct verify_report {
    uint8_t origin[NOTE_NAME_BYTES_MOST];
    size_t origin_len;
    merkle_head head;           /* as signed; size 0 while the checkpoint has not been verified */
    uint64_t entries;           /* read and hashed */
    char file[TILE_NAME_BYTES]; /* "" when all is well */
    uint64_t index;             /* entry or hash within the log or level, where `file` is a bundle or tile */
    char why[256];              /* a sentence for people; "" when all is well */
} verify_report;

/* Checks the checkpoint's signature; hashes every entry; compares every tile of every level with what follows from the
 * entries; compares the root. VERIFICATION when anything differs, is missing or is cut short: report->file, index and
 * why name the first difference. IO, OUT_OF_MEMORY: nothing is said about the trail. */
status verify_trail(const verify_request *request, verify_report *report);

#endif
