"""Compiles gettext catalogues: ``compile_translations.py FILE.po …`` writes FILE.mo beside each.

Babel does it, so that no gettext tools have to be on the machine. Fuzzy entries are left out, as msgfmt does:
an officer is better served by the English text than by a guessed translation.
"""

import sys
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po


def compile_catalogue(po: Path) -> None:
    """Write ``po``'s .mo file; a half-written one is never seen, because the last step is a rename.

    Raises:
        SystemExit: A translation's placeholders differ from those of its message.
    """
    with po.open("rb") as source:
        catalogue = read_po(source, locale=po.parent.parent.name, abort_invalid=True)
    faults = [f"{po}:{entry.lineno}: {fault}" for entry, errors in catalogue.check() for fault in errors]
    if faults:
        sys.exit("\n".join(faults))
    draft = po.with_suffix(".mo.new")
    with draft.open("wb") as target:
        write_mo(target, catalogue)
    draft.replace(po.with_suffix(".mo"))


if __name__ == "__main__":
    for name in sys.argv[1:]:
        compile_catalogue(Path(name))
