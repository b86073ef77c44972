/* keyhold init, keyhold serve: both are the supervisor's work. */
#include "cli/server.h"

#include <stdlib.h>
#include <unistd.h>

#include "system/spawn.h"

static const char NAME[] = "keyhold-supervisor";

/* Installed, it is where the house keeps its executables; in a build tree it lies in the neighbouring room. */
static status find(arena *memory, slice *out) {
    slice self, path;
    status found = path_find_libexec(memory, NAME, out);
    if (!FAILED_WITH(found, NOT_FOUND) || secure_getenv("KEYHOLD_LIBEXEC")) return found;
    TRY(path_of_self(memory, &self));
    size_t end = self.len;
    while (end > 0 && self.at[end - 1] != '/') end--;
    TRY(arena_printf(memory, &path, "%.*s../role/%s", SLICE_ARGS(slice_head(self, end)), NAME));
    ENSURE(access((const char *)path.at, X_OK) == 0, NOT_FOUND);
    *out = path;
    return OK;
}

bool server_is_meant(int count, char *const *words) {
    return count > 1 && (strcmp(words[1], "serve") == 0 || strcmp(words[1], "init") == 0);
}

status server_become(char **words, trouble *t) {
    arena memory = {0};
    slice path;
    status found = find(&memory, &path);
    if (FAILED(found)) {
        trouble_advise(t, "KEYHOLD_LIBEXEC names the folder to look in");
        return trouble_note(t, found, "The program %s was not found.", NAME);
    }
    words[0] = (char *)(uintptr_t)NAME;
    execv((const char *)path.at, words);
    arena_clear(&memory);
    return trouble_note(t, FAIL(IO), "The program %s cannot be started.", NAME);
}

/* Reached for help only: everything else goes to the supervisor before. */
static status never(invocation *inv) {
    return trouble_note(&inv->trouble, FAIL(INTERNAL), "This belongs to the supervisor.");
}

static const command init_rows[] = {
    {.words = "[FLAG]...",
     .run = never,
     .help = "Makes the data folder, the root key, the account and its first access key. Twice changes nothing."},
};
static const command serve_rows[] = {
    {.words = "[FLAG]...", .run = never, .help = "Runs the server until it is stopped."},
};

extern const noun init_noun, serve_noun;
const noun init_noun = {"init", "Make a data folder, an account and its first access key.", init_rows, 1};
const noun serve_noun = {"serve", "Run the server.", serve_rows, 1};
