"""The same rules in the decision engines that others use; runs in a folder of its own, where these are installed.

Reads ``{"rules": [...], "requests": [...], "expected": [...], "seconds": n}`` from standard input. A rule is
``[id, measure, needed, scopes, least]``: violated when the request is for `measure` and none of the fields `needed` is
stated, its scope is none of `scopes`, or its maximum penalty in months is below `least`. Each engine names every rule
that is violated. Prints one JSON line for each engine.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

Facts = dict[str, Any]
Decide = Callable[[Facts], set[str]]


def by_cedar(rules: list[list[Any]]) -> Decide:
    """One forbid policy for each rule; the diagnostics name those that held."""
    import cedarpy  # noqa: PLC0415 - one engine that is missing must not stop the others

    policies = []
    for name, measure, needed, scopes, least in rules:
        if needed:
            test = " && ".join(f"!context.said.contains({json.dumps(field)})" for field in needed)
        elif scopes:
            test = f"!({json.dumps(scopes)}.contains(context.scope))"
        else:
            test = f"context.months < {least}"
        policies.append(
            f'@id({json.dumps(name)})\nforbid(principal, action == Action::"{measure}", resource) when {{ {test} }};'
        )
    policies.append("permit(principal, action, resource);")
    parsed, nobody = cedarpy.PolicySet.from_str("\n".join(policies)), cedarpy.Entities.from_json_str("[]")
    names = {f"policy{number}": rule[0] for number, rule in enumerate(rules)}

    def decide(facts: Facts) -> set[str]:
        request = {
            "principal": 'State::"A"', "action": f'Action::"{facts["measure"]}"', "resource": 'State::"B"',
            "context": {"said": facts["said"], "scope": facts["scope"], "months": facts["months"]},
        }  # fmt: skip
        found = cedarpy.is_authorized(request, parsed, nobody)
        return {names.get(reason, reason) for reason in found.diagnostics.reasons} - {f"policy{len(rules)}"}

    return decide


def by_zen(rules: list[list[Any]]) -> Decide:
    """One decision table that collects every row that holds."""
    import zen  # noqa: PLC0415 - one engine that is missing must not stop the others

    rows = []
    for name, measure, needed, scopes, least in rules:
        if needed:
            test = " and ".join(f"not({json.dumps(field)} in said)" for field in needed)
        elif scopes:
            test = f"not(scope in {json.dumps(scopes)})"
        else:
            test = f"months < {least}"
        rows.append({"_id": name, "m": json.dumps(measure), "t": test, "r": json.dumps(name)})
    table = {
        "hitPolicy": "collect",
        "inputs": [{"id": "m", "name": "measure", "field": "measure"}, {"id": "t", "name": "test"}],
        "outputs": [{"id": "r", "name": "rule", "field": "rule"}],
        "rules": rows,
    }
    place = {"x": 0, "y": 0}
    graph = {
        "nodes": [
            {"id": "i", "type": "inputNode", "name": "in", "position": place},
            {"id": "t", "type": "decisionTableNode", "name": "t", "position": place, "content": table},
            {"id": "o", "type": "outputNode", "name": "out", "position": place},
        ],
        "edges": [
            {"id": "1", "sourceId": "i", "targetId": "t", "type": "edge"},
            {"id": "2", "sourceId": "t", "targetId": "o", "type": "edge"},
        ],
    }
    decision = zen.ZenEngine().create_decision(json.dumps(graph))

    def decide(facts: Facts) -> set[str]:
        return {row["rule"] for row in decision.evaluate(facts)["result"] or ()}

    return decide


def by_rego(rules: list[list[Any]]) -> Decide:
    """One rule of a set for each rule."""
    import regopy  # noqa: PLC0415 - one engine that is missing must not stop the others

    lines = ["package p", "import rego.v1"]
    for name, measure, needed, scopes, least in rules:
        if needed:
            test = "; ".join(f"not {json.dumps(field)} in input.said" for field in needed)
        elif scopes:
            test = f"not input.scope in {json.dumps(scopes)}"
        else:
            test = f"input.months < {least}"
        lines.append(f"violated contains {json.dumps(name)} if {{ input.measure == {json.dumps(measure)}; {test} }}")
    engine = regopy.Interpreter()
    engine.add_module("p", "\n".join(lines) + "\n")
    bundle = engine.build(None, ["p/violated"])

    def decide(facts: Facts) -> set[str]:
        engine.set_input(facts)
        answer = json.loads(str(engine.query_bundle_entrypoint(bundle, "p/violated")))
        return set(answer["expressions"][0] if "expressions" in answer else answer)

    return decide


def main() -> None:
    """Measure each engine that works here."""
    task = json.load(sys.stdin)
    for name, make in (("cedarpy", by_cedar), ("zen-engine", by_zen), ("regopy", by_rego)):
        try:
            decide = make(task["rules"])
            answers = [decide(facts) for facts in task["requests"]]
        except Exception as error:  # noqa: BLE001 - an engine that cannot is a result too
            print(json.dumps({"engine": name, "error": f"{type(error).__name__}: {error}"[:300]}), flush=True)
            continue
        wrong = sum(found != set(want) for found, want in zip(answers, task["expected"], strict=True))
        done, start = 0, time.perf_counter()
        while time.perf_counter() - start < task["seconds"]:
            decide(task["requests"][done % len(task["requests"])])
            done += 1
        rate = done / (time.perf_counter() - start)
        print(json.dumps({"engine": name, "rate": rate, "wrong": wrong}), flush=True)


if __name__ == "__main__":
    main()
