"""The account's root: logging in takes a device, and an account may ask it for a second factor in everything."""
import pytest

from people import KEYHOLD, RAM, STS, Caller, Person, code_at, done, post, refused, step_now


@pytest.fixture(scope="module")
def root(server):
    """The root with a password; its device's seed."""
    done(server.ask("CreateLoginProfile", RAM, Password="of the root itself"))

    class Root:
        seed = None

        def login(self, **more):
            return post(server, {"Action": "Login", "Account": server.ready["accountId"], "Password": "of the root itself", **more})

        def code(self):
            return code_at(self.seed, step_now())
    return Root()


def test_a_factor_cannot_be_asked_for_before_there_is_one(server, root):
    refused(server.ask("SetRootAccess", KEYHOLD, MFARequired="true"), 404, "EntityNotExist.User.MFADevice")
    admin = Person(server, "admin", "AdministratorAccess").bind_device()
    refused(admin.session()("SetRootAccess", KEYHOLD, MFARequired="true"), 403, "NoPermission")
    shown = done(server.ask("GetRootAccess", KEYHOLD))["RootAccess"]
    assert shown == {"MFARequired": False, "HasPassword": True, "HasDevice": False, "AccessKeys": shown["AccessKeys"], "RecoveryCodesLeft": 0}


def test_without_a_device_a_login_is_good_for_binding_one_alone(server, root):
    for _ in range(2):  # not only the second time
        only = done(root.login())
        assert only["MFABindRequired"] is True
        session = Caller.of(server, only["Credentials"])
        for action, version, parameters in (("ListKeys", "2016-01-20", {}), ("CreateAccessKey", RAM, {"UserName": "x"}), ("CreateUser", RAM, {"UserName": "x"}),
                                            ("SetRootAccess", KEYHOLD, {"MFARequired": "false"})):
            assert session(action, version, **parameters)[0] == 403, action
    made = done(session("CreateVirtualMFADevice", RAM, VirtualMFADeviceName="root"))["VirtualMFADevice"]
    root.seed, now = made["Base32StringSeed"], step_now()
    done(session("BindMFADevice", RAM, SerialNumber=made["SerialNumber"], AuthenticationCode1=code_at(root.seed, now - 2),
                 AuthenticationCode2=code_at(root.seed, now - 1)))
    refused(root.login(), 403, "LoginFailed")
    whole = done(root.login(Code=root.code()))
    assert whole["MFABindRequired"] is False
    root.session = Caller.of(server, whole["Credentials"])
    done(root.session("ListKeys"))


def test_asked_for_a_factor_the_root_s_access_keys_do_nothing_alone(server, root):
    done(server.ask("ListKeys"))
    done(server.ask("SetRootAccess", KEYHOLD, MFARequired="true"))
    for action, version, parameters in (("ListKeys", "2016-01-20", {}), ("CreateUser", RAM, {"UserName": "x"}), ("UnbindMFADevice", RAM, {"UserName": "x"}), ("DeleteGuardRail", KEYHOLD, {})):
        assert "second factor" in refused(server.ask(action, version, **parameters), 403, "Forbidden.NoPermission" if version == "2016-01-20" else "NoPermission")
    refused(server.ask("SetRootAccess", KEYHOLD, MFARequired="false"), 403, "NoPermission")
    bare = Caller.of(server, done(server.ask("GetSessionToken", STS))["Credentials"])  # no code came along
    refused(bare("ListKeys"), 403, "Forbidden.NoPermission")
    done(root.session("ListKeys"))
    refused(root.session("UnbindMFADevice", RAM), 409, "DeleteConflict.VirtualMFADevice.User")
    shown = done(root.session("GetRootAccess", KEYHOLD))["RootAccess"]
    assert shown["MFARequired"] and shown["HasDevice"] and shown["AccessKeys"] == 1
    key = done(root.session("CreateAccessKey", RAM, UserName="admin"))["AccessKey"]
    done(Caller.of(server, key)("ListKeys"))  # users are not concerned
    done(root.session("SetRootAccess", KEYHOLD, MFARequired="false"))
    done(server.ask("ListKeys"))
