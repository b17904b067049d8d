"""Matching warnings with cases: what a look costs while both sides grow, beside comparing everything with everything.

A node is made in a temporary folder, with cases that its desk drafted and warnings in a collection (addresses, blocks,
domain names, links, hashes). Then the index is built, as the courier does it; after that single warnings and single cases
come in, and each is looked at. The naive way reads every warning for one new case. Every planted hit must be found.
Times are those of one core's work (CPU). Quote the ratios, and how figures change with the size: machines differ.

    python bench/hits.py [--objects N] [--cases N] [--singles N]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from ipaddress import IPv4Address
from pathlib import Path

AT = datetime.now(UTC).replace(microsecond=0)
PLANTED = 20  # every so many a case names what a warning names
TOGETHER = 5_000  # rows that are filled in at once


def pattern(dice: random.Random) -> tuple[str, str]:
    """(a pattern, something that it is met by)."""
    which, number = dice.random(), dice.getrandbits(32)
    address = str(IPv4Address(number))
    if which < 0.6:
        return f"ipv4-addr:value = '{address}'", address
    if which < 0.7:
        return f"ipv4-addr:value = '{IPv4Address(number & ~255)}/24'", address
    if which < 0.8:
        return f"domain-name:value = 'h{number}.example'", f"http://h{number}.example/a"
    if which < 0.9:
        return f"url:value = 'http://u{number}.example/b'", f"http://u{number}.example/b"
    return f"file:hashes.'SHA-256' = '{number:064x}'", f"{number:064x}"


def warning(dice: random.Random, number: int) -> tuple[str, bytes, str]:
    """(id, bytes, something that it is met by) of an indicator."""
    looks, met = pattern(dice)
    named = f"indicator--{uuid.UUID(int=number, version=4)}"
    body = {
        "type": "indicator", "spec_version": "2.1", "id": named, "created": "2026-11-01T00:00:00.000Z",
        "modified": "2026-11-01T00:00:00.000Z", "name": f"Indicator {number}", "pattern": f"[{looks}]",
        "pattern_type": "stix", "valid_from": "2026-11-01T00:00:00Z",
    }  # fmt: skip
    return named, json.dumps(body).encode(), met


class Bench:
    """A node in `home`, and what is filled into it."""

    def __init__(self, home: Path) -> None:
        from comity.node import models  # noqa: PLC0415 -- Django is set up by now
        from comity.node.desk.shelf import opened  # noqa: PLC0415
        from comity.node.settings import current  # noqa: PLC0415

        self.settings, self.models, self.dice = current(), models, random.Random(6)
        self.met: list[str] = []
        self.cases = 0
        self.file = home / "db.sqlite3"
        self.shelf = opened(str(uuid.uuid4()), title="W", made_at=AT, made_by="bench")
        self.officer = models.Officer.objects.create(
            username="bench", password="!", full_name="B", office="O", powers=["draft"]
        )

    def warnings(self, many: int) -> None:
        """Fill in so many warnings of another State."""
        for start in range(0, many, TOGETHER):
            self.models.StixObject.objects.bulk_create(self._rows(min(TOGETHER, many - start)))

    def _rows(self, many: int) -> Iterator[object]:
        for _ in range(many):
            number = len(self.met)
            named, raw, met = warning(self.dice, number)
            self.met.append(met)
            yield self.models.StixObject(
                collection=self.shelf, object_id=named, type="indicator", version="2026-11-01T00:00:00.000000Z",
                digest=f"{number:064x}", raw=raw, added=f"{number:027}", by="bench", source="VN", first=True, last=True,
            )  # fmt: skip

    def draft(self, many: int) -> int:
        """Draft so many cases of three accounts; how many of them name what a warning names."""
        from comity.casework.measure import Measure  # noqa: PLC0415
        from comity.casework.request import Account, Request  # noqa: PLC0415
        from comity.node.desk import requesting  # noqa: PLC0415

        planted = 0
        for _ in range(many):
            self.cases += 1
            values = [
                str(IPv4Address(self.dice.getrandbits(32))),
                f"c{self.cases}@mail.example",
                f"c{self.cases}.example",
            ]
            if self.met and self.cases % PLANTED == 0:
                planted += 1
                values.append(self.dice.choice(self.met))
            accounts = tuple(Account("other", value) for value in values)
            request = Request(f"IR-2026-{self.cases:05}", "IR", "VN", Measure.PRESERVATION, accounts=accounts)
            requesting.draft(self.settings, request, new=True, officer=self.officer, at=AT)
        return planted

    def look(self) -> None:
        """Look at everything that is new, in slices as the courier's."""
        from comity.node.desk import sighting  # noqa: PLC0415

        while sighting.look(self.settings, at=AT):
            pass

    def naive(self) -> None:
        """Read every warning, and compare what it looks for with one address."""
        from ipaddress import ip_address, ip_network  # noqa: PLC0415

        from comity.sharing import patterns  # noqa: PLC0415

        ours = ip_address("192.0.2.1")
        for raw in self.models.StixObject.objects.values_list("raw", flat=True).iterator():
            for kind, value in patterns.observed(json.loads(bytes(raw))).observables:
                _ = ours in ip_network(value) if kind == "ipv4-addr" else value == "a.example"


def took(work: Callable[[], object]) -> float:
    """Seconds of this process's processor that `work` took: others on the machine do not count."""
    start = time.process_time()
    work()
    return time.process_time() - start


def singles(bench: Bench, fill: Callable[[int], object], many: int) -> str:
    """What a look costs when one more has come: median and worst of a hundred, in words."""
    times = []
    for _ in range(many):
        fill(1)
        times.append(took(bench.look) * 1000)
    times.sort()
    return f"median {times[many // 2]:.1f} ms, p99 {times[min(many - 1, many * 99 // 100)]:.1f} ms"


def main(objects: int, cases: int, many: int, folder: Path) -> None:
    """Fill, look, print."""
    home = folder / "IR"
    command = [sys.executable, "-m", "comity.node.run", "init", str(home), "--state", "IR"]
    command += ["--officers", "https://127.0.0.1:9441", "--peers", "https://127.0.0.1:9442"]
    subprocess.run(command, check=True, capture_output=True)
    os.environ |= {"COMITY_HOME": str(home), "DJANGO_SETTINGS_MODULE": "comity.node.django_settings"}
    import django  # noqa: PLC0415 -- it reads the environment

    django.setup()
    bench = Bench(home)
    bench.warnings(objects)
    planted = bench.draft(cases)
    before = bench.file.stat().st_size
    half = bench.models.Case.objects.filter(reference__lte=f"IR-2026-{cases // 2:05}")
    bench.models.Case.objects.exclude(pk__in=half).update(fresh=False)
    first = took(bench.look)  # half of the cases, then all warnings
    bench.models.Case.objects.exclude(pk__in=half).update(fresh=True)
    second = took(bench.look)
    hits = bench.models.Hit.objects.count()
    assert hits >= planted, f"{planted - hits} of {planted} planted hits were not found"
    print(f"{objects:,} warnings, {cases:,} cases: {hits:,} hits ({planted:,} planted)")
    print(f"all warnings against half of the cases: {first:.1f} s, {objects / first:,.0f} warnings/s")
    print(
        f"the other half of the cases against all warnings: {second:.1f} s, {(cases - cases // 2) / second:,.0f} cases/s"
    )
    print(f"index: {(bench.file.stat().st_size - before) / max(objects, 1):,.0f} bytes per warning")
    print("one more warning:", singles(bench, bench.warnings, many))
    case = singles(bench, bench.draft, many)
    naive = took(bench.naive)
    print("one more case:   ", case, f"; reading every warning instead takes {naive * 1000:,.0f} ms")
    print(f"peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MiB")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--objects", type=int, default=10_000, help="warnings")
    parser.add_argument("--cases", type=int, default=400)
    parser.add_argument("--singles", type=int, default=100, help="looks at one more")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="comity-hits-") as made:
        main(given.objects, given.cases, given.singles, Path(made))
