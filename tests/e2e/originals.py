#!/usr/bin/env python3
"""An original that somebody took out of the store before it was read: told once,
stopped, and read once it is back and a person says so."""
import os
import shutil
import signal
import tempfile
import time
import unittest

import house
from trial import Trial, letter, run_all

GONE = "original_missing"
DAMAGED = os.path.join(house.DEMO, "13-avbrutt.pdf")


class Originals(Trial):
    def dropped(self, source, name, reason):
        """A post that can be read again, and the paths of its originals."""
        h = self.house(target="webhook", queues=("Skannet post",),
                       instance=house.FAST.replace("2s", "1s"))
        h.drop(source, name)
        row = self.until(h, name, reason=reason)
        rows = h.query("SELECT lower(hex(b.sha256)) FROM source s JOIN blob b"
                       " ON b.id = s.blob ORDER BY s.number")
        return h, row["id"], [os.path.join(h.root, "store", "sha256",
                                           digest[:2], digest)
                              for digest, in rows]

    def damaged(self):
        h, entry, (path,) = self.dropped(DAMAGED, "brev.pdf", "damaged")
        return h, entry, path

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

    def test_several(self):
        """One is named, and how many more."""
        with tempfile.TemporaryDirectory() as folder:
            shutil.copy(DAMAGED, os.path.join(folder, "a.pdf"))
            for n in range(2):
                with open(os.path.join(folder, "%d.txt" % n), "wb") as file:
                    file.write(letter(n))
            h, entry, paths = self.dropped(folder, "mappe", "unknown_case")
        self.assertEqual(len(paths), 3)
        self.unread(h, entry)
        for path in paths[:2]:
            os.rename(path, path + ".away")
        h.start()
        row = self.until(h, "mappe", disposition="broken", reason=GONE)
        self.assertEqual(row["detail"], os.path.relpath(paths[0], h.root) +
                         " and 1 more")
        self.assertEqual(len(self.lines(h, GONE)), 1)
        os.rename(paths[0] + ".away", paths[0])
        self.refused(h, "retry", row["id"], "--why", "bare den ene",
                     says=os.path.basename(paths[1]))
        os.rename(paths[1] + ".away", paths[1])
        h.sluse("retry", row["id"], "--why", "lagt tilbake")
        self.until(h, "mappe", disposition="held", reason="unknown_case")
        h.check_whole(self)

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

    def test_the_newest_are_looked_for(self):
        """Also those of what is delivered; not what was erased."""
        h = self.house(queues=("Skannet post",), instance=house.FAST)
        for n in range(3):
            h.drop_bytes(letter(n), "%d.txt" % n)
        h.wait_for(lambda: not h.moving() and h.query(
            "SELECT count(*) FROM consignment WHERE disposition = 60 AND "
            "source_place = 'done'") == [(3,)], 30, "the letters")
        self.assertEqual(self.troubles(h), [])
        store = os.path.join(h.root, "store")
        number, digest = h.query(
            "SELECT c.reception, lower(hex(b.sha256)) FROM consignment c JOIN "
            "source s ON s.consignment = c.id JOIN blob b ON b.id = s.blob")[0]
        h.sluse("journal", "erase", number, "--why", "krav om sletting")
        h.wait_for(lambda: not os.path.exists(os.path.join(
            store, "sha256", digest[:2], digest)), 20, "it is erased")
        self.assertEqual(self.troubles(h), [])
        h.stop()
        os.rename(store, store + ".away")
        h.start()
        self.assertEqual(self.troubles(h), [("slused", GONE)])
        self.assertIn("LACKS  slused: of the newest 2 originals, 2 are gone "
                      "from the store", h.sluse("status", check=False).stdout)
        shutil.rmtree(store)
        os.rename(store + ".away", store)
        h.stop()
        h.start()
        self.assertEqual(self.troubles(h), [])

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
