#!/usr/bin/env python3
"""A second reader of what Keyhold keeps, written from docs/formats alone: it shares no code with Keyhold.

usage: keyhold_reader.py verify TRAIL_FOLDER VKEY [--earlier CHECKPOINT]
       keyhold_reader.py decrypt BLOB_FILE --cmk-hex HEX --account ID --bucket NAME --key NAME [--out FILE]

verify recomputes an account's trail from its entries and compares tiles, root and signature. TRAIL_FOLDER is the account's
folder or a copy of it; VKEY is the log's or the account's verifier key, as text or in a file. decrypt reads an object's body
with the material of its customer master key.
Exit code 0: all is well; 7: verification failed; 2: used wrongly."""
import argparse
import base64
import hashlib
import hmac
import os
import struct
import sys
import uuid

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

CHUNK, TAG = 16384, 16
TILE = 256


class Wrong(Exception):
    """What was read does not verify; the text says what and where."""


# ---- XAES-256-GCM (c2sp.org/XAES-256-GCM)

def xaes_key(key, nonce):
    """The AES-256-GCM key and nonce that follow from key (32) and nonce (24)."""
    block = Cipher(algorithms.AES(key), modes.ECB()).encryptor().update  # nosec: single blocks of a KDF
    low = int.from_bytes(block(bytes(16)), "big")
    doubled = (low << 1) & ((1 << 128) - 1)
    if low >> 127:
        doubled ^= 0x87
    mask = doubled.to_bytes(16, "big")
    halves = [bytes([0, i, 0x58, 0]) + nonce[:12] for i in (1, 2)]
    return b"".join(block(bytes(a ^ b for a, b in zip(half, mask))) for half in halves), nonce[12:]


def xaes_open(key, aad, sealed):
    """sealed = nonce (24) || ciphertext || tag."""
    if len(key) != 32 or len(sealed) < 24 + TAG:
        raise Wrong("too short to be sealed")
    derived, nonce = xaes_key(key, sealed[:24])
    try:
        return AESGCM(derived).decrypt(nonce, sealed[24:], aad)
    except InvalidTag:
        raise Wrong("does not open under this key for this place") from None


def xaes_seal(key, aad, plaintext, nonce):
    derived, short = xaes_key(key, nonce)
    return nonce + AESGCM(derived).encrypt(short, plaintext, aad)


# ---- packed records and contexts (docs/formats/README.md, sealed.md)

def unpack(packed):
    """{field number: content}."""
    fields, at, last = {}, 0, 0
    while at < len(packed):
        if at + 5 > len(packed):
            raise Wrong("a packed record is cut off")
        number, length = struct.unpack_from(">BI", packed, at)
        if number <= last or at + 5 + length > len(packed):
            raise Wrong("a packed record is damaged")
        fields[number] = packed[at + 5:at + 5 + length]
        at, last = at + 5 + length, number
    return fields


def pack(fields):
    return b"".join(struct.pack(">BI", number, len(content)) + content for number, content in sorted(fields.items()))


def canonical_context(pairs):
    """Pairs sorted by the bytes of their keys, each text with its u16 length."""
    texts = sorted((k.encode(), v.encode()) for k, v in pairs.items())
    return b"".join(struct.pack(">H", len(text)) + text for pair in texts for text in pair)


# ---- objects (object.md)

def body_keys(data_key, salt, context):
    """(chunk key, base nonce, commitment)."""
    info = b"c2sp.org/chunked-encryption@v1+" + b"AEAD_AES_256_GCM" + b"\0" + salt + context
    made = HKDFExpand(hashes.SHA512(), 32 + 12 + 32, info).derive(data_key)
    return made[:32], made[32:44], made[44:]


def chunk_nonce(base, number):
    return (int.from_bytes(base, "big") ^ number).to_bytes(12, "big")


def body_open(data_key, context, sealed):
    """Yields the plaintext of each chunk; the end is only good if no Wrong came."""
    if len(sealed) < 56 + TAG:
        raise Wrong("the body is too short")
    key, base, commitment = body_keys(data_key, sealed[:24], context)
    if not hmac.compare_digest(commitment, sealed[24:56]):
        raise Wrong("the body was not sealed under this data key for this place")
    cipher, number, at = AESGCM(key), 0, 56
    while True:
        chunk = sealed[at:at + CHUNK + TAG]
        if len(chunk) < TAG:
            raise Wrong("the body is cut off")
        try:
            yield cipher.decrypt(chunk_nonce(base, number), bytes(chunk), None)
        except InvalidTag:
            raise Wrong(f"chunk {number} of the body was changed") from None
        if len(chunk) < CHUNK + TAG:
            return
        number, at = number + 1, at + CHUNK + TAG


def body_seal(data_key, context, plaintext, salt):
    key, base, commitment = body_keys(data_key, salt, context)
    cipher, out = AESGCM(key), [salt, commitment]
    for number in range(len(plaintext) // CHUNK + 1):
        out.append(cipher.encrypt(chunk_nonce(base, number), plaintext[number * CHUNK:(number + 1) * CHUNK], None))
    return b"".join(out)


def blob_parse(blob):
    """(blob id, wrapped data key, sealed body)."""
    if blob[:8] != b"KHBLOB1\n" or len(blob) < 12:
        raise Wrong("this is not a blob")
    length, = struct.unpack_from(">I", blob, 8)
    if 12 + length > len(blob):
        raise Wrong("the blob's head is cut off")
    fields = unpack(bytes(blob[12:12 + length]))
    if len(fields.get(1, b"")) != 16 or 2 not in fields:
        raise Wrong("the blob's head is damaged")
    return fields[1], fields[2], blob[12 + length:]


def object_context(account, bucket, key, blob_id):
    return canonical_context({"account": account, "blob": str(uuid.UUID(bytes=blob_id)), "bucket": bucket, "key": key})


def data_key_open(cmk, wrapped, context):
    if wrapped[:4] != b"KH\x01C" or len(wrapped) != 36 + 24 + 32 + TAG:
        raise Wrong("the wrapped data key is damaged")
    return xaes_open(cmk, wrapped[:36] + context, wrapped[36:])


def decrypt(blob, cmk, account, bucket, key):
    """Yields the object's plaintext in pieces."""
    blob_id, wrapped, body = blob_parse(blob)
    context = object_context(account, bucket, key, blob_id)
    yield from body_open(data_key_open(cmk, wrapped, context), context, body)


# ---- notes and checkpoints (trail.md; c2sp.org/signed-note, c2sp.org/tlog-checkpoint)

def vkey_parse(text):
    """(name, id, public key)."""
    try:
        name, key_id, encoded = text.strip().split("+", 2)
        key = base64.b64decode(encoded, validate=True)
        key_id = bytes.fromhex(key_id)
    except ValueError:
        raise Wrong("this is not a verifier key") from None
    if not name or len(key) != 33 or key[0] != 1 or key_id != note_key_id(name, key[1:]):
        raise Wrong("the verifier key contradicts itself")
    return name, key_id, key[1:]


def note_key_id(name, public):
    return hashlib.sha256(name.encode() + b"\n\x01" + public).digest()[:4]


def note_open(note, name, public):
    """The signed text of a note, with its last line feed."""
    text, found, signatures = note.rpartition(b"\n\n")
    if not found:
        raise Wrong("the checkpoint has no signature")
    text += b"\n"
    start = f"— {name} ".encode()
    for line in signatures.split(b"\n"):
        if not line.startswith(start):
            continue
        try:
            signature = base64.b64decode(line[len(start):], validate=True)
        except ValueError:
            raise Wrong("a signature of the checkpoint is damaged") from None
        if signature[:4] != note_key_id(name, public):
            continue
        try:
            Ed25519PublicKey.from_public_bytes(public).verify(signature[4:], text)
        except (InvalidSignature, ValueError):
            raise Wrong("the checkpoint's signature is wrong") from None
        return text
    raise Wrong(f"the checkpoint is not signed by {name}")


def checkpoint_open(note, vkey):
    """(origin, size, root hash). The account's key is the log's key under the log's name, a slash and the account."""
    name, _, public = vkey_parse(vkey)
    origin = note.split(b"\n", 1)[0].decode("utf-8", "replace")
    if origin != name and not origin.startswith(name + "/"):
        raise Wrong(f"the checkpoint is of {origin}, not of {name}")
    lines = note_open(note, origin, public).decode().split("\n")
    if len(lines) < 4 or not lines[1].isdecimal() or (lines[1] != "0" and lines[1][0] == "0"):
        raise Wrong("the checkpoint is damaged")
    return origin, int(lines[1]), base64.b64decode(lines[2], validate=True)


# ---- trees (RFC 6962 §2.1; c2sp.org/tlog-tiles)

def leaf_hash(entry):
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def root_of(hashes_):
    """The root over a list of hashes of whole subtrees of equal size, the last of which may be incomplete."""
    if not hashes_:
        return hashlib.sha256().digest()
    while len(hashes_) > 1:
        pairs = [node_hash(hashes_[i], hashes_[i + 1]) for i in range(0, len(hashes_) - 1, 2)]
        hashes_ = pairs + hashes_[len(pairs) * 2:]
    return hashes_[0]


def tile_path(level, number, width):
    digits = [f"{number % 1000:03d}"]
    while number >= 1000:
        number //= 1000
        digits.insert(0, f"x{number % 1000:03d}")
    return f"tile/{level}/{'/'.join(digits)}" + (f".p/{width}" if width < TILE else "")


def tiles_of(level, count):
    """(path, first index, width) of all tiles of a level that has so many hashes or entries."""
    for number in range((count + TILE - 1) // TILE):
        width = min(TILE, count - number * TILE)
        yield tile_path(level, number, width), number * TILE, width


def read_file(folder, path):
    try:
        with open(os.path.join(folder, path), "rb") as f:
            return f.read()
    except OSError as why:
        raise Wrong(f"{path}: {why.strerror}") from None


def entries_of(folder, size):
    for path, first, width in tiles_of("entries", size):
        bundle, at = read_file(folder, path), 0
        for index in range(first, first + width):
            if at + 2 > len(bundle):
                raise Wrong(f"{path}: ends before entry {index}")
            length, = struct.unpack_from(">H", bundle, at)
            if at + 2 + length > len(bundle):
                raise Wrong(f"{path}: entry {index} is cut off")
            yield bundle[at + 2:at + 2 + length]
            at += 2 + length
        if at != len(bundle):
            raise Wrong(f"{path}: holds more than its entries")


def check_level(folder, level, hashes_):
    for path, first, width in tiles_of(level, len(hashes_)):
        if read_file(folder, path) != b"".join(hashes_[first:first + width]):
            raise Wrong(f"{path}: differs from what follows from the entries")


def verify(folder, vkey, earlier=None):
    """(origin, size) of a trail that is what its checkpoint says; entries and tiles all read."""
    origin, size, root = checkpoint_open(read_file(folder, "checkpoint"), vkey)
    leaves = [leaf_hash(entry) for entry in entries_of(folder, size)]
    if not hmac.compare_digest(root_of(leaves), root):
        raise Wrong("the entries do not lead to the signed root")
    level, hashes_ = 0, leaves
    while hashes_:
        check_level(folder, level, hashes_)
        hashes_ = [root_of(hashes_[i:i + TILE]) for i in range(0, len(hashes_) - TILE + 1, TILE)]
        level += 1
    if earlier is not None:
        before, old_size, old_root = checkpoint_open(earlier, vkey)
        if before != origin or old_size > size or root_of(leaves[:old_size]) != old_root:
            raise Wrong("the earlier checkpoint is not a beginning of this trail")
    return origin, size


# ---- command line

def text_or_file(value):
    if not os.path.exists(value):
        return value
    with open(value, encoding="utf-8") as f:
        return f.read()


def run_verify(arguments):
    earlier = None
    if arguments.earlier:
        with open(arguments.earlier, "rb") as f:
            earlier = f.read()
    origin, size = verify(arguments.folder, text_or_file(arguments.vkey), earlier)
    print(f"{origin}: {size} entries, signature and tree are right")


def run_decrypt(arguments):
    with open(arguments.blob, "rb") as f:
        blob = f.read()
    pieces = decrypt(memoryview(blob), bytes.fromhex(arguments.cmk_hex), arguments.account, arguments.bucket, arguments.key)
    plaintext = b"".join(pieces)  # nothing is written unless all of it is good
    if arguments.out:
        with open(arguments.out, "wb") as f:
            f.write(plaintext)
    else:
        sys.stdout.buffer.write(plaintext)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    c = commands.add_parser("verify")
    c.add_argument("folder")
    c.add_argument("vkey")
    c.add_argument("--earlier", metavar="CHECKPOINT")
    c.set_defaults(run=run_verify)
    c = commands.add_parser("decrypt")
    c.add_argument("blob")
    for name in ("--cmk-hex", "--account", "--bucket", "--key"):
        c.add_argument(name, required=True)
    c.add_argument("--out")
    c.set_defaults(run=run_decrypt)
    arguments = parser.parse_args()
    try:
        arguments.run(arguments)
    except Wrong as why:
        print(f"keyhold_reader: {why}", file=sys.stderr)
        return 7
    except (OSError, ValueError) as why:
        print(f"keyhold_reader: {why}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
