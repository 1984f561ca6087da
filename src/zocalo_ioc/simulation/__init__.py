"""A simulated Zocalo. It speaks only wire messages."""

from ._zocalo import RESULTS_QUEUE, SimulatedZocalo

__all__ = ["RESULTS_QUEUE", "SimulatedZocalo"]
