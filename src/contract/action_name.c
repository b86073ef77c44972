/* The tables of twins. */
#include "contract/action_name.h"

#define TEXT(literal)                                                                                                  \
    { (const uint8_t *)(literal), sizeof(literal) - 1 }
#define TWIN(ours, theirs)                                                                                             \
    { TEXT(ours), TEXT(theirs), true, true }
#define WIDER(ours, theirs)                                                                                            \
    { TEXT(ours), TEXT(theirs), true, false }
#define NARROWER(ours, theirs)                                                                                         \
    { TEXT(ours), TEXT(theirs), false, true }

/* Actions whose names differ by more than the service, in lower case. WIDER: theirs means more than ours, so that a policy about ours says
 * nothing of theirs. NARROWER: theirs is a part of ours, so that a policy about theirs says nothing of ours. */
static const struct twin {
    slice ours;
    slice theirs;
    bool theirs_is_about_ours, ours_is_about_theirs;
} TWINS[] = {
    TWIN("keyhold:getcontextkeysforcustompolicy", "iam:getcontextkeysforcustompolicy"),
    TWIN("keyhold:getcontextkeysforprincipalpolicy", "iam:getcontextkeysforprincipalpolicy"),
    TWIN("keyhold:simulatecustompolicy", "iam:simulatecustompolicy"),
    TWIN("keyhold:simulateprincipalpolicy", "iam:simulateprincipalpolicy"),
    WIDER("kms:asymmetricdecrypt", "kms:decrypt"),
    WIDER("kms:asymmetricencrypt", "kms:encrypt"),
    TWIN("kms:asymmetricsign", "kms:sign"),
    TWIN("kms:asymmetricverify", "kms:verify"),
    TWIN("kms:createsecret", "secretsmanager:createsecret"),
    TWIN("kms:deletekeymaterial", "kms:deleteimportedkeymaterial"),
    TWIN("kms:deletesecret", "secretsmanager:deletesecret"),
    TWIN("kms:describesecret", "secretsmanager:describesecret"),
    TWIN("kms:getrandompassword", "secretsmanager:getrandompassword"),
    TWIN("kms:getsecretpolicy", "secretsmanager:getresourcepolicy"),
    TWIN("kms:getsecretvalue", "secretsmanager:getsecretvalue"),
    TWIN("kms:listsecrets", "secretsmanager:listsecrets"),
    TWIN("kms:listsecretversionids", "secretsmanager:listsecretversionids"),
    TWIN("kms:putsecretvalue", "secretsmanager:putsecretvalue"),
    TWIN("kms:reencrypt", "kms:reencryptfrom"),
    TWIN("kms:reencrypt", "kms:reencryptto"),
    TWIN("kms:restoresecret", "secretsmanager:restoresecret"),
    TWIN("kms:rotatesecret", "secretsmanager:rotatesecret"),
    TWIN("kms:setkeypolicy", "kms:putkeypolicy"),
    NARROWER("kms:setsecretpolicy", "secretsmanager:deleteresourcepolicy"),
    TWIN("kms:setsecretpolicy", "secretsmanager:putresourcepolicy"),
    NARROWER("kms:tagresource", "secretsmanager:tagresource"),
    NARROWER("kms:tagresources", "secretsmanager:tagresource"),
    NARROWER("kms:untagresource", "secretsmanager:untagresource"),
    NARROWER("kms:untagresources", "secretsmanager:untagresource"),
    NARROWER("kms:updaterotationpolicy", "kms:disablekeyrotation"),
    NARROWER("kms:updaterotationpolicy", "kms:enablekeyrotation"),
    TWIN("kms:updatesecret", "secretsmanager:updatesecret"),
    NARROWER("kms:updatesecretrotationpolicy", "secretsmanager:cancelrotatesecret"),
    TWIN("kms:updatesecretversionstage", "secretsmanager:updatesecretversionstage"),
    TWIN("kms:validatesecretpolicy", "secretsmanager:validateresourcepolicy"),
    TWIN("oss:deletebucketencryption", "s3:putencryptionconfiguration"),
    TWIN("oss:deletebucketlifecycle", "s3:putlifecycleconfiguration"),
    TWIN("oss:deletebuckettagging", "s3:putbuckettagging"),
    TWIN("oss:getbucketencryption", "s3:getencryptionconfiguration"),
    TWIN("oss:getbucketinfo", "s3:listbucket"),
    TWIN("oss:getbucketlifecycle", "s3:getlifecycleconfiguration"),
    TWIN("oss:listbuckets", "s3:listallmybuckets"),
    TWIN("oss:listmultipartuploads", "s3:listbucketmultipartuploads"),
    TWIN("oss:listobjects", "s3:listbucket"),
    TWIN("oss:listobjectversions", "s3:listbucketversions"),
    TWIN("oss:listparts", "s3:listmultipartuploadparts"),
    TWIN("oss:putbucket", "s3:createbucket"),
    TWIN("oss:putbucketencryption", "s3:putencryptionconfiguration"),
    TWIN("oss:putbucketlifecycle", "s3:putlifecycleconfiguration"),
    TWIN("ram:addclientidtooidcprovider", "iam:addclientidtoopenidconnectprovider"),
    TWIN("ram:attachpolicytogroup", "iam:attachgrouppolicy"),
    TWIN("ram:attachpolicytorole", "iam:attachrolepolicy"),
    TWIN("ram:attachpolicytouser", "iam:attachuserpolicy"),
    TWIN("ram:bindmfadevice", "iam:enablemfadevice"),
    TWIN("ram:clearaccountalias", "iam:deleteaccountalias"),
    TWIN("ram:createoidcprovider", "iam:createopenidconnectprovider"),
    TWIN("ram:decodediagnosticmessage", "sts:decodeauthorizationmessage"),
    TWIN("ram:deleteoidcprovider", "iam:deleteopenidconnectprovider"),
    TWIN("ram:detachpolicyfromgroup", "iam:detachgrouppolicy"),
    TWIN("ram:detachpolicyfromrole", "iam:detachrolepolicy"),
    TWIN("ram:detachpolicyfromuser", "iam:detachuserpolicy"),
    TWIN("ram:getusermfainfo", "iam:listmfadevices"),
    TWIN("ram:getaccountalias", "iam:listaccountaliases"),
    TWIN("ram:getoidcprovider", "iam:getopenidconnectprovider"),
    TWIN("ram:getpasswordpolicy", "iam:getaccountpasswordpolicy"),
    TWIN("ram:listoidcproviders", "iam:listopenidconnectproviders"),
    TWIN("ram:listpoliciesforgroup", "iam:listattachedgrouppolicies"),
    TWIN("ram:listpoliciesforrole", "iam:listattachedrolepolicies"),
    TWIN("ram:listpoliciesforuser", "iam:listattacheduserpolicies"),
    TWIN("ram:listusersforgroup", "iam:getgroup"),
    TWIN("ram:removeclientidfromoidcprovider", "iam:removeclientidfromopenidconnectprovider"),
    TWIN("ram:setaccountalias", "iam:createaccountalias"),
    TWIN("ram:listtagresources", "iam:listpolicytags"),
    TWIN("ram:listtagresources", "iam:listroletags"),
    TWIN("ram:listtagresources", "iam:listusertags"),
    NARROWER("ram:setpasswordpolicy", "iam:deleteaccountpasswordpolicy"),
    TWIN("ram:setpasswordpolicy", "iam:updateaccountpasswordpolicy"),
    TWIN("ram:tagresources", "iam:tagpolicy"),
    TWIN("ram:tagresources", "iam:tagrole"),
    TWIN("ram:tagresources", "iam:taguser"),
    TWIN("ram:unbindmfadevice", "iam:deactivatemfadevice"),
    NARROWER("ram:updateoidcprovider", "iam:updateopenidconnectproviderthumbprint"),
    TWIN("ram:updateassumerolepolicy", "iam:updateassumerolepolicy"),
    TWIN("ram:untagresources", "iam:untagpolicy"),
    TWIN("ram:untagresources", "iam:untagrole"),
    TWIN("ram:untagresources", "iam:untaguser"),
    TWIN("ram:updaterole", "iam:updaterole"),
    NARROWER("ram:updaterole", "ram:updateassumerolepolicy"),
    NARROWER("ram:updaterole", "iam:updateroledescription"),
    TWIN("sts:assumerolewithoidc", "sts:assumerolewithwebidentity"),
};

/* Services whose actions have the same names but for the service. */
static const struct service_twin {
    slice ours;
    slice theirs;
} SERVICES[] = {
    {TEXT("ram"), TEXT("iam")},
    {TEXT("oss"), TEXT("s3")},
    {TEXT("actiontrail"), TEXT("cloudtrail")},
};

static slice lower(slice text, uint8_t *room) {
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.at[i];
        room[i] = c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
    }
    return slice_of(room, text.len);
}

static bool agree(slice a, slice b) { return a.len == b.len && slice_equals(a, b); }

static void add(action_names *names, slice name) {
    if (names->count < ACTION_NAMES_MOST) names->whole[names->count++] = name;
}

static void add_twins(action_names *names) {
    slice action = names->whole[0];
    for (size_t i = 0; i < sizeof TWINS / sizeof *TWINS; i++) {
        if (TWINS[i].theirs_is_about_ours && agree(action, TWINS[i].ours)) add(names, TWINS[i].theirs);
        else if (TWINS[i].ours_is_about_theirs && agree(action, TWINS[i].theirs)) add(names, TWINS[i].ours);
    }
}

static void add_with_service(action_names *names, size_t colon, slice service) {
    size_t rest = names->whole[0].len - colon;
    if (service.len + rest > ACTION_NAME_BYTES_MOST) return;
    uint8_t *room = names->room[names->count];
    memcpy(room, service.at, service.len);
    memcpy(room + service.len, names->whole[0].at + colon, rest);
    names->whole[names->count++] = slice_of(room, service.len + rest);
}

bool action_names_find(slice action, action_names *out) {
    size_t colon = slice_find_byte(action, ':');
    if (colon == SIZE_MAX || colon == 0 || colon + 1 == action.len || action.len > ACTION_NAME_BYTES_MOST) return false;
    out->whole[0] = lower(action, out->room[0]);
    out->count = 1;
    add_twins(out);
    if (out->count > 1) return true;
    slice service = slice_head(out->whole[0], colon);
    for (size_t i = 0; i < sizeof SERVICES / sizeof *SERVICES; i++) {
        if (agree(service, SERVICES[i].ours)) add_with_service(out, colon, SERVICES[i].theirs);
        else if (agree(service, SERVICES[i].theirs)) add_with_service(out, colon, SERVICES[i].ours);
    }
    return true;
}

void service_names_find(slice service, slice relative, service_names *out) {
    *out = (service_names){.at = {service}, .count = 1};
    for (size_t i = 0; i < sizeof SERVICES / sizeof *SERVICES; i++)
        if (agree(service, SERVICES[i].ours)) out->at[out->count++] = SERVICES[i].theirs;
    if (slice_equals(service, SLICE("ram"))) out->at[out->count++] = SLICE("sts"); /* arn:aws:sts::A:assumed-role/… */
    if (slice_equals(service, SLICE("kms")) && slice_starts_with(relative, SLICE("secret/")))
        out->at[out->count++] = SLICE("secretsmanager");
}
