"""Put PROCESS with the commands of a shell, and print what is read afterwards."""

import json
import subprocess
import sys
from pathlib import Path


def run(command: str, *arguments: str) -> str:
    """Run caproto's caput or caget: EPICS base's own take the same arguments."""
    program = Path(sys.executable).with_name(command)
    return subprocess.run(
        [program, *arguments], capture_output=True, check=True, text=True
    ).stdout


prefix = sys.argv[1]
run("caproto-put", "--no-repeater", "-c", "-w", "60", f"{prefix}:PROCESS", "1")
state = run("caproto-get", "--no-repeater", "-t", f"{prefix}:STATE")
message = run("caproto-get", "--no-repeater", "-S", f"{prefix}:MESSAGE")
severity = run(
    "caproto-get",
    *("--no-repeater", "-d", "time", "--format", "{response.metadata.severity}"),
    f"{prefix}:STATE",
)
found = {"state": state.strip(), "severity": int(severity), "message": message}
print(json.dumps(found))
