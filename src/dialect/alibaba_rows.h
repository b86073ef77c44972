/* What is particular about names in Alibaba's RPC wire, as rows. */
#ifndef DIALECT_ALIBABA_ROWS_H
#define DIALECT_ALIBABA_ROWS_H

#include "contract/failure.h"
#include "dialect/dialect.h"
#include "wire/rpc_input.h"

typedef struct rpc_product {
    const char *name;
    enum answer_form form; /* when the request names none */
    const char *xml_root;  /* of every answer; NULL: {Action}Response, and Error for failures */
    bool has_http_status;  /* errors repeat the HTTP status as HttpStatus */
    enum { NAMES_NOTHING, NAMES_PARAMETER, NAMES_FAULT } names; /* InvalidParameter: …, .UserName, .UserName.Length */
} rpc_product;

/* NULL for products that do not speak this wire, and for NULL. */
const rpc_product *rpc_product_of(const product *p);

/* The element a list is wrapped into ("Keys" → "Key"); NULL: the list stands bare. */
const char *rpc_wrapper(const field *list);
/* Parameters this wire demands although the operation could do without, one after the other; NULL after the last. */
typedef struct rpc_demand {
    const char *action, *name;
    const char *instead; /* a parameter that does as well; NULL: none */
} rpc_demand;
const rpc_demand *rpc_demanded(slice action, size_t index);
/* Whether the field is another wire's: clients here have no such member. */
bool rpc_is_hidden(const shape *s, const field *f);

/* How a product calls a parameter in its errors where not by its name. */
const char *rpc_parameter_called(const product *p, const field *f);

typedef struct rpc_error {
    int http;
    const char *code;
    const failure_row *row; /* the message */
} rpc_error;
/* errors.def has the code; where a product spells it differently its own spelling wins. What never shows on this wire
 * is the internal error. */
rpc_error rpc_error_of(const product *p, status failure);

#endif
