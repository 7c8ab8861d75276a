"""Composition: files → connectors → tasks → a worker. The only place where all parts meet.

Owns the wiring and the order of what is checked before anything starts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

from sinkworker.administration import letters
from sinkworker.administration.connectors import WorkerAdministration
from sinkworker.administration.overrides import OverridePolicy
from sinkworker.administration.registry import Means
from sinkworker.administration.replaying import Replay
from sinkworker.administration.state_folder import StateFolder, default_path
from sinkworker.administration.tapping import Look
from sinkworker.administration.verification.report import Report
from sinkworker.administration.verification.verifying import verify
from sinkworker.api import ConfigError, ConfigProblem, TopicPartition
from sinkworker.configuration import ConfiguredConnector, configure, read_kafka, read_worker
from sinkworker.configuration.coordinates import coordinates
from sinkworker.kafka.connection import Connection
from sinkworker.kafka.consumer import KafkaPythonConsumer, Subscription
from sinkworker.kafka.dead_letters import LetterTopic
from sinkworker.plugins import Catalog
from sinkworker.properties import ConfigFile, Entry, read_file
from sinkworker.rest.guard import guard
from sinkworker.rest.listening import Bound, advertised, bind, keys, refuse_open_doors
from sinkworker.rest.server import RestServer
from sinkworker.runtime.assembly import Lasting, TaskPlan, assemble
from sinkworker.runtime.clock import SystemClock
from sinkworker.runtime.mailbox import Mailbox
from sinkworker.runtime.pipeline import Pipeline
from sinkworker.runtime.ports import DeadLetters
from sinkworker.runtime.sink_task import Parts
from sinkworker.runtime.task_runner import TaskRunner
from sinkworker.runtime.worker import Worker
from sinkworker.worker_settings import WorkerSettings

FLUSH_SHARE_OF_POLL_INTERVAL = 0.8
DEFAULT_MAX_POLL_INTERVAL_MS = 300_000
PLAIN_JSON = {"value.converter": "JsonConverter", "value.converter.schemas.enable": "false"}


@dataclass(frozen=True)
class Configuration:
    """What the files say. warnings: what they say to no effect. worker_file: None without one."""

    connectors: Sequence[ConfiguredConnector]
    warnings: Sequence[str]
    worker: WorkerSettings = field(default_factory=WorkerSettings)
    worker_file: ConfigFile | None = None
    catalog: Catalog = field(default_factory=Catalog)


def load(paths: Sequence[Path], worker_path: Path | None = None) -> Configuration:
    """Read and check all files. ConfigError with every problem of every file."""
    worker = read_file(worker_path) if worker_path is not None else None
    warnings: list[str] = []
    problems: list[ConfigProblem] = []
    settings = WorkerSettings()
    if worker is not None:
        with _collecting(problems):
            settings, of_worker = read_worker(worker)
            warnings += of_worker
    files: list[ConfigFile] = []
    connectors: list[ConfiguredConnector] = []
    catalog = Catalog()
    for path in paths:
        with _collecting(problems):
            files.append(read_file(path))
            connectors.append(configure(files[-1], worker, catalog))
            warnings += connectors[-1].warnings
    problems += _same_names(files)
    if problems:
        raise ConfigError(problems)
    return Configuration(connectors, warnings, settings, worker, catalog)


def load_without_kafka(target: str, keys: Mapping[str, str]) -> ConfiguredConnector:
    """One connector that will not be connected to Kafka. ConfigError with every problem.

    target: its file, or the name of a plugin. keys: count before the file's.
    """
    path = Path(target)
    if path.is_file() or path.suffix in (".properties", ".json"):
        file = read_file(path)
    else:
        values = {} if "value.converter" in keys else PLAIN_JSON
        named = {"name": "plugin-test", "connector.class": target, "topics": "test"}
        file = ConfigFile(Path("--set"), _entries(named | values))
    nowhere = _entries({"bootstrap.servers": "localhost:9092"})
    return configure(replace(file, entries=nowhere | {**file.entries} | _entries(keys)))


def _entries(keys: Mapping[str, str]) -> dict[str, Entry]:
    return {key: Entry(value, None) for key, value in keys.items()}


@contextmanager
def _collecting(problems: list[ConfigProblem]) -> Iterator[None]:
    try:
        yield
    except ConfigError as error:
        problems += [each for each in error.problems if each not in problems]


def _same_names(files: Sequence[ConfigFile]) -> list[ConfigProblem]:
    first: dict[str, ConfigFile] = {}
    problems = []
    for file in files:
        name = file.values().get("name")
        if name is not None and first.setdefault(name, file) is not file:
            where = f"{file.where('name')}: Connector {name} already exists"
            problems.append(ConfigProblem("name", f"{where}: {first[name].where('name')}"))
    return problems


def check_environment(configuration: Configuration) -> str | None:
    """Contact the sinks and Kafka once. Returns the cluster's id, where Kafka says one.

    ConfigError when what answers contradicts the configuration, RetriableError when one does not
    answer, ConnectError when it refuses.
    """
    for configured in configuration.connectors:
        with _placed(configured.place):
            configured.connector.check()
    cluster_ids = [each.check() for each in _connections(configuration)]
    return next(filter(None, cluster_ids), None)


def _connections(configuration: Configuration) -> list[Connection]:
    """Of all connectors; or of the worker's file, for those that may come."""
    worker = configuration.worker_file
    if (
        not configuration.connectors
        and worker is not None
        and "bootstrap.servers" in worker.entries
    ):
        bootstrap_servers, client = read_kafka(worker)
        return [Connection(bootstrap_servers, "worker", client, fetch_budget=1, poll_records=1)]
    return [_connection(configured) for configured in configuration.connectors]


@contextmanager
def _placed(place: Callable[[str], str]) -> Iterator[None]:
    """A connector knows its keys, not where they are written."""
    try:
        yield
    except ConfigError as error:
        problems = [ConfigProblem(p.key, f"{place(p.key)}: {p.message}") for p in error.problems]
        raise ConfigError(problems) from error


class Running(NamedTuple):
    """What a process consists of. rest: None when it listens nowhere."""

    worker: Worker
    administration: WorkerAdministration
    rest: RestServer | None
    doors: Sequence[Bound]


def build(configuration: Configuration, *, insecure: bool = False) -> Running:
    """Everything of one process, not started; its addresses are bound, its folder is taken.

    insecure: listen also where others reach it without a word or in plain text. ConfigError when
    it cannot listen.
    """
    settings = configuration.worker
    refuse_open_doors(settings, insecure=insecure)
    protection, doors = guard(settings), bind(settings)
    worker = Worker()
    administration = WorkerAdministration(worker, _means(configuration, keeps_state=bool(doors)))
    if not doors:
        return Running(worker, administration, None, doors)
    administration.id = advertised(settings, doors[0])
    rest = RestServer(administration, protection, doors, keys(settings))
    return Running(worker, administration, rest, doors)


def standing_still(configuration: Configuration) -> WorkerAdministration:
    """Connectors of which nothing runs here: their stores can be asked and changed."""
    administration = WorkerAdministration(Worker(), _means(configuration, keeps_state=False))
    administration.hold(configuration.connectors)
    return administration


def _means(configuration: Configuration, *, keeps_state: bool) -> Means:
    settings, worker_file = configuration.worker, configuration.worker_file
    folder, why_not = None, "It keeps no state"
    if keeps_state:
        folder, why_not = StateFolder.taken(settings.sinkworker_state_dir or default_path())
    policy = OverridePolicy(settings.connector_client_config_override_policy.title())
    return Means(
        configure=lambda file: configure(file, worker_file, configuration.catalog),
        tasks=_task_makers,
        consumer=_reader,
        catalog=configuration.catalog,
        policy=policy,
        folder=folder,
        why_no_folder=why_not,
    )


def _reader(
    configured: ConfiguredConnector, partitions: Collection[TopicPartition]
) -> KafkaPythonConsumer:
    """In no group: whoever is in the connector's does not notice."""
    return _connection(configured).consumer(Subscription(partitions=tuple(partitions)), 0)


def verified(
    configured: ConfiguredConnector, places: Sequence[str], *, reads_log: bool
) -> Report | None:
    """A connector's sink beside its ledger and its log. None: it cannot tell what it holds."""
    audit = configured.connector.audit(coordinates(configured.file.values()), places)
    if audit is None:
        return None
    connect = partial(_reader, configured) if reads_log else None
    return verify(configured.settings.name, audit, connect, letter_pipeline(configured))


def replay_of(configured: ConfiguredConnector, *, deletes_first: bool) -> Replay:
    """ConnectError, with what to do instead, where the sink cannot write again."""
    return Replay(
        configured, partial(_reader, configured), coordinates(configured.file.values()),
        deletes_first=deletes_first,
    )  # fmt: skip


def look_at(configured: ConfiguredConnector) -> Look:
    """RetriableError: no broker answers."""
    settings = configured.settings
    fixed, pattern = settings.fixed_partitions, re.compile(settings.topics_regex or "(?!)")
    found = [
        each
        for each in _connection(configured).partitions()
        if each in fixed or each.topic in settings.topics or pattern.fullmatch(each.topic)
    ]
    return Look(configured, found, partial(_reader, configured))


def _task_makers(configured: ConfiguredConnector) -> list[Callable[[], tuple[TaskRunner, Mailbox]]]:
    """One for each task; a task is made again whenever it is restarted."""
    subscriptions = enumerate(_subscriptions(configured))
    return [
        partial(_task, configured, subscription, number) for number, subscription in subscriptions
    ]


def _task(
    configured: ConfiguredConnector, subscription: Subscription, number: int
) -> tuple[TaskRunner, Mailbox]:
    plan, connection, clock = task_plan(configured), _connection(configured), SystemClock()
    mailbox, lasting = Mailbox(), Lasting(plan.backoff(), clock)
    make = partial(_make_parts, plan, connection, subscription, number, lasting)
    return TaskRunner(make, lasting.backoff, clock, mailbox, plan.restarts), mailbox


def _make_parts(
    plan: TaskPlan,
    connection: Connection,
    subscription: Subscription,
    number: int,
    lasting: Lasting,
) -> Parts:
    """Called on the task's thread, again whenever it needs a new client."""
    return assemble(plan, number, connection.consumer(subscription, number), lasting)


def _connection(configured: ConfiguredConnector) -> Connection:
    settings = configured.settings
    return Connection(
        configured.bootstrap_servers,
        settings.name,
        configured.client,
        fetch_budget=settings.buffer_max_bytes,
        poll_records=settings.batch_size,
        producer=configured.producer,
    )


def task_plan(configured: ConfiguredConnector) -> TaskPlan:
    settings, client = configured.settings, configured.client.consumer
    max_poll_interval_ms = client.get("max_poll_interval_ms", DEFAULT_MAX_POLL_INTERVAL_MS)
    return TaskPlan(
        name=settings.name,
        connector=configured.connector,
        conversion=configured.conversion,
        tolerance=settings.tolerance,
        flush_policy=settings.flush_policy,
        start=settings.start,
        out_of_range=settings.out_of_range,
        joins_by_pattern=settings.topics_regex is not None,
        retry_delay_max_ms=settings.errors_retry_delay_max_ms,
        retry_timeout_ms=settings.errors_retry_timeout,
        flush_timeout_ms=int(max_poll_interval_ms * FLUSH_SHARE_OF_POLL_INTERVAL),
        breaker=settings.breaker,
        restarts=settings.restarts,
        dead_letters=_dead_letters(configured),
        config_hash=configured.config_hash,
    )


def _dead_letters(configured: ConfiguredConnector) -> Callable[[int], DeadLetters] | None:
    settings = configured.settings
    name = settings.errors_deadletterqueue_topic_name
    if not name:
        return None
    topic = LetterTopic(
        name,
        settings.errors_deadletterqueue_topic_replication_factor,
        settings.errors_deadletterqueue_context_headers_enable,
    )
    return partial(_connection(configured).dead_letters, topic)


def letter_pipeline(configured: ConfiguredConnector) -> Pipeline:
    """A connector's converters and transforms, for dead letters: what fails again stays one."""
    return letters.letter_pipeline(configured)


def _subscriptions(configured: ConfiguredConnector) -> list[Subscription]:
    """One for each task. Fixed partitions are dealt out; a group divides everything else."""
    settings = configured.settings
    fixed, tasks = settings.fixed_partitions, settings.tasks_max
    if fixed:
        return [Subscription(partitions=fixed[n::tasks]) for n in range(min(tasks, len(fixed)))]
    return [Subscription(settings.topics, settings.topics_regex)] * tasks
