"""A witness (C2SP tlog-witness, tlog-cosignature) over HTTP, for tests: cosigns
a head that continues what it cosigned before, and nothing else. Its `manner`
makes it misbehave."""
import base64
import hashlib
import http.server
import socket
import struct
import threading
import time

import outsider

NAME = "witness.example.org/w1"
SEED = hashlib.sha256(b"a witness for tests").digest()


def vkey_of(name, seed):
    data = b"\4" + outsider.ed25519_public(seed)
    return "%s+%s+%s" % (name, outsider.key_id(name, data).hex(),
                         base64.b64encode(data).decode())


VKEY = vkey_of(NAME, SEED)


def cosign(name, seed, text, when):
    """The line under which text stands."""
    data = b"\4" + outsider.ed25519_public(seed)
    signature = outsider.ed25519_sign(
        seed, ("cosignature/v1\ntime %d\n" % when + text).encode())
    return "\u2014 %s %s\n" % (name, base64.b64encode(
        outsider.key_id(name, data) + when.to_bytes(8, "big") +
        signature).decode())


class Witness(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, log_vkey=None, name=NAME, seed=SEED, port=0):
        super().__init__(("127.0.0.1", port), Handler)
        self.log_vkey, self.name, self.seed = log_vkey, name, seed
        self.size, self.root, self.note = 0, None, None
        self.manner, self.asked, self.open = None, [], set()
        self.lock = threading.Lock()
        threading.Thread(target=self.serve_forever, daemon=True).start()
        self.prefix = "http://127.0.0.1:%d" % self.server_port
        self.url = self.prefix + "/add-checkpoint"
        self.vkey = vkey_of(name, seed)

    def close(self):
        """Kept connections too."""
        self.shutdown()
        self.server_close()
        for connection in list(self.open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def handle_error(self, request, client_address):
        """Who hung up on us meant to."""

    def add(self, body):
        """(status, answer), by the protocol."""
        with self.lock:
            head, _, note = body.partition("\n\n")
            lines = head.split("\n")
            word, old = lines[0].split(" ")
            origin = note.split("\n")[0]
            if word != "old" or str(int(old)) != old or len(lines) > 64:
                return 400, ""
            if self.log_vkey is None or \
                    outsider.read_vkey(self.log_vkey)[0] != origin:
                return 404, ""
            try:
                _, size, root = outsider.open_checkpoint(note, self.log_vkey)
            except outsider.Bad:
                return 403, ""
            old = int(old)
            if old > size:
                return 400, ""
            if old != self.size:
                return 409, "%d\n" % self.size
            if old == size and root != self.root:
                return 409, "%d\n" % self.size
            try:
                nodes = [base64.b64decode(x, validate=True) for x in lines[1:]]
                if old:
                    outsider.check_consistency(old, size, self.root, nodes,
                                               root)
                elif nodes:
                    return 422, ""
            except outsider.Bad:
                return 422, ""
            self.size, self.root, self.note = size, root, note
            return 200, self.line(note)

    def line(self, note, seed=None, when=None):
        text = note.rpartition("\n\n")[0] + "\n"
        return cosign(self.name, seed or self.seed, text,
                      int(time.time()) if when is None else when)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        super().setup()
        self.server.open.add(self.connection)

    def finish(self):
        self.server.open.discard(self.connection)
        try:
            super().finish()
        except OSError:
            pass

    def answer(self, status, text, kind="text/plain", more=()):
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        for header in more:
            self.send_header(*header)
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        """The head it holds: <sha256 of the origin>/checkpoint."""
        note = self.server.note
        if note is None or self.path != "/%s/checkpoint" % hashlib.sha256(
                note.split("\n")[0].encode()).hexdigest():
            self.answer(404, "")
            return
        self.answer(200, note + self.server.line(note))

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        server, manner = self.server, self.server.manner
        status = None
        if manner is None or manner in ("slow", "other key", "other head",
                                        "wrong", "junk", "huge", "twice"):
            if manner == "slow":
                time.sleep(0.9)
            status, text = server.add(body)
        server.asked.append((manner, status, body))
        if status == 409:
            self.answer(409, text, "text/x.tlog.size")
        elif status not in (None, 200):
            self.answer(status, text)
        elif manner is None or manner == "slow":
            self.answer(200, text)
        else:
            self.misbehave(manner, body)

    def misbehave(self, manner, body):
        server, note = self.server, body.partition("\n\n")[2]
        if manner == "other key":
            self.answer(200, server.line(note, seed=b"x" * 32))
        elif manner == "other head":
            self.answer(200, server.line("another\n1\n\n"))
        elif manner == "wrong":
            line = server.line(note)
            self.answer(200, line[:-20] + "AAAA" + line[-16:])
        elif manner == "junk":
            self.answer(200, "<html>\n\nhello\n")
        elif manner == "twice":
            # An empty line before it would make it part of another note.
            self.answer(200, "x\n\n" + server.line(note))
        elif manner == "huge":
            self.answer(200, server.line(note) * 4000)
        elif manner == "busy":
            self.answer(429, "", more=[("Retry-After", "1")])
        elif manner == "ahead":
            self.answer(409, "999999\n", "text/x.tlog.size")
        elif manner == "ahead, no type":
            self.answer(409, "999999\n")
        elif manner == "to and fro":
            self.answer(409, "%d\n" % (1 + len(server.asked) % 2),
                        "text/x.tlog.size")
        elif manner == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                       struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True
        else:
            self.answer(int(manner), "")

    def log_message(self, *args):
        pass
