"""A simulated Zocalo: services that speak its messages on its queues.

They use the messages, the broker protocol and the errors of ``zocalo_ioc``, and know
neither EPICS nor the IOC. `simulation.SimulatedZocalo` runs them all;
`centring` has the calculations, as pure functions.
"""
