"""Safe conduct (Article 40(29)) by the acts of a case: until when, or since when it stands still, or how it ended."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def standings(acts: list[dict], days: int, zone: str) -> dict[str, tuple[str, str]]:
    """For each person who was told: (``runs``, the last moment), (``stands``, since when) or (how it ended, when)."""
    told: dict[str, dict] = {}
    for act in acts:
        said = act["body"]
        if act["act"] == "discharged":
            before = told.get(said["person"], {"end": None})
            spans = {} if "end" in before else before["spans"]
            told[said["person"]] = {"from": _moment(said["told_at"]), "days": said["days"] or days, "spans": spans}
        elif act["act"] == "leaving-hindered":
            told[said["person"]]["spans"][_moment(said["since"])] = _moment(said["until"]) if said["until"] else None
        elif act["act"] == "safe-conduct-ended":
            told[said["person"]]["end"] = (said["how"], said["ended_at"])
    return {person: one["end"] if "end" in one else _runs(one, ZoneInfo(zone)) for person, one in told.items()}


def _runs(one: dict, zone: ZoneInfo) -> tuple[str, str]:
    free = one["from"]
    while True:
        last = (free.astimezone(zone) + timedelta(days=one["days"])).date()
        end = max(datetime.combine(last, time(23, 59, 59), zone), free + timedelta(days=one["days"]))
        over = [until for since, until in one["spans"].items() if since <= end and (until is None or until > free)]
        if None in over:
            still = min(since for since, until in one["spans"].items() if until is None)
            while joined := [
                since for since, until in one["spans"].items() if since < still and (until and until >= still)
            ]:
                still = min(joined)
            return "stands", _text(max(still, one["from"]))
        if not over:
            return "runs", _text(end)
        free = max(over)


def _text(moment: datetime) -> str:
    return moment.astimezone(ZoneInfo("UTC")).strftime("%Y-%m-%dT%H:%M:%SZ")
