"""Sealing and opening evidence, beside what this machine can do at all and beside openssl, in one run.

Each round measures, one after the other on the same file: the serial limit (read + SHA-256 + AES-256-GCM + write on one
core, nothing else), our bag written and our bag opened and verified, and ``openssl cms`` signing and encrypting the same file.
Figures are medians over the rounds; quote the ratios, not the seconds: machines differ and are noisy. Memory is the peak of
the whole process that does the work.

    python bench/evidence.py [--size MIB] [--rounds N]
"""

from __future__ import annotations

import argparse
import hashlib
import multiprocessing
import os
import resource
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from comity.casework.evidence import Exhibit, Manifest
from comity.seal.container import CadesKey
from comity.seal.keys import OpeningKey, SigningKey
from comity.seal.trust import Grant, Trust
from comity.wire import bag

MIB = 1 << 20
NOW = datetime.now(UTC).replace(microsecond=0)
SIGNING, OPENING = SigningKey.generate(), OpeningKey.generate()
CADES = CadesKey.generate("bench", not_before=NOW - timedelta(hours=1), not_after=NOW + timedelta(days=1))
TRUST = Trust([Grant("VN", SIGNING.public, frozenset({"container"}), NOW - timedelta(days=1), NOW + timedelta(days=1))])


def chunks(path: Path) -> Iterator[bytes]:
    """The file in pieces of 1 MiB."""
    with path.open("rb") as file:
        while piece := file.read(MIB):
            yield piece


def serial_limit(source: Path, folder: Path) -> None:
    """Read, hash, encrypt, write: what one core can do with nothing else to do."""
    digest, cipher = hashlib.sha256(), AESGCM(os.urandom(32))
    with (folder / "limit").open("wb") as file:
        for number, piece in enumerate(chunks(source)):
            digest.update(piece)
            file.write(cipher.encrypt(number.to_bytes(12, "big"), piece, None))


def write_bag(source: Path, folder: Path) -> None:
    """Hash the exhibit, list it, encrypt it, seal it under both signatures and CAdES."""
    digest, size = hashlib.sha256(), 0
    for piece in chunks(source):
        digest.update(piece)
        size += len(piece)
    exhibit = Exhibit(b"disk.img", size, digest.hexdigest())
    manifest = bag.manifest_bytes(Manifest("IR-2026-0001", "bench", (exhibit,), (), (), exercise=True))
    bag.write(
        folder / "bag.asice", sender=bag.Sender("VN", (), SIGNING, CADES), case="IR-2026-0001", to="IR",
        key=OPENING.public, exercise=True, use="evidence", executed={"statement": "", "proof": {}}, manifest=manifest,
        exhibits=chunks(source), at=NOW,
    )  # fmt: skip


def open_bag(_source: Path, folder: Path) -> None:
    """Verify every byte of the bag, decrypt it, hash every exhibit against the manifest."""
    with bag.Bag(folder / "bag.asice") as found:
        found.check_seal(TRUST)
        found.container.check_cades(CADES.certificate_der)
        secret = found.content_key([OPENING])
        manifest, _ = found.manifest(secret)
        for _, pieces in found.exhibits(secret, manifest):
            for _ in pieces:
                pass


def openssl_cms(source: Path, folder: Path) -> None:
    """``openssl cms`` signs and encrypts: two processes, one pipe."""
    sign = f"openssl cms -sign -binary -nodetach -in {source} -signer {folder}/c.pem -inkey {folder}/k.pem -outform DER"
    encrypt = f"openssl cms -encrypt -binary -aes-256-gcm -outform DER -out {folder}/cms.der {folder}/c.pem"
    subprocess.run(["sh", "-c", f"{sign} | {encrypt}"], check=True, capture_output=True)


def openssl_key(folder: Path) -> None:
    """A P-256 key and certificate for openssl."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", "/CN=bench", "-keyout", f"{folder}/k.pem", "-out", f"{folder}/c.pem"],
        check=True, capture_output=True,
    )  # fmt: skip


Work = Callable[[Path, Path], None]


def measured(work: Work, source: Path, folder: Path) -> tuple[float, int]:
    """(seconds, peak MiB) of `work` in a process of its own."""
    receive, send = multiprocessing.Pipe(duplex=False)

    def child() -> None:
        began = time.perf_counter()
        work(source, folder)
        who = resource.RUSAGE_CHILDREN if work is openssl_cms else resource.RUSAGE_SELF
        send.send((time.perf_counter() - began, resource.getrusage(who).ru_maxrss >> 10))

    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(f"{work.__name__} failed")
    found: tuple[float, int] = receive.recv()
    return found


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=512, help="MiB of evidence")
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    works: list[Work] = [serial_limit, write_bag, open_bag] + ([openssl_cms] if shutil.which("openssl") else [])
    with tempfile.TemporaryDirectory(prefix="comity-bench-") as name:
        folder = Path(name)
        source = folder / "evidence"
        with source.open("wb") as file:
            for _ in range(asked.size):
                file.write(os.urandom(MIB))
        openssl_key(folder)
        rounds: dict[Work, list[tuple[float, int]]] = {work: [] for work in works}
        for number in range(asked.rounds):
            for work in works:
                rounds[work].append(measured(work, source, folder))
            print(f"round {number + 1} of {asked.rounds} done", flush=True)
    limit = statistics.median(seconds for seconds, _ in rounds[serial_limit])
    print(f"\n{asked.size} MiB, {asked.rounds} rounds, {os.cpu_count()} cores")
    print(f"{'':14} {'MB/s':>7} {'of the serial limit':>20} {'peak MiB':>9}")
    for work in works:
        seconds = statistics.median(taken for taken, _ in rounds[work])
        peak = max(memory for _, memory in rounds[work])
        print(f"{work.__name__:14} {asked.size * MIB / seconds / 1e6:7.0f} {limit / seconds:20.2f} {peak:9}")


if __name__ == "__main__":
    main()
