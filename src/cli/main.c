/* keyhold: the command line. Finds the row for what was typed, runs it, and says how it went. */
#include <stdio.h>
#include <stdlib.h>

#include "base/table.h"
#include "cli/help.h"
#include "cli/output.h"
#include "cli/server.h"
#include "crypto/random.h"
#include "crypto/start.h"
#include "system/process.h"

enum { MEMORY_MOST = 1 << 30 };

static status start(void) {
    uint8_t seed[16];
    process_ignore_broken_pipes();
    TRY(crypto_start());
    TRY(random_fill(seed, sizeof seed));
    table_seed(seed);
    return OK;
}

static status show_help(invocation *inv) {
    OWNED(buffer) text = {0};
    TRY(help_write(inv, &text));
    return output_text(inv, buffer_slice(&text));
}

static status run(invocation *inv, int count, char *const *words) {
    TRY(start());
    TRY(arguments_parse(inv, count - 1, words + 1));
    if (inv->wants_help) return show_help(inv);
    return inv->command->run ? inv->command->run(inv) : run_operation(inv);
}

static int finish(invocation *inv, status done) {
    const operation *op = inv->command ? operation_get(inv->command->operation) : NULL;
    inv->trouble.failure = done; /* what came back decides; the notes say why */
    if (FAILED(done)) trouble_print(&inv->trouble, invocation_title(inv), op ? op->action : NULL);
    return (int)outcome_of(done);
}

static bool asks_for_version(int count, char *const *words) {
    return count == 2 && (strcmp(words[1], "--version") == 0 || strcmp(words[1], "version") == 0);
}

int main(int count, char **words) {
    static invocation inv = {.memory = {.limit = MEMORY_MOST}};
    status done;
    if (asks_for_version(count, words)) {
        printf("keyhold %s\n", KEYHOLD_VERSION);
        return OUTCOME_OK;
    }
    if (server_is_meant(count, words)) done = server_become(words, &inv.trouble);
    else done = run(&inv, count, words);
    int code = finish(&inv, done);
    invocation_clear(&inv);
    return code;
}
