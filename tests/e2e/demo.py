#!/usr/bin/env python3
"""The demo post down the whole road, held against every word of its manifest.

`make run` shows the same to a person; this also looks at what was read (words
that OCR must find), at titles, dates and flags as they stand in the target, and
runs the house a second time: nothing may happen twice.
"""
import unittest

from house import DEMO, House, QUEUES, json, os


class Demo(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with open(os.path.join(DEMO, "MANIFEST.json"), encoding="utf-8") as file:
            cls.items = json.load(file)["items"]
        # What is scanned stands last: it is of paper, as sluse init says.
        cls.house = House(instance="settle = 300ms\nsweep = 2s\n"
                          "free_space_min = 1M\nheld_limit = never\n", ocr=True,
                          queues=QUEUES[1:] + QUEUES[:1], extra="paper = yes")
        for item in cls.items:
            if "after" in item:
                cls.house.wait_quiet(120)
            cls.house.drop(os.path.join(DEMO, item["name"]), item["drop_as"],
                           item["queue"])
        cls.house.wait_quiet(180, len(cls.items))
        cls.rows = cls.house.rows("list")
        cls.posts = {p["metadata"]["vnd-sluse-v1:mottaksnummer"]: p
                     for p in cls.house.posts()["journalposts"]}

    @classmethod
    def tearDownClass(cls):
        cls.house.close()

    def entries(self, item):
        return [row for row in self.rows if row["queue"] == item["queue"]
                and row["name"] == item["drop_as"]]

    def each(self):
        for item in self.items:
            for row, want in zip(self.entries(item), item["expect"]["entries"]):
                yield item, row, want

    def text(self, row):
        return "\n".join(r[0] for r in self.house.query(
            "SELECT g.text FROM page g JOIN part p ON p.id = g.part JOIN source"
            " o ON o.id = p.source JOIN consignment c ON c.id = o.consignment"
            " WHERE c.reception = ? ORDER BY o.number, p.number, g.number",
            row["reception"]))

    def test_every_item_ended_where_it_should(self):
        for item in self.items:
            with self.subTest(item["id"]):
                want = item["expect"]["entries"] or [
                    {"disposition": "done", "outcome": "duplicate"}]
                got = self.entries(item)
                self.assertEqual(len(got), len(want))
                for row, entry in zip(got, want):
                    for key in ("disposition", "outcome", "reason"):
                        if key in entry:
                            self.assertEqual(row[key], entry[key], key)

    def test_cases_and_documents(self):
        for item, row, want in self.each():
            if want["disposition"] != "done":
                continue
            post = self.posts[row["id"]]
            self.assertEqual(post["case"], want["case"])
            self.assertEqual(post["status"], "M")
            self.assertEqual(len(post["documents"]), want["documents"])
            self.assertEqual(post.get("problems", []), [])
            flagged = any("duplikat" in json.dumps(r, ensure_ascii=False).lower()
                          for r in post["remarks"])
            self.assertEqual(flagged, "possible_duplicate" in want["flags"])

    def test_titles_hide_national_identity_numbers(self):
        wrong = []
        for item, row, want in self.each():
            title = self.posts.get(row["id"], {}).get("title")
            if title is None:
                continue
            if want.get("title_contains", "").lower() not in title.lower():
                wrong.append((item["id"], title, want["title_contains"]))
            for word in want.get("title_excludes", []):
                self.assertNotIn(word, title)
        self.assertEqual(wrong, [])

    def test_what_must_be_read_was_read(self):
        for item, row, want in self.each():
            words = want.get("text_contains", [])
            if words:
                text = self.text(row)
                missing = [word for word in words if word not in text]
                self.assertEqual(missing, [], item["id"])

    def test_page_sources(self):
        for item, row, want in self.each():
            if "page_sources" not in want:
                continue
            got = [{1: "text", 2: "ocr", 0: "none"}[r[0]] for r in self.house.query(
                "SELECT g.source FROM page g JOIN part p ON p.id = g.part JOIN"
                " source o ON o.id = p.source JOIN consignment c ON c.id ="
                " o.consignment WHERE c.reception = ? AND p.number = 0"
                " ORDER BY g.number", row["reception"])]
            self.assertEqual(got, want["page_sources"], item["id"])

    def test_stopped_and_held_keep_their_original(self):
        for item, row, want in self.each():
            if want["disposition"] == "done":
                continue
            path = os.path.join(DEMO, item["name"])
            with open(path, "rb") as file:
                data = file.read()
            digest = row["sha256"]
            kept = os.path.join(self.house.root, "store", "sha256", digest[:2],
                                digest)
            with open(kept, "rb") as file:
                self.assertEqual(file.read(), data)
            self.assertTrue(row["owner"])

    def test_zz_a_second_start_does_nothing(self):
        before = self.house.query("SELECT count(*) FROM consignment")
        there = len(self.house.posts()["journalposts"])
        self.house.stop()
        self.house.start()
        self.house.wait_quiet(30)
        self.assertEqual(self.house.query("SELECT count(*) FROM consignment"),
                         before)
        self.assertEqual(len(self.house.posts()["journalposts"]), there)
        self.house.check_whole(self)


if __name__ == "__main__":
    unittest.main()
