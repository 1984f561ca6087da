"""The reference of what the IOC and its commands say, and what to do about it."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from zocalo_ioc.jobs import State

from .markdown import quoted, table
from .states import descriptions
from .texts import Module, escaped, modules

_INTRODUCTION = """\
# Messages and errors

What `P:MESSAGE`, the log and the commands say, and what to do about it. *What is
written like this* is an example, and differs from case to case. Each kind of trouble is
a class in `zocalo_ioc.errors`; this page is made from the places where they are raised.

## What MESSAGE says of a job

While there is no connection, *But no results can come:* follows, or *But no messages
can go:*, with what is wrong: see [NoConnection](#noconnection) and
[NoResults](#noresults).
"""


def messages_page() -> str:
    """Return the reference of messages and errors."""
    return "\n".join(
        [
            _INTRODUCTION.rstrip(),
            *table(["STATE", "MESSAGE"], _of_states()),
            *_kinds(),
            "",
        ]
    )


def _kinds() -> Iterator[str]:
    """Yield a section for each kind of trouble that the IOC and its clients have."""
    kinds = dict(Module("errors.py").classes_of("Problem"))
    for module in modules():
        kinds |= dict(module.classes_of("Problem"))
    for name, about in kinds.items():
        yield from ("", f"## {name}", "", about.replace("``", "`"))
        yield from table(["what is said", "what to do"], dict.fromkeys(_said(name)))
        yield from _MORE.get(name, tuple)()


def _said(kind: str) -> Iterator[tuple[str, str]]:
    """Yield what is said of a kind of trouble, and what to do about it."""
    for module in modules():
        for _, (what, *remedy) in module.said(kind):
            remedies = map(_sentence, filter(None, remedy[0] if remedy else ()))
            advice = "<br>*or* ".join(remedies)
            for text in what:
                yield _sentence(text), advice


def _more_of_values() -> Iterator[str]:
    yield from ("", "The reasons are:")
    yield from table(["what is said"], dict.fromkeys(_of_records()))


def _more_of_settings() -> Iterator[str]:
    yield from ("", "Of an option, or a key of the settings file:")
    yield from table(["what is said"], dict.fromkeys(_of_options()))
    yield from ("", "Of a value, after the name of its option:")
    yield from table(["what is said"], dict.fromkeys(_of_values()))


_MORE: Mapping[str, Callable[[], Iterable[str]]] = {
    "SettingsInvalid": _more_of_settings,
    "ValueRefused": _more_of_values,
}


def _of_records() -> Iterator[tuple[str]]:
    record = Module("records/_record.py")
    for function in ("complaint", "put_complaint", "_choice_complaint"):
        yield from ((text,) for text in record.returned(function))


def _of_options() -> Iterator[tuple[str]]:
    settings = Module("settings/_sources.py")
    yield from ((text,) for text in settings.returned("_complaint"))


def _of_values() -> Iterator[tuple[str]]:
    for module in modules("settings"):
        for _, arguments in module.said("ValueError", "PydanticCustomError"):
            for text in arguments[-1] if arguments else ():
                yield (text,)


def _of_states() -> Iterator[tuple[str, str]]:
    found = descriptions()
    for state in State:
        for text in sorted(found.get(state, ())):
            yield quoted(state.label), escaped(text)


def _sentence(text: str) -> str:
    ends = text.removesuffix("</em>").endswith((".", "?", "!"))
    return text if ends else f"{text}."
