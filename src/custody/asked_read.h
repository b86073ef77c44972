/* For this room only: pieces that the readers of signed texts share. */
#ifndef CUSTODY_ASKED_READ_H
#define CUSTODY_ASKED_READ_H

#include "custody/asked.h"

/* Takes a line off the front; false when nothing is left. */
bool asked_line(slice *rest, slice *line);

/* The value of the one parameter of that name ("Action="); absent when there is none. NO_PERMISSION for a name given twice: it could
 * be read in two ways. */
status asked_parameter(slice parameters, slice separator, slice name, slice *out);

/* AwsV4 (asked_aws.c). Whether its service has the query protocol, which puts action and parameters into a form. */
bool asked_is_form(const proof *p);
status asked_read_aws(const proof *p, slice text, arena *memory, asked *out);

#endif
