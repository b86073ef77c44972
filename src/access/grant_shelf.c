/* Grants are filed under what a request must say for them to give anything: those without a constraint under each of their operations and
 * whom they are for, those with one under one pair of the encryption context it asks for. */
#include "access/grant_shelf.h"

#include <stdlib.h>

enum { LINK_BYTES = 160 }; /* a link, its place in the table and what the allocator needs for both: rounded up */

enum mark_kind { MARK_OPERATION, MARK_PAIR, MARK_NAME };

/* Hashes with the process's secret key stand for the texts: two of them that fell together would only lie under one mark. */
typedef struct mark {
    uint64_t kind, first, second;
} mark;

struct grant_link {
    struct grant_link *next;
    slice packed;
    uint64_t whose; /* the grantee's id */
    bool is_shared; /* sealed words of owners differ each time */
};

/* The first link of a mark, and how many there are. */
typedef struct pile {
    struct grant_link *first;
    size_t count;
} pile;

struct grant_shelf {
    arena memory;
    table piles;
    uint64_t revision;
    size_t links;
};

status grant_shelf_new(uint64_t revision, grant_shelf **out) {
    grant_shelf *s = calloc(1, sizeof *s);
    ENSURE(s != NULL, OUT_OF_MEMORY);
    s->memory.limit = GRANT_SHELF_BYTES_MOST;
    s->revision = revision;
    *out = s;
    return OK;
}

void grant_shelf_free(grant_shelf *s) {
    if (!s) return;
    arena_clear(&s->memory);
    table_clear(&s->piles);
    free(s);
}

static size_t shelf_bytes(const grant_shelf *s) { return sizeof *s + s->memory.used + s->links * LINK_BYTES; }

/* ---- filing */

/* An account is meant whatever its id is said to be. */
static mark operation_mark(int operation, slice grantee, slice grantee_id) {
    if (slice_ends_with(grantee, SLICE(":root"))) grantee_id = SLICE("");
    return (mark){MARK_OPERATION | (uint64_t)operation << 8, table_hash(grantee), table_hash(grantee_id)};
}

static mark pair_mark(const pair *p) { return (mark){MARK_PAIR, table_hash(p->key), table_hash(p->value)}; }

static mark name_mark(slice name) { return (mark){MARK_NAME, table_hash(name), 0}; }

static pile *pile_at(const grant_shelf *s, const mark *under) {
    return table_get(&s->piles, slice_of(under, sizeof *under));
}

static status file(grant_shelf *s, const mark *under, const struct grant_link *what) {
    pile *on = pile_at(s, under);
    struct grant_link *link = ARENA_NEW(&s->memory, struct grant_link);
    ENSURE(link != NULL, OUT_OF_MEMORY);
    if (!on) {
        on = ARENA_NEW(&s->memory, pile);
        ENSURE(on != NULL, OUT_OF_MEMORY);
        TRY(table_put(&s->piles, slice_of(under, sizeof *under), on, NULL));
    }
    *link = *what;
    link->next = on->first;
    on->first = link;
    on->count++;
    s->links++;
    ENSURE(shelf_bytes(s) <= GRANT_SHELF_BYTES_MOST, OUT_OF_MEMORY);
    return OK;
}

/* Of those without a constraint that are not of another account's key, one says as much as all. */
static status file_operation(grant_shelf *s, const grant_record *g, int operation, slice packed) {
    mark under = operation_mark(operation, g->grantee, g->grantee_id);
    const pile *on = pile_at(s, &under);
    struct grant_link what = {NULL, packed, table_hash(g->grantee_id), !slice_is_absent(g->sharing)};
    for (const struct grant_link *l = on && !what.is_shared ? on->first : NULL; l; l = l->next)
        if (!l->is_shared && l->whose == what.whose) return OK;
    return file(s, &under, &what);
}

/* Under the pair with the fewest beside it. */
static status file_pair(grant_shelf *s, const pair_list *pairs, slice packed) {
    size_t best = 0, fewest = SIZE_MAX;
    for (size_t i = 0; i < pairs->count; i++) {
        mark under = pair_mark(&pairs->at[i]);
        const pile *on = pile_at(s, &under);
        size_t count = on ? on->count : 0;
        if (count < fewest) best = i, fewest = count;
    }
    mark under = pair_mark(&pairs->at[best]);
    return file(s, &under, &(struct grant_link){.packed = packed});
}

status grant_shelf_add(grant_shelf *s, slice packed) {
    grant_record g;
    slice kept;
    OWNED(arena) memory = {0};
    ENSURE(!FAILED(shape_unpack(&grant_record_shape, packed, &memory, &g)), CORRUPT);
    TRY(arena_copy(&s->memory, packed, &kept));
    const pair_list *pairs = g.context_equals.count ? &g.context_equals : &g.context_subset;
    if (pairs->count) TRY(file_pair(s, pairs, kept));
    for (size_t i = 0; i < g.operations.count; i++) {
        int operation = grant_operation_number(g.operations.at[i]);
        bool is_free = pairs->count == 0 || !grant_operation_has_context(operation);
        if (operation >= 0 && is_free) TRY(file_operation(s, &g, operation, kept));
    }
    mark under = name_mark(g.name);
    return slice_is_empty(g.name) ? OK : file(s, &under, &(struct grant_link){.packed = kept});
}

/* ---- asking */

grant_walk grant_walk_for(const grant_shelf *s, const grant_question *question, slice grantee) {
    action_names names;
    grant_walk w = {.shelf = s, .question = question, .grantee = grantee};
    if (!action_names_find(question->action, &names)) return w;
    for (size_t i = 0; i < names.count; i++) {
        if (!slice_starts_with(names.whole[i], SLICE("kms:"))) continue;
        int operation = grant_operation_number(slice_skip(names.whole[i], 4));
        if (operation >= 0) w.operations[w.operation_count++] = operation;
    }
    return w;
}

grant_walk grant_walk_named(const grant_shelf *s, slice name) {
    mark under = name_mark(name);
    const pile *on = pile_at(s, &under);
    return (grant_walk){.shelf = s, .at = on ? on->first : NULL};
}

/* Grants say by id whom they are for, or were given before they did. */
enum { IDS = 2 };

/* The next mark to look under; false: that was the last. */
static bool next_source(grant_walk *w, mark *out) {
    if (!w->question) return false;
    const pair_list *context = w->question->context;
    size_t number = w->source++, operations = IDS * w->operation_count;
    if (number < operations) {
        slice id = number % IDS ? w->question->caller->id : SLICE("");
        *out = operation_mark(w->operations[number / IDS], w->grantee, id);
        return true;
    }
    if (!context || number - operations >= context->count) return false;
    *out = pair_mark(&context->at[number - operations]);
    return true;
}

bool grant_walk_next(grant_walk *w, slice *packed) {
    mark under;
    while (!w->at && next_source(w, &under)) {
        const pile *on = pile_at(w->shelf, &under);
        if (on) w->at = on->first;
    }
    if (!w->at) return false;
    *packed = w->at->packed;
    w->at = w->at->next;
    return true;
}

/* ---- all shelves */

void grant_shelves_clear(grant_shelves *all) {
    size_t cursor = 0;
    void *value;
    while (table_next(&all->by_prefix, &cursor, NULL, &value)) grant_shelf_free(value);
    table_clear(&all->by_prefix);
    *all = (grant_shelves){0};
}

const grant_shelf *grant_shelves_get(const grant_shelves *all, slice prefix, uint64_t revision) {
    const grant_shelf *found = table_get(&all->by_prefix, prefix);
    return found && found->revision == revision ? found : NULL;
}

status grant_shelves_put(grant_shelves *all, slice prefix, grant_shelf *shelf) {
    grant_shelf *former = table_remove(&all->by_prefix, prefix);
    if (former) all->bytes -= shelf_bytes(former);
    grant_shelf_free(former);
    if (all->bytes + shelf_bytes(shelf) > GRANT_SHELVES_BYTES) grant_shelves_clear(all);
    status put = table_put(&all->by_prefix, prefix, shelf, NULL);
    if (FAILED(put)) grant_shelf_free(shelf);
    else all->bytes += shelf_bytes(shelf);
    return put;
}
