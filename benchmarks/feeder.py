"""Sends frames: URL, queue, frames a second, how many, DCID, side of the grid."""

import sys
import time

import pika
from tests.support.rabbitmq import RabbitMQ

from zocalo_ioc.wire import recipe_message

BATCH = 0.01
"""Seconds between batches."""


def main() -> None:
    """Send them."""
    url, queue, *numbers = sys.argv[1:]
    rate, count, dcid, side = map(int, numbers)
    gridinfo = {"steps_x": side, "steps_y": side, "snaked": 1}
    gridinfo |= {"orientation": "horizontal", "dx_mm": 0.02, "dy_mm": 0.02}
    step = {"parameters": {"dcid": dcid}, "gridinfo": gridinfo}
    others = {
        str(n): {"queue": "q", "parameters": {"p": "v" * 50}} for n in range(2, 9)
    }
    recipe = {"1": step, "start": [[1, []]]} | others
    channel = pika.BlockingConnection(pika.URLParameters(url)).channel()
    print("feeding", flush=True)
    began, sent = time.perf_counter(), 0

    def send(number: int) -> None:
        payload = {"file-number": number, "n_spots_total": number % 500}
        headers, body = recipe_message(payload, recipe, 1, (), {"ID": "benchmark"})
        channel.basic_publish("", queue, body, RabbitMQ.persistent({**headers}))

    while sent < count:
        due = min(int((time.perf_counter() - began) * rate), count)
        for number in range(sent + 1, due + 1):
            send(number)
        sent = due
        time.sleep(BATCH)
    # A quorum queue may drop the last messages of a sender that leaves at once, unless
    # one that follows them is confirmed: send a frame again that is not counted twice.
    channel.confirm_delivery()
    send(count)
    channel.connection.close()


if __name__ == "__main__":
    main()
