/* Typed values from JSON and back, for all dialects: lists, maps and nesting are the same everywhere; names and scalars follow the
 * dialect's rules. */
#ifndef WIRE_TYPED_JSON_H
#define WIRE_TYPED_JSON_H

#include "contract/shape.h"
#include "format/json.h"

struct typed_rules;

/* What is under way. */
typedef struct typed_json {
    const struct typed_rules *rules;
    arena *memory;
    void *context;       /* the dialect's own */
    slice culprit;       /* reading: the wire's name of what is wrong */
    json_writer *writer; /* writing */
    const shape *of;     /* what the scalar at hand is a field of */
} typed_json;

typedef struct typed_rules {
    /* The field's name on the wire; NULL: this wire does not have it. */
    const char *(*name)(const shape *s, const field *f);
    /* Text, number or truth into the field, and back. INVALID_PARAMETER, MALFORMED. */
    status (*read_scalar)(typed_json *t, const field *f, const json *from, void *at);
    status (*write_scalar)(typed_json *t, const field *f, const void *at);
    /* The name of the one member an object around the list has; NULL: the list stands bare. */
    const char *(*wrapper)(const field *f);
    /* Members that no field stands for: called at the end of every object; may be NULL. */
    status (*write_more)(typed_json *t, const shape *s, const void *value);
    bool has_empty_lists;  /* a list is written even when there is nothing in it */
    enum status_code kind; /* how a value of the wrong kind fails */
} typed_rules;

/* Members into the struct of `s`; what is null counts as absent, what has no field is passed over. On failure t->culprit names the
 * member. The parser bounds the nesting of the text, the tables that of the shapes. */
status typed_read(typed_json *t, const shape *s, const json *from, void *out);
/* One member's value. */
status typed_read_field(typed_json *t, const field *f, const json *from, void *at);

/* The members of an object that was begun, without its braces. */
status typed_write(typed_json *t, const shape *s, const void *value);

#endif
