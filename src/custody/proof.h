/* Checking the signature of a request over the text that was signed. */
#ifndef CUSTODY_PROOF_H
#define CUSTODY_PROOF_H

#include "base/secret.h"
#include "contract/contract_tables.h"

enum { PROOF_TEXTS_MOST = 4 };

/* Tries the texts in order; *candidate is the index of the first whose signature is the one claimed. BAD_SIGNATURE when
 * none is, and for a proof that is not whole. The comparison's time does not depend on the bytes compared.
 *
 *   AlibabaV1   HMAC-SHA1, key = secret "&"; text = string to sign
 *   OssV1       HMAC-SHA1, key = secret; text = string to sign
 *   AlibabaV3   HMAC-SHA256, key = secret; text = canonical request, and what is signed is
 *               "ACS3-HMAC-SHA256" \n hex(SHA-256(text))
 *   OssV4       HMAC-SHA256, key derived through date, region, "oss", "aliyun_v4_request" from "aliyun_v4" secret;
 *               text = canonical request, and what is signed is
 *               "OSS4-HMAC-SHA256" \n time \n date "/" region "/oss/aliyun_v4_request" \n hex(SHA-256(text))
 *               where the time is RequestTime in basic form, and the date (ScopeDate) must be its day
 *   AwsV4       the same with "AWS4" before the secret, the request's own service and "aws4_request"; what is signed is
 *               "AWS4-HMAC-SHA256" \n time \n date "/" region "/" service "/aws4_request" \n hex(SHA-256(text)).
 *               The region may be empty */
status proof_verify(const proof *p, const secret *key, size_t *candidate);

#endif
