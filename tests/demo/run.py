#!/usr/bin/env python3
"""`make run`: the demo post through a whole Sluse, and what became of it.

Makes an instance in a folder, starts the fake Noark 5 server as its sak/arkiv
system and `sluse run`, drops the demo post once, shows progress, compares each
item with spool/demo/MANIFEST.json and keeps watching until Ctrl-C (--once:
exits; status 0 only if every item ended where the manifest says). Where
something stands in the way it says what, and ends with status 1; Ctrl-C ends
with 0.
"""
import argparse
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DEMO = os.path.join(TOP, "spool", "demo")
WAIT_S = 300
INN_S = 20  # what alone lies in Inn is waited for so long
START_S = 30


def word_of(row):
    """What became of it, as the line and the summary call it."""
    return {"in_journal": "transferred", "duplicate": "received again"}.get(
        row["outcome"], row["disposition"])


def progress(rows, moving):
    done = [word_of(row) for row in rows if row["disposition"] == "done"]
    transferred = done.count("transferred")
    text = "  received %d · on the road %d · transferred %d" % (
        len(rows), moving, transferred)
    for word in sorted(set(done) - {"transferred"}):
        text += " · %s %d" % (word, done.count(word))
    return text + " · waiting for a person %d" % (
        len(rows) - moving - len(done))


class Demo:
    def __init__(self, options):
        self.root = os.path.abspath(options.root)
        self.bin = os.path.abspath(os.path.join(options.build, "bin"))
        self.children = []
        self.log_from = 0  # what earlier runs said
        with open(os.path.join(DEMO, "MANIFEST.json"), encoding="utf-8") as file:
            self.manifest = json.load(file)
        self.began = time.monotonic()

    # -- the parts of the house ---------------------------------------------
    def path(self, *names):
        return os.path.join(self.root, *names)

    def sluse(self, *args):
        done = subprocess.run(
            [os.path.join(self.bin, "sluse"), "--root", self.root, "--json", *args],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def make_instance(self):
        if os.path.exists(self.path("sluse.conf")):
            return
        subprocess.run([os.path.join(self.bin, "sluse"), "init", self.root,
                        "--demo"], check=True, stdout=subprocess.DEVNULL)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        for name in ("arkiv-password", "arkiv-client-secret"):
            with open(self.path("secrets", name), "w", encoding="ascii",
                      opener=lambda p, f: os.open(p, f, 0o600)) as file:
                file.write("hemmelig\n")
        with open(self.path("sluse.conf"), "a", encoding="utf-8") as file:
            file.write("""
# The sak/arkiv system of the demo: the fake Noark 5 server on this machine.
[target arkiv]
connector = noark5
base_url = http://127.0.0.1:%d/api
allow_loopback = yes
user = sluse
client_id = sluse
credentials = arkiv-password arkiv-client-secret
retry_first = 2s
""" % port)
        with open(self.path("sluse.conf"), encoding="utf-8") as file:
            text = file.read()
        with open(self.path("sluse.conf"), "w", encoding="utf-8") as file:
            file.write(text.replace("[push]\n",
                                    "[push]\ncredentials_dir = secrets\n", 1))

    def port(self):
        with open(self.path("sluse.conf"), encoding="utf-8") as file:
            for line in file:
                if line.startswith("base_url = http://127.0.0.1:"):
                    return int(line.rsplit(":", 1)[1].split("/")[0])
        raise SystemExit("run/sluse.conf names no target on this machine")

    def child(self, *args):
        log = open(self.path("run", "demo.log"), "ab")
        # A session of its own: Ctrl-C is ours to hand on.
        child = subprocess.Popen(args, stdout=log, stderr=log,
                                 stdin=subprocess.DEVNULL,
                                 start_new_session=True)
        self.children.append(child)
        return child

    def start(self):
        if self.status()["slused"] is not None:
            raise SystemExit("a Sluse is running in %s already; stop that one "
                             "first (Ctrl-C where it runs)" % self.root)
        log = self.path("run", "demo.log")
        self.log_from = os.path.getsize(log) if os.path.exists(log) else 0
        ready = self.path("run", "fake-port")
        if os.path.exists(ready):
            os.unlink(ready)
        fake = self.child(
            sys.executable, os.path.join(TOP, "tests", "fakes", "n5_server.py"),
            "--port", str(self.port()), "--port-file", ready, "--state",
            self.path("fake-arkiv"), "--user", "sluse", "--password", "hemmelig",
            "--require-auth", "--cases", os.path.join(DEMO, "saker.csv"))
        self.wait(lambda: os.path.exists(ready) or fake.poll() is not None, 20)
        if fake.poll() is not None:
            raise SystemExit("the fake Noark 5 server did not start; see "
                             + self.path("run", "demo.log"))
        self.run = self.child(os.path.join(self.bin, "sluse"), "run", self.root)
        if not self.wait(self.is_ready, START_S):
            raise SystemExit(self.obstacle() or "not ready after %d s; see %s"
                             % (START_S, self.path("run", "demo.log")))

    def is_ready(self):
        """Up, or so that waiting is of no use."""
        status = self.status()
        return (self.run.poll() is not None or self.halted(status)
                or (status["slused"] or {}).get("programs", [])
                and status["known_cases"])

    def sluse_line(self):
        """As it can be typed, installed or not."""
        return " ".join(map(shlex.quote, (
            os.path.relpath(os.path.join(self.bin, "sluse")), "--root",
            self.root)))

    @staticmethod
    def halted(status):
        return ((status["slused"] or {}).get("journal") or {}).get("halted")

    def obstacle(self):
        """What keeps the post from moving, in words; None: nothing known."""
        status = self.status()
        slused = status["slused"]
        if self.run.poll() is not None or slused is None:
            said = self.last_errors()
            return "slused does not run%s" % (
                ":\n  " + "\n  ".join(said) if said else "; see "
                + self.path("run", "demo.log"))
        if self.halted(status):
            return ("the sporingslogg is not the one that was signed, and "
                    "nothing is taken in:\n  %s\n  man daemon/engine/slused.8, "
                    "RESTORING, says what to do; or remove %s and begin anew"
                    % (slused["journal"]["why"], self.root))
        if not slused["intake"]:
            return "intake is stopped: %s start-in" % self.sluse_line()
        missing = [row for row in slused["troubles"] if not row["runs"]]
        if missing:
            return "\n".join("%s does not run: %s\n  %s" % (
                row["program"], row["text"], row["help"]) for row in missing)
        return None

    def last_errors(self):
        """What the programs complained of at last, each once."""
        try:
            with open(self.path("run", "demo.log"), errors="replace") as file:
                file.seek(self.log_from)
                lines = file.readlines()[-200:]
        except FileNotFoundError:
            return []
        said = [line.rstrip().removeprefix("<2>").removeprefix("<3>")
                for line in lines if line[:3] in ("<2>", "<3>")
                or line.startswith("sluse: ")]
        return list(dict.fromkeys(reversed(said)))[:3]

    def status(self):
        rows = self.sluse("status")
        return rows[0] if rows else {"slused": None, "known_cases": 0}

    def stop(self):
        for child in reversed(self.children):
            if child.poll() is None:
                child.terminate()
        for child in self.children:
            try:
                child.wait(15)
            except subprocess.TimeoutExpired:
                child.kill()

    @staticmethod
    def wait(test, seconds):
        end = time.monotonic() + seconds
        while not test():
            if time.monotonic() > end:
                return False
            time.sleep(0.1)
        return True

    # -- the post -------------------------------------------------------------
    def dropped(self):
        try:
            with open(self.path("run", "dropped"), encoding="utf-8") as file:
                return file.read().split("\n")
        except FileNotFoundError:
            return []

    def drop(self, item):
        source = os.path.join(DEMO, item["name"])
        box = self.path("spool", item["queue"], "Inn")
        tmp = os.path.join(os.path.dirname(box), ".demo-drop")
        if os.path.isdir(source):
            shutil.copytree(source, tmp)
        else:
            shutil.copyfile(source, tmp)
        os.rename(tmp, os.path.join(box, item["drop_as"]))
        with open(self.path("run", "dropped"), "a", encoding="utf-8") as file:
            file.write(item["id"] + "\n")

    def drop_all(self):
        """Each item once in the life of the instance; result: how many."""
        done, n = self.dropped(), 0
        for item in self.manifest["items"]:
            if item["id"] in done:
                continue
            if "after" in item:
                self.wait_quiet(show=False)
            self.drop(item)
            n += 1
        return n

    def counts(self):
        rows = self.sluse("list")
        moving = [row for row in rows
                  if row["disposition"] in ("ready", "deferred")]
        return rows, moving

    def in_boxes(self):
        """What lies in Inn, with its queue."""
        return [os.path.join(queue["name"], "Inn", name)
                for queue in self.manifest["queues"] for name in
                sorted(os.listdir(self.path("spool", queue["name"], "Inn")))]

    def claims(self):
        return sum(len(os.listdir(self.path("spool", queue["name"], ".sluse")))
                   for queue in self.manifest["queues"])

    def wait_quiet(self, show=True):
        end, quiet, last, looks = time.monotonic() + WAIT_S, 0, "", 0
        moved, before = time.monotonic(), None
        while time.monotonic() < end:
            rows, moving = self.counts()
            open_claims = {row["reception"] for row in rows
                           if row["disposition"] != "done"}
            still = (not moving and not self.in_boxes()
                     and self.claims() <= len(open_claims))
            quiet = quiet + 1 if still else 0
            looks += 1
            if moving or len(rows) != before:
                moved, before = time.monotonic(), len(rows)
            if not still and time.monotonic() - moved > INN_S:
                print("\nnot waited for, since it is not whole yet: %s\n(a file "
                      "that looks cut off is taken as damaged after 10 minutes)"
                      % ", ".join(self.in_boxes()))
                return True
            if not still and looks % 10 == 0:
                why = self.obstacle()
                if why is not None:
                    raise SystemExit("\n" + why)
            if show:
                last = self.show(rows, moving, last)
            if quiet >= 3:
                return True
            time.sleep(0.3)
        return False

    def show(self, rows, moving, last):
        text = progress(rows, len(moving))
        for row in self.pages():
            text += " · %s: page %d of %d [%s]" % (
                row[0], row[1], row[2], ("#" * (row[1] * 10 // row[2])).ljust(10, "."))
        if text != last:
            end = "\r" if sys.stdout.isatty() else "\n"
            print(text.ljust(len(last)), end=end, flush=True)
        return text

    def pages(self):
        """(number, pages read, pages) of documents that are being read."""
        import sqlite3
        try:
            db = sqlite3.connect("file:%s?mode=ro" % self.path("db", "sluse.db"),
                                 uri=True, timeout=5)
            rows = db.execute(
                "SELECT c.reception, sum(g.source <> 3), count(*) FROM consignment c"
                " JOIN source o ON o.consignment = c.id JOIN part p ON p.source = o.id"
                " JOIN page g ON g.part = p.id WHERE c.stage < 50 AND"
                " c.disposition = 10 GROUP BY c.id HAVING count(*) > 1").fetchall()
            db.close()
            return rows
        except sqlite3.Error:
            return []

    # -- what became of it ----------------------------------------------------
    def wrong(self, item, rows):
        name = item["drop_as"]
        mine = [row for row in rows
                if row["queue"] == item["queue"] and row["name"] == name]
        want = item["expect"]["entries"]
        if not want:
            ok = len(mine) == 1 and mine[0]["outcome"] == "duplicate"
            return [] if ok else ["is not known as received again"]
        if len(mine) != len(want):
            return ["%d entries, want %d" % (len(mine), len(want))]
        bad = []
        for row, entry in zip(mine, want):
            for key in ("disposition", "outcome", "reason"):
                if key in entry and row[key] != entry[key]:
                    bad.append("%s is %s, want %s" % (key, row[key], entry[key]))
            if entry["disposition"] == "done":
                if row["case"] != entry["case"]:
                    bad.append("case is %s, want %s" % (row["case"], entry["case"]))
                if len(row["documents"]) != entry["documents"]:
                    bad.append("%d documents, want %d" % (
                        len(row["documents"]), entry["documents"]))
            if "possible_duplicate" in entry.get("flags", []) and \
                    not row["duplicate_of"]:
                bad.append("is not flagged as a possible duplicate")
        return bad

    def summary(self, dropped):
        rows = self.sluse("list")
        failed = 0
        print("\n%-9s %-30s %-34s %s" % ("", "dropped as", "became", "why"))
        for item in self.manifest["items"]:
            bad = self.wrong(item, rows)
            failed += bool(bad)
            mine = [row for row in rows if row["queue"] == item["queue"]
                    and row["name"] == item["drop_as"]]
            row = mine[0] if mine else None
            became = "nothing" if row is None else "%s %s" % (
                row["outcome"] or row["disposition"], row["case"] or "")
            why = "" if row is None or row["reason"] is None else "%s (%s)" % (
                row["reason_text"] or row["reason"], row["owner"])
            print("%-9s %-30s %-34s %s" % ("ok" if not bad else "NOT OK",
                  item["drop_as"][:30], became, "; ".join(bad) or why))
        count = {}
        for row in rows:
            count[word_of(row)] = count.get(word_of(row), 0) + 1
        print("\nreceived %d: %s · dropped now %d · %.1f s" % (
            len(rows), ", ".join("%s %d" % pair for pair in sorted(count.items())),
            dropped, time.monotonic() - self.began))
        print("receipts   %s" % self.path("spool", "*", "Kvitteringer"))
        print("journal    %s journal list" % self.sluse_line())
        print("delivered  %s  (the fake sak/arkiv system)" % self.path("fake-arkiv"))
        return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", default=os.path.join(TOP, "run"))
    parser.add_argument("--build", default=os.path.join(TOP, "build"))
    parser.add_argument("--once", action="store_true")
    options = parser.parse_args()
    demo = Demo(options)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda got, _: sys.exit(128 + got))
    # Started in the background by a shell it would be ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    failed, interrupted = 1, False
    try:
        demo.make_instance()
        demo.start()
        dropped = demo.drop_all()
        if not demo.wait_quiet():
            print("\nnot quiet after %d s" % WAIT_S)
        failed = demo.summary(dropped)
        if not options.once:
            print("\nStill watching %s; stop with Ctrl-C." % demo.path("spool"))
            while demo.run.poll() is None:
                time.sleep(0.5)
            print(demo.obstacle())
            failed = 1
    except KeyboardInterrupt:
        print("\nStopped; `make run` goes on where this ended.")
        interrupted = True
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # once is enough
        demo.stop()
    return 1 if failed and not interrupted else 0


if __name__ == "__main__":
    sys.exit(main())
