/* For the vault only: key uses told to the auditor and not yet known to be durable. They are told again to the next
 * auditor, so that none is lost with it. */
#ifndef ROLE_VAULT_LEDGER_H
#define ROLE_VAULT_LEDGER_H

#include "base/buffer.h"
#include "contract/message.h"
#include "system/channel.h"

enum { LEDGER_MOST = 4096 };

typedef struct ledger {
    buffer frames[LEDGER_MOST]; /* a ring: WITNESS number n lies at n % LEDGER_MOST */
    int64_t next;               /* number of the next witness; the first is 1 */
    int64_t durable;            /* all up to this one are */
    int64_t sent;               /* all up to this one are on the channel */
} ledger;

void ledger_begin(ledger *l);
void ledger_clear(ledger *l);
/* How many more it can take. */
size_t ledger_room(const ledger *l);
/* Numbers and keeps it. TOO_LARGE when there is no room, OUT_OF_MEMORY. */
status ledger_add(ledger *l, const witness_message *m);
/* All up to this number are durable. MALFORMED when so many were never sent. */
status ledger_acknowledge(ledger *l, int64_t number);
/* The next auditor knows nothing. */
void ledger_send_again(ledger *l);
/* Queues on the channel what it has not seen. */
status ledger_send(ledger *l, channel *auditor);

#endif
