"""Whether a sink holds what Kafka's log and its own ledger say: nothing missing, nothing twice."""
