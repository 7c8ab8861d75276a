"""Configuration: files → connectors that are ready to be started.

Owns what each key of a connector's and a worker's file means, and telling every mistake at once.
Connects to nothing.
"""

from sinkworker.configuration.connector import ConfiguredConnector, configure, read_kafka
from sinkworker.configuration.worker_file import read_worker

__all__ = ["ConfiguredConnector", "configure", "read_kafka", "read_worker"]
