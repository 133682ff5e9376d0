#!/usr/bin/env python3
"""An original that somebody took out of the store before it was read: told once,
stopped, and read once it is back and a person says so."""
import os
import signal
import time
import unittest

import house
from trial import Trial, run_all

GONE = "original_missing"


class Originals(Trial):
    def damaged(self):
        """A post that can be read again, and the path of its original."""
        h = self.house(target="webhook", queues=("Skannet post",),
                       instance=house.FAST.replace("2s", "1s"))
        h.drop(os.path.join(house.DEMO, "13-avbrutt.pdf"), "brev.pdf")
        row = self.until(h, "brev.pdf", disposition="broken", reason="damaged")
        (digest,), = h.query("SELECT lower(hex(sha256)) FROM blob")
        return h, row["id"], os.path.join(h.root, "store", "sha256",
                                          digest[:2], digest)

    def cut(self, h):
        """As by a power cut."""
        pids = [pid for _, pid in h.pids()]
        h.child.kill()
        h.child.wait()
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        h.child = None
        h.log.close()

    def unread(self, h, number):
        """It is to be read, and all ends before it was."""
        h.kill("sluse-work", signal.SIGSTOP)
        h.sluse("retry", number, "--why", "en gang til")
        self.cut(h)

    def lines(self, h, word):
        with open(os.path.join(h.root, "log"), encoding="utf-8") as file:
            return [line for line in file if word in line]

    def troubles(self, h):
        return [(row["program"], row["reason"]) for row in
                h.rows("status")[0]["slused"]["troubles"]]

    def is_told(self, h, number, path):
        """Once, wherever it is looked for."""
        time.sleep(3)  # some sweeps
        line, = self.lines(h, GONE)
        self.assertIn(number, line)
        self.assertEqual(self.lines(h, "cannot start"), [])
        event, = [e for e in h.rows("journal", "list", "--kind", "broken")
                  if e["payload"]["reason"] == GONE]
        self.assertEqual(event["subject"], number)
        self.assertEqual(event["payload"]["detail"],
                         os.path.relpath(path, h.root))
        said = h.sluse("explain", number).stdout
        self.assertIn("gone from Sluse's store", said)
        self.assertIn(os.path.basename(path), said)
        with open(os.path.join(h.root, "spool", "Skannet post", "Stoppet",
                               number + ".txt"), encoding="utf-8-sig") as file:
            text = file.read()
        self.assertIn("Originalen er borte fra lageret", text)
        self.assertIn("Hvem: IT-drift", text)
        self.assertNotIn("tatt vare på", text)
        self.assertEqual(self.troubles(h), [("slused", GONE)])
        self.assertIn("LACKS  slused: an original is gone from the store: 1 "
                      "delivery is stopped for it", h.sluse("status").stdout)

    def read_once_more(self, h, number):
        h.sluse("retry", number, "--why", "lagt tilbake")
        row = self.until(h, "brev.pdf", disposition="broken", reason="damaged")
        self.assertEqual(row["id"], number + ".2")
        self.assertEqual(self.troubles(h), [])
        h.check_whole(self)

    def test_gone(self):
        h, entry, path = self.damaged()
        number = entry.partition(".")[0]
        self.unread(h, entry)
        os.rename(path, path + ".away")
        h.start()
        row = self.until(h, "brev.pdf", disposition="broken", reason=GONE)
        self.assertEqual((row["id"], row["owner"]), (number, "IT operations"))
        self.is_told(h, number, path)
        self.refused(h, "retry", number, "--why", "uten at den er der",
                     says="gone from the store")
        self.assertEqual(self.one(h, "brev.pdf")["reason"], GONE)
        os.rename(path + ".away", path)
        self.read_once_more(h, number)

    def test_another_in_its_place(self):
        """A link is not followed, whatever it leads to."""
        h, entry, path = self.damaged()
        self.unread(h, entry)
        os.rename(path, path + ".away")
        os.symlink(path + ".away", path)
        h.start()
        self.until(h, "brev.pdf", disposition="broken", reason=GONE)
        os.rename(path + ".away", path)
        self.read_once_more(h, entry.partition(".")[0])

    def test_not_read_for_nothing(self):
        """What cannot be read again is not given up for it."""
        h, entry, path = self.damaged()
        os.rename(path, path + ".away")
        self.refused(h, "retry", entry, "--why", "en gang til",
                     says="gone from the store")
        row = self.one(h, "brev.pdf")
        self.assertEqual((row["id"], row["disposition"], row["reason"]),
                         (entry, "broken", "damaged"))
        self.assertEqual(h.rows("journal", "list", "--kind", "replaced"), [])
        os.rename(path + ".away", path)
        self.read_once_more(h, entry.partition(".")[0])


if __name__ == "__main__":
    run_all()
