/* Where the executables of the house are. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "system/spawn.h"

status path_of_self(arena *a, slice *out) {
    char path[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", path, sizeof path);
    ENSURE(len > 0 && (size_t)len < sizeof path, IO);
    return arena_copy(a, slice_of(path, (size_t)len), out);
}

static status look_in(arena *a, slice folder, const char *below, const char *name, slice *out) {
    slice path;
    TRY(arena_printf(a, &path, "%.*s%s/%s", SLICE_ARGS(folder), below, name));
    ENSURE(access((const char *)path.at, X_OK) == 0, NOT_FOUND);
    *out = path;
    return OK;
}

status path_find_libexec(arena *a, const char *name, slice *out) {
    const char *given = secure_getenv("KEYHOLD_LIBEXEC");
    if (given && *given) return look_in(a, slice_of_text(given), "", name, out);

    slice self;
    TRY(path_of_self(a, &self));
    size_t end = self.len;
    while (end > 0 && self.at[end - 1] != '/') end--;
    slice folder = slice_head(self, end > 1 ? end - 1 : end);

    static const char *const places[] = {"", "/../libexec/keyhold", "/../libexec"};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        status found = look_in(a, folder, places[i], name, out);
        if (!FAILED_WITH(found, NOT_FOUND)) return found;
    }
    return FAIL(NOT_FOUND);
}
