/* What operations on certificates act on. */
#include "service/resolver.h"
#include "service/resource.h"

/* Whether there is such a certificate is told only to those who may ask. */
status resource_use_certificate(call *c, slice given, const char *action) {
    key_shelf shelf = call_keys(c);
    arn_home home = call_home(c);
    slice id, arn_text;
    TRY(certificate_name_parse(given, &shelf, &id));
    c->certificate = CALL_NEW(c, certificate_record);
    ENSURE(c->certificate != NULL, OUT_OF_MEMORY);
    status loaded = certificate_load(&shelf, id, &c->memory, c->certificate, &c->certificate_revision);
    size_t tags = FAILED(loaded) ? 0 : c->certificate->tags.count;
    for (size_t i = 0; i < tags; i++) TRY(resolve_tag(c, &c->certificate->tags.at[i]));
    TRY(arn_certificate(&home, id, &c->memory, &arn_text));
    if (slice_is_absent(c->resource)) c->resource = arn_text;
    TRY(call_authorise(c, action, arn_text));
    return loaded;
}

status resolve_certificate(call *c) {
    return resource_use_certificate(c, call_input_text(c, "CertificateId"), c->operation->action);
}

status resolve_certificate_container(call *c) {
    slice arn_text;
    arn_home home = call_home(c);
    TRY(arn_certificates(&home, &c->memory, &arn_text));
    return resolve_allow(c, arn_text);
}
