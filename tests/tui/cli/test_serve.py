"""The answers over HTTP: a real server on a port of its own, asked as a script would."""

import http.client
import json
import threading

import pytest

from engine.errors import FieldError
from tui.cli.serve import Server, serve

SCENARIO = {"schema": "whatfits/1", "model": {"id": "openai/gpt-oss-120b"}, "deployment": {"gpu": "h100-sxm"}}


@pytest.fixture(scope="module")
def server():
    with Server("127.0.0.1", 0) as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield running
        running.shutdown()


def ask(server, method, path, body=None, **headers):
    connection = http.client.HTTPConnection(*server.server_address[:2], timeout=20)
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    connection.request(method, path, data, {name.replace("_", "-"): value for name, value in headers.items()})
    response = connection.getresponse()
    text = response.read().decode()
    connection.close()
    return response.status, text


def test_a_scenario_is_answered_as_report_does(server, capsys, monkeypatch):
    from tui.cli.run import run

    status, text = ask(server, "POST", "/report", {**SCENARIO, "ref": 7})
    assert status == 200
    monkeypatch.setattr("sys.stdin", _Input(json.dumps({**SCENARIO, "ref": 7}).encode()))
    assert run(["report", "-", "--format", "jsonl"]) == 0
    assert json.loads(text) == json.loads(capsys.readouterr().out)
    assert json.loads(text)["ref"] == 7


class _Input:
    """Standard input with bytes in it."""

    def __init__(self, data: bytes) -> None:
        import io

        self.buffer = io.BytesIO(data)


def test_lines_are_answered_in_order(server):
    lines = [{**SCENARIO, "ref": 1}, {"model": {"id": "no such model"}, "ref": 2}, {**SCENARIO, "ref": 3}]
    body = b"\n".join(json.dumps(line).encode() for line in lines)
    status, text = ask(server, "POST", "/report", body, Content_Type="application/x-ndjson")
    found = [json.loads(line) for line in text.splitlines()]
    assert status == 200
    assert [one["ref"] for one in found] == [1, 2, 3]
    assert [one["error"] is None for one in found] == [True, False, True]


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b"{", 400, "not JSON"),
        (b"[]", 400, "must be a JSON object"),
        ({**SCENARIO, "workload": {"contxt": 3}}, 400, "contxt"),
        ({"schema": "whatfits/1", "model": {"path": "/etc/passwd"}}, 400, "files are not read for others"),
        ({**SCENARIO, "variant": [{"model": {"path": "/etc/passwd"}}]}, 400, "files are not read for others"),
    ],
)
def test_what_is_wrong_is_told(server, body, status, words):
    found, text = ask(server, "POST", "/report", body)
    assert found == status
    error = json.loads(text)["error"]
    assert words in f"{error['field']}: {error['message']}"


def test_lists_and_entries(server):
    assert any(row["id"] == "openai/gpt-oss-120b" for row in json.loads(ask(server, "GET", "/models?q=gpt-oss")[1]))
    assert json.loads(ask(server, "GET", "/gpus/h100-sxm")[1])["id"] == "h100-sxm"
    assert json.loads(ask(server, "GET", "/models/openai/gpt-oss-120b")[1])["id"] == "openai/gpt-oss-120b"
    status, text = ask(server, "GET", "/gpus/h100")
    assert (status == 200) or "did you mean" in text
    assert ask(server, "GET", "/nothing")[0] == 404
    assert ask(server, "POST", "/nothing", b"")[0] == 404
    assert "POST /report" in ask(server, "GET", "/")[1]


def test_the_schema(server):
    schema = json.loads(ask(server, "GET", "/schema")[1])
    assert "workload" in schema["properties"]


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8377", "", "[::"])
def test_another_name_for_this_machine_is_refused(server, host):
    connection = http.client.HTTPConnection(*server.server_address[:2], timeout=20)
    connection.putrequest("GET", "/models", skip_host=True)
    connection.putheader("Host", host)
    connection.endheaders()
    assert connection.getresponse().status in (400, 403)
    connection.close()


@pytest.mark.parametrize("told", ["", "-1", "x", "99999999999", "9" * 40])
def test_bodies_are_bounded(server, told):
    connection = http.client.HTTPConnection(*server.server_address[:2], timeout=20)
    connection.putrequest("POST", "/report")
    if told:
        connection.putheader("Content-Length", told)
    connection.endheaders()
    assert connection.getresponse().status in (411, 413)
    connection.close()


def test_a_port_that_cannot_be_had_is_one_line(server):
    with pytest.raises(FieldError, match="cannot listen on"):
        serve(["--port", str(server.server_address[1])])
    with pytest.raises(FieldError, match="must be from 0"):
        serve(["--port", "70000"])
