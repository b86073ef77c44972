"""Every way in which a request can be signed, by hand: made from the public descriptions, so that each part can be wrong by itself.
A scheme is a function of (server address, Wish): (method, target, headers, body)."""
import base64
import datetime
import hashlib
import hmac
import json
import time
import urllib.parse
import uuid
from dataclasses import dataclass, field

from wire import pairs, quoted

REGION = "cn-hangzhou"


@dataclass
class Wish:
    """Who signs, and what is to be wrong."""
    key: tuple  # (access key id, secret)
    token: str | None = None
    off_s: int = 0  # of the clock
    nonce: str = field(default_factory=lambda: uuid.uuid4().hex)
    garbled: bool = False  # a signature that is none
    undated: bool = False
    expired: bool = False  # a signed URL whose time is over
    swapped: bool = False  # a body that is not the one signed for
    action: str | None = None  # another operation than the scheme's usual one
    parameters: dict = field(default_factory=dict)


def now(wish):
    return time.gmtime(time.time() + wish.off_s)


def iso(wish):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", now(wish))


def mac1(key, text):
    return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha1).digest()).decode()


def mac256(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


def scoped_key(prefix, secret, *scope):
    key = (prefix + secret).encode()
    for part in scope:
        key = mac256(key, part)
    return key


def rpc_v1(_, wish):
    said = {"Action": wish.action or "GetCallerIdentity", "Version": "2015-04-01", "Format": "JSON", "AccessKeyId": wish.key[0], "SignatureMethod": "HMAC-SHA1",
            "SignatureVersion": "1.0", "SignatureNonce": wish.nonce, "Timestamp": iso(wish), **wish.parameters}
    if wish.token:
        said["SecurityToken"] = wish.token
    if wish.undated:
        del said["Timestamp"]
    signature = mac1(wish.key[1] + "&", "POST&%2F&" + quoted(pairs(said)))
    return "POST", "/?" + pairs({**said, "Signature": "!" if wish.garbled else signature}), {"content-length": "0"}, None


def rpc_v3(address, wish):
    query, body = pairs(wish.parameters), ""
    headers = {"host": address, "x-acs-action": wish.action or "GetCallerIdentity", "x-acs-version": "2015-04-01", "x-acs-signature-nonce": wish.nonce, "x-acs-date": iso(wish),
               "x-acs-content-sha256": sha("another" if wish.swapped else body), "accept": "application/json"}
    if wish.token:
        headers["x-acs-security-token"] = wish.token
    if wish.undated:
        del headers["x-acs-date"]
    names = sorted(name for name in headers if name != "accept")
    text = "\n".join(["POST", "/", query, *(f"{n}:{headers[n]}" for n in names), "", ";".join(names), headers["x-acs-content-sha256"]])
    signature = mac256(wish.key[1].encode(), "ACS3-HMAC-SHA256\n" + sha(text)).hex()
    headers["authorization"] = f"ACS3-HMAC-SHA256 Credential={wish.key[0]},SignedHeaders={';'.join(names)},Signature={'!' if wish.garbled else signature}"
    return "POST", "/" + ("?" + query if query else ""), {**headers, "content-length": "0"}, None


def oss_v1(_, wish):
    date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", now(wish))
    headers = {} if wish.undated else {"x-oss-date": date}
    if wish.token:
        headers["x-oss-security-token"] = wish.token
    lines = "".join(f"{n}:{headers[n]}\n" for n in sorted(headers))
    signature = mac1(wish.key[1], f"GET\n\n\n{date}\n{lines}/")
    return "GET", "/", {**headers, "authorization": f"OSS {wish.key[0]}:{'!' if wish.garbled else signature}"}, None


def oss_v1_url(_, wish):
    expires = str(int(time.time()) + (-5 if wish.expired else 600))
    said = {"OSSAccessKeyId": wish.key[0], "Expires": expires}
    tail = ""
    if wish.token:
        said["security-token"] = wish.token
        tail = "?security-token=" + wish.token
    signature = mac1(wish.key[1], f"GET\n\n\n{expires}\n/some-bucket/key{tail}")
    if wish.undated:
        del said["Expires"]
    return "GET", "/some-bucket/key?" + pairs({**said, "Signature": "!" if wish.garbled else signature}), {}, None


def oss4_signature(wish, canonical, basic):
    scope = (basic[:8], REGION, "oss", "aliyun_v4_request")
    text = "\n".join(["OSS4-HMAC-SHA256", basic, "/".join(scope), sha(canonical)])
    return "!" if wish.garbled else mac256(scoped_key("aliyun_v4", wish.key[1], *scope), text).hex(), "/".join(scope)


def oss_v4(_, wish):
    basic = time.strftime("%Y%m%dT%H%M%SZ", now(wish))
    headers = {"x-oss-content-sha256": "UNSIGNED-PAYLOAD", "x-oss-date": basic}
    if wish.token:
        headers["x-oss-security-token"] = wish.token
    if wish.undated:
        del headers["x-oss-date"]
    canonical = "GET\n/\n\n" + "".join(f"{n}:{headers[n]}\n" for n in sorted(headers)) + "\n\nUNSIGNED-PAYLOAD"
    signature, scope = oss4_signature(wish, canonical, basic)
    return "GET", "/", {**headers, "authorization": f"OSS4-HMAC-SHA256 Credential={wish.key[0]}/{scope},Signature={signature}"}, None


def oss_v4_url(_, wish):
    basic = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(time.time() + wish.off_s - (60 if wish.expired else 0)))
    said = {"x-oss-signature-version": "OSS4-HMAC-SHA256", "x-oss-credential": f"{wish.key[0]}/{basic[:8]}/{REGION}/oss/aliyun_v4_request", "x-oss-date": basic,
            "x-oss-expires": "30" if wish.expired else "600"}
    if wish.token:
        said["x-oss-security-token"] = wish.token
    if wish.undated:
        del said["x-oss-date"]
    signature, _ = oss4_signature(wish, "GET\n/some-bucket/key\n" + pairs(said) + "\n\n\nUNSIGNED-PAYLOAD", basic)
    return "GET", "/some-bucket/key?" + pairs({**said, "x-oss-signature": signature}), {}, None


def aws_v4(address, wish, service, headers, body):
    basic = datetime.datetime.utcfromtimestamp(time.time() + wish.off_s).strftime("%Y%m%dT%H%M%SZ")
    headers = {**headers, "host": address, "x-amz-date": basic, "amz-sdk-invocation-id": wish.nonce, "amz-sdk-request": "attempt=1; max=3"}
    if wish.token:
        headers["x-amz-security-token"] = wish.token
    if wish.undated:
        del headers["x-amz-date"]
    names = sorted(headers)
    canonical = "\n".join(["POST", "/", "", *(f"{n}:{headers[n]}" for n in names), "", ";".join(names), sha("another" if wish.swapped else body)])
    scope = (basic[:8], REGION, service, "aws4_request")
    signature = mac256(scoped_key("AWS4", wish.key[1], *scope), "\n".join(["AWS4-HMAC-SHA256", basic, "/".join(scope), sha(canonical)])).hex()
    headers["authorization"] = (f"AWS4-HMAC-SHA256 Credential={wish.key[0]}/{'/'.join(scope)}, SignedHeaders={';'.join(names)}, "
                                f"Signature={'!' if wish.garbled else signature}")
    return "POST", "/", {**headers, "content-length": str(len(body))}, body


def aws_json(address, wish):
    return aws_v4(address, wish, "kms", {"content-type": "application/x-amz-json-1.1", "x-amz-target": "TrentService." + (wish.action or "ListKeys")},
                  json.dumps(wish.parameters))


def aws_query(address, wish):
    said = {"Action": wish.action or "GetCallerIdentity", "Version": "2011-06-15", **wish.parameters}
    return aws_v4(address, wish, "sts", {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}, urllib.parse.urlencode(said))


SCHEMES = {"rpc_v1": rpc_v1, "rpc_v3": rpc_v3, "oss_v1": oss_v1, "oss_v1_url": oss_v1_url, "oss_v4": oss_v4, "oss_v4_url": oss_v4_url, "aws_json": aws_json,
           "aws_query": aws_query}
