"""What a taken gateway gets out of core and vault: nothing without a signature by somebody who may."""
import base64
import hashlib
import hmac
import json
import os
import time
import urllib.parse
import uuid

import pytest
from house import CONTRACT, FAILURES, OPERATIONS, House


@pytest.fixture()
def house(tmp_path):
    h = House(tmp_path)
    yield h
    h.stop()


def enc(text):
    return urllib.parse.quote(text, safe="-_.~")


def version_of(action):
    """The API version of the product that has the action."""
    product = next(op["product"] for op in CONTRACT.operations if op["c"] == action)
    return next(version for name, version, _ in CONTRACT.products if name == product)


def sign_v1(access_key_id, secret, action, now=None, nonce=None, wire_name=None, **parameters):
    """The proof of an RPC V1 request, as a gateway makes it from one."""
    now = int(time.time()) if now is None else now
    nonce = nonce or uuid.uuid4().hex
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now))
    p = dict(parameters, Action=wire_name or action, Format="JSON", Version=version_of(action), AccessKeyId=access_key_id, SignatureNonce=nonce,
             SignatureMethod="HMAC-SHA1", SignatureVersion="1.0", Timestamp=stamp)
    canonical = "&".join(f"{enc(k)}={enc(v)}" for k, v in sorted(p.items()))
    text = "POST&%2F&" + enc(canonical)
    mac = hmac.new((secret + "&").encode(), text.encode(), hashlib.sha1).digest()
    return {"Scheme": "AlibabaV1", "AccessKeyId": access_key_id, "Texts": [text], "Signature": mac, "RequestTime": now, "Nonce": nonce}


@pytest.fixture()
def owner(house):
    made = house.bootstrap(AccountId="1000000000000001", AccessKeyId="LTAItest", AccessKeySecret=b"secret-of-the-owner")
    assert made["IsNew"] and made["AccountId"] == "1000000000000001"

    class Owner:
        def __call__(self, operation, **fields):
            action_fields = {k: v for k, v in fields.items() if isinstance(v, str)}
            return house.ask(operation, fields, sign_v1("LTAItest", "secret-of-the-owner", operation, **action_fields))
    return Owner()


def new_key(owner):
    reply = owner("CreateKey")
    assert reply["Failure"] == "OK", reply
    return reply["out"]["KeyMetadata"]["KeyId"]


def test_an_honest_request_works(house, owner):
    key_id = new_key(owner)
    request_id = str(uuid.uuid4()).upper()
    box = house.box.seal(request_id.encode(), b"hello")
    fields = {"KeyId": key_id, "Plaintext": box, "EncryptionContext": {"b": "2", "a": "1"}}
    signed = {"KeyId": key_id, "Plaintext": base64.b64encode(b"hello").decode(), "EncryptionContext.a": "1", "EncryptionContext.b": "2"}
    reply = house.ask("Encrypt", fields, sign_v1("LTAItest", "secret-of-the-owner", "Encrypt", **signed), request_id=request_id)
    assert reply["Failure"] == "OK", reply
    blob = reply["out"]["CiphertextBlob"]
    request_id = str(uuid.uuid4()).upper()
    proof = sign_v1("LTAItest", "secret-of-the-owner", "Decrypt", CiphertextBlob=base64.b64encode(blob).decode(),
                    EncryptionContext='{"a": "1", "b": "2"}')
    reply = house.ask("Decrypt", {"CiphertextBlob": blob, "EncryptionContext": {"a": "1", "b": "2"}}, proof, request_id=request_id)
    assert reply["Failure"] == "OK", reply
    assert house.box.open(request_id.encode(), reply["out"]["Plaintext"]) == b"hello"


def test_a_second_bootstrap_changes_nothing(house, owner):
    again = house.bootstrap(AccountId="1000000000000002")
    assert not again["IsNew"] and again["AccountId"] == "1000000000000001" and "AccessKeySecret" not in again


def test_forged_identities_get_nothing(house, owner):
    key_id = new_key(owner)
    request_id = str(uuid.uuid4()).upper()
    fields = {"KeyId": key_id}
    forged = sign_v1("LTAItest", "not-the-secret", "GenerateDataKey", KeyId=key_id)
    for proof in (forged, dict(forged, Signature=bytes(20)), dict(forged, Signature=b"x")):
        reply = house.ask("GenerateDataKey", fields, proof, request_id=str(uuid.uuid4()))
        assert reply["Failure"] == "BAD_SIGNATURE", reply
        assert "out" not in reply and "Output" not in reply
    unknown = sign_v1("LTAInobody", "not-the-secret", "GenerateDataKey", KeyId=key_id)
    assert house.ask("GenerateDataKey", fields, unknown)["Failure"] == "BAD_SIGNATURE"
    assert house.ask("GenerateDataKey", fields, None)["Failure"] == "INCOMPLETE_SIGNATURE"
    assert request_id


def test_a_bad_signature_wins_over_any_other_error(house, owner):
    forged = sign_v1("LTAItest", "not-the-secret", "DescribeKey", KeyId="nothing", now=1)
    assert house.ask("DescribeKey", {"KeyId": "nothing"}, forged)["Failure"] == "BAD_SIGNATURE"


def test_one_signed_request_cannot_be_turned_into_another_use(house, owner):
    """The signature is good, but for something else than what the gateway now claims was asked."""
    key_id = new_key(owner)
    listing = sign_v1("LTAItest", "secret-of-the-owner", "ListKeys")
    reply = house.ask("GenerateDataKey", {"KeyId": key_id}, listing)
    assert reply["Failure"] == "NO_PERMISSION", reply
    assert "out" not in reply


def b64(data):
    return base64.b64encode(data).decode()


def test_a_signed_use_is_of_this_key_with_these_bytes_and_no_other(house, owner):
    """A taken gateway (or core) hands on a good signature, but changes what goes with it."""
    mine, other = new_key(owner), new_key(owner)
    context = {"for": "payroll"}
    signed = {"KeyId": mine, "Plaintext": b64(b"hello"), "EncryptionContext": json.dumps(context)}

    def encrypt(text=b"hello", **changed):
        request_id = str(uuid.uuid4()).upper()
        fields = {"KeyId": mine, "Plaintext": house.box.seal(request_id.encode(), text), "EncryptionContext": context, **changed}
        return house.ask("Encrypt", fields, sign_v1("LTAItest", "secret-of-the-owner", "Encrypt", **signed), request_id=request_id)

    made = encrypt()
    assert made["Failure"] == "OK"
    for reply in (encrypt(KeyId=other), encrypt(text=b"hollo"), encrypt(text=b"hello "), encrypt(EncryptionContext={}),
                  encrypt(EncryptionContext={"for": "rent"}), encrypt(EncryptionContext={**context, "and": "more"})):
        assert reply["Failure"] == "NO_PERMISSION" and "out" not in reply, reply
    another = encrypt()["out"]["CiphertextBlob"]

    def decrypt(**changed):
        fields = {"CiphertextBlob": made["out"]["CiphertextBlob"], "EncryptionContext": context}
        proof = sign_v1("LTAItest", "secret-of-the-owner", "Decrypt", CiphertextBlob=b64(fields["CiphertextBlob"]),
                        EncryptionContext=json.dumps(context))
        return house.ask("Decrypt", {**fields, **changed}, proof)

    assert decrypt()["Failure"] == "OK"
    for reply in (decrypt(CiphertextBlob=another), decrypt(EncryptionContext={})):
        assert reply["Failure"] in ("NO_PERMISSION", "CIPHERTEXT") and "out" not in reply, reply
    # the size of a data key is signed, too; a short one would be guessed
    signed = {"KeyId": mine}
    reply = house.ask("GenerateDataKey", {"KeyId": mine, "NumberOfBytes": 1}, sign_v1("LTAItest", "secret-of-the-owner", "GenerateDataKey", **signed))
    assert reply["Failure"] == "NO_PERMISSION", reply


def sign_v3(action, body, version="2016-01-20", **query):
    """The proof of an RPC V3 request whose parameters are a form."""
    now, nonce = int(time.time()), uuid.uuid4().hex
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now))
    headers = {"content-type": "application/x-www-form-urlencoded", "host": "h", "x-acs-action": action,
               "x-acs-content-sha256": hashlib.sha256(body).hexdigest(), "x-acs-date": stamp, "x-acs-signature-nonce": nonce,
               "x-acs-version": version}
    names = ";".join(sorted(headers))
    canonical = "&".join(f"{enc(k)}={enc(v)}" for k, v in sorted(query.items()))
    text = "\n".join(["POST", "/", canonical, *(f"{k}:{v}" for k, v in sorted(headers.items())), "", names, headers["x-acs-content-sha256"]])
    to_sign = "ACS3-HMAC-SHA256\n" + hashlib.sha256(text.encode()).hexdigest()
    mac = hmac.new(b"secret-of-the-owner", to_sign.encode(), hashlib.sha256).digest()
    return {"Scheme": "AlibabaV3", "AccessKeyId": "LTAItest", "Texts": [text], "Signature": mac, "RequestTime": now, "Nonce": nonce}


def test_a_signed_body_binds_like_a_signed_query(house, owner):
    mine, other = new_key(owner), new_key(owner)
    body = f"KeyId={mine}&NumberOfBytes=24".encode()
    fields = {"KeyId": mine, "NumberOfBytes": 24}

    def ask(sent, **changed):
        request_id = str(uuid.uuid4()).upper()
        proof = sign_v3("GenerateDataKey", body)
        if sent is not None:
            proof["Body"] = house.box.seal(request_id.encode(), sent)
        return house.ask("GenerateDataKey", {**fields, **changed}, proof, request_id=request_id)["Failure"]

    assert ask(body) == "OK"
    assert ask(body, KeyId=other) == "NO_PERMISSION"
    assert ask(body, NumberOfBytes=16) == "NO_PERMISSION"
    assert ask(f"KeyId={other}&NumberOfBytes=24".encode(), KeyId=other) == "NO_PERMISSION"
    assert ask(None) == "NO_PERMISSION", "without the body nobody knows what was signed"
    assert ask(b"") == "NO_PERMISSION"


def test_an_access_key_is_for_the_user_that_was_signed(house, owner):
    for name in ("ann", "ben"):
        assert owner("CreateUser", UserName=name)["Failure"] == "OK"

    def ask(signed, asked):
        proof = sign_v1("LTAItest", "secret-of-the-owner", "CreateAccessKey", **signed)
        return house.ask("CreateAccessKey", asked, proof)["Failure"]

    assert ask({"UserName": "ann"}, {"UserName": "ann"}) == "OK"
    assert ask({"UserName": "ann"}, {"UserName": "ben"}) == "NO_PERMISSION"
    assert ask({"UserName": "ann"}, {}) == "NO_PERMISSION", "not the owner's own"
    assert ask({}, {"UserName": "ben"}) == "NO_PERMISSION"


def sign_oss(method, resource, now=None):
    now = int(time.time()) if now is None else now
    stamp = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(now))
    text = f"{method}\n\n\n{stamp}\n{resource}"
    mac = hmac.new(b"secret-of-the-owner", text.encode(), hashlib.sha1).digest()
    return {"Scheme": "OssV1", "AccessKeyId": "LTAItest", "Texts": [text], "Signature": mac, "RequestTime": now}


def test_a_signed_object_is_no_other(house, owner):
    """Reading one object gives nobody another one; writing one does not write another."""
    assert house.ask("PutBucket", {"Bucket": "bound"}, sign_oss("PUT", "/bound/"))["Failure"] == "OK"
    for key, signed, wanted in (("a", "a", "OK"), ("b", "b", "OK"), ("a", "b", "NO_PERMISSION")):
        reply = house.ask("PutObject", {"Bucket": "bound", "Key": key, "ContentLength": 5}, sign_oss("PUT", f"/bound/{signed}"))
        assert reply["Failure"] == wanted, (key, signed, reply)
        if wanted != "OK":
            continue
        assert reply["Body"]["Act"] == "Store" and reply["fds"]
        sealed_size = house.store_body(reply)
        house.gateway.send("BODY", {"Id": house.requests, "Size": 5, "SealedSize": sealed_size, "Md5": hashlib.md5(b"hello").digest(), "Crc64": "1"})
        assert house.reply("PutObject")["Failure"] == "OK"
    for key, signed, wanted in (("a", "a", "OK"), ("a", "b", "NO_PERMISSION"), ("b", "a", "NO_PERMISSION")):
        reply = house.ask("GetObject", {"Bucket": "bound", "Key": key}, sign_oss("GET", f"/bound/{signed}"))
        assert reply["Failure"] == wanted and ("Body" in reply) == (wanted == "OK"), (key, signed, reply)


def test_a_request_is_taken_once(house, owner):
    proof = sign_v1("LTAItest", "secret-of-the-owner", "GetCallerIdentity")
    assert house.ask("GetCallerIdentity", {}, proof)["Failure"] == "OK"
    assert house.ask("GetCallerIdentity", {}, proof)["Failure"] == "NONCE_USED"
    # nor under another nonce or time than was signed, which only a taken gateway would name
    for lie in ({"Nonce": "another"}, {"Nonce": ""}, {"RequestTime": proof["RequestTime"] + 1}, {"ExpiresAt": int(time.time()) + 1000}):
        assert house.ask("GetCallerIdentity", {}, dict(proof, **lie))["Failure"] in ("NO_PERMISSION", "INCOMPLETE_SIGNATURE", "NONCE_USED"), lie
    old = sign_v1("LTAItest", "secret-of-the-owner", "GetCallerIdentity", now=int(time.time()) - 86400)
    assert house.ask("GetCallerIdentity", {}, dict(old, RequestTime=int(time.time())))["Failure"] == "NO_PERMISSION"
    signed = sign_v3("GetCallerIdentity", b"", version="2015-04-01")
    assert house.ask("GetCallerIdentity", {}, dict(signed, Nonce="another"))["Failure"] == "NO_PERMISSION"
    assert house.ask("GetCallerIdentity", {}, dict(signed, RequestTime=signed["RequestTime"] + 1))["Failure"] == "NO_PERMISSION"
    assert house.ask("GetCallerIdentity", {}, signed)["Failure"] == "OK"
    stale = sign_oss("GET", "/", now=int(time.time()) - 86400)
    assert house.ask("ListBuckets", {}, dict(stale, RequestTime=int(time.time())))["Failure"] == "NO_PERMISSION"
    assert house.ask("ListBuckets", {}, dict(stale, ExpiresAt=int(time.time()) + 1000))["Failure"] == "NO_PERMISSION"


@pytest.mark.parametrize("off_s", [-901, 901, -10**6])
def test_old_and_future_requests_are_refused(house, owner, off_s):
    proof = sign_v1("LTAItest", "secret-of-the-owner", "GetCallerIdentity", now=int(time.time()) + off_s)
    assert house.ask("GetCallerIdentity", {}, proof)["Failure"] == "REQUEST_EXPIRED"


def test_the_boxes_of_another_request_do_not_open(house, owner):
    key_id = new_key(owner)
    box = house.box.seal(b"another request", b"hello")
    reply = house.ask("Encrypt", {"KeyId": key_id, "Plaintext": box}, sign_v1("LTAItest", "secret-of-the-owner", "Encrypt", KeyId=key_id))
    assert reply["Failure"] != "OK" and "out" not in reply


def test_limits_hold_behind_the_gateway_too(house, owner):
    proof = sign_v1("LTAItest", "secret-of-the-owner", "ScheduleKeyDeletion")
    assert house.ask("ScheduleKeyDeletion", {"KeyId": "x", "PendingWindowInDays": 1}, proof)["Failure"] == "INVALID_PARAMETER"


@pytest.mark.parametrize("garbage", [b"", b"\xff", b"\x07", os.urandom(300), bytes([8]) + os.urandom(50)],
                         ids=["nothing", "no verb", "a bare verb", "random", "random behind a verb"])
def test_garbage_costs_the_gateway_its_channel_and_nothing_else(house, owner, garbage):
    house.gateway.send_raw(garbage)
    assert house.gateway.receive() is None
    assert all(p.poll() is None for p in house.processes.values())


def test_a_gateway_cannot_speak_as_somebody_else(house):
    for verb in ("USED", "RECORDED", "STORE_KEY"):
        try:
            house.gateway.send(verb, {})
        except OSError:
            break
        assert house.gateway.receive() is None
        break
    assert all(p.poll() is None for p in house.processes.values())
    assert FAILURES["BAD_SIGNATURE"] > 0


def test_every_answer_is_in_the_trail(house, owner):
    house.ask("DescribeKey", {"KeyId": "nothing"}, sign_v1("LTAItest", "not-the-secret", "DescribeKey"))
    new_key(owner)
    reply = owner("LookupEvents")
    assert reply["Failure"] == "OK", reply
    events = [json.loads(e) for e in reply["out"]["Events"]]
    names = [(e["eventName"], e.get("errorCode")) for e in events]
    assert ("DescribeKey", "SignatureDoesNotMatch") in names
    assert ("CreateKey", None) in names
    assert ("CreateAccount", None) in names
    created = [e for e in events if e["eventName"] == "CreateKey"][0]
    assert created["keyUse"][0]["operation"] == "NewKey"


def test_what_the_gateway_refused_is_recorded_by_its_name(house, owner):
    """Also when it had no input to hand on; and not by another name than the one that was signed."""
    house.ask("Encrypt", {}, sign_v1("LTAItest", "secret-of-the-owner", "Encrypt"), request_id="missing", Input=None,
              Failure=FAILURES["MISSING_PARAMETER"], Detail="Plaintext")
    house.ask("Decrypt", {}, sign_v1("LTAItest", "secret-of-the-owner", "ListKeys"), request_id="lying", Input=None,
              Failure=FAILURES["MISSING_PARAMETER"])
    house.ask("Decrypt", {}, sign_v1("LTAItest", "not-the-secret", "Decrypt"), request_id="unknown", Input=None,
              Failure=FAILURES["MISSING_PARAMETER"])
    assert owner("CreateUser", UserName="mallory")["Failure"] == "OK"
    reply = owner("LookupEvents")
    names = {e["requestId"]: (e["eventName"], e.get("errorCode")) for e in map(json.loads, reply["out"]["Events"])}
    assert names["missing"] == ("Encrypt", "MissingParameter")
    assert names["lying"] == ("UnrecognisedRequest", "MissingParameter")
    assert names["unknown"] == ("Decrypt", "SignatureDoesNotMatch")


def test_a_session_lapses_by_itself_and_makes_no_other(house, owner):
    request_id = str(uuid.uuid4()).upper()
    reply = house.ask("GetSessionToken", {"DurationSeconds": 900}, sign_v1("LTAItest", "secret-of-the-owner", "GetSessionToken", DurationSeconds="900"),
                      request_id=request_id)
    assert reply["Failure"] == "OK", reply
    made = reply["out"]["Credentials"]
    secret = house.box.open(request_id.encode(), made["AccessKeySecret"]).decode()
    token = made["SecurityToken"]

    def ask(operation, key_id=made["AccessKeyId"], token=token, secret=secret):
        proof = sign_v1(key_id, secret, operation, SecurityToken=token)
        return house.ask(operation, {}, dict(proof, SecurityToken=token))

    who = ask("GetCallerIdentity")
    assert who["Failure"] == "OK" and who["out"]["IdentityType"] == "Account"
    assert ask("GetSessionToken")["Failure"] == "NO_PERMISSION"
    assert ask("GetCallerIdentity", secret="another")["Failure"] == "BAD_SIGNATURE"
    assert ask("GetCallerIdentity", key_id="STS.another")["Failure"] == "SECURITY_TOKEN_MISMATCH"
    within = base64.b64decode(token)
    broken = base64.b64encode(within[:-1] + bytes([within[-1] ^ 1])).decode()
    assert ask("GetCallerIdentity", token=broken)["Failure"] in ("BAD_SECURITY_TOKEN", "BAD_SIGNATURE")
    assert ask("GetCallerIdentity", token="garbage")["Failure"] == "BAD_SECURITY_TOKEN"


def test_a_signed_look_is_no_leave_to_change(house, owner):
    """Nothing is used, but a record would change: the operation must be the one that was signed all the same."""
    reply = house.ask("CreateUser", {"UserName": "mallory"}, sign_v1("LTAItest", "secret-of-the-owner", "ListUsers"))
    assert reply["Failure"] == "NO_PERMISSION"
    listed = owner("ListUsers")
    assert listed["Failure"] == "OK" and listed["out"].get("Users", []) == []
    reply = house.ask("PutBucket", {"Bucket": "mallory"}, sign_v1("LTAItest", "secret-of-the-owner", "ListUsers"))
    assert reply["Failure"] == "NO_PERMISSION"


def test_a_flood_of_forgeries_is_recorded_together(house, owner):
    """Each is answered, each is counted, and the trail does not grow with the flood."""
    count = 200
    forged = sign_v1("LTAItest", "not-the-secret", "GetCallerIdentity")
    for i in range(count):
        house.requests += 1
        request = {"Id": house.requests, "RequestId": f"flood-{i}", "Operation": OPERATIONS["GetCallerIdentity"], "Proof": house.boxed(forged, f"flood-{i}"),
                   "Peer": {"SourceIp": "192.0.2.7", "UserAgent": "flood", "Dialect": "alibaba_rpc", "IsTls": False}}
        house.gateway.send("REQUEST", request)
    for i in range(count):
        assert house.reply("GetCallerIdentity")["Failure"] == "BAD_SIGNATURE"
    events, token = [], None
    while True:
        fields = {"MaxResults": 50, "NextToken": token} if token else {"MaxResults": 50}
        reply = house.ask("LookupEvents", fields, sign_v1("LTAItest", "secret-of-the-owner", "LookupEvents"))
        events += [json.loads(e) for e in reply["out"].get("Events", [])]
        token = reply["out"].get("NextToken")
        if not token:
            break
    flood = [e for e in events if e.get("userAgent") == "flood"]
    assert sum(int(e.get("additionalEventData", {}).get("Count", 1)) for e in flood) == count
    assert len(flood) < count // 2


GIFT = {"PolicyName": "AdministratorAccess", "PolicyType": "System"}


def changed(house, operation, signed, sent, sign=sign_v1):
    """What comes of a signed request when other parameters go to core."""
    proof = sign("LTAItest", "secret-of-the-owner", operation, **{k: v if isinstance(v, str) else json.dumps(v) for k, v in signed.items()})
    return house.ask(operation, sent, proof)["Failure"]


def test_a_signed_change_is_of_this_and_no_other(house, owner):
    """No key is used, but who may attach a policy to somebody may use every key the next moment."""
    for name in ("ann", "mallory"):
        assert owner("CreateUser", UserName=name)["Failure"] == "OK"
    wanted = {**GIFT, "UserName": "ann"}
    assert changed(house, "AttachPolicyToUser", wanted, {**GIFT, "UserName": "mallory"}) == "NO_PERMISSION"
    assert changed(house, "AttachPolicyToUser", {**wanted, "PolicyName": "ReadOnlyAccess"}, wanted) == "NO_PERMISSION"
    assert changed(house, "AttachPolicyToUser", wanted, wanted) == "OK"
    assert changed(house, "UpdateUser", {"UserName": "ann", "NewComments": "x"}, {"UserName": "ann", "NewComments": "x", "NewUserName": "eve"}) == "NO_PERMISSION"
    assert changed(house, "UpdateUser", {"UserName": "ann", "NewComments": "x"}, {"UserName": "ann"}) == "NO_PERMISSION"
    tags = [{"TagKey": "team", "TagValue": "red"}]
    tagged = {"ResourceType": "user", "ResourceNames": ["ann"], "Tag": tags}
    signed = {"ResourceType": "user", "ResourceNames.1": "ann", "Tag.1.Key": "team", "Tag.1.Value": "red"}
    assert owner("ListUsers")["Failure"] == "OK"
    for lie in ({"ResourceNames": ["mallory"]}, {"ResourceNames": ["ann", "mallory"]}, {"Tag": [{"Key": "team", "Value": "blue"}]}):
        assert changed(house, "TagResources", signed, {**tagged, "Tag": [{"Key": "team", "Value": "red"}], **lie}) == "NO_PERMISSION", lie
    assert changed(house, "TagResources", signed, {**tagged, "Tag": [{"Key": "team", "Value": "red"}]}) == "OK"
    key_id, other = new_key(owner), new_key(owner)
    assert changed(house, "DisableKey", {"KeyId": key_id}, {"KeyId": other}) == "NO_PERMISSION"
    days = {"KeyId": key_id, "PendingWindowInDays": "30"}
    assert changed(house, "ScheduleKeyDeletion", days, {"KeyId": key_id, "PendingWindowInDays": 7}) == "NO_PERMISSION"
    assert changed(house, "ScheduleKeyDeletion", days, {"KeyId": key_id, "PendingWindowInDays": 30}) == "OK"


def test_a_signed_form_binds_changes_too(house, owner):
    for name in ("ann", "mallory"):
        assert owner("CreateUser", UserName=name)["Failure"] == "OK"
    body = b"UserName=ann&PolicyName=AdministratorAccess&PolicyType=System"

    def ask(user, sent=body):
        request_id = str(uuid.uuid4()).upper()
        proof = sign_v3("AttachPolicyToUser", body, version="2015-05-01")
        if sent is not None:
            proof["Body"] = house.box.seal(request_id.encode(), sent)
        return house.ask("AttachPolicyToUser", {**GIFT, "UserName": user}, proof, request_id=request_id)["Failure"]

    assert ask("mallory") == "NO_PERMISSION"
    assert ask("ann", None) == "NO_PERMISSION"
    assert ask("mallory", body.replace(b"ann", b"mallory")) == "NO_PERMISSION"
    assert ask("ann") == "OK"


def sign_aws(service, action, body, target=None):
    """The proof of a POST signed with version 4: a form, or JSON with its target."""
    now = int(time.time())
    stamp, date = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now)), time.strftime("%Y%m%d", time.gmtime(now))
    hashed = hashlib.sha256(body).hexdigest()
    headers = {"host": "h", "x-amz-date": stamp, **({"x-amz-target": target} if target else {})}
    text = "\n".join(["POST", "/", "", *(f"{k}:{v}" for k, v in sorted(headers.items())), "", ";".join(sorted(headers)), hashed])
    key = b"AWS4secret-of-the-owner"
    for part in (date, "cn-hangzhou", service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    to_sign = "\n".join(["AWS4-HMAC-SHA256", stamp, f"{date}/cn-hangzhou/{service}/aws4_request", hashlib.sha256(text.encode()).hexdigest()])
    return {"Scheme": "AwsV4", "AccessKeyId": "LTAItest", "Texts": [text], "Signature": hmac.new(key, to_sign.encode(), hashlib.sha256).digest(), "RequestTime": now,
            "ScopeDate": date, "ScopeRegion": "cn-hangzhou", "ScopeService": service}


def ask_aws(house, operation, sent, service, action, body, target=None):
    request_id = str(uuid.uuid4()).upper()
    proof = sign_aws(service, action, body, target)
    proof["Body"] = house.box.seal(request_id.encode(), body)
    return house.ask(operation, sent, proof, request_id=request_id)


def test_changes_that_aws_clients_sign_are_bound(house, owner):
    for name in ("ann", "mallory"):
        assert owner("CreateUser", UserName=name)["Failure"] == "OK"
    body = urllib.parse.urlencode({"Action": "AttachUserPolicy", "Version": "2010-05-08", "UserName": "ann",
                                   "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}).encode()
    for user, wanted in (("mallory", "NO_PERMISSION"), ("ann", "OK")):
        assert ask_aws(house, "AttachPolicyToUser", {**GIFT, "UserName": user}, "iam", "AttachUserPolicy", body)["Failure"] == wanted
    key_id, other = new_key(owner), new_key(owner)
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kms:*", "Resource": "*", "Principal": {"AWS": "1000000000000001"}}]})
    body = json.dumps({"KeyId": key_id, "PolicyName": "default", "Policy": policy}).encode()
    sent = {"KeyId": key_id, "PolicyName": "default", "Policy": policy}
    for lie in ({"KeyId": other}, {"Policy": policy.replace("kms:*", "kms:Get*")}, {"BypassPolicyLockoutSafetyCheck": True}):
        assert ask_aws(house, "SetKeyPolicy", {**sent, **lie}, "kms", "PutKeyPolicy", body, "TrentService.PutKeyPolicy")["Failure"] == "NO_PERMISSION", lie
    assert ask_aws(house, "SetKeyPolicy", sent, "kms", "PutKeyPolicy", body, "TrentService.PutKeyPolicy")["Failure"] == "OK"
    body = json.dumps({"Name": "hers", "SecretString": "hush", "ClientRequestToken": "0" * 32, "Description": "to keep"}).encode()

    def create(**lie):
        request_id = str(uuid.uuid4()).upper()
        proof = sign_aws("secretsmanager", "CreateSecret", body, "secretsmanager.CreateSecret")
        proof["Body"] = house.box.seal(request_id.encode(), body)
        sent = {"Name": "hers", "SecretString": house.box.seal(request_id.encode(), b"hush"), "ClientRequestToken": "0" * 32, "Description": "to keep", **lie}
        return house.ask("ManagerCreateSecret", sent, proof, request_id=request_id)["Failure"]

    assert create(Name="his") == "NO_PERMISSION"
    assert create(Description="to lose") == "NO_PERMISSION"
    assert create() == "OK"


def test_a_signed_storage_request_is_about_this_bucket_and_this_part_of_it(house, owner):
    """The method alone would let a written object become a bucket deleted."""
    for bucket in ("mine", "other"):
        assert house.ask("PutBucket", {"Bucket": bucket}, sign_oss("PUT", f"/{bucket}/"))["Failure"] == "OK"
    for operation, sent, method, signed in (("DeleteBucket", {"Bucket": "other"}, "DELETE", "/mine/"), ("DeleteBucket", {"Bucket": "mine"}, "PUT", "/mine/"),
                                            ("DeleteObject", {"Bucket": "mine", "Key": "a"}, "DELETE", "/mine/b"), ("DeleteBucket", {"Bucket": "mine"}, "DELETE", "/mine/a"),
                                            ("DeleteBucket", {"Bucket": "mine"}, "DELETE", "/mine/?policy"), ("DeleteBucketPolicy", {"Bucket": "mine"}, "DELETE", "/mine/?encryption"),
                                            ("ListObjects", {"Bucket": "other"}, "GET", "/mine/"), ("GetBucketPolicy", {"Bucket": "mine"}, "GET", "/mine/"),
                                            ("PutBucketEncryption", {"Bucket": "mine", "Rule": {"SSEAlgorithm": "KMS"}}, "PUT", "/mine/?policy"),
                                            ("ListBuckets", {}, "GET", "/mine/")):
        assert house.ask(operation, sent, sign_oss(method, signed))["Failure"] == "NO_PERMISSION", (operation, sent, method, signed)
    for operation, sent, method, signed in (("ListObjects", {"Bucket": "mine"}, "GET", "/mine/"), ("ListBuckets", {}, "GET", "/"),
                                            ("DeleteBucket", {"Bucket": "mine"}, "DELETE", "/mine/")):
        assert house.ask(operation, sent, sign_oss(method, signed))["Failure"] == "OK", operation


def test_who_asks_whether_it_would_work_has_nothing_done(house, owner):
    key_id = new_key(owner)
    proof = sign_v1("LTAItest", "secret-of-the-owner", "GenerateDataKey", KeyId=key_id, DryRun="true")
    assert house.ask("GenerateDataKey", {"KeyId": key_id}, proof)["Failure"] == "NO_PERMISSION"
    proof = sign_v1("LTAItest", "secret-of-the-owner", "GenerateDataKey", KeyId=key_id, DryRun="true")
    assert house.ask("GenerateDataKey", {"KeyId": key_id, "DryRun": True}, proof)["Failure"] == "DRY_RUN"


def test_a_role_of_one_account_is_no_other_accounts(house, owner):
    trust = json.dumps({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"RAM": ["acs:ram::1000000000000001:root"]}}]})
    assert owner("CreateRole", RoleName="duty", AssumeRolePolicyDocument=trust)["Failure"] == "OK"
    wish = {"RoleArn": "acs:ram::1000000000000001:role/duty", "RoleSessionName": "sess"}
    other = {**wish, "RoleArn": "acs:ram::1000000000000002:role/duty"}
    assert owner("CreateUser", UserName="ann")["Failure"] == "OK" and owner("AttachPolicyToUser", **GIFT, UserName="ann")["Failure"] == "OK"
    request_id = str(uuid.uuid4()).upper()
    made = house.ask("CreateAccessKey", {"UserName": "ann"}, sign_v1("LTAItest", "secret-of-the-owner", "CreateAccessKey", UserName="ann"), request_id=request_id)
    hers = (made["out"]["AccessKey"]["AccessKeyId"], house.box.open(request_id.encode(), made["out"]["AccessKey"]["AccessKeySecret"]).decode())
    for signed, wanted in ((other, "NO_PERMISSION"), (wish, "OK")):
        assert house.ask("AssumeRole", wish, sign_v1(*hers, "AssumeRole", **signed))["Failure"] == wanted


def test_which_of_a_secrets_values_is_signed(house, owner):
    for version, value in (("1", b"old"), ("2", b"new")):
        request_id = str(uuid.uuid4()).upper()
        operation = "CreateSecret" if version == "1" else "PutSecretValue"
        proof = sign_v1("LTAItest", "secret-of-the-owner", operation, SecretName="s", VersionId=version, SecretData=value.decode())
        sent = {"SecretName": "s", "VersionId": version, "SecretData": house.box.seal(request_id.encode(), value)}
        assert house.ask(operation, sent, proof, request_id=request_id)["Failure"] == "OK"
    assert changed(house, "GetSecretValue", {"SecretName": "s"}, {"SecretName": "s", "VersionStage": "ACSPrevious"}) == "NO_PERMISSION"
    assert changed(house, "GetSecretValue", {"SecretName": "s"}, {"SecretName": "s"}) == "OK"
