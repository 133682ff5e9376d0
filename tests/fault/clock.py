#!/usr/bin/env python3
"""The clock steps a day forth and back while items wait to be retried: nothing
stalls, the step is in the journal, order is that of the sequence, and the year
of a reception number never goes back.

Needs a build for tests: SLUSE_TEST_CLOCK names a file with seconds to add.
"""
import os
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import crew  # noqa: E402

DAY = 86400
BEAT_S = 10  # slused looks at its clock that often
DOWN = [{"match": {"method": "POST"}, "action": "503", "count": 1000000}]


class Clock(unittest.TestCase):
    def setUp(self):
        self.crew = crew.Crew(target="webhook")
        self.addCleanup(self.crew.close)
        self.path = os.path.join(self.crew.root, "clock")
        self.crew.env["SLUSE_TEST_CLOCK"] = self.path
        self.set_clock(0)
        self.restart()
        self.number = 0

    def restart(self):
        for name in list(self.crew.running):
            self.crew.kill_one(name)
        self.crew.wait_up()

    def set_clock(self, seconds):
        with open(self.path + ".new", "w", encoding="ascii") as file:
            file.write("%d\n" % seconds)
        os.rename(self.path + ".new", self.path)

    def drop(self, count):
        for _ in range(count):
            self.number += 1
            self.crew.drop_letter(self.number)

    def deferred(self):
        return self.crew.query("SELECT count(*) FROM entry WHERE "
                               "disposition = 20")[0][0]

    def steps(self):
        return [leaf["payload"]["step_ms"] for leaf in
                self.crew.rows("journal", "list")
                if leaf["event"] == "clock_stepped"]

    def wait_deferred(self, count):
        self.crew.wait_for(lambda: self.deferred() >= count, 20,
                           "%d deferred" % count)

    def refuse(self):
        self.crew.fake.control("POST", "faults", DOWN)

    def relent(self):
        self.crew.fake.control("DELETE", "faults")

    def check_order(self):
        rows = self.crew.query("SELECT reception FROM consignment "
                               "ORDER BY id")
        numbers = [row[0] for row in rows]
        self.assertEqual(numbers, sorted(numbers))

    def test_step_while_waiting(self):
        offset = 0
        for step in (DAY, -DAY, -DAY, DAY):
            self.refuse()
            self.drop(5)
            self.wait_deferred(5)
            seen = len(self.steps())
            offset += step
            self.set_clock(offset)
            self.drop(1)  # comes between the step and its discovery
            self.crew.wait_for(lambda: len(self.steps()) > seen,
                               BEAT_S + 10, "clock_stepped")
            self.assertAlmostEqual(self.steps()[-1], step * 1000, delta=5000)
            self.relent()
            began = time.monotonic()
            self.crew.wait_done(20)
            print("  step %+d s: %d items waiting went on %.1f s after the "
                  "target was back" % (step, 6, time.monotonic() - began))
        self.assertEqual(len(self.steps()), 4)
        self.crew.check_end(self)
        self.check_order()

    def test_step_while_down(self):
        """slused does not run while the clock goes a day back."""
        for offset in (DAY, 0):
            self.refuse()
            self.drop(3)
            self.wait_deferred(3)
            self.crew.held_down.add("slused")
            self.crew.kill_one("slused")
            self.set_clock(offset)
            self.relent()
            self.crew.held_down.discard("slused")
            began = time.monotonic()
            self.crew.wait_done(25)
            print("  restart at %+d s: went on in %.1f s" % (
                offset, time.monotonic() - began))
        self.crew.check_end(self)
        self.check_order()

    def test_year_never_goes_back(self):
        year = time.gmtime().tm_year
        self.drop(1)
        self.crew.wait_done(20)
        self.set_clock(366 * DAY)
        self.drop(1)
        self.crew.wait_done(20)
        self.set_clock(0)
        self.drop(2)
        self.crew.wait_done(30)
        years = [row[0][1:3] for row in self.crew.query(
            "SELECT reception FROM consignment ORDER BY id")]
        self.assertEqual(years[0], "%02d" % (year % 100))
        self.assertGreater(years[1], years[0])
        self.assertEqual(years[2:], [years[1]] * 2)
        self.crew.check_end(self)
        print("  years of four items: %s" % " ".join(years))


if __name__ == "__main__":
    unittest.main(verbosity=2)
