"""Frames, as per-image analysis sends them."""

import json
from collections.abc import Iterable
from typing import Any

import numpy as np
import pika

from .rabbitmq import RabbitMQ

FRAMES = "pia.i03"


class FrameSender:
    """Sends frames as a step of a recipe has them."""

    def __init__(self, rabbitmq: RabbitMQ, exchange: str = "") -> None:
        self.exchange = exchange
        self._connection = pika.BlockingConnection(
            pika.URLParameters(f"{rabbitmq.url}?heartbeat=0")  # it may be idle for long
        )
        self._channel = self._connection.channel()

    def send(
        self,
        frames: Iterable[tuple[int, int]],
        size: tuple[int, int] | None,
        dcid: int,
        others: Iterable[int] = (),
        **gridinfo: Any,
    ) -> None:
        """Send the number and spots of frames."""
        step: dict[str, Any] = {
            "parameters": {"dcid": dcid, "dcgid": dcid // 10, "dcg_dcids": [*others]}
        }
        if size:
            grid = {
                "steps_x": size[0],
                "steps_y": size[1],
                "dx_mm": 0.02,
                "dy_mm": 0.03,
            }
            grid |= {"snaked": True, "orientation": "horizontal"}
            step["gridinfo"] = grid | gridinfo
        for number, spots in frames:
            self.send_payload({"file-number": number, "n_spots_total": spots}, step)

    def send_payload(self, payload: object, step: object) -> None:
        message = {
            "payload": payload,
            "recipe": {"1": step, "start": [[1, []]]},
            "recipe-pointer": 1,
            "recipe-path": [],
            "environment": {"ID": "d6f117bb-c856-4df8-b9bc-2d3c625e9fd5"},
        }
        properties = pika.BasicProperties(headers={"workflows-recipe": "True"})
        self._channel.basic_publish(
            self.exchange, FRAMES, json.dumps(message), properties
        )

    def close(self) -> None:
        self._connection.close()


def snaked(spots: np.ndarray) -> np.ndarray:
    """Return spots in the order of the frames, of a picture with its rows snaked."""
    lines = spots.copy()
    lines[1::2] = lines[1::2, ::-1]
    return lines.ravel()
