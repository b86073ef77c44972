"""Requests as clients send them, made from the public descriptions of the wires alone: RPC with V1 and V3 signatures and OSS
with V1, over connections that stay open. An answer that does not come, or comes from a server that is on its way out, is
Lost: whether the request was carried out is then not known."""
import base64
import hashlib
import hmac
import http.client
import json
import time
import urllib.parse
import uuid

KMS, RAM, STS, TRAIL = "2016-01-20", "2015-05-01", "2015-04-01", "2020-07-06"


class Lost(Exception):
    """No answer, or one that says that a part of the server is not there just now."""


class Refused(Exception):
    def __init__(self, status, code, message):
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code = status, code


def quoted(text):
    return urllib.parse.quote(str(text), safe="-_.~")


def pairs(parameters):
    return "&".join(f"{quoted(name)}={quoted(parameters[name])}" for name in sorted(parameters))


def sign_v1(access_key, version, action, parameters):
    """The query of a POST."""
    everything = {"Action": action, "Version": version, "Format": "JSON", "AccessKeyId": access_key[0],
                  "SignatureMethod": "HMAC-SHA1", "SignatureVersion": "1.0", "SignatureNonce": uuid.uuid4().hex,
                  "Timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), **parameters}
    text = "POST&%2F&" + quoted(pairs(everything))
    mac = hmac.new((access_key[1] + "&").encode(), text.encode(), hashlib.sha1).digest()
    return pairs({**everything, "Signature": base64.b64encode(mac).decode()})


def sign_v3(access_key, host, version, action, query):
    """The headers of a POST without a body."""
    headers = {"host": host, "x-acs-action": action, "x-acs-version": version, "x-acs-signature-nonce": uuid.uuid4().hex,
               "x-acs-date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
               "x-acs-content-sha256": hashlib.sha256(b"").hexdigest()}
    names = ";".join(sorted(headers))
    canonical = "\n".join(["POST", "/", query, *(f"{n}:{headers[n]}" for n in sorted(headers)), "", names,
                           headers["x-acs-content-sha256"]])
    text = "ACS3-HMAC-SHA256\n" + hashlib.sha256(canonical.encode()).hexdigest()
    mac = hmac.new(access_key[1].encode(), text.encode(), hashlib.sha256).hexdigest()
    return {**headers, "authorization": f"ACS3-HMAC-SHA256 Credential={access_key[0]},SignedHeaders={names},Signature={mac}"}


def sign_oss(access_key, method, resource, headers):
    """The headers of a storage request. resource: /bucket/key, decoded."""
    date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())
    everything = {**headers, "x-oss-date": date}
    lines = "".join(f"{n}:{everything[n]}\n" for n in sorted(everything) if n.startswith("x-oss-"))
    text = "\n".join([method, everything.get("content-md5", ""), everything.get("content-type", ""), date, lines]) + resource
    mac = hmac.new(access_key[1].encode(), text.encode(), hashlib.sha1).digest()
    return {**everything, "authorization": f"OSS {access_key[0]}:{base64.b64encode(mac).decode()}"}


class Client:
    """One connection, made anew when it is lost. For one thread."""

    def __init__(self, address, access_key, timeout=30):
        self.address, self.access_key, self.timeout = address, access_key, timeout
        self.connection = None

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def send(self, method, target, headers, body=None):
        """(status, headers, body), whatever the status."""
        try:
            if self.connection is None:
                host, port = self.address.rsplit(":", 1)
                self.connection = http.client.HTTPConnection(host, int(port), timeout=self.timeout)
            self.connection.request(method, target, body, headers)
            answer = self.connection.getresponse()
            content = answer.read()
            if answer.will_close:
                self.close()
            return answer.status, answer.headers, content
        except (OSError, http.client.HTTPException) as why:
            self.close()
            raise Lost(repr(why)) from None

    def rpc(self, action, version=KMS, signature=1, **parameters):
        """The answer as JSON, with RequestId."""
        if signature == 1:
            status, _, body = self.send("POST", "/?" + sign_v1(self.access_key, version, action, parameters),
                                        {"Content-Length": "0"})
        else:
            query = pairs(parameters)
            headers = sign_v3(self.access_key, self.address, version, action, query)
            status, _, body = self.send("POST", "/?" + query, {**headers, "accept": "application/json", "Content-Length": "0"})
        answer = json.loads(body)
        if status == 503:
            raise Lost(f"{answer['Code']}: {answer['Message']}")
        if status != 200:
            raise Refused(status, answer["Code"], answer["Message"])
        return answer

    def oss(self, method, bucket, key="", body=None, headers=None, query=""):
        """(headers, body) of a storage request; query: one sub-resource."""
        resource = f"/{bucket}/{key}" + (f"?{query}" if query else "")
        sent = sign_oss(self.access_key, method, resource, dict(headers or {}, host=self.address))
        target = f"/{bucket}/" + urllib.parse.quote(key) + (f"?{query}" if query else "")
        status, got, content = self.send(method, target, sent, body)
        if status == 503:
            raise Lost(content[:500].decode(errors="replace"))
        if status >= 300:
            text = content.decode(errors="replace")
            code = text.split("<Code>")[1].split("<")[0] if "<Code>" in text else text[:80]
            raise Refused(status, code, text)
        return got, content
