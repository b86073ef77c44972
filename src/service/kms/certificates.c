/* KMS: certificates, from the request for one to its end. The private key is the vault's; certificates from outside are read here, where
 * there are no keys. */
#include "service/kms/certificates.h"

#include "contract/key_spec.h"
#include "crypto/issued.h"
#include "crypto/random.h"
#include "service/tag_list.h"

static status certificate_arn(call *c, slice id, slice *out) {
    arn_home home = call_home(c);
    return arn_certificate(&home, id, &c->memory, out);
}

status certificate_save(call *c, certificate_record *of, uint64_t revision) {
    key_shelf shelf = call_keys(c);
    slice path;
    of->updated_at = SET_INT(c->now_s);
    TRY(certificate_path(&shelf, of->certificate_id, &c->memory, &path));
    return call_change(c, path, &certificate_record_shape, of, revision);
}

/* ---- making one */

/* Chosen once, however often the steps run. */
typedef struct new_ids {
    uint8_t certificate[16], version[16];
} new_ids;

static status ids_of(call *c, new_ids **out) {
    new_ids *ids = c->memo ? c->memo : CALL_NEW(c, new_ids);
    ENSURE(ids != NULL, OUT_OF_MEMORY);
    if (!c->memo) {
        TRY(random_uuid(ids->certificate));
        TRY(random_uuid(ids->version));
    }
    c->memo = ids;
    *out = ids;
    return OK;
}

static int spec_of(const create_certificate_in *in) {
    return choice_find(key_spec_choices, slice_of_text(choice_text(certificate_key_spec_choices, in->key_spec)));
}

status create_certificate_prepare(call *c, const create_certificate_in *in, create_certificate_out *out) {
    (void)out;
    new_ids *ids;
    if (in->exportable_private_key.value)
        return call_refuse(c, FAIL(UNSUPPORTED), "ExportablePrivateKey: private keys do not leave the vault.");
    TRY(ids_of(c, &ids));
    key_act act = {.act = VAULT_ACT_NEW_CERTIFICATE, .spec = spec_of(in), .subject = in->subject};
    act.names.at = in->subject_alternative_names.at;
    act.names.count = in->subject_alternative_names.count;
    act.key_id = slice_of(ids->certificate, 16);
    act.key_version_id = slice_of(ids->version, 16);
    return call_ask_vault(c, &act);
}

status create_certificate_finish(call *c, const create_certificate_in *in, create_certificate_out *out) {
    const new_ids *ids = c->memo;
    const key_result *made = &c->results.at[0];
    certificate_record of = {.creator = c->who.user_id, .spec = spec_of(in), .status = CERTIFICATE_STATUS_PENDING};
    TRY(kms_uuid_text(c, ids->certificate, &of.certificate_id));
    TRY(kms_uuid_text(c, ids->version, &of.version_id));
    of.created_at = SET_INT(c->now_s);
    of.subject = in->subject;
    of.names.at = in->subject_alternative_names.at;
    of.names.count = in->subject_alternative_names.count;
    of.csr = made->extra;
    of.sealed = made->output;
    of.public_key = made->public;
    TRY(certificate_arn(c, of.certificate_id, &out->arn));
    c->resource = out->arn;
    out->certificate_id = of.certificate_id;
    out->csr = of.csr;
    return certificate_save(c, &of, STORE_ABSENT);
}

/* ---- what the authority answered */

/* A renewed certificate for the same key takes the place of the former. */
status upload_certificate_prepare(call *c, const upload_certificate_in *in, upload_certificate_out *out) {
    (void)out;
    certificate_record *of = c->certificate;
    issued said;
    issued_claim claim = {in->certificate, in->certificate_chain, of->public_key, 0, c->now_s};
    ENSURE(of->status != CERTIFICATE_STATUS_REVOKED, CERTIFICATE_STATE);
    ENSURE(key_spec_get(of->spec) != NULL, CORRUPT);
    claim.kind = key_spec_get(of->spec)->pair;
    TRY(issued_check(&claim, &c->memory, &said));
    of->certificate = in->certificate;
    of->chain = slice_is_empty(in->certificate_chain) ? (slice){0} : in->certificate_chain;
    of->not_before = SET_INT(said.not_before_s);
    of->not_after = SET_INT(said.not_after_s);
    if (of->status == CERTIFICATE_STATUS_PENDING) of->status = CERTIFICATE_STATUS_ACTIVE;
    return certificate_save(c, of, c->certificate_revision);
}

status update_certificate_status_prepare(call *c, const update_certificate_status_in *in,
                                         update_certificate_status_out *out) {
    (void)out;
    if (in->status == CERTIFICATE_STATUS_PENDING)
        return call_refuse(c, FAIL(INVALID_PARAMETER), "Status: ACTIVE, INACTIVE or REVOKED.");
    TRY(certificate_may_become(c->certificate, in->status));
    if (in->status == c->certificate->status) return OK;
    c->certificate->status = in->status;
    return certificate_save(c, c->certificate, c->certificate_revision);
}

/* The sealed key goes with the record, and what the vault had opened of it right after (keys/derived.h). */
status delete_certificate_prepare(call *c, const delete_certificate_in *in, delete_certificate_out *out) {
    (void)in, (void)out;
    key_shelf shelf = call_keys(c);
    slice path;
    TRY(certificate_path(&shelf, c->certificate->certificate_id, &c->memory, &path));
    return call_change(c, path, NULL, NULL, c->certificate_revision);
}

status certificate_set_tags(call *c, const tag *tags, size_t count) {
    certificate_record *of = c->certificate;
    tag_list all = {of->tags.at, of->tags.count};
    TRY(tag_list_set(&all, tags, count, &c->memory));
    ENSURE(all.count <= CERTIFICATE_TAGS_MOST, KEY_TAG_LIMIT);
    of->tags.at = all.at, of->tags.count = all.count;
    return certificate_save(c, of, c->certificate_revision);
}

status certificate_drop_tags(call *c, const slice *names, size_t count) {
    certificate_record *of = c->certificate;
    tag_list all = {of->tags.at, of->tags.count};
    tag_list_drop(&all, names, count);
    of->tags.count = all.count;
    return certificate_save(c, of, c->certificate_revision);
}

/* ---- looking at them */

status get_certificate_prepare(call *c, const get_certificate_in *in, get_certificate_out *out) {
    (void)in;
    out->certificate_id = c->certificate->certificate_id;
    out->certificate = c->certificate->certificate;
    out->certificate_chain = c->certificate->chain;
    out->csr = c->certificate->csr;
    return OK;
}

static status describe_issued(call *c, describe_certificate_out *out) {
    issued said;
    ENSURE(!FAILED(issued_read(c->certificate->certificate, &c->memory, &said)), CORRUPT);
    out->subject = said.subject;
    out->subject_alternative_names.at = said.names;
    out->subject_alternative_names.count = said.name_count;
    out->issuer = said.issuer;
    out->serial = said.serial;
    out->not_before = SET_INT(said.not_before_s);
    out->not_after = SET_INT(said.not_after_s);
    out->signature_algorithm = said.signature_algorithm;
    out->subject_key_identifier = said.key_id;
    return OK;
}

status describe_certificate_prepare(call *c, const describe_certificate_in *in, describe_certificate_out *out) {
    (void)in;
    const certificate_record *of = c->certificate;
    TRY(certificate_arn(c, of->certificate_id, &out->arn));
    out->certificate_id = of->certificate_id;
    out->status = of->status;
    out->key_spec = of->spec;
    out->protection_level = PROTECTION_LEVEL_SOFTWARE;
    out->exportable_private_key = SET_BOOL(false);
    out->subject = of->subject;
    out->subject_alternative_names.at = of->names.at;
    out->subject_alternative_names.count = of->names.count;
    out->created_at = of->created_at;
    out->updated_at = of->updated_at;
    for (size_t i = 0; i < of->tags.count; i++)
        if (slice_is_absent(of->tags.at[i].tag_value)) of->tags.at[i].tag_value = SLICE("");
    out->tags.at = of->tags.at, out->tags.count = of->tags.count;
    return slice_is_absent(of->certificate) ? OK : describe_issued(c, out);
}

typedef struct certificate_listing {
    page page;
    int status;
    certificate_entry *entries;
    size_t count;
    int64_t total;
} certificate_listing;

static status visit_certificate(call *c, const store_row *row, void *context) {
    certificate_listing *listing = context;
    slice packed;
    certificate_record of;
    OWNED(arena) memory = {0};
    ENSURE(!FAILED(shape_unpack(&certificate_record_shape, row->value, &memory, &of)), CORRUPT);
    if (listing->status && of.status != listing->status) return OK;
    if (!page_holds(&listing->page, listing->total++)) return OK;
    TRY(arena_copy(&c->memory, row->value, &packed));
    ENSURE(!FAILED(shape_unpack(&certificate_record_shape, packed, &c->memory, &of)), CORRUPT);
    certificate_entry *entry = &listing->entries[listing->count++];
    *entry = (certificate_entry){.certificate_id = of.certificate_id, .subject = of.subject, .key_spec = of.spec};
    entry->status = of.status;
    entry->created_at = of.created_at;
    entry->not_after = of.not_after;
    return certificate_arn(c, of.certificate_id, &entry->arn);
}

status list_certificates_prepare(call *c, const list_certificates_in *in, list_certificates_out *out) {
    certificate_listing listing = {.page = page_of(in->page_number, in->page_size), .status = in->status};
    key_shelf shelf = call_keys(c);
    slice prefix;
    listing.entries = ARENA_ARRAY(&c->memory, certificate_entry, (size_t)listing.page.size);
    ENSURE(listing.entries != NULL, OUT_OF_MEMORY);
    TRY(certificate_prefix(&shelf, &c->memory, &prefix));
    TRY(records_walk(c, prefix, visit_certificate, &listing));
    out->certificates.at = listing.entries, out->certificates.count = listing.count;
    out->page_number = SET_INT(listing.page.number);
    out->page_size = SET_INT(listing.page.size);
    out->total_count = SET_INT(listing.total);
    return OK;
}
