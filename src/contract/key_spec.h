/* What each key spec is and can do: one table for handlers, vault and dialects. */
#ifndef CONTRACT_KEY_SPEC_H
#define CONTRACT_KEY_SPEC_H

#include "contract/contract_tables.h"
#include "crypto/asymmetric.h"
#include "crypto/cipher.h"

enum key_family { KEY_FAMILY_SYMMETRIC, KEY_FAMILY_MAC, KEY_FAMILY_ASYMMETRIC };

typedef struct key_spec_row {
    const char *aws; /* as AWS spells it, or NULL; Alibaba's spelling is the canonical one (key_spec_choices) */
    enum key_family family;
    size_t key_bytes;          /* symmetric and MAC: of new material */
    enum asymmetric_kind pair; /* asymmetric */
    int usages[3];             /* enum key_usage; the first is meant when none is named; 0 ends them */
    unsigned encryption;       /* ALGORITHM_BIT of each enum encryption_algorithm it goes with; likewise the next two */
    unsigned signing;
    unsigned mac;
} key_spec_row;

#define ALGORITHM_BIT(algorithm) (1u << (algorithm))

/* An absent spec is Aliyun_AES_256: what keys were before there were others. NULL for one out of range. */
const key_spec_row *key_spec_get(int spec);
/* The canonical spec for AWS's spelling; KEY_SPEC_ABSENT when there is none. */
int key_spec_find_aws(slice name);

bool key_spec_has_usage(int spec, int usage);
/* KEY_USAGE unless the key is there for this, KEY_ALGORITHM unless the algorithm goes with its spec. */
status key_spec_check_encryption(int spec, int usage, int algorithm);
status key_spec_check_signing(int spec, int usage, int algorithm);
status key_spec_check_mac(int spec, int usage, int algorithm);
status key_spec_check_agreement(int spec, int usage);

/* What the algorithms are in crypto/. UNSUPPORTED for what is none of theirs. */
status sealing_of_encryption(int algorithm, enum asymmetric_sealing *out);
status signing_of(int algorithm, int message_type, signing *out);
status hash_of_mac(int algorithm, enum hash_kind *out);
/* The hash of OAEP, or SM2; *wraps_twice: the key that comes first wraps the rest (RSA_AES_KEY_WRAP). */
status sealing_of_wrapping(int algorithm, enum asymmetric_sealing *out, bool *wraps_twice);
status pair_of_wrapping(int spec, enum asymmetric_kind *out);
/* RSA with RSA's algorithms, SM2 with SM2's. */
bool wrapping_goes_together(int spec, int algorithm);
/* Of a pair made as a data key: the key spec of the same name. */
int key_spec_of_pair(int pair_spec);

#endif
