/* The tables of roles and links. */
#include "role/supervisor/roles.h"

static const role_row roles[ROLE_ROWS] = {
    {ROLE_VAULT, "vault", "keyhold-vault", NULL, EXTRA_ROOT_KEY, 3, true},
    {ROLE_AUDITOR, "auditor", "keyhold-auditor", "trail", EXTRA_FOLDER, 2, true},
    {ROLE_CORE, "core", "keyhold-core", "core", EXTRA_FOLDER, 1, true},
    {ROLE_GATEWAY, "gateway", "keyhold-gateway", NULL, EXTRA_LISTENERS, 0, true},
    /* It may be busy with its first pair for a while, and nobody needs one yet. */
    {ROLE_KEYGEN, "keygen", "keyhold-keygen", NULL, 0, 3, false},
    {ROLE_READER, "reader", "keyhold-reader", NULL, 0, 3, false},
};

/* The pair key comes before the channels over which it is first used. */
static const link_row links[LINK_ROWS] = {
    {ROLE_GATEWAY, ROLE_VAULT, LINK_PAIR_KEY}, {ROLE_VAULT, ROLE_AUDITOR, LINK_CHANNEL},
    {ROLE_CORE, ROLE_AUDITOR, LINK_CHANNEL},   {ROLE_CORE, ROLE_VAULT, LINK_CHANNEL},
    {ROLE_GATEWAY, ROLE_CORE, LINK_CHANNEL},   {ROLE_KEYGEN, ROLE_VAULT, LINK_CHANNEL | LINK_PAIR_KEY},
    {ROLE_READER, ROLE_VAULT, LINK_CHANNEL},
};

const role_row *role_row_at(size_t index) { return &roles[index]; }
const link_row *link_row_at(size_t index) { return &links[index]; }
