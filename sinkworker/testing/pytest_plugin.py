"""The `pytest11` plugin: assertions in the kit are explained like a test's own."""

import pytest

pytest.register_assert_rewrite("sinkworker.testing.conformance", "sinkworker.testing.history")
