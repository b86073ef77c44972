/* What the handlers of certificates share. */
#ifndef SERVICE_CERTIFICATES_H
#define SERVICE_CERTIFICATES_H

#include "service/handlers.h"

/* Plans the change of the record. */
status certificate_save(call *c, certificate_record *of, uint64_t revision);
/* Of c->certificate. KEY_TAG_LIMIT past CERTIFICATE_TAGS_MOST. */
status certificate_set_tags(call *c, const tag *tags, size_t count);
status certificate_drop_tags(call *c, const slice *names, size_t count);

#endif
