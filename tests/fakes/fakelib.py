"""What the two fakes share: a small HTTP/1.1 server on raw sockets, faults
on command, a record of refused requests, and a durable list of JSON lines.

Shape: one thread per connection, keep-alive, TCP_NODELAY.  An application
(class App) turns one Request into one Response; everything a test can order
the server to do wrong happens here, around the application, never inside it.

Control, the same for both fakes, never under the application's own paths:

  POST   /_fake/faults      a JSON list of rules, put behind those in force
  GET    /_fake/faults      the rules in force and how often each fired
  DELETE /_fake/faults      no faults; ends hangs that are under way
  GET    /_fake/state       what the fake holds (the application's own shape)
  GET    /_fake/violations  every request refused for breaking the protocol
  DELETE /_fake/violations  forget them
  GET    /_fake/requests    the last 2000 requests: method, kind, rel, status
  GET    /_fake/stats       counters

A rule: {"match": {"method", "kind", "rel", "path"}, "action": ...,
"count": N, "skip": N, "probability": 0..1, "seed": N, ...}.  All members of
match must fit; an absent one fits anything.  `rel` is a full relation URI or
its last word ("ny-journalpost").  `skip` lets the first N fits through;
after `count` firings the rule is spent.  The first rule that fires wins.

  "400".."599"  answer so, nothing done.  With "retry_after": 7 or any text
                that is sent as it stands, or "retry_after_date": 7 for an
                HTTP date that many seconds from now
  "reset"       TCP reset before the request is read to its end, nothing done
  "lose_reply"  the work is done durably, then the connection is dropped
  "hang"        nothing done; silent for "seconds" (default 3600), then
                dropped.  With "after": true the work is done first
  "late"        the connection is dropped at once, the work is done "seconds"
                later (default 5). With "hold": true the connection stays
                open meanwhile, and is dropped when the work is done. With
                "status": 503 that is answered first, as a proxy does
  "wait"        work done; the answer comes when the faults are deleted
  "half_body"   work done; whole Content-Length promised, half of it sent
  "bad_json"    work done; the body is not JSON
  "huge"        work done; the answer is padded to "bytes" (default 64 MiB)
  "slow"        work done; the answer dribbles out over "seconds" (default 5)

FAILURES: a killed fake loses nothing it has answered for: each line is one
write(2) to an O_APPEND file before the answer goes out; a torn last line is
dropped at start.  The machine itself losing power is not provided for.
"""

import argparse
import collections
import email.utils
import hashlib
import json
import os
import random
import re
import select
import signal
import socket
import struct
import sys
import threading
import time
import urllib.parse

MAX_HEAD = 64 * 1024
MAX_MEMORY_BODY = 4 * 1024 * 1024
CHUNK = 256 * 1024
BAD_TEXT = re.compile("[\0\ud800-\udfff]")
REASONS = {100: "Continue", 200: "OK", 201: "Created", 204: "No Content",
           400: "Bad Request", 401: "Unauthorized", 403: "Forbidden",
           404: "Not Found", 405: "Method Not Allowed",
           406: "Not Acceptable", 409: "Conflict", 411: "Length Required",
           413: "Content Too Large", 415: "Unsupported Media Type",
           422: "Unprocessable Content", 429: "Too Many Requests",
           431: "Request Header Fields Too Large",
           500: "Internal Server Error", 501: "Not Implemented",
           503: "Service Unavailable"}


class Refused(Exception):
    """The request gets this status.  `violation` says whether the client
    broke the protocol (true) or merely met with a refusal it could not have
    foreseen, such as a stale ETag or an expired token."""

    def __init__(self, status, why, violation=True, headers=()):
        super().__init__(why)
        self.status = status
        self.why = why
        self.violation = violation
        self.headers = list(headers)


class Gone(Exception):
    """The connection is no more; nothing is to be sent."""


class StrictJSON(ValueError):
    pass


def _no_duplicates(pairs):
    seen = {}
    for key, value in pairs:
        if key in seen:
            raise StrictJSON("member %r twice" % key)
        seen[key] = value
    return seen


def _no_constant(name):
    raise StrictJSON("%s is not JSON" % name)


def _check_text(value, depth=0):
    if depth > 32:
        raise StrictJSON("nested too deep")
    if isinstance(value, str):
        found = BAD_TEXT.search(value)
        if found:
            raise StrictJSON("character U+%04X in text" % ord(found.group()))
    elif isinstance(value, dict):
        for key, member in value.items():
            _check_text(key, depth + 1)
            _check_text(member, depth + 1)
    elif isinstance(value, list):
        for member in value:
            _check_text(member, depth + 1)


def parse_json(raw):
    """JSON as RFC 8259 has it: UTF-8, no BOM, no member twice, no NaN."""
    try:
        text = raw.decode("utf-8", "strict")
    except UnicodeDecodeError as exc:
        raise StrictJSON("not UTF-8: %s" % exc) from None
    try:
        value = json.loads(text, object_pairs_hook=_no_duplicates,
                           parse_constant=_no_constant)
    except RecursionError:
        raise StrictJSON("nested too deep") from None
    except StrictJSON:
        raise
    except ValueError as exc:
        raise StrictJSON(str(exc)) from None
    _check_text(value)
    return value


def dump_json(value):
    return json.dumps(value, ensure_ascii=False,
                      separators=(",", ":")).encode()


class JsonLines:
    """Append-only file of JSON values; add() returns when it is written."""

    def __init__(self, path, fsync=False):
        self.path = path
        self.fsync = fsync
        self.lock = threading.Lock()
        self.fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)

    def load(self):
        good = 0
        with open(self.path, "rb") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    break
                try:
                    value = json.loads(line)
                except ValueError:
                    raise SystemExit("%s: broken line at byte %d"
                                     % (self.path, good)) from None
                good += len(line)
                yield value
        os.ftruncate(self.fd, good)

    def add(self, value):
        line = dump_json(value) + b"\n"
        with self.lock:
            done = os.write(self.fd, line)
            if done != len(line):
                raise OSError("short write to %s" % self.path)
            if self.fsync:
                os.fsync(self.fd)


class Response:
    __slots__ = ("status", "headers", "body", "file", "size", "bare")

    def __init__(self, status, body=b"", ctype=None, headers=(), file=None):
        self.status = status
        self.headers = list(headers)
        if ctype:
            self.headers.append(("Content-Type", ctype))
        self.body = body
        self.file = file
        self.size = os.path.getsize(file) if file else len(body)
        self.bare = False               # the head alone: for HEAD


class Request:
    """One request.  `headers` has lower-case names; `args` the decoded query
    as a list of pairs.  The body is read on demand, once."""

    __slots__ = ("conn", "method", "target", "path", "query", "headers",
                 "length", "left", "expects", "base", "kind", "rel", "route")

    def __init__(self, conn, method, target, headers):
        self.conn = conn
        self.method = method
        self.target = target
        self.path, _, self.query = target.partition("?")
        self.headers = headers
        self.kind = self.rel = self.route = None
        self.length = self.left = 0
        self.expects = headers.get("expect", "").lower() == "100-continue"
        self.base = "http://" + headers.get("host", "")

    def chunks(self):
        if self.expects and self.left:
            self.expects = False
            self.conn.sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        while self.left:
            data = self.conn.read_some(min(self.left, CHUNK))
            self.left -= len(data)
            yield data

    def body(self, limit=MAX_MEMORY_BODY):
        if self.left > limit:
            raise Refused(413, "body of %d bytes, limit %d"
                          % (self.left, limit))
        return b"".join(self.chunks())

    def media_type(self, name):
        """(type/subtype, parameters) of a header, both lower case."""
        value, _, params = self.headers.get(name, "").partition(";")
        return value.strip().lower(), params.strip().lower()

    def accepts(self):
        return [part.split(";")[0].strip().lower()
                for part in self.headers.get("accept", "").split(",")
                if part.strip()]

    def args(self):
        pairs = []
        for part in self.query.split("&") if self.query else ():
            name, _, value = part.partition("=")
            try:
                pairs.append((urllib.parse.unquote(name, errors="strict"),
                              urllib.parse.unquote(value, errors="strict")))
            except UnicodeDecodeError:
                raise Refused(400, "query is not UTF-8") from None
        return pairs


class Rule:
    KNOWN = {"match", "action", "count", "skip", "probability", "seed",
             "retry_after", "retry_after_date", "seconds", "bytes", "after",
             "hold", "status"}
    ACTIONS = {"reset", "lose_reply", "hang", "late", "wait", "half_body",
               "bad_json", "huge", "slow"}

    def __init__(self, spec):
        if not isinstance(spec, dict) or set(spec) - self.KNOWN:
            raise Refused(400, "rule not understood: %r" % (spec,))
        self.spec = spec
        numbers = set(spec) & {"count", "skip", "probability", "seed",
                               "retry_after_date", "seconds", "bytes",
                               "status"}
        if not isinstance(spec.get("match", {}), dict) or \
                not all(isinstance(spec[n], (int, float)) for n in numbers):
            raise Refused(400, "rule not understood: %r" % (spec,))
        self.match = spec.get("match", {})
        self.action = str(spec.get("action", ""))
        status = self.action.isdigit() and 400 <= int(self.action) <= 599
        if not status and self.action not in self.ACTIONS:
            raise Refused(400, "unknown action %r" % self.action)
        if set(self.match) - {"method", "kind", "rel", "path"}:
            raise Refused(400, "unknown match %r" % (self.match,))
        self.skip = spec.get("skip", 0)
        self.left = spec.get("count")
        self.probability = spec.get("probability", 1.0)
        self.random = random.Random(spec.get("seed", 0))
        self.fired = 0

    def fits(self, req):
        for name, want in self.match.items():
            have = getattr(req, name)
            if have == want:
                continue
            if name == "rel" and have and \
                    have.rstrip("/").rsplit("/", 1)[-1] == want:
                continue
            return False
        return True

    def fire(self, req):
        if self.left == 0 or not self.fits(req):
            return False
        if self.probability < 1 and self.random.random() >= self.probability:
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.left is not None:
            self.left -= 1
        self.fired += 1
        return True


class Connection:
    def __init__(self, server, sock):
        self.server = server
        self.sock = sock
        self.buf = b""

    def read_some(self, most):
        if self.buf:
            data, self.buf = self.buf[:most], self.buf[most:]
            return data
        data = self.sock.recv(most)
        if not data:
            raise Gone
        return data

    def read_head(self):
        """The head as bytes, or None at a clean end of the connection."""
        while True:
            end = self.buf.find(b"\r\n\r\n")
            if end >= 0:
                head, self.buf = self.buf[:end], self.buf[end + 4:]
                return head
            if len(self.buf) > MAX_HEAD:
                raise Refused(431, "request head above %d bytes" % MAX_HEAD)
            data = self.sock.recv(65536)
            if not data:
                if self.buf:
                    raise Gone
                return None
            self.buf += data

    def parse(self, head):
        lines = head.decode("latin-1").split("\r\n")
        parts = lines[0].split(" ")
        if len(parts) != 3 or parts[2] != "HTTP/1.1":
            raise Refused(400, "request line %r" % lines[0][:80])
        headers = {}
        for line in lines[1:]:
            name, colon, value = line.partition(":")
            if not colon or not name or name != name.strip():
                raise Refused(400, "header line %r" % line[:80])
            name = name.lower()
            if name in headers:
                raise Refused(400, "header %s twice" % name)
            headers[name] = value.strip()
        req = Request(self, parts[0], parts[1], headers)
        if not req.target.startswith("/") or not req.target.isascii() or \
                any(c in req.target for c in "{}<>\"\\^`|# "):
            raise Refused(400, "target %r" % req.target[:200])
        if not headers.get("host"):
            raise Refused(400, "no Host")
        if "transfer-encoding" in headers:
            raise Refused(411, "Transfer-Encoding; Content-Length wanted")
        length = headers.get("content-length")
        if length is not None and not (length.isascii() and length.isdigit()):
            raise Refused(400, "Content-Length %r" % length)
        if length is None and req.method in ("POST", "PUT", "PATCH"):
            raise Refused(411, "%s without Content-Length" % req.method)
        req.length = req.left = int(length or 0)
        return req

    def send(self, status, headers, size, pieces):
        head = ["HTTP/1.1 %d %s" % (status, REASONS.get(status, "Status"))]
        head += ["%s: %s" % pair for pair in headers]
        if status != 204:
            head.append("Content-Length: %d" % size)
        data = ("\r\n".join(head) + "\r\n\r\n").encode("latin-1")
        for piece in pieces:
            if len(data) + len(piece) <= 65536:
                data += piece
                continue
            self.sock.sendall(data)
            data = piece
        self.sock.sendall(data)

    def linger(self):
        """Let a client that is still sending read the answer: a socket
        closed with unread input is reset, and the answer lost with it."""
        self.sock.shutdown(socket.SHUT_WR)
        self.sock.settimeout(0.2)
        end = time.monotonic() + 1
        try:
            while time.monotonic() < end and self.sock.recv(CHUNK):
                pass
        except OSError:
            pass

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                             struct.pack("ii", 1, 0))
        raise Gone

    def wait(self):
        generation = self.server.generation
        while not self.server.stopping and \
                generation == self.server.generation:
            time.sleep(0.02)

    def hang(self, seconds):
        end = time.monotonic() + seconds
        generation = self.server.generation
        while time.monotonic() < end and not self.server.stopping and \
                generation == self.server.generation:
            ready, _, _ = select.select([self.sock], [], [], 0.05)
            if not ready:
                continue
            try:
                if not self.sock.recv(CHUNK):
                    break
            except OSError:
                break
        raise Gone


class App:
    """What a fake must supply.  classify() names a request for the fault
    rules before anything is read; handle() does the work; error() puts a
    refusal into the protocol's own clothes; state() is for the tests."""

    def classify(self, req):
        pass

    def handle(self, req):
        raise NotImplementedError

    def error(self, status, why):
        return Response(status, dump_json({"error": why}),
                        "application/json")

    def state(self):
        return {}

    def stats(self):
        return {}

    def control(self, req, name):
        """More control calls; returns a JSON value or None if unknown."""
        return None


class Server:
    def __init__(self, app, port=0):
        self.app = app
        self.lock = threading.Lock()
        self.rules = []
        self.violations = []
        self.requests = collections.deque(maxlen=2000)
        self.counts = collections.Counter()
        self.generation = 0
        self.stopping = False
        self.started = time.time()
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.sock.bind(("127.0.0.1", port))
        self.sock.listen(256)
        self.port = self.sock.getsockname()[1]

    def serve(self):
        while not self.stopping:
            try:
                sock, _ = self.sock.accept()
            except OSError:
                break
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.counts["connections"] += 1
            threading.Thread(target=self.connection, args=(sock,),
                             daemon=True).start()

    def stop(self):
        self.stopping = True
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def connection(self, sock):
        conn = Connection(self, sock)
        try:
            while self.one(conn):
                pass
        except (Gone, ConnectionError):
            pass
        finally:
            sock.close()

    def one(self, conn):
        """One request; False when the connection is to be closed."""
        try:
            head = conn.read_head()
            if head is None:
                return False
            req = conn.parse(head)
        except Refused as exc:
            self.note_violation(None, exc)
            self.reply(conn, self.app.error(exc.status, exc.why), True)
            conn.linger()
            return False
        close = req.headers.get("connection", "").lower() == "close"
        if req.path.startswith("/_fake/"):
            self.reply(conn, self.control(req), close)
            return not close
        self.app.classify(req)
        rule = self.pick(req)
        if rule and rule.action == "reset":
            self.note(req, "reset")
            conn.reset()
        if rule and rule.action == "hang" and not rule.spec.get("after"):
            self.note(req, "hang")
            conn.hang(rule.spec.get("seconds", 3600))
        if rule and rule.action == "late":
            self.work_late(conn, req, rule)
        if rule and rule.action.isdigit():
            resp = self.ordered(rule)
        else:
            resp = self.work(req)
        resp.bare = req.method == "HEAD"
        if req.left and req.expects:
            close = True        # the client was never told to go on
        else:
            for _ in req.chunks():
                pass
        self.note(req, resp.status, rule)
        if rule and not rule.action.isdigit():
            return self.misbehave(conn, resp, rule, close)
        self.reply(conn, resp, close)
        if close:
            conn.linger()
        return not close

    def work_late(self, conn, req, rule):
        body = b"".join(req.chunks())
        if rule.spec.get("status"):
            self.reply(conn, self.ordered(rule), True)
            conn.sock.shutdown(socket.SHUT_WR)
        elif not rule.spec.get("hold"):
            conn.sock.shutdown(socket.SHUT_RDWR)
        time.sleep(rule.spec.get("seconds", 5))
        conn.buf, req.left = body, len(body)
        self.note(req, self.work(req).status, rule)
        raise Gone

    def work(self, req):
        try:
            return self.app.handle(req)
        except Refused as exc:
            if exc.violation:
                self.note_violation(req, exc)
            resp = self.app.error(exc.status, exc.why)
            resp.headers += exc.headers
            return resp
        except (Gone, ConnectionError):
            self.note(req, "client gone")
            raise
        except Exception as exc:        # a bug here must fail the test
            import traceback
            traceback.print_exc()
            self.note_violation(req, Refused(500, "fake broke: %r" % exc))
            return self.app.error(500, "fake broke: %r" % exc)

    def pick(self, req):
        if not self.rules:
            return None
        with self.lock:
            for rule in self.rules:
                if rule.fire(req):
                    self.counts["fault:" + rule.action] += 1
                    return rule
        return None

    def note(self, req, status, rule=None):
        row = {"method": req.method, "kind": req.kind, "rel": req.rel,
               "status": status}
        if rule:
            row["fault"] = rule.action
        self.requests.append(row)
        with self.lock:
            self.counts["requests"] += 1
            self.counts["status:%s" % status] += 1
            self.counts["%s %s" % (req.method, req.kind)] += 1

    def note_violation(self, req, exc):
        with self.lock:
            self.counts["violations"] += 1
            self.violations.append({
                "when": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
                "method": req and req.method, "kind": req and req.kind,
                "rel": req and req.rel, "target": req and req.target,
                "status": exc.status, "reason": exc.why})

    def ordered(self, rule):
        resp = self.app.error(int(rule.spec.get("status") or rule.action),
                              "ordered by a fault rule")
        if "retry_after_date" in rule.spec:
            when = email.utils.formatdate(
                time.time() + rule.spec["retry_after_date"], usegmt=True)
            resp.headers.append(("Retry-After", when))
        elif "retry_after" in rule.spec:
            resp.headers.append(("Retry-After",
                                 str(rule.spec["retry_after"])))
        return resp

    def reply(self, conn, resp, close):
        headers = resp.headers
        if close:
            headers = headers + [("Connection", "close")]
        if resp.bare:
            conn.send(resp.status, headers, resp.size, ())
        elif hasattr(resp, "sized"):
            self.send_zeros(conn, resp, headers)
        elif resp.file:
            conn.send(resp.status, headers, resp.size, ())
            with open(resp.file, "rb") as file:
                conn.sock.sendfile(file)
        else:
            conn.send(resp.status, headers, resp.size, (resp.body,))

    def send_zeros(self, conn, resp, headers):
        """resp.size of them, whether that is said or not."""
        head = ["%s: %s" % pair for pair in headers]
        head.append("Content-Length: %d" % resp.size if resp.sized
                    else "Connection: close")
        conn.sock.sendall(("HTTP/1.1 200 OK\r\n%s\r\n\r\n" %
                           "\r\n".join(head)).encode())
        for _ in range(resp.size // CHUNK):
            conn.sock.sendall(bytes(CHUNK))
        raise Gone

    def misbehave(self, conn, resp, rule, close):
        if resp.file:
            with open(resp.file, "rb") as file:
                resp.body = file.read()
        body, spec = resp.body, rule.spec
        if rule.action == "lose_reply" or resp.bare:
            raise Gone
        if rule.action == "hang":
            conn.hang(spec.get("seconds", 3600))
        if rule.action == "wait":
            conn.wait()
            self.reply(conn, resp, close)
        elif rule.action == "half_body":
            conn.send(resp.status, resp.headers, max(len(body), 2),
                      (body[:len(body) // 2],))
            raise Gone
        elif rule.action == "bad_json":
            body = b'{"count": 1, "results": [{"systemID": nul'
            conn.send(resp.status, resp.headers, len(body), (body,))
        elif rule.action == "huge":
            self.send_huge(conn, resp, spec.get("bytes", 64 << 20))
        elif rule.action == "slow":
            self.send_slow(conn, resp, spec.get("seconds", 5))
        return not close

    def send_huge(self, conn, resp, size):
        start, end = b'{"fyll":"', b'",' + resp.body[1:]
        if not resp.body.startswith(b"{") or len(resp.body) < 3:
            start, end = b"", resp.body
        left = max(size - len(start) - len(end), 0)
        conn.send(resp.status, resp.headers,
                  left + len(start) + len(end), (start,))
        while left:
            piece = b"a" * min(left, CHUNK)
            conn.sock.sendall(piece)
            left -= len(piece)
        conn.sock.sendall(end)

    def send_slow(self, conn, resp, seconds):
        body = resp.body or b" "
        conn.send(resp.status, resp.headers, len(body), ())
        step = max(len(body) // 20, 1)
        pieces = range(0, len(body), step)
        for at in pieces:
            time.sleep(seconds / len(pieces))
            conn.sock.sendall(body[at:at + step])

    def control(self, req):
        name = req.path[len("/_fake/"):]
        try:
            value = self.control_value(req, name)
        except Exception as exc:        # a slip in a test, not in a client
            return Response(400, dump_json({"error": repr(exc)}),
                            "application/json")
        finally:
            for _ in req.chunks():
                pass
        if value is None:
            return Response(404, dump_json({"error": "no such control"}),
                            "application/json")
        return Response(200, dump_json(value), "application/json")

    def control_value(self, req, name):
        call = (req.method, name)
        if call == ("POST", "faults"):
            rules = parse_json(req.body())
            if isinstance(rules, dict):
                rules = [rules]
            rules = [Rule(spec) for spec in rules]
            with self.lock:
                self.rules = self.rules + rules
            return {"rules": len(self.rules)}
        if call == ("GET", "faults"):
            return [dict(r.spec, fired=r.fired) for r in self.rules]
        if call == ("DELETE", "faults"):
            with self.lock:
                self.rules = []
                self.generation += 1
            return {"rules": 0}
        if call == ("GET", "violations"):
            return list(self.violations)
        if call == ("DELETE", "violations"):
            with self.lock:
                self.violations = []
            return []
        if call == ("GET", "requests"):
            return list(self.requests)
        if call == ("GET", "state"):
            return self.app.state()
        if call == ("GET", "stats"):
            with self.lock:
                counts = dict(self.counts)
            return dict(self.app.stats(), counts=counts, pid=os.getpid(),
                        uptime=round(time.time() - self.started, 3))
        return self.app.control(req, name)


def write_file_atomic(path, text):
    temp = "%s.%d.tmp" % (path, os.getpid())
    with open(temp, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.rename(temp, path)


def common_arguments(what):
    parser = argparse.ArgumentParser(description=what)
    parser.add_argument("--port", type=int, default=0,
                        help="loopback port; 0 takes a free one")
    parser.add_argument("--port-file", metavar="F",
                        help="gets the port, atomically, when ready")
    parser.add_argument("--state", metavar="DIR", required=True,
                        help="folder that survives a restart")
    parser.add_argument("--fsync", action="store_true",
                        help="fsync every record")
    parser.add_argument("--watch-stdin", action="store_true",
                        help="end when standard input ends")
    return parser


def run(app, args, path):
    """Serve until SIGTERM or SIGINT; the caller's program ends here."""
    server = Server(app, args.port)
    app.server = server

    # Waited for, not handled: a handler runs only between two steps of the
    # main thread, never when the signal comes just before accept() sleeps.
    ends = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)

    def end():
        signal.sigwait(ends)
        server.stop()

    threading.Thread(target=end, daemon=True).start()
    sys.setswitchinterval(0.001)
    if args.watch_stdin:
        def watch():
            while os.read(0, 4096):
                pass
            server.stop()
        threading.Thread(target=watch, daemon=True).start()
    print("http://127.0.0.1:%d%s" % (server.port, path), flush=True)
    if args.port_file:
        write_file_atomic(args.port_file, "%d\n" % server.port)
    server.serve()


def digest(*parts):
    return hashlib.sha256(b"\0".join(parts)).hexdigest()
