"""How the documentation is made into a site: ``make docs``."""

import inspect
import sys
from enum import Enum
from html import escape

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from zocalo_ioc import __version__

# else the reference would show classes of dodal, where ours are these
sys.modules["dodal"] = None  # pyright: ignore[reportArgumentType]

project = "zocalo-ioc"
release = version = __version__
project_copyright = "the zocalo-ioc contributors; licence Apache-2.0"

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_design",
]
exclude_patterns = ["_build"]

# a broken link or anchor is a warning, and warnings are errors
nitpicky = True
# types of other packages, whose documentation is not here, and of private modules
nitpick_ignore_regex = [("py:.*", r"(?!zocalo_ioc).*|.*\._.*")]

smartquotes = False  # --option is no dash

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 4  # as on GitHub
myst_fence_as_directive = ["mermaid"]

default_role = "py:obj"  # of single backticks in docstrings
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
add_module_names = False
autodoc_member_order = "bysource"

html_theme = "pydata_sphinx_theme"
html_title = "zocalo-ioc"
html_logo = html_favicon = "_static/logo.svg"
html_static_path = ["_static"]
html_css_files = ["style.css"]
html_copy_source = html_show_sourcelink = False
html_theme_options = {
    "logo": {"text": "zocalo-ioc"},
    "navbar_end": ["theme-switcher"],
    "navbar_align": "left",
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "footer_start": ["copyright"],
    "footer_end": [],
}
html_sidebars = {"index": []}


class Mermaid(SphinxDirective):
    """A diagram, drawn in the reader's browser by a script that is part of the site."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Keep the text for the script."""
        text = "\n".join(self.content)
        html = f'<pre class="mermaid">{escape(text)}</pre>'
        return [nodes.raw("", html, format="html")]


def add_scripts(
    app: Sphinx, _page: str, _template: str, _context: object, tree: nodes.Node | None
) -> None:
    """Load the script, which is large, where there is a diagram."""
    raw = tree.findall(nodes.raw) if tree else ()
    if any('class="mermaid"' in node.astext() for node in raw):
        app.add_js_file("mermaid.min.js")
        app.add_js_file("diagrams.js")


def signature_of_class(
    _app: Sphinx,
    what: str,
    _name: str,
    thing: type,
    _options: object,
    found: str,
    _returns: object,
) -> tuple[str, str] | None:
    """Say what a class takes where its metaclass takes anything."""
    if what != "class" or found != "(*args, **kwargs)":
        return None
    parameters = list(inspect.signature(thing.__init__).parameters.values())[1:]
    bare = [p.replace(annotation=p.empty, default=_plain(p)) for p in parameters]
    return str(inspect.Signature(bare)), ""


def _plain(parameter: inspect.Parameter) -> object:
    default = parameter.default
    return default.value if isinstance(default, Enum) else default


def set_dashes(_app: Sphinx, tree: nodes.document, _page: str) -> None:
    """Have dashes where Sphinx leaves them to smart quotes: in lists of parameters."""
    for text in list(tree.findall(nodes.Text)):
        if text == " -- " and text.parent:
            text.parent.replace(text, nodes.Text(" \N{EN DASH} "))


def setup(app: Sphinx) -> None:
    """Add what the pages need beside the extensions."""
    app.add_directive("mermaid", Mermaid)
    app.connect("html-page-context", add_scripts)
    app.connect("doctree-resolved", set_dashes)
    app.connect("autodoc-process-signature", signature_of_class)
