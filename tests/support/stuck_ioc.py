"""A zocalo-ioc that stops for good as it acknowledges a result.

Its records are still served: EPICS does that in threads of its own.
"""

import threading

from pika.channel import Channel

from zocalo_ioc.__main__ import main


def stop_for_good(*_: object, **__: object) -> None:
    threading.Event().wait()


Channel.basic_ack = stop_for_good
main()
