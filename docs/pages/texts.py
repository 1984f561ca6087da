"""Reads from the source what the program can say, with examples for what is filled in.

A text that is new in the source is so in the page that is made of them, or has its
making fail until there is an example for what is filled in.
"""

import ast
import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import product
from pathlib import Path

import zocalo_ioc

from .examples import EXAMPLES

SOURCE = Path(zocalo_ioc.__file__).parent
Function = ast.FunctionDef | ast.AsyncFunctionDef
Alternatives = list[str]
"""What an expression can be."""


class Module:
    """The source of a module.

    Args:
        file: relative to the package.
    """

    def __init__(self, file: str) -> None:
        self._file = file
        self._tree = ast.parse((SOURCE / file).read_text())

    @cached_property
    def _functions(self) -> dict[str, Function]:
        nodes = ast.walk(self._tree)
        return {node.name: node for node in nodes if isinstance(node, Function)}

    def classes_of(self, base: str) -> Iterator[tuple[str, str]]:
        """Yield the classes made of another, with their docstrings."""
        for node in ast.walk(self._tree):
            match node:
                case ast.ClassDef(name=name, bases=[ast.Name(id=found)]) if (
                    found == base
                ):
                    yield name, ast.get_docstring(node) or ""
                case _:
                    pass

    def said(self, *names: str) -> Iterator[tuple[str, Sequence[Alternatives]]]:
        """Yield who is called, and with what, where that is one of some names."""
        for call, function in _calls(self._tree, None):
            match call:
                case ast.Call(func=ast.Name(id=name), args=[*arguments]) if (
                    name in names and function
                ):
                    yield name, [self._texts(each, function) for each in arguments]
                case _:
                    pass

    def returned(self, name: str) -> Alternatives:
        """Return the texts that a function can return."""
        function = self._functions[name]
        returns = [n for n in ast.walk(function) if isinstance(n, ast.Return)]
        values = [node.value for node in returns if node.value]
        return list(filter(None, self._all(values, function)))

    def _texts(self, node: ast.expr, function: Function) -> Alternatives:
        name = re.sub(r"\bself\._?", "", ast.unparse(node))
        for place in (f"{function.name}: {name}", f"{self._file}: {name}"):
            if place in EXAMPLES:
                return _filled_in(place)
        if name in EXAMPLES and not isinstance(node, ast.Name):
            return _filled_in(name)
        match node:
            case ast.Constant(value=str(text)):
                return [escaped(text)]
            case ast.JoinedStr(values=parts):
                return _joined([self._texts(part, function) for part in parts])
            case ast.FormattedValue(value=value):
                return self._texts(value, function)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return _joined([self._texts(each, function) for each in (left, right)])
            case ast.IfExp(body=one, orelse=other):
                return self._all([one, other], function)
            case ast.BoolOp(values=values):
                return self._all(values, function)
            case ast.Call(func=ast.Name(id="str"), args=[value]):
                return self._texts(value, function)
            case ast.Call(func=ast.Name(id=called) | ast.Attribute(attr=called)) if (
                called in self._functions
            ):
                return self.returned(called)
            case ast.Name(id=called) if values := _assigned(called, function):
                return self._all(values, function)
            case _ if name in EXAMPLES:
                return _filled_in(name)
            case _:
                place = f"{function.name}: {name}"
                raise LookupError(
                    f"docs/pages/examples.py has no example for {place!r}"
                )

    def _all(self, nodes: Sequence[ast.expr], function: Function) -> Alternatives:
        found = [text for node in nodes for text in self._texts(node, function)]
        return list(dict.fromkeys(found))


def modules(folder: str = "") -> Iterator[Module]:
    """Yield the modules of the package, or those of a folder."""
    for file in sorted((SOURCE / folder).rglob("*.py")):
        yield Module(str(file.relative_to(SOURCE)))


def escaped(text: str) -> str:
    """Return a text that Markdown leaves alone."""
    for character in r"\`*<":
        text = text.replace(character, "&lt;" if character == "<" else f"\\{character}")
    return text


def _filled_in(name: str) -> Alternatives:
    return [f"<em>{escaped(text)}</em>" for text in EXAMPLES[name]]


def _joined(parts: Sequence[Alternatives]) -> Alternatives:
    return ["".join(texts) for texts in product(*parts)]


def _calls(
    node: ast.AST, function: Function | None
) -> Iterator[tuple[ast.Call, Function | None]]:
    """Yield the calls with the function that they are in, as the source has them."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Call):
            yield child, function
        yield from _calls(child, child if isinstance(child, Function) else function)


def _assigned(name: str, function: Function) -> list[ast.expr]:
    """Return the texts that a function gives to a name of its own."""
    values: list[ast.expr] = []
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=[ast.Name(id=target)], value=value) if (
                target == name
            ):
                values.append(value)
            case ast.Assign(
                targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=given)
            ):
                pairs = zip(names, given, strict=False)
                values += [v for n, v in pairs if ast.unparse(n) == name]
            case _:
                pass
    kinds = ast.Constant | ast.JoinedStr | ast.IfExp | ast.BinOp
    return [value for value in values if isinstance(value, kinds)]
