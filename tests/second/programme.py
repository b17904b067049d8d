"""The words of a programme of assistance: their order, which of them fit, and what stands. Programmes."""

from collections.abc import Iterator

from second import plain

SIDES = {
    "proposed": "gr", "agreed": "gr", "declined": "gr", "withdrawn": "gr", "delivered": "g", "confirmed": "r", "disputed": "r",
    "completed": "r", "ended": "gr", "evaluated": "gr",
}  # fmt: skip


def order(words: dict[str, dict]) -> Iterator[str]:
    """The names of the words in the order of both sides: `words` are payloads by name."""
    left = dict(words)
    while left:
        ready = [name for name, one in left.items() if not set(one["after"]) & set(left)]
        first = min(ready, key=lambda name: (left[name]["at"], left[name]["word"]["by"], name))
        del left[first]
        yield first


class Programme:
    """What stands after the words that fit."""

    def __init__(self, need: str, offer: str) -> None:
        self.receiving, self.giving = need[:2], offer[:2]
        self.stage, self.terms, self.open = "new", None, None
        self.said: dict[str, dict] = {}  # milestone -> the last word that fits and names it
        self.evaluated: set[str] = set()
        self.last, self.number = "", 0

    def take(self, word: dict) -> str:
        """The code that says why a word does not fit; empty: it fits, and is taken."""
        say, by = word["say"], word["by"]
        if by not in (self.giving, self.receiving):
            return "programme.side"
        if self.last and (plain.moment(self.last) - plain.moment(word["at"])).total_seconds() > 300:
            return "programme.time"
        if self.number >= 1_000:
            return "programme.too-long"
        if ("g" if by == self.giving else "r") not in SIDES[say]:
            return "programme.side"
        if code := self._stage(say) or self._answer(word) or self._milestone(word) or self._end(word):
            return code
        self._do(word)
        return ""

    def _stage(self, say: str) -> str:
        if say == "evaluated":
            fits = self.stage in ("completed", "ended")
        elif say == "proposed":
            fits = self.stage in ("new", "proposed", "running")
        elif say in ("agreed", "declined", "withdrawn"):
            fits = self.stage in ("proposed", "running")
        else:
            fits = self.stage == "running"
        return "" if fits else "programme.stage"

    def _answer(self, word: dict) -> str:
        say, terms = word["say"], word.get("terms")
        if say in ("agreed", "declined", "withdrawn") and (
            self.open is None or (self.open[0] == word["by"]) != (say == "withdrawn")
        ):
            return "programme.pending"
        if say == "agreed" and self.open and terms != self.open[1]:
            return "programme.terms"
        if terms and self.terms and self.stage == "running":
            done = [name for name, one in self.said.items() if one["say"] in ("delivered", "confirmed")]
            new = {one["name"]: one for one in terms["milestones"]}
            if any(new.get(one["name"]) != one for one in self.terms["milestones"] if one["name"] in done):
                return "programme.done"
        return ""

    def _milestone(self, word: dict) -> str:
        if "milestone" not in word:
            return ""
        parts = {one["name"]: one.get("units", 0) for one in self.terms["milestones"]}
        if word["milestone"] not in parts:
            return "programme.milestone"
        if word.get("units", 0) > parts[word["milestone"]]:
            return "programme.units"
        before = self.said.get(word["milestone"], {"say": ""})
        if word["say"] == "delivered":
            return "programme.done" if before["say"] == "confirmed" else ""
        if before["say"] != "delivered":
            return "programme.delivery"
        return "programme.units" if word.get("units", before["units"]) != before["units"] else ""

    def _end(self, word: dict) -> str:
        if word["say"] == "completed":
            names = [one["name"] for one in self.terms["milestones"]]
            if any(self.said.get(name, {"say": ""})["say"] != "confirmed" for name in names):
                return "programme.delivery"
        if word["say"] == "evaluated" and word["by"] in self.evaluated:
            return "programme.evaluated"
        return ""

    def _do(self, word: dict) -> None:
        say = word["say"]
        self.last, self.number = word["at"], self.number + 1
        if say == "proposed":
            self.open = (word["by"], word["terms"])
            self.stage = "proposed" if self.stage == "new" else self.stage
        elif say in ("agreed", "declined", "withdrawn"):
            self.open = None
            if say == "agreed":
                self.terms, self.stage = word["terms"], "running"
            elif self.stage == "proposed":
                self.stage = say
        elif say in ("completed", "ended"):
            self.stage = say
        elif say == "evaluated":
            self.evaluated.add(word["by"])
        else:
            self.said[word["milestone"]] = word


def history(need: str, offer: str, words: dict[str, dict]) -> tuple[list[str], dict[str, str], str, str]:
    """(order, name -> code of what does not fit, stage, last day of the terms agreed to)."""
    found, unfit, names = Programme(need, offer), {}, list(order(words))
    for name in names:
        if code := found.take(words[name]["word"]):
            unfit[name] = code
    return names, unfit, found.stage, found.terms["ends"] if found.terms else ""
