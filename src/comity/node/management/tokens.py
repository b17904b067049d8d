"""What the operator does with keys in hardware: make them, and write the key files that say where they lie."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from comity.errors import Invalid
from comity.node.management import Home, start
from comity.seal.container import CadesKey
from comity.seal.hsm import Curve, Place, TokenKey
from comity.seal.keys import NoteKey, SigningKey, write_key, write_secret

app = typer.Typer(add_completion=False)
_PURPOSES = ("sign", "log", "witness", "hop", "container")


@app.command("to-hsm")
def to_hsm(
    home: Home,
    purpose: Annotated[str, typer.Argument(help=", ".join(_PURPOSES))],
    file: Annotated[Path, typer.Argument(help="The key file to write, for `comity node rotate … --key FILE`.")],
    module: Annotated[Path, typer.Option(help="The PKCS #11 library that the token's maker supplies.")],
    token: Annotated[str, typer.Option(help="Label of the token.")],
    label: Annotated[str, typer.Option(help="Label for the new key in it.")],
    pin_file: Annotated[Path, typer.Option(help="File of mode 0600 with the PIN; the node reads it at each start.")],
) -> None:
    """Make a key in a hardware token that never leaves it. The node goes on with its old one until `rotate`."""
    settings = start(home)
    if purpose not in _PURPOSES:
        message = f"'{purpose}' cannot lie in a token. There are: {', '.join(_PURPOSES)}."
        raise Invalid(message, code="hsm.purpose", where="purpose")
    if file.exists() or file.with_suffix(".crt").exists():
        raise Invalid(f"{file} is there already. Name a new file.", code="hsm.file", where=str(file))
    place = Place(str(module.absolute()), token, label, str(pin_file.absolute()))
    key = TokenKey.generate(Curve.P256 if purpose == "container" else Curve.ED25519, place)
    key.sign(b"comity: a token's first signature")
    if purpose == "container":
        _write_container(settings, file, key)
    elif purpose == "sign":
        write_key(file, SigningKey(key, SigningKey.generate().mldsa65))
    else:
        write_key(file, NoteKey(getattr(settings, purpose).name, key))
    typer.echo(f"{place}: made. Now run: comity node rotate {home} {purpose} --key {file}")


def _write_container(settings: Any, file: Path, key: TokenKey) -> None:
    from comity.node.desk.issuing import LIFETIME

    now = datetime.now(UTC).replace(microsecond=0)
    made = CadesKey.generate(
        f"Comity {settings.state}", not_before=now - timedelta(hours=1), not_after=now + LIFETIME, held=key
    )
    file.with_suffix(".crt").write_bytes(made.certificate_der)
    write_secret(file, made.stored())
