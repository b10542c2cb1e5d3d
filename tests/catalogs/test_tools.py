"""Other programs: time, size, status; and a host that is no option of ssh."""

import stat

import pytest

from catalogs import tools
from catalogs.tools import ask, ssh_command
from engine.errors import FieldError


@pytest.fixture
def tool(tmp_path, monkeypatch):
    """Put a shell script on the path."""
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    def make(name, script):
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return name

    return make


def test_what_it_prints(tool):
    assert ask((tool("t", 'echo "$1 $2"'), "a b", "$(c)")).text == "a b $(c)\n"


def test_what_goes_wrong_is_said(tool):
    assert ask(("no-such-tool",)).problem == "is not there"
    answer = ask((tool("t", "echo out; echo 'NVIDIA-SMI has failed' >&2; exit 9"),))
    assert answer.problem == "ends with status 9: 'NVIDIA-SMI has failed'"
    assert ask((tool("t", "echo no devices; exit 6"),)).problem == "ends with status 6: 'no devices'"


def test_a_tool_that_hangs_is_stopped(tool):
    assert ask((tool("t", "exec sleep 30"),), wait_seconds=0.2).problem == "did not answer within 0.2 seconds"


def test_a_tool_that_never_stops_printing(tool, monkeypatch):
    monkeypatch.setattr(tools, "LIMIT_BYTES", 10_000)
    assert ask((tool("t", "exec yes"),)).problem == "prints more than 10,000 bytes"


@pytest.mark.parametrize("host", ["gpu-box", "me@gpu-box.example.org", "10.0.0.1", "me@fe80:0:0::1", "a_b", "x"])
def test_hosts(host):
    command = ssh_command(host, "true")
    assert command[-3:] == ("--", host, "true")
    assert "BatchMode=yes" in command


@pytest.mark.parametrize(
    "host",
    [
        *("-oProxyCommand=touch /tmp/x", "-F", "--", "", " ", "a b", "a;b", "a`b`", "$(a)", "a'b", 'a"b', "a|b"),
        *("me@-oProxyCommand=x", "-x@host", "a\nb", "a\x00b", "host:22", "ssh://host", "a/b", "a%h", "@host", "me@"),
        *("x" * 300, "ä", "a@b@c", "{a}", "~", "a\\b", "host "),
    ],
)
def test_hosts_that_ssh_could_take_for_something_else(host):
    with pytest.raises(FieldError) as caught:
        ssh_command(host, "true")
    assert caught.value.field == "--ssh"
    assert "\n" not in str(caught.value)
