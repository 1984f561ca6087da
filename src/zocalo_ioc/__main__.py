"""The command line."""

import sys
from collections.abc import Sequence
from typing import Any

import click

from . import __version__
from .commands import COMMANDS, find
from .errors import NotStarted, SettingsInvalid, without_passwords
from .errors.settings import CommandUnknown, SettingsProblems
from .exits import Exit, complain
from .settings import SettingsCommand, did_you_mean


class _Group(click.Group):
    """The commands, each imported when it is named."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = find(cmd_name)
        return SettingsCommand(cmd_name, command.settings, command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in COMMANDS:
            hint = did_you_mean(name, list(COMMANDS)) or "; --help lists them"
            shown = name if name.replace("-", "").isalnum() else "of this name"
            raise CommandUnknown(shown, hint)
        return super().resolve_command(ctx, args)

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=_Group,
    invoke_without_command=True,
    no_args_is_help=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="zocalo-ioc COMMAND --help lists the options of a command.",
)
@click.version_option(__version__, message="zocalo-ioc %(version)s")
@click.pass_context
def _commands(context: click.Context) -> Exit | None:
    """Trigger Zocalo processing and read X-ray centres through EPICS PVs."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help(), err=True)
        return Exit.USAGE
    return None


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command that the arguments name."""
    try:
        status: Any = _commands.main(
            arguments, prog_name="zocalo-ioc", standalone_mode=False
        )
    except (SettingsInvalid, click.UsageError) as problem:
        for line in _lines(problem):
            complain(line)
        status = Exit.USAGE
    except NotStarted as problem:
        complain(problem)
        status = Exit.FAILED
    except click.Abort:  # Ctrl-C
        status = Exit.INTERRUPTED
    if status is not None:
        sys.exit(status)


def _lines(problem: SettingsInvalid | click.UsageError) -> Sequence[str]:
    match problem:
        case SettingsProblems(problems=problems):
            return problems
        case click.UsageError():
            return [problem.format_message()]
        case _:
            # whatever was written where it does not belong, a password is not shown
            return [without_passwords(str(problem))]


if __name__ == "__main__":
    main()
