"""A whole Sluse on a folder of its own, for end-to-end and fault tests.

House() makes an instance in a temporary folder, starts a fake target and
`sluse run`, and offers what a test needs: drop, wait until quiet, ask, kill.
"""
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.abspath(os.environ.get("SLUSE_BUILD", os.path.join(TOP, "build")))
BIN = os.path.join(BUILD, "bin")
DEMO = os.path.join(TOP, "spool", "demo")
sys.path.insert(0, os.path.join(TOP, "tests", "fakes"))
import fake_client  # noqa: E402

# What wait_for is given is enough on a quiet machine. How long something takes
# is not what it asks, so that a busy one gets more.
PATIENCE = 4
QUEUES = ("Skannet post", "E-post", "Digital post")
FAST = """
settle = 300ms
sweep = 2s
free_space_min = 1M
held_limit = never
"""


def children(pid):
    try:
        with open("/proc/%d/task/%d/children" % (pid, pid)) as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return []


def names_in(folder):
    """What lies there; nothing where it is gone, also while we look."""
    try:
        return os.listdir(folder)
    except FileNotFoundError:
        return []


def under_strace(test, *inject):
    """What a command line begins with to have calls fail or kill."""
    if shutil.which("strace") is None or subprocess.run(
            ["strace", "-qq", "-o", os.devnull, "true"],
            stderr=subprocess.DEVNULL, timeout=10).returncode != 0:
        test.skipTest("strace may not trace here")
    return ["strace", "-f", "-qq", "-o", os.devnull,
            "-e", "trace=" + ",".join(i.split(":")[0] for i in inject),
            *(word for i in inject for word in ("-e", "inject=" + i))]


def strace_of(test, pid, *how):
    """Of a program that runs, until the test ends it or is over."""
    trace = subprocess.Popen(
        ["strace", "-f", "-o", os.devnull, "-p", str(pid), *how],
        stderr=subprocess.PIPE)
    test.addCleanup(trace.stderr.close)
    test.addCleanup(trace.wait)
    test.addCleanup(trace.terminate)
    test.assertIn(b"attached", trace.stderr.readline())
    return trace


class House:
    cli_bin = BIN
    # Keys of [push] that an earlier build may not know. These targets are
    # quick: what is not there after the wait never comes, and goes again.
    later = ("unknown_wait = 100ms", "unknown_hold = no", "sync_journal = 0")
    access = "second_person = no"  # the section; None for an earlier build

    def __init__(self, target="noark5", queues=QUEUES, instance=FAST, extra="",
                 limits="", target_keys="", cases=os.path.join(DEMO, "saker.csv"),
                 start=True, root=None, user=None, manners=(), fake=(),
                 ocr=False):
        self.keep = root is not None
        self.root = root or tempfile.mkdtemp(prefix="sluse-test-")
        self.target, self.cases = target, cases
        self.user = user  # who the programs run as; needs root
        self.queues = queues
        # Without: no models, which are most of a start's work.
        self.ocr = ocr
        self.child = None
        if target == "noark5":
            self.fake = fake_client.Process(
                "n5_server.py", "--user", "sluse", "--password", "hemmelig",
                "--require-auth", "--cases", cases,
                *("--manner=" + name for name in manners), *fake)
        else:
            self.fake = fake_client.Process("webhook_server.py")
        self.write_config(instance, extra, limits, target_keys)
        if start:
            try:
                self.start()
            except BaseException:
                self.close()
                raise

    # -- set-up -------------------------------------------------------------
    def write_config(self, instance, extra, limits, target_keys):
        for name in ("db", "run", "secrets", "store"):
            os.makedirs(os.path.join(self.root, name), exist_ok=True)
        os.chmod(os.path.join(self.root, "secrets"), 0o700)
        for name, value in (("arkiv-password", "hemmelig"),
                            ("arkiv-client-secret", "hemmelig")):
            path = os.path.join(self.root, "secrets", name)
            with open(path, "w", encoding="ascii") as file:
                file.write(value + "\n")
            os.chmod(path, 0o600)
        text = ["[instance]", "name = Testvik kommune", instance.strip(),
                "[limits]", limits.strip(), "[push]",
                "credentials_dir = secrets", "retry_first = 200ms",
                "retry_max = 1s", "breaker_first = 200ms",
                "breaker_max = 1s", *self.later]
        if self.access is not None:
            text += ["[access]", self.access]
        if not self.ocr:
            text += ["[ocr]", "pages_max = 0"]
        for queue in self.queues:
            text += ["[queue %s]" % queue, "kind = incoming"]
        text += [extra.strip(), "[target arkiv]", "connector = %s" % self.target,
                 "base_url = http://127.0.0.1:%d%s" % (
                     self.fake.port, "/api" if self.target == "noark5" else "/post"),
                 "allow_loopback = yes"]
        if self.target == "noark5":
            text += ["user = sluse", "client_id = sluse",
                     "credentials = arkiv-password arkiv-client-secret"]
        text += [target_keys.strip()]
        with open(os.path.join(self.root, "sluse.conf"), "w",
                  encoding="utf-8") as file:
            file.write("\n".join(text) + "\n")

    def start(self, wait=True, env=None):
        self.log = open(os.path.join(self.root, "log"), "ab")
        self.child = subprocess.Popen(
            [os.path.join(self.bin(), "sluse"), "run", self.root],
            stdout=self.log, stderr=self.log, **self.rights(),
            env=dict(os.environ, **(env or {})))
        if wait:
            self.wait_for(lambda: os.path.exists(
                os.path.join(self.root, "run", "slused.sock")) and
                self.complete(), 20, "programs")

    def complete(self):
        """Is one of each program there?"""
        roles = {p["role"] for p in self.programs()}
        return {"work", "ocr", "place", "push", "report"} <= roles

    def bin(self):
        """The programs, where the user reaches them: root's home is closed."""
        if self.user is None:
            return BIN
        copy = os.path.join(self.root, "build")
        for name in ("bin", "plugins", "pronom"):
            if not os.path.exists(os.path.join(copy, name)):
                shutil.copytree(os.path.join(BUILD, name),
                                os.path.join(copy, name))
        return os.path.join(copy, "bin")

    def rights(self):
        if self.user is None:
            return {}
        for folder, folders, files in os.walk(self.root):
            for name in [folder] + [os.path.join(folder, n)
                                    for n in folders + files]:
                os.chown(name, self.user, self.user)
        return {"user": self.user, "group": self.user, "extra_groups": []}

    def stop(self):
        if self.child is not None:
            self.child.terminate()
            try:
                self.child.wait(20 * PATIENCE)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
            self.child = None
            self.log.close()

    def close(self):
        self.stop()
        self.fake.close()
        if not self.keep:
            shutil.rmtree(self.root, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind is not None and os.environ.get("SLUSE_TEST_KEEP"):
            print("kept:", self.root)
            self.keep = True
            self.print_log()
        self.close()

    def print_log(self, lines=60):
        with open(os.path.join(self.root, "log"), errors="replace") as file:
            sys.stderr.write("".join(file.readlines()[-lines:]))

    # -- doing ----------------------------------------------------------------
    def inbox(self, queue=None):
        return os.path.join(self.root, "spool", queue or self.queues[0], "Inn")

    def drop(self, source, name=None, queue=None):
        """Rename in, like a scanner's software does."""
        box = self.inbox(queue)
        name = name or os.path.basename(source)
        tmp = os.path.join(os.path.dirname(box), ".drop-%d" % time.monotonic_ns())
        if os.path.isdir(source):
            shutil.copytree(source, tmp)
        else:
            shutil.copyfile(source, tmp)
        os.rename(tmp, os.path.join(box, name))

    def drop_bytes(self, data, name, queue=None):
        box = self.inbox(queue)
        tmp = os.path.join(os.path.dirname(box), ".drop-%d" % time.monotonic_ns())
        with open(tmp, "wb") as file:
            file.write(data)
        os.rename(tmp, os.path.join(box, name))

    def sluse(self, *args, check=True, text=True):
        done = subprocess.run(
            [os.path.join(self.cli_bin, "sluse"), "--root", self.root, *args],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=text)
        if check and done.returncode != 0:
            raise RuntimeError("sluse %s: %d %s" % (
                args, done.returncode, done.stderr))
        return done

    def rows(self, *args):
        """Status ends with 1 where it tells of something wrong."""
        done = self.sluse("--json", *args, check=args != ("status",))
        if done.returncode not in (0, 1):
            raise RuntimeError(done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def programs(self):
        try:
            return (self.rows("status")[0]["slused"] or {})["programs"]
        except (RuntimeError, IndexError, KeyError, ValueError):
            return []

    def query(self, sql, *args):
        path = os.path.join(self.root, "db", "sluse.db")
        db = sqlite3.connect("file:%s?mode=ro" % path, uri=True, timeout=10)
        try:
            return db.execute(sql, args).fetchall()
        finally:
            db.close()

    def pids(self, name=None):
        """(name, pid) of the programs, as `sluse run` wrote them."""
        try:
            with open(os.path.join(self.root, "run", "pids")) as file:
                rows = [line.split() for line in file]
        except FileNotFoundError:
            return []
        return [(row[0], int(row[1])) for row in rows
                if name is None or row[0] == name]

    def kill(self, name, how=signal.SIGKILL):
        for _, pid in self.pids(name):
            try:
                os.kill(pid, how)
            except ProcessLookupError:
                pass

    # -- waiting ----------------------------------------------------------------
    def wait_for(self, test, seconds, what):
        seconds *= PATIENCE
        began = time.monotonic()
        while True:
            waited = time.monotonic() - began
            late = waited > seconds
            value = test()  # once more after the end: we may have been stopped
            if value:
                return value
            if late:
                self.print_log()
                raise AssertionError("not in %s s: %s" % (seconds, what))
            # A look may be a program of its own: the longer it has been, the
            # less often.
            time.sleep(min(0.05 + waited / 20, 0.25))

    def moving(self):
        """Is any item still on the road by itself? Looked for in the direction
        items go, inlet, claim, database: none slips past behind the look."""
        return self.in_inlets() or self.claims() or self.unfinished()

    def in_inlets(self):
        boxes = [self.inbox(queue) for queue in self.queues]
        return sum(len(names_in(box)) for box in boxes)

    def claims(self):
        """Claims that no row knows yet."""
        n = 0
        for queue in self.queues:
            folder = os.path.join(self.root, "spool", queue, ".sluse")
            for ulid in names_in(folder):
                if not self.query("SELECT 1 FROM consignment WHERE ulid = ?", ulid):
                    n += 1
        return n

    def unfinished(self):
        return self.query(
            "SELECT (SELECT count(*) FROM consignment WHERE "
            "disposition IN (10, 20) AND stage < 50) + (SELECT count(*) "
            "FROM entry WHERE disposition IN (10, 20))")[0][0]

    def wait_quiet(self, seconds=60, count=None):
        def quiet():
            try:
                there = self.query("SELECT count(*) FROM consignment")[0][0]
                return there >= (count or 0) and not self.moving()
            except sqlite3.Error:
                return False
        self.wait_for(quiet, seconds, "quiet")

    # -- the end of every test ------------------------------------------------
    def looked_through(self, count=1):
        """Has slused read all files that decide over the post, so many times?
        What was another is an event then."""
        with open(os.path.join(self.root, "log"), errors="replace") as file:
            return file.read().count("looked through files=") >= count

    def posts(self):
        return self.fake.control("GET", "state")

    def check_whole(self, test):
        """Journal verifies; the target holds nothing twice; no protocol fault."""
        done = self.sluse("journal", "verify", check=False)
        test.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        test.assertEqual(self.fake.control("GET", "violations"), [])
        rows = self.query("SELECT e.own_key FROM entry e JOIN delivery d "
                          "ON d.entry = e.id WHERE d.state = 'delivered'")
        keys = sorted(row[0] for row in rows)
        test.assertEqual(sorted(self.keys_there()), keys)
        for queue in self.queues:
            left = [name for name in os.listdir(self.inbox(queue))]
            test.assertEqual(left, [])

    def keys_there(self):
        state = self.posts()
        if self.target == "noark5":
            # What others made there has none.
            return [post["key"] for post in state["journalposts"]
                    if post["key"] is not None]
        return [row["key"] for row in state["deliveries"]]
