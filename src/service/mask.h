/* Request parameters as the trail may keep them. */
#ifndef SERVICE_MASK_H
#define SERVICE_MASK_H

#include "contract/shape.h"

/* Appends the fields that are set as one JSON object. Secrets and binary values become "***"; nothing else about them is kept, not
 * even their length. */
status mask_write(const shape *s, const void *value, buffer *out);

#endif
