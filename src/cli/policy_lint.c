/* keyhold policy lint: a document in a file, or a policy by its name. */
#include "cli/policy_lint.h"

#include "cli/run.h"
#include "cli/value.h"

enum { DOCUMENT_BYTES_MOST = 32768 };

/* A word that is no file is a policy's name. */
static status name_what(invocation *inv) {
    slice document, word = inv->words[0];
    status read = value_read_file(inv, word, DOCUMENT_BYTES_MOST, &document);
    if (!FAILED(read)) return argument_set(inv, "PolicyDocument", document);
    bool is_name = FAILED_WITH(read, NOT_FOUND) && !slice_contains_byte(word, '/');
    if (!is_name) return read;
    inv->trouble = (trouble){0};
    return argument_set(inv, "PolicyName", word);
}

status policy_lint_run(invocation *inv) {
    OWNED(client) c = {0};
    json_rows rows = {0};
    TRY(name_what(inv));
    if (inv->is_dry_run) return run_describe(inv);
    TRY(client_open(inv, &c));
    TRY(run_pages(&c, &rows));
    TRY(output_rows(inv, &rows));
    if (rows.count == 0) return OK;
    return trouble_note(&inv->trouble, FAIL(VERIFICATION), "%zu %s.", rows.count,
                        rows.count == 1 ? "finding" : "findings");
}
