"""What happens to a job: done once, tried again, parked; in order within its group."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.tests.factories import UserFactory
from bookbridge.kernel.errors import DomainError
from bookbridge.kernel.models import OutboxJob
from bookbridge.kernel.outbox import services, working
from bookbridge.kernel.outbox.services import close_all, enqueue, forget, late, try_again
from bookbridge.kernel.outbox.tests import doing
from bookbridge.kernel.outbox.tests.doing import put
from bookbridge.kernel.outbox.working import claim, do, drain, seconds_until_next

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def all_due() -> None:
    """Let the pauses be over."""
    OutboxJob.objects.waiting().update(due_at=timezone.now() - timedelta(seconds=1))


def claims_expire() -> None:
    OutboxJob.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))


def fresh(job: OutboxJob) -> OutboxJob:
    return OutboxJob.objects.get(pk=job.pk)


def test_a_job_is_done_once_and_nothing_of_it_remains() -> None:
    job = put("some words", reader_id=UserFactory().pk, group="g")
    assert "some" not in job.sealed_payload
    assert drain() == 1
    assert doing.done == ["some words"]
    after = fresh(job)
    assert after.done_at is not None
    assert (after.sealed_payload, after.reader_id, after.group, after.claimed_until) == (
        "",
        None,
        "",
        None,
    )
    assert drain() == 0


@pytest.mark.django_db(transaction=True)
def test_there_is_a_job_if_and_only_if_its_transaction_committed() -> None:
    with pytest.raises(RuntimeError):
        enqueue("note", {"what": "a"})
    with transaction.atomic():
        enqueue("note", {"what": "a"})
        transaction.set_rollback(True)
    assert drain() == 0


def test_nothing_is_done_before_its_time() -> None:
    put("later", not_before=timezone.now() + HOUR)
    put("now")
    assert drain() == 1
    assert doing.done == ["now"]
    assert 0 < seconds_until_next(10_000) <= 3600
    assert seconds_until_next(5) == 5
    OutboxJob.objects.all().delete()
    assert seconds_until_next(5) == 5


def test_a_group_is_done_in_order_and_others_do_not_wait_for_it() -> None:
    doing.trouble["a1"] = ValueError("broken")
    for what in ("a1", "b1", "a2", "b2"):
        put(what, group=what[0])
    drain()
    assert doing.done == ["b1", "b2"], "a2 waits for a1"
    del doing.trouble["a1"]
    all_due()
    drain()
    assert doing.done == ["b1", "b2", "a1", "a2"]


def test_a_parked_job_holds_its_group_up_no_longer() -> None:
    doing.trouble["a1"] = doing.hopeless()
    put("a1", group="a")
    put("a2", group="a")
    drain()
    assert doing.done == ["a2"]


def test_what_is_meant_for_later_holds_its_group_up_only_then() -> None:
    put("a1", group="a", not_before=timezone.now() + HOUR)
    put("a2", group="a")
    drain()
    assert doing.done == ["a2"]


def test_a_failing_job_is_tried_again_ever_later_and_then_parked() -> None:
    doing.trouble["a"] = ValueError("somebody@example.org has token=abc in it")
    job = put("a", reader_id=UserFactory().pk)
    pauses = []
    for _attempt in range(working.ATTEMPTS - 1):
        begun = timezone.now()
        drain()
        assert fresh(job).parked_at is None
        pauses.append((fresh(job).due_at - begun).total_seconds())
        all_due()
    assert all(later > sooner for sooner, later in zip(pauses, pauses[1:], strict=False))
    drain()
    parked = fresh(job)
    assert parked.parked_at is not None
    assert parked.failures == working.ATTEMPTS == len(doing.tasks)
    assert parked.last_error.startswith("ValueError: ")
    assert "example.org" not in parked.last_error
    assert "abc" not in parked.last_error
    all_due()
    assert drain() == 0
    assert len({task.name for task in doing.tasks}) == 1, "each attempt has the same name"


def test_staff_tries_a_parked_job_again() -> None:
    doing.trouble["a"] = doing.hopeless()
    job = put("a", reader_id=UserFactory().pk)
    drain()
    del doing.trouble["a"]
    try_again(fresh(job))
    assert drain() == 1
    assert doing.done == ["a"]
    with pytest.raises(DomainError):
        try_again(fresh(job))


def test_of_what_belongs_to_nobody_nothing_is_kept_when_it_is_parked() -> None:
    doing.trouble["a"] = doing.hopeless()
    job = put("a")
    drain()
    assert fresh(job).parked_at is not None
    assert fresh(job).sealed_payload == ""
    with pytest.raises(DomainError) as refused:
        try_again(fresh(job))
    assert refused.value.code == "payload_gone"


def test_while_something_is_away_one_asks_and_the_others_wait(settings: Any) -> None:
    doing.trouble["all"] = doing.away()
    jobs = [put(number) for number in range(20)]
    assert drain() == 1
    assert [task.payload["what"] for task in doing.tasks] == [0]
    assert fresh(jobs[7]).last_error == "Away: nobody answers"
    assert drain() == 0
    all_due()
    assert drain() == 1, "one more looks again"
    doing.trouble.clear()
    all_due()
    assert drain() == 20
    assert sorted(doing.done) == list(range(20))
    assert fresh(jobs[0]).failures == 0


def test_a_job_that_only_looks_as_if_something_were_away_holds_nobody_up() -> None:
    doing.trouble["poison"] = doing.away()
    put("poison")
    for number in range(5):
        put(number)
    drain()
    assert doing.done == []
    by_turns = OutboxJob.objects.order_by("due_at", "id").values_list("pk", flat=True)
    assert list(by_turns)[-1] == min(by_turns), "the next to ask is another one"
    later = timezone.now() - timedelta(minutes=1)
    for place, key in enumerate(list(by_turns)):
        moment = later + timedelta(seconds=place)
        OutboxJob.objects.filter(pk=key).update(due_at=moment)
    drain()
    assert doing.done == list(range(5))


def test_what_waited_longer_than_patience_is_parked(settings: Any) -> None:
    doing.trouble["all"] = doing.away()
    job = put("a", reader_id=UserFactory().pk)
    OutboxJob.objects.update(
        not_before=timezone.now() - timedelta(hours=settings.OUTBOX_PATIENCE_HOURS)
    )
    drain()
    assert fresh(job).parked_at is not None
    assert fresh(job).last_error == "Away: nobody answers"


def test_a_worker_that_died_is_followed_by_another_one_once_its_claim_is_over() -> None:
    job = put("a")
    dead = claim()
    assert dead == job
    assert claim() is None
    claims_expire()
    assert drain() == 1
    assert doing.done == ["a"]
    assert fresh(job).attempts == 2


def test_a_worker_that_was_taken_for_dead_changes_nothing_any_more() -> None:
    job = put("a")
    slow = claim()
    claims_expire()
    second = claim()
    assert slow is not None
    assert second is not None
    doing.trouble["a"] = ValueError()
    do(slow)
    assert fresh(job).last_error == "", "it is no longer its job"
    doing.trouble.clear()
    do(second)
    assert fresh(job).done_at is not None


def test_a_job_that_kills_its_workers_is_parked() -> None:
    job = put("a", reader_id=UserFactory().pk)
    for _death in range(working.ATTEMPTS):
        assert claim() is not None
        claims_expire()
    drain()
    assert doing.done == []
    assert "died" in fresh(job).last_error


def test_an_unknown_kind_and_a_payload_of_another_key_are_parked(settings: Any) -> None:
    with transaction.atomic():
        enqueue("unheard_of", {}, reader_id=UserFactory().pk)
    job = put("a", reader_id=UserFactory().pk)
    OutboxJob.objects.filter(pk=job.pk).update(sealed_payload="gibberish")
    drain()
    errors = set(OutboxJob.objects.parked().values_list("last_error", flat=True))
    assert len(errors) == 2
    assert any("unheard_of" in error for error in errors)
    assert any("SEALING_KEYS" in error for error in errors)


def test_jobs_go_with_their_reader() -> None:
    leaving, staying = UserFactory(), UserFactory()
    put("a", reader_id=leaving.pk)
    kept = put("b", reader_id=staying.pk)
    assert forget(leaving.pk) == 1
    assert list(OutboxJob.objects.all()) == [kept]


def test_a_job_that_vanishes_while_it_is_done_stays_away() -> None:
    job = put("a", reader_id=UserFactory().pk)
    claimed = claim()
    forget(job.reader_id)
    assert claimed is not None
    do(claimed)
    assert not OutboxJob.objects.exists()


def test_after_a_restore_nothing_is_sent_again() -> None:
    doing.trouble["parked"] = doing.hopeless()
    put("parked", reader_id=UserFactory().pk)
    drain()
    put("waiting")
    assert close_all() == 2
    assert drain() == 0
    assert not OutboxJob.objects.exclude(done_at__isnull=False, sealed_payload="").exists()


def test_late_is_what_nobody_does_although_somebody_could() -> None:
    first = put("a1", group="a")
    put("a2", group="a")
    put("later", not_before=timezone.now() + HOUR)
    assert not late().exists()
    long_ago = timezone.now() - services.LATE_AFTER
    OutboxJob.objects.filter(group="a").update(due_at=long_ago, not_before=long_ago)
    assert list(late()) == [first], "the second one waits for the first"
    claim()
    assert not late().exists()


def test_the_log_names_jobs_and_no_more(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    put("canary", label="password_reset")
    drain()
    (record,) = [each for each in caplog.records if each.name == "bookbridge.outbox"]
    assert (record.label, record.attempt) == ("password_reset", 1)
    assert "canary" not in str(vars(record))


def test_draining_ends_when_it_is_told_to() -> None:
    for number in range(3):
        put(number)
    assert drain(seconds=0) == 0
    assert drain(stopping=lambda: len(doing.done) == 2) == 2
