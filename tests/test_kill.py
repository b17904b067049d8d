"""Kill any node at any step: the story goes on, nothing is lost, nothing happens twice."""

import random
import threading

import pytest
from lives import LIFE

from comity.demo import story
from comity.verify import verify_file


class Killer:
    """Kills a node at a step with SIGKILL: before the form is sent, while it is at work, or after.

    Args:
        seed: decides whom, when and how late.
        share: of the steps at which a node is killed.
    """

    def __init__(self, seed: int, share: float) -> None:
        self._rng, self._share = random.Random(seed), share
        self.kills: list[tuple[str, str]] = []
        self.stage = None

    def __call__(self, stage, name: str) -> None:
        """Perhaps kill a node, now or a moment later."""
        self.stage = stage
        if self._rng.random() > self._share:
            return
        node = stage.nodes[self._rng.choice(["IR", "IR", "VN", "VN", "QA"])]
        late = self._rng.choice([0, 0, self._rng.random() * 0.15, self._rng.random() * 0.6])

        def kill() -> None:
            self.kills.append((name, node.state))
            node.kill()

        if late:
            threading.Timer(late, kill).start()
        else:
            kill()


@pytest.mark.parametrize("seed", [1, 2])
def test_a_killed_node_goes_on(seed, tmp_path, monkeypatch):
    """At least 20 kills in a run: the story ends well, both histories are exactly the expected acts, all files hold."""
    rng = random.Random(seed)
    (tmp_path / "given").mkdir()
    (tmp_path / "given" / "image.bin").write_bytes(rng.randbytes(24 << 20))
    for number in range(300):
        (tmp_path / "given" / f"{number}.eml").write_bytes(rng.randbytes(2000))
    killer, seen = Killer(seed, 0.55), {}
    told = story._tell

    def tell(stage):
        first, second = told(stage)
        for state, username in (("IR", "rahimi"), ("VN", "tran")):
            kinds = [stage.until("read", lambda r=r, u=username: stage.officer(u).read(r)) for r in (first, second)]
            seen[state] = [act["kind"] for case in kinds for act in case["acts"]]
        return first, second

    monkeypatch.setattr(story, "_tell", tell)
    ended = story.play(
        once=True, evidence=tmp_path / "given", out=tmp_path / "out", seed=seed, home=tmp_path / "home", hook=killer
    )
    assert ended == 0
    assert len(killer.kills) >= 20, killer.kills
    assert seen == LIFE
    for path in ("IR/case.asice", "VN/case.asice", "evidence.asice"):
        assert verify_file(tmp_path / "out" / path).passed
