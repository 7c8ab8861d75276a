"""The command line: one file a command.

Owns the group and its exit codes. Commands import what they need when they run, so that `--help`
and a start are quick.
"""

from sinkworker.cli.main import main

__all__ = ["main"]
