"""The export over HTTP: all of one's own, nothing private of others, one file of one moment."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework import serializers

from accounts import privacy
from accounts.exporting import writing
from accounts.exporting.writing import export_serializer, make_export
from accounts.models import SecurityEvent, Session
from accounts.personal_tokens.services import create_token
from accounts.second_factor.tests.factors import factor_of
from accounts.tests.factories import UserFactory
from bookbridge.documents import document
from bookbridge.testing import ApiClient
from clubs.books.tests.factories import BookFactory
from clubs.membership.services import create_link, invite_reader
from clubs.membership.tests.factories import ClubFactory, member_of
from reviews.tests.factories import LikeFactory, ReviewFactory

pytestmark = pytest.mark.django_db
ROUTE = "users/me/export/"


def rich_reader(rows: int = 1) -> Any:
    """Somebody with `rows` of everything."""
    ana = UserFactory(username=f"ana{rows}", bio="Canary bio", display_name="Ana")
    owner = UserFactory(username="private-owner", email="private-owner@example.org")
    client = ApiClient(ana)
    for number in range(rows):
        club = ClubFactory(owner=ana)
        create_link(club=club, by=ana)
        invite_reader(club=ClubFactory(owner=owner), reader=ana, by=owner)
        path = f"clubs/{club.slug}/books/"
        entry = client.post(path, {"book": BookFactory().pk, "pitch": f"Canary pitch {number}"})
        assert entry.status_code == 201
        client.put(f"{path}{entry.json()['id']}/support/")
        client.post("books/", {"title": f"Canary book {number}", "authors": ["Somebody"]})
        ReviewFactory(author=ana, text=f"Canary review {number}")
        ReviewFactory(author=ana, hidden=True, text=f"Canary hidden {number}")
        LikeFactory(reader=ana)
        target = {"kind": "review", "id": ReviewFactory().pk}
        body = {"target": target, "reason": "spam", "comment": f"Canary report {number}"}
        assert client.post("reports/", body).status_code == 201
        ana.notices.create(kind="warned", reason=f"Canary notice {number}")
    return ana


def test_everything_of_ones_own_is_in_the_file() -> None:
    ana = rich_reader()
    answer = ApiClient(ana).get(ROUTE)
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    assert answer["Content-Type"] == "application/json"
    assert answer["Content-Disposition"] == 'attachment; filename="bookbridge-ana1.json"'
    data = answer.json()
    assert data["format"] == 1
    for word in ("bio", "pitch 0", "book 0", "review 0", "hidden 0", "report 0", "notice 0"):
        assert f"Canary {word}" in answer.content.decode(), word
    assert data["accounts"]["profile"]["email"] == ana.email
    assert [row["kind"] for row in data["accounts"]["security_events"]][:1] == ["signed_in"]
    assert {row["role"] for row in data["clubs"]["memberships"]} == {"owner", None}
    assert SecurityEvent.objects.about(ana, "data_exported").count() == 1


def test_nothing_secret_and_nothing_private_of_others_is_in_it() -> None:
    ana = rich_reader()
    hidden = ClubFactory(hidden=True, name="MARKER hidden", slug="marker-hidden")
    member_of(hidden, ana, state="banned")
    other = UserFactory(username="marker-other", email="marker@example.org", bio="MARKER bio")
    ReviewFactory(author=other, text="MARKER review", club=ClubFactory(private=True))
    LikeFactory(reader=ana, review=ReviewFactory(author=other, text="MARKER liked"))
    make_report_about(ana, by=other)
    record = UserFactory(username="marker-judge", admin=True)
    from_staff = ApiClient(record).post("users/ana1/suspend/", {"reason": "Canary decision"})
    assert from_staff.status_code == 200
    ApiClient(record).post("users/ana1/reinstate/")
    text = ApiClient(ana).get(ROUTE).content.decode()
    assert "marker" not in text.lower()
    assert "private-owner" not in text
    assert "Canary decision" in text
    for secret in (ana.password, *Session.objects.values_list("refresh_jti", flat=True)):
        assert secret not in text


def make_report_about(reader: Any, by: Any) -> None:
    body = {"target": {"kind": "reader", "id": reader.username}, "reason": "spam"}
    answer = ApiClient(by).post("reports/", body | {"comment": "MARKER comment"})
    assert answer.status_code == 201


def fields_of(serializer: Any) -> Any:
    """The keys that a schema promises, nested as in the file."""
    if isinstance(serializer, serializers.ListSerializer):
        return [fields_of(serializer.child)]
    if isinstance(serializer, serializers.Serializer):
        return {name: fields_of(field) for name, field in serializer.fields.items()}
    return None


def check(data: Any, promised: Any, place: str = "") -> None:
    if isinstance(promised, list):
        assert data, f"{place}: nothing to compare"
        for row in data:
            check(row, promised[0], f"{place}[]")
    elif isinstance(promised, dict) and data is not None:
        assert set(data) == set(promised), place
        for name in promised:
            check(data[name], promised[name], f"{place}.{name}")


def test_the_file_is_as_its_schema_says_key_by_key() -> None:
    ana = rich_reader()
    judge = UserFactory(admin=True)
    for act in ("suspend", "reinstate"):
        ApiClient(judge).post(f"users/ana1/{act}/", {"reason": "Because."})
    UserFactory(username="other")
    ana.groups.add(*judge.groups.all())
    ApiClient(ana).post("users/other/suspend/", {"reason": "Because."})
    client = ApiClient(ana)
    create_token(
        reader=ana,
        session=client.session,
        name="script",
        scopes=["read"],
        expires_at=timezone.now() + timedelta(days=1),
    )
    factor_of(ana)
    data = client.get(ROUTE).json()
    promised = fields_of(export_serializer()())
    kept = data["accounts"].pop("kept_by_moderation")
    promised["accounts"].pop("kept_by_moderation")
    assert kept == []
    check(data, promised)
    schema = document()["components"]["schemas"]["PersonalData"]
    assert set(schema["properties"]) == {"format", "made_at", "accounts", "clubs", "reviews"}


def test_the_documents_explain_every_key() -> None:
    page = (writing.settings.BASE_DIR / "docs" / "privacy.md").read_text()

    def keys(promised: Any) -> set[str]:
        if isinstance(promised, list):
            return keys(promised[0])
        if not isinstance(promised, dict):
            return set()
        return set(promised).union(*map(keys, promised.values()))

    wanted = keys(fields_of(export_serializer()()))
    assert {key for key in wanted if f"`{key}`" not in page} == set()


def test_the_number_of_statements_does_not_grow() -> None:
    counts = []
    for rows in (1, 8):
        ana = rich_reader(rows) if rows == 1 else UserFactory()
        if rows > 1:
            for _ in range(rows):
                ReviewFactory(author=ana)
                LikeFactory(reader=ana)
                member_of(ClubFactory(), ana)
        with CaptureQueriesContext(
            connection,
        ) as found:
            make_export(by=ana).close()
        counts.append(len(found))
    assert counts[0] == counts[1]


def test_it_can_be_had_five_times_an_hour() -> None:
    ana = UserFactory()
    client = ApiClient(ana)
    statuses = [client.get(ROUTE).status_code for _ in range(6)]
    assert statuses == [200] * 5 + [429]
    refused = client.get(ROUTE)
    assert int(refused["Retry-After"]) > 0
    assert ApiClient(UserFactory()).get(ROUTE).status_code == 200
    assert SecurityEvent.objects.about(ana, "data_exported").count() == 5


def test_a_fault_is_an_error_and_no_torn_file(monkeypatch: Any) -> None:
    def fails(reader: Any) -> Any:
        def rows() -> Any:
            yield {"a": 1}
            raise RuntimeError

        return {"accounts": {"sessions": rows()}}

    monkeypatch.setattr(privacy, "sections", fails)
    ana = UserFactory()
    answer = ApiClient(ana).get(ROUTE)
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert not SecurityEvent.objects.about(ana, "data_exported").exists()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_it_is_of_one_moment(monkeypatch: Any) -> None:
    """What others commit while the file is written is not half in it."""
    ana = UserFactory(bio="before")
    real = privacy.sections
    seen = []

    def meddled(reader: Any) -> Any:
        with connection.cursor() as cursor:
            cursor.execute("SHOW transaction_isolation")
            seen.append(cursor.fetchone()[0])
            cursor.execute("SHOW transaction_read_only")
            seen.append(cursor.fetchone()[0])
        return real(reader)

    monkeypatch.setattr(privacy, "sections", meddled)
    with make_export(by=ana) as file:
        assert json.load(file)["accounts"]["profile"]["bio"] == "before"
    assert seen == ["repeatable read", "on"]
    assert not transaction.get_connection().in_atomic_block
