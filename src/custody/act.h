/* For this room only: one act of a USE, and what it may lean on. By now the proof has been verified, and the act is one
 * that the signed request may ask for. */
#ifndef CUSTODY_ACT_H
#define CUSTODY_ACT_H

#include "contract/contract_tables.h"
#include "crypto/box.h"
#include "custody/sealing.h"
#include "custody/stock.h"

typedef struct act_scene {
    sealing *sealing;
    stock *stock;
    box *box;              /* to the gateway of the request; NULL when there is none */
    slice request_id;      /* what every box is bound to */
    slice account_id;      /* as core names it */
    const opened *account; /* NULL only before NewAccount at bootstrap */
    const opened *caller;  /* access key or session that signed; NULL at bootstrap */
    int64_t now_s;
    arena *memory;
} act_scene;

/* What an act leaves behind. */
typedef struct act_outcome {
    key_result result;            /* slices in the arena, or in `shown` */
    slice key_id, key_version_id; /* of the customer master key used, made or imported; absent when there was none */
    secret shown;                 /* at bootstrap: an access key secret given back in clear */
} act_outcome;

typedef status act_run(act_scene *scene, const key_act *act, act_outcome *out);

/* Keys (material.c): NewKey, Encrypt, Decrypt, Generate, GenerateSealed. */
act_run act_new_key, act_encrypt, act_decrypt, act_generate, act_generate_sealed;
/* Bringing one's own (import.c). ImportParameters fails with NOT_FOUND when no key pair is in stock. */
act_run act_import_parameters, act_import;
/* Accounts and who may ask (credential.c). */
act_run act_new_account, act_new_access_key, act_adopt_access_key, act_new_session;

/* A plaintext for the gateway, boxed; CLOSED when that gateway is not paired. */
status act_box(const act_scene *scene, const secret *plaintext, slice *boxed);

#endif
