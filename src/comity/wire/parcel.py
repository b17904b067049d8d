"""A parcel: what would cross the line between two nodes, in one file that a courier carries.

::

    parcel.json                who sends it, to whom, when, and which greeting it makes or answers
    answers/000001.bin …       answers to what an earlier parcel brought (`wire.exchange.Answer`)
    offers/000001.bin …        envelopes, questions and the greeting (`wire.exchange.Offer`)
    evidence/<digest>.asice …  sealed bags, byte for byte as they lie on the sender's shelf

It is an ASiC-E container (`seal.container`): its form leaves no byte open, and the sender's statement covers all of it. What
is inside is sealed and signed by itself; the statement says which State's node the parcel is from, as the signature of a
request does on the line. A file of any size is read and written at constant memory.

A parcel has one form, as an exchange does (`wire.exchange`): in the first one, ``parcel/1``, answers and offers are JSON, and
end in ``.json``.

A parcel may be lost, copied, come twice or years late. A greeting is therefore named by a word of chance, which its answer
repeats: who was restored meanwhile has forgotten it, and takes no old answer for a new one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Self, TypeVar

from comity.casework.moments import moment_text, strict_moment
from comity.errors import BrokenContainer, BrokenSeal, Invalid
from comity.seal import canon, container, envelope
from comity.seal.container import SEAL_NAME, CadesKey, Progress, open_container
from comity.seal.keys import SigningKey
from comity.seal.trust import Trust
from comity.wire.exchange import (
    BATCH,
    BODY_LIMIT,
    FORMS,
    SKEW,
    WRITTEN,
    Answer,
    Have,
    Item,
    Offer,
    Own,
    form_of,
    read_answer,
    read_offer,
)

_SAID: Final = {f"parcel/{form}": form for form in FORMS}
_HEAD: Final = "parcel.json"
_HEAD_LIMIT: Final = 4096
_TOGETHER: Final = 4 << 20  # bytes of envelopes in one file: in base64 and with all else within exchange.BODY_LIMIT
_WORD = re.compile(r"(?:[0-9a-f]{32})?")
_BAG = re.compile(r"evidence/([0-9a-f]{64})\.asice")
_STATE = re.compile(r"[A-Z]{2}")

Carried = TypeVar("Carried", Item, Own)


@dataclass(frozen=True, slots=True)
class Head:
    """What a parcel says of itself.

    Args:
        sender: ISO code of the State whose node made it.
        to: ISO code of the State it is for.
        made_at: when, by the sender's clock.
        greets: names the greeting that it brings, 32 hexadecimal digits; empty if it brings none.
        greeted: the name of the greeting that its answers answer; empty if they answer none.
        form: of its answers and offers.
    """

    sender: str
    to: str
    made_at: datetime
    greets: str = ""
    greeted: str = ""
    form: int = FORMS[-1]


def _numbered(folder: str, count: int, form: int) -> list[str]:
    return [f"{folder}/{number:06}.{WRITTEN[form].ending}" for number in range(1, count + 1)]


def write(
    path: Path, head: Head, *, answers: Sequence[Path], offers: Sequence[Path], bags: Mapping[str, Path],
    signing: SigningKey, cades: CadesKey, progress: Progress | None = None,
) -> None:  # fmt: skip
    """Write a parcel to `path`, whole or not at all.

    Args:
        path: of the file.
        head: what it says of itself.
        answers: files, each an `Answer` as `exchange.dumps` writes it in the form of `head`.
        offers: files, each an `Offer`.
        bags: digest (SHA-256, hex) -> the sealed bag.
        signing: the sender's signing key.
        cades: its classical key.
        progress: told of the bytes written.

    Raises:
        BrokenContainer: ``container.too-many``: more parts than one file holds.
        BrokenSeal: ``parcel.bag``: a bag is not what its digest says; nothing is left behind.
        OSError: the disk is full, the folder is not there.
    """
    said = {"comity": f"parcel/{head.form}", "from": head.sender, "to": head.to, "at": moment_text(head.made_at),
            "greets": head.greets, "greeted": head.greeted}  # fmt: skip
    files: list[tuple[str, container.Source]] = [(_HEAD, canon.dumps(said))]
    files += zip(_numbered("answers", len(answers), head.form), answers, strict=True)
    files += zip(_numbered("offers", len(offers), head.form), offers, strict=True)
    files += [(f"evidence/{digest}.asice", bag) for digest, bag in bags.items()]
    made = container.write(
        path, files, cades=cades, at=head.made_at, progress=progress,
        seal=lambda listing: envelope.sign("container", listing, sender=head.sender, to=head.to, key=signing),
    )  # fmt: skip
    try:
        _match_bags(made)
    except BrokenSeal:
        path.unlink()
        raise


def _match_bags(parts: Iterable[container.Part]) -> None:
    """Return when each bag has the digest that names it. Raises BrokenSeal."""
    for part in parts:
        named = _BAG.fullmatch(part.name)
        if named and named[1] != part.sha256:
            message = "A sealed bag is not what its name says: it changed where it lay. Take it from a backup."
            raise BrokenSeal(message, code="parcel.bag", where=part.name)


class Parcel:
    """A parcel being read, made for `home`. Use it as a context manager.

    Whoever takes one in does these steps in this order:

    1. `Parcel(path, home=…)`: the file is the one form, names and head are a parcel's, and it is for this State.
    2. `check`: the State that it names has signed every byte, and every part of it can be read.
    3. `answers`, then `offers`: what they say is for the conversation; then `bags`.

    Args:
        path: a regular file.
        home: the State whose node reads it.

    Raises:
        BrokenContainer: it is no container of ours, or not a whole one.
        Invalid: ``parcel.form``: it is a container of something else; ``parcel.addressee``: it is for another State.
        OSError: the file is not there, or may not be read.
    """

    def __init__(self, path: Path, *, home: str) -> None:
        self._path, self._home = path, home
        try:
            self._container = open_container(path)
        except BrokenContainer as error:
            message = f"{path} is no parcel, or not a whole one. {error.message}"
            raise BrokenContainer(message, code=error.code, where=error.where) from error
        try:
            self.head = self._read_head()
            self.bags = self._names()
        except BaseException:
            self._container.close()
            raise

    def __enter__(self) -> Self:
        """The parcel itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self._container.close()

    def _form(self, where: str) -> Invalid:
        message = f"{self._path} is no parcel. Ask who sent it for the file that `comity parcel out` wrote."
        return Invalid(message, code="parcel.form", where=where)

    def _names(self) -> dict[str, int]:
        """Digest -> size of each bag, when the names are those of a parcel, in their order. Raises Invalid."""
        names = self._container.files()
        counted = {folder: sum(name.startswith(f"{folder}/") for name in names) for folder in ("answers", "offers")}
        self._answers, self._offers = (_numbered(folder, count, self.head.form) for folder, count in counted.items())
        plain = [_HEAD, *self._answers, *self._offers]
        bags = [_BAG.fullmatch(name) for name in names[len(plain) :]]
        if list(names[: len(plain)]) != plain or not all(bags) or len(names) == 1:
            raise self._form(names[0])
        sizes = {entry.name: entry.size for entry in self._container.entries}
        return {bag[1]: sizes[bag[0]] for bag in bags if bag}

    def _read_head(self) -> Head:
        try:
            raw = canon.loads(self._container.read(_HEAD, limit=_HEAD_LIMIT), limit=_HEAD_LIMIT)
            found = canon.fields(raw, "comity", "from", "to", "at", "greets", "greeted")
            if not all(isinstance(value, str) for value in found.values()):
                raise ValueError(found)
            states, words = (found["from"], found["to"]), (found["greets"], found["greeted"])
            if not all(map(_STATE.fullmatch, states)) or not all(map(_WORD.fullmatch, words)):
                raise ValueError(states)
            head = Head(*states, strict_moment(found["at"]), *words, form=_SAID[found["comity"]])
        except (BrokenSeal, BrokenContainer, ValueError, KeyError) as error:
            raise self._form(_HEAD) from error
        if head.to != self._home:
            message = f"This parcel is from {head.sender} for {head.to}, and this node is that of {self._home}. Carry it there."
            raise Invalid(message, code="parcel.addressee", where=str(self._path))
        return head

    def check(self, trust: Trust, *, at: datetime, progress: Progress | None = None) -> None:
        """Return when the whole parcel can be gone by; nothing in it was used before.

        Args:
            trust: the keys of the State that the head names.
            at: now: the key must be valid at this moment.
            progress: told of the bytes read.

        Raises:
            BrokenSeal: the State did not sign these bytes for this one, or a bag is not what its name says.
            BrokenContainer: a part is broken.
            Invalid: ``parcel.form``: it holds something that no parcel holds; ``parcel.time``: it is of a time to come, so that
                receipts given for it now would be older than what it carries.
        """
        listing = self._container.listing(progress)
        raw = self._container.read(SEAL_NAME, limit=envelope.MESSAGE_LIMIT)
        try:
            signed = envelope.verify(raw, trust, kind="container", at=at)
        except BrokenSeal as error:
            message = (
                f"That {self.head.sender} signed this parcel cannot be shown: {error.message} "
                f"Ask {self.head.sender} for a new parcel; if its keys are new, take its new entry first."
            )
            raise BrokenSeal(message, code=error.code, where=str(self._path)) from error
        if (signed.payload, signed.sender, signed.to) != (listing, self.head.sender, self.head.to):
            message = f"This is not what {self.head.sender} signed: it was changed on its way. Ask for another copy."
            raise BrokenSeal(message, code="parcel.changed", where=str(self._path))
        if self.head.made_at.timestamp() > at.timestamp() + SKEW:
            message = (
                f"{self.head.sender} made this parcel at a time to come. Set this clock right, or let it set its own."
            )
            raise Invalid(message, code="parcel.time", where=str(self._path))
        _match_bags(self._container.parts())
        self._check_said()

    def _check_said(self) -> None:
        """Every answer and offer can be read, and only greetings greet."""
        try:
            for answer in self.answers():
                if not self.head.greeted and (answer.items or answer.back):
                    raise self._form("answers")
            greetings = [offer.have is not None for offer in self.offers()]
        except BrokenSeal as error:
            raise self._form(error.message) from error
        if any(greetings) != bool(self.head.greets) or (any(greetings) and len(greetings) > 1):
            raise self._form("offers")

    def answers(self) -> Iterator[Answer]:
        """Its answers, in order, each read when it is asked for."""
        return (read_answer(self._said(name)) for name in self._answers)

    def offers(self) -> Iterator[Offer]:
        """Its offers, in order, each read when it is asked for."""
        return (read_offer(self._said(name)) for name in self._offers)

    def _said(self, name: str) -> bytes:
        data = self._container.read(name, limit=BODY_LIMIT)
        if form_of(data) != self.head.form:
            raise self._form(name)
        return data

    def bag(self, digest: str) -> Iterator[bytes]:
        """A sealed bag in chunks. **Read to the end before using anything**: what has changed fails there."""
        return self._container.stream(f"evidence/{digest}.asice")


# ------------------------------------------------------------------------------------ offers and answers of any number


def batches(found: Iterable[Carried]) -> Iterator[tuple[Carried, ...]]:
    """`found` in its order, as many together as one offer or answer holds."""
    batch: list[Carried] = []
    for one in found:
        if batch and (len(batch) == BATCH or sum(other.size for other in batch) + one.size > _TOGETHER):
            yield tuple(batch)
            batch = []
        batch.append(one)
    if batch:
        yield tuple(batch)


def parts(answer: Answer) -> Iterator[Answer]:
    """What an answer to a greeting gives back, as answers that each stay within the limit; none if it gives nothing."""
    for back in batches(answer.back):
        yield Answer(back=back)
    for items in batches(answer.items):
        yield Answer(items=items)


def further(have: Have, answer: Answer) -> Have:
    """What a node that said `have` will remember when it has taken in `answer`.

    What is given back comes by number, so that nothing below the highest one is left to give but what stood among the gaps.
    """
    got, sent = {item.number for item in answer.items}, {own.item.number for own in answer.back}
    return Have(
        max(got | {have.got}), tuple(number for number in have.got_gaps if number not in got),
        max(sent | {have.sent}), tuple(number for number in have.sent_gaps if number not in sent),
    )  # fmt: skip
