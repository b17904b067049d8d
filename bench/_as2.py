"""django-pyas2 between two nodes on this machine; runs in a folder of its own, where it is installed.

    _as2.py measure FOLDER SIZE SECONDS     both nodes, 1, 2 and 4 senders; prints {"1": exchanges/s, …}
    _as2.py send    FOLDER SIZE SECONDS     one sender of node a

Messages are signed (SHA-256, RSA-2048), encrypted (AES-256-CBC) and answered by a signed synchronous receipt, as in its manual.
SQLite stands in WAL mode with full synchronisation and waits for locks, or two senders at once would fail.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

PORT = {"a": 18461, "b": 18462}
SITE = """
import os
from pathlib import Path
FOLDER, NODE = Path(os.environ["AS2_FOLDER"]), os.environ["AS2_NODE"]
SECRET_KEY, DEBUG, ALLOWED_HOSTS, ROOT_URLCONF, USE_TZ = "bench", False, ["*"], "bench_as2_site", True
INSTALLED_APPS = ["django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.messages",
                  "django.contrib.sessions", "pyas2"]
MIDDLEWARE = []
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
MEDIA_ROOT = str(FOLDER / NODE)
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(FOLDER / f"{NODE}.sqlite3"), "OPTIONS": {
    "timeout": 60, "transaction_mode": "IMMEDIATE", "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"}}}
from django.urls import include, path
urlpatterns = []
def late():
    urlpatterns.append(path("pyas2/", include("pyas2.urls")))
"""


def mend() -> None:
    """Oscrypto 1.3 does not know OpenSSL's two-digit patch levels, such as 3.0.19."""
    import importlib.util

    spec = importlib.util.find_spec("oscrypto")
    for path in Path(spec.origin).parent.glob("_openssl/_libcrypto_c*.py"):
        text = path.read_text()
        if "\\d+[a-z]*)" not in text:
            path.write_text(text.replace("(\\\\d\\\\.\\\\d\\\\.\\\\d[a-z]*)", "(\\\\d\\\\.\\\\d\\\\.\\\\d+[a-z]*)")
                            .replace("(\\d\\.\\d\\.\\d[a-z]*)", "(\\d\\.\\d\\.\\d+[a-z]*)"))  # fmt: skip


def start(node: str, folder: Path) -> None:
    """Set Django up as `node`."""
    os.environ |= {"AS2_FOLDER": str(folder), "AS2_NODE": node, "DJANGO_SETTINGS_MODULE": "bench_as2_site"}
    sys.path.insert(0, str(folder))
    import django

    django.setup()
    import bench_as2_site

    bench_as2_site.late()


def make(node: str, folder: Path) -> None:
    """The node's database, its key and its partner."""
    start(node, folder)
    from django.core.management import call_command
    from pyas2.models import Organization, Partner, PrivateKey, PublicCertificate

    call_command("migrate", verbosity=0)
    other = "b" if node == "a" else "a"
    key = PrivateKey.objects.create(name="k", key=(folder / f"{node}.pem").read_bytes(), key_pass="bench")
    theirs = PublicCertificate.objects.create(
        name="c", certificate=(folder / f"{other}.crt").read_bytes(), verify_cert=False
    )
    Organization.objects.create(name=node, as2_name=f"as2{node}", encryption_key=key, signature_key=key)
    Partner.objects.create(
        name=other, as2_name=f"as2{other}", target_url=f"http://127.0.0.1:{PORT[other]}/pyas2/as2receive",
        content_type="application/octet-stream", encryption="aes_256_cbc", encryption_cert=theirs, signature="sha256",
        signature_cert=theirs, mdn=True, mdn_mode="SYNC", mdn_sign="sha256",
    )  # fmt: skip


def send(folder: Path, size: int, seconds: float) -> None:
    """Send documents one after another; prints how many were receipted, and how long it took."""
    start("a", folder)
    from pyas2.models import Message, Organization, Partner
    from pyas2lib import Message as AS2Message

    ours, theirs = Organization.objects.get(), Partner.objects.get()
    begun, done, number = time.perf_counter(), 0, 0
    while time.perf_counter() - begun < seconds:
        payload, number = os.urandom(size), number + 1
        message = AS2Message(sender=ours.as2org, receiver=theirs.as2partner)
        message.build(payload, filename=f"f{number}", subject="s", content_type=theirs.content_type,
                      disposition_notification_to="nobody@mail.example")  # fmt: skip
        row, _ = Message.objects.create_from_as2message(
            as2message=message, payload=payload, filename=f"{os.getpid()}-{number}", direction="OUT", status="P"
        )
        row.send_message(message.headers, message.content)
        done += row.status == "S"
    print(json.dumps({"done": done, "seconds": time.perf_counter() - begun}))


def measure(folder: Path, size: int, seconds: float) -> dict[str, float]:
    """Exchanges per second, by the number of senders."""
    (folder / "bench_as2_site.py").write_text(SITE)
    (folder / "bench_as2_wsgi.py").write_text(
        "import django, bench_as2_site\ndjango.setup()\nbench_as2_site.late()\n"
        "from django.core.handlers.wsgi import WSGIHandler\napplication = WSGIHandler()\n"
    )
    for node in "ab":
        key, crt = folder / f"{node}.key", folder / f"{node}.crt"
        usage = "keyUsage=digitalSignature,keyEncipherment,keyAgreement,dataEncipherment"
        command = [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-keyout",
            key,
            "-passout",
            "pass:bench",
            "-out",
            crt,
        ]
        command += ["-days", "30", "-subj", f"/CN=as2{node}", "-addext", usage]
        subprocess.run(command, check=True, capture_output=True)
        (folder / f"{node}.pem").write_bytes(key.read_bytes() + crt.read_bytes())
    for node in "ab":  # each needs the other's certificate
        subprocess.run([sys.executable, __file__, "make", str(folder), node], check=True, capture_output=True)
    given = os.environ | {"AS2_FOLDER": str(folder), "AS2_NODE": "b", "DJANGO_SETTINGS_MODULE": "bench_as2_site",
                          "PYTHONPATH": str(folder), "PYTHONWARNINGS": "ignore"}  # fmt: skip
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "-w", "2", "-b", f"127.0.0.1:{PORT['b']}", "--log-level", "error",
         "bench_as2_wsgi:application"], env=given, cwd=folder)  # fmt: skip
    try:
        return {str(senders): _rate(folder, size, seconds, senders) for senders in (1, 2, 4)}
    finally:
        server.terminate()
        server.wait(20)


def _rate(folder: Path, size: int, seconds: float, senders: int) -> float:
    for _ in range(100):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{PORT['b']}/pyas2/as2receive", timeout=1).read()
            break
        except OSError:
            time.sleep(0.1)
    command = [sys.executable, __file__, "send", str(folder), str(size), str(seconds)]
    quiet = os.environ | {"PYTHONWARNINGS": "ignore"}
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, env=quiet) for _ in range(senders)]
    said = [json.loads(re.findall(rb"\{.*\}", one.communicate()[0])[-1]) for one in running]
    return sum(one["done"] / one["seconds"] for one in said)


if __name__ == "__main__":
    verb, place, *rest = sys.argv[1:]
    mend()
    if verb == "measure":
        print(json.dumps(measure(Path(place), int(rest[0]), float(rest[1]))))
    elif verb == "make":
        make(rest[0], Path(place))
    else:
        send(Path(place), int(rest[0]), float(rest[1]))
