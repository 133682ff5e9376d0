#!/usr/bin/env python3
"""run.py itself: what it counts, what it says of a failure, what it runs again."""
import contextlib
import io
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import run  # noqa: E402

CLASS = """
import os, sys, unittest
class T(unittest.TestCase):
    def test_good(self): pass
    def test_bad(self):
        print("noise\\n" * 100)
        first = not os.path.exists(%r)
        open(%r, "w").close()
        if first or %r: raise ValueError("why it failed")
unittest.main()
"""


class Run(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder, self.made = folder.name, 0

    def part(self, text, **how):
        self.made += 1
        return run.Part("part-%d" % self.made, [sys.executable, "-c", text],
                        **how)

    def weak(self, always=False, **how):
        """A part whose one test of two fails the first time, or always."""
        mark = os.path.join(self.folder, "mark-%d" % self.made)
        return self.part(CLASS % (mark, mark, always),
                         **dict({"again": True}, **how))

    def run_parts(self, *parts, good):
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            self.assertEqual(run.run_plan([parts], [], 2, self.folder), good)
        return said.getvalue().splitlines()

    def test_good(self):
        lines = self.run_parts(self.part("print('7 passed, 0 failed')"),
                               good=True)
        self.assertEqual(lines[-1], "7 passed, 0 failed")
        self.assertEqual(len(lines), 3)

    def test_not_good(self):
        """What says no number, a number of its own, or ends badly."""
        for text, last in (("", "0 passed, 1 failed"),
                           ("print('2 passed, 1 failed')", "2 passed, 1 failed"),
                           ("print('2 passed, 0 failed'); exit(3)",
                            "2 passed, 1 failed")):
            with self.subTest(text=text):
                lines = self.run_parts(self.part(text), good=False)
                self.assertEqual(lines[-1], last)

    def test_recap(self):
        """The last lines name the test that failed, and why."""
        lines = self.run_parts(self.weak(always=True, again=False), self.part(
            "print('== x\\nok one\\nx.c:12:\\n  got  a\\n  want b\\n"
            "not ok two\\n1 passed, 1 failed'); exit(1)"), good=False)
        self.assertEqual(lines[-1], "2 passed, 2 failed")
        end = lines[-3 - 2 * run.RECAP:-2]
        first = end.index("    ! ERROR: test_bad (__main__.T.test_bad)")
        self.assertIn("    | ValueError: why it failed", end[first:])
        self.assertNotIn("    | noise", end[first:])
        at = end.index("    ! not ok two")
        self.assertEqual(end[at + 1:at + 4],
                         ["    | x.c:12:", "    |   got  a", "    |   want b"])

    def test_recap_is_short(self):
        lines = self.run_parts(self.part("print('9 failed\\n' * 100)"),
                               good=False)
        at = max(n for n, line in enumerate(lines) if "NOT OK" in line)
        self.assertEqual(len(lines) - 2 - at, run.RECAP)

    def test_unsteady(self):
        lines = self.run_parts(self.weak(), good=True)
        self.assertEqual(lines[-1], "2 passed, 0 failed")
        self.assertRegex(lines[-2], "; 1 unsteady$")
        self.assertIn("    | ValueError: why it failed", lines[-run.RECAP:])
        self.assertTrue([line for line in lines
                         if line.startswith("UNSTEADY part-1")])

    def test_not_again(self):
        """What fails twice, what may not, and where much fails."""
        for parts, last in (
                ([self.weak(always=True)], "1 passed, 1 failed"),
                ([self.weak(again=False)], "1 passed, 1 failed"),
                ([self.weak() for _ in range(run.AGAIN + 1)],
                 "%d passed, %d failed" % ((run.AGAIN + 1,) * 2))):
            with self.subTest(last=last):
                lines = self.run_parts(*parts, good=False)
                self.assertEqual(lines[-1], last)
                self.assertNotIn("unsteady", lines[-2])

    def test_what_may_be_run_again(self):
        plan = {part.name: part for stage in run.stages() for part in stage}
        for name, part in plan.items():
            self.assertEqual(
                part.again, name.startswith(("e2e-", "fault-")) or
                name in ("push", "cli"), name)


if __name__ == "__main__":
    unittest.main()
