"""What a restore means for personal tokens, sign-ins under way, and second factors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from accounts.models import PersonalToken, SecondFactor, SignInChallenge
from accounts.personal_tokens import services
from accounts.personal_tokens.tests.factors import script, token_of
from accounts.second_factor import challenges
from accounts.second_factor.tests.factors import code_of, factor_of, told
from accounts.tests.factories import PASSWORD, UserFactory
from bookbridge.backup import archive
from bookbridge.testing import ApiClient
from bookbridge.tests.backups import backup, run

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _ledger(settings: Any, tmp_path: Path) -> None:
    settings.ERASURE_LEDGER = str(tmp_path / "kept" / "erasures.log")


def test_no_token_and_no_challenge_comes_back_and_the_second_factor_does(tmp_path: Path) -> None:
    reader = UserFactory(username="ana")
    secret, _codes = factor_of(reader)
    row, token = token_of(reader)
    challenge = challenges.new_challenge(reader)
    path = backup(tmp_path)
    counts = archive.verify(path)["counts"]
    assert counts["accounts_personaltoken"] == counts["accounts_signinchallenge"] == 0
    with archive.opened(path) as (_manifest, dump):
        assert secret.encode() not in dump.read_bytes()
    services.revoke_token(reader=reader, token_id=row.pk)
    call_command("flush", interactive=False, verbosity=0)
    run("restore", path)
    assert told(script(token).get("books/")) == (401, "invalid_token")
    body = {"challenge": challenge, "code": code_of(secret)}
    answer = ApiClient().post("auth/token/second-factor/", body)
    assert told(answer) == (401, "invalid_challenge")
    asked = ApiClient().post("auth/token/", {"login": "ana", "password": PASSWORD})
    body["challenge"] = asked.json()["challenge"]
    assert ApiClient().post("auth/token/second-factor/", body).status_code == 200


def test_rows_that_came_by_other_means_are_settled() -> None:
    reader = UserFactory()
    factor_of(reader)
    _row, token = token_of(reader)
    challenges.new_challenge(reader)
    settled = json.loads(run("restore", "--settle", "--json"))
    assert (settled["personal_tokens_revoked"], settled["sign_ins_broken_off"]) == (1, 1)
    assert told(script(token).get("books/")) == (401, "invalid_token")
    assert PersonalToken.objects.get().revoked_reason == "restored_from_backup"
    assert not SignInChallenge.objects.exists()
    assert SecondFactor.objects.in_force().exists()
