"""The files of the container agree with each other and with the project.

Docker does not run in the tests; what a daemon would refuse shows in its own output only.
"""

from __future__ import annotations

import os
import re
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from bookbridge import bootstrap, running
from bookbridge.alive import answers, connection_to

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
STAGES = re.findall(r"^FROM (\S+) AS (\S+)$", DOCKERFILE, flags=re.MULTILINE)


class TestCompose:
    """What starts after what, and with which rights."""

    def test_the_api_waits_for_the_tests_and_nginx_for_the_api(self) -> None:
        after = {
            name: {other: how["condition"] for other, how in each.get("depends_on", {}).items()}
            for name, each in SERVICES.items()
        }
        done, healthy = "service_completed_successfully", "service_healthy"
        assert after["api"] == {"tests": done, "prepare": done, "redis": healthy}
        assert after["worker"] == {"prepare": done, "redis": healthy}
        assert after["prepare"] == {"db": healthy, "tests": done}
        assert after["tests"] == {"db": healthy, "redis": healthy}
        assert after["nginx"] == {"api": healthy}

    def test_nothing_but_nginx_is_reached_from_outside_and_that_from_here_alone(self) -> None:
        assert [name for name, each in SERVICES.items() if "ports" in each] == ["nginx"]
        assert SERVICES["nginx"]["ports"] == ["${LISTEN:-127.0.0.1:8080}:8080"]
        assert COMPOSE["networks"]["inside"] == {"internal": True}
        assert SERVICES["db"]["networks"] == SERVICES["redis"]["networks"] == ["inside"]

    @pytest.mark.parametrize("name", ["api", "worker", "prepare", "nginx", "redis"])
    def test_programs_have_few_rights(self, name: str) -> None:
        service = SERVICES[name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]

    def test_the_images_are_stages_of_the_dockerfile(self) -> None:
        stages = {name for _image, name in STAGES}
        used = {each["build"]["target"] for each in SERVICES.values() if "build" in each}
        assert used == {"runtime", "tests"}
        assert used <= stages
        assert STAGES[-1][1] == "runtime", "what is built without a target"

    def test_every_volume_and_network_is_declared(self) -> None:
        for name, service in SERVICES.items():
            assert set(service["networks"]) <= set(COMPOSE["networks"]), name
            for volume in service.get("volumes", []):
                source = volume.split(":")[0]
                assert source in COMPOSE["volumes"] or (ROOT / source).exists(), volume

    def test_the_proxy_and_the_api_agree(self) -> None:
        assert SERVICES["api"]["environment"]["TRUSTED_PROXY_COUNT"] == "1"
        assert SERVICES["api"]["environment"]["BIND"].endswith(":8000")
        assert "server api:8000" in (ROOT / "deploy/nginx/upstream.conf").read_text()
        assert "listen 8080" in (ROOT / "deploy/nginx/site.conf").read_text()
        assert "alias /srv/static/" in (ROOT / "deploy/nginx/site.conf").read_text()

    def test_every_variable_has_a_default_or_is_written_by_make_up(self) -> None:
        text = (ROOT / "compose.yaml").read_text()
        for name, rest in re.findall(r"\$\{([A-Z_]+)([^}]*)\}", text):
            assert rest.startswith(":-") or name in bootstrap.SECRETS, name


class TestWorker:
    """The same command wherever the worker is started."""

    def test_compose_and_systemd_start_it_as_make_run_does(self) -> None:
        command = running.WORKER[1:]
        assert SERVICES["worker"]["command"] == ["python", *command]
        unit = (ROOT / "deploy/bookbridge-worker.service").read_text()
        assert f"ExecStart=/srv/bookbridge/.venv/bin/python {' '.join(command)}\n" in unit

    def test_its_unit_has_the_rights_of_the_server_and_no_more(self) -> None:
        server, worker = (
            set((ROOT / f"deploy/{name}.service").read_text().splitlines())
            for name in ("bookbridge", "bookbridge-worker")
        )
        hardened = {
            line for line in server if re.match(r"(NoNew|Cap|Pri|Pro|Res|Lock|Sys|UMask)", line)
        }
        hardened -= {"Restart=on-failure", "RestartSec=2"}
        assert hardened <= worker


class TestImage:
    """What the Dockerfile promises."""

    def test_it_runs_as_nobody_in_particular(self) -> None:
        runtime = DOCKERFILE[DOCKERFILE.index("AS runtime") :]
        assert "USER 10001:10001" in runtime
        assert "HEALTHCHECK" in runtime
        assert "STOPSIGNAL SIGTERM" in runtime
        assert "--require-hashes" in DOCKERFILE

    def test_every_package_of_the_project_is_in_it(self) -> None:
        program = DOCKERFILE[DOCKERFILE.index("AS program") : DOCKERFILE.index("AS runtime")]
        copied = re.findall(r"^COPY (\S+) \S+$", program, flags=re.MULTILINE)
        packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
        # The benchmark is no part of the program.
        assert set(copied) == packages - {"benchmarks"} | {"locale"}
        for name in re.findall(r"^COPY (.+) \./$", program, flags=re.MULTILINE)[0].split():
            assert (ROOT / name).is_file(), name

    def test_no_secret_and_no_history_goes_in(self) -> None:
        lines = (ROOT / ".dockerignore").read_text().splitlines()
        assert {".env", ".git", "var", ".venv"} <= set(lines)


class _Alive(BaseHTTPRequestHandler):
    """A server that knows one host."""

    def do_GET(self) -> None:
        known = self.headers["Host"] == "books.example.org" and self.path == "/livez"
        self.send_response(200 if known else 400)
        self.end_headers()

    def log_message(self, *arguments: Any) -> None:
        """Nothing is written."""


class TestAlive:
    """The health check of the image."""

    @pytest.fixture
    def port(self) -> Iterator[int]:
        server = HTTPServer(("127.0.0.1", 0), _Alive)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()
        server.server_close()

    def test_a_living_server(self, port: int) -> None:
        for hosts in ("books.example.org", ".books.example.org,other.example.org"):
            for host in ("0.0.0.0", "127.0.0.1", ""):
                assert answers({"BIND": f"{host}:{port}", "ALLOWED_HOSTS": hosts}) == ""

    def test_others(self, port: int) -> None:
        assert answers({"BIND": f"127.0.0.1:{port}"}) == "status 400"
        assert answers({"BIND": "127.0.0.1:1"}).startswith("no answer: ")
        assert answers({"BIND": "unix:/nowhere/at.sock"}).startswith("no answer: ")

    def test_addresses(self) -> None:
        assert connection_to("[::]:80").host == "127.0.0.1"
        assert connection_to("[::1]:80").host == "::1"
        assert connection_to("unix:/run/x.sock").host == "/run/x.sock"


def test_make_up_says_what_is_missing(tmp_path: Path) -> None:
    done = subprocess.run(
        ["make", "up", "COMPOSE=false"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    assert "Docker with Compose is missing" in done.stderr


def test_only_env_is_written_for_containers(tmp_path: Path, monkeypatch: Any) -> None:
    (tmp_path / ".env.example").write_text((ROOT / ".env.example").read_text())
    monkeypatch.setattr(bootstrap, "BASE_DIR", tmp_path)
    monkeypatch.setattr(bootstrap, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(bootstrap, "VAR", tmp_path / "var")
    monkeypatch.setattr("sys.argv", ["bootstrap", "--env"])
    bootstrap.main()
    assert not (tmp_path / ".venv").exists()
    password = re.search(r"^POSTGRES_PASSWORD=(.+)$", (tmp_path / ".env").read_text(), re.MULTILINE)
    assert password
    assert re.fullmatch(r"[A-Za-z0-9_-]{32}", password[1])
