"""Packages as the channels deliver them, made from tests/data/packages."""
import hashlib
import io
import json
import os
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.join(os.path.dirname(HERE), "data", "packages")
TIME = (2026, 3, 4, 10, 0, 0)


def sample(name):
    with open(os.path.join(DATA, name), "rb") as file:
        return file.read()


def zipped(files, stored=()):
    """files: (name, bytes) in their order."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as box:
        for name, data in files:
            info = zipfile.ZipInfo(name, TIME)
            info.compress_type = (zipfile.ZIP_STORED if name in stored
                                  else zipfile.ZIP_DEFLATED)
            info.external_attr = 0o100644 << 16
            box.writestr(info, data)
    return out.getvalue()


def svarinn(files, version=1, change=None):
    """The JSON of SvarInn for these (name, bytes), with their digests."""
    root = json.loads(sample("svarinn-v%d.json" % version))
    one = root[0] if version == 1 else root
    rows = []
    for name, data in files:
        digest = hashlib.sha256(data).hexdigest()
        rows.append({"filnavn": name, "mimetype": "text/plain",
                     "sha256hash": digest, "size": len(data)}
                    if version == 1 else
                    {"filnavn": name, "mimeType": "text/plain",
                     "hash": digest, "storrelse": len(data)})
    one["filmetadata" if version == 1 else "filer"] = rows
    if change:
        change(one)
    return json.dumps(root, ensure_ascii=False, indent=1).encode()


def arkivmelding(name="arkivmelding.xml", **texts):
    """The sample with words of it put for others."""
    data = sample(name).decode()
    for old, new in texts.items():
        assert old in data, old
        data = data.replace(old, new)
    return data.encode()
