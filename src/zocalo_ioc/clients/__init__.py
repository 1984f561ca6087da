"""Clients of a running IOC: for plans, and for a terminal. They speak only PVs.

`ophyd_async` has devices for Bluesky plans and document callbacks, `ophyd` a classic
device, `submit` is the command of that name.
"""
