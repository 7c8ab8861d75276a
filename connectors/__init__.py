"""Sink connectors that come with the worker: ordinary plugins that import only `sinkworker.api`."""
