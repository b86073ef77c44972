/* Fuzzing the vault from core's side: any frame, as it is, and once more with the proof made right, so that the acts
 * behind the signature are reached as well. The house is that of docs/formats/sealed.md. */
#include <stdlib.h>

#include "base/text.h"
#include "contract/message.h"
#include "crypto/box.h"
#include "crypto/mac.h"
#include "crypto/asymmetric.h"
#include "crypto/start.h"
#include "custody/custody.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { GATEWAY = 3, NOW_S = 1716186861 };

static const char ACCOUNT_BLOB[] =
    "4b480141002b0100000010313030303030303030303030303030310200000004726f6f74080000000800000000664aeeed01"
    "010101010101010101010101010101010101010101010115af7cc474f8bb347da0bc2c608a3159d29e83a5c899039b9fa8f4"
    "c8c1218c886e942c798719c1280f13220859293d3e";
static const char ACCESS_KEY_BLOB[] =
    "4b48015300540100000010313030303030303030303030303030310200000010313030303030303030303030303030310300"
    "0000184c544149357454455354564543544f523030303030303031080000000800000000664aeeed02020202020202020202"
    "02020202020202020202020202026534c6c7ec39eeef058fe349128fc0636af84b47471732091b9b1ede68a01284f3230ae4"
    "d3e036b2aeb6053383b03f48";

static struct {
    custody *custody;
    arena memory;
    slice account, access_key;
    buffer boxed, public_der; /* an RSA pair, to be added whenever one is missing */
} house;

static void must(status result) {
    if (FAILED(result)) abort();
}

static void pair_make(void) {
    OWNED(secret) key = {0};
    OWNED(secret) private_der = {0};
    box *maker = NULL;
    must(secret_new(BOX_KEY_BYTES, &key));
    must(custody_pair_keygen(house.custody, &key));
    must(box_new(&key, BOX_SIDE_A, &maker));
    must(asymmetric_generate(ASYMMETRIC_RSA_2048, &private_der));
    must(asymmetric_public_of(ASYMMETRIC_RSA_2048, &private_der, &house.public_der));
    must(box_seal_secret(maker, buffer_slice(&house.public_der), &private_der, &house.boxed));
    box_free(maker);
}

static void house_begin(void) {
    uint8_t root_key[32], pair_key[32] = {9};
    OWNED(secret) root = {0};
    OWNED(secret) gateway = {0};
    for (uint8_t i = 0; i < sizeof root_key; i++) root_key[i] = i;
    must(crypto_start());
    must(secret_copy(slice_of(root_key, sizeof root_key), &root));
    must(secret_copy(slice_of(pair_key, sizeof pair_key), &gateway));
    must(custody_open(&root, &house.custody));
    must(custody_pair_gateway(house.custody, GATEWAY, &gateway));
    must(hex_decode(slice_of_text(ACCOUNT_BLOB), &house.memory, &house.account));
    must(hex_decode(slice_of_text(ACCESS_KEY_BLOB), &house.memory, &house.access_key));
    pair_make();
}

/* Core reads what the vault writes; a failure answers nothing else, and without proof there is only bootstrap and rotation. */
static void check(const use_message *use, const use_outcome *done) {
    OWNED(buffer) frame = {0};
    OWNED(arena) memory = {0};
    message back;
    must(message_encode(MESSAGE_USED, &done->used, &frame));
    must(message_decode(buffer_slice(&frame), ROLE_VAULT, ROLE_CORE, &memory, &back));
    bool is_good = done->used.failure.value == STATUS_OK;
    if (!is_good && (done->used.results.count || done->use_count || done->used.session.len)) abort();
    if (is_good && done->used.results.count != use->acts.count) abort();
    bool is_own = use->acts.count == 1 && use->acts.at[0].act == VAULT_ACT_ROTATE;
    if (is_good && use->proof == NULL && !is_own && use->acts.at[0].act != VAULT_ACT_NEW_ACCOUNT) abort();
    for (size_t i = 0; is_good && use->proof && i < done->used.results.count; i++)
        if (done->shown[i].len > 0) abort();
}

static status use_once(const use_message *use, arena *memory) {
    use_outcome done = {0};
    if (custody_pairs_missing(house.custody, ASYMMETRIC_RSA_2048, 0) > 0) {
        keygenned_message m = {.private = buffer_slice(&house.boxed), .public = buffer_slice(&house.public_der)};
        must(custody_add_pair(house.custody, &m, &(enum asymmetric_kind){0}));
    }
    custody_use(house.custody, use, NOW_S, memory, &done);
    check(use, &done);
    status result = {(enum status_code)done.used.failure.value};
    use_outcome_clear(&done);
    return result;
}

static void use_signed(use_message *use, arena *memory) {
    static uint8_t signature[HASH_SHA1_BYTES];
    proof *p = use->proof;
    if (p == NULL || p->texts.count == 0) return;
    must(arena_printf(memory, &p->texts.at[0],
                      "%.*s%%26SignatureNonce%%3Dn%%26Timestamp%%3D2024-05-20T06%%253A34%%253A21Z",
                      SLICE_ARGS(p->texts.at[0])));
    p->request_time = SET_INT(NOW_S), p->expires_at.is_set = false, p->nonce = SLICE("n");
    must(hmac_bytes(HASH_SHA1, SLICE("TestVectorSecret0123456789abcdef&"), p->texts.at[0], signature));
    p->scheme = SCHEME_ALIBABA_V1;
    p->signature = slice_of(signature, sizeof signature);
    p->access_key_id = SLICE("LTAI5tTESTVECTOR00000001");
    p->security_token = (slice){0};
    use->account_id = SLICE("1000000000000001");
    use->account = house.account;
    use->access_key = house.access_key;
    status result = use_once(use, memory);
    if (FAILED_WITH(result, BAD_SIGNATURE) && p->texts.count <= 4) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    OWNED(arena) memory = {0};
    message m;
    if (house.custody == NULL) house_begin();
    custody_allow_beginning(house.custody);
    status read = message_decode(slice_of(data, size), ROLE_CORE, ROLE_VAULT, &memory, &m);
    if (FAILED(read) || m.verb != MESSAGE_USE) return 0;
    (void)use_once(m.fields, &memory);
    use_signed(m.fields, &memory);
    return 0;
}
