"""Plugins: found by their entry points, loaded only when a configuration names them."""

from sinkworker.plugins.catalog import Catalog, Kind, Plugin, PluginError, UnknownPluginError

__all__ = ["Catalog", "Kind", "Plugin", "PluginError", "UnknownPluginError"]
