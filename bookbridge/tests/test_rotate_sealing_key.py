"""A new sealing key: everything sealed is sealed again, nothing is lost, and it can be repeated."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import transaction

from accounts.models import SecondFactor
from accounts.second_factor.checking import Proof, use_up
from accounts.second_factor.tests.factors import code_of, factor_of
from accounts.tests.factories import UserFactory
from bookbridge.kernel import resealing
from bookbridge.kernel.models import OutboxJob
from bookbridge.kernel.outbox.services import enqueue
from bookbridge.kernel.sealing import CannotOpen, is_sealed_with_first_key, seal, unseal

pytestmark = pytest.mark.django_db
OLD, NEW = (Fernet.generate_key().decode() for _n in range(2))


def run(*options: str) -> list[str]:
    out = StringIO()
    call_command("rotate_sealing_key", *options, stdout=out)
    return out.getvalue().splitlines()


@pytest.fixture
def secret(settings: Any) -> str:
    """A second factor and three jobs, sealed with the old key; the new one is in front then."""
    settings.SEALING_KEYS = [OLD]
    secret, _codes = factor_of(UserFactory())
    with transaction.atomic():
        for number in range(3):
            enqueue("mail", {"number": number})
        OutboxJob.objects.create(kind="mail", sealed_payload="", due_at="2026-11-20T00:00:00Z")
    settings.SEALING_KEYS = [NEW, OLD]
    return secret


def test_every_sealed_column_is_known() -> None:
    names = {(model._meta.label, column) for model, column in resealing.sealed_columns()}
    assert names >= {
        ("accounts.SecondFactor", "sealed_secret"),
        ("kernel.OutboxJob", "sealed_payload"),
    }


def test_after_the_rotation_the_old_key_can_go(
    secret: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resealing, "AT_ONCE", 2)
    tried = "\n".join(run("--dry-run"))
    assert "accounts_secondfactor.sealed_secret: 1 to seal again, 0 with the first" in tried
    assert "kernel_outboxjob.sealed_payload: 3 to seal again, 0 with the first" in tried
    assert not is_sealed_with_first_key(SecondFactor.objects.get().sealed_secret)
    done = "\n".join(run())
    assert "accounts_secondfactor.sealed_secret: 1 sealed again" in done
    assert "kernel_outboxjob.sealed_payload: 3 sealed again" in done
    settings.SEALING_KEYS = [NEW]
    factor = SecondFactor.objects.get()
    assert unseal(factor.sealed_secret) == secret
    payloads = OutboxJob.objects.exclude(sealed_payload="").order_by("pk")
    assert [json.loads(unseal(job.sealed_payload))["number"] for job in payloads] == [0, 1, 2]
    use_up(factor, Proof(code=code_of(secret)))
    again = "\n".join(run())
    assert "0 sealed again, 1 with the first key already, 0 that no key opens" in again


def test_recovery_codes_outlive_the_key(settings: Any) -> None:
    settings.SEALING_KEYS = [OLD]
    _secret, codes = factor_of(UserFactory())
    settings.SEALING_KEYS = [NEW, OLD]
    run()
    settings.SEALING_KEYS = [NEW]
    with transaction.atomic():
        use_up(SecondFactor.objects.get(), Proof(recovery_code=codes[0]))


def test_what_no_key_opens_is_counted_and_left_and_the_rest_is_done(
    secret: str, settings: Any
) -> None:
    settings.SEALING_KEYS = ["C" * 43]
    lost = SecondFactor.objects.create(
        reader=UserFactory(), sealed_secret=seal("x"), created_at="2026-11-20T00:00:00Z"
    )
    settings.SEALING_KEYS = [NEW, OLD]
    with pytest.raises(CommandError, match="1 cannot be opened"):
        run()
    lost.refresh_from_db()
    with pytest.raises(CannotOpen):
        unseal(lost.sealed_secret)
    settings.SEALING_KEYS = [NEW]
    assert unseal(SecondFactor.objects.exclude(pk=lost.pk).get().sealed_secret) == secret


def test_what_is_written_meanwhile_is_not_overwritten(secret: str) -> None:
    walk = resealing.reseal_column(SecondFactor, "sealed_secret")
    rows = SecondFactor.objects.values_list("pk", "sealed_secret")
    pk, before = rows.get()
    SecondFactor.objects.update(sealed_secret=seal("another"))
    outcome = resealing.Outcome()
    resealing._reseal_row(SecondFactor, "sealed_secret", pk, before, outcome, dry_run=False)
    assert unseal(SecondFactor.objects.get().sealed_secret) == "another"
    assert [each.current for each in walk] == [1]
