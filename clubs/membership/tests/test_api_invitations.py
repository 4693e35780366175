"""The contract of invitations: by name, and by link."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.tests.factories import UserFactory
from clubs.membership.models import Club, Invitation
from clubs.membership.tests.factories import ClubFactory, member_of

pytestmark = pytest.mark.django_db

PATH = "clubs/secret/invitations/"


@pytest.fixture
def ana() -> Any:
    return UserFactory(username="ana", display_name="Ana")


@pytest.fixture
def club(ana: Any) -> Club:
    return ClubFactory(owner=ana, slug="secret", name="Secret", hidden=True)


def refused(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


# -- links ------------------------------------------------------------------------------


def test_a_link_shows_its_secret_once(club: Club, ana: Any, api: Any) -> None:
    response = api(ana).post(PATH, {"max_uses": 10, "expires_in_days": 30})
    assert response.status_code == 201
    assert response["Cache-Control"] == "no-store"
    link = response.json()
    token = link["token"]
    assert link["url"] == f"http://testserver/api/v1/invitations/{token}/"
    assert response["Location"].endswith(f"/{PATH}{link['id']}/")
    assert (link["max_uses"], link["uses"], link["reader"]) == (10, 0, None)
    assert link["created_by"] == {"username": "ana", "display_name": "Ana", "imported": False}
    listed = api(ana).get(PATH)
    assert listed.json()["results"] == [
        {name: value for name, value in link.items() if name not in ("token", "url")}
    ]
    assert token not in listed.content.decode()


def test_by_default_a_link_has_one_use_and_seven_days(club: Club, ana: Any, api: Any) -> None:
    link = api(ana).post(PATH, {}).json()
    assert link["max_uses"] == 1
    expires_at = Invitation.objects.get().expires_at
    assert timedelta(days=6, hours=23) < expires_at - timezone.now() <= timedelta(days=7)


def test_a_replay_shows_no_secret(club: Club, ana: Any, api: Any) -> None:
    headers = {"Idempotency-Key": "one"}
    first = api(ana).post(PATH, {}, headers=headers)
    again = api(ana).post(PATH, {}, headers=headers)
    assert again["Idempotency-Replayed"] == "true"
    assert again.json() == {**first.json(), "token": None, "url": None}
    assert Invitation.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({"max_uses": 0}, ["/max_uses"]),
        ({"max_uses": 1001}, ["/max_uses"]),
        ({"expires_in_days": 91}, ["/expires_in_days"]),
        ({"expires_in_days": 1.5}, ["/expires_in_days"]),
        ({"token": "mine"}, ["/token"]),
        ({"role": "owner"}, ["/role"]),
        ({"username": "bob", "max_uses": 2}, ["/max_uses"]),
        (
            {"username": "bob", "max_uses": 2, "expires_in_days": 2},
            ["/expires_in_days", "/max_uses"],
        ),
    ],
)
def test_what_an_invitation_cannot_be(
    body: dict[str, Any], pointers: list[str], club: Club, ana: Any, api: Any
) -> None:
    response = api(ana).post(PATH, body)
    assert response.status_code == 400
    assert sorted(error["pointer"] for error in response.json()["errors"]) == pointers


def test_the_holder_of_a_link_looks_and_comes_in(club: Club, ana: Any, api: Any) -> None:
    bob = UserFactory(username="bob")
    path = f"invitations/{api(ana).post(PATH, {}).json()['token']}/"
    for client in (api(), api(bob)):
        look = client.get(path)
        assert (look.status_code, look["Cache-Control"]) == (200, "no-store")
        assert look.json()["club"]["slug"] == "secret"
        assert look.json()["expires_at"].endswith("Z")
    assert set(api().get(f"{path}?fields=club").json()) == {"club"}
    assert api().post(path).status_code == 401
    response = api(bob).post(path)
    assert (response.status_code, response.json()["state"]) == (201, "active")
    assert response["Location"].endswith("/api/v1/clubs/secret/members/bob/")
    assert api(bob).get("clubs/secret/members/").status_code == 200
    assert api().get(path).status_code == 404


def test_tokens_that_are_no_good_are_all_alike(club: Club, ana: Any, api: Any) -> None:
    def link() -> tuple[int, str]:
        made = api(ana).post(PATH, {}).json()
        return made["id"], made["token"]

    (_used, used_token), (old, old_token), (gone, gone_token) = link(), link(), link()
    assert api(UserFactory()).post(f"invitations/{used_token}/").status_code == 201
    Invitation.objects.filter(pk=old).update(expires_at=timezone.now())
    assert api(ana).delete(f"{PATH}{gone}/").status_code == 204
    assert api(ana).delete(f"{PATH}{gone}/").status_code == 404
    bob = api(UserFactory())
    for method in ("GET", "POST"):
        bodies = set()
        for token in (used_token, old_token, gone_token, "x" * 43, "short"):
            response = bob.request(method, f"invitations/{token}/")
            problem = response.json()
            del problem["request_id"]
            problem.pop("instance", None)
            bodies.add((response.status_code, str(problem)))
        assert len(bodies) == 1
        assert bodies.pop()[0] == 404


def test_who_cannot_come_in_uses_nothing_up(club: Club, ana: Any, api: Any) -> None:
    Club.objects.filter(pk=club.pk).update(max_members=1)
    path = f"invitations/{api(ana).post(PATH, {}).json()['token']}/"
    assert refused(api(ana).post(path)) == (409, "already_member")
    assert refused(api(UserFactory()).post(path)) == (409, "club_full")
    Club.objects.filter(pk=club.pk).update(max_members=2)
    assert api(UserFactory()).post(path).status_code == 201


# -- by name ----------------------------------------------------------------------------


def test_an_invitation_by_name_is_seen_accepted_and_declined(
    club: Club, ana: Any, api: Any
) -> None:
    bob = UserFactory(username="bob")
    made = api(ana).post(PATH, {"username": "BOB"})
    assert made.status_code == 201
    assert made.json()["reader"]["username"] == "bob"
    assert (made.json()["token"], made.json()["url"], made.json()["expires_at"]) == (None,) * 3
    received = api(bob).get("users/me/invitations/").json()["results"]
    assert [row["club"]["slug"] for row in received] == ["secret"]
    assert received[0]["invited_by"] == {
        "username": "ana",
        "display_name": "Ana",
        "imported": False,
    }
    assert api(bob).post("clubs/secret/leave/").status_code == 204
    assert api(bob).get("users/me/invitations/").json()["results"] == []
    assert api(bob).get("clubs/secret/").status_code == 404
    api(ana).post(PATH, {"username": "bob"})
    assert refused(api(ana).post(PATH, {"username": "bob"})) == (409, "already_invited")
    assert api(bob).post("clubs/secret/join/").json()["state"] == "active"
    assert refused(api(ana).post(PATH, {"username": "bob"})) == (409, "already_member")
    assert api().get("users/me/invitations/").status_code == 401


def test_withdrawing_an_invitation_hides_the_club_again(club: Club, ana: Any, api: Any) -> None:
    bob = UserFactory(username="bob")
    made = api(ana).post(PATH, {"username": "bob"}).json()
    assert api(bob).get("clubs/secret/").json()["my_state"] == "invited"
    assert api(ana).delete(f"{PATH}{made['id']}/").status_code == 204
    assert api(bob).get("clubs/secret/").status_code == 404


def test_whom_one_cannot_invite(club: Club, ana: Any, api: Any) -> None:
    bob = UserFactory(username="bob")
    member_of(club, bob, state="banned")
    assert refused(api(ana).post(PATH, {"username": "bob"})) == (409, "reader_banned")
    assert refused(api(ana).post(PATH, {"username": "nobody"})) == (404, "not_found")


def test_invitations_are_the_business_of_staff(club: Club, ana: Any, api: Any) -> None:
    bob = UserFactory()
    member_of(club, bob)
    made = api(ana).post(PATH, {}).json()
    for method, path in (("GET", PATH), ("POST", PATH), ("DELETE", f"{PATH}{made['id']}/")):
        assert refused(api(bob).request(method, path)) == (403, "role_too_low")
    other = ClubFactory(owner=bob)
    assert api(bob).delete(f"clubs/{other.slug}/invitations/{made['id']}/").status_code == 404
    assert api(bob).delete(f"clubs/{other.slug}/invitations/{10**30}/").status_code == 404


@pytest.mark.parametrize("count", [1, 20])
def test_pages_of_invitations_take_a_fixed_number_of_queries(
    count: int, club: Club, ana: Any, api: Any, django_assert_num_queries: Any
) -> None:
    guest = UserFactory()
    for number in range(count):
        api(ana).post(PATH, {})
        other = ClubFactory(name=f"Other {number}")
        Invitation.objects.create(club=other, reader=guest, created_by=ana)
    staff, invited = api(ana), api(guest)
    with django_assert_num_queries(3):
        assert len(staff.get(PATH).json()["results"]) == count
    with django_assert_num_queries(2):
        assert len(invited.get("users/me/invitations/").json()["results"]) == count
