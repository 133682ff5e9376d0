"""A witness (C2SP tlog-witness, tlog-cosignature) over HTTP, for tests: cosigns
a head that continues what it cosigned before, and nothing else."""
import base64
import hashlib
import http.server
import threading
import time

import outsider

NAME = "witness.example.org/w1"
SEED = hashlib.sha256(b"a witness for tests").digest()
PUBLIC = outsider.ed25519_public(SEED)
IDENT = outsider.key_id(NAME, b"\4" + PUBLIC)
VKEY = "%s+%s+%s" % (NAME, IDENT.hex(),
                     base64.b64encode(b"\4" + PUBLIC).decode())


class Witness(http.server.ThreadingHTTPServer):
    def __init__(self, log_vkey):
        super().__init__(("127.0.0.1", 0), Handler)
        self.log_vkey, self.size, self.root = log_vkey, 0, None
        threading.Thread(target=self.serve_forever, daemon=True).start()
        self.url = "http://127.0.0.1:%d/add-checkpoint" % self.server_port

    def add(self, body):
        """(status, answer)"""
        head, _, note = body.partition("\n\n")
        lines = head.split("\n")
        old = int(lines[0].split(" ")[1])
        try:
            _, size, root = outsider.open_checkpoint(note, self.log_vkey)
        except outsider.Bad:
            return 403, ""
        if old != self.size:
            return 409, "%d\n" % self.size
        try:
            if old:
                outsider.check_consistency(old, size, self.root, [
                    base64.b64decode(x) for x in lines[1:]], root)
        except outsider.Bad:
            return 422, ""
        self.size, self.root = size, root
        now = int(time.time())
        text = note.rpartition("\n\n")[0] + "\n"
        signature = outsider.ed25519_sign(
            SEED, ("cosignature/v1\ntime %d\n" % now + text).encode())
        return 200, "\u2014 %s %s\n" % (NAME, base64.b64encode(
            IDENT + now.to_bytes(8, "big") + signature).decode())


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        status, answer = self.server.add(body)
        data = answer.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args):
        pass
