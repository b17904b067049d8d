"""Clients of the peers' door from outside: the operator's commands that make them, and how they show who they are."""

import base64
import json
import subprocess
import sys
import time

import httpx2
import pytest

from comity.sharing.taxii import MEDIA_TYPE

_SEVERAL = """
import json, sys
from comity.errors import ComityError
from comity.node import run
for arguments in json.loads(sys.argv[1]):
    try:
        run.app(arguments, prog_name="comity node", standalone_mode=False)
    except ComityError as error:
        print(error)
"""


def commands(*several: list[str]) -> str:
    """Run some of the operator's commands, in one process for the time that this saves; what they print."""
    run = [sys.executable, "-c", _SEVERAL, json.dumps(several)]
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr
    return done.stdout


def wait(line: httpx2.Client) -> None:
    """Until the door answers."""
    for _ in range(200):
        try:
            line.get("/entry")
        except httpx2.TransportError:
            time.sleep(0.1)
            continue
        return
    pytest.fail("the door does not open")


def basic(name: str, secret: str) -> dict[str, str]:
    """The headers of a client."""
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode(), "Accept": MEDIA_TYPE}
