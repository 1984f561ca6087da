"""Writes the pages that are made from the code, or checks that they are current.

usage: python docs/generate.py [--check]
"""

import sys
from pathlib import Path

from pages.alarms import alarms_page
from pages.messages import messages_page
from pages.operation import operation_page
from pages.options import options_page
from pages.records import records_page
from pages.states import states_page

DOCS = Path(__file__).parent
PAGES = {
    DOCS / "how-to" / "respond-to-alarms.md": alarms_page,
    DOCS / "reference" / "messages.md": messages_page,
    DOCS / "reference" / "operation.md": operation_page,
    DOCS / "reference" / "options.md": options_page,
    DOCS / "reference" / "records.md": records_page,
    DOCS / "explanations" / "job-states.md": states_page,
}


def main() -> None:
    """Write the pages, or name those that are not current."""
    check = sys.argv[1:] == ["--check"]
    stale = [
        str(page.relative_to(DOCS.parent))
        for page, make in PAGES.items()
        if not page.exists() or page.read_text() != make()
    ]
    if check and stale:
        sys.exit(f"Not current: {', '.join(stale)}. Run: python docs/generate.py")
    for page, make in PAGES.items():
        if not check:
            page.parent.mkdir(parents=True, exist_ok=True)
            page.write_text(make())


if __name__ == "__main__":
    main()
