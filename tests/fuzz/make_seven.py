#!/usr/bin/env python3
"""The seeds of fuzz_seven: encrypted 7z as 7-Zip makes them, and what 7-Zip
does not: salts, cheap keys, and headers that lie. openssl(1) encrypts."""
import hashlib
import lzma
import os
import struct
import subprocess
import zlib

PASSWORD = "sluse-2026"
COPY, AES = b"\x00", bytes.fromhex("06f10701")
LZMA, BCJ2 = bytes.fromhex("030101"), bytes.fromhex("0303011b")
IV = bytes(range(100, 108))
TEXT = b"Testvik kommune\n\nEt hemmelig brev.\n"


def key(power, salt, password=PASSWORD):
    word = password.encode("utf-16le")
    if power == 63:
        return (salt + word + bytes(32))[:32]
    digest = hashlib.sha256()
    for i in range(1 << power):
        digest.update(salt + word + struct.pack("<Q", i))
    return digest.digest()


def encrypt(data, power, salt, iv=IV, password=PASSWORD):
    return subprocess.run(
        ["openssl", "enc", "-e", "-aes-256-cbc", "-nopad",
         "-K", key(power, salt, password).hex(), "-iv", iv.ljust(16, b"\0").hex()],
        input=data + bytes(-len(data) % 16), stdout=subprocess.PIPE,
        check=True).stdout


def number(v):
    return bytes([v]) if v < 0x80 else b"\xff" + struct.pack("<Q", v)


def coder(method, props=b"", ins=1):
    flags = len(method) | (0x20 if props else 0) | (0x10 if ins != 1 else 0)
    return (bytes([flags]) + method
            + (number(ins) + number(1) if ins != 1 else b"")
            + (number(len(props)) + props if props else b""))


def aes(power, salt=b"", iv=IV):
    first = power | (0x80 if salt else 0) | (0x40 if iv else 0)
    second = max(len(salt) - 1, 0) << 4 | max(len(iv) - 1, 0)
    return coder(AES, bytes([first, second]) + salt + iv)


def streams(packs, folders, outs, crcs, substreams=b""):
    """packs: sizes; folders: records; outs: sizes; crcs: of each folder."""
    out = b"\x06\x00" + number(len(packs)) + b"\x09"
    out += b"".join(map(number, packs)) + b"\x00"
    out += b"\x07\x0b" + number(len(folders)) + b"\x00" + b"".join(folders)
    out += b"\x0c" + b"".join(map(number, outs))
    if crcs is not None:
        out += b"\x0a\x01" + b"".join(struct.pack("<I", c) for c in crcs)
    return out + b"\x00" + substreams + b"\x00"


def files(names, extra=b""):
    text = b"".join((name + "\0").encode("utf-16le") for name in names)
    return (b"\x05" + number(len(names)) + extra + b"\x11"
            + number(len(text) + 1) + b"\x00" + text + b"\x00")


def archive(data, head):
    start = struct.pack("<QQI", len(data), len(head), zlib.crc32(head))
    return (b"7z\xbc\xaf\x27\x1c\x00\x04"
            + struct.pack("<I", zlib.crc32(start)) + start + data + head)


def plain_head(*args, names, **more):
    return b"\x01\x04" + streams(*args, **more) + files(names) + b"\x00"


def stored(power, salt=b"", iv=IV, data=TEXT, crc=True):
    """One file, encrypted and not packed."""
    packed = encrypt(data, power, salt, iv)
    return archive(packed, plain_head(
        [len(packed)], [b"\x01" + aes(power, salt, iv)], [len(data)],
        [zlib.crc32(data)] if crc else None, names=["brev.txt"]))


def salted():
    """Two folders with a salt each, one of them of two files."""
    salts = bytes(range(16)), b"\xff"
    sizes = len(TEXT), len(b"vedlegg\n")
    both = encrypt(TEXT, 5, salts[0]), encrypt(TEXT + b"vedlegg\n", 3, salts[1])
    folders = [b"\x01" + aes(5, salts[0]),
               b"\x02" + aes(3, salts[1]) + coder(COPY) + b"\x01\x00"]
    sums = [zlib.crc32(TEXT)] * 2 + [zlib.crc32(b"vedlegg\n")]
    parts = (b"\x08\x0d\x01\x02\x09" + number(sizes[0]) + b"\x0a\x01"
             + b"".join(struct.pack("<I", c) for c in sums) + b"\x00")
    return archive(both[0] + both[1], plain_head(
        [len(both[0]), len(both[1])], folders, [sizes[0], sum(sizes), sum(sizes)],
        None, substreams=parts, names=["en.txt", "to.txt", "tre.txt"]))


def lzma_props(dictionary):
    return b"\x5d" + struct.pack("<I", dictionary)


def whole_lzma():
    """Packed to whole blocks, so that only its checksum tells the key; half a
    gigabyte of dictionary."""
    for i in range(64):
        data = TEXT * 3 + bytes(range(i))
        packed = lzma.compress(data, format=lzma.FORMAT_RAW, filters=[
            {"id": lzma.FILTER_LZMA1, "dict_size": 1 << 16}])
        if len(packed) % 16 == 0:
            break
    closed = encrypt(packed, 2, b"")
    folder = (b"\x02" + aes(2) + coder(LZMA, lzma_props(1 << 29))
              + b"\x01\x00")
    return archive(closed, plain_head(
        [len(closed)], [folder], [len(packed), len(data)],
        [zlib.crc32(data)], names=["ord.txt"]))


def side_streams(many, claimed):
    """A stored file, `many` whose BCJ2 claims so many bytes of each of its two
    side streams, which hold nothing, and one that is closed otherwise."""
    text, last = b"hemmelig brev 16", b"hemmelig brev 32"
    one, other = encrypt(text, 0, b""), encrypt(last, 0, b"", IV, "annet-2026")
    props = lzma_props(1 << 16)
    bcj2 = (b"\x05" + coder(LZMA, props) * 2 + coder(COPY)
            + coder(BCJ2, b"", 4) + aes(0)
            + bytes([5, 0, 4, 1, 3, 2, 2, 4]) + bytes([7, 6, 1, 0]))
    stored_one = b"\x01" + aes(0)
    return archive(
        one + (one + bytes(48)) * many + other, plain_head(
            [16] + [16] * 4 * many + [16],
            [stored_one] + [bcj2] * many + [stored_one],
            [16] + [claimed, claimed, 16, 16, 16] * many + [16],
            [zlib.crc32(text)] * (many + 1) + [zlib.crc32(last)],
            names=["en.txt"] + ["bcj2-%d" % i for i in range(many)]
            + ["to.txt"]))


def many_closed(n):
    """Files that nothing opens, all with the same key."""
    return archive(bytes(16 * n), plain_head(
        [16] * n, [b"\x01" + aes(0)] * n, [13] * n, [1] * n, names=["a"] * n))


def misaligned():
    """Packed to no whole blocks, and what would be the last one decrypts to
    zeros: that proves nothing, the checksum is another."""
    head = plain_head([20], [b"\x01" + aes(2)], [16], [1],
                      names=["brev.txt"])
    begins = archive(bytes(20), head)[:32 + 4]
    last = encrypt(bytes(16), 2, b"", begins[-16:])
    return archive(bytes(4) + last, head)


def hidden():
    """The header itself encrypted, in a file with the letter."""
    salt = b"salt"
    packed = encrypt(TEXT, 4, salt)
    head = plain_head([len(packed)], [b"\x01" + aes(4, salt)], [len(TEXT)],
                      [zlib.crc32(TEXT)], names=["søknad.txt"])
    closed = encrypt(head, 4, salt)
    outer = b"\x17" + streams([len(closed)], [b"\x01" + aes(4, salt)],
                              [len(head)], [zlib.crc32(head)])
    outer = outer.replace(b"\x06\x00", b"\x06" + number(len(packed)), 1)
    return archive(packed + closed, outer)


def lies():
    """Name and 7z of headers that are not what they seem."""
    one = encrypt(TEXT, 0, b"")
    folder = b"\x01" + aes(0)
    sums, n = [zlib.crc32(TEXT)], len(TEXT)

    def lie(folders, packs=(len(one),), outs=(n,), crcs=sums, **more):
        return archive(one, plain_head(list(packs), folders, list(outs), crcs,
                                       names=["a"], **more))
    yield "packed-too-short", lie([folder], outs=[len(one) + 1])
    yield "packs-beyond", lie([folder], packs=[1 << 63])
    yield "out-huge", lie([folder], outs=[(1 << 64) - 1])
    yield "no-packs", lie([folder], packs=[])
    yield "twice", lie([b"\x02" + aes(0) + aes(0) + b"\x01\x00"], outs=[n, n])
    yield "behind-another", lie(
        [b"\x02" + coder(COPY) + aes(0) + b"\x01\x00"], outs=[n, n])
    yield "ring", lie([b"\x02" + aes(0) + coder(COPY) + b"\x01\x01"],
                      outs=[n, n])
    yield "many-coders", lie([b"\x10" + 16 * coder(COPY) + bytes(
        v for i in range(15) for v in (i + 1, i))], outs=[n] * 16)
    yield "many-ins", lie([b"\x01" + coder(AES, b"\x00", 32)
                           + bytes(range(32))], packs=[1] * 32)
    yield "no-props", lie([b"\x01" + coder(AES)])
    yield "short-props", lie([b"\x01" + coder(AES, b"\xc0\xff" + IV)])
    yield "power-25", lie([b"\x01" + aes(25)])
    yield "power-62", lie([b"\x01" + aes(62)])
    yield "many-streams", lie([folder], crcs=None,
                              substreams=b"\x08\x0d\xff" + b"\xff" * 8)
    yield "stream-too-large", lie(
        [folder], crcs=None, substreams=b"\x08\x0d\x02\x09\x7f\x00")
    yield "empty-streams", lie(
        [folder], crcs=None, substreams=b"\x08\x0d\x03\x09\x00\x00\x0a\x01"
        + bytes(8) + struct.pack("<I", sums[0]) + b"\x00")
    yield "no-checksum", stored(0, crc=False)
    yield "head-in-head", archive(one, b"\x17" + streams(
        [len(one)], [folder], [n], sums))


def seeds(data_folder):
    """Name and bytes of each."""
    for name in ("7z-encrypted.7z", "7z-encrypted-names.7z", "7z/methods.7z",
                 "7z/two-passwords.7z", "7z/salted.7z"):
        with open(os.path.join(data_folder, name), "rb") as file:
            yield os.path.basename(name)[:-3], file.read()
    yield "hidden", hidden()
    yield "key-is-password", stored(63, b"1234")
    yield "whole-blocks", stored(2, b"", IV, b"hemmelig brev 16")
    yield "no-iv", stored(2, b"\1\2\3", b"")
    yield "plain", archive(TEXT, plain_head(
        [len(TEXT)], [b"\x01" + coder(COPY)], [len(TEXT)],
        [zlib.crc32(TEXT)], names=["brev.txt"]))
    yield from lies()


if __name__ == "__main__":
    HERE = os.path.dirname(os.path.abspath(__file__))
    for NAME, BYTES in (
            ("salted", salted()),
            ("whole", stored(2, data=b"hemmelig brev 16")),
            ("whole-lzma", whole_lzma()),
            ("misaligned", misaligned()),
            ("many-closed", many_closed(33)),
            ("side-streams", side_streams(5, 500 << 20)),
            ("side-stream", side_streams(1, 1000))):
        with open(os.path.join(os.path.dirname(HERE), "data", "7z",
                               NAME + ".7z"), "wb") as sample:
            sample.write(BYTES)
