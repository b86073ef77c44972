"""AWS's query wire by hand: forms that the SDKs would not send, signed with botocore's signer; and one-time codes (RFC 6238)."""
import base64
import hashlib
import hmac
import struct
import urllib.error
import urllib.parse
import urllib.request

VERSIONS = {"iam": "2010-05-08", "sts": "2011-06-15"}


def ask_form(server, service, action, parameters=None, who=None, token=None):
    """POST with these parameters: (HTTP status, text of the answer). who: (access key id, secret), else the root."""
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials
    key_id, secret = who or (server.access_key_id, server.access_key_secret)
    body = urllib.parse.urlencode({"Action": action, "Version": VERSIONS[service], **(parameters or {})})
    request = AWSRequest("POST", f"http://{server.http}/", data=body, headers={"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"})
    SigV4Auth(Credentials(key_id, secret, token), service, "us-east-1").add_auth(request)
    made = urllib.request.Request(request.url, data=body.encode(), headers=dict(request.headers), method="POST")
    try:
        with urllib.request.urlopen(made, timeout=35) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


def totp(seed, at):
    """The code of a base32 seed at a time: SHA-1, 30 s, six digits."""
    digest = hmac.new(base64.b32decode(seed), struct.pack(">Q", int(at) // 30), hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start:start + 4])[0] & 0x7fffffff) % 1000000:06d}"
