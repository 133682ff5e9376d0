"""What the Noark 5 fake remembers, and the sealed names it hands out.

DIR/key        32 random bytes, made once; seals hrefs and tokens
DIR/n5.jsonl   every object as it was after each change, later lines win
DIR/files/     one file per dokumentobjekt, named by its systemID; *.part
               are uploads under way

INVARIANTS: an object in memory is on disk already; a file has its final name
before the line that says it is complete.
"""

import base64
import binascii
import collections
import csv
import hashlib
import hmac
import os
import threading
import uuid

import fakelib
import n5_model as model

INDEXED = {
    "saksmappe": ("sakssekvensnummer", "mappeID"),
    "journalpost": (model.OWN_KEY, "registreringsID", "journalsekvensnummer"),
    "dokumentbeskrivelse": ("eksternReferanse",),
    "dokumentobjekt": ("sjekksum", "filnavn"),
}
DEFAULT_CASES = (
    ("2026/1", "Fordelingssak for post som ikke er plassert", "B", "Arkiv"),
    ("2026/211", "Søknad om parkeringstillatelse", "B", "Teknisk"),
    ("2026/212", "Nabovarsel Storgata 12", "B", "Plan og bygg"),
    ("2025/48", "Skjenkebevilling Kafé Fjord", "A", "Næring"),
)


class Seal:
    """Turns a short text into an opaque token and back.  The nonce differs
    from start to start, the key does not: tokens look new each time, old
    ones still open."""

    def __init__(self, key):
        self.key = key
        self.nonce = os.urandom(2)
        self.made = {}

    def _mac(self, nonce, data):
        return hashlib.blake2b(nonce + data, key=self.key,
                               digest_size=8).digest()

    def _mask(self, mac, data):
        stream = hashlib.shake_128(self.key + mac).digest(len(data))
        return bytes(a ^ b for a, b in zip(data, stream))

    def close(self, text):
        token = self.made.get(text)
        if token is None:
            data = text.encode()
            mac = self._mac(self.nonce, data)
            raw = self.nonce + mac + self._mask(mac, data)
            token = base64.urlsafe_b64encode(raw).decode().rstrip("=")
            if len(self.made) > 200000:
                self.made.clear()
            self.made[text] = token
        return token

    def open(self, token):
        """The text, or None if this server never made the token."""
        try:
            raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except (binascii.Error, ValueError):
            return None
        nonce, mac, data = raw[:2], raw[2:10], raw[10:]
        data = self._mask(mac, data)
        if len(mac) < 8 or not hmac.compare_digest(mac,
                                                   self._mac(nonce, data)):
            return None
        return data.decode()


class Store:
    def __init__(self, folder, fsync=False):
        self.files = os.path.join(folder, "files")
        os.makedirs(self.files, exist_ok=True)
        self.lock = threading.RLock()
        self.objects = {}
        self.children = collections.defaultdict(list)
        self.by_type = collections.defaultdict(list)
        self.index = collections.defaultdict(dict)
        self.highest = collections.Counter()
        self.uploads = {}
        self.seal = Seal(self._key(os.path.join(folder, "key")))
        self.lines = fakelib.JsonLines(os.path.join(folder, "n5.jsonl"),
                                       fsync)
        for line in self.lines.load():
            if "put" in line:
                self._apply(line["put"])
            elif "delete" in line:
                self._forget(line["delete"])
            elif "upload" in line:
                self.uploads[line["upload"]["id"]] = line["upload"]
        for name in os.listdir(self.files):     # cut short by a kill
            if name.endswith(".part") and name[:-5] not in self.uploads:
                os.unlink(os.path.join(self.files, name))

    def _key(self, path):
        if not os.path.exists(path):
            fakelib.write_file_atomic(path, os.urandom(32).hex())
        with open(path, encoding="ascii") as file:
            return bytes.fromhex(file.read())

    def put(self, obj):
        self.lines.add({"put": obj})
        self._apply(obj)

    def delete(self, obj_id):
        self.lines.add({"delete": obj_id})
        self._forget(obj_id)

    def add_upload(self, upload):
        self.lines.add({"upload": upload})
        self.uploads[upload["id"]] = upload

    def _apply(self, obj):
        old = self.objects.get(obj["id"])
        if old is None:
            self.children[obj["parent"], obj["type"]].append(obj["id"])
            self.by_type[obj["type"]].append(obj["id"])
        else:
            self._unindex(old)
        self.objects[obj["id"]] = obj
        for field in INDEXED.get(obj["type"], ()):
            value = model.value_of(obj["attrs"], field)
            if value is not None:
                self.index[obj["type"], field].setdefault(
                    value, []).append(obj["id"])
        attrs = obj["attrs"]
        for year, number in (("saksaar", "sakssekvensnummer"),
                             ("journalaar", "journalsekvensnummer")):
            if year in attrs:
                slot = (obj["type"], attrs[year])
                self.highest[slot] = max(self.highest[slot], attrs[number])

    def _unindex(self, obj):
        for field in INDEXED.get(obj["type"], ()):
            value = model.value_of(obj["attrs"], field)
            if value is not None:
                self.index[obj["type"], field][value].remove(obj["id"])

    def _forget(self, obj_id):
        obj = self.objects.pop(obj_id)
        self._unindex(obj)
        self.children[obj["parent"], obj["type"]].remove(obj_id)
        self.by_type[obj["type"]].remove(obj_id)

    def get(self, obj_id, kind=None):
        obj = self.objects.get(obj_id)
        return obj if obj and kind in (None, obj["type"]) else None

    def below(self, parent, *kinds):
        return [self.objects[i] for kind in kinds
                for i in self.children.get((parent, kind), ())]

    def candidates(self, kinds, parent, equal):
        """Objects that may fit, in order of birth: by an index if the
        filter allows it."""
        if len(kinds) == 1:
            for field, value in equal.items():
                if field == "systemID":
                    ids = [value] if value in self.objects else []
                elif field in INDEXED.get(kinds[0], ()):
                    ids = self.index[kinds[0], field].get(value, ())
                else:
                    continue
                found = [self.objects[i] for i in ids]
                return [o for o in found if o["type"] == kinds[0] and
                        parent in (None, o["parent"])]
        if parent is not None:
            return self.below(parent, *kinds)
        return [self.objects[i] for kind in kinds
                for i in self.by_type[kind]]

    def path(self, obj_id):
        return os.path.join(self.files, obj_id)

    def part_path(self):
        return os.path.join(self.files, uuid.uuid4().hex + ".part")

    def next_number(self, kind, year):
        return self.highest[kind, year] + 1

    def case(self, number):
        ids = self.index["saksmappe", "mappeID"].get(number)
        return self.objects[ids[0]] if ids else None


def read_cases(path):
    """Rows (saksnummer, tittel, saksstatus, administrativEnhet) of a CSV
    with a heading line; comma or semicolon."""
    with open(path, encoding="utf-8-sig", newline="") as file:
        first = file.readline()
        file.seek(0)
        mark = ";" if first.count(";") > first.count(",") else ","
        for row in csv.DictReader(file, delimiter=mark):
            yield (row["saksnummer"].strip(), row["tittel"].strip(),
                   (row.get("saksstatus") or "B").strip(),
                   (row.get("administrativEnhet") or "Arkiv").strip())
