"""The command line of one command, from the options of its settings."""

from collections.abc import Callable
from inspect import cleandoc
from itertools import groupby
from typing import Any

import click
from click.core import ParameterSource
from click.shell_completion import CompletionItem

from ..errors import SettingsInvalid
from ..errors.settings import LineInvalid, OptionUnknown, WordUnused
from ._options import Option, options_of, plain
from ._settings import Settings
from ._sources import SettingsProblems, Sources, closest, did_you_mean

_EPILOG = (
    "Each option can also be set in a YAML file (--config FILE) or an environment "
    "variable (--some-option from ZOCALO_IOC_SOME_OPTION). The command line takes "
    "precedence, then the environment, then the file."
)


class SettingsCommand(click.Command):
    """A command whose options are the fields of a model.

    Click reads the words; values are checked with those of the other sources, in
    `Sources`, which becomes the context's ``obj``.

    Args:
        name: of the command.
        model: its settings.
        run: what it does.
    """

    def __init__(
        self,
        name: str,
        model: type[Settings],
        run: Callable[[Sources], Any] | None = None,
    ) -> None:
        self._model = model

        def callback(**_: object) -> Any:
            return run and run(click.get_current_context().obj)

        super().__init__(
            name,
            callback=callback,
            params=[_parameter(option) for option in options_of(model).values()],
            help=cleandoc(model.__doc__ or ""),
            epilog=_EPILOG,
            context_settings={
                "help_option_names": ["-h", "--help"],
                "allow_extra_args": True,  # they are among the problems
            },
        )

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the words; one that is wrong does not keep others from being read."""
        problems: list[SettingsInvalid] = []
        options = {name: p.name for p in self.get_params(ctx) for name in p.opts}
        guessed: set[str | None] = set()
        while True:
            try:
                super().parse_args(ctx, list(args))
                break
            except click.NoSuchOption as error:
                wrong = _as_typed(args, error.option_name)
                right = closest(wrong, list(options))
                hint = did_you_mean(wrong, right) or "; --help lists them"
                if right and not right[0].startswith("-"):
                    hint = f"; write {right[0].upper()} without it"
                problems.append(OptionUnknown(plain(wrong), hint))
                args = _corrected(args, wrong, right)
                guessed |= {options[name] for name in right}
            except click.UsageError as error:
                # what click has read so far is lost, and would be called missing
                problems.append(LineInvalid(error.format_message()))
                raise SettingsProblems(problems) from None
        problems += [WordUnused(plain(word)) for word in ctx.args]
        given = {
            name: value
            for name, value in ctx.params.items()
            if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE
        }
        ctx.obj = Sources(self._model, given, problems, guessed)
        return []

    def format_options(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """Write the options under the headings of their groups."""
        shown = options_of(self._model).values()
        records = {p.name: p.get_help_record(ctx) for p in self.get_params(ctx)}
        records |= {o.name: (o.metavar, o.description) for o in shown if o.positional}
        for group, options in groupby(shown, lambda option: option.group):
            with formatter.section(group):
                formatter.write_dl(
                    [r for option in options if (r := records.pop(option.name))]
                )
        with formatter.section("Help"):
            formatter.write_dl([record for record in records.values() if record])


def _parameter(option: Option) -> click.Parameter:
    kind = _Text(option)
    if option.positional:
        nargs = -1 if option.many else 1
        return click.Argument(
            [option.name],
            type=kind,
            nargs=nargs,
            required=False,
            default=None,
            metavar=option.metavar if option.required else f"[{option.metavar}]",
        )
    name = option.on_command_line
    both = f"{name}/--no-{name[2:]}" if option.flag else name
    return click.Option(
        [option.name, both],
        type=None if option.flag else kind,
        metavar=None if option.flag else option.metavar,
        default=None,
        multiple=option.many,
        help=option.description
        + (f" (default: {option.shown_default})" if option.shown_default else ""),
    )


class _Text(click.ParamType):  # pyright: ignore[reportMissingTypeArgument]
    """A value as it is written, with what a shell can complete it to."""

    def __init__(self, option: Option) -> None:
        self.name = option.metavar
        self._option = option

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        if self._option.metavar in ("FILE", "FOLDER"):
            return [CompletionItem(incomplete, type=_COMPLETED[self._option.metavar])]
        near = [c for c in self._option.choices if c.startswith(incomplete)]
        return [CompletionItem(choice) for choice in near]


_COMPLETED = {"FILE": "file", "FOLDER": "dir"}


def _as_typed(args: list[str], unknown: str) -> str:
    """Return an unknown option as typed: of -prefix click names only a letter, -p."""
    if any(word.partition("=")[0] == unknown for word in args):
        return unknown
    short = (word for word in args if word[:1] == "-" and word[:2] != "--")
    return next(word for word in short if unknown[1] in word).partition("=")[0]


def _corrected(args: list[str], wrong: str, right: list[str]) -> list[str]:
    """Return the words with an option that is meant, or without one and its value."""
    at = next(n for n, word in enumerate(args) if word.partition("=")[0] == wrong)
    before, word, after = args[:at], args[at], args[at + 1 :]
    if right and right[0].startswith("-"):
        return [*before, word.replace(wrong, right[0], 1), *after]
    if right:  # no option, but a word of its own
        return [*before, *filter(None, [word.partition("=")[2]]), *after]
    takes_next = "=" not in word and after and not after[0].startswith("-")
    return [*before, *(after[1:] if takes_next else after)]
