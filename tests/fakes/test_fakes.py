#!/usr/bin/env python3
"""The fakes, tested from outside: a client written from the standard alone
that follows relations, every rule broken once, every fault ordered once, and
restarts.  Nothing of the servers' own code is used but their programs."""

import base64
import hashlib
import http.client
import json
import os
import signal
import socket
import tempfile
import threading
import time
import unittest
import urllib.parse
from fake_client import (DOC, JSON, KEY, META, OBJ, PDF, PERSON, POST, REL,
                         SAK, STRUCT, Answer, Client, Process, but, href)


class Base(unittest.TestCase):
    options = ()

    @classmethod
    def setUpClass(cls):
        cls.fake = Process("n5_server.py", *cls.options)

    @classmethod
    def tearDownClass(cls):
        cls.fake.close()

    def setUp(self):
        self.client = Client(self.fake)
        self.addCleanup(self.client.close)
        self.fake.control("DELETE", "faults")
        self.fake.control("DELETE", "violations")

    def violations(self):
        return self.fake.control("GET", "violations")

    def clean(self):
        self.assertEqual(self.violations(), [])

    def refused(self, answer, status, word=""):
        """Refused with this status, in the protocol's form, and recorded."""
        self.assertEqual(answer.status, status, answer.body)
        fault = answer.json()["feil"]
        self.assertEqual(fault["kode"], status)
        self.assertIn(word, fault["beskrivelse"])
        self.assertEqual(len(self.violations()), 1)
        self.fake.control("DELETE", "violations")


class HappyPath(Base):
    options = ("--user", "u", "--password", "p", "--page-size", "3")

    def setUp(self):
        super().setUp()
        self.assertEqual(self.client.login().status, 200)

    def test_delivery(self):
        made = self.client.deliver()
        self.assertEqual([m.status for m in made], [201] * 6)
        for answer in made[:3]:
            self.assertEqual(answer.headers["ETag"], '"0"')
            value = answer.json()
            self.assertEqual(answer.headers["Location"],
                             href(value, "self"))
            self.assertEqual(list(value["_links"]), sorted(value["_links"]))
            self.assertEqual(self.client.get(href(value, "self")).json(),
                             value)
        record = made[0].json()
        self.assertEqual(record["journalstatus"]["kodenavn"],
                         "Midlertidig registrering av innkommet dokument")
        self.assertEqual(record["registreringsID"],
                         "2026/211-%d" % record["journalpostnummer"])
        self.assertEqual(href(record, "self"),
                         href(record, SAK + "journalpost/"))
        obj = self.client.get(href(made[3].json(), "self")).json()
        back = self.client.get(obj["referanseDokumentfil"],
                               accept="application/pdf")
        self.assertEqual(back.body, PDF)
        self.assertEqual(back.headers["Content-Type"], "application/pdf")
        parts = self.client.get(href(record, STRUCT + "korrespondansepart/")
                                .split("{")[0]).json()
        self.assertEqual(parts["results"][0]["navn"], "Kari Nordmann")
        self.clean()
        state = self.fake.control("GET", "state")
        row = [p for p in state["journalposts"]
               if p["id"] == record["systemID"]][0]
        self.assertEqual(row["problems"], [])
        self.assertEqual(row["key"], "0191-key-1")
        self.assertEqual(row["remarks"], ["Plassert av Sluse"])
        self.assertEqual(row["documents"][0]["files"][0]["sha256"],
                         OBJ["sjekksum"])
        self.assertTrue(row["documents"][0]["files"][0]["complete"])

    def test_other_correspondents(self):
        record = self.client.post().json()
        for kind, body in (
                ("enhet", {"korrespondanseparttype": {"kode": "EA"},
                           "navn": "Storvik Bygg AS", "enhetsidentifikator":
                           {"organisasjonsnummer": "974760673"}}),
                ("intern", {"korrespondanseparttype": {"kode": "IM"},
                            "administrativEnhet": "Teknisk",
                            "saksbehandler": "Ola Hansen"})):
            answer = self.client.send(
                href(record, STRUCT + "ny-korrespondansepart%s/" % kind),
                body)
            self.assertEqual(answer.status, 201, answer.body)
        self.clean()

    def test_find_by_own_key(self):
        search = self.client.search
        nothing = search("journalpost", KEY + " eq 'own-77'").json()
        self.assertEqual(nothing["count"], 0)
        self.assertNotIn("results", nothing)
        self.client.deliver(but(POST, virksomhetsspesifikkeMetadata={
            KEY: "own-77"}))
        found = search("journalpost", KEY + " eq 'own-77'").json()
        self.assertEqual(found["count"], 1)
        page = self.client.get(href(found["results"][0],
                                    STRUCT + "dokumentbeskrivelse/")
                               .split("{")[0]).json()
        self.assertEqual(page["results"][0]["eksternReferanse"],
                         "0191-key-1/1")
        for kind, text in (
                ("dokumentbeskrivelse", "eksternReferanse eq '0191-key-1/1'"),
                ("dokumentobjekt", "sjekksum eq '%s'" % OBJ["sjekksum"]),
                ("registrering", "startswith(tittel, 'Søknad om') and"
                 " (journalstatus/kode eq 'M' or year(mottattDato) lt 2000)"),
                ("mappe", "contains(tittel,'parkering') and saksdato gt"
                 " 2020-01-01")):
            self.assertGreater(search(kind, text, area=STRUCT).json()["count"],
                               0, text)
        self.clean()

    def test_doubles_show(self):
        for n in range(2):
            record = self.client.post(but(
                POST, virksomhetsspesifikkeMetadata={KEY: "twice-1"})).json()
            for _ in range(n + 1):
                self.client.send(
                    href(record, STRUCT + "ny-korrespondansepartperson/"),
                    PERSON)
        state = self.fake.control("GET", "state")
        self.assertIn("twice-1", state["doubles"])
        self.assertIn("the same correspondent twice",
                      state["journalposts"][-1]["problems"])
        self.assertIn("not exactly one hoveddokument",
                      state["journalposts"][-1]["problems"])
        self.clean()

    def test_many_at_once(self):
        """Numbers stay unique when four clients post at the same time."""
        numbers = []

        def work():
            client = Client(self.fake)
            client.token = self.client.token
            case = client.case(2026, 212)
            for _ in range(25):
                value = client.post(case=case).json()
                numbers.append((value["journalsekvensnummer"],
                                value["registreringsID"]))
            client.close()

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len({n for n, _ in numbers}), 100)
        self.assertEqual(len({n for _, n in numbers}), 100)

    def test_pages(self):
        for n in range(5):
            self.client.post(but(POST, tittel="Side %d" % n))
        answer = self.client.search(
            "journalpost", "startswith(tittel,'Side')",
            "&$orderby=journalsekvensnummer%20desc").json()
        self.assertEqual(answer["count"], 5)
        titles = [r["tittel"] for r in answer["results"]]
        answer = self.client.get(href(answer, "next")).json()
        titles += [r["tittel"] for r in answer["results"]]
        self.assertEqual(titles, ["Side %d" % n for n in (4, 3, 2, 1, 0)])
        self.assertNotIn("next", answer["_links"])
        answer = self.client.search("journalpost", "contains(tittel,'Side')",
                                    "&$top=1&$skip=4").json()
        self.assertEqual([r["tittel"] for r in answer["results"]], ["Side 4"])
        self.clean()

    def test_update_and_etag(self):
        first = self.client.post()
        value, url = first.json(), href(first.json(), "self")
        value["tittel"] = "Ny tittel"
        answer = self.client.send(url, value, "PUT",
                                  headers={"If-Match": '"0"'})
        self.assertEqual(answer.status, 200, answer.body)
        self.assertEqual(answer.headers["ETag"], '"1"')
        answer = self.client.send(url, value, "PUT",
                                  headers={"If-Match": '"0"'})
        self.assertEqual(answer.status, 409)
        answer = self.client.send(
            url, {"tittel": "Tredje"}, "PATCH",
            "application/merge-patch+json",
            {"If-Match": '"1"', "ETag": '"1"'})
        self.assertEqual(answer.json()["tittel"], "Tredje")
        self.fake.control("POST", "touch", {"systemID": value["systemID"]})
        answer = self.client.send(url, {"tittel": "x"}, "PATCH",
                                  "application/merge-patch+json",
                                  {"If-Match": '"2"'})
        self.assertEqual(answer.status, 409)
        self.clean()

    def test_make_case_and_templates(self):
        page = self.client.get(href(self.client.root(), STRUCT)).json()
        part = self.client.get(href(page, STRUCT + "arkivdel/")
                               .split("{")[0]).json()["results"][0]
        url = href(part, SAK + "ny-saksmappe/")
        body = self.client.get(url).json()
        self.assertNotIn("self", body["_links"])
        body = {k: v for k, v in body.items() if v and k != "_links"}
        body.update(tittel="Ny sak", administrativEnhet="Teknisk")
        answer = self.client.send(url, body)
        self.assertEqual(answer.status, 201, answer.body)
        template = self.client.get(href(answer.json(),
                                        SAK + "ny-journalpost/")).json()
        self.assertEqual(template["journalstatus"], {"kode": "M"})
        self.assertEqual(self.client.post(case=answer.json()).status, 201)
        self.clean()

    def test_code_lists_and_system(self):
        page = self.client.get(href(self.client.root(),
                                    REL + "metadata/")).json()
        rows = self.client.get(
            page["_links"][META + "journalstatus/"]["href"].split("{")[0]
            + "?$filter=kode%20eq%20'M'").json()
        self.assertEqual(rows["count"], 1)
        rows = self.client.get(
            page["_links"][META + "virksomhetsspesifikkeMetadata/"]["href"]
            .split("{")[0]).json()
        self.assertIn(KEY, [r["navn"] for r in rows["results"]])
        system = self.client.get(href(self.client.root(),
                                      REL + "admin/system/")).json()
        self.assertEqual(system["protokollversjon"], "1.1")
        self.assertEqual(system["bulkgrense"], 157286400)
        self.clean()

    def test_login(self):
        other = Client(self.fake)
        self.assertEqual(other.login(password="q").status, 400)
        self.assertEqual(other.login(secret="q").status, 401)
        self.clean()
        url = href(self.client.root(), SAK)
        answer = other.get(url)
        self.assertIn("Bearer", answer.headers["WWW-Authenticate"])
        self.refused(answer, 401)
        self.fake.control("POST", "expire-tokens")
        self.assertEqual(self.client.get(url).status, 401)
        self.clean()
        self.assertEqual(self.client.login().status, 200)
        self.assertEqual(self.client.get(url).status, 200)
        other.close()

    def test_refresh_and_oidc(self):
        login = self.client.login().json()
        root = self.client.root()
        found = self.client.get(href(root, REL + "login/oidc/"),
                                "application/json").json()
        self.assertEqual(found["token_endpoint"],
                         href(root, REL + "login/rfc6749/"))
        answer = self.client.call(
            "POST", found["token_endpoint"], urllib.parse.urlencode(
                {"grant_type": "refresh_token",
                 "refresh_token": login["refresh_token"]}),
            {"Content-Type": "application/x-www-form-urlencoded",
             "Authorization": "Basic " +
             base64.b64encode(b"sluse:hemmelig").decode()})
        self.assertIn("access_token", answer.json())

    def test_restart_keeps_everything(self):
        made = self.client.deliver(but(POST, tittel="Før omstart"))
        url = href(made[0].json(), "self")
        file = href(made[3].json(), STRUCT + "fil/")
        before = self.fake.control("GET", "state")
        self.client.close()
        self.fake.restart(signal.SIGKILL)
        self.assertEqual(self.fake.control("GET", "state"), before)
        self.assertEqual(self.client.get(url).json()["tittel"], "Før omstart")
        self.assertEqual(self.client.get(file, accept=None).body, PDF)
        again = self.client.post()
        self.assertEqual(again.json()["journalsekvensnummer"],
                         len(before["journalposts"]) + 1)
        self.client.close()
        log = os.path.join(self.fake.folder.name, "state", "n5.jsonl")
        self.fake.stop(signal.SIGKILL)
        with open(log, "ab") as lines:
            lines.write(b'{"put": {"id": "to')    # a write cut short
        self.fake.start()
        self.assertEqual(self.client.post().status, 201)
        self.client.close()
        count = len(self.fake.control("GET", "state")["journalposts"])
        self.fake.restart(signal.SIGKILL)
        self.assertEqual(
            len(self.fake.control("GET", "state")["journalposts"]), count)
        self.assertEqual(count, len(before["journalposts"]) + 2)


class TokenTtl(Base):
    options = ("--user", "u", "--password", "p", "--token-ttl", "3")

    def test_expires(self):
        self.assertEqual(self.client.login().json()["expires_in"], 3)
        url = href(self.client.root(), SAK)
        self.assertEqual(self.client.get(url).status, 200)
        time.sleep(3.1)
        self.assertEqual(self.client.get(url).status, 401)
        self.clean()


class Strict(Base):
    options = ("--bulkgrense", "100")

    def test_journalpost_fields(self):
        url = href(self.client.case(), SAK + "ny-journalpost/")
        for status in "JAEUFGSR":
            self.refused(self.client.send(
                url, but(POST, journalstatus={"kode": status})), 403,
                "journalstatus " + status)
        for body, status, word in (
                (but(POST, journalstatus={"kode": "Q"}), 400, "unknown code"),
                (but(POST, journalstatus="M"), 400, "object"),
                (but(POST, journalposttype={"kode": "U"}), 403, "only I"),
                (but(POST, journalposttype={"kode": "N"}), 403, "only I"),
                (but(POST, journalstatus={"kode": "M", "kodenavn": "x"}),
                 400, "kodenavn"),
                (but(POST, tittel=...), 400, "obligatory"),
                (but(POST, mottattDato=...), 400, "obligatory"),
                (but(POST, journalstatus=...), 400, "obligatory"),
                (but(POST, tittel=" \u00a0"), 400, "empty"),
                (but(POST, tittel=7), 400, "text wanted"),
                (but(POST, tittel="to\nlinjer"), 400, "control"),
                (but(POST, tittel="Søknad fra 13097248022"), 400, "fødsels"),
                (but(POST, tittel="Søknad fra 130972 48022"), 400, "fødsels"),
                (but(POST, ukjent=1), 400, "unknown field"),
                (but(POST, beskrivelse=None), 400, "null"),
                (but(POST, journalaar=2026), 400, "given by the core"),
                (but(POST, systemID="x"), 400, "given by the core"),
                (but(POST, mottattDato="2026-11-20T09:15:00"), 400, "zone"),
                (but(POST, mottattDato="2026-11-20+01:00"), 400, "zone"),
                (but(POST, mottattDato="2026-02-30T09:15:00Z"), 400, "such"),
                (but(POST, dokumentetsDato="2026-11-18"), 400, "zone"),
                (but(POST, antallVedlegg="2"), 400, "number"),
                (but(POST, antallVedlegg=1.5), 400, "number"),
                (but(POST, antallVedlegg=True), 400, "number"),
                (but(POST, virksomhetsspesifikkeMetadata={"x-v1:y": "z"}),
                 400, "catalogue"),
                (but(POST, skjerming={"skjermingshjemmel": "x"}), 400,
                 "obligatory")):
            self.refused(self.client.send(url, body), status, word)
        ok = but(POST, tittel="Konto 13097248023", antallVedlegg=2,
                 dokumentetsDato="2026-11-18+01:00", skjerming={
                     "tilgangsrestriksjon": {"kode": "XX"},
                     "skjermingshjemmel": "Offl. § 13",
                     "skjermingMetadata": [{"kode": "TRO"}]})
        self.assertEqual(self.client.send(url, ok).status, 201)
        self.clean()

    def test_headers_and_json(self):
        url = href(self.client.case(), SAK + "ny-journalpost/")
        raw = json.dumps(POST).encode()
        call = self.client.call
        head = {"Content-Type": JSON}
        self.refused(call("POST", url, raw,
                          {"Content-Type": "application/json"}), 415)
        self.refused(call("POST", url, raw, head, "application/json"), 406)
        self.refused(call("POST", url, raw, head, None), 406)
        self.refused(self.client.get(url, "*/*"), 406)
        self.refused(call("POST", url, raw[:-1], head), 400, "JSON")
        self.refused(call("POST", url, raw[:-1] + b',"tittel":"x"}', head),
                     400, "twice")
        self.refused(call("POST", url, b"\xff" + raw, head), 400, "UTF-8")
        self.refused(call("POST", url, b"[]", head), 400, "object")
        self.refused(call("POST", url + "?x=1", raw, head), 400, "query")
        self.refused(call("DELETE", url), 405)
        self.refused(call("POST", url, iter([raw]), head), 411, "Transfer")

    def test_broken_http(self):
        for text in ("GET /api HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
                     "GET /api HTTP/1.1\r\n\r\n",
                     "GET /api HTTP/1.0\r\nHost: x\r\n\r\n",
                     "GET api HTTP/1.1\r\nHost: x\r\n\r\n",
                     "POST /api HTTP/1.1\r\nHost: x\r\n"
                     "Content-Length: +1\r\n\r\n",
                     "GET /api HTTP/1.1\r\nHost : x\r\n\r\n"):
            with self.subTest(text), socket.create_connection(
                    ("127.0.0.1", self.fake.port), 10) as sock:
                sock.sendall(text.encode())
                answer = b""
                while data := sock.recv(4096):
                    answer += data
                self.assertRegex(answer, b"^HTTP/1.1 400 ")
                self.assertEqual(len(self.violations()), 1)
                self.fake.control("DELETE", "violations")

    def test_guessed_and_templated_urls(self):
        base = "http://127.0.0.1:%d" % self.fake.port
        for path in ("/api/sakarkiv", "/api/", "/", "/n5/AAAA"):
            self.refused(self.client.get(base + path), 404, "handed out")
        page = self.client.get(href(self.client.root(), SAK)).json()
        link = href(page, SAK + "saksmappe/")
        self.refused(self.client.get(link), 400)
        token = link.split("{")[0]
        flip = token[:-1] + ("A" if token[-1] != "A" else "B")
        self.refused(self.client.get(flip), 404)

    def test_filters(self):
        for text in ("ukjent eq 1", "tittel eq 7", "saksaar eq '2026'",
                     "endswith(tittel,'x')", "tittel ne 'x'",
                     "not contains(tittel,'x')", "tittel", "tittel eq",
                     "saksaar eq 2026 and", "saksaar eq 2026)",
                     "contains(saksaar,'2')", "saksaar+eq+2026",
                     "saksdato gt '2026-01-01'", "tittel eq \"x\""):
            with self.subTest(text):
                self.refused(self.client.search("saksmappe", text), 400)
        for extra in ("&$top=x", "&$top=-1", "&$expand=merknad", "&$top=1"
                      "&$top=2", "&$orderby=ukjent"):
            with self.subTest(extra):
                self.refused(self.client.search(
                    "saksmappe", "saksaar eq 2026", extra), 400)

    def test_documents(self):
        record = self.client.post().json()
        url = href(record, STRUCT + "ny-dokumentbeskrivelse/")
        first = self.client.send(url, DOC)
        self.assertEqual(first.status, 201)
        self.refused(self.client.send(url, DOC), 400, "taken")
        self.refused(self.client.send(url, but(DOC, dokumentnummer=2)), 400,
                     "hoveddokument")
        for body in (but(DOC, dokumentnummer=0), but(DOC, dokumenttype=...),
                     but(DOC, dokumentnummer="2"), but(DOC, tittel="")):
            self.refused(self.client.send(url, body), 400)
        vedlegg = but(DOC, dokumentnummer=2,
                      tilknyttetRegistreringSom={"kode": "V"})
        self.assertEqual(self.client.send(url, vedlegg).status, 201)
        url = href(first.json(), STRUCT + "ny-dokumentobjekt/")
        for change in ({"variantformat": ...}, {"format": ...},
                       {"sjekksum": ...}, {"sjekksumAlgoritme": "SHA256"},
                       {"sjekksum": "A" * 64}, {"sjekksum": "a" * 63},
                       {"format": {"kode": "pdf"}}, {"filstoerrelse": 0},
                       {"filstoerrelse": "7"}, {"mimeType": "pdf"},
                       {"filnavn": "../x"}, {"variantformat": {"kode": "X"}}):
            self.refused(self.client.send(url, but(OBJ, **change)), 400)
        self.assertEqual(self.client.send(url, OBJ).status, 201)
        self.refused(self.client.send(url, OBJ), 400, "there already")

    def test_correspondents(self):
        record = self.client.post().json()
        url = href(record, STRUCT + "ny-korrespondansepartperson/")
        for change in ({"navn": ...}, {"korrespondanseparttype": ...},
                       {"korrespondanseparttype": {"kode": "ZZ"}},
                       {"postadresse": {"adresselinje1": "x"}},
                       {"personidentifikator": [
                           {"foedselsnummer": "13097248023"}]}):
            self.refused(self.client.send(url, but(PERSON, **change)), 400)
        url = href(record, STRUCT + "ny-korrespondansepartintern/")
        self.refused(self.client.send(
            url, {"korrespondanseparttype": {"kode": "IM"}}), 400)

    def object(self, data=PDF):
        record = self.client.post().json()
        doc = self.client.send(
            href(record, STRUCT + "ny-dokumentbeskrivelse/"), DOC).json()
        return self.client.send(
            href(doc, STRUCT + "ny-dokumentobjekt/"),
            but(OBJ, filstoerrelse=len(data),
                sjekksum=hashlib.sha256(data).hexdigest())).json()

    def test_files(self):
        obj = self.object()
        url = href(obj, STRUCT + "fil/")
        self.assertEqual(self.client.get(url, None).status, 404)
        self.clean()
        wrong = b"x" * len(PDF)
        self.refused(self.client.upload(url, wrong), 400, "sjekksum")
        self.refused(self.client.upload(url, PDF + b"x"), 400, "length")
        self.refused(self.client.upload(url, PDF, "text/plain"), 400, "Type")
        self.assertEqual(self.client.upload(url, PDF).status, 201)
        self.assertEqual(self.client.upload(url, PDF).status, 409)
        self.refused(self.client.get(url, "text/plain"), 406)
        folder = os.path.join(self.fake.folder.name, "state", "files")
        self.assertEqual([n for n in os.listdir(folder)
                          if n.endswith(".part")], [])
        self.assertEqual(self.client.call("DELETE",
                                          href(obj, "self")).status, 204)
        self.assertEqual(self.client.get(href(obj, "self")).status, 404)

    def test_upload_cut_by_a_kill(self):
        url = urllib.parse.urlsplit(href(self.object(), STRUCT + "fil/"))
        folder = os.path.join(self.fake.folder.name, "state", "files")
        with socket.create_connection(("127.0.0.1", self.fake.port)) as sock:
            sock.sendall(("POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d"
                          "\r\nContent-Type: application/pdf\r\n\r\n%%PDF"
                          % (url.path, len(PDF))).encode())
            end = time.monotonic() + 30
            while not any(n.endswith(".part") for n in os.listdir(folder)):
                self.assertLess(time.monotonic(), end)
                time.sleep(0.01)
            self.client.close()
            self.fake.restart(signal.SIGKILL)
        self.assertFalse(any(n.endswith(".part") for n in
                             os.listdir(folder)))
        self.assertEqual(self.client.upload(url.geturl(), PDF).status, 201)
        self.clean()

    def test_upload_in_pieces(self):
        data = os.urandom(250)
        url = href(self.object(data), STRUCT + "fil/")
        self.refused(self.client.upload(url, data), 403, "bulkgrense")
        answer = self.client.call("POST", url, b"", {
            "Content-Length": "0",
            "X-Upload-Content-Type": "application/pdf",
            "X-Upload-Content-Length": "250"})
        self.assertEqual(answer.status, 200, answer.body)
        for low in range(0, 250, 100):
            piece, place = data[low:low + 100], answer.headers["Location"]
            if low == 100:
                self.refused(self.client.call("PUT", place, piece, {
                    "Content-Type": "application/pdf",
                    "Content-Range": "0-99/250"}), 400, "Content-Range")
            answer = self.client.call("PUT", place, piece, {
                "Content-Type": "application/pdf", "Content-Range":
                "%d-%d/250" % (low, low + len(piece) - 1)})
            self.assertEqual(answer.status, 201 if low == 200 else 200)
        self.assertEqual(self.client.get(url, None).body, data)
        self.clean()

    def test_closed_case(self):
        self.assertNotIn(SAK + "ny-journalpost/",
                         self.client.case(2025, 48)["_links"])
        url = href(self.client.case(2026, 212), SAK + "ny-journalpost/")
        self.fake.control("POST", "case",
                          {"saksnummer": "2026/212", "saksstatus": "A"})
        answer = self.client.send(url, POST)
        self.assertEqual(answer.status, 403)
        self.assertIn("closed", answer.json()["feil"]["beskrivelse"])
        self.clean()

    def test_changes(self):
        value = self.client.post().json()
        url = href(value, "self")
        tag = {"If-Match": '"0"'}
        self.refused(self.client.send(url, value, "PUT"), 400, "If-Match")
        self.refused(self.client.send(
            url, but(value, journalstatus={"kode": "J"}), "PUT",
            headers=tag), 403)
        self.refused(self.client.send(
            url, but(value, journalpostnummer=99), "PUT", headers=tag), 400)
        self.refused(self.client.send(
            url, but(value, tittel=...), "PUT", headers=tag), 400)
        self.refused(self.client.call("DELETE", url), 403)

    def test_cases_from_csv(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "cases.csv")
            with open(path, "w", encoding="utf-8") as file:
                file.write("saksnummer;tittel;saksstatus;administrativEnhet\n"
                           "2026/7;Lekeplass på Åsen;B;Park\n")
            fake = Process("n5_server.py", "--cases", path)
            client = Client(fake)
            self.assertEqual(client.case(2026, 7)["tittel"],
                             "Lekeplass på Åsen")
            self.assertEqual(len(fake.control("GET", "state")["cases"]), 1)
            client.close()
            fake.close()


    def test_port_is_kept(self):
        """While a fake is down nobody gets its port, and who comes is refused."""
        fake = Process("n5_server.py")
        self.addCleanup(fake.close)
        fake.stop(signal.SIGKILL)
        with socket.socket() as other:
            with self.assertRaises(OSError):
                other.bind(("127.0.0.1", fake.port))
        with self.assertRaises(ConnectionRefusedError):
            fake.control("GET", "state")
        fake.start()
        fake.control("GET", "state")


class Faults(Base):
    def setUp(self):
        super().setUp()
        self.url = href(self.client.case(), SAK + "ny-journalpost/")
        self.before = self.posts()

    def order(self, action, **more):
        self.fake.control("POST", "faults", [dict(
            {"match": {"method": "POST", "kind": "journalpost"},
             "action": action, "count": 1}, **more)])

    def posts(self):
        return len(self.fake.control("GET", "state")["journalposts"])

    def made(self):
        return self.posts() - self.before

    def test_statuses(self):
        for action in ("500", "503", "429"):
            self.order(action, retry_after=7)
            answer = self.client.send(self.url, POST)
            self.assertEqual(answer.status, int(action))
            self.assertEqual(answer.headers["Retry-After"], "7")
            self.assertEqual(answer.json()["feil"]["kode"], int(action))
        self.order("429", retry_after_date=60)
        answer = self.client.send(self.url, POST)
        self.assertRegex(answer.headers["Retry-After"], r"^\w{3}, \d\d .*GMT$")
        self.assertEqual(self.made(), 0)
        self.assertEqual(self.client.send(self.url, POST).status, 201)
        self.clean()

    def test_reset(self):
        self.order("reset")
        with self.assertRaises(ConnectionError):
            self.client.send(self.url, POST)
        self.assertEqual(self.made(), 0)

    def test_lost_reply(self):
        self.order("lose_reply")
        with self.assertRaises(http.client.RemoteDisconnected):
            self.client.send(self.url, POST)
        self.assertEqual(self.made(), 1)
        self.fake.restart(signal.SIGKILL)
        self.assertEqual(self.made(), 1)

    def test_hang(self):
        client = Client(self.fake, timeout=0.3)
        for after, made in ((False, 0), (True, 1)):
            self.order("hang", seconds=30, after=after)
            with self.assertRaises(TimeoutError):
                client.send(self.url, POST)
            end = time.monotonic() + 20  # the work may be done only now
            while self.made() < made and time.monotonic() < end:
                time.sleep(0.02)
            self.assertEqual(self.made(), made)
        start = time.monotonic()
        self.order("hang", seconds=30)
        threading.Timer(0.2, self.fake.control, ("DELETE", "faults")).start()
        with self.assertRaises(http.client.RemoteDisconnected):
            self.client.send(self.url, POST)
        self.assertLess(time.monotonic() - start, 10)

    def test_half_body(self):
        self.order("half_body")
        with self.assertRaises(http.client.IncompleteRead):
            self.client.send(self.url, POST)
        self.assertEqual(self.made(), 1)

    def test_bad_json(self):
        self.order("bad_json")
        answer = self.client.send(self.url, POST)
        self.assertEqual(answer.status, 201)
        with self.assertRaises(ValueError):
            answer.json()

    def test_huge(self):
        self.order("huge", bytes=5000000)
        answer = self.client.send(self.url, POST)
        self.assertEqual(len(answer.body), 5000000)
        self.assertEqual(answer.json()["tittel"], POST["tittel"])

    def test_slow(self):
        self.order("slow", seconds=0.5)
        start = time.monotonic()
        self.assertEqual(self.client.send(self.url, POST).status, 201)
        self.assertGreaterEqual(time.monotonic() - start, 0.5)

    def test_wait(self):
        """Done at once; the answer comes when the faults are deleted."""
        self.order("wait")
        got = []
        asker = threading.Thread(target=lambda: got.append(
            self.client.send(self.url, POST).status))
        asker.start()
        end = time.monotonic() + 20
        while self.made() == 0 and time.monotonic() < end:
            time.sleep(0.02)
        self.assertEqual((self.made(), got), (1, []))
        time.sleep(0.2)
        self.assertEqual(got, [])
        self.fake.control("DELETE", "faults")
        asker.join(20)
        self.assertEqual((self.made(), got), (1, [201]))

    def test_matching(self):
        self.fake.control("POST", "faults", [
            {"match": {"rel": "ny-journalpost"}, "action": "500", "skip": 1,
             "count": 2},
            {"match": {"kind": "token"}, "action": "503"}])
        got = [self.client.send(self.url, POST).status for _ in range(5)]
        self.assertEqual(got, [201, 500, 500, 201, 201])
        self.assertEqual([r["fired"] for r in
                          self.fake.control("GET", "faults")], [2, 0])
        with self.assertRaises(RuntimeError):
            self.fake.control("POST", "faults", [{"action": "explode"}])

    def test_probability(self):
        runs = []
        for _ in range(2):
            self.fake.control("DELETE", "faults")
            self.fake.control("POST", "faults", [
                {"match": {"kind": "root"}, "action": "503",
                 "probability": 0.5, "seed": 42}])
            url = "http://127.0.0.1:%d/api" % self.fake.port
            runs.append([self.client.get(url).status for _ in range(40)])
        self.assertEqual(runs[0], runs[1])
        self.assertEqual(set(runs[0]), {200, 503})

    def test_body_cut_short_makes_nothing(self):
        target = urllib.parse.urlsplit(self.url).path
        with socket.create_connection(("127.0.0.1", self.fake.port)) as sock:
            sock.sendall(("POST %s HTTP/1.1\r\nHost: x\r\nAccept: %s\r\n"
                          "Content-Type: %s\r\nContent-Length: 400\r\n\r\n{"
                          % (target, JSON, JSON)).encode())
        time.sleep(0.1)
        self.assertEqual(self.made(), 0)
        self.clean()

    def test_rate(self):
        """At least 300 simple requests a second, when nobody is in the way."""
        url, count, rates = href(self.client.root(), SAK), 30, []
        while len(rates) < 10 or (len(rates) < 300 and max(rates) < 300):
            start = time.monotonic()
            for _ in range(count):
                self.client.get(url)
            rates.append(count / (time.monotonic() - start))
        self.assertGreaterEqual(max(rates), 300)


class Webhook(unittest.TestCase):
    def setUp(self):
        self.fake = Process("webhook_server.py")
        self.addCleanup(self.fake.close)
        self.conn = None

    def send(self, key, body, ctype="application/json", method="POST"):
        conn = http.client.HTTPConnection("127.0.0.1", self.fake.port,
                                          timeout=10)
        headers = {"Content-Type": ctype}
        if key is not None:
            headers["Idempotency-Key"] = key
        try:
            conn.request(method, "/hook", body, headers)
            reply = conn.getresponse()
            return Answer(reply, reply.read())
        finally:
            conn.close()

    def form(self, boundary, data=PDF):
        mark = boundary.encode()
        return (b"--" + mark + b"\r\nContent-Disposition: form-data;"
                b' name="entry"\r\nContent-Type: application/json\r\n\r\n'
                b'{"title":"x"}\r\n--' + mark +
                b'\r\nContent-Disposition: form-data; name="file";'
                b' filename="a.pdf"\r\nContent-Type: application/pdf\r\n\r\n'
                + data + b"\r\n--" + mark + b"--\r\n",
                "multipart/form-data; boundary=" + boundary)

    def test_json_once(self):
        body = b'{"title":"hei"}'
        self.assertEqual(self.send("key-00001", body).json(),
                         {"id": "w-1", "duplicate": False})
        self.assertEqual(self.send("key-00001", body).json(),
                         {"id": "w-1", "duplicate": True})
        self.assertEqual(self.send("key-00001", b'{"title":"ho"}').status,
                         422)
        self.assertEqual(self.send("key-00002", body).json()["id"], "w-2")
        self.fake.restart(signal.SIGKILL)
        self.assertTrue(self.send("key-00001", body).json()["duplicate"])
        state = self.fake.control("GET", "state")
        self.assertEqual(state["count"], 2)
        self.assertEqual(state["deliveries"][0]["json"], {"title": "hei"})

    def test_multipart(self):
        body, ctype = self.form("aaa")
        self.assertFalse(self.send("key-00001", body, ctype)
                         .json()["duplicate"])
        body, ctype = self.form("another-boundary")
        self.assertTrue(self.send("key-00001", body, ctype)
                        .json()["duplicate"])
        body, ctype = self.form("aaa", PDF + b"\r\n--aa")
        self.assertEqual(self.send("key-00001", body, ctype).status, 422)
        row = self.fake.control("GET", "state")["deliveries"][0]
        self.assertEqual([p["name"] for p in row["parts"]],
                         ["entry", "file"])
        self.assertEqual(row["parts"][0]["json"], {"title": "x"})
        self.assertEqual(row["parts"][1]["sha256"], OBJ["sjekksum"])
        big = os.urandom(3000000)
        body, ctype = self.form("bbb", big)
        self.assertEqual(self.send("key-00003", body, ctype).status, 200)
        row = self.fake.control("GET", "state")["deliveries"][1]
        self.assertEqual(row["parts"][1]["sha256"],
                         hashlib.sha256(big).hexdigest())
        self.assertEqual(len(self.fake.control("GET", "violations")), 1)

    def test_refusals(self):
        body, ctype = self.form("aaa")
        for key, data, kind, status in (
                (None, b"{}", "application/json", 400),
                ("short", b"{}", "application/json", 400),
                ("key-00001", b"{", "application/json", 400),
                ("key-00001", b"{}", "text/plain", 415),
                ("key-00001", body, "multipart/form-data", 400),
                ("key-00001", body[:-8], ctype, 400)):
            self.assertEqual(self.send(key, data, kind).status, status)
        self.assertEqual(self.send("key-00001", b"", method="PUT").status,
                         405)
        self.assertEqual(len(self.fake.control("GET", "violations")), 7)
        self.assertEqual(self.fake.control("GET", "state")["count"], 0)

    def test_faults(self):
        self.fake.control("POST", "faults", [
            {"action": "lose_reply", "count": 1},
            {"action": "429", "retry_after": 1, "count": 1}])
        with self.assertRaises(http.client.RemoteDisconnected):
            self.send("key-00001", b"{}")
        self.assertEqual(self.send("key-00001", b"{}").status, 429)
        self.assertTrue(self.send("key-00001", b"{}").json()["duplicate"])
        self.assertEqual(self.fake.control("GET", "stats")["deliveries"], 1)


if __name__ == "__main__":
    unittest.main()
