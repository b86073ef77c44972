/* A few grants are read from the store each time; many are put on a shelf, which is good until the key's record changes. */
#include "service/kms/grant_search.h"

#include "access/grant_shelf.h"
#include "contract/key_id.h"
#include "service/handlers.h"

typedef struct visiting {
    grant_visitor *visit;
    void *context;
    bool is_found;
} visiting;

static status show(call *c, slice packed, visiting *v) {
    grant_record g;
    OWNED(arena) memory = {0};
    ENSURE(!FAILED(shape_unpack(&grant_record_shape, packed, &memory, &g)), CORRUPT);
    return v->visit(c, &g, v->context, &v->is_found);
}

static status show_row(call *c, const store_row *row, void *context) {
    visiting *v = context;
    return v->is_found ? OK : show(c, row->value, v);
}

static status add_row(call *c, const store_row *row, void *context) {
    (void)c;
    return grant_shelf_add(context, row->value);
}

/* NULL when they are too many to be kept. */
static status find_shelf(call *c, const grant_search *s, slice prefix, const grant_shelf **out) {
    grant_shelf *made = NULL;
    *out = grant_shelves_get(&c->house->grants, prefix, s->revision);
    if (*out) return OK;
    TRY(grant_shelf_new(s->revision, &made));
    status filled = records_walk(c, prefix, add_row, made);
    if (FAILED(filled)) {
        grant_shelf_free(made);
        return FAILED_WITH(filled, OUT_OF_MEMORY) ? OK : filled;
    }
    TRY(grant_shelves_put(&c->house->grants, prefix, made));
    *out = made;
    return OK;
}

static status show_shelf(call *c, const grant_search *s, const grant_shelf *shelf, visiting *v) {
    slice packed;
    grant_walk walk = s->question ? grant_walk_for(shelf, s->question, s->grantee) : grant_walk_named(shelf, s->name);
    while (!v->is_found && grant_walk_next(&walk, &packed)) TRY(show(c, packed, v));
    return OK;
}

status grants_search(call *c, const grant_search *s, grant_visitor *visit, void *context) {
    slice prefix, key_id;
    const grant_shelf *shelf = NULL;
    visiting v = {visit, context, false};
    TRY(key_id_in_region(s->key->key_id, call_region(c), &c->memory, &key_id));
    TRY(grant_prefix_of_grantee(call_account(c), key_id, s->grantee, &c->memory, &prefix));
    if (s->key->grant_count.value >= GRANT_SHELF_FROM) TRY(find_shelf(c, s, prefix, &shelf));
    return shelf ? show_shelf(c, s, shelf, &v) : records_walk(c, prefix, show_row, &v);
}
