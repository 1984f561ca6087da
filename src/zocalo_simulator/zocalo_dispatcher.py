"""The program of the process in which Zocalo's own dispatcher runs.

It ends with the process that started it, however that ends: standard input closes then.
"""

import os
import signal
import threading

from zocalo.service import start_service


def _end_with_the_other() -> None:
    # not through sys.stdin, whose lock the service's process would inherit
    os.read(0, 1)
    os.killpg(0, signal.SIGKILL)  # it has processes of its own


if __name__ == "__main__":
    threading.Thread(target=_end_with_the_other, daemon=True).start()
    start_service()
