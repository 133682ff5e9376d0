#!/usr/bin/env python3
"""What the Noark 5 fake shows of a seeded archive, and that a client can make
and change none of it."""

import json
import os
import unittest

import fake_client
import n5_archive
from fake_client import LOG, SAK, STRUCT, Client, href

SEED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data",
                    "n5", "seed.json")


class Archive(unittest.TestCase):
    def setUp(self):
        self.fake = fake_client.Process("n5_server.py", "--seed", SEED,
                                        "--page-size", "2")
        self.addCleanup(self.fake.close)
        self.client = Client(self.fake)
        self.addCleanup(self.client.close)

    def rows(self, value, rel):
        """All rows of a list that a value leads to."""
        url, rows = href(value, rel).split("{")[0], []
        while url:
            page = self.client.get(url).json()
            self.assertLessEqual(len(page.get("results", ())), 2)
            rows += page.get("results", ())
            url = page["_links"].get("next", {}).get("href")
        self.assertEqual(len(rows), page["count"])
        return rows

    def structure(self):
        return self.client.get(href(self.client.root(), STRUCT)).json()

    def test_walk(self):
        top = self.rows(self.structure(), STRUCT + "arkiv/")
        self.assertEqual(sum(STRUCT + "overarkiv/" in a["_links"]
                             for a in top), 1)
        closed, _ = self.rows(top[0], STRUCT + "arkivdel/")
        self.assertEqual(closed["systemID"],
                         n5_archive.system_id("arkivdel-2019"))
        # Also those of the classes, and none that lies in another.
        folders = self.rows(closed, STRUCT + "mappe/")
        self.assertEqual({f["mappeID"] for f in folders},
                         {"2021/3", "2020/14", "2020/15", "K-1"})
        system = self.rows(closed, STRUCT + "klassifikasjonssystem/")[0]
        top = self.rows(system, STRUCT + "klasse/")
        self.assertEqual([k["klasseID"] for k in top], ["5"])
        below = self.rows(top[0], STRUCT + "underklasse/")
        self.assertEqual([k["klasseID"] for k in below], ["51", "52"])
        self.assertIn(STRUCT + "overklasse/", below[0]["_links"])
        case = [f for f in folders if f["mappeID"] == "2020/14"][0]
        self.assertEqual(case["_links"][SAK + "saksmappe/"],
                         case["_links"]["self"])
        post = self.rows(case, STRUCT + "registrering/")[0]
        self.assertEqual(len(self.rows(post, SAK + "avskrivning/")), 1)
        logs = self.client.get(href(self.client.root(), LOG)).json()
        self.assertEqual(len(self.rows(logs, LOG + "endringslogg/")), 4)
        self.assertEqual(len(self.rows(logs, LOG + "hendelseslogg/")), 1)

    def test_read_only(self):
        """Neither made nor changed, nor in the members of what may be made."""
        for kind in ("klasse", "klassifikasjonssystem", "arkivskaper",
                     "arkivdel"):
            row = self.rows(self.structure(), STRUCT + kind + "/")[0]
            self.assertFalse([rel for rel in row["_links"] if "/ny-" in rel and
                              "saksmappe" not in rel])
            url = href(row, "self")
            row.pop("_links")
            answer = self.client.send(url, row, "PUT", headers={
                "If-Match": self.client.get(url).headers["ETag"]})
            self.assertEqual(answer.status, 403, answer.body)
        answer = self.client.post(fake_client.but(
            fake_client.POST, kassasjon={"bevaringstid": 1}))
        self.assertEqual(answer.status, 400)
        self.assertIn("given by the core", json.loads(
            answer.body)["feil"]["beskrivelse"])

    def test_seed_is_checked(self):
        for node in ({"type": "arkiv", "id": "a", "fields": {"titel": "x"}},
                     {"type": "arkiv", "id": "a", "under": []}):
            with self.assertRaises(SystemExit):
                n5_archive.Loader(None).node(node, None, {})


if __name__ == "__main__":
    unittest.main()
