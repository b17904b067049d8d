"""The code with which something is refused."""

from collections.abc import Callable

from comity.errors import ComityError


def code(call: Callable[..., object], *args: object, **named: object) -> str:
    """The code with which a call is refused; empty if it is not."""
    try:
        call(*args, **named)
    except ComityError as error:
        return error.code
    return ""
