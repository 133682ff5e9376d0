"""A real Dovecot on a folder of its own: IMAP on a loopback port, one mailbox.

No fake: Debian's dovecot-imapd. HAVE says whether it is installed.
"""
import imaplib
import os
import pwd
import grp
import shutil
import socket
import subprocess
import tempfile
import time

os.environ["PATH"] += ":/usr/sbin:/sbin"
HAVE = shutil.which("dovecot") is not None and os.path.exists(
    "/usr/lib/dovecot/imap")
CONFIG = """base_dir = {root}/run
state_dir = {root}/state
log_path = {root}/log
protocols = imap
ssl = no
disable_plaintext_auth = no
default_internal_user = {user}
default_login_user = {user}
default_internal_group = {group}
mail_location = maildir:{root}/mail
first_valid_uid = 1
first_valid_gid = 1
passdb {{
  driver = static
  args = password=hemmelig
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={root}/home
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    address = 127.0.0.1
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Dovecot:
    def __init__(self):
        self.root = tempfile.mkdtemp(prefix="sluse-dovecot-")
        self.config = os.path.join(self.root, "dovecot.conf")
        self.port = free_port()
        # Root may not own a mailbox.
        uid, gid = os.getuid(), os.getgid()
        user, group = ("nobody", "nogroup") if uid == 0 else (
            pwd.getpwuid(uid).pw_name, grp.getgrgid(gid).gr_name)
        os.chmod(self.root, 0o755)
        for name in ("mail", "home"):
            os.mkdir(os.path.join(self.root, name))
            if uid == 0:
                shutil.chown(os.path.join(self.root, name), user, group)
        with open(self.config, "w", encoding="ascii") as file:
            file.write(CONFIG.format(root=self.root, user=user, group=group,
                                     port=self.port))
        self.child = subprocess.Popen(["dovecot", "-F", "-c", self.config],
                                      stderr=subprocess.DEVNULL)
        end = time.monotonic() + 30
        while True:
            try:
                self.imap = imaplib.IMAP4("127.0.0.1", self.port)
                break
            except OSError:
                if time.monotonic() > end or self.child.poll() is not None:
                    self.close()
                    raise
                time.sleep(0.05)
        self.imap.login("postmottak", "hemmelig")

    def close(self):
        if hasattr(self, "imap"):
            self.imap.shutdown()
        if self.child.poll() is None:
            self.child.terminate()
        self.child.wait(30)
        shutil.rmtree(self.root, ignore_errors=True)

    def put(self, folder, mail, when):
        """A message that came then (seconds since 1970)."""
        self.imap.create(folder)
        kind, text = self.imap.append(
            folder, None, imaplib.Time2Internaldate(when), mail)
        assert kind == "OK", text

    def fetch(self, folder):
        """{uid: message}, as a fetching program gets them."""
        self.imap.select(folder, readonly=True)
        _, parts = self.imap.uid("FETCH", "1:*", "(UID BODY.PEEK[])")
        return {int(part[0].split(b"UID ")[1].split()[0]): part[1]
                for part in parts if isinstance(part, tuple)}

    def listed(self, folder, form, fields="uid date.received hdr.message-id"):
        """What an administrator writes into a file."""
        return subprocess.run(
            ["doveadm", "-c", self.config, "-f", form, "fetch", "-u",
             "postmottak", fields, "mailbox", folder, "ALL"], check=True,
            stdout=subprocess.PIPE).stdout
