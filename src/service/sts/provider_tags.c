/* Tags of providers, as AWS's clients ask for them. */
#include "service/sts/provider_oidc.h"
#include "service/sts/provider_saml.h"

/* ---- OpenID Connect */

status tag_oidc_provider_prepare(call *c, const tag_oidc_provider_in *in, tag_oidc_provider_out *out) {
    (void)out;
    tag_set merged;
    uint64_t revision;
    oidc_provider_record p;
    TRY(oidc_load(c, in->oidc_provider_name, &p, &revision));
    TRY(tags_merge(c, TAG_SET(p.tags), NAME_TAGS(in->tag), &merged));
    p.tags.at = merged.at, p.tags.count = merged.count;
    return oidc_save(c, &p, revision);
}

status untag_oidc_provider_prepare(call *c, const untag_oidc_provider_in *in, untag_oidc_provider_out *out) {
    (void)out;
    uint64_t revision;
    oidc_provider_record p;
    TRY(tags_check_keys(c, &in->tag_keys));
    TRY(oidc_load(c, in->oidc_provider_name, &p, &revision));
    p.tags.count = tags_drop(TAG_SET(p.tags), &in->tag_keys);
    return oidc_save(c, &p, revision);
}

status list_oidc_provider_tags_prepare(call *c, const list_oidc_provider_tags_in *in,
                                       list_oidc_provider_tags_out *out) {
    list_rest rest;
    oidc_provider_record p;
    TRY(oidc_load(c, in->oidc_provider_name, &p, NULL));
    out->tags.at = p.tags.at, out->tags.count = p.tags.count;
    TRY(LIST_CUT(c, out->tags, &rest));
    out->is_truncated = rest.is_truncated, out->marker = rest.marker;
    return OK;
}

/* ---- SAML */

status tag_saml_provider_prepare(call *c, const tag_saml_provider_in *in, tag_saml_provider_out *out) {
    (void)out;
    tag_set merged;
    uint64_t revision;
    saml_provider_record p;
    TRY(saml_load(c, in->saml_provider_name, &p, &revision));
    TRY(tags_merge(c, TAG_SET(p.tags), NAME_TAGS(in->tag), &merged));
    p.tags.at = merged.at, p.tags.count = merged.count;
    return saml_save(c, &p, revision);
}

status untag_saml_provider_prepare(call *c, const untag_saml_provider_in *in, untag_saml_provider_out *out) {
    (void)out;
    uint64_t revision;
    saml_provider_record p;
    TRY(tags_check_keys(c, &in->tag_keys));
    TRY(saml_load(c, in->saml_provider_name, &p, &revision));
    p.tags.count = tags_drop(TAG_SET(p.tags), &in->tag_keys);
    return saml_save(c, &p, revision);
}

status list_saml_provider_tags_prepare(call *c, const list_saml_provider_tags_in *in,
                                       list_saml_provider_tags_out *out) {
    list_rest rest;
    saml_provider_record p;
    TRY(saml_load(c, in->saml_provider_name, &p, NULL));
    out->tags.at = p.tags.at, out->tags.count = p.tags.count;
    TRY(LIST_CUT(c, out->tags, &rest));
    out->is_truncated = rest.is_truncated, out->marker = rest.marker;
    return OK;
}
