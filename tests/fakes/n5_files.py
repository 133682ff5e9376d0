"""Files to and from the Noark 5 fake: the whole file in one POST, or in pieces
by PUT (chapter 6, Hente og overføre filer).

INVARIANT: a file under its final name has the length and the SHA-256 that its
dokumentobjekt promised; anything else is refused and thrown away.
"""

import hashlib
import os
import uuid

import fakelib
from fakelib import Refused, Response
from n5_model import JSON_TYPE


class Files:
    """Part of n5_server.N5."""

    def on_fil(self, req, obj_id):
        self.allow(req, "GET", "HEAD", "POST")
        obj = self.store.get(obj_id, "dokumentobjekt")
        if obj is None:
            raise Refused(404, "dokumentobjekt is gone", violation=False)
        if req.method in ("GET", "HEAD"):
            return self.send_file(req, obj)
        accepts = req.accepts()
        if accepts and "*/*" not in accepts and JSON_TYPE not in accepts:
            raise Refused(406, "Accept %r" % req.headers["accept"])
        if obj.get("file"):
            raise Refused(409, "the file is there and is not overwritten",
                          violation=False)
        if "x-upload-content-length" in req.headers:
            return self.start_upload(req, obj)
        self.check_file_head(req, obj, req.headers.get("content-type", ""),
                             req.length)
        if self.args.bulkgrense and req.length > self.args.bulkgrense:
            raise Refused(403, "above bulkgrense; upload in pieces")
        part = self.store.part_path()
        try:
            with open(part, "xb") as file:
                for data in req.chunks():
                    file.write(data)
            return self.complete(req, obj, part)
        finally:
            if os.path.exists(part):
                os.unlink(part)

    def check_file_head(self, req, obj, ctype, size):
        attrs = obj["attrs"]
        if ctype != attrs["mimeType"]:
            raise Refused(400, "Content-Type %r, mimeType is %r"
                          % (ctype, attrs["mimeType"]))
        if size != attrs["filstoerrelse"]:
            raise Refused(400, "length %d, filstoerrelse is %d"
                          % (size, attrs["filstoerrelse"]))

    def complete(self, req, obj, part):
        """A file that is all there gets its place if its hash is right."""
        sha = hashlib.sha256()
        with open(part, "rb") as file:
            while data := file.read(fakelib.CHUNK):
                sha.update(data)
            if self.args.fsync:
                os.fsync(file.fileno())
        if sha.hexdigest() != obj["attrs"]["sjekksum"]:
            raise Refused(400, "sjekksum of what came is %s"
                          % sha.hexdigest())
        with self.store.lock:
            obj = self.store.get(obj["id"])
            if obj is None or obj.get("file"):
                raise Refused(409, "another upload was first",
                              violation=False)
            os.rename(part, self.store.path(obj["id"]))
            obj = dict(obj, version=obj["version"] + 1,
                       file={"size": obj["attrs"]["filstoerrelse"],
                             "sha256": sha.hexdigest()})
            self.store.put(obj)
        return self.answer(req, obj, 201)

    def send_file(self, req, obj):
        accepts, mime = req.accepts(), obj["attrs"]["mimeType"]
        if accepts and "*/*" not in accepts and mime not in accepts:
            raise Refused(406, "Accept %r, the file is %s"
                          % (req.headers["accept"], mime))
        if not obj.get("file"):
            raise Refused(404, "no file has come yet", violation=False)
        return Response(200, b"", mime, file=self.store.path(obj["id"]))

    def start_upload(self, req, obj):
        size = req.headers["x-upload-content-length"]
        if req.length or not size.isascii() or not size.isdigit():
            raise Refused(400, "upload session: Content-Length 0 and"
                          " X-Upload-Content-Length wanted")
        self.check_file_head(req, obj,
                             req.headers.get("x-upload-content-type", ""),
                             int(size))
        upload = {"id": uuid.uuid4().hex, "object": obj["id"]}
        with open(self.store.path(upload["id"] + ".part"), "xb"):
            pass
        self.store.add_upload(upload)
        return Response(200, headers=[
            ("Location", self.href(req, "upload", upload["id"], "0"))])

    def on_upload(self, req, upload_id, offset):
        self.allow(req, "PUT")
        upload, low = self.store.uploads.get(upload_id), int(offset)
        obj = upload and self.store.get(upload["object"])
        part = self.store.path(upload_id + ".part")
        if not obj or not os.path.exists(part):
            raise Refused(404, "upload session is over", violation=False)
        total = obj["attrs"]["filstoerrelse"]
        high = low + req.length - 1
        want = "%d-%d/%d" % (low, high, total)
        if req.headers.get("content-range") != want or not req.length or \
                high >= total or os.path.getsize(part) != low:
            raise Refused(400, "Content-Range %r at %d of %d, length %d"
                          % (req.headers.get("content-range"),
                             os.path.getsize(part), total, req.length))
        if req.headers.get("content-type") != obj["attrs"]["mimeType"]:
            raise Refused(400, "Content-Type is not the mimeType")
        data = req.body(1 << 28)
        with open(part, "ab") as file:
            file.write(data)
        if high + 1 < total:
            return Response(200, headers=[
                ("Location", self.href(req, "upload", upload_id,
                                       str(high + 1))),
                ("Range", "0-%d" % high)])
        try:
            return self.complete(req, obj, part)
        finally:
            if os.path.exists(part):
                os.unlink(part)
