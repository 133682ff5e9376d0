"""The programs of an instance one by one, for tests that kill them.

A Crew is a House without `sluse run`: each program is a process group of its
own, started again at once when it ends, and slused may run under strace.
Nothing here waits for ever: every wait has a limit and tends the programs.
"""
import base64
import collections
import hashlib
import os
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))
import house  # noqa: E402

CASE = "2026/211"
PEERS = ("sluse-work", "sluse-place", "sluse-push")


def letter(number, word="brev"):
    """(name, bytes) of a small letter that is placed by its reference."""
    text = ("Testvik kommune\nDeres ref: %s\n\n%s nummer %d om "
            "parkeringsplassen.\n" % (CASE, word.capitalize(), number))
    return "%s-%05d.txt" % (word, number), text.encode()


class Crew(house.House):
    # No groups are looked up: what NSS calls is not what is injected here.
    access = "second_person = no\n" + "\n".join(
        role + " =" for role in ("archivist", "systemansvarlig", "operator",
                                 "auditor", "integrator"))

    def __init__(self, peers=PEERS, queues=("Skannet post",), bins=None,
                 **keys):
        self.running = {}
        self.held_down = set()
        self.ended = collections.Counter()
        self.env, self.bins = {}, {}
        self.names = ("slused",) + tuple(peers)
        if bins:
            self.use(bins)
        super().__init__(queues=queues, start=False, **keys)
        self.expected = {}
        os.makedirs(os.path.join(self.root, "run"), exist_ok=True)
        self.log = open(os.path.join(self.root, "log"), "ab")
        try:
            self.start()
            self.sluse("cases", "import", self.cases)
            self.sluse("cases", "list")
        except BaseException:
            self.close()
            raise

    def use(self, folder, names=None):
        """These programs come from that folder (None: of this build)."""
        for name in names or self.names + ("sluse",):
            self.bins[name] = folder or house.BIN
        self.cli_bin = self.bins.get("sluse", house.BIN)

    # -- programs -------------------------------------------------------------
    def argv(self, name):
        folder = self.bins.get(name, house.BIN)
        sock = os.path.join(self.root, "run", "slused.sock")
        args = [os.path.join(folder, name)]
        if name == "slused":
            return args + ["--root", self.root]
        args += ["--socket", sock]
        if name == "sluse-push":
            return args + ["--target", "arkiv", "--config",
                           os.path.join(self.root, "sluse.conf"),
                           "--credentials",
                           os.path.join(self.root, "secrets")]
        return args if name == "sluse-place" else args + ["--slots", "2"]

    def start_one(self, name, prefix=()):
        assert name not in self.running
        self.running[name] = subprocess.Popen(
            list(prefix) + self.argv(name), stdin=subprocess.DEVNULL,
            stdout=self.log, stderr=self.log, start_new_session=True,
            env=dict(os.environ, **self.env))
        return self.running[name]

    def tend(self):
        """Starts again what has ended, unless it is held down."""
        for name in self.names:
            if name not in self.held_down:
                self.tend_one(name)

    def tend_one(self, name):
        child = self.running.get(name)
        if child is not None and child.poll() is not None:
            self.ended[name, child.returncode] += 1
            del self.running[name]
            child = None
        if child is None:
            self.start_one(name)

    def start(self, wait=True, env=None):
        self.tend()
        if wait:
            self.wait_up()

    def wait_up(self, seconds=30):
        self.wait_for(lambda: len(self.programs()) >= len(self.names) - 1,
                      seconds, "programs")

    def pid_of(self, name):
        """The program itself, also under strace."""
        child = self.running.get(name)
        if child is None or child.poll() is not None:
            return None
        return child.pid

    def traced(self):
        """The slused below strace, or None."""
        pid = self.pid_of("slused")
        below = children_of(pid) if pid else []
        return below[0] if below else None

    def kill_one(self, name, how=signal.SIGKILL):
        child = self.running.get(name)
        if child is None:
            return False
        try:
            os.killpg(child.pid, how)
        except ProcessLookupError:
            return False
        if how == signal.SIGKILL:
            child.wait(10)
        return True

    def stop(self):
        for name in list(self.running):
            self.kill_one(name)
        self.running.clear()
        if not self.log.closed:
            self.log.close()

    def close(self):
        if not hasattr(self, "log"):
            self.log = open(os.devnull, "ab")
        super().close()

    # -- waiting --------------------------------------------------------------
    def wait_for(self, test, seconds, what, step=0.03):
        seconds *= house.PATIENCE
        end = time.monotonic() + seconds
        while True:
            self.tend()
            late = time.monotonic() > end
            value = test()
            if value:
                return value
            if late:
                self.print_log()
                raise AssertionError("not in %s s: %s" % (seconds, what))
            time.sleep(step)

    # -- items ----------------------------------------------------------------
    def drop_letter(self, number, word="brev"):
        name, data = letter(number, word)
        self.expected[name] = hashlib.sha256(data).hexdigest()
        self.drop_bytes(data, name)

    def count_done(self):
        try:
            return self.query("SELECT count(*) FROM consignment WHERE "
                              "disposition = 60")[0][0]
        except Exception:
            return -1

    def unfiled(self):
        return self.query("SELECT count(*) FROM consignment WHERE disposition "
                          "= 60 AND source_place = 'claimed'")[0][0]

    def wait_done(self, seconds):
        want = len(self.expected)
        self.wait_for(lambda: self.count_done() >= want and
                      not self.unfiled(), seconds, "%d done" % want)

    def there(self):
        """[(key, [digest of each file])] as the fake holds them."""
        state = self.fake.control("GET", "state")
        if self.target == "webhook":
            return [(row["key"], hook_files(row)) for row in
                    state["deliveries"]]
        return [(post["key"], n5_files(post)) for post in
                state["journalposts"]]

    # -- the end state --------------------------------------------------------
    def check_end(self, test):
        """Everything dropped is done: once in the journal, once at the fake,
        filed away, and nothing else is anywhere."""
        done = self.sluse("journal", "verify", check=False)
        test.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        test.assertEqual(self.fake.control("GET", "violations"), [])
        rows = self.query("SELECT id, name, reception, disposition, "
                          "source_place FROM consignment")
        test.assertEqual(sorted(r[1] for r in rows), sorted(self.expected))
        test.assertEqual([r for r in rows if r[3] != 60 or r[4] != "done"],
                         [])
        leaves = [leaf["subject"] for leaf in self.rows("journal", "list")
                  if leaf["event"] == "received"]
        test.assertEqual(sorted(leaves), sorted(r[2] for r in rows))
        entries = self.query("SELECT consignment, own_key, disposition, stage "
                             "FROM entry")
        test.assertEqual(sorted(e[0] for e in entries),
                         sorted(r[0] for r in rows))
        test.assertEqual([e for e in entries if e[2:] != (60, 80)], [])
        self.check_target(test, entries)
        self.check_spool(test)

    def check_target(self, test, entries):
        there = self.there()
        test.assertEqual(sorted(key for key, _ in there),
                         sorted(e[1] for e in entries))
        files = sorted(d for _, digests in there for d in digests)
        test.assertEqual(files, sorted(self.expected.values()))

    def check_spool(self, test):
        test.assertEqual(os.listdir(self.inbox()), [])
        queue = os.path.dirname(self.inbox())
        test.assertEqual(os.listdir(os.path.join(queue, ".sluse")), [])
        test.assertEqual(os.listdir(os.path.join(queue, "Stoppet")), [])
        filed = [name.split(" ", 1)[1] for _, _, names in
                 os.walk(os.path.join(queue, "Ferdig")) for name in names]
        test.assertEqual(sorted(filed), sorted(self.expected))
        blobs = [name for _, _, names in os.walk(os.path.join(
            self.root, "store", "sha256")) for name in names]
        test.assertEqual(sorted(blobs), sorted(set(self.expected.values())))


def n5_files(post):
    assert post["problems"] == [], post["problems"]
    return [f["sha256"] for d in post["documents"] for f in d["files"]]


def hook_files(row):
    """Digests of the bytes that came, not of what the post says of them."""
    return [hashlib.sha256(base64.b64decode(r["content"])).hexdigest()
            for d in row["json"]["dokumenter"] for r in d["renditions"]]


def children_of(pid):
    try:
        with open("/proc/%d/task/%d/children" % (pid, pid)) as file:
            return [int(word) for word in file.read().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []
