#!/usr/bin/env python3
"""Everything `make check` runs: builds, and tests, some at a time.

Each part is a command with a time limit whose output goes to a file; its own
summary (`N passed, N failed`, or unittest's) is what it counts for. A part that
says no number, ends badly or takes too long is one failure. Last line: the sum.

Arguments name the parts to run (--list shows them); builds they need are made.
"""
import argparse
import concurrent.futures
import copy
import glob
import os
import re
import signal
import subprocess
import sys
import threading
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
JOBS = os.cpu_count() or 1
# The second compiler's build is the sanitized one: what clang warns of does not
# hang on how it optimizes, and what it leaves as written the sanitizers see.
SANITIZED = {
    "CC": "clang-14", "OPT": "-O0 -g1", "WERROR": "-Werror",
    "SAN": "-fsanitize=address,undefined -fno-omit-frame-pointer",
}
# A report of a sanitizer is a failure wherever it comes up, in a child too.
ASAN_ENV = {
    "SLUSE_SANITIZED": "1",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1:allow_addr2line=1",
    "ASAN_OPTIONS": "allow_addr2line=1",  # where LLVM's own is not installed
}
# What takes long comes first, so that the end is not one of them alone.
LONG = ("asan-unit", "unit", "push", "e2e-harvest", "e2e-mean",
        "e2e-report_forms", "e2e-settling", "e2e-starting", "e2e-targets",
        "e2e-witness",
        "fault-inject", "fault-kill_points", "fault-kill_storm",
        "fault-outputs", "fault-upgrade")
# Seconds. Only what hangs comes near: a busy machine needs several times the
# usual.
LIMIT = 900
BUILD_LIMIT = 1800
# Tests wait more than they work.
LANES = JOBS + 1
# A failed part once more at the end, where a build machine keeps little of what
# was said: so many lines, so wide.
RECAP, WIDE = 12, 160
# Of the parts of e2e and fault, which wait for programs and disks, so many may
# fail and be run once more.
AGAIN = 3


class Part:
    def __init__(self, name, command, build=None, env=None, counts=True,
                 again=False):
        self.name, self.command, self.build = name, command, build
        self.again = again  # may be run once more if it fails
        self.first = None   # the run that failed before this one
        self.env = dict(os.environ, **(env or {}))
        if build is not None:
            self.env["SLUSE_BUILD"] = build
        self.counts = counts
        self.limit = LIMIT if counts else BUILD_LIMIT
        self.passed = self.failed = self.skipped = 0
        self.why, self.seconds, self.cost = "", 0.0, 0.0
        self.log = None

    # -- running --------------------------------------------------------------
    def run(self, logs, mark=""):
        self.log = os.path.join(logs, self.name + mark + ".log")
        began = time.monotonic()
        with open(self.log, "wb") as log:
            child = subprocess.Popen(
                self.command, cwd=TOP, env=self.env, stdin=subprocess.DEVNULL,
                stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
            status = self.wait(child)
            if status is None:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
        self.seconds = time.monotonic() - began
        self.judge(status)
        return self

    def wait(self, child):
        """How it ended, None if it does not; and what it cost."""
        end = time.monotonic() + self.limit
        while time.monotonic() < end:
            pid, status, used = os.wait4(child.pid, os.WNOHANG)
            if pid != 0:
                self.cost = used.ru_utime + used.ru_stime
                child.returncode = os.waitstatus_to_exitcode(status)
                return child.returncode
            time.sleep(0.05)
        return None

    def judge(self, status):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            said = file.read()
        if self.counts:
            numbers = self.count(said)
        else:
            self.passed, numbers = int(status == 0), 1
        if status is None:
            self.fail("took longer than %d s" % self.limit)
        elif numbers == 0:
            self.fail("gave no count")
        elif status != 0 and self.failed == 0:
            self.fail("ended with status %d" % status)
        elif status == 0 and self.failed != 0:
            self.why = "said status 0 all the same"
        elif self.passed + self.failed == 0:
            self.fail("ran nothing") if self.skipped == 0 else None

    def fail(self, why):
        self.failed += 1
        self.why = why

    def count(self, said):
        """Adds up every summary; result: how many there were."""
        numbers = 0
        for line in said.splitlines():
            found = re.search(r"\b(\d+) passed, (\d+) failed\b", line)
            if found:
                self.passed += int(found[1])
                self.failed += int(found[2])
                numbers += 1
        for found in re.finditer(
                r"^Ran (\d+) tests? in .*?\n+(OK|FAILED|NO TESTS RAN)"
                r"(?: \((.*)\))?", said, re.M):
            bad = skipped = 0
            for word, n in re.findall(r"([a-z ]+)=(\d+)", found[3] or ""):
                if word.strip() in ("failures", "errors",
                                    "unexpected successes"):
                    bad += int(n)
                elif word.strip() == "skipped":
                    skipped += int(n)
            # A class or module that cannot be set up is no test, but an error.
            self.passed += max(0, int(found[1]) - bad - skipped)
            self.failed += bad
            self.skipped += skipped
            numbers += 1
        return numbers

    def once_more(self, logs):
        """Result: the part that counts; this one stays what it was."""
        more = copy.copy(self)
        more.passed = more.failed = more.skipped = 0
        more.why, more.first = "", self
        return more.run(logs, ".again")

    # -- telling ----------------------------------------------------------------
    def line(self):
        text = "%-8s %-19s %6.1f s %6.1f cpu" % (
            "NOT OK" if self.failed else "UNSTEADY" if self.first else "ok",
            self.name, self.seconds, self.cost)
        if self.counts:
            text += "  %d passed, %d failed" % (self.passed, self.failed)
        if self.skipped:
            text += ", %d skipped" % self.skipped
        return text + ("  (%s)" % self.why if self.why else "")

    def said(self):
        if self.log is None:
            return []
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return file.read().splitlines()

    def tail(self, lines=40):
        return "\n".join("    | " + line for line in self.said()[-lines:])

    def recap(self):
        """A failed part in at most RECAP lines: which tests, and what the first
        of them said last."""
        told = failures(self.said()) or [("", self.said()[-RECAP:])]
        names = [name for name, _ in told if name][:RECAP // 2]
        words = [line for line in told[0][1] if line.strip()]
        return "\n".join(
            [self.line()] + ["    ! " + name[:WIDE] for name in names] +
            ["    | " + line[:WIDE] for line in
             words[:RECAP - 1 - len(names)]])


def failures(lines):
    """[(name, what it said)] of unittest's failures; else of the C tests'; else
    the lines that tell of one, each with what follows it."""
    found, inside = [], False
    for line in lines:
        if re.match(r"(FAIL|ERROR): ", line):
            found.append((line, []))
            inside = True
        elif re.match(r"={70}$|Ran \d+ tests? in ", line):
            inside = False
        elif inside and not re.match(r"-{70}$", line):
            found[-1][1].append(line)
            if line.startswith('  File "'):  # the innermost tells most
                found[-1] = (found[-1][0], [line])
    before = []
    for line in lines if not found else ():
        if line.startswith("not ok "):
            found.append((line, before))
        if re.match(r"(not ok|ok|==) ", line):
            before = []
        else:
            before.append(line)
    bad = re.compile(r"FAIL|\b[Ee]rror: |Sanitizer|Traceback|"
                     r"\b[1-9]\d* failed\b")
    return found or [(line, lines[n + 1:]) for n, line in enumerate(lines)
                     if bad.search(line)]


def make(name, build, *words, nice=0, **variables):
    command = ["nice", "-n", str(nice), "make", "--no-print-directory",
               "-j%d" % JOBS, "B=" + build]
    command += ["%s=%s" % pair for pair in variables.items()]
    return Part(name, command + list(words), build, counts=False)


def programs(folder):
    """The tests of a folder: what can be run, not what they share."""
    for path in sorted(glob.glob(os.path.join(TOP, "tests", folder, "*.py"))):
        with open(path, encoding="utf-8") as file:
            if 'if __name__ == "__main__"' in file.read():
                name = os.path.basename(path)[:-3]
                yield "%s-%s" % (folder, name), os.path.relpath(path, TOP)


def parts():
    """All of them, in the order in which they begin. A part waits for its build;
    the builds that few wait for take what processors the tests leave."""
    gcc, asan = "build-check", "build-asan"
    quick = ["make", "--no-print-directory", "B=" + gcc]
    python = sys.executable
    tests = [Part("unit", quick + ["check-unit"], gcc),
             Part("schemas", quick + ["check-schemas"], gcc),
             Part("fuzz-replay", quick + ["fuzz-replay"], gcc),
             Part("push", quick + ["check-push"], gcc, again=True),
             Part("docs", [python, "tests/docs/check_docs.py"], gcc),
             Part("banned", [python, "tests/style/banned.py"]),
             Part("style", [python, "tests/style/format.py"]),
             Part("fakes", [python, "-m", "unittest", "discover", "-s",
                            "tests/fakes"]),
             Part("run", [python, "tests/test_run.py"]),
             Part("demo-manifest", [python, "tests/demo/test_demo.py"]),
             Part("cli", ["tests/e2e/010-cli-run.sh", gcc + "/bin"], gcc,
                  again=True)]
    for folder in ("e2e", "fault"):
        for name, path in programs(folder):
            command = [python, path]
            if name == "e2e-011-cli-try":
                command.append(gcc + "/bin")
            tests.append(Part(name, command, gcc, again=True))
    under = ["make", "--no-print-directory", "B=" + asan]
    under += ["%s=%s" % pair for pair in SANITIZED.items()]
    tests += [Part("asan-unit", under + ["check-unit"], asan, ASAN_ENV),
              Part("asan-fuzz-replay", under + ["fuzz-replay"], asan, ASAN_ENV),
              Part("asan-e2e", [python, "tests/e2e/queues.py"], asan, ASAN_ENV)]
    tests.sort(key=lambda part: LONG.index(part.name)
               if part.name in LONG else len(LONG))
    return [
        make("build-gcc", gcc, "all-tests", CC="gcc", OPT="-O2",
             WERROR="-Werror"),
        make("build-asan", asan, "all-tests", nice=15, **SANITIZED),
        *tests,
    ]


def wanted(part, names, every):
    if not names or part.name in names:
        return True
    return not part.counts and any(
        other.build == part.build and other.name in names for other in every)


class Lanes:
    """So many tests at a time, and one build beside them; what is ready first
    in the order goes first."""

    def __init__(self, todo, lanes, logs):
        self.todo, self.lanes, self.logs = list(todo), lanes, logs
        self.done, self.running, self.broken = [], [], set()
        self.changed = threading.Condition()

    def is_ready(self, part):
        if not part.counts:
            return all(other.counts for other in self.running)
        return sum(other.counts for other in self.running) < self.lanes and \
            all(other.counts or other.build != part.build
                for other in self.todo + self.running)

    def take(self):
        """The next part; None when there is none left."""
        with self.changed:
            while self.todo:
                for part in self.todo:
                    if self.is_ready(part):
                        self.todo.remove(part)
                        self.running.append(part)
                        return part
                self.changed.wait()
            return None

    def give(self, part):
        with self.changed:
            self.running.remove(part)
            self.done.append(part)
            if part.failed and not part.counts:
                self.broken.add(part.build)
            print(part.line(), flush=True)
            if part.failed and part.log:
                print(part.tail(), flush=True)
            self.changed.notify_all()

    def go(self):
        while (part := self.take()) is not None:
            if part.counts and part.build in self.broken:
                part.fail("its build failed")
                part.again = False
            else:
                try:
                    part.run(self.logs)
                except OSError as error:
                    part.fail(str(error))
            self.give(part)

    def run(self):
        """Result: the parts, in the order in which they ended."""
        with concurrent.futures.ThreadPoolExecutor(self.lanes + 1) as pool:
            for end in [pool.submit(self.go) for _ in range(self.lanes + 1)]:
                end.result()
        return self.done


def run_again(done, logs):
    """What failed and may: once more, alone. Where much fails nothing is
    unsteady, and nothing is tried again."""
    weak = [part for part in done if part.failed and part.again]
    if len(weak) > AGAIN:
        return done
    for part in weak:
        more = part.once_more(logs)
        print(more.line(), flush=True)
        done = [more if other is part else other for other in done]
    return done


def run_parts(every, names, lanes, logs):
    """All of them, or those named; prints how it went. Result: did it pass?"""
    os.makedirs(logs, exist_ok=True)
    began = time.monotonic()
    done = run_again(Lanes([part for part in every
                            if wanted(part, names, every)], lanes, logs).run(),
                     logs)
    passed = sum(part.passed for part in done)
    failed = sum(part.failed for part in done)
    skipped = sum(part.skipped for part in done)
    unsteady = [part for part in done if part.first and not part.failed]
    for part in unsteady:
        print("UNSTEADY, passed when run once more; at first:\n" +
              part.first.recap(), flush=True)
    for part in done:
        if part.failed:
            print(part.recap(), flush=True)
    print("%.0f s, %.0f s of processors; output of each part in %s%s%s" % (
        time.monotonic() - began, sum(part.cost for part in done),
        os.path.relpath(logs, TOP),
        "; %d skipped" % skipped if skipped else "",
        "; %d unsteady" % len(unsteady) if unsteady else ""))
    print("%d passed, %d failed" % (passed, failed))
    return failed == 0 and passed > 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--lanes", type=int, default=LANES)
    parser.add_argument("parts", nargs="*")
    options = parser.parse_args()
    every = parts()
    names = [part.name for part in every]
    if options.list:
        print("\n".join(names))
        return 0
    unknown = set(options.parts) - set(names)
    if unknown:
        parser.error("no such part: " + ", ".join(sorted(unknown)))
    logs = os.path.join(TOP, "build-check", "log")
    return 0 if run_parts(every, options.parts, options.lanes, logs) else 1


if __name__ == "__main__":
    sys.exit(main())
