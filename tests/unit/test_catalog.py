"""Plugins are found by the metadata of what is installed, and imported only when they are named."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import Distribution, EntryPoint
from pathlib import Path

import pytest

from sinkworker.api import ConfigError
from sinkworker.configuration import configure
from sinkworker.converters.json import JsonConverter
from sinkworker.plugins import Catalog, Kind, Plugin, PluginError
from sinkworker.properties import read_file
from tests.unit.config_files import FILE_SINK, changed, write

Points = Mapping[str, str]
# A module with a sink, without what it would do.
SINK = """
from sinkworker.api import ConnectorConfig, SinkConnector

class Acme(SinkConnector):
    config_class = ConnectorConfig

    def create_task(self, context):
        raise NotImplementedError

class Other(Acme):
    pass
"""


class Environment:
    """A folder on sys.path into which small distributions are installed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def install(self, distribution: str, points: Points, kind: Kind = Kind.CONNECTOR) -> None:
        """Metadata as pip writes it. points: name → module:attribute."""
        info = self._folder / f"{distribution}-1.2.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.2\n"
        )
        lines = [f"{name} = {value}" for name, value in points.items()]
        (info / "entry_points.txt").write_text(f"[{kind.value}]\n" + "\n".join(lines) + "\n")

    def module(self, name: str, text: str) -> None:
        """A module that nobody has imported yet."""
        sys.modules.pop(name, None)
        importlib.invalidate_caches()
        (self._folder / f"{name}.py").write_text(text)


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    return Environment(tmp_path)


def why_not(name: str, kind: Kind = Kind.CONNECTOR) -> str:
    with pytest.raises(PluginError) as caught:
        Catalog().load(kind, name)
    return str(caught.value)


def test_the_bundled_plugins_are_listed_with_their_java_names() -> None:
    listed = {plugin.name: plugin for plugin in Catalog().list(Kind.CONNECTOR)}
    file_sink = listed["FileStreamSink"]
    assert file_sink.other_names == ("org.apache.kafka.connect.file.FileStreamSinkConnector",)
    assert file_sink.distribution == "sinkworker"
    assert "PostgresSink" in listed


def test_a_plugin_is_listed_with_its_distribution_without_being_imported(
    environment: Environment,
) -> None:
    environment.module("acme_sink", "raise SystemExit('imported')")
    environment.install("acme", {"com.acme.Sink": "acme_sink:Acme", "Acme": "acme_sink:Acme"})
    assert Plugin(
        Kind.CONNECTOR, "Acme", ("com.acme.Sink",), "acme_sink:Acme", "acme", "1.2"
    ) in Catalog().list(Kind.CONNECTOR)
    assert "acme_sink" not in sys.modules


def test_the_bundled_plugins_too_are_listed_without_being_imported() -> None:
    code = (
        "import sys; from sinkworker.plugins import Catalog, Kind\n"
        "assert all(Catalog().list(kind) is not None for kind in Kind)\n"
        "print([m for m in sys.modules if m.split('.')[0] in ('connectors', 'psycopg', 'kafka')])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"


def test_a_plugin_of_one_kind_is_none_of_another(environment: Environment) -> None:
    environment.install("acme", {"Acme": "acme_sink:Acme"}, Kind.TRANSFORM)
    assert "Acme" not in [plugin.name for plugin in Catalog().list(Kind.CONNECTOR)]
    assert why_not("Acme").startswith("There is no connector Acme; installed are ")


def test_loading_gives_the_class(environment: Environment) -> None:
    environment.module("acme_good", SINK)
    environment.install("acme", {"Acme": "acme_good:Acme"})
    assert Catalog().load(Kind.CONNECTOR, "Acme").__module__ == "acme_good"


@pytest.mark.parametrize(
    ("entry", "names"),
    [
        ("AcmeSink", ["AcmeSink", "AcmeSinkConnector"]),
        ("AcmeSinkConnector", ["AcmeSinkConnector", "AcmeSink", "Acme"]),
        ("com.example.AcmeSinkConnector",
         ["com.example.AcmeSinkConnector", "AcmeSinkConnector", "AcmeSink", "Acme"]),
    ],
)  # fmt: skip
def test_a_connector_is_found_by_its_simple_name_with_and_without_its_suffix(
    environment: Environment, entry: str, names: list[str]
) -> None:
    environment.module("acme_good", SINK)
    environment.install("acme", {entry: "acme_good:Acme"})
    for name in names:
        assert Catalog().load(Kind.CONNECTOR, name).__name__ == "Acme"


@pytest.mark.parametrize("name", ["JsonConverter", "Json"])
def test_a_converter_is_found_by_its_simple_name_with_and_without_its_suffix(name: str) -> None:
    point = EntryPoint("com.example.JsonConverter", "sinkworker.converters.json:JsonConverter",
                       Kind.CONVERTER.value)  # fmt: skip
    assert Catalog([point]).load(Kind.CONVERTER, name) is JsonConverter


def test_a_full_name_counts_before_one_without_its_suffix(environment: Environment) -> None:
    environment.module("acme_good", SINK)
    points = {"AcmeSink": "acme_good:Acme", "AcmeSinkConnector": "acme_good:Other"}
    environment.install("acme", points)
    assert Catalog().load(Kind.CONNECTOR, "AcmeSinkConnector").__name__ == "Other"
    assert Catalog().load(Kind.CONNECTOR, "AcmeSink").__name__ == "Acme"


def test_a_simple_name_that_two_classes_of_a_distribution_have_is_refused(
    environment: Environment,
) -> None:
    environment.module("acme_good", SINK)
    points = {"com.acme.old.Sink": "acme_good:Acme", "com.acme.new.Sink": "acme_good:Other"}
    environment.install("acme", points)
    why_not("Sink")


@pytest.mark.parametrize(
    ("module", "cause"),
    [
        ("import no_such_library", "ModuleNotFoundError: No module named 'no_such_library'"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("x = 1", "AttributeError: module 'acme_broken' has no attribute 'Acme'"),
    ],
)
def test_a_plugin_that_cannot_be_imported_is_told_and_stops_nobody_else(
    environment: Environment, module: str, cause: str
) -> None:
    environment.module("acme_broken", module)
    environment.install("acme", {"Acme": "acme_broken:Acme"})
    assert why_not("Acme") == f"The connector Acme of acme cannot be imported: {cause}"
    assert configure(read_file(write("c.properties", changed(FILE_SINK)))).settings.name == "good"


def test_a_name_that_two_distributions_offer_is_refused(environment: Environment) -> None:
    environment.install("acme", {"Acme": "acme_sink:Acme"})
    environment.install("bolts", {"Acme": "bolts_sink:Acme"})
    assert why_not("Acme") == "The connector Acme is offered by acme and bolts: uninstall one"


def test_a_simple_name_that_two_distributions_offer_is_refused(environment: Environment) -> None:
    environment.install("acme", {"com.acme.Sink": "acme_sink:Acme"})
    environment.install("bolts", {"com.bolts.Sink": "bolts_sink:Acme"})
    assert why_not("Sink") == "The connector Sink is offered by acme and bolts: uninstall one"


def test_a_distribution_that_takes_a_bundled_name_is_refused(environment: Environment) -> None:
    environment.install("acme", {"FileStreamSink": "acme_sink:Acme"})
    assert why_not("FileStreamSink") == (
        "The connector FileStreamSink is offered by acme and sinkworker: uninstall one"
    )
    assert "acme_sink" not in sys.modules


@pytest.mark.parametrize("name", ["FileStrimSink", "filestreamsink", "org.example.FileStreamSink"])
def test_an_unknown_name_that_is_close_to_one_is_a_hint(name: str) -> None:
    assert why_not(name) == f"There is no connector {name}; did you mean FileStreamSink?"


def test_an_unknown_name_that_is_close_to_none_is_answered_with_all() -> None:
    names = ", ".join(plugin.name for plugin in Catalog().list(Kind.CONNECTOR))
    assert why_not("Zzz") == f"There is no connector Zzz; installed are {names}"


def test_where_nothing_is_installed_that_is_said() -> None:
    with pytest.raises(PluginError, match=r"^There is no transform Zzz; none is installed$"):
        Catalog([]).load(Kind.TRANSFORM, "Zzz")


@pytest.mark.parametrize("name", ["evil:Sink", "evil.Sink", "evil", "evil:Sink.__init__"])
def test_a_dotted_path_is_never_imported(environment: Environment, name: str) -> None:
    environment.module("evil", "raise SystemExit('imported')")
    why_not(name)
    with pytest.raises(ConfigError):
        configure(read_file(write("c.properties", changed(FILE_SINK, f"connector.class={name}"))))
    assert "evil" not in sys.modules


@pytest.mark.parametrize("value", ["json:dumps", "decimal:Decimal", "sinkworker.api:Converter"])
def test_what_is_no_connector_is_told(environment: Environment, value: str) -> None:
    environment.install("acme", {"Acme": value})
    assert why_not("Acme") == (
        f"The connector Acme of acme is none: {value} is no subclass of SinkConnector"
    )


def test_the_base_of_all_connectors_is_told_to_be_abstract(environment: Environment) -> None:
    environment.install("acme", {"Acme": "sinkworker.api:SinkConnector"})
    assert why_not("Acme") == "The connector Acme of acme is abstract"


@pytest.mark.parametrize("lacking", ["del Acme.config_class", "class Acme(SinkConnector): "
                                     "config_class = ConnectorConfig"])  # fmt: skip
def test_a_connector_that_lacks_a_part_is_told(environment: Environment, lacking: str) -> None:
    environment.module("acme_part", f"{SINK}\n{lacking}")
    environment.install("acme", {"Acme": "acme_part:Acme"})
    why_not("Acme")


@pytest.mark.parametrize(
    "name", ["com.amazonaws.services.schemaregistry.Converter", "com.example.BsonConverter"]
)
def test_the_names_of_other_plugins_are_no_misspelling(name: str) -> None:
    names = ", ".join(plugin.name for plugin in Catalog().list(Kind.CONVERTER))
    assert why_not(name, Kind.CONVERTER) == f"There is no converter {name}; installed are {names}"


class CountedDistribution(Distribution):
    """Counts how often its metadata is read."""

    reads = 0

    def read_text(self, filename: str) -> str:
        self.reads += 1
        return "Metadata-Version: 2.1\nName: counted\nVersion: 3.2\n"

    def locate_file(self, path: object) -> Path:
        return Path(str(path))


def test_what_is_installed_is_read_once() -> None:
    distribution = CountedDistribution()
    point = EntryPoint("A", "a:A", "sinkworker.connectors")._for(distribution)  # type: ignore[attr-defined]
    catalog = Catalog([point])
    first, reads = catalog.list(Kind.CONNECTOR), distribution.reads
    assert [(each.distribution, each.version) for each in first] == [("counted", "3.2")]
    assert catalog.list(Kind.CONNECTOR) == first
    assert distribution.reads == reads > 0
