"""Every metric's name, kind, labels and help. The only place where they are written.

Kafka Connect's have the names that a JMX exporter without rules gives them; then the three that
Strimzi's dashboards read; then ours.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Kind(Enum):
    """A counter's name ends with `_total`."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Metric(NamedTuple):
    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...]


TASK = ("connector", "task")
PARTITION = ("connector", "topic", "partition")
SINK, OF_TASK = "kafka_connect_sink_task_metrics_", "kafka_connect_connector_task_metrics_"
ERRORS = "kafka_connect_task_error_metrics_"
WORKER = "kafka_connect_connect_worker_metrics_"
REBALANCE = "kafka_connect_connect_worker_rebalance_metrics_"
OURS = "sinkworker_"


def _counter(name: str, help_text: str, labels: tuple[str, ...] = TASK) -> Metric:
    return Metric(name, Kind.COUNTER, help_text, labels)


def _gauge(name: str, help_text: str, labels: tuple[str, ...] = TASK) -> Metric:
    return Metric(name, Kind.GAUGE, help_text, labels)


READ = _counter(SINK + "sink_record_read_total", "Records read from Kafka.")
READ_RATE = _gauge(SINK + "sink_record_read_rate", "Records read a second, over 30 s.")
SENT = _counter(SINK + "sink_record_send_total", "Records that the sink has committed.")
SENT_RATE = _gauge(SINK + "sink_record_send_rate", "Records committed a second, over 30 s.")
LAG_MAX = _gauge(SINK + "sink_record_lag_max", "Most offsets between position and stored offset.")
PARTITIONS = _gauge(SINK + "partition_count", "Partitions that the task holds.")
ACTIVE = _gauge(SINK + "sink_record_active_count", "Offsets delivered and not committed yet.")
COMMIT_NUMBER = _gauge(SINK + "offset_commit_seq_no", "Number of the last commit.")
COMMITS = _counter(SINK + "offset_commit_completion_total", "Commits of data and offsets.")
SKIPPED_COMMITS = _counter(SINK + "offset_commit_skip_total", "Commits that were fenced.")
PUT_AVERAGE = _gauge(SINK + "put_batch_avg_time_ms", "Time to convert and put a batch, on average.")
PUT_MAX = _gauge(SINK + "put_batch_max_time_ms", "Longest time to convert and put a batch.")

RUNNING_RATIO = _gauge(OF_TASK + "running_ratio", "Share of its life in which the task ran.")
PAUSE_RATIO = _gauge(OF_TASK + "pause_ratio", "Share of its life in which the task was paused.")
FLUSH_AVERAGE = _gauge(OF_TASK + "offset_commit_avg_time_ms", "Time of a commit, on average.")
FLUSH_MAX = _gauge(OF_TASK + "offset_commit_max_time_ms", "Longest time of a commit.")
BATCH_AVERAGE = _gauge(OF_TASK + "batch_size_avg", "Records of a batch, on average.")
BATCH_MAX = _gauge(OF_TASK + "batch_size_max", "Records of the biggest batch.")

# These count, and are gauges: a counter's name would have to end with _total, and theirs do not.
RECORD_FAILURES = _gauge(ERRORS + "total_record_failures", "Records that could not be used.")
RECORD_ERRORS = _gauge(ERRORS + "total_record_errors", "Records that could not be used.")
RECORDS_SKIPPED = _gauge(ERRORS + "total_records_skipped", "Records left out for an error.")
RETRIES = _gauge(ERRORS + "total_retries", "Failures after which the task tried again.")

LETTERS_SENT = _gauge(ERRORS + "deadletterqueue_produce_requests", "Dead letters sent to a topic.")
LETTERS_NOT_SENT = _gauge(
    ERRORS + "deadletterqueue_produce_failures", "Dead letters that a topic did not take."
)

CONNECTORS = _gauge(WORKER + "connector_count", "Connectors of this worker.", ())
TASKS = _gauge(WORKER + "task_count", "Tasks of this worker.", ())
REBALANCES = _counter(REBALANCE + "completed_rebalances_total", "Assignments of partitions.", ())
SINCE_REBALANCE = _gauge(
    REBALANCE + "time_since_last_rebalance_ms", "Time since the last assignment.", ()
)

CONNECTOR_STATUS = _gauge(
    "kafka_connect_connector_status", "1 for the state of a connector.", ("connector", "status")
)
TASK_STATUS = _gauge(
    "kafka_connect_connector_task_status", "1 for the state of a task.", (*TASK, "status")
)
STRIMZI_CONNECTORS = _gauge("kafka_connect_worker_connector_count", "Connectors here.", ())

STORED = _gauge(
    OURS + "stored_offset", "The next offset to read, as the sink stores it.", PARTITION
)
LOG_END = _gauge(OURS + "log_end_offset", "The end of the log when last fetched from.", PARTITION)
LAG = _gauge(
    OURS + "lag_records", "Offsets between the stored offset and the log's end.", PARTITION
)
COMMITTED_AT = _gauge(OURS + "last_commit_timestamp_seconds", "When the sink last committed.")
AGE = Metric(
    OURS + "end_to_end_seconds", Kind.HISTOGRAM,
    "Time from the timestamp of each commit's last record of a partition to its commit.", TASK,
)  # fmt: skip
FILTERED = _counter(OURS + "filtered_records_total", "Records that transforms left out.")
LETTERS = _counter(
    OURS + "dead_letters_total", "Errant records kept as dead letters, and committed past."
)
GAPS = _counter(OURS + "gaps_total", "Offsets without a record: markers, aborted, compacted.")
QUARANTINED = _gauge(OURS + "quarantined_partitions", "Partitions that cannot go on.")
FENCED = _counter(OURS + "fenced_total", "Commits refused since the claim had moved.")
REOPENED = _counter(OURS + "reopened_total", "Partitions opened again after a failure or a change.")
REBUILDS = _counter(OURS + "client_rebuilds_total", "Kafka clients replaced since they hung.")
STUCK = _gauge(OURS + "stuck_transactions", "Partitions that wait for an open transaction to end.")
MIRROR_FAILURES = _counter(
    OURS + "offset_mirror_failures_total", "Copies of offsets to the group that failed."
)
INFO = _gauge(OURS + "info", "1, with the version.", ("version",))

ALL = tuple(each for each in dict(globals()).values() if isinstance(each, Metric))
