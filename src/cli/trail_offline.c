/* Checking a trail or a proof with nothing but files. */
#include <stdio.h>

#include "base/text.h"
#include "cli/trail.h"
#include "cli/value.h"
#include "system/files.h"
#include "trail/proof.h"
#include "trail/verify.h"

enum { VKEY_BYTES_MOST = 4096, ACCOUNTS_MOST = 100000 };

/* ---- keys */

static status read_key(invocation *inv, slice path, note_key *out) {
    slice text;
    TRY(value_read_file(inv, path, VKEY_BYTES_MOST, &text));
    status parsed = note_key_parse(text, out);
    if (FAILED(parsed))
        return trouble_note(&inv->trouble, parsed, "%.*s is not a log's public key (name+id+base64).",
                            SLICE_ARGS(path));
    return OK;
}

/* From --vkey, or the one in the folder, which whoever changed the folder could have changed, too. */
static status key_for(invocation *inv, slice folder, note_key *out) {
    slice path;
    if (flag_find(inv, "vkey", &path)) return read_key(inv, path, out);
    TRY(arena_printf(&inv->memory, &path, "%.*s/vkey", SLICE_ARGS(folder)));
    if (!inv->is_quiet)
        fprintf(stderr, "keyhold: trail verify: using the key in the copy itself; --vkey FILE with a key kept "
                        "elsewhere proves who signed\n");
    return read_key(inv, path, out);
}

/* ---- verify */

typedef struct task {
    slice folder;
    note_key key;
    slice earlier;
} task;

static status report_write(invocation *inv, const verify_report *report, const json **out) {
    OWNED(buffer) text = {0};
    OWNED(buffer) root = {0};
    json_writer w = {.out = &text};
    TRY(base64_encode(&root, slice_of(report->head.root.at, MERKLE_HASH_BYTES)));
    json_begin_object(&w);
    json_put_member_text(&w, "Origin", slice_of(report->origin, report->origin_len));
    json_put_member_integer(&w, "Entries", (int64_t)report->entries);
    json_put_member_integer(&w, "Size", (int64_t)report->head.size);
    json_put_member_text(&w, "Root", buffer_slice(&root));
    json_put_member_bool(&w, "Verified", true);
    json_end_object(&w);
    TRY(json_finish(&w));
    return json_from_buffer(&text, &inv->memory, out);
}

static status explain(invocation *inv, const task *t, const verify_report *report, status failure) {
    if (!FAILED_WITH(failure, VERIFICATION) && !FAILED_WITH(failure, MALFORMED))
        return trouble_note(&inv->trouble, failure, "%.*s cannot be read (%s).", SLICE_ARGS(t->folder),
                            status_name(failure));
    trouble_advise(&inv->trouble, "keep the copy as it is, and compare it with an older one or with the server's");
    if (report->file[0])
        return trouble_note(&inv->trouble, FAIL(VERIFICATION), "The trail in %.*s does not hold: %s (%s, index %llu).",
                            SLICE_ARGS(t->folder), report->why, report->file, (unsigned long long)report->index);
    return trouble_note(&inv->trouble, FAIL(VERIFICATION), "The trail in %.*s does not hold: %s.",
                        SLICE_ARGS(t->folder), report->why[0] ? report->why : "its checkpoint is not one");
}

static status verify_one(invocation *inv, const task *t, json_rows *rows) {
    verify_request request = {.key = &t->key, .earlier = t->earlier};
    verify_report report = {0};
    const json *row;
    slice folder;
    TRY(arena_copy(&inv->memory, t->folder, &folder));
    status opened = files_open_folder(FILES_HERE, (const char *)folder.at, &request.folder_fd);
    if (FAILED(opened)) return trouble_note(&inv->trouble, opened, "There is no folder %.*s.", SLICE_ARGS(folder));
    status verified = verify_trail(&request, &report);
    files_close(request.folder_fd);
    if (FAILED(verified)) return explain(inv, t, &report, verified);
    TRY(report_write(inv, &report, &row));
    return json_rows_add(inv, rows, row);
}

static status has_checkpoint(invocation *inv, slice folder, bool *out) {
    slice path;
    TRY(arena_printf(&inv->memory, &path, "%.*s/checkpoint", SLICE_ARGS(folder)));
    status asked = files_exists(FILES_HERE, (const char *)path.at, out);
    if (!FAILED_WITH(asked, NOT_FOUND)) return asked; /* what lies there is a file, not a folder */
    *out = false;
    return OK;
}

/* A copy of the whole trail: each account's folder in it. */
static status verify_accounts(invocation *inv, task *t, json_rows *rows) {
    slice root = t->folder, path, *names;
    size_t count;
    int fd;
    TRY(arena_copy(&inv->memory, root, &path));
    status opened = files_open_folder(FILES_HERE, (const char *)path.at, &fd);
    if (FAILED(opened)) return trouble_note(&inv->trouble, opened, "There is no folder %.*s.", SLICE_ARGS(root));
    status listed = files_list(fd, &inv->memory, &names, &count);
    files_close(fd);
    TRY(listed);
    for (size_t i = 0; i < count; i++) {
        bool is_account;
        TRY(arena_printf(&inv->memory, &t->folder, "%.*s/%.*s", SLICE_ARGS(root), SLICE_ARGS(names[i])));
        TRY(has_checkpoint(inv, t->folder, &is_account));
        if (is_account) TRY(verify_one(inv, t, rows));
    }
    if (rows->count > 0) return OK;
    trouble_advise(&inv->trouble,
                   "give the folder that holds \"checkpoint\" and \"tile\": trail/ACCOUNT in the data folder");
    return trouble_note(&inv->trouble, FAIL(NOT_FOUND), "There is no trail in %.*s.", SLICE_ARGS(root));
}

status trail_verify(invocation *inv) {
    task t = {.folder = inv->words[0]};
    json_rows rows = {0};
    slice earlier;
    bool is_account;
    while (t.folder.len > 1 && slice_ends_with(t.folder, SLICE("/"))) t.folder.len--;
    if (inv->is_dry_run) return run_describe(inv);
    TRY(has_checkpoint(inv, t.folder, &is_account));
    if (flag_find(inv, "earlier", &earlier)) TRY(value_read_file(inv, earlier, NOTE_BYTES_MOST, &t.earlier));
    TRY(key_for(inv, t.folder, &t.key));
    TRY(is_account ? verify_one(inv, &t, &rows) : verify_accounts(inv, &t, &rows));
    return rows.count == 1 ? output_object(inv, rows.at[0]) : output_rows(inv, &rows);
}

/* ---- check-proof */

/* The log's own key also stands for those of its accounts: "NAME/ACCOUNT". */
static status key_of_origin(const tlog_proof *parsed, const note_key *given, note_key *out) {
    checkpoint head;
    slice name = note_key_name(given);
    TRY(checkpoint_peek(parsed->checkpoint, &head));
    *out = *given;
    bool is_below =
        slice_starts_with(head.origin, name) && head.origin.len > name.len && head.origin.at[name.len] == '/';
    return is_below ? note_key_extend(given, slice_skip(head.origin, name.len + 1), out) : OK;
}

static status split(invocation *inv, slice file, slice *proof_text, slice *entry) {
    const json *both;
    tlog_proof parsed;
    if (slice_starts_with(file, SLICE("{"))) {
        TRY(json_parse(file, &inv->memory, &both, NULL));
        bool is_whole = json_get_text(json_member(both, SLICE("Proof")), proof_text) &&
                        json_get_text(json_member(both, SLICE("Entry")), entry);
        return is_whole ? OK : FAIL(MALFORMED);
    }
    TRY(tlog_proof_parse(file, &inv->memory, &parsed));
    ENSURE(!slice_is_absent(parsed.extra), NOT_FOUND);
    *proof_text = file;
    *entry = parsed.extra;
    return OK;
}

static status check(invocation *inv, slice proof_text, slice entry, const note_key *given) {
    tlog_proof parsed;
    note_key key;
    TRY(tlog_proof_parse(proof_text, &inv->memory, &parsed));
    TRY(key_of_origin(&parsed, given, &key));
    return tlog_proof_verify(proof_text, entry, &key);
}

status trail_check_proof(invocation *inv) {
    slice path, file, proof_text, entry;
    note_key key;
    const json *event;
    if (!flag_find(inv, "vkey", &path)) {
        trouble_advise(&inv->trouble, "the server's trail/vkey, or `keyhold trail checkpoint`, has it");
        return trouble_note(&inv->trouble, FAIL(USAGE),
                            "--vkey FILE is missing: a proof is worth what the key is worth.");
    }
    TRY(read_key(inv, path, &key));
    TRY(value_read_file(inv, inv->words[0], PROOF_BYTES_MOST + TILE_ENTRY_BYTES_MOST, &file));
    status parts = split(inv, file, &proof_text, &entry);
    if (FAILED_WITH(parts, NOT_FOUND))
        return trouble_note(&inv->trouble, FAIL(VERIFICATION), "%.*s has a proof, but not the event it is about.",
                            SLICE_ARGS(inv->words[0]));
    if (FAILED(parts) || FAILED(check(inv, proof_text, entry, &key)))
        return trouble_note(&inv->trouble, FAIL(VERIFICATION), "%.*s does not prove anything under this key.",
                            SLICE_ARGS(inv->words[0]));
    TRY(json_parse(entry, &inv->memory, &event, NULL));
    return output_object(inv, event);
}
