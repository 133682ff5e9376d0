#!/usr/bin/env python3
"""A strict webhook sink that remembers each Idempotency-Key.

POST to any path outside /_fake/, Content-Type application/json or
multipart/form-data, with `Idempotency-Key: <8..255 visible ASCII>`:

  first time for the key        200 {"id": "w-1", "duplicate": false}
  same key, same content        200 {"id": "w-1", "duplicate": true}
  same key, other content       422
  anything else                 400, 401, 405, 411, 413, 415

"Same content" is judged on the parts (name, file name, type, bytes), not on
the raw body, since a multipart client draws a new boundary for each attempt.
With --token T every POST must carry `Authorization: Bearer T`.

GET /_fake/state: {"count", "deliveries": [{"id", "key", "path", "type",
"size", "digest", "duplicates", "json", "parts": [{"name", "filename",
"type", "size", "sha256", "json"}]}]}.  `json` is kept for JSON up to 64 KiB.
"""

import hashlib
import os
import re
import threading

import fakelib
from fakelib import Refused, Response

KEEP_JSON = 64 * 1024
KEY = re.compile(r"[\x21-\x7e]{8,255}")
BOUNDARY = re.compile(r'(?:^|;)\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))',
                      re.I)
NAME = re.compile(r'[;\s]name="((?:[^"\\]|\\.)*)"', re.I)
FILENAME = re.compile(r'[;\s]filename="((?:[^"\\]|\\.)*)"', re.I)


class Part:
    def __init__(self, head):
        self.headers = {}
        for line in head.split(b"\r\n"):
            name, colon, value = line.partition(b":")
            if not colon:
                raise Refused(400, "multipart: header without colon")
            self.headers[name.strip().lower()] = value.strip()
        disposition = self.headers.get(b"content-disposition", b"")
        try:
            disposition = disposition.decode()
        except UnicodeDecodeError:
            raise Refused(400, "multipart: name is not UTF-8") from None
        name = NAME.search(disposition)
        if not disposition.startswith("form-data") or not name:
            raise Refused(400, "multipart: part without form-data name")
        self.name = name.group(1)
        filename = FILENAME.search(disposition)
        self.filename = filename and filename.group(1)
        self.type = self.headers.get(b"content-type", b"").decode("latin-1")
        self.hash = hashlib.sha256()
        self.size = 0
        self.kept = b""

    def add(self, data):
        self.hash.update(data)
        self.size += len(data)
        if self.type.startswith("application/json") and \
                self.size <= KEEP_JSON:
            self.kept += data

    def close(self):
        row = {"name": self.name, "filename": self.filename,
               "type": self.type, "size": self.size,
               "sha256": self.hash.hexdigest()}
        if self.type.startswith("application/json"):
            if self.size <= KEEP_JSON:
                row["json"] = strict_json(self.kept)
        return row


def strict_json(raw):
    try:
        return fakelib.parse_json(raw)
    except fakelib.StrictJSON as exc:
        raise Refused(400, "JSON: %s" % exc) from None


def read_multipart(chunks, boundary):
    """The parts of a form, read as a stream so that a file of gigabytes
    costs no memory."""
    mark = b"\r\n--" + boundary
    buf, part, parts = b"\r\n", None, []
    for data in chunks:
        buf += data
        while True:
            at = buf.find(mark)
            if at < 0:
                keep = len(mark) + 4
                if part and len(buf) > keep:
                    part.add(buf[:-keep])
                    buf = buf[-keep:]
                break
            after = buf[at + len(mark):]
            if len(after) < 2:
                break
            if after.startswith(b"--"):
                if part is None:
                    raise Refused(400, "multipart: no part")
                part.add(buf[:at])
                parts.append(part.close())
                for _ in chunks:
                    pass
                return parts
            end = after.find(b"\r\n\r\n")
            if not after.startswith(b"\r\n") or \
                    (end < 0 and len(after) > 16384):
                raise Refused(400, "multipart: bad part head")
            if end < 0:
                break
            if part is not None:
                part.add(buf[:at])
                parts.append(part.close())
            part = Part(after[2:end])
            buf = after[end + 4:]
        if part is None and len(buf) > 16384 + len(mark):
            raise Refused(400, "multipart: no boundary at the start")
    raise Refused(400, "multipart: closing boundary missing")


class Webhook(fakelib.App):
    def __init__(self, state, token=None, fsync=False, limit=1 << 40):
        os.makedirs(state, exist_ok=True)
        self.lines = fakelib.JsonLines(os.path.join(state, "webhook.jsonl"),
                                       fsync)
        self.token = token
        self.limit = limit
        self.lock = threading.Lock()
        self.by_key = {}
        for row in self.lines.load():
            row["duplicates"] = 0
            self.by_key[row["key"]] = row

    def classify(self, req):
        req.kind = "hook"

    def handle(self, req):
        if req.method != "POST":
            raise Refused(405, "only POST", headers=[("Allow", "POST")])
        if self.token is not None and \
                req.headers.get("authorization") != "Bearer " + self.token:
            raise Refused(401, "bad or missing bearer token",
                          headers=[("WWW-Authenticate", "Bearer")])
        key = req.headers.get("idempotency-key", "")
        if not KEY.fullmatch(key):
            raise Refused(400, "Idempotency-Key missing or malformed")
        row = self.read(req)
        row["key"], row["path"] = key, req.path
        return self.record(key, row)

    def read(self, req):
        ctype, params = req.media_type("content-type")
        if ctype == "application/json":
            raw = req.body(64 << 20)
            value = strict_json(raw)
            row = {"type": ctype, "size": len(raw), "parts": [],
                   "digest": hashlib.sha256(raw).hexdigest()}
            if len(raw) <= KEEP_JSON:
                row["json"] = value
            return row
        if ctype != "multipart/form-data":
            raise Refused(415, "Content-Type %r" % ctype)
        if req.length > self.limit:
            raise Refused(413, "above %d bytes" % self.limit)
        found = BOUNDARY.search(req.headers["content-type"])
        if not found:
            raise Refused(400, "multipart without boundary")
        boundary = (found.group(1) or found.group(2)).encode("latin-1")
        parts = read_multipart(req.chunks(), boundary)
        shape = [[p["name"], p["filename"], p["type"], p["sha256"]]
                 for p in parts]
        return {"type": ctype, "size": req.length, "parts": parts,
                "digest": fakelib.digest(fakelib.dump_json(shape))}

    def record(self, key, row):
        with self.lock:
            old = self.by_key.get(key)
            if old is None:
                row["id"] = "w-%d" % (len(self.by_key) + 1)
                self.lines.add(row)
                row["duplicates"] = 0
                self.by_key[key] = row
            elif old["digest"] != row["digest"]:
                raise Refused(422, "Idempotency-Key used for other content")
            else:
                old["duplicates"] += 1
        return Response(200, b'{"id":"%s","duplicate":%s}'
                        % ((old or row)["id"].encode(),
                           b"true" if old else b"false"),
                        "application/json")

    def state(self):
        with self.lock:
            rows = list(self.by_key.values())
        return {"count": len(rows), "deliveries": rows}

    def stats(self):
        with self.lock:
            return {"deliveries": len(self.by_key),
                    "duplicates": sum(r["duplicates"]
                                      for r in self.by_key.values())}


def main():
    parser = fakelib.common_arguments("strict webhook sink")
    parser.add_argument("--token", help="bearer token every POST must carry")
    args = parser.parse_args()
    app = Webhook(args.state, args.token, args.fsync)
    fakelib.run(app, args, "/hook")


if __name__ == "__main__":
    main()
