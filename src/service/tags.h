/* Tags of whatever the call is about: its certificate, its secret or its key. */
#ifndef SERVICE_TAGS_H
#define SERVICE_TAGS_H

#include "service/handlers.h"
#include "service/tag_list.h"

tag_list tags_of(const call *c);
/* Plan the change of the record. KEY_TAG_LIMIT, SECRET_LIMIT, and why it may not be changed now. */
status tags_put(call *c, const tag *tags, size_t count);
status tags_take(call *c, const slice *names, size_t count);

#endif
