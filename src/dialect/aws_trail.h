/* Events of the trail as CloudTrail's clients know them. */
#ifndef DIALECT_AWS_TRAIL_H
#define DIALECT_AWS_TRAIL_H

#include "dialect/aws_rows.h"

/* One attribute to look events up by, in CloudTrail's words, into the trail's own. LOOKUP_ATTRIBUTE for one it does not have. */
status aws_trail_attribute(lookup_attribute *attribute);

/* An event's JSON into what LookupEvents answers: the few members that clients list, and the whole record as text. MALFORMED. */
status aws_trail_event(slice event, const aws_place *place, arena *memory, slice *out);

#endif
