#!/usr/bin/env python3
"""Everything `make check` runs: builds, then tests, two at a time.

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
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
JOBS = os.cpu_count() or 1
ASAN = "-fsanitize=address,undefined -fno-omit-frame-pointer"
# What the second compiler makes is not run. Its warnings come before anything is
# optimised, and the C library's checks ask for optimising.
LOOK_ONLY = {"OPT": "-O0", "HARDEN": "-fPIE"}
# A report of a sanitizer is a failure wherever it comes up, in a child too.
ASAN_ENV = {
    "SLUSE_SANITIZED": "1",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
}
# What takes long comes first, so that the end is not one of them alone.
LONG = ("e2e-mean", "e2e-settling", "e2e-targets", "fault-inject",
        "fault-kill_points", "fault-kill_storm", "fault-outputs", "unit",
        "e2e-demo", "e2e-harvest", "e2e-witness", "e2e-depot")
# Seconds. Only what hangs comes near: a busy machine needs several times the
# usual.
LIMIT = 900
BUILD_LIMIT = 1800
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


def make(name, build, *words, **variables):
    command = ["make", "--no-print-directory", "-j%d" % JOBS, "B=" + build]
    command += ["%s=%s" % pair for pair in variables.items()]
    return Part(name, command + list(words), build, counts=False)


def programs(folder):
    """The tests of a folder: what can be run, not what they share."""
    for path in sorted(glob.glob(os.path.join(TOP, "tests", folder, "*.py"))):
        with open(path, encoding="utf-8") as file:
            if 'if __name__ == "__main__"' in file.read():
                name = os.path.basename(path)[:-3]
                yield "%s-%s" % (folder, name), os.path.relpath(path, TOP)


def stages():
    """Lists of parts; what stands in one list may run together."""
    gcc, clang, asan = "build-check", "build-clang", "build-asan"
    quick = ["make", "--no-print-directory", "B=" + gcc]
    python = sys.executable
    tests = [Part("unit", quick + ["check-unit"], gcc),
             Part("schemas", quick + ["check-schemas"], gcc),
             Part("fuzz-replay", quick + ["fuzz-replay"], gcc),
             Part("push", quick + ["check-push"], gcc, again=True),
             Part("docs", [python, "tests/docs/check_docs.py"], gcc),
             Part("banned", [python, "tests/style/banned.py"]),
             Part("style", [python, "tests/style/format.py"]),
             Part("fakes", [python, "tests/fakes/test_fakes.py"]),
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
    tests.sort(key=lambda part: part.name not in LONG)
    under = ["make", "--no-print-directory", "B=" + asan, "CC=gcc",
             "OPT=-O1 -g1", "SAN=" + ASAN]
    return [
        [make("build-gcc", gcc, "all-tests", CC="gcc", OPT="-O2",
              WERROR="-Werror")],
        [make("build-clang", clang, "all-tests", CC="clang-14",
              WERROR="-Werror", **LOOK_ONLY)],
        tests,
        # Instrumented code warns of what cannot be: no -Werror here.
        [make("build-asan", asan, "sanitized-tests", CC="gcc", OPT="-O1 -g1",
              SAN=ASAN)],
        [Part("asan-unit", under + ["check-unit"], asan, ASAN_ENV),
         Part("asan-fuzz-replay", under + ["fuzz-replay"], asan, ASAN_ENV),
         Part("asan-e2e", [python, "tests/e2e/queues.py"], asan, ASAN_ENV)],
    ]


def wanted(part, names, every):
    if not names or part.name in names:
        return True
    return not part.counts and any(
        other.build == part.build and other.name in names for other in every)


def run_stage(todo, lanes, logs, broken):
    """Runs the parts, adds builds that failed to broken; result: the parts."""
    done, runs = [], []
    with concurrent.futures.ThreadPoolExecutor(lanes) as pool:
        for part in todo:
            if part.counts and part.build in broken:
                part.fail("its build failed")
                part.again = False
                done.append(part)
                print(part.line(), flush=True)
            else:
                runs.append(pool.submit(part.run, logs))
        for run in concurrent.futures.as_completed(runs):
            part = run.result()
            done.append(part)
            print(part.line(), flush=True)
            if part.failed:
                print(part.tail(), flush=True)
                if not part.counts:
                    broken.add(part.build)
    return done


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


def run_plan(plan, names, lanes, logs):
    """Everything; prints how it went. Result: did it all pass?"""
    every = [part for stage in plan for part in stage]
    os.makedirs(logs, exist_ok=True)
    began, done, broken = time.monotonic(), [], set()
    for stage in plan:
        done += run_stage([part for part in stage
                           if wanted(part, names, every)], lanes, logs, broken)
    done = run_again(done, logs)
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
    parser.add_argument("--lanes", type=int, default=2)
    parser.add_argument("parts", nargs="*")
    options = parser.parse_args()
    plan = stages()
    names = [part.name for stage in plan for part in stage]
    if options.list:
        print("\n".join(names))
        return 0
    unknown = set(options.parts) - set(names)
    if unknown:
        parser.error("no such part: " + ", ".join(sorted(unknown)))
    logs = os.path.join(TOP, "build-check", "log")
    return 0 if run_plan(plan, options.parts, options.lanes, logs) else 1


if __name__ == "__main__":
    sys.exit(main())
