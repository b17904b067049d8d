"""Provable recall: what each notice does, and that after weeks of trouble every copy is withdrawn or on the list."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from recalling import DictMemory, Node, World
from refusing import code

from comity.sharing import notices, recall
from comity.sharing.notices import Acknowledgement, Ask, Concern, Holding, Kind, Recall, Report, Shared, Standing
from comity.sharing.recall import Sharer, Use
from comity.sharing.tlp import Level

AT = datetime(2026, 11, 30, 9, 15, tzinfo=UTC)
NOW = int(AT.timestamp())
WHAT, OTHER = "a" * 64, "b" * 64


class Line:
    """Nodes with lines to all, over which everything arrives at once."""

    def __init__(self, *codes: str) -> None:
        self.nodes = {one: Node(one) for one in codes}
        self.at = AT
        self.wire: list[tuple[str, str, str]] = []

    def carry(self, sender: str, sends) -> None:
        """Deliver what is to be sent, and what follows from it."""
        todo = [(sender, send) for send in sends]
        while todo:
            here, send = todo.pop(0)
            self.wire.append((here, send.to, send.notice.said))
            raw = send.raw or notices.encode(send.notice)
            todo += [(send.to, one) for one in self.nodes[send.to].heard(here, raw, self.at)]

    def share(self, source: str, to: str, what: str = WHAT, hops: int = 3, level: Level = Level.GREEN) -> None:
        """The source hands a copy to a taker."""
        self.carry(source, self.nodes[source].sharer.share(what, to, hops=hops, level=level, at=self.at))

    def hand_on(self, code: str, to: str, what: str = WHAT) -> None:
        """A holder hands a copy on."""
        self.carry(code, self.nodes[code].sharer.hand_on(what, to, at=self.at))

    def recall(self, source: str, kind: Kind = Kind.WITHDRAW, what: str = WHAT, **more) -> None:
        """The source recalls."""
        self.carry(source, self.nodes[source].sharer.recall(what, kind, at=self.at, **more))

    def use(self, code: str, what: str = WHAT) -> Use:
        """What a node may do with its copy."""
        return self.nodes[code].sharer.use(what, at=self.at)

    def outstanding(self, source: str, number: int = 1) -> tuple[str, ...]:
        """The source's list."""
        return self.nodes[source].sharer.outstanding(number)


@pytest.fixture
def chain() -> Line:
    """IR -> VN -> QA -> AE; each has a copy."""
    line = Line("IR", "VN", "QA", "AE", "OM")
    line.share("IR", "VN")
    line.hand_on("VN", "QA")
    line.hand_on("QA", "AE")
    return line


def test_a_recall_reaches_every_copy_and_every_holder_says_so(chain):
    """Along the whole chain, far beyond what hops would allow a copy."""
    assert [chain.use(one) for one in ("VN", "QA", "AE")] == [Use.USABLE] * 3
    chain.recall("IR")
    assert [chain.use(one) for one in ("IR", "VN", "QA", "AE", "OM")] == [Use.WITHDRAWN] * 4 + [Use.NOT_HELD]
    acks = chain.nodes["IR"].memory.acks[1]
    assert {one: acks[one].passed_to for one in acks} == {"VN": ("QA",), "QA": ("AE",), "AE": ()}
    assert chain.outstanding("IR") == ()


def test_who_keeps_silent_is_on_the_list(chain):
    """A holder that a conforming one names is found, though he never said a word: when he gets it, and once more later."""
    chain.nodes["OM"].trait = "silent"
    chain.hand_on("QA", "OM")
    assert "OM" in chain.nodes["IR"].memory.holders(WHAT)
    chain.nodes["IR"].memory.held_by[WHAT].discard("OM")  # as if that had been lost
    chain.recall("IR")
    assert chain.outstanding("IR") == ("OM",)


def test_hops_limit_sharing():
    """So far and no further; and what is marked above green is not handed on at all."""
    line = Line("IR", "VN", "QA", "AE")
    line.share("IR", "VN", hops=1)
    line.hand_on("VN", "QA")
    assert code(line.hand_on, "QA", "AE") == "sharing.hops"
    line.share("IR", "VN", what=OTHER, hops=3, level=Level.AMBER)
    assert code(line.hand_on, "VN", "QA", OTHER) == "sharing.level"
    assert code(line.hand_on, "VN", "QA", "c" * 64) == "sharing.not-held"


def test_what_was_recalled_is_handed_to_nobody(chain):
    """Neither by its source nor by a holder; and a copy that comes late is withdrawn as it comes."""
    chain.recall("IR")
    assert code(chain.share, "IR", "OM") == "sharing.withdrawn"
    assert code(chain.hand_on, "VN", "OM") == "sharing.withdrawn"
    late = Shared(source="IR", what=WHAT, hops=3, level=0)
    chain.share("IR", "OM", what=OTHER)
    chain.carry("AE", [recall.Send("OM", late)])
    assert chain.use("OM") is Use.WITHDRAWN
    assert "OM" in chain.nodes["IR"].memory.acks[1]


def test_a_stricter_level_travels_the_same_way(chain):
    """Direct holders keep it under the new level; above green, what came by another State is withdrawn."""
    chain.recall("IR", Kind.TIGHTEN, level=Level.AMBER)
    assert [chain.use(one) for one in ("IR", "VN", "QA", "AE")] == [
        Use.USABLE,
        Use.USABLE,
        Use.WITHDRAWN,
        Use.WITHDRAWN,
    ]
    assert chain.nodes["VN"].memory.copy(WHAT).level == Level.AMBER
    assert {one: said.deed for one, said in chain.nodes["IR"].memory.acks[1].items()} == {
        "VN": "tightened", "QA": "withdrawn", "AE": "withdrawn"}  # fmt: skip
    assert code(chain.hand_on, "VN", "OM") == "sharing.level"
    assert code(chain.recall, "IR", Kind.TIGHTEN, level=Level.AMBER) == "recall.level"
    chain.share("IR", "QA")
    assert chain.use("QA") is Use.USABLE
    assert chain.nodes["QA"].memory.copy(WHAT).level == Level.AMBER
    chain.recall("IR")
    chain.share("IR", "OM", what=OTHER)
    assert chain.use("QA") is Use.WITHDRAWN


def test_questions_are_answered_in_measure():
    """So many recalls at once, to one asker once in ten minutes; who lacks more gets it by asking on."""
    line = Line("IR", "VN")
    line.share("IR", "VN")
    source = line.nodes["IR"].sharer
    for number in range(150):
        line.share("IR", "VN", what=f"{number:064x}")
        line.nodes["IR"].sharer.recall(f"{number:064x}", Kind.WITHDRAW, at=AT)  # and all of it is lost on the way

    def asked(after: int, at: int = NOW) -> list[str]:
        return [one.notice.said for one in source.heard("VN", notices.Ask(source="IR", after=after, at=at), b"", at=AT)]

    assert source.heard("OM", notices.Ask(source="IR", after=0, at=NOW), b"", at=AT) == []
    assert asked(0) == ["recall"] * 64 + ["standing"]
    assert [asked(after) for after in (0, 0, 63)] == [[], [], []]
    assert [asked(after, at) for after in (150, 2**53 - 1) for at in (NOW, 0)] == [["standing"]] * 4
    assert [asked(100, at) for at in range(0, NOW, 10_000_000)] == [["standing"]] * len(range(0, NOW, 10_000_000))
    line.nodes["IR"].memory.sent.clear()
    line.carry("IR", source.stand(AT))
    assert line.nodes["VN"].memory.complete("IR") == 150
    assert sum(said == "recall" for _, _, said in line.wire) == 150


def test_words_of_others_are_carried_for_those_who_were_given_the_object_here(chain):
    """Whoever was not can have nothing passed to the source under cover of this State."""
    said = notices.Report(source="IR", what=WHAT, by="AE", concern="sighting", about="", at=NOW)
    qatar = chain.nodes["QA"].sharer
    assert [one.to for one in qatar.heard("AE", said, notices.encode(said), at=AT)] == ["VN"]
    for one in (replace(said, by="OM"), replace(said, what=OTHER), replace(said, source="VN")):
        for sender in ("OM", "VN", "IR") if one.what == WHAT else ("AE", "OM"):
            assert qatar.heard(sender, one, notices.encode(one), at=AT) == []


def test_a_reason_is_short():
    """What a source says goes to everybody who ever had anything of it."""
    said = Recall(source="IR", number=1, what=WHAT, kind="withdraw", level=0, successor="", reason="ش" * 1_000, at=NOW)
    assert notices.decode(notices.encode(said)) == said
    long = notices.encode(replace(said, reason="ش" * 1_001))
    assert code(notices.decode, long) == "notice.value"


def test_a_correction_takes_the_old_away_and_names_the_new(chain):
    """The successor is named in the recall; it is shared like anything else."""
    chain.recall("IR", Kind.CORRECT, successor=OTHER, reason="The address was another's.")
    said = next(iter(chain.nodes["AE"].memory.recalls_of(WHAT)))
    assert (said.successor, said.reason) == (OTHER, "The address was another's.")
    assert chain.use("AE") is Use.WITHDRAWN
    chain.share("IR", "VN", what=OTHER)
    assert chain.use("VN", OTHER) is Use.USABLE


def test_a_copy_is_used_only_while_its_source_is_heard():
    """Beyond a holder's patience it is suspended, and in use again when the source has spoken."""
    line = Line("IR", "VN", "QA")
    line.share("IR", "VN")
    line.at += timedelta(days=5)
    assert line.use("VN") is Use.USABLE
    line.at += timedelta(seconds=1)
    assert line.use("VN") is Use.SUSPENDED
    assert code(line.hand_on, "VN", "QA") == "sharing.suspended"
    line.carry("IR", line.nodes["IR"].sharer.stand(line.at))
    assert line.use("VN") is Use.USABLE
    line.hand_on("VN", "QA")
    assert line.use("QA") is Use.USABLE


def test_who_hides_a_recall_stops_the_copy():
    """A neighbour lets standings pass and no recalls: the copy behind him is suspended, and he is not asked for ever."""
    line = Line("IR", "VN", "QA")
    line.nodes["VN"].trait = "hides recalls"
    line.share("IR", "VN")
    line.hand_on("VN", "QA")
    assert line.use("QA") is Use.USABLE
    line.recall("IR")
    assert line.use("QA") is Use.SUSPENDED
    assert line.wire.count(("QA", "VN", "ask")) == 1


def test_recalls_that_were_missed_are_asked_for():
    """A new taker gets all recalls at first; one that lacks some asks, and gets a thousand at a time."""
    line = Line("IR", "VN", "QA")
    source = line.nodes["IR"]
    for number in range(1_050):
        what = f"{number:064x}"
        source.memory.put_copy(recall.Copy(what, "IR", 1, 1, direct=True))
        source.sharer.recall(what, Kind.WITHDRAW, at=AT)
    line.share("IR", "VN")
    assert line.nodes["VN"].memory.complete("IR") == 1_050
    assert line.use("VN") is Use.USABLE


def test_a_giver_who_missed_a_recall_learns_of_it_from_his_taker():
    """VN has not heard that IR recalled; QA has, and says so as soon as VN hands it on, or says how far it is."""
    line = Line("IR", "VN", "QA")
    line.share("IR", "VN")
    line.share("IR", "QA", what=OTHER)
    sends = line.nodes["IR"].sharer.recall(WHAT, Kind.WITHDRAW, at=AT)
    line.carry("IR", [send for send in sends if send.to == "QA"])
    assert line.use("VN") is Use.USABLE
    newest = line.nodes["QA"].memory.standing("IR")
    behind = notices.encode(Standing(source="IR", number=0, at=NOW))
    assert line.nodes["QA"].heard("VN", behind, AT) == [recall.Send("VN", *newest)]
    sends = line.nodes["VN"].sharer.hand_on(WHAT, "QA", at=AT)
    answers = line.nodes["QA"].heard("VN", notices.encode(sends[0].notice), AT)
    assert recall.Send("VN", *newest) in answers
    line.carry("QA", answers)
    line.carry("VN", sends[1:])
    assert [line.use("VN"), line.use("QA")] == [Use.WITHDRAWN, Use.WITHDRAWN]
    assert line.outstanding("IR") == ()


def test_sightings_and_corrections_find_their_way_back(chain):
    """From the end of the chain to the source, by the way that the copy came."""
    chain.carry("AE", chain.nodes["AE"].sharer.report(WHAT, Concern.SIGHTING, at=AT, about=OTHER))
    assert chain.nodes["IR"].memory.reports == [
        Report(source="IR", what=WHAT, by="AE", concern="sighting", about=OTHER, at=NOW)]  # fmt: skip
    assert chain.wire[-3:] == [("AE", "QA", "report"), ("QA", "VN", "report"), ("VN", "IR", "report")]
    assert code(chain.nodes["OM"].sharer.report, WHAT, Concern.SIGHTING, at=AT) == "sharing.not-held"
    assert code(chain.nodes["IR"].sharer.report, WHAT, Concern.SIGHTING, at=AT) == "sharing.not-held"


def test_only_the_source_recalls(chain):
    """Neither a holder nor a stranger; and there is no list for a recall that was not said."""
    assert code(chain.recall, "VN") == "recall.not-ours"
    assert code(chain.recall, "OM") == "recall.not-ours"
    assert code(chain.outstanding, "IR", 1) == "recall.number"


def test_a_source_that_says_two_things_is_found(chain):
    """Another recall under the same number is a conflict; the first stays."""
    chain.recall("IR")
    first = next(iter(chain.nodes["VN"].memory.recalls_of(WHAT)))
    other = replace(first, what=OTHER)
    assert code(chain.nodes["VN"].heard, "IR", notices.encode(other), AT) == "recall.conflict"
    assert chain.nodes["VN"].heard("IR", notices.encode(first), AT) == []


def test_a_notice_of_the_future_is_refused(chain):
    """A standing that claims to be of next year would keep a copy in use until then."""
    later = Standing(source="IR", number=0, at=NOW + 301)
    assert code(chain.nodes["VN"].heard, "IR", notices.encode(later), AT) == "notice.early"
    assert code(chain.nodes["VN"].heard, "IR", notices.encode(replace(later, at=NOW + 300)), AT) == ""


def test_ones_own_words_from_another_do_nothing(chain):
    """Nobody tells a source what it has recalled."""
    said = Recall(source="IR", number=1, what=WHAT, kind="withdraw", level=0, successor="", reason="", at=NOW)
    assert chain.nodes["IR"].heard("VN", notices.encode(said), AT) == []
    assert chain.use("IR") is Use.USABLE
    assert chain.nodes["IR"].heard("VN", notices.encode(Standing(source="IR", number=9, at=NOW)), AT) == []
    assert chain.nodes["IR"].memory.complete("IR") == 0


def test_a_recall_of_anothers_object_does_nothing(chain):
    """QA may not recall what is IR's, whatever it signs."""
    said = Recall(source="QA", number=1, what=WHAT, kind="withdraw", level=0, successor="", reason="", at=NOW)
    chain.carry("QA", [recall.Send("VN", said)])
    assert chain.use("VN") is Use.USABLE


def test_words_about_nothing_are_not_kept(chain):
    """Who acknowledges what was not said, or holds what was not shared, changes no list."""
    source = chain.nodes["IR"]
    false = Acknowledgement(source="IR", number=1, what=WHAT, by="OM", deed="withdrawn", passed_to=("BR",), at=NOW)
    assert code(source.heard, "VN", notices.encode(false), AT) == "recall.number"
    chain.recall("IR")
    chain.share("IR", "VN", what=OTHER)
    assert code(source.heard, "VN", notices.encode(replace(false, what=OTHER)), AT) == "recall.number"
    stray = Holding(source="IR", what="c" * 64, by="OM", giver="VN")
    assert source.heard("VN", notices.encode(stray), AT) == []
    assert "OM" not in source.memory.held_by["c" * 64] | source.memory.held_by[WHAT]


def test_a_stranger_who_asks_is_not_answered(chain):
    """Recalls, with their reasons, go to neighbours in what was shared."""
    chain.recall("IR", reason="A name was in it.")
    ask = notices.encode(Ask(source="IR", after=0, at=NOW))
    assert chain.nodes["IR"].heard("OM", ask, AT) == []
    assert [one.notice.said for one in chain.nodes["IR"].heard("VN", ask, AT)] == ["recall", "standing"]


# ------------------------------------------------------------------------------------------------------------- the bytes

texts = st.text(min_size=1, max_size=8).filter(lambda text: max(text) < "\ud800" or min(text) > "\udfff")
digests = st.binary(min_size=32, max_size=32).map(bytes.hex)
numbers = st.integers(0, 2**53 - 1)
NOTICES = st.one_of(
    st.builds(Shared, source=texts, what=digests, hops=numbers, level=st.integers(0, 4)),
    st.builds(Holding, source=texts, what=digests, by=texts, giver=texts),
    st.builds(Recall, source=texts, number=numbers, what=digests, kind=st.sampled_from([*map(str, Kind)]),
              level=st.integers(0, 4), successor=st.just("") | digests, reason=st.just("") | texts, at=numbers),
    st.builds(Standing, source=texts, number=numbers, at=numbers),
    st.builds(Ask, source=texts, after=numbers, at=numbers),
    st.builds(Acknowledgement, source=texts, number=numbers, what=digests, by=texts, at=numbers,
              deed=st.sampled_from(["withdrawn", "tightened"]), passed_to=st.lists(texts, max_size=3).map(tuple)),
    st.builds(Report, source=texts, what=digests, by=texts, concern=st.sampled_from([*map(str, Concern)]),
              about=st.just("") | digests, at=numbers),
)  # fmt: skip


@given(NOTICES)
def test_a_notice_is_its_bytes(notice):
    """There and back; no other bytes are read as it."""
    data = notices.encode(notice)
    assert notices.decode(data) == notice
    assert code(notices.decode, data + b" ") == "notice.form"


@given(NOTICES, st.data())
def test_a_field_of_another_kind_is_refused(notice, data):
    """Each field takes its own values only."""
    from comity.seal import canon

    name = data.draw(st.sampled_from([field.name for field in fields(notice)]))
    value = canon.loads(notices.encode(notice), limit=notices.LIMIT)
    for wrong in (None, -1, True, 1.5 * 0 or [1], {"a": 1}):
        assert code(notices.decode, canon.dumps(value | {name: wrong})) == "notice.value"
    assert code(notices.decode, canon.dumps({key: one for key, one in value.items() if key != name})) == "notice.form"
    assert code(notices.decode, canon.dumps(value | {"more": 1})) == "notice.form"


NO_NOTICES = [
    b"", b"[]", b"1", b'{"said":"recall"}', b'{"comity":"comity/v1/sharing","said":["x"]}',
    b'{"comity":"comity/v1/sharing","said":"x"}', b"\xff", b" " * (notices.LIMIT + 1),
]  # fmt: skip


@pytest.mark.parametrize("data", NO_NOTICES)
def test_what_is_no_notice(data):
    """Strangers' bytes are refused by name."""
    assert code(notices.decode, data) == "notice.form"


# ------------------------------------------------------------------------------------------------------ weeks of trouble

SEEDS = 100


def test_a_hundred_worlds():
    """Ten nodes, random topologies and partitions, holders that do not conform: nothing is left over."""
    recalls = 0
    for seed in range(SEEDS):
        world = World(seed).run()
        assert world.faults == [], seed
        recalls += sum(map(len, world.recalled.values()))
    assert recalls > SEEDS


def test_the_same_seed_is_the_same_world():
    """Every step is drawn from the seed; nothing else decides."""
    assert World(7).run().wire.hexdigest() == World(7).run().wire.hexdigest() != World(8).run().wire.hexdigest()


def _not_passed_on(monkeypatch) -> None:
    """Holders pass nothing on."""
    real = Sharer._neighbours
    monkeypatch.setattr(Sharer, "_neighbours", lambda self, source: real(self, source) if source == self.home else [])


def _trusting(monkeypatch) -> None:
    """A copy is used whether or not its source is heard and all its recalls are here."""
    real = Sharer.use
    trusted = {Use.SUSPENDED: Use.USABLE}
    monkeypatch.setattr(Sharer, "use", lambda self, what, *, at: trusted.get(found := real(self, what, at=at), found))


def _names_nobody(monkeypatch) -> None:
    """An acknowledgement does not say to whom a copy was handed, and holders do not speak up."""
    real = Sharer._passing

    def forgetful(self, sender, said, raw):
        if said.said == "holding":
            return []
        return real(self, sender, replace(said, passed_to=()) if said.said == "acknowledgement" else said, raw)

    monkeypatch.setattr(Sharer, "_passing", forgetful)


def _late_copies_stay(monkeypatch) -> None:
    """A copy that comes after its recall is kept."""
    monkeypatch.setattr(DictMemory, "recalls_of", lambda self, what: [])


def _no_catching_up(monkeypatch) -> None:
    """A new taker is not told of earlier recalls, and nobody answers who asks."""
    monkeypatch.setattr(Sharer, "_everything", lambda self, source, to, *, after: [
        recall.Send(to, *self._memory.standing(source))] if self._memory.standing(source) else [])  # fmt: skip


def _endless(monkeypatch) -> None:
    """Who asks asks again and again."""
    real = DictMemory.first_time
    monkeypatch.setattr(DictMemory, "first_time", lambda self, said, to: real(self, said, to) or b'"ask"' in said)


PLANTED = [_not_passed_on, _trusting, _names_nobody, _late_copies_stay, _no_catching_up, _endless]


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__.strip("_"))
def test_a_planted_fault_is_found(monkeypatch, plant):
    """The worlds see each fault that they are there for."""
    plant(monkeypatch)
    for seed in range(SEEDS):
        try:
            if World(seed).run().faults:
                return
        except AssertionError:
            return
    pytest.fail("no world saw it")
