/* The parts of the AWS JSON dialect among themselves: KMS, Secrets Manager and CloudTrail (JSON 1.1). */
#ifndef DIALECT_AWS_JSON_H
#define DIALECT_AWS_JSON_H

#include "dialect/dialect.h"
#include "format/json.h"

enum { AWS_BODY_MOST = 512 << 10 };

status aws_json_encode(const decoded *d, const reply *r, arena *memory, http_answer *out);
status aws_json_encode_failure(const decoded *d, const reply *r, arena *memory, http_answer *out);

#endif
