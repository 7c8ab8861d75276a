"""sinkworker: a Kafka Connect-style sink worker that keeps offsets with the sink's own writes.

Public packages are `sinkworker.api` (for plugin authors) and `sinkworker.testing` (for their
tests). Everything else may change in any release.
"""

__version__ = "0.1.0"
