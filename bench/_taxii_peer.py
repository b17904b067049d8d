"""A TAXII server of others with objects in it; runs in an environment of its own, where that server is installed.

    _taxii_peer.py medallion|opentaxii|bare FOLDER SIZE PORT    fill it past its door, print its collection's path, serve

medallion and OpenTAXII as their manuals say, behind gunicorn. medallion keeps its objects in memory: one worker. OpenTAXII on
SQLite: two. The latter hands UUIDs to `json.dumps`, which is mended here, or it would answer 500.

`bare` is no server that anybody would run, but what Python and SQLite leave to one: it signs nobody in, checks nothing, keeps
each version of an object once, on disk before it answers, and gives pages by place. Two workers.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import types
import uuid
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from _stix_mix import objects

_COLLECTION = "11111111-1111-4111-8111-111111111111"
_TYPE = "application/taxii+json;version=2.1"
_STIX = "application/stix+json;version=2.1"
_FILLED = 10_000  # rows of one transaction


def medallion(folder: Path, size: int, port: int) -> str:
    """Its file of data and of settings."""
    held = list(objects(size))
    manifest = [
        {"id": one["id"], "date_added": one["created"], "version": one["modified"], "media_type": _STIX} for one in held
    ]
    collection = {"id": _COLLECTION, "title": "c", "can_read": True, "can_write": True, "media_types": [_STIX],
                  "objects": held, "manifest": manifest}  # fmt: skip
    root = f"http://127.0.0.1:{port}/api/"
    information = {"title": "a", "versions": [_TYPE], "max_content_length": 200_000_000}
    data = {"/discovery": {"title": "t", "default": root, "api_roots": [root]},
            "api": {"information": information, "status": [], "collections": [collection]}}  # fmt: skip
    (folder / "data.json").write_text(json.dumps(data))
    backend = {"module": "medallion.backends.memory_backend", "module_class": "MemoryBackend",
               "filename": str(folder / "data.json")}  # fmt: skip
    settings = {"backend": backend, "users": {"u": "p"}, "taxii": {"max_page_size": 1000}}
    (folder / "medallion.json").write_text(json.dumps(settings))
    return f"/api/collections/{_COLLECTION}"


_OPENTAXII = """
domain: "127.0.0.1:{port}"
auth_api:
  class: opentaxii.auth.sqldb.SQLDatabaseAPI
  parameters: {{db_connection: "sqlite:///{folder}/auth.db", create_tables: yes, secret: s}}
taxii1:
taxii2:
  title: t
  public_discovery: true
  max_content_length: 200000000
  persistence_api:
    class: opentaxii.persistence.sqldb.Taxii2SQLDatabaseAPI
    parameters: {{db_connection: "sqlite:///{folder}/taxii.db", create_tables: yes}}
logging: {{opentaxii: error, root: error}}
"""


def opentaxii(folder: Path, size: int, port: int) -> str:
    """Its settings and its database."""
    (folder / "opentaxii.yml").write_text(_OPENTAXII.format(folder=folder, port=port))
    os.environ["OPENTAXII_CONFIG"] = str(folder / "opentaxii.yml")
    from opentaxii.cli import app
    from opentaxii.persistence.sqldb import taxii2models

    with app.app_context():
        api = app.taxii_server.servers.taxii2.persistence.api
        root = api.add_api_root(title="a", default=True, is_public=True)
        made = api.add_collection(api_root_id=root.id, title="c", alias="c", is_public=True, is_public_write=True)
        for first in range(0, size, _FILLED):
            rows = [_row(one, made.id) for one in objects(min(_FILLED, size - first), first=first)]
            api.db.session.bulk_insert_mappings(taxii2models.STIXObject, rows)
            api.db.session.commit()
        return f"/taxii2/{root.id}/collections/{made.id}"


def _row(one: dict, collection: uuid.UUID) -> dict:
    at = datetime.strptime(one["created"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    rest = {name: value for name, value in one.items() if name not in ("id", "type", "spec_version")}
    return {"pk": uuid.uuid4(), "id": one["id"], "collection_id": collection, "type": one["type"], "spec_version": "2.1",
            "date_added": at, "version": at, "serialized_data": rest}  # fmt: skip


def _base(folder: Path) -> sqlite3.Connection:
    base = sqlite3.connect(folder / "bare.db", isolation_level=None, timeout=60)
    base.executescript("""PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE IF NOT EXISTS held
        (place INTEGER PRIMARY KEY, id TEXT, version TEXT, said TEXT, UNIQUE (id, version));""")
    return base


def _keep(base: sqlite3.Connection, found: Iterable[dict]) -> None:
    rows = [(one["id"], one["modified"], json.dumps(one)) for one in found]
    base.execute("BEGIN IMMEDIATE")
    base.executemany("INSERT OR IGNORE INTO held (id, version, said) VALUES (?, ?, ?)", rows)
    base.execute("COMMIT")


def bare(folder: Path, size: int, port: int) -> str:  # noqa: ARG001  as the others
    """Its database."""
    base = _base(folder)
    for first in range(0, size, _FILLED):
        _keep(base, objects(min(_FILLED, size - first), first=first))
    base.close()
    return "/bare"


def _bare(folder: Path) -> Callable[[dict, Callable], list[bytes]]:
    base = _base(folder)
    page = "SELECT place, said FROM held WHERE place > ? ORDER BY place LIMIT ?"

    def answer(request: dict, start: Callable) -> list[bytes]:
        if request["REQUEST_METHOD"] == "POST":
            _keep(base, json.loads(request["wsgi.input"].read(int(request["CONTENT_LENGTH"])))["objects"])
            status, said = "202 Accepted", b"{}"
        else:
            query = dict(one.split("=") for one in request["QUERY_STRING"].split("&"))
            limit = int(query["limit"])
            rows = base.execute(page, (int(query.get("next", 0)), limit)).fetchall()
            more = f'"next":"{rows[-1][0]}",' if len(rows) == limit else ""
            status, said = "200 OK", f'{{{more}"objects":[{",".join(text for _, text in rows)}]}}'.encode()
        start(status, [("Content-Type", _TYPE), ("Content-Length", str(len(said)))])
        return [said]

    return answer


def application() -> object:
    """What gunicorn serves."""
    folder = Path(os.environ["TAXII_FOLDER"])
    if os.environ["TAXII_PEER"] == "bare":
        return _bare(folder)
    if os.environ["TAXII_PEER"] == "medallion":
        from medallion import load_app

        return load_app(str(folder / "medallion.json"))
    import opentaxii.taxii2.http as spoken

    spoken.json = types.SimpleNamespace(dumps=lambda said: json.dumps(said, default=str))
    from opentaxii.http import app

    return app


if __name__ == "__main__":
    which, place, number, door = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    path = {"medallion": medallion, "opentaxii": opentaxii, "bare": bare}[which](place, number, door)
    print(path, flush=True)
    given = os.environ | {"TAXII_FOLDER": str(place), "TAXII_PEER": which, "PYTHONWARNINGS": "ignore",
                          "PYTHONPATH": str(Path(__file__).parent),
                          "OPENTAXII_CONFIG": str(place / "opentaxii.yml")}  # fmt: skip
    workers = "1" if which == "medallion" else "2"
    os.execve(
        sys.executable,
        [sys.executable, "-m", "gunicorn", "-w", workers, "-b", f"127.0.0.1:{door}", "-t", "300", "--log-level",
         "critical", "_taxii_peer:application()"], given)  # fmt: skip
