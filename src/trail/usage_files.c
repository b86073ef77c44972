/* Names and files of runs. */
#include <stdio.h>

#include "system/files.h"
#include "trail/usage.h"
#include "trail/usage_run.h"

enum { NAME_BYTES = 96 };

static unsigned height_of(const usage_place *place) { return USAGE_LEAF_HEIGHT + USAGE_FAN_HEIGHT * place->level; }

uint64_t usage_place_entries(const usage_place *place) { return UINT64_C(1) << height_of(place); }
uint64_t usage_place_first(const usage_place *place) { return place->index << height_of(place); }

status usage_place_hash(const tree *t, const usage_place *place, merkle_hash *out) {
    ENSURE(place->index < t->edge.size >> height_of(place), CORRUPT); /* beyond the tree's end */
    return tree_subtree(t, height_of(place), place->index, out);
}

static void run_name(const tree *t, const usage_place *place, const char *ending, char out[NAME_BYTES]) {
    snprintf(out, NAME_BYTES, "%susage/%u-%llu%s", t->place.folder, place->level, (unsigned long long)place->index,
             ending);
}

static status check_run(const tree *t, const usage_place *place, const usage_reader *r) {
    merkle_hash hash;
    ENSURE(r->range.first == usage_place_first(place) && r->range.count == usage_place_entries(place), CORRUPT);
    TRY(usage_place_hash(t, place, &hash));
    ENSURE(merkle_hash_equals(&hash, &r->range.hash), CORRUPT);
    return OK;
}

status usage_open_run(const tree *t, const usage_place *place, usage_reader *out) {
    char name[NAME_BYTES];
    usage_reader r;
    int fd;
    run_name(t, place, "", name);
    TRY(files_open_read(t->place.dir_fd, name, &fd));
    TRY(usage_reader_open(fd, &r));
    status checked = check_run(t, place, &r);
    if (FAILED(checked)) usage_reader_clear(&r);
    else *out = r;
    return checked;
}

static status need_folders(const tree *t) {
    char name[NAME_BYTES];
    for (int deep = 0; deep < 2; deep++) {
        snprintf(name, sizeof name, "%s%s", t->place.folder, deep ? "usage" : "");
        if (!deep) name[strlen(name) - 1] = 0; /* the folder ends in '/' */
        status made = files_make_folder(t->place.dir_fd, name);
        if (!FAILED_WITH(made, EXISTS)) TRY(made);
    }
    return OK;
}

status usage_create_run(const tree *t, const usage_place *place, int *fd) {
    char name[NAME_BYTES];
    run_name(t, place, ".new", name);
    status created = files_create(t->place.dir_fd, name, fd);
    if (FAILED_WITH(created, NOT_FOUND)) TRY(need_folders(t));
    if (FAILED_WITH(created, EXISTS)) TRY(files_unlink(t->place.dir_fd, name));
    return FAILED(created) ? files_create(t->place.dir_fd, name, fd) : OK;
}

status usage_keep_run(const tree *t, const usage_place *place) {
    char from[NAME_BYTES], to[NAME_BYTES];
    run_name(t, place, ".new", from);
    run_name(t, place, "", to);
    return files_rename(t->place.dir_fd, from, to);
}

void usage_remove_run(const tree *t, const usage_place *place) {
    char name[NAME_BYTES];
    run_name(t, place, "", name);
    status_ignore(files_unlink(t->place.dir_fd, name));
}

/* "2-17"; false for anything else. */
static bool parse_name(slice name, usage_place *out) {
    uint64_t level;
    slice part;
    if (!slice_split(&name, '-', &part) || slice_is_absent(name)) return false;
    if (!slice_to_u64(part, &level) || level >= USAGE_LEVELS || !slice_to_u64(name, &out->index)) return false;
    out->level = (unsigned)level;
    return out->index < UINT64_C(1) << (63 - height_of(out));
}

status usage_list_runs(const tree *t, arena *memory, usage_place **out, size_t *count) {
    char name[NAME_BYTES];
    int folder;
    slice *names;
    size_t found;
    *count = 0;
    snprintf(name, sizeof name, "%susage", t->place.folder);
    status opened = files_open_folder(t->place.dir_fd, name, &folder);
    if (FAILED_WITH(opened, NOT_FOUND)) return OK;
    TRY(opened);
    status listed = files_list(folder, memory, &names, &found);
    files_close(folder);
    TRY(listed);
    usage_place *places = ARENA_ARRAY(memory, usage_place, found + 1);
    ENSURE(places != NULL, OUT_OF_MEMORY);
    size_t kept = 0;
    for (size_t i = 0; i < found; i++) kept += parse_name(names[i], &places[kept]);
    *out = places;
    *count = kept;
    return OK;
}
