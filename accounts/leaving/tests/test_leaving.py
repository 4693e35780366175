"""Leaving: the days of grace, what others see, the change of mind, the erasure."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from typing import Any

import jwt
import pytest
import time_machine
from django.core.management import call_command
from django.db import DatabaseError
from django.test import Client
from django.utils import timezone

from accounts.leaving import services
from accounts.leaving.services import due, erase_due, erase_reader
from accounts.models import SecurityEvent, Session, User
from accounts.tests.factories import PASSWORD, UserFactory
from bookbridge.kernel.models import OutboxJob
from bookbridge.kernel.sealing import unseal
from bookbridge.testing import ApiClient
from clubs.membership.models import Membership
from clubs.membership.tests.factories import ClubFactory, member_of
from reviews.tests.factories import ReviewFactory

pytestmark = pytest.mark.django_db

SIGN_IN = {"login": "ana", "password": PASSWORD}


@pytest.fixture
def ana() -> Any:
    return UserFactory(username="ana", email="ana@example.org", display_name="Ana")


def signed_in_again() -> ApiClient:
    pair = ApiClient().post("auth/token/", SIGN_IN)
    assert pair.status_code == 200, pair.content
    return ApiClient(Authorization=f"Bearer {pair.json()['access']}")


def mails() -> list[dict[str, Any]]:
    jobs = OutboxJob.objects.order_by("pk")
    return [json.loads(unseal(job.sealed_payload)) for job in jobs]


def texts() -> list[str]:
    return [mail["text"] for mail in mails()]


def test_everything_ends_at_once_and_the_account_stays_for_two_weeks(ana: Any) -> None:
    client, elsewhere = ApiClient(ana), ApiClient(ana)
    before = timezone.now()
    assert client.delete("users/me/").status_code == 204
    for each in (client, elsewhere):
        assert each.get("users/me/").json()["code"] == "session_ended"
    ana.refresh_from_db()
    assert before + timedelta(days=14) <= ana.leaves_at <= timezone.now() + timedelta(days=14)
    assert (ana.erased_at, ana.email, ana.is_active) == (None, "ana@example.org", False)
    assert texts() == ["leaving"]
    assert mails()[0]["context"]["until"] == ana.leaves_at.isoformat().replace("+00:00", "Z")
    assert [each.kind for each in SecurityEvent.objects.about(ana)][:1] == ["leaving"]


def test_during_the_grace_one_may_only_look_take_out_and_change_ones_mind(ana: Any) -> None:
    ApiClient(ana).delete("users/me/")
    client = signed_in_again()
    me = client.get("users/me/")
    assert me.status_code == 200
    until = me.json()["leaves_at"]
    for method, path in (
        ("GET", "clubs/"),
        ("GET", "users/"),
        ("GET", "users/me/security/"),
        ("PATCH", "users/me/"),
        ("DELETE", "users/me/"),
        ("POST", "clubs/"),
        ("POST", "clubs/x/join/"),
        ("GET", "stats/"),
    ):
        answer = client.request(method, path, {} if method != "GET" else None)
        assert (answer.status_code, answer.json()["code"]) == (403, "account_leaving"), path
        assert answer.json()["until"] == until
    assert client.get("users/me/export/").status_code == 200
    assert client.post("auth/logout/").status_code == 204
    assert client.get("users/me/").status_code == 401


def test_a_change_of_mind_brings_everything_back(ana: Any) -> None:
    ApiClient(ana).delete("users/me/")
    client = signed_in_again()
    answer = client.post("users/me/restore/")
    assert (answer.status_code, answer.json()["leaves_at"]) == (200, None)
    assert answer.json()["username"] == "ana"
    assert client.get("clubs/").status_code == 200
    assert ApiClient().get("users/ana/").status_code == 200
    assert texts() == ["leaving", "restored"]
    again = client.post("users/me/restore/")
    assert (again.status_code, again.json()["code"]) == (409, "not_leaving")
    with time_machine.travel(timezone.now() + timedelta(days=20)):
        assert erase_due() == 0


def test_others_see_what_they_would_see_of_somebody_who_left(ana: Any) -> None:
    club, other = ClubFactory(), UserFactory(username="bea")
    member_of(club, ana)
    review = ReviewFactory(author=ana, rating=8)
    visitor = ApiClient()
    assert visitor.get(f"reviews/{review.pk}/").json()["author"]["username"] == "ana"
    figures = visitor.get(f"books/{review.book_id}/").json()
    ApiClient(ana).delete("users/me/")
    for path in ("users/ana/", "users/ana/reviews/", "users/ana/clubs/", "stats/users/ana/"):
        assert visitor.get(path).status_code == 404, path
    assert [row["username"] for row in visitor.get("users/?search=ana").json()["results"]] == []
    assert visitor.get(f"reviews/{review.pk}/").json()["author"] is None
    now = visitor.get(f"books/{review.book_id}/").json()
    assert now["rating_count"] == figures["rating_count"] == 1
    members = ApiClient(other).get(f"clubs/{club.slug}/members/").json()["results"]
    assert "ana" not in [row["reader"]["username"] for row in members]
    assert ApiClient(other).get(f"clubs/{club.slug}/members/ana/").status_code == 404
    report = {"target": {"kind": "reader", "id": "ana"}, "reason": "spam"}
    assert ApiClient(other).post("reports/", report).status_code == 404


def test_clubs_are_handed_on_first_and_stay_so(ana: Any) -> None:
    bea, leaver = UserFactory(), UserFactory(leaves_at=timezone.now())
    shared, alone, doomed = (ClubFactory(owner=ana) for _ in range(3))
    member_of(shared, bea)
    member_of(doomed, leaver)
    ApiClient(ana).delete("users/me/")

    def owner(club: Any) -> Any:
        return Membership.objects.get(club=club, role="owner", state="active").reader

    assert [owner(club) for club in (shared, alone, doomed)] == [bea, ana, ana]
    signed_in_again().post("users/me/restore/")
    assert owner(shared) == bea
    assert Membership.objects.get(club=shared, reader=ana).state == "active"


def test_tidy_erases_whose_grace_is_over_and_only_those(ana: Any) -> None:
    later = UserFactory(leaves_at=timezone.now() + timedelta(days=16))
    ApiClient(ana).delete("users/me/")
    with time_machine.travel(timezone.now() + timedelta(days=13, hours=23)):
        assert erase_due() == 0
    with time_machine.travel(timezone.now() + timedelta(days=14, minutes=1)):
        told = io.StringIO()
        call_command("tidy", "--dry-run", stdout=told)
        assert "readers who leave: 1 to remove" in told.getvalue()
        assert User.objects.get(pk=ana.pk).erased_at is None
        told = io.StringIO()
        call_command("tidy", stdout=told)
        assert "readers who leave: 1 removed" in told.getvalue()
        assert erase_due() == 0
    row = User.objects.get(pk=ana.pk)
    assert row.erased_at is not None
    assert row.leaves_at is None
    assert not Session.objects.filter(reader=ana).exists()
    assert list(User.objects.visible().filter(pk=later.pk)) == [later]
    (left,) = mails()
    assert (left["text"], left["to"], left["reader"]) == ("left", "ana@example.org", None)
    with time_machine.travel(timezone.now() + timedelta(days=15, minutes=5)):
        call_command("tidy", stdout=io.StringIO())
        assert mails() == []


def test_without_days_of_grace_it_is_at_once(ana: Any, settings: Any) -> None:
    settings.ERASURE_GRACE_DAYS = 0
    assert ApiClient(ana).delete("users/me/").status_code == 204
    assert User.objects.get(pk=ana.pk).erased_at is not None
    assert texts() == ["left"]
    kinds = [each.kind for each in SecurityEvent.objects.about(ana)]
    assert kinds[:2] == ["reader_erased", "leaving"]


def test_leaving_needs_a_young_sign_in(ana: Any) -> None:
    client = ApiClient(ana)
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        assert client.delete("users/me/").json()["code"] == "reauthenticate"
    assert not due().exists()


def test_one_erasure_that_fails_does_not_keep_the_others(monkeypatch: Any) -> None:
    past = timezone.now() - timedelta(days=1)
    first, second = (UserFactory(leaves_at=past) for _ in range(2))

    def fails_once(*, reader: Any) -> None:
        if reader.pk == first.pk:
            raise DatabaseError("no")
        erase_reader(reader=reader)

    monkeypatch.setattr(services, "erase_reader", fails_once)
    with pytest.raises(services.NotAllErased, match="1 reader"):
        erase_due()
    assert User.objects.get(pk=first.pk).erased_at is None
    assert User.objects.get(pk=second.pk).erased_at is not None


def test_a_reader_about_to_leave_carries_no_site_role() -> None:
    admin = UserFactory(username="ana", admin=True)
    assert admin.site_roles() == ["admin"]
    ApiClient(admin).delete("users/me/")
    assert User.objects.get(pk=admin.pk).site_roles() == []


def test_staff_who_leave_act_for_the_site_no_more() -> None:
    judge = UserFactory(username="judge", moderator=True)
    assert ApiClient(judge).delete("users/me/").status_code == 204
    door = Client()
    page = door.post("/admin/login/", {"username": "judge", "password": PASSWORD})
    assert page.status_code == 200
    assert door.get("/admin/").status_code == 302
    signed_in = ApiClient().post("auth/token/", {"login": "judge", "password": PASSWORD})
    claims = jwt.decode(signed_in.json()["access"], options={"verify_signature": False})
    assert claims["roles"] == []
