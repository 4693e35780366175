"""The contract of reading lists."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.tests.factories import UserFactory
from clubs.books.tests.factories import BookFactory
from clubs.membership.models import Club, Role
from clubs.membership.tests.factories import ClubFactory, member_of
from clubs.reading.models import ListEntry
from clubs.reading.serializers import EntrySerializer
from clubs.reading.tests.factories import EntryFactory

pytestmark = pytest.mark.django_db
ISBN = "9780439023481"


@pytest.fixture
def owner() -> Any:
    return UserFactory()


@pytest.fixture
def club(owner: Any) -> Club:
    return ClubFactory(owner=owner, slug="leitura")


@pytest.fixture
def member(club: Club) -> Any:
    return member_of(club, UserFactory(username="ana", display_name="Ana")).reader


def test_a_proposal_has_the_shape_of_the_contract(api: Any, club: Club, member: Any) -> None:
    book = BookFactory(title="The Hunger Games", isbns=[ISBN], published_year=2008)
    answer = api(member).post("clubs/leitura/books/", {"isbn": ISBN, "pitch": "Go!"})
    assert answer.status_code == 201
    made = answer.json()
    assert answer["Location"] == f"http://testserver/api/v1/clubs/leitura/books/{made['id']}/"
    assert answer["ETag"].startswith('"1.')
    assert made["book"]["id"] == book.pk
    assert made["book"]["isbns"] == [ISBN]
    assert {name: made[name] for name in made if name not in ("id", "book", "created_at")} == {
        "status": "proposed",
        "position": 1,
        "pitch": "Go!",
        "proposed_by": {"username": "ana", "display_name": "Ana", "imported": False},
        "supporters_count": 0,
        "supported_by_me": False,
        "started_on": None,
        "finished_on": None,
    }
    assert list(made) == list(EntrySerializer().fields)
    assert api().get(answer["Location"]).json() == made


def test_a_book_is_named_in_exactly_one_way(api: Any, club: Club, member: Any) -> None:
    ana = api(member)
    for body in ({}, {"book": 1, "isbn": ISBN}, {"book": "1"}, {"book": True}, {"book": 0}):
        assert ana.post("clubs/leitura/books/", body).status_code == 400, body
    assert ana.post("clubs/leitura/books/", {"book": 10**9}).status_code == 404
    assert ana.post("clubs/leitura/books/", {"isbn": "123"}).status_code == 400


def test_what_only_the_server_writes_is_read_only(api: Any, club: Club, member: Any) -> None:
    body = {"book": BookFactory().pk, "position": 1, "started_on": "2026-01-01", "colour": "red"}
    answer = api(member).post("clubs/leitura/books/", body)
    assert answer.status_code == 400
    found = {error["pointer"]: error["code"] for error in answer.json()["errors"]}
    assert found == {
        "/position": "read_only",
        "/started_on": "read_only",
        "/colour": "unknown_field",
    }
    entry = EntryFactory(club=club)
    answer = api(member).patch(f"clubs/leitura/books/{entry.pk}/", {"finished_on": None})
    assert answer.json()["errors"][0]["code"] == "read_only"


def test_a_member_may_only_propose(api: Any, club: Club, member: Any, owner: Any) -> None:
    body = {"book": BookFactory().pk, "status": "reading"}
    answer = api(member).post("clubs/leitura/books/", body)
    assert (answer.status_code, answer.json()["code"]) == (403, "role_too_low")
    assert api(owner).post("clubs/leitura/books/", body).json()["status"] == "reading"
    answer = api(member).post("clubs/leitura/books/", {"book": body["book"]})
    assert (answer.status_code, answer.json()["code"]) == (409, "already_listed")
    existing = answer.json()["existing"]
    assert api().get(existing["url"]).json()["id"] == existing["id"]


def test_the_list_comes_in_its_order_and_can_be_narrowed(api: Any, club: Club) -> None:
    reading = [EntryFactory(club=club, reading=True).pk for _ in range(2)]
    proposed = EntryFactory(club=club).pk
    EntryFactory()
    ids = [each["id"] for each in api().get("clubs/leitura/books/").json()["results"]]
    assert ids == [*reading, proposed]
    found = api().get("clubs/leitura/books/?status=reading").json()["results"]
    assert [each["id"] for each in found] == reading
    first = api().get("clubs/leitura/books/?page_size=2").json()
    second = api().get(first["next"]).json()
    assert [each["id"] for each in second["results"]] == [proposed]
    assert second["next"] is None
    assert second["previous"] is not None
    for wrong in ("?status=lost", "?colour=red", "?status=", "?cursor=x"):
        assert api().get(f"clubs/leitura/books/{wrong}").status_code == 400, wrong


def test_moves_say_what_is_allowed(api: Any, club: Club, owner: Any) -> None:
    entry = EntryFactory(club=club)
    path = f"clubs/leitura/books/{entry.pk}/"
    answer = api(owner).patch(path, {"status": "finished"})
    assert (answer.status_code, answer.json()["code"]) == (409, "illegal_move")
    assert answer.json()["allowed"] == ["planned", "dropped"]
    for status in ("planned", "reading", "finished", "reading"):
        answer = api(owner).patch(path, {"status": status})
        assert (answer.status_code, answer.json()["status"]) == (200, status)
    again = api(owner).patch(path, {"status": "reading"})
    assert (again.status_code, again["ETag"]) == (200, answer["ETag"])
    answer = api(owner).delete(path)
    assert (answer.status_code, answer.json()["code"]) == (409, "entry_was_finished")


def test_edits_heed_if_match(api: Any, club: Club, owner: Any) -> None:
    path = f"clubs/leitura/books/{EntryFactory(club=club).pk}/"
    tag = api(owner).get(path)["ETag"]
    assert api(owner).get(path, headers={"If-None-Match": tag}).status_code == 304
    held = {"If-Match": tag}
    assert api(owner).patch(path, {"status": "planned"}, headers=held).status_code == 200
    answer = api(owner).patch(path, {"status": "reading"}, headers=held)
    assert (answer.status_code, answer.json()["code"]) == (412, "stale")
    assert api(owner).delete(path, headers=held).status_code == 412
    assert api(owner).delete(path).status_code == 204
    assert api(owner).get(path).status_code == 404


def test_the_whole_order_is_read_and_written(api: Any, club: Club, owner: Any) -> None:
    keys = [EntryFactory(club=club).pk for _ in range(3)]
    path = "clubs/leitura/books/order/"
    answer = api().get(path)
    assert answer.json() == {"order": keys}
    tag = answer["ETag"]
    turned = {"order": keys[::-1]}
    answer = api(owner).put(path, turned)
    assert (answer.status_code, answer.json()["code"]) == (428, "precondition_required")
    answer = api(owner).put(path, turned, headers={"If-Match": tag})
    assert (answer.status_code, answer.json()) == (200, turned)
    assert api().get(path)["ETag"] == answer["ETag"] != tag
    assert api(owner).put(path, turned, headers={"If-Match": tag}).status_code == 412
    fresh = {"If-Match": answer["ETag"]}
    answer = api(owner).put(path, {"order": keys[:2]}, headers=fresh)
    assert (answer.status_code, answer.json()["code"]) == (409, "order_mismatch")
    api(owner).delete(f"clubs/leitura/books/{keys[0]}/")
    assert api(owner).put(path, turned, headers=fresh).status_code == 412


def test_support_of_a_proposal(api: Any, club: Club, member: Any) -> None:
    entry = EntryFactory(club=club)
    path = f"clubs/leitura/books/{entry.pk}/"
    for _ in range(2):
        assert api(member).put(f"{path}support/").status_code == 204
    seen = api(member).get(path).json()
    assert (seen["supporters_count"], seen["supported_by_me"]) == (1, True)
    assert api().get(path).json()["supported_by_me"] is False
    assert api(member).delete(f"{path}support/").status_code == 204
    assert api(UserFactory()).put(f"{path}support/").status_code == 403
    assert api().put(f"{path}support/").status_code == 401
    ListEntry.objects.filter(pk=entry.pk).update(status="planned")
    answer = api(member).put(f"{path}support/")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_a_proposal")


def test_an_entry_of_another_list_is_not_here(api: Any, club: Club, owner: Any) -> None:
    other = EntryFactory()
    path = f"clubs/leitura/books/{other.pk}/"
    for answer in (
        api(owner).get(path),
        api(owner).patch(path, {"status": "planned"}),
        api(owner).delete(path),
        api(owner).put(f"{path}support/"),
        api(owner).delete(f"{path}support/"),
    ):
        assert answer.status_code == 404


def test_who_reads_and_writes_a_list(api: Any) -> None:
    private, hidden = ClubFactory(private=True), ClubFactory(hidden=True)
    stranger, banned = UserFactory(), UserFactory()
    for each in (private, hidden):
        member_of(each, banned, state="banned")
        EntryFactory(club=each)
    for sub in ("books/", "books/order/", "books/1/"):
        assert api().get(f"clubs/{private.slug}/{sub}").status_code == 401
        answer = api(stranger).get(f"clubs/{private.slug}/{sub}")
        assert (answer.status_code, answer.json()["code"]) == (403, "not_a_member")
        for viewer in (None, stranger, banned):
            assert api(viewer).get(f"clubs/{hidden.slug}/{sub}").status_code == 404
        assert api(banned).get(f"clubs/{private.slug}/{sub}").status_code == 404
    member = member_of(hidden, UserFactory()).reader
    assert len(api(member).get(f"clubs/{hidden.slug}/books/").json()["results"]) == 1


def test_a_list_takes_the_same_queries_for_one_row_and_for_twenty(api: Any, club: Club) -> None:
    member = api(member_of(club, UserFactory(), role=Role.MODERATOR).reader)
    counts = []
    for more in (1, 19):
        for _ in range(more):
            EntryFactory(club=club, book__isbns=[], proposed_by=UserFactory())
        with CaptureQueriesContext(connection) as queries:
            answer = member.get("clubs/leitura/books/")
        counts.append(len(queries))
        assert len(answer.json()["results"]) in (1, 20)
    assert counts[0] == counts[1] <= 6  # authentication, club, entries, cards


def test_fields_narrow_an_entry(api: Any, club: Club) -> None:
    entry = EntryFactory(club=club)
    path = f"clubs/leitura/books/{entry.pk}/?fields=id,status"
    assert api().get(path).json() == {"id": entry.pk, "status": "proposed"}
    assert api().get(f"clubs/leitura/books/{entry.pk}/?fields=colour").status_code == 400


def test_a_key_makes_adding_happen_once(api: Any, club: Club, member: Any) -> None:
    client, body = api(member), {"book": BookFactory().pk}
    key = {"Idempotency-Key": "once"}
    first = client.post("clubs/leitura/books/", body, headers=key)
    again = client.post("clubs/leitura/books/", body, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again["Idempotency-Replayed"] == "true"
    assert again.json() == first.json()
