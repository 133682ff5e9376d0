#!/usr/bin/env python3
"""Somebody outside verifies the sporingslogg: Python's standard library only,
nothing of Sluse, written from the public formats (C2SP signed-note,
tlog-checkpoint, tlog-tiles, tlog-proof; RFC 6962, RFC 9162, RFC 8032).

    outsider.py export DIR VKEYS [OLD_CHECKPOINT]
    outsider.py proof FILE VKEYS
    outsider.py consistency FILE OLD_CHECKPOINT VKEYS

VKEYS is a file with the keys that are trusted, one a line; those that they
introduce in an export follow. Prints what is true and ends with 0, or says why
not and ends with 1.
"""
import base64
import hashlib
import json
import os
import struct
import sys

# -- Ed25519 (RFC 8032), slow and plain ----------------------------------------
P = 2 ** 255 - 19
L = 2 ** 252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


class Bad(Exception):
    pass


def recover_x(y, sign):
    if y >= P:
        raise Bad("no point")
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P or (x == 0 and sign):
        raise Bad("no point")
    return P - x if x & 1 != sign else x


def point(x, y):
    return (x, y, 1, x * y % P)


def add(p, q):
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def times(n, p):
    q = (0, 1, 1, 0)
    while n:
        if n & 1:
            q = add(q, p)
        p, n = add(p, p), n >> 1
    return q


def same(p, q):
    return ((p[0] * q[2] - q[0] * p[2]) % P == 0 and
            (p[1] * q[2] - q[1] * p[2]) % P == 0)


def encode(p):
    inverse = pow(p[2], P - 2, P)
    x, y = p[0] * inverse % P, p[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def decode(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    return point(recover_x(y, sign), y)


Y = 4 * pow(5, P - 2, P) % P
BASE = point(recover_x(Y, 0), Y)


def number(*parts):
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little")


def ed25519_verify(key, text, signature):
    if len(signature) != 64:
        return False
    try:
        a, r = decode(key), decode(signature[:32])
    except Bad:
        return False
    s = int.from_bytes(signature[32:], "little")
    return s < L and same(times(s, BASE), add(r, times(
        number(signature[:32], key, text) % L, a)))


def ed25519_sign(seed, text):
    """For those who forge."""
    h = hashlib.sha512(seed).digest()
    a = int.from_bytes(h[:32], "little") & (1 << 254) - 8 | 1 << 254
    key = encode(times(a, BASE))
    r = number(h[32:], text) % L
    first = encode(times(r, BASE))
    s = (r + number(first, key, text) * a) % L
    return first + s.to_bytes(32, "little")


def ed25519_public(seed):
    h = hashlib.sha512(seed).digest()
    a = int.from_bytes(h[:32], "little") & (1 << 254) - 8 | 1 << 254
    return encode(times(a, BASE))


# -- notes and checkpoints -----------------------------------------------------
def key_id(name, data):
    return hashlib.sha256(name.encode() + b"\n" + data).digest()[:4]


def make_vkey(name, public):
    data = b"\1" + public
    return "%s+%s+%s" % (name, key_id(name, data).hex(),
                         base64.b64encode(data).decode())


def read_vkey(vkey, kind=1):
    name, ident, data = vkey.strip().split("+", 2)
    data = base64.b64decode(data, validate=True)
    if key_id(name, data).hex() != ident or data[0] != kind or len(data) != 33:
        raise Bad("not a key")
    return name, bytes.fromhex(ident), data[1:]


def key_list(vkeys):
    """One vkey, lines of them, or a list."""
    return vkeys.split() if isinstance(vkeys, str) else list(vkeys)


def open_note(note, vkeys):
    """(text, the key that signed it): any of them will do."""
    text, _, lines = note.rpartition("\n\n")
    text += "\n"
    if not lines.endswith("\n"):
        raise Bad("not a note")
    found = []
    for line in lines[:-1].split("\n"):
        dash, who, signature = line.split(" ")
        data = base64.b64decode(signature, validate=True)
        if dash != "—" or len(data) < 5:
            raise Bad("not a note")
        found.append((who, data))
    for vkey in key_list(vkeys):
        name, ident, public = read_vkey(vkey)
        for who, data in found:
            if who == name and data[:4] == ident:
                if not ed25519_verify(public, text.encode(), data[4:]):
                    raise Bad("the signature is wrong")
                return text, vkey
    raise Bad("none of the keys has signed it, but %s+%s" % (
        found[0][0], found[0][1][:4].hex()))


def open_checkpoint(note, vkeys):
    """(origin, size, root)"""
    text, vkey = open_note(note, vkeys)
    lines = text.split("\n")
    root = base64.b64decode(lines[2], validate=True)
    if len(root) != 32 or str(int(lines[1])) != lines[1]:
        raise Bad("not a checkpoint")
    if lines[0] != read_vkey(vkey)[0]:
        raise Bad("the checkpoint of another log")
    return lines[0], int(lines[1]), root


def check_cosigned(note, vkey):
    """When the witness with that key has cosigned it (tlog-cosignature)."""
    name, ident, public = read_vkey(vkey, 4)
    text, _, lines = note.rpartition("\n\n")
    for line in lines[:-1].split("\n"):
        _, who, signature = line.split(" ")
        data = base64.b64decode(signature, validate=True)
        if who != name or data[:4] != ident:
            continue
        when = int.from_bytes(data[4:12], "big")
        signed = "cosignature/v1\ntime %d\n%s\n" % (when, text)
        if len(data) != 76 or not ed25519_verify(public, signed.encode(),
                                                 data[12:]):
            raise Bad("the cosignature is wrong")
        return when
    raise Bad("that witness has not cosigned it")


# -- trees ---------------------------------------------------------------------
def leaf_hash(data):
    return hashlib.sha256(b"\0" + data).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


class Tree:
    def __init__(self):
        self.size, self.stack = 0, []

    def append(self, digest):
        self.stack.append(digest)
        n, self.size = self.size, self.size + 1
        while n & 1:
            right = self.stack.pop()
            self.stack.append(node_hash(self.stack.pop(), right))
            n >>= 1

    def root(self):
        if not self.stack:
            return hashlib.sha256(b"").digest()
        digest = self.stack[-1]
        for left in reversed(self.stack[:-1]):
            digest = node_hash(left, digest)
        return digest


def check_inclusion(index, size, leaf, nodes, root):
    """RFC 9162, 2.1.3.2."""
    if index >= size:
        raise Bad("no such leaf")
    fn, sn, r = index, size - 1, leaf
    for p in nodes:
        if sn == 0:
            raise Bad("the proof is too long")
        if fn & 1 or fn == sn:
            r = node_hash(p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node_hash(r, p)
        fn, sn = fn >> 1, sn >> 1
    if sn or r != root:
        raise Bad("the leaf is not in the log")


def check_consistency(a, b, root_a, nodes, root_b):
    """RFC 9162, 2.1.4.2."""
    if a == b:
        if nodes or root_a != root_b:
            raise Bad("two heads of one size")
        return
    nodes = list(nodes)
    if not 0 < a < b or not nodes:
        raise Bad("nothing is proved")
    if a & (a - 1) == 0:
        nodes.insert(0, root_a)
    fn, sn = a - 1, b - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = nodes[0]
    for c in nodes[1:]:
        if sn == 0:
            raise Bad("the proof is too long")
        if fn & 1 or fn == sn:
            fr, sr = node_hash(c, fr), node_hash(c, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node_hash(sr, c)
        fn, sn = fn >> 1, sn >> 1
    if sn or fr != root_a or sr != root_b:
        raise Bad("the earlier log is not the beginning of this one")


# -- what Sluse writes ----------------------------------------------------------
def tile_path(level, n, width):
    groups = ["%03d" % (n % 1000)]
    while n >= 1000:
        n //= 1000
        groups.insert(0, "x%03d" % (n % 1000))
    return "tile/%s/%s%s" % (level, "/".join(groups),
                             "" if width == 256 else ".p/%d" % width)


def read(folder, name):
    with open(os.path.join(folder, name), "rb") as file:
        return file.read()


def entries(folder, size):
    for n in range((size + 255) // 256):
        width = min(256, size - 256 * n)
        data, at = read(folder, tile_path("entries", n, width)), 0
        for _ in range(width):
            length, = struct.unpack_from(">H", data, at)
            if at + 2 + length > len(data):
                raise Bad("a bundle is cut")
            yield data[at + 2:at + 2 + length]
            at += 2 + length
        if at != len(data):
            raise Bad("a bundle is too long")


def payloads(folder, size):
    """Lines of payload/ by number; {} where the export has none."""
    found = {}
    said = read(folder, "contents").decode()
    if said not in ("entries\n", "entries and payloads\n"):
        raise Bad("contents says something else")
    if size and os.path.exists(os.path.join(folder, "payload")) != (
            said == "entries and payloads\n"):
        raise Bad("payload/ is not what the export says it has")
    for n in range((size + 255) // 256):
        width = min(256, size - 256 * n)
        name = tile_path("entries", n, width).replace("tile", "payload", 1)
        path = os.path.join(folder, name + ".jsonl")
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                for line in file:
                    row = json.loads(line)
                    if row["seq"] in found:
                        raise Bad("the payload of entry %d is there twice" %
                                  row["seq"])
                    found[row["seq"]] = row
    check_lines(found, size if said == "entries and payloads\n" else 0)
    return found


def check_lines(found, size):
    """Each entry has its own, also where its payload was erased."""
    for number_ in range(size):
        if number_ not in found:
            raise Bad("the payload of entry %d is missing" % number_)
    for number_ in found:
        if not 0 <= number_ < size:
            raise Bad("the payload of entry %d is none" % number_)


def check_entry(number_, entry, payload):
    lines = entry.decode().split("\n")
    if (len(lines) != 10 or lines[0] != "sluse/leaf/v1" or lines[8:] != ["-", ""]
            or lines[2] != str(number_)):
        raise Bad("entry %d is none" % number_)
    if payload is not None and "salt" in payload:
        digest = hashlib.sha256(bytes.fromhex(payload["salt"]) +
                                payload["body"].encode()).hexdigest()
        if digest != lines[7]:
            raise Bad("the payload of entry %d was changed" % number_)


def check_erased(bodies, erasers):
    """A payload is gone because a later event, which erased it, says so."""
    for number_, row in bodies.items():
        if "salt" in row:
            continue
        body = bodies.get(row["erased"], {}).get("body", "{}")
        if (row["erased"] <= number_ or row["erased"] not in erasers or
                number_ not in json.loads(body).get("erased", [])):
            raise Bad("the payload of entry %d is missing" % number_)


def leads(old, vkey, note):
    """Does the key `old` introduce vkey, or is it the same under the name of a
    log that goes on?"""
    (was, _, public), (name, _, own) = read_vkey(old), read_vkey(vkey)
    if public == own and was.split("~")[0] == name.split("~")[0]:
        return True
    try:
        wanted = "sluse/key/v1\n%s\n%s\n" % (name, vkey)
        return all(open_note(note, [k])[0] == wanted for k in (old, vkey))
    except (Bad, ValueError):
        return False


def keys_of(folder, vkeys):
    """(those that count, all that lead back to the first or to one of them, who
    was introduced by nobody): the log's own list, key/."""
    counts, known, strangers = key_list(vkeys), key_list(vkeys), []
    n = 1
    while os.path.exists(os.path.join(folder, "key", "%d.vkey" % n)):
        vkey = read(folder, "key/%d.vkey" % n).decode().strip()
        path = os.path.join(folder, "key", "%d.note" % n)
        note = read(folder, "key/%d.note" % n).decode() if os.path.exists(
            path) else ""
        if vkey not in known and any(leads(k, vkey, note) for k in counts):
            counts.append(vkey)
        if n == 1 or vkey in counts or any(leads(k, vkey, note)
                                           for k in known):
            known.append(vkey)
        else:
            strangers.append(vkey)
        n += 1
    return counts, known, strangers


def marked(folder, vkeys):
    """Heads of the log that others have marked: {size: root}. Cosignatures are
    verified; the tokens are openssl's to verify."""
    found = {}
    for kind, end in (("cosigned", ""), ("timestamps", ".checkpoint")):
        number_ = 1
        while os.path.exists(os.path.join(folder, kind, "%d%s" % (number_, end))):
            name = "%s/%d" % (kind, number_)
            note = read(folder, name + end).decode()
            _, size, root = open_checkpoint(note, vkeys)
            if found.setdefault(size, root) != root:
                raise Bad("two heads of one size")
            if kind == "cosigned":
                check_cosigned(note, read(folder, name + ".vkey").decode())
            elif hashlib.sha256(note.encode()).digest() not in read(
                    folder, name + ".tsr"):
                raise Bad("a token of something else")
            number_ += 1
    return found


def renamed(number_, entry, name, given_up):
    """The log's name from this entry on. It changes where what was signed was
    given up, and nowhere else."""
    lines = entry.decode().split("\n")
    if lines[4] == "203":
        given_up.append((number_, lines[1]))
    if number_ and lines[1] != name and (
            lines[4] != "203" or
            lines[1].split("~")[0] != name.split("~")[0]):
        raise Bad("entry %d comes from another log" % number_)
    return lines[1]


def check_export(folder, vkeys, old=None):
    """The export, and that it begins with an earlier checkpoint. (name, size,
    [(entry by which what was signed was given up, the name since)])"""
    counts, known, strangers = keys_of(folder, vkeys)
    note = read(folder, "checkpoint").decode()
    before = open_checkpoint(old, known + strangers) if old else None
    heads = marked(folder, known + strangers)
    _, size, root = open_checkpoint(note, counts + strangers)
    bodies, tree, name, given_up = payloads(folder, size), Tree(), "", []
    sure = [before[1]] if before else []
    erasers = set()
    for n, entry in enumerate(entries(folder, size)):
        if before and n == before[1] and tree.root() != before[2]:
            raise Bad("it does not begin with the earlier log")
        if heads.pop(n, tree.root()) != tree.root():
            raise Bad("it does not begin with what others have marked")
        check_entry(n, entry, bodies.get(n))
        name = renamed(n, entry, name, given_up)
        if entry.split(b"\n")[4] == b"204":
            erasers.add(n)
        tree.append(leaf_hash(entry))
    if heads.pop(size, root) != root or heads:
        raise Bad("it does not begin with what others have marked")
    check_erased(bodies, erasers)
    if tree.root() != root:
        raise Bad("the entries are not those that were signed")
    if before and (before[1] > size or
                   before[1] == size and before[2] != root):
        raise Bad("it is shorter than the earlier log")
    for vkey in strangers:
        start = (sure + [n for n, _ in given_up] + [0])[0]
        raise Bad("nobody introduced %s, which signs from entry %d on" % (
            vkey, start))
    if size and open_checkpoint(note, counts)[0] != name:
        raise Bad("the checkpoint of another log")
    return name, size, given_up


def check_proof(text, vkeys):
    head, _, note = text.partition("\n\n")
    lines = head.split("\n")
    if lines[0] != "c2sp.org/tlog-proof@v1" or lines[1][:6] != "extra " or \
            lines[2][:6] != "index ":
        raise Bad("not a proof")
    extra = base64.b64decode(lines[1][6:], validate=True)
    parts = extra.split(b"\n", 9)
    entry, line = b"\n".join(parts[:9] + [b""]), parts[9]
    index = int(lines[2][6:])
    origin, size, root = open_checkpoint(note, vkeys)
    check_inclusion(index, size, leaf_hash(entry), [
        base64.b64decode(line, validate=True) for line in lines[3:]], root)
    row = json.loads(line) if line else {}
    if line and (row["seq"] != index or "salt" not in row):
        raise Bad("the payload of something else")
    check_entry(index, entry, row or None)
    return entry.decode() + row.get("body", "")


def check_consistent(text, old, vkeys):
    head, _, note = text.partition("\n\n")
    lines = head.split("\n")
    before, after = open_checkpoint(old, vkeys), open_checkpoint(note, vkeys)
    if lines[0] != "old %d" % before[1] or before[0] != after[0]:
        raise Bad("about another log")
    check_consistency(before[1], after[1], before[2], [
        base64.b64decode(line, validate=True) for line in lines[1:]], after[2])
    return before[1], after[1]


def main(args):
    def text(path):
        with open(path, encoding="utf-8") as file:
            return file.read()
    try:
        if args[0] == "export":
            name, size, given_up = check_export(
                args[1], text(args[2]), text(args[3]) if args[3:] else None)
            print("%s: %d entries, whole" % (name, size))
            for number_, since in given_up:
                print("At entry %d what had been signed was given up; the log "
                      "goes on as %s" % (number_, since))
        elif args[0] == "proof":
            print(check_proof(text(args[1]), text(args[2])).rstrip())
        else:
            print("%d is the beginning of %d" % check_consistent(
                text(args[1]), text(args[2]), text(args[3])))
    except (Bad, ValueError, IndexError, OSError, struct.error) as fault:
        print("NOT proved: %s" % fault)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
