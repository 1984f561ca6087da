"""The real parts that tests run: brokers, IOC processes and clients."""
