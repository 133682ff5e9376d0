#!/usr/bin/env python3
"""Signed files of every kind a reader knows, good ones and bad ones, made with
openssl and certificates of our own.

    make_signed.py FOLDER

writes them with the certificates and ca.pem, which is the trust list."""
import base64
import hashlib
import io
import os
import re
import subprocess
import sys
import warnings
import zipfile

SUBJECT = "/C=NO/O=Strand kommune/serialNumber=910000001/CN=Kari Nordmann"
CONFIG = """
[ca]
default_ca = it
[it]
database = index
new_certs_dir = .
serial = serial
default_md = sha256
policy = any
unique_subject = no
x509_extensions = leaf
[any]
commonName = supplied
organizationName = optional
countryName = optional
serialNumber = optional
[req]
distinguished_name = dn
[dn]
[root]
basicConstraints = critical,CA:TRUE
[leaf]
basicConstraints = CA:FALSE
keyUsage = critical,digitalSignature,nonRepudiation
[stamper]
basicConstraints = CA:FALSE
extendedKeyUsage = critical,timeStamping
[tsa]
default_tsa = t
[t]
serial = tsaserial
crypto_device = builtin
digests = sha256, sha1
signer_digest = sha256
default_policy = 1.2.3.4
ess_cert_id_alg = sha256
"""


class Maker:
    def __init__(self, folder):
        self.folder = folder
        os.makedirs(folder, exist_ok=True)
        self.write("openssl.cnf", CONFIG)
        self.write("index", "")
        self.write("serial", "1000\n")
        self.write("tsaserial", "01\n")
        self.certificates()

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, data):
        if isinstance(data, str):
            data = data.encode("utf-8")
        with open(self.path(name), "wb") as file:
            file.write(data)

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def openssl(self, *args, data=None):
        done = subprocess.run(
            ["openssl"] + [str(arg) for arg in args], cwd=self.folder,
            input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            check=False)
        if done.returncode != 0:
            raise RuntimeError("openssl %s: %s" % (
                args[0], done.stderr.decode("utf-8", "replace")))
        return done.stdout

    # -- certificates ---------------------------------------------------------
    def key(self, name, bits=2048):
        self.openssl("genrsa", "-out", name + ".key", bits)

    def issue(self, name, subject=SUBJECT, ext="leaf", start="20200101000000Z",
              end="20990101000000Z"):
        self.openssl("req", "-new", "-utf8", "-config", "openssl.cnf", "-key",
                     name + ".key", "-subj", subject, "-out", name + ".csr")
        self.openssl("ca", "-batch", "-utf8", "-config", "openssl.cnf", "-cert",
                     "ca.pem", "-keyfile", "ca.key", "-in", name + ".csr",
                     "-out", name + ".pem", "-notext", "-extensions", ext,
                     "-startdate", start, "-enddate", end)

    def root(self, name, cn):
        self.openssl("req", "-new", "-config", "openssl.cnf", "-key",
                     name + ".key", "-subj", "/O=Test/CN=" + cn, "-out",
                     name + ".csr")
        self.openssl("ca", "-batch", "-config", "openssl.cnf", "-selfsign",
                     "-keyfile", name + ".key", "-in", name + ".csr", "-out",
                     name + ".pem", "-notext", "-extensions", "root",
                     "-startdate", "20190101000000Z", "-enddate",
                     "20990101000000Z")

    def certificates(self):
        for name in ("ca", "signer", "other"):
            self.key(name)
        self.key("small", 1024)
        self.openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout",
                     "-out", "curve.key")
        self.root("ca", "Testrot")
        self.root("other", "En annen rot")
        self.issue("signer")
        self.issue("small")
        self.issue("curve")
        self.write("old.key", self.read("signer.key"))
        self.issue("old", end="20210101000000Z")
        self.write("stamper.key", self.read("signer.key"))
        self.issue("stamper", "/O=Test/CN=Klokke", "stamper")
        self.write("twin.key", self.read("signer.key"))
        self.issue("twin", "/O=Test/CN=Tvilling")

    # -- CMS ------------------------------------------------------------------
    def cms(self, content, signer="signer", md="sha256", extra=()):
        self.write("content", content)
        return self.openssl(
            "cms", "-sign", "-binary", "-in", "content", "-signer",
            signer + ".pem", "-inkey", signer + ".key", "-md", md, "-outform",
            "DER", *extra)

    def stamp(self, content):
        self.write("content", content)
        self.openssl("ts", "-query", "-data", "content", "-sha256", "-cert",
                     "-out", "query")
        return self.openssl(
            "ts", "-reply", "-config", "openssl.cnf", "-queryfile", "query",
            "-signer", "stamper.pem", "-inkey", "stamper.key", "-token_out")


# -- PDF ----------------------------------------------------------------------
ROOM = 40000  # hexadecimal digits


def pdf(sign, filter="adbe.pkcs7.detached", room=ROOM, gap=0, kind="Sig"):
    """A PDF of one page with a signature by sign(bytes), a little too long a
    gap where that is asked for."""
    stream = b"BT /F1 24 Tf 72 700 Td (Til kommunen) Tj ET"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [6 0 R]"
        b" /SigFlags 3 >> >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> /Annots [6 0 R] >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (Underskrift)"
        b" /Rect [0 0 0 0] /P 3 0 R /V 7 0 R >>",
        b"<< /Type /%s /Filter /Adobe.PPKLite /SubFilter /%s"
        b" /M (D:20260301120000Z) /ByteRange [%s] /Contents <%s> >>"
        % (kind.encode(), filter.encode(), b" " * 44, b"0" * room)]
    out, offsets = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", []
    for i, body in enumerate(objects):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (i + 1, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % at for at in offsets)
    out += (b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
            % (len(objects) + 1, start))
    first = out.index(b"/Contents <0") + len(b"/Contents ")
    last = first + room + 2 + gap
    numbers = b"%d %d %d %d" % (0, first, last, len(out) - last)
    at = out.index(b"/ByteRange [") + len(b"/ByteRange [")
    out = out[:at] + numbers.ljust(44) + out[at + 44:]
    value = sign(out[:first] + out[last:]).hex().encode()
    return out[:first + 1] + value.ljust(room, b"0") + out[first + 1 + room:]


def added(data):
    """With a later revision that says something else."""
    at = int(re.findall(rb"startxref\s+(\d+)", data)[-1])
    stream = b"BT /F1 24 Tf 72 700 Td (Noe annet) Tj ET"
    body = b"4 0 obj\n<< /Length %d >>\nstream\n%s\nendstream\nendobj\n" % (
        len(stream), stream)
    table = len(data) + len(body)
    return data + body + (
        b"xref\n4 1\n%010d 00000 n \ntrailer\n<< /Size 8 /Root 1 0 R"
        b" /Prev %d >>\nstartxref\n%d\n%%%%EOF\n" % (len(data), at, table))


def pdfs(m):
    plain = pdf(m.cms)
    yield "good.pdf", plain, ["signed_trusted"]
    yield "curve.pdf", pdf(lambda b: m.cms(b, "curve")), ["signed_trusted"]
    yield "pades.pdf", pdf(lambda b: m.cms(b, extra=["-cades"]),
                           "ETSI.CAdES.detached"), ["signed_trusted"]
    yield "noattr.pdf", pdf(lambda b: m.cms(b, extra=["-noattr"])), [
        "signed_trusted"]
    yield "pss.pdf", pdf(lambda b: m.cms(b, extra=[
        "-keyopt", "rsa_padding_mode:pss"])), ["signed_trusted"]
    yield "changed.pdf", plain.replace(b"Til kommunen", b"Til kommunem"), [
        "signed_changed"]
    yield "noattr-changed.pdf", pdf(lambda b: m.cms(
        b + b" ", extra=["-noattr"])), ["signed_changed"]
    yield "added.pdf", added(plain), ["signed_trusted", "signed_partly"]
    yield "other.pdf", pdf(lambda b: m.cms(b, "other")), ["signed_untrusted"]
    yield "old.pdf", pdf(lambda b: m.cms(b, "old")), ["signed_expired"]
    yield "sha1.pdf", pdf(lambda b: m.cms(b, md="sha1")), [
        "signed_trusted", "signed_weak"]
    yield "small.pdf", pdf(lambda b: m.cms(b, "small")), [
        "signed_trusted", "signed_weak"]
    yield "sha1-inside.pdf", pdf(lambda b: m.cms(
        hashlib.sha1(b).digest(), extra=["-nodetach"]), "adbe.pkcs7.sha1"), [
            "signed_trusted", "signed_weak"]
    yield "sha1-inside-changed.pdf", pdf(lambda b: m.cms(
        hashlib.sha1(b + b"x").digest(), extra=["-nodetach"]),
        "adbe.pkcs7.sha1"), ["signed_changed", "signed_weak"]
    yield "stamp.pdf", pdf(m.stamp, "ETSI.RFC3161", kind="DocTimeStamp"), [
        "signed_trusted"]
    yield "stamp-changed.pdf", pdf(lambda b: m.stamp(b + b"x"), "ETSI.RFC3161",
                                   kind="DocTimeStamp"), ["signed_changed"]
    yield "kind.pdf", pdf(m.cms, "adbe.x509.rsa_sha1"), ["signed_unknown"]
    yield "gap.pdf", pdf(m.cms, gap=40), ["signed_broken"]
    yield "range.pdf", plain.replace(b"/ByteRange [0 ", b"/ByteRange [1 "), [
        "signed_broken"]
    yield "range-far.pdf", re.sub(
        rb"(/ByteRange \[0 \d+ \d+) \d+", rb"\1 9999", plain), [
            "signed_broken"]
    yield "cut.pdf", pdf(lambda b: m.cms(b)[:700]), ["signed_broken"]
    yield "nothing.pdf", pdf(lambda b: b""), ["signed_broken"]
    yield "attribute.pdf", pdf(lambda b: attribute(m.cms(b))), [
        "signed_broken"]
    yield "value.pdf", pdf(lambda b: flip(m.cms(b), -3)), ["signed_broken"]
    yield "substituted.pdf", pdf(lambda b: substitute(m, b)), ["signed_broken"]
    yield "nocerts.pdf", pdf(lambda b: m.cms(b, extra=["-nocerts"])), [
        "signed_unknown"]
    many_certs(m)
    yield "many.pdf", pdf(lambda b: m.cms(
        b, extra=["-certfile", "many.pem"]), room=160000), ["signed_unknown"]
    yield "deep.pdf", pdf(lambda b: b"\x30\x80" * 9000), ["signed_broken"]
    yield "long.pdf", pdf(lambda b: bytes.fromhex(
        "3084ffffffff06092a864886f70d010702a084fffffff0")), ["signed_broken"]


def many_certs(m):
    """More than are looked at."""
    out = b""
    for i in range(65):
        out += m.openssl("req", "-new", "-x509", "-config", "openssl.cnf",
                         "-key", "curve.key", "-subj", "/CN=%d" % i,
                         "-days", "100")
    m.write("many.pem", out)


def flip(der, at):
    out = bytearray(der)
    out[at] ^= 1
    return bytes(out)


def attribute(der):
    """Another signing time than was signed."""
    oid = bytes.fromhex("06092a864886f70d010905")
    return flip(der, der.index(oid) + len(oid) + 8)


def substitute(m, content):
    """With another certificate of the same key than the signer named."""
    der = m.cms(content, extra=["-cades"])
    mine = m.openssl("x509", "-in", "signer.pem", "-outform", "DER")
    serial = re.compile(rb"\x02\x02\x10(.)", re.S)
    twin = m.openssl("x509", "-in", "twin.pem", "-outform", "DER")
    assert mine in der
    number = serial.search(twin).group(0)
    # The same length is needed: the twin's bytes padded into no room would
    # change every length above it. Only its number is put in.
    old = serial.search(mine).group(0)
    return der.replace(mine, mine.replace(old, number, 1)).replace(
        old, number)


# -- ASiC -----------------------------------------------------------------------
ASIC = b"application/vnd.etsi.asic-e+zip"


def container(members, kind=ASIC):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr(zipfile.ZipInfo("mimetype"), kind)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of two with one name
            for name, data in members:
                z.writestr(zipfile.ZipInfo(name), data)
    return out.getvalue()


def digest(data, name="sha256"):
    return base64.b64encode(hashlib.new(name, data).digest()).decode()


def manifest(files, uri="http://www.w3.org/2001/04/xmlenc#sha256"):
    rows = "".join(
        '<DataObjectReference URI="%s"><ds:DigestMethod Algorithm="%s"/>'
        "<ds:DigestValue>%s</ds:DigestValue></DataObjectReference>"
        % (name, uri, digest(data, uri.split("#")[1])) for name, data in files)
    return (
        '<ASiCManifest xmlns="http://uri.etsi.org/02918/v1.2.1#" '
        'xmlns:ds="http://www.w3.org/2000/09/xmldsig#">'
        '<SigReference URI="META-INF/signature.p7s"/>%s</ASiCManifest>'
        % rows).encode()


DS = 'xmlns:ds="http://www.w3.org/2000/09/xmldsig#"'
EXC = "http://www.w3.org/2001/10/xml-exc-c14n#"


def xades(m, files, signer="signer", cert_of=None, head="", key_uri=None):
    """An XAdES file; what is signed is written in canonical form at once."""
    cert = m.openssl("x509", "-in", (cert_of or signer) + ".pem", "-outform",
                     "DER")
    properties = (
        '<xades:SignedProperties xmlns:xades="http://uri.etsi.org/01903/'
        'v1.3.2#" Id="sp"><xades:SignedSignatureProperties>'
        "<xades:SigningTime>2026-03-01T12:00:00+01:00</xades:SigningTime>"
        "<xades:SigningCertificate><xades:Cert><xades:CertDigest>"
        '<ds:DigestMethod %s Algorithm="http://www.w3.org/2001/04/xmlenc'
        '#sha256"></ds:DigestMethod><ds:DigestValue %s>%s</ds:DigestValue>'
        "</xades:CertDigest></xades:Cert></xades:SigningCertificate>"
        "</xades:SignedSignatureProperties></xades:SignedProperties>"
        % (DS, DS, digest(m.openssl("x509", "-in", signer + ".pem",
                                    "-outform", "DER"))))
    refs = "".join(
        '<ds:Reference URI="%s"><ds:DigestMethod Algorithm="http://www.w3.org/'
        '2001/04/xmlenc#sha256"></ds:DigestMethod><ds:DigestValue>%s'
        "</ds:DigestValue></ds:Reference>" % (name, digest(data))
        for name, data in files)
    refs += (
        '<ds:Reference Type="http://uri.etsi.org/01903#SignedProperties" '
        'URI="#sp"><ds:Transforms><ds:Transform Algorithm="%s"></ds:Transform>'
        '</ds:Transforms><ds:DigestMethod Algorithm="http://www.w3.org/2001/04'
        '/xmlenc#sha256"></ds:DigestMethod><ds:DigestValue>%s</ds:DigestValue>'
        "</ds:Reference>" % (EXC, digest(properties.encode())))
    curve = signer == "curve"
    info = (
        '<ds:SignedInfo %s><ds:CanonicalizationMethod Algorithm="%s">'
        '</ds:CanonicalizationMethod><ds:SignatureMethod Algorithm="%s">'
        "</ds:SignatureMethod>%s</ds:SignedInfo>" % (
            DS, EXC, key_uri or "http://www.w3.org/2001/04/xmldsig-more#" + (
                "ecdsa-sha256" if curve else "rsa-sha256"), refs))
    m.write("info", info)
    value = m.openssl("dgst", "-sha256", "-sign", signer + ".key", "info")
    if curve:
        value = two_numbers(value)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>%s<asic:XAdESSignatures '
        'xmlns:asic="http://uri.etsi.org/02918/v1.2.1#"><ds:Signature %s '
        'Id="S">%s<ds:SignatureValue>%s</ds:SignatureValue><ds:KeyInfo>'
        "<ds:X509Data><ds:X509Certificate>%s</ds:X509Certificate>"
        "</ds:X509Data></ds:KeyInfo><ds:Object><xades:QualifyingProperties "
        'xmlns:xades="http://uri.etsi.org/01903/v1.3.2#" Target="#S">%s'
        "</xades:QualifyingProperties></ds:Object></ds:Signature>"
        "</asic:XAdESSignatures>" % (
            head, DS, info, base64.b64encode(value).decode(),
            base64.b64encode(cert).decode(), properties)).encode()


def two_numbers(der):
    """An ECDSA value as XML has it."""
    out, at = b"", 2
    for _ in range(2):
        n = der[at + 1]
        out += der[at + 2:at + 2 + n].lstrip(b"\0").rjust(32, b"\0")
        at += 2 + n
    return out


def asics(m):
    files = [("brev.txt", b"Til kommunen\n"), ("kart og bilde.txt", b"kart\n")]
    sign = [("META-INF/asicmanifest.xml", manifest(files)),
            ("META-INF/signature.p7s", m.cms(manifest(files)))]
    own = "http://www.w3.org/2000/09/xmldsig#sha256"
    yield "cades.asice", container(files + sign), ["signed_trusted"]
    difi = manifest(files, own)
    yield "difi.asice", container(files + [
        ("META-INF/asicmanifest.xml", difi),
        ("META-INF/signature.p7s", m.cms(difi))]), ["signed_trusted"]
    strange = manifest(files).replace(b"#sha256", b"#whirlpool")
    yield "digest.asice", container(files + [
        ("META-INF/asicmanifest.xml", strange),
        ("META-INF/signature.p7s", m.cms(strange))]), ["signed_unknown"]
    yield "cades-changed.asice", container(
        [("brev.txt", b"Til kommunem\n"), files[1]] + sign), [
            "signed_changed", "signed_file_changed"]
    yield "cades-missing.asice", container(files[:1] + sign), [
        "signed_changed", "signed_file_missing"]
    yield "cades-added.asice", container(
        files + [("nytt.txt", b"nytt\n")] + sign), [
            "signed_trusted", "signed_partly"]
    yield "cades-twice.asice", container(
        files + [("brev.txt", b"et annet brev\n")] + sign), [
            "signed_changed", "signed_file_changed", "signed_partly"]
    yield "cades-manifest.asice", container(files + [
        (sign[0][0], manifest(files) + b"\n"), sign[1]]), ["signed_changed"]
    yield "cades-gone.asice", container(files + sign[:1]), ["signed_broken"]
    yield "none.asice", container(files), ["signed_missing"]
    yield "simple.asics", container(files[:1] + [
        ("META-INF/signature.p7s", m.cms(files[0][1]))],
        ASIC.replace(b"-e+", b"-s+")), ["signed_trusted"]
    yield "named.zip", container(files + sign), ["signed_trusted"]
    yield "stamp.asics", container(files[:1] + [
        ("META-INF/timestamp.tst", m.stamp(files[0][1]))],
        ASIC.replace(b"-e+", b"-s+")), ["signed_trusted"]
    good = xades(m, files)

    def with_xades(data, f=None):
        return container((f or files) + [("META-INF/signatures0.xml", data)])

    yield "xades.asice", with_xades(good), ["signed_trusted"]
    yield "xades-curve.asice", with_xades(xades(m, files, "curve")), [
        "signed_trusted"]
    yield "xades-old.asice", with_xades(xades(m, files, "old")), [
        "signed_expired"]
    yield "xades-changed.asice", with_xades(
        good, [files[0], ("kart og bilde.txt", b"Kart\n")]), [
            "signed_changed", "signed_file_changed"]
    yield "xades-part.asice", with_xades(
        xades(m, files[:1])), ["signed_trusted", "signed_partly"]
    yield "xades-value.asice", with_xades(
        good.replace(b"brev.txt", b"bref.txt")), [
            "signed_broken", "signed_file_missing", "signed_partly"]
    yield "xades-properties.asice", with_xades(
        good.replace(b"2026-03-01", b"2026-03-02")), ["signed_broken"]
    yield "xades-twin.asice", with_xades(
        xades(m, files, cert_of="twin")), ["signed_broken"]
    yield "xades-entity.asice", with_xades(xades(
        m, files, head='<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    )), ["signed_broken", "signed_partly"]
    yield "xades-laughs.asice", with_xades(xades(
        m, files, head="<!DOCTYPE a [<!ENTITY a0 'ha'>%s]>" % "".join(
            "<!ENTITY a%d '%s'>" % (i, ("&a%d;" % (i - 1)) * 10)
            for i in range(1, 12)))), ["signed_broken", "signed_partly"]
    yield "xades-method.asice", with_xades(xades(
        m, files, key_uri="urn:none")), ["signed_unknown"]
    many = good.replace(b"</ds:SignedInfo>", 20000 * (
        b'<ds:Reference URI="#sp"><ds:DigestMethod Algorithm="http://www.w3.org'
        b'/2001/04/xmlenc#sha256"/><ds:DigestValue>AAAA</ds:DigestValue>'
        b"</ds:Reference>") + b"</ds:SignedInfo>")
    yield "xades-many.asice", container(files + [
        ("META-INF/signatures%d.xml" % i, many) for i in range(13)]), [
            "signed_broken", "signed_unknown", "signed_many"]
    yield "xades-cut.asice", with_xades(good[:-90]), [
        "signed_broken", "signed_partly"]


# -- mail -----------------------------------------------------------------------
HEAD = (b"From: Kari Nordmann <kari@eksempel.no>\nTo: post@strand.no\n"
        b"Subject: Signert\nDate: Thu, 12 Mar 2026 10:00:00 +0100\n"
        b"Message-ID: <%s@eksempel.no>\n")
BODY = (b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n"
        b"Content-Type: text/plain; charset=utf-8\r\n\r\nHei fra Kari\r\n"
        b"--x\r\nContent-Type: text/plain; name=liste.txt\r\n"
        b"Content-Disposition: attachment; filename=liste.txt\r\n\r\nen\r\n"
        b"--x--\r\n")


def mails(m):
    def head(name):
        return HEAD % name.encode()

    m.write("body", BODY)
    sign = ("cms", "-sign", "-binary", "-in", "body", "-signer", "signer.pem",
            "-inkey", "signer.key")
    beside = m.openssl(*sign, "-outform", "SMIME")
    around = m.openssl(*sign, "-nodetach", "-outform", "SMIME")
    yield "beside.eml", head("beside") + beside, ["signed_trusted"]
    # as a mail program on Unix leaves it in a file
    yield "beside-lf.eml", (head("lf") + beside).replace(b"\r\n", b"\n"), [
        "signed_trusted"]
    yield "beside-changed.eml", head("changed") + beside.replace(
        b"Hei fra Kari", b"Hei fra Karl"), ["signed_changed"]
    yield "beside-cut.eml", head("cut") + re.sub(
        rb"(smime.p7s\"\r?\n\r?\n.{200}).*?(\r?\n-----)", rb"\1\2", beside,
        flags=re.S), ["signed_broken"]
    yield "around.eml", head("around") + around, ["signed_trusted"]
    yield "brev.txt.p7m", m.cms(b"Til kommunen\n", extra=["-nodetach"]), [
        "signed_trusted"]
    yield "strom.p7m", m.cms(BODY, extra=["-nodetach", "-stream"]), [
        "signed_trusted"]
    pgp = (b"MIME-Version: 1.0\nContent-Type: multipart/signed; boundary=p;"
           b" protocol=\"application/pgp-signature\"\n\n--p\n\nHei\n--p\n"
           b"Content-Type: application/pgp-signature\n\n-----BEGIN\n--p--\n")
    yield "pgp.eml", head("pgp") + pgp, ["signed_unknown"]


def closed(m):
    """Encrypted: what cannot be read."""
    m.write("body", BODY)
    yield "envelope.eml", HEAD % b"envelope" + m.openssl(
        "cms", "-encrypt", "-binary", "-in", "body", "-aes256", "signer.pem")
    yield "envelope.p7m", m.openssl(
        "cms", "-encrypt", "-binary", "-in", "body", "-aes256", "-outform",
        "DER", "signer.pem")
    yield "pgp-closed.eml", HEAD % b"pgp-closed" + (
        b"MIME-Version: 1.0\nContent-Type: multipart/encrypted; boundary=p;"
        b" protocol=\"application/pgp-encrypted\"\n\n--p\n"
        b"Content-Type: application/pgp-encrypted\n\nVersion: 1\n--p\n"
        b"Content-Type: application/octet-stream\n\n-----BEGIN\n--p--\n")


def make(folder):
    """(name, wanted slugs in order) of every file written to folder."""
    m = Maker(folder)
    wanted = []
    for kind in (pdfs, asics, mails):
        for name, data, slugs in kind(m):
            m.write(name, data)
            wanted.append((name, slugs))
    for name, data in closed(m):
        m.write(name, data)
    return wanted


if __name__ == "__main__":
    for row in make(sys.argv[1]):
        print(*row)
