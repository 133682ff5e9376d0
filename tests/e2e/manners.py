#!/usr/bin/env python3
"""Cores that differ from the strict fake: what the standard lets them do is
taken as it is, and what is no answer is never taken for "not there"."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import house  # noqa: E402
from trial import Trial, letter, run_all  # noqa: E402

# As Nikita 0.6 is.
FIELD = ("broken-next", "no-day-filter", "dead-links",
         "root-after-login", "oidc-only", "no-token-endpoint", "double-links",
         "no-vsm", "no-vsm-search", "errors-in-200", "other-errors", "names",
         "formats", "moments", "no-intern", "no-unit", "silent-files")
KEYS = ("own_key_field = beskrivelse\naccess_metadata = none\n"
        "case_unit = none\ntoken_endpoint = %s\nsync_journal = 1s\n"
        "journal_filter = year(opprettetDato) ge {year}\n")
NEW_POST = {"method": "POST", "rel": "ny-journalpost"}


class Manners(Trial):
    def with_endpoint(self, **how):
        """The fake's URLs are not known before it runs."""
        h = self.house(start=False, **how)
        path = os.path.join(h.root, "sluse.conf")
        page = h.fake.control("GET", "token-endpoint")["href"]
        with open(path, encoding="utf-8") as file:
            text = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace("%s", page))
        h.start()
        return h

    def lose(self, h, *matches):
        h.fake.control("POST", "faults", [
            {"action": "lose_reply", "match": match, "count": 1}
            for match in matches])

    def test_field(self):
        h = self.with_endpoint(manners=FIELD, target_keys=KEYS,
                               fake=("--page-size", "2"))
        h.wait_for(lambda: any(row["target_key"] for row in
                               h.rows("cases", "list")), 10, "sync")
        self.lose(h, NEW_POST, {"method": "POST", "kind": "fil"},
                  {"method": "POST", "rel": "ny-dokumentobjekt"},
                  {"method": "HEAD"})
        for name in ("07-byggesoknad.zip", "09-tilsyn",
                     "12-omsorg-hentet-1.eml"):
            h.drop(os.path.join(house.DEMO, name))
        for n in range(5):
            h.drop_bytes(letter(n), "brev-%d.txt" % n)
        h.wait_quiet(30, 8)
        posts = h.posts()["journalposts"]
        self.assertEqual(len(posts), 8)
        h.wait_for(lambda: self.one(h, "brev-0.txt")["in_target"], 20,
                   "the journal")
        self.assertEqual(self.problems(h), [])
        fired = [r["fired"] for r in h.fake.control("GET", "faults")]
        self.assertEqual(fired, [1] * 4)
        self.assertIn("Intern mottaker", str([p["remarks"] for p in posts]))
        h.check_whole(self)

    def waits(self, h, reason, say):
        row = self.until(h, "brev.txt", 15, disposition="deferred",
                         reason=reason)
        self.assertGreater(row["deliveries"][0]["attempts"], 0)
        self.assertIn(say, row["deliveries"][0]["detail"])
        self.assertEqual(len(h.posts()["journalposts"]), 1)

    def test_search_not_understood(self):
        """Is it there? The answer says neither yes nor no."""
        h = self.house(manners=("no-vsm-search", "errors-in-200"))
        self.lose(h, NEW_POST)
        h.drop_bytes(letter(1), "brev.txt")
        self.waits(h, "target_error", "the answer is no list")

    def test_list_cut_short(self):
        h = self.house(manners=("short-lists", "undated"),
                       fake=("--page-size", "1"),
                       target_keys="case_filter = saksaar gt 0\n")
        h.drop(os.path.join(house.DEMO, "07-byggesoknad.zip"), "brev.txt")
        self.waits(h, "target_error", "0 of 5 rows came")
        documents = h.posts()["journalposts"][0]["documents"]
        self.assertEqual(len(documents), 5)

    def test_access_not_kept(self):
        """No name and no document to a core that may show it to all."""
        h = self.house(manners=("hides-access",), extra="access = XX\n")
        self.lose(h, NEW_POST)
        h.drop_bytes(letter(1), "brev.txt", h.queues[-1])
        row = self.until(h, "brev.txt", 15, disposition="held",
                         reason="target_mismatch")
        h.sluse("retry", row["id"], "--why", "en gang til")
        row = self.until(h, "brev.txt", 15, disposition="held",
                         reason="target_mismatch")
        self.assertIn("access code", row["deliveries"][0]["detail"])
        post, = h.posts()["journalposts"]
        self.assertEqual((post["documents"], post["correspondents"]),
                         ([], []))

    def test_access_kept_elsewhere(self):
        """sakarkiv does not show it, arkivstruktur does: it is kept."""
        h = self.house(manners=("hides-access-here",), extra="access = XX\n")
        h.drop_bytes(letter(1), "brev.txt", h.queues[-1])
        self.until(h, "brev.txt", 15, disposition="done")
        post, = h.posts()["journalposts"]
        self.assertEqual(len(post["documents"]), 1)
        h.check_whole(self)

    def test_access_of_another(self):
        """A core that shows another post too, for the one it is asked for."""
        h = self.house(manners=("hides-access-here", "deaf"),
                       extra="access = XX\n")
        h.drop_bytes(letter(1), "en.txt", h.queues[-1])
        self.until(h, "en.txt", 15, disposition="done")
        h.drop_bytes(letter(2), "to.txt", h.queues[-1])
        row = self.until(h, "to.txt", 15, disposition="held",
                         reason="target_mismatch")
        self.assertIn("access code", row["deliveries"][0]["detail"])
        self.assertEqual([len(p["documents"]) for p in
                          h.posts()["journalposts"]], [1, 0])

    def test_login_is_not_the_posts(self):
        """A refusal on the way in stops the target, not post by post."""
        h = self.house(start=False)
        h.fake.control("POST", "faults", [
            {"action": "406", "match": {"kind": "sakarkiv"}, "count": 1000}])
        h.start()
        h.sluse("cases", "import", house.DEMO + "/saker.csv")
        h.drop_bytes(letter(1), "brev.txt")
        self.until(h, "brev.txt", 10, disposition="deferred",
                   reason="target_login")


if __name__ == "__main__":
    run_all()
