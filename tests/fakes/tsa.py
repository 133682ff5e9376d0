"""A time-stamp authority (RFC 3161) for tests: OpenSSL behind a small server.

Authority(folder) makes its certificates there: ca.pem is what tokens lead to.
"""
import http.server
import os
import subprocess
import threading

CONFIG = """
[tsa]
default_tsa = t
[t]
serial = {folder}/serial
signer_digest = sha256
digests = sha256
default_policy = 1.3.6.1.4.1.99999.1
other_policies = 1.3.6.1.4.1.99999.2
accuracy = secs:1
ess_cert_id_alg = sha256
"""
EXTENSIONS = ("extendedKeyUsage=critical,timeStamping\n"
              "basicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature\n")


def openssl(*args):
    done = subprocess.run(["openssl", *args], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        raise RuntimeError("openssl %s: %s" % (args, done.stdout))


class Authority(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, folder):
        super().__init__(("127.0.0.1", 0), Handler)
        self.folder, self.manner, self.asked = folder, None, []
        os.makedirs(folder, exist_ok=True)
        self.make("ca", "CA", ["-x509", "-days", "30"])
        self.make("other", "Another CA", ["-x509", "-days", "30"])
        self.make("tsa", "TSA", [])
        self.write("ext", EXTENSIONS)
        openssl("x509", "-req", "-in", self.path("tsa.pem"), "-CA",
                self.path("ca.pem"), "-CAkey", self.path("ca.key"),
                "-CAcreateserial", "-days", "30", "-extfile", self.path("ext"),
                "-out", self.path("signer.pem"))
        self.write("serial", "01\n")
        self.write("tsa.cnf", CONFIG.format(folder=folder))
        self.url = "http://127.0.0.1:%d/" % self.server_port
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def close(self):
        self.shutdown()
        self.server_close()

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="ascii") as file:
            file.write(text)

    def make(self, name, who, how):
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out",
                self.path(name + ".key"))
        openssl("req", "-new", "-key", self.path(name + ".key"), "-subj",
                "/O=Sluse tests/CN=" + who, "-out", self.path(name + ".pem"),
                *how)

    def reply(self, query):
        number = len(self.asked)
        paths = [self.path("%d.%s" % (number, end)) for end in ("tsq", "tsr")]
        with open(paths[0], "wb") as file:
            file.write(query)
        openssl("ts", "-reply", "-config", self.path("tsa.cnf"), "-queryfile",
                paths[0], "-signer", self.path("signer.pem"), "-inkey",
                self.path("tsa.key"), "-out", paths[1])
        with open(paths[1], "rb") as file:
            return file.read()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        query = self.rfile.read(int(self.headers["Content-Length"]))
        server, status = self.server, 200
        server.asked.append((server.manner, self.headers["Content-Type"]))
        if server.manner is None:
            data = server.reply(query)
        elif server.manner == "replay":
            # The answer to another question: right, but for the nonce.
            with open(server.path("1.tsr"), "rb") as file:
                data = file.read()
        elif server.manner == "junk":
            data = b"<html>"
        elif server.manner == "huge":
            data = b"\x30\x83\xff\xff\xff" + bytes(1 << 20)
        else:
            status, data = int(server.manner), b""
        self.send_response(status)
        self.send_header("Content-Type", "application/timestamp-reply")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args):
        pass
