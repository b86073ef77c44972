/* What operations on certificates act on. */
#include "service/resolver.h"

/* Whether there is such a certificate is told only to those who may ask. */
status resolve_certificate(call *c) {
    key_shelf shelf = call_keys(c);
    arn_home home = call_home(c);
    slice id, arn_text;
    TRY(certificate_name_parse(call_input_text(c, "CertificateId"), &shelf, &id));
    c->certificate = CALL_NEW(c, certificate_record);
    ENSURE(c->certificate != NULL, OUT_OF_MEMORY);
    status loaded = certificate_load(&shelf, id, &c->memory, c->certificate, &c->certificate_revision);
    size_t tags = FAILED(loaded) ? 0 : c->certificate->tags.count;
    for (size_t i = 0; i < tags; i++) TRY(resolve_tag(c, &c->certificate->tags.at[i]));
    TRY(arn_certificate(&home, id, &c->memory, &arn_text));
    TRY(resolve_allow(c, arn_text));
    return loaded;
}

status resolve_certificate_container(call *c) {
    slice arn_text;
    arn_home home = call_home(c);
    TRY(arn_certificates(&home, &c->memory, &arn_text));
    return resolve_allow(c, arn_text);
}
