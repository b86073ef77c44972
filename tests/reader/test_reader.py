"""The second reader against public vectors and the examples in docs/formats: neither may drift from the other."""
import hashlib
import os
import re
import struct

import keyhold_reader as reader
import pytest

DOCS = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "docs", "formats")


def example(page, after):
    """The code block that follows these words."""
    with open(os.path.join(DOCS, page), encoding="utf-8") as f:
        text = f.read()
    at = text.index(after)
    return re.search(r"```\n(.*?)\n```", text[at:], flags=re.S)[1]


def example_bytes(page, after):
    return bytes.fromhex(example(page, after).replace("\n", ""))


# ---- XAES-256-GCM: the vectors of its specification

@pytest.mark.parametrize("key, aad, sealed", [
    (b"\1" * 32, b"", "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271"),
    (b"\3" * 32, b"c2sp.org/XAES-256-GCM", "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d"),
])
def test_xaes_vectors(key, aad, sealed):
    nonce = b"ABCDEFGHIJKLMNOPQRSTUVWX"
    assert reader.xaes_seal(key, aad, b"XAES-256-GCM", nonce)[24:].hex() == sealed
    assert reader.xaes_open(key, aad, nonce + bytes.fromhex(sealed)) == b"XAES-256-GCM"
    with pytest.raises(reader.Wrong):
        reader.xaes_open(key, aad + b"x", nonce + bytes.fromhex(sealed))


def test_xaes_accumulated():
    rounds = 10000
    stream, at = hashlib.shake_128(b"").digest(rounds * (32 + 24 + 2 + 2 * 255)), 0

    def take(n):
        nonlocal at
        at += n
        return stream[at - n:at]
    outputs = []
    for _ in range(rounds):
        key, nonce = take(32), take(24)
        plaintext = take(take(1)[0])
        aad = take(take(1)[0])
        outputs.append(reader.xaes_seal(key, aad, plaintext, nonce)[24:])
    assert hashlib.shake_128(b"".join(outputs)).hexdigest(32) == "e6b9edf2df6cec60c8cbd864e2211b597fb69a529160cd040d56c0c210081939"


# ---- sealed.md

def test_sealed_example():
    account_key = reader.xaes_open(bytes.fromhex("e940defea2b023a87ba1b72fa967c0548041fa71342c7f6c4470954e048ba9d4"),
                                   *split_sealed(example_bytes("sealed.md", "`A`, account")))
    assert account_key == bytes(range(0x20, 0x40))
    wrapping = bytes.fromhex("4b973c74f387137d639a784885f676978f76192852e8c731d4a9950948fe67c4")
    assert reader.xaes_open(wrapping, *split_sealed(example_bytes("sealed.md", "`S`, access key"))) == b"TestVectorSecret0123456789abcdef"
    blob = example_bytes("sealed.md", "`M`, key a0a1")
    header = reader.unpack(blob[6:6 + struct.unpack_from(">H", blob, 4)[0]])
    assert header[1] == b"1000000000000001" and header[6] == bytes(range(0xa0, 0xb0)) and header[11] == b"\0\2"
    assert reader.xaes_open(wrapping, *split_sealed(blob)) == bytes(range(0x40, 0x60))
    ciphertext = example_bytes("sealed.md", "`C`, `hello`")
    context = reader.canonical_context({"k.2": "", "Dept": "finance"})
    assert reader.xaes_open(bytes(range(0x40, 0x60)), ciphertext[:36] + context, ciphertext[36:]) == b"hello"


def split_sealed(blob):
    assert blob[:3] == b"KH\1"
    clear = 6 + struct.unpack_from(">H", blob, 4)[0]
    return blob[:clear], blob[clear:]


# ---- object.md

CMK, DATA_KEY, BLOB_ID = bytes(range(0x40, 0x60)), bytes(range(32)), bytes(range(0xc0, 0xd0))
PLACE = ("1000000000000001", "photos", "a/b.txt")


def make_blob(body):
    context = reader.object_context(*PLACE, BLOB_ID)
    outside = b"KH\x01C" + bytes(range(0xa0, 0xb0)) + bytes(range(0xb0, 0xc0))
    wrapped = outside + reader.xaes_seal(CMK, outside + context, DATA_KEY, b"\5" * 24)
    head = reader.pack({1: BLOB_ID, 2: wrapped})
    return b"KHBLOB1\n" + struct.pack(">I", len(head)) + head + reader.body_seal(DATA_KEY, context, body, b"\6" * 24)


def opened(blob, cmk=CMK, place=PLACE):
    return b"".join(reader.decrypt(blob, cmk, *place))


def test_object_example():
    assert example_bytes("object.md", "Context:") == reader.object_context(*PLACE, BLOB_ID)
    assert example_bytes("object.md", "Blob:") == make_blob(b"hello, object")
    assert opened(example_bytes("object.md", "Blob:")) == b"hello, object"


@pytest.mark.parametrize("size, digest", [
    (0, "e4eb64214810932c9b779b217457d916ab74e69c39c6de35212df04f07640e51"),
    (11, "cf88ac61449150ddb8f5581efde682017bda0535bb680ef8e30ebcf999484409"),
    (16384, "a42ef40c0d9ef429a3525cd2a9f9e7bfece3c3f1e8c5e6ab4bf3c8ded2458711"),
    (16384 * 5 + 77, "deb140723b002576f0261a5c2048a07594f75b2abc2fc075002721cb5f9628f2"),
])
def test_bodies_as_in_the_unit_tests(size, digest):
    """The same answers as src/crypto/chunked_test.c expects of the C code."""
    plaintext = bytes((i * 7 + i // 256) & 255 for i in range(size))
    sealed = reader.body_seal(DATA_KEY, b"account/bucket/object", plaintext, bytes(range(0x64, 0x7c)))
    assert hashlib.sha256(sealed).hexdigest() == digest
    assert b"".join(reader.body_open(DATA_KEY, b"account/bucket/object", sealed)) == plaintext


@pytest.mark.parametrize("size", [0, 1, 16383, 16384, 16385, 40000])
def test_bodies_that_were_changed_are_refused(size):
    body = os.urandom(size)
    blob = make_blob(body)
    assert opened(blob) == body
    for at in {0, 8, 12, 40, 60, len(blob) - 1, len(blob) - 17, len(blob) - 16 - min(size, 100)}:
        changed = bytearray(blob)
        changed[at] ^= 1
        with pytest.raises(reader.Wrong):
            opened(bytes(changed))
    for cut in {1, 15, 16, 17, 16400, len(blob) - 20}:
        with pytest.raises(reader.Wrong):
            opened(blob[:max(0, len(blob) - cut)])
    for elsewhere in (("2" * 16, "photos", "a/b.txt"), (PLACE[0], "photo", "a/b.txt"), (PLACE[0], "photos", "a/b.tx")):
        with pytest.raises(reader.Wrong):
            opened(blob, place=elsewhere)
    with pytest.raises(reader.Wrong):
        opened(blob, cmk=bytes(32))


# ---- trail.md

LOG_VKEY, ACCOUNT_VKEY = example("trail.md", "`vkey` of the log").split("\n")


def write_example(folder):
    entries = example_bytes("trail.md", "`tile/entries/000.p/3`")
    bundle, hashes = entries[:27], entries[27:]
    for path, content in (("tile/entries/000.p/3", bundle), ("tile/0/000.p/3", hashes),
                          ("checkpoint", (example("trail.md", "`checkpoint`:") + "\n").encode())):
        target = os.path.join(folder, path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "wb") as f:
            f.write(content)


@pytest.mark.parametrize("vkey", [LOG_VKEY, ACCOUNT_VKEY])
def test_trail_example(tmp_path, vkey):
    write_example(tmp_path)
    assert reader.verify(tmp_path, vkey) == ("keyhold/test/123456789012", 3)
    same = (tmp_path / "checkpoint").read_bytes()
    assert reader.verify(tmp_path, vkey, same)[1] == 3


@pytest.mark.parametrize("path, at", [("tile/entries/000.p/3", 3), ("tile/0/000.p/3", 40), ("checkpoint", 27), ("checkpoint", 40),
                                      ("checkpoint", 130)])
def test_trails_that_were_changed_are_refused(tmp_path, path, at):
    write_example(tmp_path)
    content = bytearray((tmp_path / path).read_bytes())
    content[at] ^= 1
    (tmp_path / path).write_bytes(content)
    with pytest.raises(reader.Wrong):
        reader.verify(tmp_path, LOG_VKEY)


def test_a_trail_with_a_missing_tile_is_refused(tmp_path):
    write_example(tmp_path)
    os.unlink(tmp_path / "tile/0/000.p/3")
    with pytest.raises(reader.Wrong, match="tile/0/000.p/3"):
        reader.verify(tmp_path, LOG_VKEY)


def test_somebody_elses_key_is_refused(tmp_path):
    write_example(tmp_path)
    other = bytes(range(32))
    name = "keyhold/test"
    vkey = f"{name}+{reader.note_key_id(name, other).hex()}+{reader.base64.b64encode(bytes([1]) + other).decode()}"
    with pytest.raises(reader.Wrong):
        reader.verify(tmp_path, vkey)
    with pytest.raises(reader.Wrong):
        reader.verify(tmp_path, LOG_VKEY.replace("+9b5a1bae+", "+9b5a1baf+"))


def test_roots_of_rfc_6962_shape():
    leaves = [reader.leaf_hash(bytes([i])) for i in range(7)]
    n = reader.node_hash
    expected = n(n(n(leaves[0], leaves[1]), n(leaves[2], leaves[3])), n(n(leaves[4], leaves[5]), leaves[6]))
    assert reader.root_of(leaves) == expected
    assert reader.root_of([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_tile_names():
    assert reader.tile_path(0, 1234067, 256) == "tile/0/x001/x234/067"
    assert reader.tile_path(3, 0, 5) == "tile/3/000.p/5"
