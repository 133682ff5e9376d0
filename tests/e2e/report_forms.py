#!/usr/bin/env python3
"""Reports as people and programs get them: formats, words, paper, the pack, and what
is refused."""
import csv
import datetime
import html
import io
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree

from house import BIN, TOP, os, time, under_strace
from recount import Counted, Html, names, oslo, rows, run


class Forms(Counted):
    def test_formats(self):
        journal = os.path.join(self.root, "journal.csv")
        with open(journal, "w") as file:
            file.write("registreringsID;tittel\n2026/1-1;=HYPERLINK(1)\n")
        for name in names():
            more = [journal] if name == "journalkontroll" else []
            more += ["--seed", "1"] if name == "stikkprove" else []
            with self.subTest(name):
                found, _ = rows(self.root, name, *more)
                out = {form: run(self.root, name, *more, "--format", form).stdout
                       for form in ("csv", "xml", "html", "pdf", "table")}
                lines = list(csv.reader(io.StringIO(
                    out["csv"].decode("utf-8-sig")), delimiter=";"))
                self.assertEqual(len(lines), len(found) + 1)
                self.assertEqual({len(line) for line in lines}, {len(lines[0])})
                tree = xml.etree.ElementTree.fromstring(out["xml"])
                self.assertEqual(sum(e.tag.endswith("}rad") for e in tree),
                                 len(found))
                self.validate("rapport", out["xml"])
                if name == "mottaksprotokoll":
                    self.validate(name, out["xml"])
                page = Html(out["html"].decode())
                self.assertEqual((page.lang, page.open), ("nb", []))
                self.assertEqual(page.scopes["row"], min(len(found), 20000))
                self.assertGreater(page.scopes["col"], 2)
                self.assertEqual(page.scopes[None], 0)
                self.assertFalse(re.search(rb"https?://(?!www.w3.org/2000/svg)",
                                           re.sub(rb"https://arkiv.example.no", b"",
                                                  out["html"])))
                self.assertTrue(out["pdf"].startswith(b"%PDF-"))
                self.assertTrue(out["pdf"].rstrip().endswith(b"%%EOF"))
                self.assertNotIn(b"\x1b", out["table"])

    def test_no_word_breaks_in_pdf(self):
        if shutil.which("pdftotext") is None:
            self.skipTest("pdftotext is not installed")
        with open(os.path.join(TOP, "daemon", "report", "reports.def")) as file:
            heads = re.findall(
                r'^SL_COLUMN\((\w+), \w+, \w+, "([^"]+)"', file.read(), re.M)
        for name in ("mottaksprotokoll", "mottaksbalanse", "avklaringer",
                     "stikkprove", "skanningskontroll", "korreksjoner"):
            done = subprocess.run(
                ["pdftotext", "-raw", "-", "-"], stdout=subprocess.PIPE,
                input=run(self.root, name, "--format", "pdf").stdout, check=True)
            words = set(done.stdout.decode().split())
            lines = list(csv.reader(io.StringIO(run(
                self.root, name, "--format", "csv").stdout.decode("utf-8-sig")),
                delimiter=";"))
            want = {w for of, head in heads if of == name for w in head.split()}
            if name != "stikkprove":
                shown = [i for i, h in enumerate(lines[0]) if "(kode)" not in h]
                # Days are for people there: 26.10.2025.
                want |= {re.sub(r"^(\d{4})-(\d\d)-(\d\d)$", r"\3.\2.\1", w)
                         for line in lines[1:20] for i in shown
                         for w in line[i].split()}
            self.assertEqual(want - words, set(), name)

    def test_each_page_of_a_pdf_says_of_how_many(self):
        """A sheet that went missing shows."""
        if shutil.which("pdftotext") is None:
            self.skipTest("pdftotext is not installed")
        for name, lang, words, many in (
                ("mottaksprotokoll", "nb", "side %d av %d", True),
                ("stikkprove", "en", "page %d of %d", True),
                ("liggetid", "nb", "side %d av %d", False)):
            pages = subprocess.run(
                ["pdftotext", "-raw", "-", "-"], stdout=subprocess.PIPE,
                input=run(self.root, name, "--language", lang, "--format",
                          "pdf").stdout, check=True).stdout.decode().split("\f")
            self.assertEqual(pages.pop(), "")
            self.assertEqual(len(pages) > 5, many)
            for n, page in enumerate(pages, 1):
                self.assertTrue(page.rstrip().endswith(
                    words % (n, len(pages))), (name, n, page[-80:]))

    def test_print(self):
        """A page on A4 loses no column, how many there ever are."""
        for name in ("mottaksprotokoll", "mottaksbalanse", "skanningskontroll"):
            page = run(self.root, name, "--format", "html").stdout.decode()
            css = page.partition("<style>")[2].partition("</style>")[0]
            css = css.partition("@media print{")[2]
            self.assertIn("@page{size:A4 landscape;", css)
            # In points: rem would be the size of the screen.
            self.assertRegex(css, r"[}]table[{][^}]*font-size:[678]pt")
            self.assertIn("overflow-wrap:anywhere", css)
            if not shutil.which("weasyprint") or not shutil.which("pdftotext"):
                continue
            head, end, rest = page.partition("</tr>\n</tbody>")
            head = "</tr>\n".join(head.split("</tr>\n")[:12])
            pdf = subprocess.run(["weasyprint", "-", "-"], check=True,
                                 input=(head + end + rest).encode(),
                                 stdout=subprocess.PIPE,
                                 stderr=subprocess.DEVNULL).stdout
            boxes = subprocess.run(["pdftotext", "-bbox", "-", "-"], input=pdf,
                                   check=True, stdout=subprocess.PIPE)
            boxes = boxes.stdout.decode()
            wide = float(re.search(r'page width="([\d.]+)"', boxes)[1])
            self.assertAlmostEqual(wide, 841.89, delta=1)
            words = re.findall(r'xMax="([\d.]+)"[^>]*>([^<]*)<', boxes)
            self.assertGreater(len(words), 20)
            self.assertEqual([w for x, w in words if float(x) > wide - 30], [])
            self.assertLessEqual({w for h in re.findall(
                r'<th scope="col"[^>]*>([^<]*)<', page) for w in re.split(
                    r"[\s-]+", h)}, {p for _, w in words
                                    for p in re.split("-", w)}, name)

    def validate(self, name, text):
        if shutil.which("xmllint") is None:
            self.skipTest("xmllint is not installed")
        done = subprocess.run(
            ["xmllint", "--noout", "--nonet", "--schema",
             os.path.join(TOP, "schemas", name + ".xsd"), "-"], input=text,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertEqual(done.returncode, 0, done.stdout[-500:])

    def test_words(self):
        """No code where a person reads; the codes beside, for programs."""
        with open(os.path.join(TOP, "daemon", "registry", "events.def")) as file:
            events = dict(re.findall(r'\(\d+, (\w+), "([^"]+)"', file.read()))
        codes = {r["reason"] for r in self.raw.entries.values() if r["reason"]}
        codes |= {e for e, nb in events.items() if e != nb}
        codes |= {"your_reference", "case_label", "uid:1003", "slused"}
        for name in ("mottaksprotokoll", "avklaringer", "liggetid", "korreksjoner",
                     "stikkprove"):
            more = ["--seed", "1"] if name == "stikkprove" else []
            found, _ = rows(self.root, name, *more)
            page = run(self.root, name, *more, "--format", "html").stdout.decode()
            seen = {html.unescape(t) for t in re.findall(
                r"<t[dh][^>]*>([^<]*)</t", page)}
            self.assertFalse(seen & codes, name)
            self.assertFalse([t for t in seen if re.search(r"[a-z]_[a-z]", t)])
            english = run(self.root, name, *more, "--format", "html",
                          "--language", "en").stdout.decode()
            self.assertFalse(re.search(r"<t[dh][^>]*>[^<]*[a-z]_[a-z]", english))
            lines = list(csv.DictReader(io.StringIO(run(
                self.root, name, *more, "--format", "csv").stdout.decode(
                    "utf-8-sig")), delimiter=";"))
            worded = [k[:-7] for k in lines[0] if k.endswith(" (kode)")]
            self.assertGreater(len(worded), 0)
            keys = [k[:-5] for k in found[0] if k.endswith("_text")]
            self.assertEqual(len(keys), len(worded))
            for row, line in zip(found, lines):
                for key, head in zip(keys, worded):
                    self.assertEqual(line[head + " (kode)"], row[key] or "")
                    self.assertEqual(line[head], row[key + "_text"] or "")
        one = next(r for r in rows(self.root, "mottaksprotokoll")[0]
                   if r["reason"] == "unknown_case")
        self.assertEqual(one["reason_text"],
                         "Posten viser til en sak som ikke er kjent")
        trail = rows(self.root, "stikkprove", "--seed", "1")[0]
        for row in trail:
            self.assertEqual(row["event_text"], events[row["event"]])
            self.assertEqual(row["actor_text"], "Sluse" if row["actor"] == "slused"
                             else "bruker " + row["actor"][4:])

    def test_every_rule_has_words(self):
        place = os.path.join(TOP, "daemon", "place")
        code = ""
        for name in ("rules.c", "decide.c"):
            with open(os.path.join(place, name)) as file:
                code += file.read()
        rules = set(re.findall(r'->rule = (?:.*\? )?"(\w+)"', code))
        rules |= set(re.findall(r'\{"(\w+)", \d+, \d+\}', code))
        rules |= set(re.findall(r'rule_\w+\[\] = "(\w+)"', code))
        self.assertGreater(len(rules), 12)
        with open(os.path.join(TOP, "daemon", "registry", "rules.def")) as file:
            self.assertLessEqual(rules, set(re.findall(
                r"^SL_PLACED_BY\((\w+)", file.read(), re.M)))

    def test_pack_says_what_the_reports_say(self):
        """It reads what they have in common once, and counts each once."""
        def made(data):
            return re.sub(rb"\d\d\.\d\d\.\d{4} \d\d:\d\d|laget=\"[^\"]*\"",
                          b"", data)
        period = ("--from", str((oslo(time.time() * 1000) -
                                 datetime.timedelta(days=200)).date()))
        taking = [name for name in names() if name not in
                  ("liggetid", "stille-innganger")]
        for more in ((), period):
            with tempfile.TemporaryDirectory() as folder:
                pack = os.path.join(folder, "pack")
                done = run(self.root, "tilsynspakke", pack, *more)
                self.assertEqual(done.returncode, 0, done.stderr)
                there = os.listdir(pack)
                for name in names():
                    options = more if name in taking else ()
                    for form in ("html", "csv"):
                        if name == "stikkprove":  # drawn anew each time
                            self.assertIn("%s.%s" % (name, form), there)
                            continue
                        with open(os.path.join(pack, "%s.%s" % (name, form)),
                                  "rb") as file:
                            self.assertEqual(
                                made(file.read()), made(run(
                                    self.root, name, "--format", form,
                                    *options).stdout), (name, form))

    def test_pack_says_how_long_paper_is_kept(self):
        """By each queue of it, as the scanning control counts."""
        root = self.changed()
        with open(os.path.join(root, "sluse.conf"), "a") as file:
            file.write("[queue Byarkivet & co]\nkind = historic\n"
                       "[queue Bunker]\npaper = yes\npaper_keep = 12\n")
        pack = os.path.join(root, "pack")
        done = run(root, "tilsynspakke", pack)
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(os.path.join(pack, "dokumentasjonsplan.html")) as file:
            plan = file.read()
        said = plan[plan.index("Skanning og makulering"):plan.index("Kontroll<")]
        self.assertEqual(re.findall(r"<li>(.*)</li>", said), [
            "Skannet post: 3 måneder", "Byarkivet &amp; co: 6 måneder",
            "Bunker: 12 måneder"])

    def test_pack_names_the_law_of_its_days(self):
        """Of all days, where none are said."""
        first = oslo(min(c["received_ms"] for c in
                         self.raw.consignments.values())).date()
        self.assertLess(first, datetime.date(2026, 1, 1))
        for more, both in (((), True), (("--from", "2026-01-01"), False)):
            with tempfile.TemporaryDirectory() as folder:
                pack = os.path.join(folder, "pack")
                self.assertEqual(run(self.root, "tilsynspakke", pack,
                                     *more).returncode, 0)
                with open(os.path.join(pack, "systembeskrivelse.html")) as file:
                    page = file.read()
            self.assertIn("LOV-2025-06-20-96", page)
            self.assertEqual("LOV-1992-12-04-126" in page, both, more)

    def test_a_configuration_that_cannot_be_used(self):
        """Queues, paper and whose it is stand in it: without it a report says
        that these are not known, and a pack would tell what is not so."""
        root = self.changed()
        path, pack = (os.path.join(root, name) for name in ("sluse.conf", "pack"))
        with open(path, "w") as file:
            file.write("[instance]\nname = Testvik kommune\npapir = ja\n")
        for line in (("liggetid",), ("tilsynspakke", pack)):
            done = run(root, *line)
            self.assertEqual((done.returncode, done.stdout), (5, b""), line)
            self.assertIn(b'sluse.conf:3: unknown key "papir"', done.stderr)
            self.assertEqual(done.stderr.count(b"\n"), 1)
        self.assertFalse(os.path.exists(pack))
        os.unlink(path)
        for form in ("table", "html", "json"):
            done = run(root, "liggetid", "--format", form)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("Konfigurasjonen kunne ikke leses",
                          done.stdout.decode())
            self.assertNotIn("kunne ikke leses", run(
                self.root, "liggetid", "--format", form).stdout.decode())
        done = run(root, "tilsynspakke", pack)
        self.assertEqual(done.returncode, 5)
        self.assertIn(b"cannot be read", done.stderr)
        self.assertFalse(os.path.exists(pack))

    def configured(self, text):
        folder = self.changed()
        with open(os.path.join(folder, "sluse.conf"), "w") as file:
            file.write(text)
        return folder, os.path.join(folder, "pack")

    def test_pack_says_what_is_configured(self):
        """On every page whose it is and when it was made; two persons only
        where there are two; each queue's own months; days as people read
        them."""
        common = ("[instance]\nname = Testvik & Nes\ndone_keep = %s\n"
                  "[queue Gammel]\nkind = historic\npaper_keep = 12\n"
                  "[queue Papir]\npaper = yes\npaper_keep = 3\n"
                  "[queue E-post]\nreceived_date = today\n[access]\n"
                  "second_person = %s\n[journal]\ncheckpoint_after = 30s\n")
        for keep, two, lang, want in (
                ("36h", "no", "nb", (
                    "36 timer", "180 dager", "Gammel: 12 måneder",
                    "Papir: 3 måneder", "30 sekunder", "01.01.2026",
                    "E-post: dagen den ble tatt inn", "Papir: filens dato",
                    "Innholdet slettes 180 dager etter at")),
                ("1d", "yes", "nb", ("Ferdig i 1 dag.", "en annen person")),
                ("1d\nretention = 0", "yes", "nb", (
                    "Innholdet slettes ikke.",)),
                ("90min", "no", "en", (
                    "90 minutes", "180 days", "Gammel: 12 months",
                    "30 seconds", "2026-01-01")),
                ("0", "yes", "en", ("another person", "for 0 days"))):
            folder, pack = self.configured(common % (keep, two))
            self.assertEqual(run(folder, "tilsynspakke", pack, "--language",
                                 lang).returncode, 0)
            said = {}
            for name in ("index", "systembeskrivelse", "dokumentasjonsplan",
                         "behandlingsprotokoll"):
                with open(os.path.join(pack, name + ".html")) as file:
                    said[name] = file.read()
                self.assertRegex(said[name], "<dt>(Virksomhet|Body)</dt><dd>"
                                 "Testvik &amp; Nes</dd>", name)
                self.assertRegex(said[name],
                                 "<dt>(Laget|Made)</dt><dd>[0-9.-]{10}[ T]",
                                 name)
            every = "".join(said.values())
            for words in want:
                self.assertIn(words, every)
            if two == "no":
                self.assertNotRegex(every, "annen person godkj|er person appr")
            self.assertNotRegex(said["dokumentasjonsplan"],
                                "E-post: [0-9]+ m")
            if lang == "nb":
                self.assertNotRegex(every, r">\d{4}-")

    def test_english(self):
        done = run(self.root, "balance", "--language", "en").stdout.decode()
        self.assertIn("Reception balance", done)
        self.assertIn("All queues", done)

    def test_an_empty_report_says_so(self):
        for form, want in (("table", True), ("html", True), ("csv", False),
                           ("json", False)):
            said = run(self.root, "mottaksprotokoll", "--to", "2001-01-01",
                       "--format", form).stdout.decode()
            self.assertEqual("Ingen rader" in said, want, form)
        self.assertNotIn(b"Ingen rader", run(self.root, "mottaksbalanse").stdout)

    def test_refusals(self):
        bad = os.path.join(self.root, "bad.csv")
        with open(bad, "w") as file:
            file.write("kø;dato\nOla Nordmann;i morgen\n")
        for args, status in ((("no-such",), 2), (("liggetid", "--from", "x"), 2),
                             (("mottaksbalanse", "--from", "2026-1-1"), 2),
                             (("liggetid", "--control", bad), 2),
                             (("liggetid", "--format", "doc"), 2),
                             (("mottaksbalanse", "--control", bad), 5),
                             (("mottaksbalanse", "--control", bad + "x"), 5),
                             (("mottaksbalanse", "--control", self.root), 5),
                             (("journalkontroll", self.root), 5),
                             (("mottaksbalanse", "--control", bad, "--control",
                               bad), 2),
                             (("stikkprove", "--count", "2", "--seed", "1",
                               "--errors", "3"), 2),
                             # A sample that nobody has looked at yet.
                             (("stikkprove", "--count", "9", "--errors", "3"), 2),
                             (("mottaksbalanse", "--from", "2026-02-30"), 2),
                             (("mottaksbalanse", "--from", "2026-02-02", "--to",
                               "2026-02-01"), 2),
                             (("liggetid", "--queue", "Skannet  post"), 2)):
            done = run(self.root, *args)
            self.assertEqual(done.returncode, status, (args, done.stderr))
            self.assertLessEqual(done.stderr.count(b"No such file"), 1)
            self.assertNotIn(b"Nordmann", done.stderr)
            self.assertEqual(done.stderr.count(b"\n"), 1)
            if self.root in args:
                self.assertIn(b"Is a directory", done.stderr)
        for line in (("liggetid",), ("tilsynspakke", self.root + "/new")):
            done = run("/nonexistent", *line)
            self.assertEqual((done.returncode, done.stderr), (
                3, b"sluse: /nonexistent holds no instance that has run\n"))
        done = run(self.root, "mottaksprotokoll", "--queue", "Skannet  post")
        self.assertIn("Skannet post, Aldri brukt".encode(), done.stderr)
        self.assertEqual(done.stdout, b"")

    def test_a_file_that_cannot_be_read_to_its_end(self):
        """What was read of it is not taken for all of it."""
        sheet, box, journal = (os.path.join(self.root, "long." + end) for end in
                               ("csv", "json", "journal"))
        mail = '{"uid":"%d","date.received":"2026-01-01 10:00","hdr.message-id":""}'
        # The first 4 KiB end with a line.
        for path, first, lines in (
                (sheet, "ko;dato;note;", 300 * ["P;2026-01-01;"]),
                (journal, "registreringsID;note;", 300 * ["2026/1-1;"]),
                (box, "[", [mail % uid + "," for uid in range(1, 100)] + ["]"])):
            with open(path, "w") as file:
                for line in [first] + lines:
                    file.write(line.ljust(127) + "\n")
        for line in (("mottaksbalanse", "--control", sheet),
                     ("mottaksbalanse", "--queue", "E-post", "--control", box),
                     ("journalkontroll", journal)):
            cut = subprocess.run(
                [*under_strace(self, "read:error=EIO:when=2"), "-P", line[-1],
                 os.path.join(BIN, "sluse"), "--root", self.root, "report",
                 *line], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            self.assertEqual((cut.returncode, cut.stdout), (5, b""), line)
            self.assertIn(b"cannot be read: Input/output error\n", cut.stderr)

    def test_errors_are_those_of_a_sample_that_was_drawn(self):
        pack = os.path.join(self.root, "errors")
        for line, words in ((("--errors", "1"), b"--seed"),
                            (("--errors", "61", "--seed", "1"), b"more than"),
                            (("--errors", "3", "--count", "2", "--seed", "1"),
                             b"more than")):
            for name in (("stikkprove",), ("tilsynspakke", pack)):
                done = run(self.root, *name, *line)
                self.assertEqual((done.returncode, done.stdout), (2, b""), line)
                self.assertIn(words, done.stderr)
        self.assertFalse(os.path.exists(pack))
        for more, want in (((), "ikke oppgitt"), (("--errors", "0"), "0"),
                           (("--errors", "2"), "2")):
            facts = rows(self.root, "stikkprove", "--seed", "7", *more)[1]["facts"]
            self.assertEqual(facts["errors"], want)

    def test_no_room_for_a_report(self):
        """Why it cannot be written is said, whatever the format."""
        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (40000, 40000))
        for form in ("table", "csv", "json", "xml", "html", "pdf"):
            with tempfile.TemporaryFile() as file:
                done = subprocess.run(
                    [os.path.join(BIN, "sluse"), "--root", self.root, "report",
                     "mottaksprotokoll", "--format", form], stdout=file,
                    stderr=subprocess.PIPE, preexec_fn=limit,
                    restore_signals=False)
            self.assertEqual(
                (done.returncode, done.stderr),
                (6, b"sluse: cannot write the report: File too large\n"), form)

    def test_an_older_database_is_not_read_wrongly(self):
        with tempfile.TemporaryDirectory() as folder:
            os.mkdir(os.path.join(folder, "db"))
            sqlite3.connect(os.path.join(folder, "db", "sluse.db")).close()
            for line in (("liggetid",),
                         ("tilsynspakke", os.path.join(folder, "pack"))):
                done = run(folder, *line)
                self.assertEqual(done.returncode, 3)
                self.assertIn(b"start slused", done.stderr)


if __name__ == "__main__":
    unittest.main()
