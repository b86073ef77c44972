"""People for whole-system tests: users with passwords and devices for one-time codes, and their sessions."""
import base64
import hashlib
import hmac
import http.client
import json
import struct
import time
import urllib.parse

from conftest import rpc

KEYHOLD, KMS, RAM, STS = "2026-01-01", "2016-01-20", "2015-05-01", "2015-04-01"


def code_at(seed, step):
    """RFC 6238."""
    mac = hmac.new(base64.b32decode(seed), struct.pack(">Q", step), hashlib.sha1).digest()
    at = mac[19] & 15
    return f"{(struct.unpack('>I', mac[at:at + 4])[0] & 0x7fffffff) % 1000000:06d}"


def step_now():
    """A step that is young enough for what follows to happen within it."""
    while time.time() % 30 > 27:
        time.sleep(0.05)
    return int(time.time() // 30)


def post(server, fields, address="127.0.0.1"):
    """An unsigned RPC request, from an address of this machine."""
    body = urllib.parse.urlencode({"Version": KEYHOLD, "Format": "JSON", **fields})
    host, port = server.http.rsplit(":", 1)
    connection = http.client.HTTPConnection(host, int(port), timeout=30, source_address=(address, 0))
    try:
        connection.request("POST", "/", body, {"Content-Type": "application/x-www-form-urlencoded"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def refused(answer, status, code):
    assert (answer[0], answer[1].get("Code")) == (status, code), answer
    return answer[1]["Message"]


def done(answer):
    assert answer[0] == 200, answer
    return answer[1]


class Caller:
    """Somebody who signs: ask(action, version, parameters)."""

    def __init__(self, server, access_key_id, secret, token=None):
        self.server, self.id, self.secret, self.token = server, access_key_id, secret, token

    def __call__(self, action, version=KMS, **parameters):
        if self.token:
            parameters["SecurityToken"] = self.token
        return rpc(f"http://{self.server.http}", self.id, self.secret, action, version, parameters)

    @classmethod
    def of(cls, server, credentials):
        return cls(server, credentials["AccessKeyId"], credentials["AccessKeySecret"], credentials.get("SecurityToken"))


class Person:
    """A user of the server's account, with an access key, a device, and the policies named."""

    def __init__(self, server, name, *policies):
        self.server, self.name, self.seed = server, name, None
        self.id = done(server.ask("CreateUser", RAM, UserName=name))["User"]["UserId"]
        for policy in policies:
            done(server.ask("AttachPolicyToUser", RAM, PolicyName=policy, PolicyType="System", UserName=name))
        self.key = self.new_key()
        self.arn = f"acs:ram::{server.ready['accountId']}:user/{name}"

    def new_key(self):
        return Caller.of(self.server, done(self.server.ask("CreateAccessKey", RAM, UserName=self.name))["AccessKey"])

    def bind_device(self):
        made = done(self.server.ask("CreateVirtualMFADevice", RAM, VirtualMFADeviceName=self.name))["VirtualMFADevice"]
        self.seed, self.serial = made["Base32StringSeed"], made["SerialNumber"]
        now = step_now()
        done(self.server.ask("BindMFADevice", RAM, UserName=self.name, SerialNumber=self.serial,
                             AuthenticationCode1=code_at(self.seed, now - 2), AuthenticationCode2=code_at(self.seed, now - 1)))
        return self

    def session(self):
        """One that began with a one-time code; one in thirty seconds."""
        answer = self.key("GetSessionToken", STS, SerialNumber=self.serial, TokenCode=code_at(self.seed, step_now()))
        return Caller.of(self.server, done(answer)["Credentials"])


def events(server, name, **more):
    """Events of an operation, newest first, once there are any."""
    found = []

    def look():
        query = {"MaxResults": "50", "LookupAttribute.1.Key": "EventName", "LookupAttribute.1.Value": name}
        found[:] = done(server.ask("LookupEvents", "2020-07-06", **query, **more))["Events"]
        return found
    server.wait_for(look, what=f"an event {name}")
    return found
