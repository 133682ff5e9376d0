#!/usr/bin/env python3
"""Queues of other kinds: a closed one with its own tree, an English one, one
that is polled like a network share."""
import datetime
import shutil
import time
import unittest

from house import House, os, strace_of

EXTRA = """
[queue Barnevern]
kind = incoming
closed = yes

[queue Mail room]
kind = incoming
language = en

[queue Delt mappe]
kind = incoming
poll = yes
"""
LETTER = """Elvestrand skole

Deres ref: 2026/211
Dato: 3. mars 2026

Bekymring for eleven Ola Nordmann i klasse 3B

Hei, vi viser til samtalen.
"""


class Queues(unittest.TestCase):
    def setUp(self):
        self.house = House(extra=EXTRA,
                           instance="settle = 200ms\nsweep = 1s\npoll = 500ms\n"
                           "free_space_min = 1M\nheld_limit = never\n")
        self.addCleanup(self.house.close)

    def drop(self, *folder, name="brev.txt"):
        path = os.path.join(self.house.root, *folder)
        self.assertTrue(os.path.isdir(path), path)
        with open(os.path.join(path, name), "w", encoding="utf-8") as file:
            file.write(LETTER)

    def posts(self, n):
        self.house.wait_for(
            lambda: len(self.house.posts()["journalposts"]) == n, 15, "posts")
        self.house.wait_quiet(10)
        return self.house.posts()["journalposts"]

    def test_closed_queue_hides_title_and_names_its_access(self):
        self.drop("closed", "Barnevern", "Inn")
        post = self.posts(1)[0]
        self.assertEqual(post["title"], "Innkommet dokument")
        self.assertNotIn("Nordmann", str(post))
        self.assertEqual(post["status"], "M")
        self.assertIn("XX", str(post) + str(self.house.query(
            "SELECT post FROM entry")[0][0]))
        self.assertTrue(os.path.isdir(
            os.path.join(self.house.root, "closed", "Barnevern", "Ferdig")))
        mode = os.stat(os.path.join(
            self.house.root, "closed", "Barnevern")).st_mode & 0o7
        self.assertEqual(mode, 0)

    def break_disk(self, house, call, *where):
        """slused's calls say that the disk fails, until the trace is ended."""
        (_, pid), = house.pids("slused")
        return strace_of(self, pid, "-e", "trace=" + call, *where,
                         "-e", "inject=%s:error=EIO" % call)

    @unittest.skipUnless(shutil.which("strace"), "needs strace")
    def test_a_file_that_the_disk_fails(self):
        """Its queue is tried again and again, which is said once; the others go
        on at their pace."""
        h = self.house
        trace = self.break_disk(h, "openat", "-P", "skadet.txt")
        self.drop("spool", "E-post", "Inn", name="skadet.txt")
        row, = h.wait_for(lambda: h.rows("status")[0]["slused"]["troubles"], 10,
                          "it is said")
        self.assertEqual(row["reason"], "intake_paused")
        self.assertIn("queue E-post: ", row["text"])
        begun = time.monotonic()
        for n in range(12):
            self.drop("spool", "Mail room", "Inbox", name="%d.txt" % n)
        h.wait_for(lambda: h.query("SELECT count(*) FROM consignment") ==
                   [(12,)], 5, "those of the other queue")
        time.sleep(max(0, 5 - (time.monotonic() - begun)))  # some sweeps
        self.assertTrue(h.rows("status")[0]["slused"]["intake"])
        trace.terminate()
        h.wait_for(lambda: not h.rows("status")[0]["slused"]["troubles"], 10,
                   "it is over")
        self.assertEqual(h.query("SELECT count(*) FROM consignment"), [(13,)])
        self.assertEqual([e["event"] for e in h.rows("journal", "list")
                          if e["event"].startswith("intake_")],
                         ["intake_stopped", "intake_resumed"])

    @unittest.skipUnless(shutil.which("strace"), "needs strace")
    def test_what_is_sent_cannot_be_noted(self):
        """status tells it as long as it is so; post goes out all the same."""
        h = self.house

        def troubles():
            return h.rows("status")[0]["slused"]["troubles"]
        trace = self.break_disk(h, "pwrite64", "-P",
                                os.path.join(h.root, "db", "sending"))
        self.drop("spool", "E-post", "Inn", name="en.txt")
        row, = h.wait_for(troubles, 20, "it is said")
        self.assertEqual((row["program"], row["reason"]),
                         ("slused", "disk_error"))
        self.assertIn("db/sending cannot be written", row["text"])
        self.assertIn("Look at the disk", row["help"])
        self.assertIn("LACKS  slused: db/sending", h.sluse("status").stdout)
        h.wait_for(lambda: len(h.keys_there()) == 1, 20, "sent all the same")
        trace.terminate()
        h.wait_for(lambda: not troubles(), 20, "it is over")
        h.drop_bytes((LETTER + "Mer av det.\n").encode(), "to.txt", "E-post")
        h.wait_for(lambda: len(h.keys_there()) == 2, 20, "sent")
        with open(os.path.join(h.root, "log"), encoding="utf-8") as file:
            lines = [line for line in file if "db/sending" in line]
        self.assertEqual(len(lines), 2, lines)
        self.assertIn("cannot be written", lines[0])
        self.assertIn('errno="5"', lines[0])
        self.assertIn("can be written again", lines[1])

    def test_what_is_sent_is_not_in_the_store(self):
        """status tells it as long as the post waits for it."""
        h = self.house
        store = os.path.join(h.root, "store", "sha256")

        def troubles():
            return h.rows("status")[0]["slused"]["troubles"]
        h.sluse("stop-out", "--why", "prøve")
        self.drop("spool", "E-post", "Inn", name="en.txt")
        h.wait_for(lambda: [row["stage"] for row in h.rows("list")] ==
                   ["prepared"], 20, "prepared")
        there = [os.path.join(folder, name) for folder, _, names in
                 os.walk(store) for name in names]
        self.assertTrue(there)
        for path in there:
            os.rename(path, path + ".away")
        h.sluse("start-out", "--why", "prøve")
        row, gone = h.wait_for(lambda: len(troubles()) == 2 and troubles(), 20,
                               "it is said")
        self.assertEqual((gone["program"], gone["reason"]),
                         ("slused", "original_missing"))
        self.assertEqual((row["program"], row["reason"]),
                         ("slused", "disk_error"))
        self.assertEqual(row["text"], "a file of the store cannot be opened: "
                         "1 post waits for it")
        self.assertIn("store/", row["help"])
        self.assertIn("LACKS  slused: a file of the store",
                      h.sluse("status").stdout)
        for path in there:
            os.rename(path + ".away", path)
        h.sluse("start-out", "--why", "prøve")
        h.wait_for(lambda: not troubles(), 30, "it is over")
        self.assertEqual(len(h.keys_there()), 1)

    @unittest.skipUnless(shutil.which("strace"), "needs strace")
    def test_a_list_that_the_disk_fails(self):
        """Nobody is told to put there what is there."""
        path = os.path.join(self.house.root, "secrets", "passwords")
        with open(path, "w", encoding="ascii") as file:
            file.write("ord\n")
        os.chmod(path, 0o600)
        self.break_disk(self.house, "newfstatat", "-P", path)
        row, = self.house.rows("status")[0]["slused"]["troubles"]
        self.assertEqual(row["reason"], "passwords")
        self.assertIn("look at its disk", row["help"])

    @unittest.skipUnless(shutil.which("strace"), "needs strace")
    def test_a_full_disk_after_a_file_that_it_fails(self):
        """As soon as there is room again, nobody is told that there is none."""
        h = House(instance="settle = 200ms\nsweep = 4s\nfree_space_min = 1M\n"
                  "held_limit = never\n")
        self.addCleanup(h.close)

        def pause():
            return "".join(row["text"] for row in
                           h.rows("status")[0]["slused"]["troubles"])

        trace = self.break_disk(h, "openat", "-P", "skadet.txt")
        with open(os.path.join(h.root, "spool", "E-post", "Inn", "skadet.txt"),
                  "w", encoding="utf-8") as file:
            file.write(LETTER)
        h.wait_for(lambda: "queue E-post: " in pause(), 10, "the file is told")
        trace.terminate()
        trace.wait()
        trace = self.break_disk(h, "fstatfs")
        h.wait_for(lambda: "free_space_min" in pause(), 10, "so is the disk")
        trace.terminate()
        h.wait_for(lambda: h.query("SELECT count(*) FROM consignment") ==
                   [(1,)], 10, "it is taken")
        self.assertNotIn("free_space_min", pause())
        self.assertTrue(h.rows("status")[0]["slused"]["intake"])

    def test_english_folders(self):
        self.drop("spool", "Mail room", "Inbox")
        self.posts(1)
        names = os.listdir(os.path.join(self.house.root, "spool", "Mail room"))
        for name in ("Inbox", "Stopped", "Done"):
            self.assertIn(name, names)

    def test_a_share_that_comes_late(self):
        """It is said, the others are served, and it is taken up."""
        h = self.house
        h.stop()
        share = os.path.join(h.root, "share")
        with open(share, "w"):
            pass  # no folder can be made here, not even by root
        with open(os.path.join(h.root, "sluse.conf"), "a") as file:
            file.write("\n[queue Fjern]\nkind = incoming\npath = share/Fjern\n")
        h.start()
        self.assertEqual(self.modes()["Fjern"], "gone")
        self.drop("spool", "Skannet post", "Inn")
        self.posts(1)
        os.unlink(share)
        for name in ("Inn", ".sluse"):
            os.makedirs(os.path.join(share, "Fjern", name))
        self.drop("share", "Fjern", "Inn", name="sent.txt")
        self.posts(2)
        self.assertEqual(self.modes()["Fjern"], "inotify")
        # And back, while it runs.
        os.rename(share, share + ".away")
        with open(share, "w"):
            pass
        h.wait_for(lambda: self.modes()["Fjern"] == "gone", 5, "gone")
        row, = self.troubles()
        self.assertEqual((row["program"], row["reason"]),
                         ("slused", "inlet_lost"))
        self.assertIn("queue Fjern: its folder cannot be reached", row["text"])
        self.assertIn("by itself", row["help"])
        os.unlink(share)
        os.rename(share + ".away", share)
        h.wait_for(lambda: self.modes()["Fjern"] == "inotify", 5, "back")
        self.assertEqual(self.troubles(), [])
        events = [(e["event"], e["payload"]) for e in h.rows("journal", "list")
                  if e["event"].startswith("inlet_")]
        self.assertEqual(events, [(name, {"queue": "Fjern"}) for name in (
            "inlet_lost", "inlet_found", "inlet_lost", "inlet_found")])
        h.queues = h.queues[:1]
        h.check_whole(self)

    def test_old_days_of_ferdig(self):
        """The log says that they go, and they go."""
        h = self.house
        h.stop()
        done = os.path.join(h.root, "spool", "Skannet post", "Ferdig")
        days = ["2020-01-0%d" % n for n in (1, 2, 3)]
        for day in days + ["2999-01-01", "2020-01-01 kopi"]:
            os.makedirs(os.path.join(done, day, "mappe"))
            with open(os.path.join(done, day, "mappe", "brev.txt"), "w"):
                pass
        h.start()
        h.wait_for(lambda: not any(day in os.listdir(done) for day in days),
                   10, "removed")
        self.assertEqual(sorted(os.listdir(done)),
                         ["2020-01-01 kopi", "2999-01-01"])
        self.assertEqual([e["payload"] for e in h.rows("journal", "list")
                          if e["event"] == "source_removed"],
                         [{"queue": "Skannet post", "day": day}
                          for day in days])

    def troubles(self):
        return self.house.rows("status")[0]["slused"]["troubles"]

    def modes(self):
        return {row["queue"]: row["mode"] for row in
                self.house.rows("status")[0]["slused"]["inlets"]}

    def test_polled_queue_and_one_that_is_made_again(self):
        self.drop("spool", "Delt mappe", "Inn")
        self.posts(1)
        modes = {row["queue"]: row["mode"] for row in
                 self.house.rows("status")[0]["slused"]["inlets"]}
        self.assertIn("poll", modes["Delt mappe"])
        self.assertEqual(modes["Skannet post"], "inotify")
        box = self.house.inbox()
        os.rename(box, box + ".away")
        self.house.wait_for(lambda: os.path.isdir(box), 10, "made again")
        self.drop("spool", "Skannet post", "Inn", name="andre.txt")
        self.posts(2)

    def replaced(self):
        return [e["payload"] for e in self.house.rows("journal", "list")
                if e["event"].startswith("inlet_")]

    def test_a_folder_that_is_deleted(self):
        """It is made anew, and that is told."""
        h, name = self.house, "Skannet post"
        shutil.rmtree(os.path.join(h.root, "spool", name))
        h.wait_for(lambda: os.path.isdir(h.inbox()), 10, "made anew")
        h.wait_for(self.replaced, 5, "told")
        self.assertEqual(self.replaced(), [{"queue": name, "made": True}])
        with open(os.path.join(h.root, "log"), encoding="utf-8") as file:
            line, = [line for line in file if "made anew" in line]
        self.assertTrue(line.startswith("<4>"), line)
        self.assertIn('queue="%s"' % name, line)
        self.told_replaced(name, "was gone and was made anew")
        self.drop("spool", name, "Inn")
        self.posts(1)
        # Another one by the same name, not made by Sluse.
        os.mkdir(h.inbox() + ".new")
        os.rename(h.inbox(), h.inbox() + ".old")
        os.rename(h.inbox() + ".new", h.inbox())
        h.wait_for(lambda: len(self.replaced()) > 1, 5, "told")
        self.assertEqual(self.replaced()[1]["queue"], name)
        self.drop("spool", name, "Inn", name="andre.txt")
        self.posts(2)
        self.assertEqual(len(self.replaced()), 2)
        self.told_replaced(name, "another folder lies in the place")
        # For a day, also if slused is started anew.
        for seconds, n in ((86400 - 600, 1), (86400 + 1, 0)):
            h.stop()
            clock = os.path.join(h.root, "clock")
            with open(clock, "w", encoding="ascii") as file:
                file.write("%d\n" % seconds)
            h.start(env={"SLUSE_TEST_CLOCK": clock})
            self.assertEqual([row["reason"] for row in self.troubles()],
                             ["inlet_replaced"] * n)

    def told_replaced(self, name, text):
        h = self.house
        row, = self.troubles()
        self.assertEqual(row["reason"], "inlet_replaced")
        self.assertIn("queue %s: " % name, row["text"])
        self.assertIn(text, row["text"])
        self.assertIn("drop it again", row["help"])
        times = {i["queue"]: i["replaced"] for i in
                 h.rows("status")[0]["slused"]["inlets"]}
        event = [e for e in h.rows("journal", "list")
                 if e["event"] == "inlet_replaced"][-1]
        apart = [datetime.datetime.fromisoformat(t.replace("Z", "+00:00"))
                 for t in (times.pop(name), event["time"])]
        self.assertLess(abs(apart[1] - apart[0]).total_seconds(), 60)
        self.assertEqual(set(times.values()), {None})
        self.assertIn("LACKS  slused: queue %s: " % name,
                      h.sluse("status").stdout)


if __name__ == "__main__":
    unittest.main()
