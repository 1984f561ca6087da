"""Examples of facts that problems of several modules have."""

from typing import Annotated

Node = Annotated[str, "node1:5672"]
Queue = Annotated[str, "xrc.i03"]
TriggerQueue = Annotated[str, "processing_recipe"]
Code = Annotated[int, 320]
ClosedBecause = Annotated[str, "CONNECTION_FORCED - operator shut it down"]
Prefix = Annotated[str, "BL03I-EA-ZOC-01"]
Dcid = Annotated[int, 1234567]
Reason = Annotated[str, "Permission denied"]
