"""SAML assertions made from the standards alone (assertions.py), taken by a whole Keyhold: what is believed, what is not, and for how long."""
import json
import os
import signal
import time

import pytest
from assertions import ALIBABA, Idp, Pair, b64
from people import RAM, STS, done, post, refused

IMS = "2019-08-15"
INVALID, EXPIRED = "AuthenticationFail.SAMLAssertion.Invalid", "AuthenticationFail.SAMLAssertion.Expired"


class Place:
    """A server with a provider, and roles that trust it."""

    def __init__(self, server, idp):
        self.server, self.idp, self.account = server, idp, server.ready["accountId"]
        self.provider = f"acs:ram::{self.account}:saml-provider/corporate"
        done(server.ask("CreateSAMLProvider", IMS, SAMLProviderName="corporate", EncodedSAMLMetadataDocument=b64(idp.metadata())))
        self.role("deployer")

    def arn(self, name):
        return f"acs:ram::{self.account}:role/{name}"

    def pair_of(self, name):
        return f"{self.arn(name)},{self.provider}"

    def role(self, name, condition=None):
        statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Federated": [self.provider]}, **({"Condition": condition} if condition else {})}
        done(self.server.ask("CreateRole", RAM, RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "1", "Statement": [statement]})))

    def take(self, response, role="deployer", **more):
        return post(self.server, {"Action": "AssumeRoleWithSAML", "Version": STS, "SAMLProviderArn": self.provider, "RoleArn": self.arn(role),
                                  "SAMLAssertion": response, **more})

    def fresh(self, person="alice", role="deployer", said=None, **change):
        return self.idp.respond(person, [self.pair_of(role)], said, **change)


def test_taken_once_also_after_a_restart(keyhold, tmp_path):
    server = keyhold.on(tmp_path / "data")
    keys = (server.access_key_id, server.access_key_secret)
    place = Place(server, Idp())
    first, second = place.fresh(), place.fresh()
    done(place.take(first))
    refused(place.take(first), 400, INVALID)
    # a vault alone that is started anew has forgotten; core has not
    vault, = server.pids("vault")
    os.kill(vault, signal.SIGKILL)
    server.wait_for(lambda: server.pids("vault") not in ([], [vault]), what="another vault")
    server.wait_answering()
    server.wait_for(lambda: place.take(place.fresh())[0] == 200, within=30, what="an assertion that is taken")
    refused(place.take(first), 400, INVALID)
    done(place.take(second))
    assert server.stop() == 0
    again = keyhold("--data", str(tmp_path / "data"), "--http", "127.0.0.1:0", "--https", "127.0.0.1:0")
    again.use(*keys)
    place.server = again
    for former in (first, second):
        refused(place.take(former), 400, INVALID)
    done(place.take(place.fresh()))
