#!/usr/bin/python3
"""Every number of the house in one table, each against its floor in one run.

	bench.py [--small N] [--rounds N] [--quick] [latency] [formats] [ocr] [reading] [small] [idle] [big] [journal] [reports]

Floor and Sluse take turns and the best of each is compared, so that a machine
that others use too still gives a fair ratio. --quick shrinks the sizes: good
for finding what broke, not for the closing note. Exit status 1 if a row
misses its mark.
"""
import argparse
import http.client
import json
import os
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "e2e"))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "outsider"))
import forge  # noqa: E402
import house  # noqa: E402
import make_big  # noqa: E402
import make_reports  # noqa: E402
import make_small  # noqa: E402
import ocr_pages  # noqa: E402
import ocr_quality  # noqa: E402

TEST = os.path.join(house.BUILD, "test")
DATA = os.path.join(house.BUILD, "bench")
CASES = os.path.join(DATA, "cases.csv")
MIB = 1 << 20
QUEUE = "Skannet post"
TICK = os.sysconf("SC_CLK_TCK")
ROWS = []


def row(what, sluse, floor, value, reach, good):
    ROWS.append((what, sluse, floor, value, reach, "yes" if good else "NO"))
    print("%-44s %-22s %-22s %-12s %-12s %s" % ROWS[-1], flush=True)


def table():
    heads = ("what", "Sluse", "floor", "result", "reach", "ok")
    wide = [max(len(r[i]) for r in [heads] + ROWS) for i in range(6)]
    print()
    for r in [heads, tuple("-" * w for w in wide)] + ROWS:
        print("| " + " | ".join(c.ljust(w) for c, w in zip(r, wide)) + " |")


def say(text):
    print("  .. " + text, file=sys.stderr, flush=True)


def run_floor(name, *args, limit):
    """key=value words that a floor program prints, as floats."""
    out = subprocess.run([os.path.join(TEST, name), *args], check=True,
                         timeout=limit, stdout=subprocess.PIPE, text=True).stdout
    return {k: float(v) for k, v in (w.split("=") for w in out.split())}


# -- watching processes ---------------------------------------------------------

def stat_cpu(pid):
    """Processor seconds of a process and its children that have ended."""
    try:
        with open("/proc/%d/stat" % pid) as file:
            words = file.read().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return sum(int(w) for w in words[11:15]) / TICK


def status(pid, key):
    try:
        with open("/proc/%d/status" % pid) as file:
            for line in file:
                if line.startswith(key + ":"):
                    return int(line.split()[1])
    except OSError:
        pass
    return 0


class Watch(threading.Thread):
    """The most memory slused had, and the most that any task's child had."""

    def __init__(self, h):
        super().__init__(daemon=True)
        self.slused = h.pids("slused")[0][1]
        self.parents = [pid for name, pid in h.pids()
                        if name in ("sluse-work", "sluse-ocr")]
        self.before = status(self.slused, "VmRSS")
        self.most = self.before
        self.child = 0
        self.over = threading.Event()
        self.start()

    def run(self):
        while not self.over.wait(0.05):
            self.most = max(self.most, status(self.slused, "VmRSS"))
            for parent in self.parents:
                for pid in house.children(parent):
                    self.child = max(self.child, status(pid, "VmHWM"))

    def stop(self):
        self.over.set()
        self.join()


def program_cpu(h):
    return sum(stat_cpu(pid) for _, pid in h.pids())


# -- an instance ------------------------------------------------------------------

def instance(extra="", limits="", queues=(QUEUE,)):
    h = house.House(target="webhook", queues=queues, cases=CASES, limits=limits,
                    instance=house.FAST + extra)
    h.sluse("cases", "import", CASES)
    return h


def stage(h, name="stage"):
    """A folder on the spool's own file system, to rename from."""
    path = os.path.join(h.root, "spool", QUEUE, "." + name)
    os.makedirs(path, exist_ok=True)
    return path


def move_in(h, folder, names, queue=QUEUE):
    inbox = h.inbox(queue)
    for name in names:
        os.rename(os.path.join(folder, name), os.path.join(inbox, name))


def wait_count(h, sql, count, limit, what):
    end = time.monotonic() + limit
    while True:
        have = h.query(sql)[0][0]
        if have >= count:
            return
        if time.monotonic() > end:
            h.print_log(30)
            raise AssertionError("%s: %d of %d in %d s" % (what, have, count, limit))
        time.sleep(0.1)


DELIVERED = "SELECT count(*) FROM delivery WHERE state = 'delivered'"


# -- ocr ----------------------------------------------------------------------------

def ocr_sluse(pdf, pages):
    with instance("ocr_slots = %d\n" % os.cpu_count()) as h:
        time.sleep(1)
        cpu = program_cpu(h)
        start = time.monotonic()
        h.drop(pdf)
        wait_count(h, "SELECT count(*) FROM consignment WHERE stage >= 50", 1,
                   900, "scans are read")
        took = time.monotonic() - start
        got = h.query("SELECT count(*) FROM page WHERE source = 2")[0][0]
        if got != pages:
            raise AssertionError("%d of %d pages through OCR" % (got, pages))
        return pages / took, program_cpu(h) - cpu


def bench_ocr(opt):
    if not os.path.exists(os.path.join(DATA, "scans.pdf")):
        subprocess.run(["/usr/bin/python3", os.path.join(HERE, "make_scans.py"),
                        DATA], check=True, timeout=600)
    scans = sorted(f for f in os.listdir(DATA) if f.startswith("scan-"))
    pdf = os.path.join(DATA, "scans.pdf")
    if opt.quick:
        scans = scans[:6]
        pdf = os.path.join(tempfile.mkdtemp(prefix="sluse-bench-"), "scans.pdf")
        make_big.scans(pdf, [os.path.join(DATA, f) for f in scans])
    paths = [os.path.join(DATA, f) for f in scans]
    floor, ours = [], []
    for _ in range(opt.rounds):
        r = run_floor("ocr_floor", *paths, limit=900)
        floor.append((r["pages_per_s"], r["cpu_s"]))
        ours.append(ocr_sluse(pdf, len(paths)))
        say("ocr: floor %.3f pages/s %.1f cpu, sluse %.3f pages/s %.1f cpu" % (
            floor[-1] + ours[-1]))
    if opt.quick:
        shutil.rmtree(os.path.dirname(pdf))
    f, o = max(floor)[0], max(ours)[0]
    row("OCR, %d scans in a PDF" % len(paths), "%.3f pages/s" % o,
        "%.3f pages/s" % f, "%.2f" % (o / f), ">= 0.95", o / f >= 0.95)


def bench_reading(opt):
    """Spoilt pages: errors and cost beside OCRmyPDF with its best flags, or,
    where that is not installed, beside bare Tesseract."""
    ways = ocr_pages.WAYS[:2] if opt.quick else ocr_pages.WAYS
    drawn = [p for p in ocr_pages.drawn() if p.half == "hold"][:2]
    work = os.path.join(DATA, "ocr")
    os.makedirs(work, exist_ok=True)
    oracle = "ocrmypdf" if shutil.which("ocrmypdf") else "raw"
    if oracle == "raw":
        say("reading: ocrmypdf is not installed, bare Tesseract instead")
    total = {}
    for way in ways:
        pages = [ocr_pages.degrade(way, p) for p in drawn]
        got = ocr_quality.measure(
            way.__name__, "bench", pages, argparse.Namespace(
                work=work, ours=False, pages=False, errors=False))
        ocr_quality.add(total, got)
        say("reading: %s %s" % (way.__name__, " ".join(
            "%s %.3f %.1f cpu" % (r, v[0] / v[1], v[2])
            for r, v in got.items())))
    (wrong, of, cpu), (other, _, cost) = total["ours"], total[oracle]
    count = len(ways) * len(drawn)
    row("word errors, %d spoilt pages / %s" % (count, oracle),
        "%.3f" % (wrong / of), "%.3f" % (other / of),
        "%.2f" % (wrong / max(1, other)), "<= 0.75", wrong <= 0.75 * other)
    most = 0.3 if oracle == "ocrmypdf" else 1.5
    row("  processor time of the same", "%.1f s" % cpu, "%.1f s" % cost,
        "%.2f" % (cpu / cost), "<= %.2f" % most, cpu <= most * cost)


# -- small --------------------------------------------------------------------------

def small_floor(paths):
    fake = house.fake_client.Process("webhook_server.py")
    folder = tempfile.mkdtemp(prefix="sluse-bench-")
    try:
        r = run_floor("floor_small", str(fake.port),
                      os.path.join(folder, "floor.db"), *paths, limit=600)
        if fake.control("GET", "stats")["deliveries"] != len(paths):
            raise AssertionError("the floor did not deliver everything")
        return r["seconds"], r["cpu_s"] + stat_cpu(fake.child.pid)
    finally:
        fake.close()
        shutil.rmtree(folder)


def small_sluse(paths, left):
    with instance() as h:
        # Removed when all is measured: where many files went within a minute,
        # a file system without a journal looks long for a free inode.
        h.keep = True
        left.append(h.root)
        folder = stage(h)
        for path in paths:
            shutil.copyfile(path, os.path.join(folder, os.path.basename(path)))
        os.sync()
        cpu = program_cpu(h) + stat_cpu(h.fake.child.pid)
        start = time.monotonic()
        move_in(h, folder, [os.path.basename(path) for path in paths])
        wait_count(h, DELIVERED, len(paths), 1800, "delivered")
        took = time.monotonic() - start
        if h.fake.control("GET", "stats")["deliveries"] != len(paths):
            raise AssertionError("the fake has another number of posts")
        return took, program_cpu(h) + stat_cpu(h.fake.child.pid) - cpu


def small_files(count):
    """Paths of letters, sorts mixed; made when they are not there."""
    folder = os.path.join(DATA, "small")
    os.makedirs(folder, exist_ok=True)
    make_small.cases(CASES)
    paths = []
    for n in range(count):
        name = make_small.name_of(n)
        paths.append(os.path.join(folder, name))
        if not os.path.exists(paths[-1]):
            with open(paths[-1], "wb") as file:
                file.write(make_small.one(n)[1])
    return paths


def bench_small(opt):
    paths = small_files(opt.small)
    floor, ours, left = [], [], []
    for _ in range(opt.rounds):
        floor.append(small_floor(paths))
        ours.append(small_sluse(paths, left))
        say("small: floor %.2f s %.1f cpu, sluse %.2f s %.1f cpu" % (
            floor[-1] + ours[-1]))
    for root in left:
        shutil.rmtree(root, ignore_errors=True)
    f, o = min(floor), min(ours)
    row("%d small files, drop to delivered" % len(paths),
        "%.1f s (%.1f cpu)" % o, "%.1f s (%.1f cpu)" % f, "%.2f x" % (o[0] / f[0]),
        "<= 3.00 x", o[0] <= 3 * f[0])


# -- latency -------------------------------------------------------------------------

class Arrivals:
    """How long after its rename a letter's *received* can be read by another
    connection: that is, is committed."""

    def __init__(self, h):
        self.h = h
        path = os.path.join(h.root, "db", "sluse.db")
        self.db = sqlite3.connect("file:%s?mode=ro" % path, uri=True,
                                  timeout=10, isolation_level=None)
        self.folder = stage(h, "arrivals")
        self.n = 0

    def one(self, limit=30):
        self.n += 1
        name = "ankomst-%05d.txt" % self.n
        path = os.path.join(self.folder, name)
        with open(path, "wb") as file:
            file.write(make_small.one(3 * self.n)[1][:4000])
        os.sync() if self.n == 1 else None
        start = time.monotonic()
        os.rename(path, os.path.join(self.h.inbox(), name))
        while True:
            if self.db.execute("SELECT 1 FROM consignment WHERE name = ?",
                               (name,)).fetchone():
                return (time.monotonic() - start) * 1000
            if time.monotonic() - start > limit:
                raise AssertionError("not received in %d s" % limit)
            time.sleep(0.0002)

    def many(self, count, pause):
        out = []
        for _ in range(count):
            out.append(self.one())
            time.sleep(pause)
        return sorted(out)


def part(sorted_values, share):
    return sorted_values[min(len(sorted_values) - 1,
                             int(len(sorted_values) * share))]


def bench_latency(opt):
    size = (100 if opt.quick else 2000) * MIB
    waiting = 500 if opt.quick else 10000
    small_files(1)
    with instance("active_size_max = 8G\nactive_max = 64\n",
                  "input_max = 4G\noutput_max = 8G\nmember_max = 4G\n"
                  "unpacked_max = 8G\n") as h:
        time.sleep(1)
        a = Arrivals(h)
        a.many(10, 0.05)
        idle = a.many(100 if opt.quick else 300, 0.05)
        row("rename to received, idle p50", "%.1f ms" % part(idle, 0.5), "",
            "p99 %.1f ms" % part(idle, 0.99), "<= 5 ms", part(idle, 0.5) <= 5)
        paths = small_files(waiting)
        folder = stage(h)
        for path in paths:
            shutil.copyfile(path, os.path.join(folder, os.path.basename(path)))
        make_big.noise(os.path.join(folder, "stor.bin"), size)
        os.sync()
        move_in(h, folder, ["stor.bin"] + [os.path.basename(p) for p in paths])
        busy, total = [], 150 if opt.quick else 300
        while len(busy) < total and len(os.listdir(h.inbox())) > 10:
            busy.append(a.one())
            time.sleep(0.05)
        left = len(os.listdir(h.inbox()))
        busy.sort()
        row("  with %d MB arriving, %d waiting (%d left)" % (
            size // MIB, waiting, left), "p50 %.1f ms" % part(busy, 0.5), "",
            "p99 %.1f ms" % part(busy, 0.99), "<= 200 ms",
            part(busy, 0.99) <= 200)


# -- idle ----------------------------------------------------------------------------

def bench_idle(opt):
    seconds = 10 if opt.quick else 30
    with house.House(target="webhook", queues=house.QUEUES, cases=CASES,
                     instance="free_space_min = 1M") as h:
        h.drop_bytes("Hei. Saksnr 2026/1.\n".encode(), "en.txt")
        h.wait_quiet(60, 1)
        time.sleep(3)
        pid = h.pids("slused")[0][1]
        before = status(pid, "voluntary_ctxt_switches")
        time.sleep(seconds)
        wakes = (status(pid, "voluntary_ctxt_switches") - before) / seconds
        rss = status(pid, "VmRSS") / 1024
        row("slused idle, memory", "%.1f MiB" % rss, "", "", "<= 15 MiB",
            rss <= 15)
        row("slused idle, wake-ups", "%.2f /s" % wakes, "", "", "<= 1 /s",
            wakes <= 1)


# -- big -----------------------------------------------------------------------------

def single(h, limit):
    """A letter dropped now: seconds until it is delivered."""
    name = "enkeltbrev-%d.txt" % time.monotonic_ns()
    start = time.monotonic()
    h.drop_bytes(make_small.one(3)[1], name)
    sql = ("SELECT count(*) FROM delivery d JOIN entry e ON e.id = d.entry JOIN "
           "consignment c ON c.id = e.consignment WHERE c.name = '%s' AND "
           "d.state = 'delivered'" % name)
    wait_count(h, sql, 1, limit, "a single letter")
    return time.monotonic() - start


def big_case(what, h, drop, settle):
    watch = Watch(h)
    drop()
    time.sleep(settle)
    took = single(h, 180)
    if what.startswith("3"):
        wait_count(h, "SELECT count(*) FROM page", 3000, 600, "pages")
    time.sleep(settle)
    watch.stop()
    grew = (watch.most - watch.before) / 1024
    child = watch.child / 1024
    row(what, "slused +%.1f MiB" % grew, "", "worker %.0f MiB" % child,
        "+20, 1024", grew <= 20 and child <= 1024)
    row("  a single letter meanwhile", "%.1f s" % took, "", "", "<= 60 s",
        took <= 60)


LIMITS = ("input_max = 4G\noutput_max = 8G\nmember_max = 4G\n"
          "unpacked_max = 8G\n")


def bench_big(opt):
    small_files(1)
    pages = 3000
    with instance() as h:
        path = os.path.join(stage(h), "lang.pdf")
        make_big.pages(path, pages)
        big_case("%d-page PDF" % pages, h,
                 lambda: move_in(h, stage(h), ["lang.pdf"]), 0.3)
    size = (200 if opt.quick else 2000) * MIB
    with instance("active_size_max = 8G\n", LIMITS) as h:
        path = os.path.join(stage(h), "stor.bin")
        make_big.noise(path, size)
        big_case("one file of %d MB" % (size // MIB), h,
                 lambda: move_in(h, stage(h), ["stor.bin"]), 1)
    count = 5000 if opt.quick else 100000
    with instance() as h:
        folder = stage(h)
        names = ["vent-%06d.txt" % n for n in range(count)]
        for n, name in enumerate(names):
            with open(os.path.join(folder, name), "wb") as file:
                file.write(b"Hei. Deres ref: 2026/%d\nNr %d\n" % (
                    n % make_small.CASES + 1, n))
        big_case("%d files waiting" % count, h,
                 lambda: move_in(h, folder, names), 5)


def wall(command, limit=600):
    """Seconds, and the lines it printed."""
    began = time.monotonic()
    out = subprocess.run(command, stdout=subprocess.PIPE, timeout=limit,
                         stderr=subprocess.DEVNULL, check=False).stdout
    return time.monotonic() - began, out.decode("utf-8", "replace").splitlines()


def formats_tree(opt):
    """SLUSE_SHARED's corpus, or else letters of the small bench."""
    shared = os.environ.get("SLUSE_SHARED", os.path.join(
        os.path.dirname(os.path.dirname(HERE)), "..", "shared"))
    tree = os.path.join(shared, "corpus")
    if os.path.isdir(tree) and not opt.quick:
        return tree
    say("formats: no %s, letters instead" % tree)
    return os.path.dirname(small_files(opt.small)[0])


def formats_row(what, sluse, floor, files, reach):
    f, o = min(floor), min(sluse)
    row(what, "%.0f files/s" % (files / o), "%.0f files/s" % (files / f),
        "%.2f" % (f / o), ">= %s" % reach, f / o >= reach)


def bench_formats(opt):
    """`sluse identify` beside the file command, and Siegfried where it is."""
    tree = formats_tree(opt)
    paths = [os.path.join(folder, name) for folder, _, names in os.walk(tree)
             for name in names]
    table = os.path.join(DATA, "paths")
    with open(table, "wb") as file:
        file.write(b"".join(os.fsencode(p) + b"\n" for p in paths
                            if "\n" not in p))
    sluse = [os.path.join(house.BIN, "sluse"), "identify", "--csv", "-r"]
    commands = {"whole": sluse + [tree],
                "alone": sluse + ["--pronom-only", tree],
                "file": ["file", "-b", "-i", "-f", table]}
    sf = shutil.which("sf")
    if sf is not None:
        # SLUSE_SF: more for it, such as -home and -sig of the same release.
        commands["sf"] = [sf, *os.environ.get("SLUSE_SF", "").split(), "-csv",
                          tree]
    took = {name: [] for name in commands}
    for _ in range(opt.rounds):
        for name, command in commands.items():
            if shutil.which(command[0]) is None:
                continue
            seconds, lines = wall(command)
            if len(lines) < len(paths) * 0.99:
                raise AssertionError("%s told %d of %d files" % (
                    name, len(lines), len(paths)))
            took[name].append(seconds)
    say("formats: " + ", ".join("%s %.2f s" % (n, min(t))
                                for n, t in took.items() if t))
    if took["file"]:
        formats_row("identify, PRONOM alone / file", took["alone"],
                    took["file"], len(paths), 1)
        formats_row("identify, with libmagic / file", took["whole"],
                    took["file"], len(paths), 0.5)
    if sf is None:
        say("formats: no sf in PATH, not compared")
        return
    formats_row("identify, PRONOM alone / Siegfried", took["alone"],
                took["sf"], len(paths), 5)
    formats_row("identify, with libmagic / Siegfried", took["whole"],
                took["sf"], len(paths), 1)


# -- sporingslogg -------------------------------------------------------------------

def journal_verify(opt):
    """An export verified, beside hashing the same leaves in memory with those
    calls of OpenSSL that are the fastest there."""
    leaves = 50000 if opt.quick else 1000000
    top = tempfile.mkdtemp(prefix="sluse-bench-")
    try:
        forge.make(top, leaves, every=10000)
        out, sluse = os.path.join(top, "export"), os.path.join(
            house.BIN, "sluse")
        _, most = cost([sluse, "--root", top, "journal", "export", out])
        floors, took = [], []
        for _ in range(max(3, opt.rounds)):
            seconds, memory = cost([sluse, "journal", "verify", "--key",
                                    forge.KEY, out])
            took.append(seconds)
            most = max(most, memory)
            said = subprocess.run(
                [os.path.join(TEST, "floor_tree"), out, str(leaves)],
                check=True, stdout=subprocess.PIPE).stdout.split()
            floors.append([int(word) / 1e6 for word in said[:3]])
    finally:
        shutil.rmtree(top)
    evp, older, own = (min(times) for times in zip(*floors))
    say("journal verify: %.2f of hashing with EVP, %.2f of Sluse's own hashing"
        " alone" % (evp / min(took), own / min(took)))
    floor, ratio = min(evp, older), min(evp, older) / min(took)
    row("journal verify, offline / bare hashing",
        "%.0f leaves/s" % (leaves / min(took)),
        "%.0f leaves/s" % (leaves / floor), "%.2f" % ratio, ">= 0.8",
        ratio >= 0.8)
    row("journal of %d leaves: memory" % leaves, "%.0f MiB" % (most / MIB), "",
        "%.0f MiB" % (most / MIB), "<= 64 MiB", most <= 64 * MIB)


def cost(command):
    """Processor seconds and most memory of a command that must end well."""
    with open(os.devnull, "wb") as null:
        child = subprocess.Popen(command, stdout=null)
        _, status_, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status_)
    if child.returncode != 0:
        raise AssertionError("%s: %d" % (command, child.returncode))
    return used.ru_utime + used.ru_stime, used.ru_maxrss * 1024


def commits(root):
    """How many transactions the database has had since it was opened: the
    third word of the head that SQLite keeps of its log."""
    with open(os.path.join(root, "db", "sluse.db-shm"), "rb") as file:
        return struct.unpack_from("=I", file.read(12), 8)[0]


def append_cost(paths):
    """A road that runs, and then what its leaves alone cost there: processor
    and wall time of both, and how many leaves a commit had."""
    with instance() as h:
        folder = stage(h)
        for path in paths:
            shutil.copyfile(path, os.path.join(folder, os.path.basename(path)))
        os.sync()
        before, leaves = commits(h.root), h.query("SELECT count(*) FROM leaf")
        cpu, start = program_cpu(h), time.monotonic()
        move_in(h, folder, [os.path.basename(path) for path in paths])
        wait_count(h, DELIVERED, len(paths), 1800, "delivered")
        wall_ = time.monotonic() - start
        cpu = program_cpu(h) - cpu
        leaves = h.query("SELECT count(*) FROM leaf")[0][0] - leaves[0][0]
        batch = max(1, leaves // (commits(h.root) - before))
        log = os.path.join(h.root, "bench-log")
        os.mkdir(log)
        r = run_floor("bench_append", h.root, log, str(batch), "1000",
                      limit=900)
        return cpu, wall_, leaves, batch, r


def bench_append(opt):
    """What appending to the sporingslogg costs of the road. The road runs with
    mixed letters, from drop to delivered; then the same leaves and payloads
    are appended to a log of their own on the same disk, as many to a commit,
    with the tree, and a signed head each 1 000 leaves, as it is by default.
    Between those commits lie others without a leaf, which are subtracted; heads,
    checkpoints and slow syncs count. The shares are of the processor time of all
    programs, and of the time it took.
    """
    cpu, wall_, leaves, batch, r = append_cost(small_files(
        100 if opt.quick else 1500))
    say("append: %d leaves, %d a commit, %.1f us cpu and %.1f us of each; "
        "%.1f cpu and %.1f s of the road" % (
            leaves, batch, r["cpu_us"], r["wall_us"], cpu, wall_))
    for what, one, whole in (("processor time", r["cpu_us"], cpu),
                             ("time", r["wall_us"], wall_)):
        share = one * leaves / 1e6 / whole
        row("appending, share of the road's " + what, "%.1f us a leaf" % one,
            "%.1f s, %d leaves" % (whole, leaves), "%.1f %%" % (100 * share),
            "<= 5 %", share <= 0.05)


def bench_journal(opt):
    """What proof costs: verifying, and appending on the road."""
    journal_verify(opt)
    bench_append(opt)


# -- reports ------------------------------------------------------------------
REPORT_S, REPORT_MIB = 5.0, 128


def journal_of(root, path):
    """What the target would export of all that was sent."""
    db = sqlite3.connect("file:%s/db/sluse.db?mode=ro" % root, uri=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write("registreringsID;saksnummer;tittel;journaldato;"
                   "dokumentetsdato;type;status;antallvedlegg\n")
        for line in db.execute(
                "SELECT json_extract(d.receipt, '$.number') || ';' || "
                "json_extract(d.receipt, '$.case') || ';' || e.title || "
                "';2026-01-10;2026-03-05;I;J;0\n' FROM delivery d JOIN "
                "entry e ON e.id = d.entry WHERE d.state = 'delivered'"):
            file.write(line[0])
    db.close()


def mailbox_of(root, path, count):
    """A list of that many mails, of which each hundredth never came."""
    db = sqlite3.connect("file:%s/db/sluse.db?mode=ro" % root, uri=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write("ko;dato;uid;uidvalidity;message-id\n")
        for n, (key, day) in enumerate(db.execute(
                "SELECT channel_key, date(received_ms / 1000, 'unixepoch') FROM"
                " consignment WHERE queue = 'E-post' ORDER BY id LIMIT ?",
                (count,)), 1):
            file.write("E-post;%s;%d;1;<%s%s>\n" % (
                day, n, "tapt-" if n % 100 == 0 else "", key))
    db.close()


def shares(pid):
    """KiB of a process and its children, of what they share a part each."""
    kib = 0
    try:
        with open("/proc/%d/smaps_rollup" % pid) as file:
            kib = sum(int(line.split()[1]) for line in file
                      if line.startswith("Pss:"))
    except OSError:
        pass  # it is gone
    return kib + sum(shares(child) for child in house.children(pid))


def run_report(root, name, more):
    form = [] if name == "tilsynspakke" else ["--format", "csv"]
    return subprocess.Popen(
        [os.path.join(house.BIN, "sluse-report"), "--root", root, *form, name,
         *more], stdout=subprocess.DEVNULL)


def timed_report(root, name, more):
    """Wall and processor seconds, MiB of the largest process."""
    start = time.monotonic()
    child = run_report(root, name, more)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise AssertionError("%s ended with %d" % (name, child.returncode))
    return (time.monotonic() - start, used.ru_utime + used.ru_stime,
            used.ru_maxrss / 1024)


def weighed_report(root, name, more):
    """MiB of all its processes together, looked at now and then: that takes time,
    so in a run of its own."""
    child, most = run_report(root, name, more), 0
    while child.poll() is None:
        most = max(most, shares(child.pid))
        time.sleep(0.02)
    return most / 1024


def forget(path):
    """Takes a file out of the system's cache."""
    fd = os.open(path, os.O_RDONLY)
    os.fsync(fd)
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(fd)


def bench_reports(opt):
    count = 50000 if opt.quick else 1000000
    root = os.path.join(DATA, "reports-%d" % count)
    journal = os.path.join(root, "journal.csv")
    if not os.path.exists(journal):
        say("reports: making a database of %d entries" % count)
        # By itself: what memory this program takes counts for its children.
        subprocess.run([sys.executable, make_reports.__file__, str(count), root],
                       check=True)
        journal_of(root, journal)
    mailbox = os.path.join(root, "mailbox.csv")
    mailbox_of(root, mailbox, count // 10)
    names = subprocess.run(
        [os.path.join(house.BIN, "sluse-report"), "--list"], check=True,
        stdout=subprocess.PIPE, text=True).stdout.splitlines()
    lines = [(name, "", ["--risk", "--seed", "1"] if name == "stikkprove" else [])
             for name in (line.split()[0] for line in names)]
    lines.append(("mottaksbalanse", ", %d UIDs" % (count // 10),
                  ["--control", mailbox]))
    lines.append(("journalkontroll", ", file", [journal]))
    pack = os.path.join(DATA, "pack")
    lines.append(("tilsynspakke", "", [pack]))
    for name, with_, more in lines:
        runs = []
        for _ in range(opt.rounds):
            shutil.rmtree(pack, ignore_errors=True)
            runs.append(timed_report(root, name, more))
        took, cpu, mib = (min(r[i] for r in runs) for i in range(3))
        shutil.rmtree(pack, ignore_errors=True)
        if name == "tilsynspakke":
            mib = max(mib, weighed_report(root, name, more))
            shutil.rmtree(pack, ignore_errors=True)
        forget(os.path.join(root, "db", "sluse.db"))
        cold = timed_report(root, name, more)[0]
        row("%s, %d entries%s" % (name, count, with_),
            "%.2f s, cpu %.2f" % (took, cpu),
            "cold %.2f s" % cold, "%.0f MiB" % mib, "<= 5 s, 128 MiB",
            took <= REPORT_S and mib <= REPORT_MIB)


# Latency first: where thousands of files went within a minute, as after small,
# ext4 without a journal looks long for a free inode.
PARTS = {"latency": bench_latency, "formats": bench_formats, "ocr": bench_ocr,
         "reading": bench_reading, "small": bench_small, "idle": bench_idle,
         "big": bench_big, "journal": bench_journal, "reports": bench_reports}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS])
    parser.add_argument("--small", type=int, default=0, metavar="N")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--quick", action="store_true")
    opt = parser.parse_args()
    opt.small = opt.small or (1000 if opt.quick else 10000)
    os.makedirs(DATA, exist_ok=True)
    make_small.cases(CASES)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    for name in opt.parts or PARTS:
        try:
            PARTS[name](opt)
        except (AssertionError, RuntimeError, OSError, sqlite3.Error,
                subprocess.SubprocessError, http.client.HTTPException,
                json.JSONDecodeError) as fault:
            row(name, "", "", "failed", str(fault)[:60], False)
    table()
    return 0 if all(r[5] == "yes" for r in ROWS) else 1


if __name__ == "__main__":
    sys.exit(main())
