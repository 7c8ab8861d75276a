"""Sinks whose process is killed, without Kafka: `sinkworker plugin test`.

Records come from a file (`records`). Processes are started one after the other (`processes`); each runs
the sink on the engine (`run`), ends itself at some `moment` by SIGKILL, and leaves a `journal`, which
the `verdict` reads.
"""
