#!/usr/bin/env python3
"""The whole archive of a target, fetched into a folder: every unit and every
byte as the target holds them, counted by what the target holds and not by what
it shows; whatever it does wrong, and however often we are killed."""
import hashlib
import json
import os
import random
import resource
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import house  # noqa: E402
import n5_archive  # noqa: E402
import n5_expect  # noqa: E402
from trial import Trial, letter, run_all  # noqa: E402

DATA = os.path.join(house.TOP, "tests", "data")
SEED = os.path.join(DATA, "n5", "seed.json")
KEYS = "timeout = 2s\nretry_first = 20ms\n"
PAST = ("unfinished.jsonl", "units.jsonl.part", "document.part")


def bare(lines):
    """Without the link to the file, which is new at each start."""
    for line in lines:
        line["fields"].pop("referanseDokumentfil", None)
    return lines


class Harvest(Trial):
    def make(self, *fake, seed=SEED, start=False, manners=(), keys=KEYS):
        h = self.house(start=start, manners=manners, target_keys=keys,
                       fake=("--seed", seed, "--page-size", "3", *fake))
        self.folder = os.path.join(h.root, "uttrekk")
        return h

    def line(self, h, *more, folder=None):
        return [os.path.join(house.BIN, "sluse-push"), "--harvest",
                folder or self.folder, "--target", "arkiv", "--config",
                os.path.join(h.root, "sluse.conf"), *more]

    def harvest(self, h, *more, status=0, folder=None):
        done = subprocess.run(self.line(h, *more, folder=folder),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, timeout=60)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        if status != 0:
            self.assertFalse(os.path.exists(self.folder + "/harvest.json"))
        return done

    def begin(self, h, *more):
        return subprocess.Popen(self.line(h, *more), stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL)

    def read(self, name):
        with open(os.path.join(self.folder, name), "rb") as file:
            return file.read()

    def lines(self):
        return bare([json.loads(line) for line in
                     self.read("units.jsonl").splitlines()])

    def check_files(self, lines):
        """Each named file is there with its digest, and no other."""
        there = set()
        for folder, folders, files in os.walk(self.folder + "/files"):
            for name in files:
                path = os.path.join(folder, name)
                there.add(os.path.relpath(path, self.folder))
                self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
            self.assertEqual(os.stat(folder).st_mode & 0o777, 0o700)
            self.assertTrue(folders or files or folder.endswith("files"),
                            "an empty folder: " + folder)
        self.assertEqual(there, {x["file"] for x in lines if "file" in x})
        for line in lines:
            if "file" in line:
                data = self.read(line["file"])
                self.assertEqual(len(data), line["size"])
                self.assertEqual(hashlib.sha256(data).hexdigest(),
                                 line["sha256"])

    def check_whole(self, h, wanted=None, **narrow):
        lines = self.lines()
        if wanted is None:
            wanted = n5_expect.Expect(
                h.fake.control("GET", "objects")).run(**narrow)
        for have, want in zip(lines, wanted):
            self.assertEqual(have, want)
        self.assertEqual(len(lines), len(wanted))
        self.check_files(lines)
        summary = json.loads(self.read("harvest.json"))
        self.assertRegex(summary.pop("made"),
                         r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d\d\dZ$")
        self.assertEqual(summary.pop("units_sha256"), hashlib.sha256(
            self.read("units.jsonl")).hexdigest())
        for name in ("from", "to", "arkivdel"):
            summary.pop(name, None)
        want = dict(n5_expect.summary(wanted), complete=True)
        want.pop("made")
        self.assertEqual(summary, want)
        self.assertEqual(
            [n for n in PAST if os.path.exists(self.folder + "/" + n)], [])
        self.assertEqual(h.fake.control("GET", "violations"), [])

    def peak_of(self, h, name, *more, status=0):
        """KiB that sluse-push took at most."""
        self.folder = os.path.join(h.root, name)
        child, peak = self.begin(h, *more), 0
        while child.poll() is None:
            try:
                with open("/proc/%d/status" % child.pid,
                          encoding="ascii") as file:
                    found = [line for line in file if
                             line.startswith("VmHWM")]
            except FileNotFoundError:
                break
            peak = max([peak] + [int(x.split()[1]) for x in found])
            time.sleep(0.005)
        self.assertEqual(child.wait(), status)
        self.assertGreater(peak, 1000)
        return peak

    @staticmethod
    def asked(h, kind):
        return [r for r in h.fake.control("GET", "requests")
                if r["kind"] == kind]


class Whole(Harvest):
    def test_with_post(self):
        """What Sluse delivered, among what others made."""
        h = self.make(start=True)
        h.sluse("cases", "import", house.DEMO + "/saker.csv")
        for n in range(4):
            h.drop_bytes(letter(n), "brev-%d.txt" % n)
        h.wait_quiet(30, 4)
        h.stop()
        self.assertEqual(len([p for p in h.posts()["journalposts"]
                              if p["key"]]), 4)
        before = h.fake.control("GET", "objects")
        done = self.harvest(h)
        self.check_whole(h)
        self.assertEqual(h.fake.control("GET", "objects"), before)
        mine = [x for x in self.lines() if "vnd-sluse-v1:noekkel" in
                x["fields"].get("virksomhetsspesifikkeMetadata", {})]
        self.assertEqual(sorted({x["type"] for x in mine}), ["journalpost"])
        self.assertIn("files=", done.stdout)
        self.assertIn('checksum="1" size="1"', done.stderr)
        self.assertIn('missing="1"', done.stderr)
        self.assertNotIn("Nordmann", done.stdout + done.stderr)

    def test_samples(self):
        """The samples in tests/data are what is made today."""
        for name, series in (("storvik", None),
                             ("storvik-2019", "arkivdel-2019")):
            h = self.make("--cases", os.devnull)
            self.folder = os.path.join(h.root, name)
            self.harvest(h, *(["--arkivdel", n5_archive.system_id(series)]
                              if series else []))
            mine = self.lines()
            self.folder = os.path.join(DATA, "harvest", name)
            self.assertEqual(len(self.lines()), len(mine))
            for have, want in zip(mine, self.lines()):
                self.assertEqual(have, want)

    def test_narrowed(self):
        h = self.make()
        series = n5_archive.system_id("arkivdel-2023")
        self.harvest(h, "--arkivdel", series)
        self.check_whole(h, series=series)
        sizes = {len(self.lines())}
        for n, (first, last) in enumerate((
                ("2020-03-02", "2020-03-02"), ("2020-04-01", None),
                (None, "2020-05-03"), ("2021-05-05", "2021-05-05"),
                ("2024-08-09", "2024-08-31"), ("1990-01-01", "1990-12-31"))):
            self.folder = os.path.join(h.root, "tid-%d" % n)
            self.harvest(h, *(["--from", first] if first else []),
                         *(["--to", last] if last else []))
            self.check_whole(h, first=first, last=last)
            sizes.add(len(self.lines()))
        self.assertGreater(len(sizes), 5, "the bounds do something")
        self.folder = os.path.join(h.root, "ingen")
        done = self.harvest(h, "--arkivdel", n5_archive.system_id("ingen"),
                            status=1)
        self.assertIn("no such arkivdel", done.stderr)

    def test_ways(self):
        """Cores that show the same archive otherwise."""
        for manner in ("flat-lists", "relations", "root-after-login"):
            with self.subTest(manner):
                h = self.make(manners=(manner,))
                self.harvest(h)
                self.check_whole(h)
        h = self.make(manners=("logs-below",))
        self.harvest(h)
        key = lambda line: json.dumps(line, sort_keys=True)
        wanted = n5_expect.Expect(h.fake.control("GET", "objects")).run()
        lines = self.lines()
        self.assertEqual(sorted(map(key, lines)), sorted(map(key, wanted)))
        self.check_order(lines)
        h = self.make(manners=("bare-sizes",))
        self.harvest(h)
        self.assertEqual(json.loads(self.read("harvest.json"))["differs"],
                         {"checksum": 0, "size": 1}, "what is not stated")
        self.check_files(self.lines())

    def test_goes_on_only_filtered(self):
        """As Nikita 0.6: the link to a second page is wrong, or there is none,
        as long as there is no $filter."""
        for manner in ("broken-next", "short-lists"):
            with self.subTest(manner):
                h = self.make(manners=(manner,))
                self.harvest(h)
                self.check_whole(h)
        h = self.make(manners=("broken-next", "undated"))
        self.assertIn("rows came", self.harvest(h, status=1).stderr)

    def test_links_that_lead_nowhere(self):
        """As Nikita 0.6: it is told what may be missing."""
        h = self.make(manners=("dead-links",))
        done = self.harvest(h)
        wanted = n5_expect.Expect(h.fake.control("GET", "objects")).run()
        dead = [line for line in wanted if line.get("type") == "saksmappe" or
                line["kind"] == "klassifikasjonssystem"]
        for line in dead:
            line["fields"].pop("sekundaerklassifikasjon", None)
            line["lacks"] = ["sekundaerklassifikasjon"]
        self.assertEqual(self.lines(), wanted)
        self.assertEqual(json.loads(self.read("harvest.json"))["lacks"],
                         {"sekundaerklassifikasjon": len(dead)})
        self.assertIn('relation="sekundaerklassifikasjon" units="%d"'
                      % len(dead), done.stderr)
        # Each 404 is asked for once more, and is no reason to log in again.
        self.assertEqual(
            len(self.asked(h, "dead")),
            sum(1 if line["kind"] == "mappe" else 2 for line in dead))
        self.assertEqual(len(self.asked(h, "token")), 1)

    def test_screens_that_lead_nowhere(self):
        """Then it is not known who is screened, and nobody is shown."""
        h = self.make(manners=("relations", "dead-screens"))
        self.harvest(h)
        wanted = n5_expect.Expect(h.fake.control("GET", "objects")).run()
        screened = [line for line in wanted if
                    line["fields"].pop("skjerming", None)]
        self.assertGreater(len(screened), 1)
        for line in screened:
            line["lacks"] = ["skjerming"]
        self.assertEqual(self.lines(), wanted)
        self.assertIn("2020/14-1", self.public())
        self.assertNotIn("Kari Nordmann", self.public())

    def test_screens_that_lead_nowhere_once(self):
        """That one has none is not believed of the next."""
        h = self.make(manners=("relations",))
        h.fake.control("POST", "faults", [
            {"match": {"kind": "part"}, "action": "404", "count": 2},
            {"match": {"kind": "part"}, "action": "404", "skip": 1,
             "count": 1}])
        self.harvest(h)
        self.assertEqual(json.loads(self.read("harvest.json"))["lacks"],
                         {"skjerming": 1})

    def public(self):
        return subprocess.run(
            [os.path.join(house.BIN, "sluse-depot"), "journal", self.folder,
             "--public", "--today", "2020-06-01", "--json"], check=True,
            stdout=subprocess.PIPE, text=True).stdout

    def check_order(self, lines):
        seen = {None}
        for line in lines:
            self.assertIn(line["parent"], seen)
            seen.add(line["id"])

    def test_shared(self):
        """A class system of two series, and a third's second one; a document
        of two registrations, two objects with the same bytes."""
        def node(kind, name, below=(), fields=None, **more):
            return dict({"type": kind, "id": name, "below": list(below),
                         "fields": fields or {}}, **more)

        def folder(name, posts=(), **more):
            return node("mappe", name, posts, {"tittel": name}, **more)
        sent = {"versjonsnummer": 1, "variantformat": "A",
                "format": "x-fmt/111", "mimeType": "text/plain"}
        objects = [node("dokumentobjekt", "o%d" % n, fields=dict(
            sent, versjonsnummer=n), file={"text": "det samme\n"})
            for n in (1, 2)]
        shared = node("dokumentbeskrivelse", "felles", objects, {
            "tittel": "Felles", "dokumenttype": "B", "dokumentstatus": "F",
            "tilknyttetRegistreringSom": "H", "dokumentnummer": 1},
            also=["r2"])
        one = folder("m1", [node("registrering", "r1", [shared],
                                 {"tittel": "en"}),
                            node("registrering", "r2", [], {"tittel": "to"})])
        system = node("klassifikasjonssystem", "system", [
            node("klasse", "k", [one, folder("m2", series="d2")],
                 {"klasseID": "1", "tittel": "k"})], {"tittel": "s"},
            also=["d2"])
        seed = [node("arkiv", "a", [
            node("arkivdel", "d1", [system], {"tittel": "d1"}),
            node("arkivdel", "d2", [folder("m3")], {
                "tittel": "d2", "arkivdelstatus": "A"}),
            node("arkivdel", "d3", [], {"tittel": "d3"},
                 secondary=["system"])], {"tittel": "a"})]
        h = self.make("--cases", os.devnull, seed=self.write_seed(seed))
        self.harvest(h)
        self.check_whole(h)
        lines = self.lines()
        again = [x for x in lines if x.get("again")]
        self.assertEqual([x["kind"] for x in again],
                         ["dokumentbeskrivelse"] +
                         ["klassifikasjonssystem", "klasse"] * 2)
        self.assertEqual(len([x for x in lines if "file" in x]), 2)
        self.assertEqual(json.loads(self.read("harvest.json"))["files"], 1)

    def write_seed(self, seed):
        path = os.path.join("/tmp", "sluse-seed-%d.json" % os.getpid())
        with open(path, "w", encoding="utf-8") as file:
            json.dump(seed, file)
        self.addCleanup(os.unlink, path)
        return path

    def test_large(self):
        """A document is streamed: it never lies in memory."""
        with open(SEED, encoding="utf-8") as file:
            text = file.read()
        text = text.replace('"bytes": 70000', '"bytes": 100000000')
        h = self.make(seed=self.write_seed(json.loads(text)))
        self.harvest(h)
        self.check_whole(h)
        peak = self.peak_of(h, "stor-2")
        print("peak: %d KiB" % peak, flush=True)
        self.assertLess(peak, 64 << 10)


class Interrupted(Harvest):
    def documents(self, h):
        return sum(bool(o.get("file")) for o in
                   h.fake.control("GET", "objects"))

    def test_kill_at_each_document(self):
        """One more document each time, then it ends; none is fetched twice."""
        h = self.make()
        all_there = self.documents(h)
        for n in range(all_there):
            h.fake.control("DELETE", "faults")
            h.fake.control("POST", "faults", {
                "match": {"kind": "fil"}, "action": "hang", "skip": 1})
            before = len(self.asked(h, "fil"))
            child = self.begin(h)
            h.wait_for(lambda: len(self.asked(h, "fil")) > before + 1 or
                       child.poll() is not None, 10, "a document and a half")
            child.kill()
            child.wait()
            if child.returncode == 0:
                break
            self.assertFalse(os.path.exists(self.folder + "/harvest.json"))
        self.assertGreater(n, 10)
        h.fake.control("DELETE", "faults")
        before = len(self.asked(h, "fil"))
        self.harvest(h)
        self.check_whole(h)
        # At most the one that was under way, and the one that is not there.
        self.assertLessEqual(len(self.asked(h, "fil")) - before, 3)

    def test_kill_whenever(self):
        h = self.make("--page-size", "2")
        rng, kills = random.Random(5), 0
        # Later each time: a fast machine is done in a tenth of a second.
        for n in range(60):
            child = self.begin(h)
            try:
                child.wait(rng.uniform(0.003, 0.01 + 0.004 * n))
                break
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
                kills += 1
        if not os.path.exists(self.folder + "/harvest.json"):
            self.harvest(h)
        # Killed at its very end it leaves the list of what it has.
        self.assertLessEqual(set(os.listdir(self.folder)), {
            "harvest.json", "units.jsonl", "files", "unfinished.jsonl"})
        if os.path.exists(self.folder + "/unfinished.jsonl"):
            os.unlink(self.folder + "/unfinished.jsonl")
        print("kills: %d" % kills, flush=True)
        self.assertGreater(kills, 3)
        self.check_whole(h)

    def test_term(self):
        h = self.make()
        h.fake.control("POST", "faults", {
            "match": {"kind": "fil"}, "action": "slow", "seconds": 1,
            "skip": 3, "count": 1})
        child = subprocess.Popen(self.line(h), stderr=subprocess.PIPE,
                                 text=True)
        h.wait_for(lambda: len(self.asked(h, "fil")) >= 4, 10, "documents")
        child.terminate()
        _, said = child.communicate(timeout=10)
        self.assertEqual(child.returncode, 1)
        self.assertIn("stopped", said)
        self.harvest(h)
        self.check_whole(h)

    def test_spoilt(self):
        """What lies there from before is believed by its digest alone."""
        h = self.make()
        h.fake.control("POST", "faults", {
            "match": {"rel": "endringslogg"}, "action": "403"})
        self.harvest(h, status=1)
        names = sorted(os.path.join(folder, name) for folder, _, files in
                       os.walk(self.folder + "/files") for name in files)
        with open(names[0], "r+b") as file:
            file.write(b"?")
        os.truncate(names[1], 1)
        os.unlink(names[2])
        with open(os.path.join(self.folder, "files", "ab" * 32), "wb"):
            pass
        os.makedirs(self.folder + "/files/00", exist_ok=True)
        with open(self.folder + "/files/00/" + "00" * 32, "wb"):
            pass
        os.unlink(os.path.join(self.folder, "files", "ab" * 32))
        with open(self.folder + "/unfinished.jsonl", "ab") as file:
            file.write(b'{"key":"')
        h.fake.control("DELETE", "faults")
        before = len(self.asked(h, "fil"))
        self.harvest(h)
        self.check_whole(h)
        self.assertEqual(len(self.asked(h, "fil")) - before, 4)

    def test_changed(self):
        """A document of another checksum is another one."""
        h = self.make()
        h.fake.control("POST", "faults", {
            "match": {"rel": "endringslogg"}, "action": "403"})
        self.harvest(h, status=1)
        h.fake.control("DELETE", "faults")
        name = n5_archive.system_id("obj-2024-7-1")
        state = os.path.join(h.fake.folder.name, "state")
        h.fake.stop()
        data = b"et annet svar\n"
        with open(os.path.join(state, "files", name), "wb") as file:
            file.write(data)
        with open(os.path.join(state, "n5.jsonl"), encoding="utf-8") as file:
            rows = [json.loads(line)["put"] for line in file]
        obj = [o for o in rows if o["id"] == name][-1]
        sha = hashlib.sha256(data).hexdigest()
        obj["attrs"].update(sjekksum=sha, filstoerrelse=len(data))
        obj["file"] = {"size": len(data), "sha256": sha}
        with open(os.path.join(state, "n5.jsonl"), "a",
                  encoding="utf-8") as file:
            file.write(json.dumps({"put": obj}) + "\n")
        h.fake.start()
        self.harvest(h)
        self.check_whole(h)


class Folder(Harvest):
    def test_not_over(self):
        h = self.make()
        self.harvest(h)
        before = {n: self.read(n) for n in ("harvest.json", "units.jsonl")}
        done = self.again(h)
        self.assertIn("finished", done.stderr)
        for name, data in before.items():
            self.assertEqual(self.read(name), data)
        self.folder = os.path.join(h.root, "annet")
        os.mkdir(self.folder)
        with open(self.folder + "/brev.txt", "w", encoding="ascii"):
            pass
        self.assertIn("something else", self.again(h).stderr)
        self.folder = os.path.join(h.root, "lenke")
        os.symlink(h.root, self.folder)
        self.again(h)

    def again(self, h):
        done = subprocess.run(self.line(h), stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, 1)
        return done

    def test_whose(self):
        h = self.make()
        h.fake.control("POST", "faults", {
            "match": {"kind": "fil"}, "action": "hang", "skip": 2})
        child = self.begin(h)
        h.wait_for(lambda: len(self.asked(h, "fil")) > 2, 10, "under way")
        self.assertIn("under way", self.again(h).stderr)
        child.kill()
        child.wait()
        path = os.path.join(h.root, "sluse.conf")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace("[target arkiv]", "[target nyarkiv]"))
        h.fake.control("DELETE", "faults")
        line = [x.replace("arkiv", "nyarkiv") if x == "arkiv" else x
                for x in self.line(h)]
        done = subprocess.run(line, stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn("another target's", done.stderr)

    def test_arguments(self):
        h = self.make()
        for word, *more in (
                ("--from takes a day", "--from", "2026-02-30"),
                ("--from takes a day", "--from", "i går"),
                ("--to takes a day", "--to", "1.3.2026"),
                ("later than", "--from", "2026-03-02", "--to", "2026-03-01"),
                ("number of bytes", "--document-max", "0"),
                ("usage", "--check"), ("usage", "mer")):
            with self.subTest(more):
                done = subprocess.run(self.line(h, *more), text=True,
                                      stderr=subprocess.PIPE)
                self.assertEqual(done.returncode, 64)
                self.assertIn(word, done.stderr)
        self.assertFalse(os.path.exists(self.folder))
        self.assertEqual(h.fake.control("GET", "requests"), [])
        w = self.house(target="webhook", start=False)
        done = subprocess.run(self.line(w), stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot harvest", done.stderr)


class Wrong(Harvest):
    PASSING = (("500", {}), ("502", {}), ("503", {"retry_after": 0}),
               ("429", {"retry_after": 1}), ("429", {}), ("reset", {}),
               ("half_body", {}), ("lose_reply", {}), ("bad_json", {}),
               ("slow", {"seconds": 0.5}), ("hang", {"seconds": 5}))

    def test_passing(self):
        """What passes is tried again, wherever it comes."""
        self.passing(self.PASSING[::2])

    def test_passing_too(self):
        self.passing(self.PASSING[1::2])

    def passing(self, wrongs):
        fired = 0
        for n, (action, more) in enumerate(wrongs):
            with self.subTest(action):
                h = self.make(keys="timeout = 700ms\nretry_first = 20ms\n")
                kinds = ("arkiv", "mappe", "registrering", "fil",
                         "endringslogg", "root", "korrespondansepart")
                if action == "bad_json":  # of a file, that is its content
                    kinds = tuple(k for k in kinds if k != "fil")
                count = 2
                if action in ("hang", "slow") or more.get("retry_after"):
                    kinds, count = ("registrering", "fil", "merknad"), 1
                h.fake.control("POST", "faults", [dict(
                    {"match": {"kind": kind}, "action": action,
                     "count": count, "skip": n % 3}, **more)
                    for kind in kinds])
                self.harvest(h)
                self.check_whole(h)
                fired += sum(r["fired"] for r in
                             h.fake.control("GET", "faults"))
                h.fake.control("DELETE", "faults")
        print("faults met: %d" % fired, flush=True)
        self.assertGreater(fired, 35)

    def test_storm(self):
        h = self.make()
        h.fake.control("POST", "faults", [dict(
            {"action": action, "probability": 0.03, "seed": n}, **more)
            for n, (action, more) in enumerate(self.PASSING[:8])])
        self.harvest(h)
        self.check_whole(h)

    def test_lasting(self):
        """What does not pass ends it, and says what and where."""
        for kind, action, word, tries in (
                ("fil", "500", "HTTP 500", 24), ("merknad", "503", "503", 8),
                ("dokumentobjekt", "reset", "dokumentobjekt", 8),
                ("registrering", "429", "429", 8),
                ("fil", "403", "HTTP 403", 1), ("klasse", "403", "403", 1),
                ("merknad", "huge", "limit", 1)):
            with self.subTest(kind + " " + action):
                h = self.make(keys="timeout = 2s\nretry_first = 10ms\n")
                h.fake.control("POST", "faults", {
                    "match": {"kind": kind}, "action": action})
                done = self.harvest(h, status=1)
                self.assertIn(word, done.stderr)
                self.assertIn("start it again", done.stderr)
                # A connection that was lost is tried anew once more below.
                self.assertIn(h.fake.control("GET", "faults")[0]["fired"],
                              (tries, tries + (action == "reset")))
                h.fake.control("DELETE", "faults")
                self.harvest(h)
                self.check_whole(h)

    def test_spoilt(self):
        """A document that the target always fails on is left out, and told;
        the others are there."""
        h = self.make(keys="retry_first = 10ms\n")
        h.fake.control("POST", "faults", {
            "match": {"kind": "fil"}, "action": "500", "skip": 1,
            "count": 16})
        done = self.harvest(h)
        self.assertIn('missing="3"', done.stderr)  # one has no file anyway
        lines = self.lines()
        self.assertEqual(sum(x.get("missing") == "http_5xx" for x in lines), 2)
        self.check_files(lines)
        with open(os.path.join(self.folder, "harvest.json")) as file:
            self.assertEqual(json.load(file)["missing"], 3)

    def test_spoilt_and_cut_off(self):
        """Those that are there already stand between them."""
        h = self.make(keys="retry_first = 10ms\n")
        h.fake.control("POST", "faults", [
            {"match": {"kind": "fil"}, "action": "500", "skip": skip,
             "count": 8} for skip in (1, 2, 3, 4)] + [
            {"match": {"kind": "endringslogg"}, "action": "403"}])
        self.harvest(h, status=1)
        h.fake.control("DELETE", "faults")
        h.fake.control("POST", "faults", {
            "match": {"kind": "fil"}, "action": "500"})
        self.harvest(h)
        lines = self.lines()
        self.assertEqual(sum(x.get("missing") == "http_5xx" for x in lines), 5)
        self.check_files(lines)
        # Four were waited for before: twice each, and the fifth as any other.
        self.assertEqual(h.fake.control("GET", "faults")[0]["fired"], 4 * 2 + 8)

    def test_long_line(self):
        """What lies there is read to a limit."""
        h = self.make()
        h.fake.control("POST", "faults", {
            "match": {"kind": "fil"}, "action": "403", "skip": 2})
        self.harvest(h, status=1)
        path = os.path.join(self.folder, "unfinished.jsonl")
        with open(path, "ab") as file:
            for _ in range(64):
                file.write(b"x" * (1 << 20))
            file.write(b"\n\0\n")
        h.fake.control("DELETE", "faults")
        peak = self.peak_of(h, os.path.basename(self.folder))
        self.assertLess(peak, 48 << 10, "KiB of memory")

    def test_too_busy(self):
        h = self.make()
        h.fake.control("POST", "faults", {
            "match": {"kind": "mappe"}, "action": "429", "retry_after": 3600})
        began = time.monotonic()
        self.harvest(h, status=1)
        self.assertLess(time.monotonic() - began, 10)

    def test_login(self):
        """Tokens of a second."""
        h = self.make("--token-ttl", "1")
        h.fake.control("POST", "faults", [
            {"match": {"kind": kind}, "action": "slow", "seconds": 1.2,
             "count": 1, "skip": 1} for kind in ("registrering", "fil",
                                                 "merknad")])
        self.harvest(h)
        self.check_whole(h)
        self.assertGreater(len(self.asked(h, "token")), 2)

    def test_gone(self):
        """A file that is gone is told, and is no reason to end."""
        h = self.make()
        h.fake.control("POST", "faults", {
            "match": {"kind": "fil"}, "action": "404", "count": 2})
        done = self.harvest(h)
        self.assertIn('missing="3"', done.stderr)
        lines = self.lines()
        self.assertEqual(sum(x.get("missing") == "http_404" for x in lines), 3)
        self.check_files(lines)


class Hostile(Harvest):
    def ends(self, manner, *words, more=()):
        with self.subTest(manner):
            h = self.make("--cases", os.devnull, manners=(manner,))
            began = time.monotonic()
            done = self.harvest(h, *more, status=1)
            for word in words:
                self.assertIn(word, done.stderr)
            self.assertLess(time.monotonic() - began, 20)
            peak = self.peak_of(h, "igjen", *more, status=1)
            self.assertLess(peak, 96 << 10, "KiB of memory")
            for folder, folders, files in os.walk(h.root):
                for name in folders + files:
                    self.assertFalse(name.startswith("2ed8c361"), folder)
            self.assertEqual(
                [v for v in h.fake.control("GET", "violations")], [])

    def test_lists(self):
        self.ends("next-loops", "comes twice", "goes round")
        self.ends("next-stays", "comes twice")
        self.ends("next-elsewhere", "host is not the configured one")
        self.ends("too-many", "more rows come")
        self.ends("too-few", "rows came")
        self.ends("not-an-object", "no object")

    def test_units(self):
        self.ends("no-ids", "systemID is no UUID")
        self.ends("twice", "comes twice")
        self.ends("deep", "too deep")
        self.ends("lost-above", "not show")
        self.ends("long-titles", "larger than")

    def test_files(self):
        self.ends("endless-file", "limit")
        self.ends("unsized-file", "limit_document", "--document-max",
                  more=("--document-max", "50000000"))
        self.ends("other-file", "host is not the configured one")

    def test_full(self):
        """A floor of free space, and a disk that is full."""
        h = self.make()
        path = os.path.join(h.root, "sluse.conf")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace("free_space_min = 1M",
                                    "free_space_min = 1T"))
        self.assertIn("disk_full", self.harvest(h, status=1).stderr)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        child = subprocess.run(
            self.line(h), stderr=subprocess.PIPE, text=True,
            preexec_fn=lambda: (
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN),
                resource.setrlimit(resource.RLIMIT_FSIZE, (60000, 60000))))
        self.assertEqual(child.returncode, 1)
        self.assertIn("disk_", child.stderr)
        self.harvest(h)
        self.check_whole(h)


if __name__ == "__main__":
    run_all()
