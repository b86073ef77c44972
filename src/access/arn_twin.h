/* The other cloud's resource names: arn:aws:SERVICE:REGION:ACCOUNT:ID, told as the names of this house. */
#ifndef ACCESS_ARN_TWIN_H
#define ACCESS_ARN_TWIN_H

#include "base/arena.h"

/* The same name as "acs:…": an acs: name as it is; arn:aws:iam:… as acs:ram:…, s3 as oss, sts as ram, cloudtrail as
 * actiontrail, the account "aws" as "system", a secretsmanager secret as acs:kms:…:secret/NAME without its six-character
 * suffix. Only names without wildcards. MALFORMED, OUT_OF_MEMORY. */
status arn_canonical(slice text, arena *memory, slice *out);

/* An acs: name as "arn:aws:…", the other way round; one that has no twin as it is. Without the suffix of a secret. */
status arn_as_aws(slice text, arena *memory, slice *out);

/* "secret:NAME" as "secret/NAME", and the suffix "-??????" or "-" and six letters or digits taken off. Anything else as it
 * is. For patterns too. */
status arn_secret_relative(slice relative, arena *memory, slice *out);

/* Is the partition one of the other cloud's: "aws", "aws-cn", …, or "*"? */
bool arn_partition_is_aws(slice partition);

#endif
