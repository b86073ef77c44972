/* What the handlers of the secrets in AWS Secrets Manager's shapes share. */
#ifndef SERVICE_MANAGER_H
#define SERVICE_MANAGER_H

#include "service/secrets/secrets.h"

/* arn:aws:secretsmanager:<region>:<account>:secret:NAME-SUFFIX */
status manager_arn(call *c, const secret_record *of, slice *out);
/* AWSCURRENT, AWSPREVIOUS and AWSPENDING are the house's ACSCurrent, ACSPrevious and ACSPending; other labels stay. */
slice manager_stage_in(slice label);
slice manager_stage_out(slice label);
/* All labels of a version, spelled so; the list lives in the arena. */
status manager_stages(call *c, const secret_version_record *version, slice_list *out);
/* {"<version id>": [label, …], …} of the versions that have labels. */
status manager_stages_json(call *c, const secret_record *of, slice *out);

/* Filters over secrets: all of them have to let one through. INVALID_PARAMETER for a key that is none. */
status manager_check_filters(call *c, const manager_filter *filters, size_t count);
bool manager_passes(const manager_filter *filters, size_t count, const secret_record *of);

/* How the secret rotates; its key's ARN in that form. Nothing is set when there is none. */
status manager_rules(call *c, const secret_record *of, manager_rotation_rules **out);
status manager_key_arn(call *c, slice key_id, slice *out);

/* Tags in their other spelling. */
status manager_tags_in(call *c, const manager_tag *from, size_t count, tag **out);
status manager_tags_out(call *c, const secret_record *of, manager_tag **out);

#endif
