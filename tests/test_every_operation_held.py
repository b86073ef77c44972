"""Every operation of the contract on every wire that has it, in an account whose rule holds all that can be held: what changes or uses
something waits for approvals, whoever asks; what only looks does not. An operation added to the contract is swept without being named
here."""
import pytest
from conftest import ANY_PORTS, Server
from people import code_at, step_now
from test_every_operation import ASK, KEYHOLD, RAM, SWEPT, House, allow, named, words_of

PENDING = ("Forbidden.ApprovalRequired", "AccessDenied", "AccessDeniedException")
SENTENCE = "takes the approval of others first"
# How people come by a session, and the way of approvals itself.
OPEN = ("AssumeRole", "GetSessionToken", "RequestApproval", "ApproveRequest", "WithdrawApproval")


@pytest.fixture(scope="module")
def house():
    server = Server("--in-memory", *ANY_PORTS)
    made = House(server)
    must = made.root.must
    made.root.user(name="keeper")
    device = must("CreateVirtualMFADevice", RAM, VirtualMFADeviceName="keeper")["VirtualMFADevice"]
    seed, now = device["Base32StringSeed"], step_now()
    must("BindMFADevice", RAM, UserName="keeper", SerialNumber=device["SerialNumber"], AuthenticationCode1=code_at(seed, now - 2), AuthenticationCode2=code_at(seed, now - 1))
    made.let(allow("*"))
    must("SetApprovalRule", KEYHOLD, Count=1, **{"Actions.1": "*:*", "Approvers.1": f"acs:ram::{made.account}:user/keeper"})
    yield made
    server.stop()


def only_looks(op):
    return op["level"] in ("read", "list") and not op["options"].get("acts")


@pytest.mark.parametrize(**named(SWEPT))
def test_held_or_only_looking(house, op, wire):
    code, said = ASK[wire](house, op)
    is_held = SENTENCE in said
    assert not is_held or code in PENDING, (code, said)
    assert is_held == (not only_looks(op) and op["name"] not in OPEN), (code, said)


@pytest.fixture
def bare():
    """A server without a rule, and its root as an approver who has no second factor: a rule that is good otherwise is refused for that."""
    server = Server("--in-memory", *ANY_PORTS)

    def set_rule(words):
        more = {f"Actions.{i}": word for i, word in enumerate(words, 1)}
        status, answer = server.ask("SetApprovalRule", KEYHOLD, Count=1, **more, **{"Approvers.1": f"acs:ram::{server.ready['accountId']}:root"})
        assert (status, answer["Code"]) == (400, "InvalidParameter"), answer
        return answer["Message"]
    yield set_rule
    server.stop()


def test_either_cloud_s_word_for_it_can_be_set(bare):
    words = sorted({word for op, _ in SWEPT if not only_looks(op) and op["name"] not in OPEN for word in words_of(op)})
    assert len(words) > 200
    for at in range(0, len(words), 64):
        assert "Count: only 0" in bare(words[at:at + 64])


def test_words_that_hold_nothing_cannot(bare):
    for word in ("kms:Describe*", "kms:NoSuch", "sts:*", "keyhold:ObjectToApprovalRecovery", "oss:ListObjects"):
        assert "nothing is held by " + word in bare([word])
