"""docs/tokens.md, word for word: another service checks tokens with nothing but the key set."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from accounts.keys import Key, key_from
from bookbridge.tests.live.server import PASSWORD, ROOT, Server, send

PAGE = ROOT / "docs" / "tokens.md"
PACKAGE = Path(__file__).parent / "verify_js"
MODULES = ROOT / "var" / "verify_js"
ADDRESS = "https://books.example.org/.well-known/jwks.json"
#: Reads tokens as a JSON array, gives for each its username or null.
PYTHON = """
import json, sys
import jwt
from service import may_moderate, verify
answers = []
for token in json.load(sys.stdin):
    try:
        answers.append([verify(token)["username"], may_moderate(token)])
    except jwt.PyJWTError:
        answers.append(None)
json.dump(answers, sys.stdout)
"""
JAVASCRIPT = """
import { readFileSync } from "node:fs";
import { errors } from "jose";
import { mayModerate, verify } from "./service.mjs";
const answers = [];
for (const token of JSON.parse(readFileSync(0, "utf8"))) {
  try {
    answers.push([(await verify(token)).username, await mayModerate(token)]);
  } catch (error) {
    if (!(error instanceof errors.JOSEError)) throw error;
    answers.push(null);
  }
}
process.stdout.write(JSON.stringify(answers));
"""
Asked = Callable[[list[str]], list[Any]]


def block(language: str, server: Server) -> str:
    """The code of the page, with the address of the server in place of the example's."""
    found = re.search(rf"<!-- {language} -->\n```{language}\n(.*?)```", PAGE.read_text(), re.S)
    assert found is not None
    assert found[1].count(ADDRESS) == 1
    return found[1].replace(ADDRESS, f"{server.url}/.well-known/jwks.json")


def ask(command: list[Any], folder: Path, tokens: list[str]) -> list[Any]:
    done = subprocess.run(
        command, cwd=folder, input=json.dumps(tokens), capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    answers: list[Any] = json.loads(done.stdout)
    return answers


@pytest.fixture(scope="module")
def in_python(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Asked:
    folder = tmp_path_factory.mktemp("python")
    (folder / "service.py").write_text(block("python", server))
    (folder / "ask.py").write_text(PYTHON)
    return lambda tokens: ask([sys.executable, "ask.py"], folder, tokens)


@pytest.fixture(scope="module")
def in_javascript(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Asked:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("needs Node.js with npm")
    install(npm)
    folder = tmp_path_factory.mktemp("javascript")
    (folder / "node_modules").symlink_to(MODULES / "node_modules")
    (folder / "service.mjs").write_text(block("javascript", server))
    (folder / "ask.mjs").write_text(JAVASCRIPT)
    return lambda tokens: ask([node, "ask.mjs"], folder, tokens)


def install(npm: str) -> None:
    """The locked packages, into var/, unless exactly these are there."""
    lock = (PACKAGE / "package-lock.json").read_text()
    stamp = MODULES / "installed"
    if stamp.is_file() and stamp.read_text() == lock:
        return
    MODULES.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(PACKAGE / name, MODULES / name)
    done = subprocess.run(
        [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        cwd=MODULES,
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "CI": "1"},
    )
    if done.returncode != 0 and not re.search(r"EINTEGRITY|EUSAGE", done.stderr):
        pytest.skip("needs jose, which npm could not fetch")
    assert done.returncode == 0, done.stderr
    stamp.write_text(lock)


@pytest.fixture(scope="module")
def pair(server: Server) -> dict[str, Any]:
    server.register("visitor")
    login = {"login": "visitor", "password": PASSWORD}
    answer: dict[str, Any] = server.api("POST", "auth/token/", login).json()
    return answer


def forged(server: Server, pair: dict[str, Any]) -> dict[str, str]:
    """What another service must refuse, but for the first, of which the others are changed."""
    own = key_from(server.environment["JWT_SIGNING_KEYS"])
    now = int(time.time())
    good = {
        **{"iss": "bookbridge", "aud": "bookbridge", "sub": str(uuid.uuid4()), "roles": ["admin"]},
        **{"sid": str(uuid.uuid4()), "jti": "x", "iat": now, "exp": now + 600, "username": "eve"},
    }

    def signed(key: Key = own, private: Any = None, typ: str = "at+jwt", **changes: Any) -> str:
        claims = {name: value for name, value in (good | changes).items() if value is not ...}
        header = {"kid": key.kid, "typ": typ}
        return jwt.encode(claims, private or key.own_half(), "EdDSA", headers=header)

    head, body, signature = pair["access"].split(".")
    unsigned = jwt.encode(good, None, "none", headers={"kid": own.kid, "typ": "at+jwt"})
    shared = jwt.encode(good, own.x, "HS256", headers={"kid": own.kid, "typ": "at+jwt"})
    return {
        "good": signed(),
        "another key": signed(private=Ed25519PrivateKey.generate()),
        "a key that is not published": signed(key_from("B" * 42 + "E")),
        "no algorithm": unsigned,
        "the public key as a secret": shared,
        "a body of another token": f"{head}.{signed().split('.')[1]}.{signature}",
        "no signature": f"{head}.{body}.",
        "expired": signed(exp=now - 60),
        "for another audience": signed(aud="shop"),
        "of another issuer": signed(iss="https://evil.example"),
        "without an end": signed(exp=...),
        "without a session": signed(sid=...),
        "not yet": signed(nbf=now + 600),
        "another kind": signed(typ="JWT"),
        "a refresh token": pair["refresh"],
        "rubbish": "rubbish",
    }


@pytest.mark.parametrize("language", ["in_python", "in_javascript"])
def test_the_page_accepts_what_is_good_and_refuses_what_is_not(
    language: str, server: Server, pair: dict[str, Any], request: pytest.FixtureRequest
) -> None:
    asked: Asked = request.getfixturevalue(language)
    assert asked([pair["access"]]) == [["visitor", False]]
    attacks = forged(server, pair)
    answers = zip(attacks, asked([*attacks.values()]), strict=True)
    assert [name for name, answer in answers if answer] == ["good"]


@pytest.mark.parametrize("language", ["in_python", "in_javascript"])
def test_roles_are_those_of_the_database(
    language: str, server: Server, request: pytest.FixtureRequest
) -> None:
    asked: Asked = request.getfixturevalue(language)
    name = f"judge-{language[3:]}".replace("_", "-")
    server.register(name)
    server.manage("create_moderator", name)
    assert asked([server.sign_in(name)]) == [[name, True]]


def test_the_key_set_may_be_kept_for_a_while(server: Server) -> None:
    answer = send("GET", f"{server.url}/.well-known/jwks.json")
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert "lifespan=300" in PAGE.read_text()
