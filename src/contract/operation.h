/* The canonical operations, as generated from the .def files. */
#ifndef CONTRACT_OPERATION_H
#define CONTRACT_OPERATION_H

#include "contract/contract_tables.h" /* generated: enums, structs, shapes, enum operation_id, enum message_verb */
#include "contract/shape.h"

enum access_level { LEVEL_READ, LEVEL_LIST, LEVEL_WRITE, LEVEL_USE };

/* Whether a body of any size goes along with the operation. */
enum body_kind { BODY_NONE, BODY_STORE, BODY_FETCH, BODY_COPY };

typedef struct product {
    const char *name;         /* "kms": prefix of actions */
    const char *version;      /* API version RPC clients name */
    const char *service_name; /* as events have it */
} product;

typedef struct operation {
    const char *name;
    const product *product;
    const char *action; /* "kms:Encrypt" */
    enum access_level level;
    enum resource_kind resource;
    enum body_kind body;
    bool uses_vault;  /* two steps: prepare, the vault's part, finish */
    bool is_unsigned; /* nobody signs it: it is how one gets something to sign with */
    bool is_shared;   /* what it acts on may be another account's, where both sides allow it */
    uint64_t acts;    /* what a signed request for it may have the vault do: ACT_BIT of each enum vault_act */
    const shape *in, *out;
    const char *help;
    const char
        *aws; /* "kms:DeleteImportedKeyMaterial": the action as AWS's clients have it; NULL when they have none such */
} operation;

/* NULL for an id out of range or OPERATION_NONE. */
const operation *operation_get(int64_t id);
/* By product and exact name; OPERATION_NONE when there is none. */
enum operation_id operation_find(const char *product_name, slice name);
/* "TrentService.Encrypt" (the header x-amz-target) → "kms", "Encrypt". False when no service has that prefix. */
bool aws_target_split(slice target, slice *service, slice *action);
/* By service and action as AWS's clients name them; the first, where what comes with the request decides which of several it is. */
enum operation_id operation_find_aws(slice service, slice action);
/* Whether both are the same operation, or the same action of AWS's. */
bool operation_is_same_aws(const operation *a, const operation *b);
/* Whether its parameters are compared with the signed ones as a whole: it changes something, or says which of a secret's values it wants. */
bool operation_is_compared(const operation *op);
/* By API version ("2016-01-20"); NULL when no product has it. */
const product *product_by_version(slice version);

#define ACT_BIT(act) (UINT64_C(1) << (act))

/* Whether the act makes, imports or uses key material of a customer, so that the vault tells the auditor of it. */
bool act_is_witnessed(int act);

#endif
