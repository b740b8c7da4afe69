"""The suite itself: no provider's variable reaches a test, no connection leaves this machine."""

from __future__ import annotations

import os
import socket

import pytest

from conftest import OutsideConnection


def test_a_connection_beyond_the_loopback_fails() -> None:
    with socket.socket() as sock, pytest.raises(OutsideConnection):
        sock.connect(("192.0.2.1", 80))


def test_no_variable_of_a_provider_is_left() -> None:
    assert [name for name in os.environ if name.startswith(("OPENAI", "ANTHROPIC"))] == []
