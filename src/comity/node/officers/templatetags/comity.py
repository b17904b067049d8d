"""The filters that every template has: names of things, and the safe pieces of `markup`."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from django import template
from django.utils.functional import Promise
from django.utils.html import escape, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from comity.casework.lifecycle import Case
from comity.casework.request import REFERENCE, STATE
from comity.node.officers import acts, almanac, asking, fields, judgement, markup, reading, texts, words
from comity.node.settings import current
from comity.reporting import axes
from comity.reporting.reconciliation import Cell
from comity.wire import directory
from comity.wording import figures, review, speech

register = template.Library()

register.filter("digits", markup.digits)
register.filter("inert", markup.inert)
register.filter("said", markup.said)
register.filter("visible", markup.visible)
register.filter("spelt", speech.visible)
register.filter("ident", markup.ident)
register.filter("article", markup.article)
register.filter("size", markup.size)
register.filter("days", markup.days)
register.filter("cite", judgement.cited)


@register.filter
def called(code: object, table: str) -> str | Promise:
    """What `code` is called in the table of `words` named `table`; the code itself where no name is known."""
    found: str | Promise = getattr(words, table).get(str(code), str(code))
    return found


@register.filter
def standing(case: Case) -> str | Promise:
    """Where a case stands, in words."""
    return acts.standing(case, reading.side(current(), case))


@register.filter
def verb_of(name: str, case: Case) -> str | Promise:
    """What a verb is called in this case, as it is meant now."""
    return acts.called(acts.VERBS, acts.variant(case, name), case.measure)


@register.filter
def help_of(name: str, case: Case) -> str | Promise:
    """What a verb does in this case, in a sentence."""
    return acts.called(acts.VERB_HELP, acts.variant(case, name), case.measure)


@register.filter
def step_of(kind: str, case: Case) -> str | Promise:
    """What a step on the line across the page is called in this case."""
    return acts.called(acts.WALK_WORDS, kind, case.measure)


@register.filter
def clock_name(kind: str) -> SafeString:
    """What a deadline is called."""
    return judgement.clock(kind)


@register.filter
def state(code: str) -> SafeString:
    """A State's name in the page's language, in an isolate of its own."""
    return markup.inert(state_name(code))


@register.filter
def state_name(code: str) -> str:
    """The same as plain text, for titles and options."""
    return reading.state_name(current(), code, markup.language())


@register.filter
def moment(value: datetime | None) -> SafeString | str:
    """A moment, in the node's zone and in UTC."""
    return markup.moment(value) if value else ""


@register.filter
def utc(value: datetime) -> SafeString:
    """A moment in UTC, in digits."""
    return markup.ident(almanac.moment_parts(value, UTC, "en")[2])


@register.filter
def day(value: date | datetime | str | None) -> SafeString | str:
    """A day in words; a text is read as ISO."""
    if not value:
        return ""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return markup.ident(value)
    return markup.day(value.date() if isinstance(value, datetime) else value)


@register.filter
def said_moment(value: str) -> SafeString:
    """The moment that an act's body names."""
    try:
        return markup.moment(datetime.fromisoformat(value))
    except ValueError:
        return markup.ident(value)


@register.filter
def is_reference(text: str) -> bool:
    """Whether `text` could name a case, so that it can stand in an address."""
    return REFERENCE.fullmatch(text) is not None


@register.filter
def field_label(name: str, measure: str = "") -> str | Promise:
    """What a field of the request is called."""
    return fields.label(name, measure)


@register.filter
def field_anchor(name: str) -> str:
    """The id of the element that holds a field."""
    return fields.anchor(name)


@register.filter
def because(code: str) -> str | Promise:
    """The sentence for an error code."""
    return texts.sentence(code)


@register.filter
def get(table: dict[str, Any], key: str) -> Any:
    """The value of `key`, or an empty text."""
    return table.get(key, "")


@register.filter
def fingerprint(text: str) -> list[str]:
    """A fingerprint in its groups of four."""
    return text.split()


@register.filter
def version_code(digest: str) -> str:
    """What people read aloud to agree on the version of an entry with this digest."""
    return directory.version_code(digest)


@register.filter
def basis(name: str) -> str:
    """The name of a legal basis."""
    return judgement.basis_name(current(), name)


@register.filter
def offence(code: str) -> SafeString:
    """The name of a treaty's offence."""
    return judgement.offence(code)


@register.filter
def book_name(code: str) -> SafeString:
    """A State's name as its law book has it."""
    return SafeString(judgement.Voice().state(code))


@register.filter
def option_of(value: str, column: fields.Column) -> str | Promise:
    """What a choice in a row is called."""
    return column.options.get(value, value)


@register.filter
def state_or_name(text: str) -> SafeString:
    """A State by its code, or whatever else is named."""
    return state(text) if STATE.fullmatch(text) else markup.inert(text)


@register.filter
def tongue(tag: str) -> str:
    """The name of a language in the page's language (Django's own `language_name` would be in English)."""
    return judgement.language_name(tag)


@register.filter
def called_ground(name: str) -> str | Promise:
    """A ground for refusal in words."""
    return words.GROUNDS.get(name, name)


@register.filter
def cite_text(name: str) -> str:
    """A provision's name as plain text, for options."""
    return asking.plain(judgement.cited(name))


@register.filter
def named(authority: Any) -> str:
    """An authority's name in the page's language, else in English, else any."""
    names: dict[str, str] = authority.names
    return names.get(markup.language()) or names.get("en") or next(iter(names.values()), "")


@register.filter
def only(item: Any) -> list[Any]:
    """A list of this one."""
    return [item]


@register.filter
def figure_code(code: str, axis: int) -> SafeString | str:
    """What a code of a figure is called: a State, a period, anything else."""
    if axis == axes.PARTNER and STATE.fullmatch(code):
        return state(code)
    if axis == axes.PERIOD:
        return period(code)
    return escape(gettext(figures.word(axis, code)))


@register.filter
def figure_key(key: tuple[str, ...]) -> SafeString:
    """What a figure is about, in a line: what is total or does not apply is left out."""
    shown = [(axis, code) for axis, code in enumerate(key) if code not in (axes.TOTAL, axes.NONE)]
    return format_html_join(" · ", "{}", ((figure_code(code, axis),) for axis, code in shown))


@register.filter
def period(code: str) -> str:
    """A quarter or a year in words."""
    year, _dash, number = code.partition("-Q")
    if not number:
        return markup.digits(year)
    return gettext("Quarter %(number)s of %(year)s") % {
        "number": markup.digits(number), "year": markup.digits(year),
    }  # fmt: skip


@register.filter
def span(since: str, through: str) -> str:
    """The time from the first to the last of these quarters in words."""
    if since == through:
        return period(since)
    if (since, through) == axes.quarters_of(since[:4]):
        return period(since[:4])
    return f"{period(since)} – {period(through)}"


@register.filter
def between_cell(cell: Cell) -> SafeString:
    """What a figure of two States is about, in a line."""
    nature, event, asker, measure, time = cell
    shown = [
        (axes.EVENT, event),
        (axes.PARTNER, asker),
        (axes.SUBJECT, measure),
        (axes.PERIOD, time),
        (axes.NATURE, nature),
    ]
    return format_html_join(" · ", "{}", ((figure_code(code, axis),) for axis, code in shown))


@register.filter
def between_why(why: str) -> str:
    """What explains a difference between two States' figures."""
    return gettext(figures.WHYS[why])


@register.filter
def review_question(name: str) -> str:
    """A question of a review."""
    return gettext(review.QUESTIONS[name])


@register.filter
def review_standing(standing: str) -> str:
    """How far a question of a review is answered."""
    return gettext(review.STANDINGS[standing])
