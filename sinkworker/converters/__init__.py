"""Converters that come with the worker, one plugin a file. Found by entry points, like anyone's."""
