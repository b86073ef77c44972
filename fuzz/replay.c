/* Runs a fuzz target over files instead of under the fuzzer: replay FOLDER... gives every file in the folders, and every prefix of
 * it, to the target. So each corpus is an ordinary test. Fails when a folder holds no file. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PREFIXES_MOST = 8192 }; /* of longer files only as many prefixes are tried */

static status read_file(const char *path, buffer *out) {
    FILE *file = fopen(path, "rb");
    ENSURE(file != NULL, IO);
    status result = OK;
    uint8_t chunk[4096];
    for (size_t n; !FAILED(result) && (n = fread(chunk, 1, sizeof chunk, file)) > 0;)
        result = buffer_append(out, slice_of(chunk, n));
    if (ferror(file)) result = FAIL(IO);
    fclose(file);
    return result;
}

static status replay_file(const char *path) {
    OWNED(buffer) content = {0};
    TRY(read_file(path, &content));
    for (size_t len = 0; len < content.len && len < PREFIXES_MOST; len++) {
        uint8_t *exact = malloc(len ? len : 1); /* a copy of its own, so that a sanitizer sees reads past the end */
        ENSURE(exact != NULL, OUT_OF_MEMORY);
        memcpy(exact, content.at, len);
        (void)LLVMFuzzerTestOneInput(exact, len);
        free(exact);
    }
    (void)LLVMFuzzerTestOneInput(content.at, content.len);
    return OK;
}

static size_t replay_folder(const char *folder) {
    DIR *list = opendir(folder);
    size_t files = 0;
    if (!list) return 0;
    for (struct dirent *entry; (entry = readdir(list)) != NULL;) {
        char path[4096];
        if (entry->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (FAILED(replay_file(path))) exit(1);
        files++;
    }
    closedir(list);
    return files;
}

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        size_t files = replay_folder(argv[i]);
        printf("%s: %zu files\n", argv[i], files);
        if (files == 0) return 1;
    }
    return argc > 1 ? 0 : 2;
}
