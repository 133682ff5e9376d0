#!/usr/bin/env python3
"""Packages of the channels: each kind ends in the right case with its main
document, its sender and its titles; twice the same is one; what is hostile, not
whole or not post is held with its reason."""
import json
import os
import re
import signal
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import house  # noqa: E402
from packs import arkivmelding, sample, svarinn, zipped  # noqa: E402
from trial import Trial, run_all  # noqa: E402

LETTER = "Til Testvik kommune\n\nVi viser til samtalen.\n".encode()
CASE_LETTER = ("Til Testvik kommune\n\nDeres ref: 2026/87\n\nVi viser til "
               "samtalen, og sender det vi ble enige om.\n").encode()
ENCLOSED = "Tegning nummer 1\n".encode()
SPECS = os.environ.get("SLUSE_SHARED") or os.path.join(
    os.path.dirname(house.TOP), "shared")
SPECS = os.path.join(SPECS, "specs")
FIKS = "fiks-arkiv/Schema/%s/no.ks.fiks.arkiv.%s.%s.xsd"
SCHEMAS = {
    "arkivmelding.xml": "eformidling/arkivmelding.xsd",
    "arkivmelding-two.xml": "eformidling/arkivmelding.xsd",
    "arkivmelding-screened.xml": "eformidling/arkivmelding.xsd",
    "arkivmelding-graded.xml": "eformidling/arkivmelding.xsd",
    "arkivmelding-case-only.xml": "eformidling/arkivmelding.xsd",
    "fiks-arkiv.xml": FIKS % ("V1", "v1", "arkivering.arkivmelding.opprett"),
    "fiks-arkiv-new-case.xml":
        FIKS % ("V2", "v2", "arkivering.arkivmelding.opprett"),
    "fiks-arkiv-search.xml": FIKS % ("V1", "v1", "innsyn.mappe.hent"),
    "putmessage.xml": "efm-noarkexchange-legacy/noarkexchange/src/wsdl/"
                      "noarkExchange-types.xsd",
}


class Schemas(unittest.TestCase):
    def test_samples_are_what_their_senders_would_send(self):
        """Against the schemas of those who made the formats."""
        if not os.path.isdir(SPECS):
            self.skipTest("no schemas beside this tree")
        try:
            subprocess.run(["xmllint", "--version"], capture_output=True)
        except FileNotFoundError:
            self.skipTest("no xmllint")
        for name, schema in SCHEMAS.items():
            done = subprocess.run(
                ["xmllint", "--noout", "--nonet", "--schema",
                 os.path.join(SPECS, schema), "-"], input=sample(name),
                capture_output=True)
            self.assertEqual(done.returncode, 0, (name, done.stderr))


class Packages(Trial):
    def begin(self, **how):
        how.setdefault("target", "webhook")
        how.setdefault("queues", ("Digital post",))
        h = self.house(**how)
        h.sluse("cases", "import", house.DEMO + "/saker.csv")
        return h

    def post(self, h, name, number=0, **want):
        """The prepared post of what was dropped under that name, delivered."""
        h.wait_for(lambda: self.by_name(h, name), 20, name)
        h.wait_quiet(30)
        rows = h.query("SELECT e.reception || '.' || n.number, n.disposition, "
                       "n.reason, n.post, n.case_number FROM entry n JOIN "
                       "consignment e ON e.id = n.consignment WHERE e.name = ?"
                       " ORDER BY n.number", name)
        self.assertGreater(len(rows), number, rows)
        row = rows[number]
        self.assertEqual(row[1], 60, (row, self.by_name(h, name)))
        post = json.loads(row[3])
        for key, value in want.items():
            self.assertEqual(post.get(key), value, (key, post))
        return post

    def documents(self, post):
        return [(d["rolle"], d["tittel"], d["renditions"][0]["filnavn"])
                for d in post["dokumenter"]]

    def parts(self, post):
        return [(p["type"], p["navn"]) for p in post["korrespondansepart"]]

    def held(self, h, name, reason):
        return self.until(h, name, disposition="held", reason=reason)

    def folder(self, h, name, files):
        top = os.path.join(h.root, "make-" + name)
        os.makedirs(top)
        for file, data in files:
            path = os.path.join(top, file)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as out:
                out.write(data)
        h.drop(top, name)

    # -- kinds ----------------------------------------------------------------
    def test_each_kind_and_twice_the_same(self):
        h = self.begin()
        docs = [("søknad.txt", LETTER), ("tegning.txt", ENCLOSED)]
        forsendelse = svarinn(docs)
        # the zip's own order is not that of the description
        h.drop_bytes(zipped([docs[1], ("forsendelse.json", forsendelse),
                             docs[0]]), "svarinn.zip")
        efm = [("arkivmelding.xml", arkivmelding()),
               ("rapport.docx", b"no such document\n"),
               ("rapport.txt", ENCLOSED), ("brev.txt", CASE_LETTER),
               ("ekstra.txt", b"Dette er ikke nevnt.\n")]
        self.folder(h, "efm", [("sbd.json", sample("sbd.json")),
                               ("asic.zip", zipped(efm))])
        h.drop_bytes(zipped([
            ("arkivmelding.xml", sample("fiks-arkiv.xml")),
            ("fil2.txt", ENCLOSED), ("fil1.txt", LETTER)]), "fiks.zip")
        h.drop_bytes(sample("putmessage.xml"), "best.xml")
        h.drop_bytes(zipped([
            ("form.xml", sample("form.xml")), ("kart.txt", ENCLOSED),
            ("søknad.txt", LETTER)]), "skjema.zip")

        post = self.post(h, "svarinn.zip", saksnummer="2026/190",
                         tittel="Søknad om skjenking",
                         dokumentetsDato="2026-03-03",
                         eksternReferanse="2025/77",
                         forsendelsesmaate="SvarUt", journalposttype="I",
                         journalstatus="M")
        self.assertEqual(self.documents(post), [
            ("H", "Søknad om skjenking", "søknad.txt"),
            ("V", "tegning", "tegning.txt")])
        self.assertEqual(self.parts(post), [
            ("EA", "Kroa på hjørnet AS"), ("EM", "Testvik kommune")])
        self.assertEqual(post["korrespondansepart"][0]["organisasjonsnummer"],
                         "991825827")

        # the letter says 2026/87, the receiver's reference 2026/190
        self.held(h, "efm", "several_cases")
        h.sluse("assign", self.one(h, "efm")["id"], "--case", "2026/190",
                "--why", "prøve")
        post = self.post(h, "efm", saksnummer="2026/190",
                         tittel="Tilsyn med skjenking",
                         forsendelsesmaate="eFormidling")
        self.assertEqual(self.documents(post), [
            ("H", "Følgebrev", "brev.txt"),
            ("V", "Rapport", "rapport.txt"),
            ("V", "Rapport (Produksjonsformat)", "rapport.docx"),
            ("V", "ekstra", "ekstra.txt")])
        self.assertEqual(post["dokumenter"][1]["dokumenttype"], "Rapport")
        self.assertEqual(self.parts(post), [
            ("EA", "Fylket"), ("EM", "Testvik kommune"),
            ("EK", "Nabokommunen")])
        notes = [row[0] for row in h.query("SELECT slug FROM note")]
        self.assertIn("document_unnamed", notes)
        self.assertIn("package_unused", notes)
        # What the packages say of themselves, in the balance.
        facts = h.rows("report", "mottaksbalanse")[-1]["facts"]
        differ = [v for k, v in facts.items() if re.match(r"package_\d", k)]
        self.assertEqual(differ, ["%s: filer oppgitt 3, mottatt 4" %
                                  self.one(h, "efm")["reception"]])
        said = {"svarinn.zip": 2, "efm": 3, "fiks.zip": 2, "best.xml": 2}
        self.assertEqual(facts["packages"], str(len(said)))
        self.assertEqual(facts["packages_said"], str(sum(said.values())))
        self.assertEqual(facts["packages_received"], str(sum(said.values()) + 1))
        self.assertEqual(facts["packages_differ"], "1")

        post = self.post(h, "fiks.zip", saksnummer="2026/12",
                         tittel="Søknad om støtte",
                         forsendelsesmaate="Digitalt skjema")
        self.assertEqual(self.documents(post), [
            ("H", "Søknaden", "fil1.txt"), ("V", "Budsjett", "fil2.txt")])
        self.assertEqual(self.parts(post), [("EA", "Idrettslaget")])

        post = self.post(h, "best.xml", saksnummer="2026/190",
                         tittel="Svar på høring & merknader",
                         forsendelsesmaate="BEST/EDU")
        self.assertEqual(self.documents(post), [
            ("H", "Høringssvar", "svar.txt"),
            ("V", "Merknader", "merknader.txt")])

        post = self.post(h, "skjema.zip", saksnummer="2026/87",
                         tittel="Søknad om graving")
        self.assertEqual([d[2] for d in self.documents(post)],
                         ["kart.txt", "søknad.txt", "form.xml"])
        self.assertEqual(self.parts(post), [("EA", "Graveservice AS")])

        # fetched once more: the channel's state in it has changed
        again = svarinn(docs, change=lambda o: o.update(status="Lest"))
        h.drop_bytes(zipped([("forsendelse.json", again)] + docs),
                     "svarinn-igjen.zip")
        h.drop_bytes(sample("putmessage.xml"), "best-igjen.xml")
        self.folder(h, "efm-igjen", [("sbd.json", sample("sbd.json")),
                                     ("asic.zip", zipped(efm))])
        for name in ("svarinn-igjen.zip", "best-igjen.xml", "efm-igjen"):
            row = self.until(h, name, disposition="done")
            self.assertEqual(row["outcome"], "duplicate", row)
        # the same id with another document is not the same
        h.drop_bytes(zipped([("forsendelse.json", svarinn(
            [("søknad.txt", CASE_LETTER)])), ("søknad.txt", CASE_LETTER)]),
            "annen.zip")
        self.held(h, "annen.zip", "several_cases")
        h.check_whole(self)

    def test_several_posts_of_one_package(self):
        h = self.begin()
        files = [("arkivmelding.xml", sample("arkivmelding-two.xml")),
                 ("to-vedlegg.txt", ENCLOSED),
                 ("to.txt", LETTER.replace(b"samtalen", b"sak 2026/12")),
                 ("en.txt", CASE_LETTER)]
        h.drop_bytes(zipped(files), "to.zip")
        first = self.post(h, "to.zip", 0, saksnummer="2026/87",
                          tittel="Første brev", dokumentetsDato="2026-03-03")
        self.assertEqual(self.documents(first), [("H", "Brev en", "en.txt")])
        rows = self.by_name(h, "to.zip")
        self.assertEqual(len(rows), 2, rows)
        # what stands in the first one's letter does not place the second
        second = rows[1] if rows[1]["id"].endswith(".2") else rows[0]
        if second["disposition"] == "held":
            h.sluse("assign", second["id"], "--case", "2026/12",
                "--why", "prøve")
        post = self.post(h, "to.zip", 1, saksnummer="2026/12",
                         tittel="Andre brev", dokumentetsDato="2026-02-01")
        self.assertEqual(self.documents(post), [
            ("H", "Brev to", "to.txt"),
            ("V", "Vedlegg til to", "to-vedlegg.txt")])
        h.drop_bytes(zipped(files), "to-igjen.zip")
        row = self.until(h, "to-igjen.zip", disposition="done")
        self.assertEqual(row["outcome"], "duplicate", row)
        h.check_whole(self)

    def drop_locked(self, h, first):
        """A package of two posts: a letter, and one that wants a password."""
        with open(os.path.join(house.TOP, "tests", "data",
                               "pdf-encrypted-user.pdf"), "rb") as file:
            locked = file.read()
        said = arkivmelding("arkivmelding-two.xml", **{">to.txt<": ">to.pdf<"})
        h.drop_bytes(zipped([
            ("arkivmelding.xml", said), ("to-vedlegg.txt", ENCLOSED),
            ("to.pdf", locked), ("en.txt", first)]), "to.zip")

    def test_one_of_several_is_read_again(self):
        """A password comes for the second post; the first is not sent twice."""
        h = self.begin()
        self.drop_locked(h, CASE_LETTER)
        self.post(h, "to.zip", 0, tittel="Første brev")
        second = [row for row in self.by_name(h, "to.zip")
                  if row["id"].endswith(".2")][0]
        self.assertEqual(second["reason"], "encrypted", second)
        path = os.path.join(h.root, "secrets", "passwords")
        with open(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:
            file.write("brukerpassord\n")
        h.sluse("retry", second["id"], "--why", "passordet kom")
        h.wait_for(lambda: any(row["id"].endswith(".3") and
                               row["disposition"] in ("held", "done")
                               for row in self.by_name(h, "to.zip")), 20,
                   "read again")
        rows = {row["id"][-1]: row for row in self.by_name(h, "to.zip")}
        self.assertNotIn("4", rows)
        if rows["3"]["disposition"] == "held":
            h.sluse("assign", rows["3"]["id"], "--case", "2026/12",
                    "--why", "prøve")
        h.wait_quiet(30)
        self.assertEqual(
            h.query("SELECT n.number, n.described, n.outcome FROM entry n "
                    "ORDER BY n.number"), [(1, 1, 10), (2, 2, 60), (3, 2, 10)])
        self.assertEqual(len(h.posts()["deliveries"]), 2)
        h.check_whole(self)

    def test_another_ends_while_it_is_read_again(self):
        """The consignment is not done with the post that ended: another one
        comes of it still."""
        h = self.begin()
        self.drop_locked(h, LETTER)
        h.wait_for(lambda: len(self.by_name(h, "to.zip")) == 2, 20, "two")
        h.wait_quiet(30)
        first, second = sorted(row["id"] for row in self.by_name(h, "to.zip"))
        h.kill("sluse-work", signal.SIGSTOP)
        h.sluse("retry", second, "--why", "passordet kom")
        whole = "SELECT disposition, stage, source_place FROM consignment"
        for state in ([(30,), (60,)], [(60,), (60,)]):
            self.assertEqual(h.query("SELECT disposition FROM entry ORDER BY "
                                     "number"), state)
            self.assertEqual(h.query(whole), [(10, 20, "claimed")])
            self.assertTrue(h.rows("journal", "verify")[0]["ok"])
            if state[0] != state[1]:
                h.sluse("reject", first, "--why", "prøve")
        h.kill("sluse-work", signal.SIGCONT)
        h.wait_for(lambda: h.query("SELECT 1 FROM entry WHERE number = 3"), 20,
                   "read again")
        h.wait_quiet(30)
        third = first.split(".")[0] + ".3"
        if h.query("SELECT disposition FROM entry WHERE number = 3") != [(60,)]:
            h.sluse("reject", third, "--why", "prøve")
        h.wait_for(lambda: h.query(whole) == [(60, 50, "done")], 20, "done")
        h.check_whole(self)

    # -- what is held ---------------------------------------------------------
    def test_what_is_not_whole_or_no_post_is_held(self):
        h = self.begin()
        docs = [("søknad.txt", CASE_LETTER), ("tegning.txt", ENCLOSED)]
        described = svarinn(docs)
        h.drop_bytes(zipped([("f.json", described), docs[0]]), "mangler.zip")
        h.drop_bytes(zipped([("f.json", described), docs[0],
                             ("tegning.txt", b"en annen\n")]), "endret.zip")
        h.drop_bytes(zipped([("arkivmelding.xml",
                              sample("arkivmelding-graded.xml")),
                             ("brev.txt", CASE_LETTER)]), "gradert.zip")
        h.drop_bytes(sample("sbd-receipt.json"), "kvittering.json")
        h.drop_bytes(sample("putmessage-receipt.xml"), "kvittering.xml")
        h.drop_bytes(sample("fiks-arkiv-search.xml"), "innsyn.xml")
        self.folder(h, "toganger", [
            ("a.json", described), ("b.json", described), docs[0], docs[1]])
        cut = arkivmelding()
        h.drop_bytes(zipped([("arkivmelding.xml", cut[:-40]),
                             ("brev.txt", CASE_LETTER)]), "kuttet.zip")
        head, tail = cut.split(b"?>", 1)
        for name, subset in (
                ("fil.zip", b'<!ENTITY x SYSTEM "file:///etc/passwd">'),
                ("bombe.zip", b'<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;">'
                 b'<!ENTITY x "&b;&b;&b;">')):
            bomb = head + b"?><!DOCTYPE a [" + subset + b"]>" + tail.replace(
                b"Tilsyn med", b"&x; med")
            h.drop_bytes(zipped([("arkivmelding.xml", bomb),
                                 ("brev.txt", CASE_LETTER)]), name)
        deep = arkivmelding().replace(
            b"<mappe ", b"<mappe>" * 200 + b"<mappe ", 1)
        h.drop_bytes(zipped([("arkivmelding.xml", deep),
                             ("brev.txt", CASE_LETTER)]), "dyp.zip")
        row = self.held(h, "mangler.zip", "document_missing")
        self.assertEqual(row["detail"], "1/2")
        for name, why in (("toganger", "two descriptions of one kind"),
                          ("kuttet.zip", "not well-formed"),
                          ("fil.zip", "a document type declaration"),
                          ("bombe.zip", "a document type declaration"),
                          ("dyp.zip", "elements nested too deep")):
            self.assertEqual(self.held(h, name, "package_invalid")["detail"],
                             why, name)
        for name, reason in (("endret.zip", "document_changed"),
                             ("gradert.zip", "package_graded"),
                             ("kvittering.json", "package_not_post"),
                             ("kvittering.xml", "package_not_post"),
                             ("innsyn.xml", "package_not_post")):
            self.held(h, name, reason)
        # a person may send it all the same
        h.sluse("assign", self.one(h, "mangler.zip")["id"], "--case", "2026/87",
                "--why", "prøve")
        post = self.post(h, "mangler.zip", saksnummer="2026/87",
                         tittel="Søknad om skjenking",
                         dokumentetsDato="2026-03-03")
        self.assertEqual(len(post["dokumenter"]), 1)
        h.check_whole(self)

    def test_a_document_that_is_nothing(self):
        """An archive of which nothing comes is held for why, as by itself."""
        h = self.begin()
        docs = [("tom.zip", zipped([("tom.txt", b"")]))]
        path = os.path.join(h.root, "pakke.zip")
        with open(path, "wb") as file:
            file.write(zipped([("f.json", svarinn(docs)), *docs]))
        tried = json.loads(h.sluse("try", "--json", path, check=False).stdout)
        self.assertEqual(tried["reason"], "empty")
        h.drop(path)
        self.until(h, "pakke.zip", reason="empty")

    # -- whose word it is -----------------------------------------------------
    def test_a_description_inside_the_post_counts_for_nothing(self):
        h = self.begin()
        forged = zipped([("arkivmelding.xml", sample("fiks-arkiv.xml")),
                         ("fil1.txt", LETTER), ("fil2.txt", ENCLOSED)])
        mail = (b"From: Kari <kari@example.no>\r\nTo: post@testvik.example\r\n"
                b"Subject: Sak 2026/87\r\nMessage-ID: <falsk@example.no>\r\n"
                b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; "
                b"boundary=xx\r\n\r\n--xx\r\nContent-Type: text/plain\r\n\r\n"
                b"Deres ref: 2026/87\r\n\r\n--xx\r\nContent-Type: text/xml; "
                b"name=arkivmelding.xml\r\nContent-Disposition: attachment; "
                b"filename=arkivmelding.xml\r\n\r\n" +
                sample("fiks-arkiv.xml") + b"\r\n--xx--\r\n")
        h.drop_bytes(mail, "falsk.eml")
        self.folder(h, "falsk", [("brev.txt", CASE_LETTER),
                                 ("vedlegg.zip", forged)])
        for name, left in (("falsk.eml", 2), ("falsk", 4)):
            post = self.post(h, name, saksnummer="2026/87")
            self.assertNotIn("Idrettslaget", json.dumps(post))
            self.assertNotEqual(post["tittel"], "Søknad om støtte")
            self.assertNotIn("forsendelsesmaate", post)
            self.assertEqual(len(post["dokumenter"]), left, post)
        self.assertEqual(h.query("SELECT count(*) FROM found WHERE source = 8"),
                         [(0,)])
        self.assertEqual(
            h.query("SELECT count(*) FROM note WHERE slug = "
                    "'description_elsewhere'"), [(2,)])
        h.check_whole(self)

    def test_access_is_raised_and_never_lifted(self):
        h = self.begin(extra="[queue Vanlig]\nkind = incoming\n"
                       "[queue Unntatt]\nkind = incoming\naccess = UO\n")
        data = zipped([("arkivmelding.xml",
                        sample("arkivmelding-screened.xml")),
                       ("brev.txt", CASE_LETTER)])
        open_ = arkivmelding("arkivmelding-screened.xml", **{
            "22220000": "55550000"})
        open_ = open_[:open_.index(b"<skjerming>")] + \
            open_[open_.index(b"</skjerming>") + len(b"</skjerming>"):]
        h.drop_bytes(data, "skjermet.zip", "Vanlig")
        h.drop_bytes(data, "skjermet-uo.zip", "Unntatt")
        h.drop_bytes(zipped([("arkivmelding.xml", open_),
                             ("brev.txt", CASE_LETTER)]), "apen.zip",
                     "Unntatt")
        post = self.post(h, "skjermet.zip", tilgangskode="XX",
                         tittel="Innkommet dokument")
        self.assertNotIn("Kari", json.dumps(post["dokumenter"]))
        post = self.post(h, "skjermet-uo.zip", tilgangskode="UO",
                         tittel="Innkommet dokument")
        self.assertNotIn("Kari", json.dumps(post["dokumenter"]))
        self.post(h, "apen.zip", tilgangskode="UO",
                  tittel="Sak om Kari Nordmann")
        h.check_whole(self)


if __name__ == "__main__":
    run_all()
