"""Starting a fake from a test, and a Noark 5 client written from the standard
alone: it knows /api and the relations.  Other tests may use both.

The bodies POST, DOC, OBJ and PERSON are the smallest sensible ones that the
server takes; `but()` makes a variant.
"""

import base64
import hashlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
REL = "https://rel.arkivverket.no/noark5/v5/api/"
SAK, STRUCT, META = REL + "sakarkiv/", REL + "arkivstruktur/", REL + "metadata/"
JSON = "application/vnd.noark5+json"
KEY = "vnd-sluse-v1:noekkel"
PDF = b"%PDF-1.4\nnot much of a letter\n%%EOF\n"
POST = {"tittel": "Søknad om parkering",
        "journalposttype": {"kode": "I"}, "journalstatus": {"kode": "M"},
        "mottattDato": "2026-11-20T09:15:00+01:00",
        "dokumentetsDato": "2026-11-18T00:00:00+01:00",
        "virksomhetsspesifikkeMetadata": {KEY: "0191-key-1"}}
DOC = {"tittel": "Søknad", "dokumenttype": {"kode": "B"},
       "dokumentstatus": {"kode": "F"},
       "tilknyttetRegistreringSom": {"kode": "H"}, "dokumentnummer": 1,
       "eksternReferanse": "0191-key-1/1"}
OBJ = {"versjonsnummer": 1, "variantformat": {"kode": "P"},
       "format": {"kode": "fmt/18"}, "filnavn": "søknad.pdf",
       "mimeType": "application/pdf", "filstoerrelse": len(PDF),
       "sjekksum": hashlib.sha256(PDF).hexdigest(),
       "sjekksumAlgoritme": "SHA-256"}
PERSON = {"korrespondanseparttype": {"kode": "EA"}, "navn": "Kari Nordmann",
          "postadresse": {"adresselinje1": "Storgata 1",
                          "postnr": {"kode": "4100"}, "poststed": "Jørpeland",
                          "landkode": {"kode": "NO"}},
          "kontaktinformasjon": {"epostadresse": "kari@example.no"}}


def but(base, **changes):
    """The body with some members changed; ... leaves one out."""
    new = dict(base, **changes)
    return {k: v for k, v in new.items() if v is not ...}


class Answer:
    def __init__(self, reply, body):
        self.status = reply.status
        self.headers = reply.headers
        self.body = body

    def json(self):
        return json.loads(self.body)


class Process:
    """A fake as a child process on a state folder of its own."""

    def __init__(self, program, *options):
        self.program, self.options = program, options
        self.folder = tempfile.TemporaryDirectory()
        # Ours as long as we live: nobody else gets the port while the fake is
        # down. Bound and not listening, so that whoever comes is refused.
        self.holder = socket.socket()
        self.holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.holder.bind(("127.0.0.1", 0))
        self.port = self.holder.getsockname()[1]
        self.start()

    def start(self):
        port_file = os.path.join(self.folder.name, "port")
        if os.path.exists(port_file):
            os.unlink(port_file)
        self.child = subprocess.Popen(
            [sys.executable, os.path.join(HERE, self.program),
             "--state", os.path.join(self.folder.name, "state"),
             "--port", str(self.port), "--port-file", port_file,
             *self.options], stdout=subprocess.DEVNULL)
        end = time.monotonic() + 20
        while not os.path.exists(port_file):
            if self.child.poll() is not None or time.monotonic() > end:
                raise RuntimeError("%s did not start" % self.program)
            time.sleep(0.01)
        with open(port_file, encoding="ascii") as file:
            self.port = int(file.read())

    def stop(self, how=signal.SIGTERM):
        self.child.send_signal(how)
        return self.child.wait(60)

    def restart(self, how=signal.SIGKILL):
        self.stop(how)
        self.start()

    def close(self):
        self.stop()
        self.holder.close()
        self.folder.cleanup()

    def control(self, method, name, value=None):
        conn = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        conn.request(method, "/_fake/" + name,
                     None if value is None else json.dumps(value))
        reply = conn.getresponse()
        body = reply.read()
        conn.close()
        if reply.status != 200:
            raise RuntimeError("%s: %s" % (name, body))
        return json.loads(body)


class Client:
    """A Noark 5 client that knows /api and relations, nothing else."""

    def __init__(self, fake, timeout=10):
        self.fake, self.timeout = fake, timeout
        self.token = None
        self.conn = None

    def close(self):
        if self.conn:
            self.conn.close()
        self.conn = None

    def call(self, method, url, body=None, headers=(), accept=JSON):
        parts = urllib.parse.urlsplit(url)
        target = parts.path + ("?" + parts.query if parts.query else "")
        sent = {"Accept": accept} if accept else {}
        if self.token:
            sent["Authorization"] = "Bearer " + self.token
        sent.update(headers)
        if self.conn is None:
            self.conn = http.client.HTTPConnection(
                "127.0.0.1", self.fake.port, timeout=self.timeout)
        try:
            self.conn.request(method, target, body, sent)
            reply = self.conn.getresponse()
            answer = Answer(reply, reply.read())
        except Exception:
            self.close()
            raise
        if reply.headers.get("Connection") == "close":
            self.close()
        return answer

    def get(self, url, accept=JSON):
        return self.call("GET", url, accept=accept)

    def send(self, url, value, method="POST", ctype=JSON, headers=()):
        return self.call(method, url, json.dumps(value).encode(),
                         dict({"Content-Type": ctype}, **dict(headers)))

    def upload(self, url, data, ctype="application/pdf"):
        return self.call("POST", url, data, {"Content-Type": ctype})

    def root(self):
        return self.get("http://127.0.0.1:%d/api" % self.fake.port).json()

    def login(self, user="u", password="p", secret="hemmelig"):
        url = href(self.root(), REL + "login/rfc6749/")
        basic = base64.b64encode(("sluse:" + secret).encode()).decode()
        answer = self.call(
            "POST", url, urllib.parse.urlencode(
                {"grant_type": "password", "username": user,
                 "password": password}),
            {"Content-Type": "application/x-www-form-urlencoded",
             "Authorization": "Basic " + basic}, "application/json")
        if answer.status == 200:
            self.token = answer.json()["access_token"]
        return answer

    def search(self, kind, text, extra="", area=SAK):
        page = self.get(href(self.root(), area)).json()
        link = page["_links"][area + kind + "/"]
        assert link["templated"] is True
        url = link["href"].split("{")[0]
        return self.get(url + "?$filter=" + urllib.parse.quote(text) + extra)

    def case(self, year=2026, number=211):
        found = self.search("saksmappe", "saksaar eq %d and sakssekvensnummer"
                            " eq %d" % (year, number)).json()
        assert found["count"] == 1, found
        return found["results"][0]

    def post(self, body=POST, case=None):
        return self.send(href(case or self.case(), SAK + "ny-journalpost/"),
                         body)

    def deliver(self, post=POST):
        """The whole of one delivery; every answer must be 201."""
        made = [self.post(post)]
        record = made[0].json()
        made.append(self.send(
            href(record, STRUCT + "ny-korrespondansepartperson/"), PERSON))
        made.append(self.send(href(record, STRUCT + "ny-dokumentbeskrivelse/"),
                              DOC))
        made.append(self.send(
            href(made[-1].json(), STRUCT + "ny-dokumentobjekt/"), OBJ))
        made.append(self.upload(href(made[-1].json(), STRUCT + "fil/"), PDF))
        made.append(self.send(href(record, STRUCT + "ny-merknad/"),
                              {"merknadstekst": "Plassert av Sluse",
                               "merknadstype": {"kode": "MA"}}))
        return made


def href(value, rel):
    return value["_links"][rel]["href"]
