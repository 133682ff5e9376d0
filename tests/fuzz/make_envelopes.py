#!/usr/bin/python3
"""The seeds of fuzz_decrypt: envelopes of the openssl command line for the keys
of tests/data, and crippled ones. Not the same bytes twice, so by hand only."""
import os
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.join(HERE, "..", "data")
OUT = os.path.join(HERE, "corpus", "decrypt")
OAEP = ["-keyopt", "rsa_padding_mode:oaep", "-keyopt", "rsa_oaep_md:sha256",
        "-keyopt", "rsa_mgf1_md:sha256"]


def close(name, key, *options):
    done = subprocess.run(
        ["openssl", "cms", "-encrypt", "-binary", "-outform", "DER",
         *options[:1], "-recip", os.path.join(DATA, key), *options[1:]],
        input=b"Brev til kommunen.\n" * 3, check=True, stdout=subprocess.PIPE)
    put(name, done.stdout)
    return done.stdout


def put(name, data):
    with open(os.path.join(OUT, "seed-" + name), "wb") as file:
        file.write(data)


os.makedirs(OUT, exist_ok=True)
cbc = close("cbc-oaep", "decrypt-rsa.pem", "-aes-256-cbc", *OAEP)
gcm = close("gcm-pkcs1", "decrypt-rsa.pem", "-aes-128-gcm")
close("cbc-keyid", "decrypt-rsa.pem", "-aes-192-cbc", "-keyid")
close("des3-stream", "decrypt-rsa.pem", "-des3", "-stream")
close("ecdh-cbc", "decrypt-ec.pem", "-aes-256-cbc")
close("ecdh-gcm", "decrypt-ec.pem", "-aes-256-gcm", "-stream")
put("cut", cbc[:-20])
put("tag", gcm[:-1] + bytes([gcm[-1] ^ 1]))
put("none", b"0\x80\x06\x09*\x86H\x86\xf7\r\x01\x07\x03\xa0\x80" + b"0\x80" * 40)
