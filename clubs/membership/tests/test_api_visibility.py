"""Who may know of a club: a hidden one is, byte for byte, a slug that never was."""

from __future__ import annotations

import json
from typing import Any

import pytest

from accounts.tests.factories import UserFactory
from clubs.membership import services
from clubs.membership.models import Membership
from clubs.membership.tests.factories import ClubFactory, member_of

pytestmark = pytest.mark.django_db

#: Every operation below a club.
OPERATIONS = [
    ("GET", "", None),
    ("PATCH", "", {"name": "Mine"}),
    ("PATCH", "", {"nonsense": 1}),
    ("DELETE", "", None),
    ("POST", "archive/", None),
    ("POST", "restore/", None),
    ("POST", "join/", None),
    ("POST", "leave/", None),
    ("GET", "members/", None),
    ("GET", "members/?nonsense=1", None),
    ("GET", "members/{owner}/", None),
    ("PATCH", "members/{owner}/", {"role": "member"}),
    ("DELETE", "members/{owner}/", None),
    ("GET", "bans/", None),
    ("PUT", "bans/{owner}/", None),
    ("DELETE", "bans/{owner}/", None),
    ("GET", "requests/", None),
    ("POST", "requests/{owner}/approve/", None),
    ("POST", "requests/{owner}/decline/", None),
    ("GET", "invitations/", None),
    ("POST", "invitations/", {"username": "{owner}"}),
    ("DELETE", "invitations/1/", None),
]
VOLATILE = {"X-Request-ID", "RateLimit", "Date"}


def answer_of(client: Any, method: str, path: str, body: Any, slug: str) -> tuple[Any, ...]:
    """Everything of an answer that could tell one club from another."""
    response = client.request(method, path, body)
    text = response.content.decode()
    if text:
        problem = json.loads(text)
        text = text.replace(problem["request_id"], "").replace(slug, "")
    headers = {name: value for name, value in response.items() if name not in VOLATILE}
    return response.status_code, headers, text


def stranger_answers(client: Any, club: Any, missing: str) -> None:
    owner = Membership.objects.get(club=club, role="owner").reader.username
    for method, path, body in OPERATIONS:
        rest = path.format(owner=owner)
        answers = [
            answer_of(client, method, f"clubs/{slug}/{rest}", body, slug)
            for slug in (club.slug, missing)
        ]
        assert answers[0] == answers[1], (method, path)
        assert answers[0][0] == 404, (method, path)


def test_a_hidden_club_is_a_slug_that_never_was(api: Any) -> None:
    club = ClubFactory(hidden=True, slug="secret-aaaaaa")
    former, removed, asker = UserFactory.create_batch(3)
    member_of(club, former, state="left")
    member_of(club, removed, state="removed")
    member_of(club, asker, state="requested")
    for client in (api(), api(UserFactory()), api(former), api(removed), api(asker)):
        stranger_answers(client, club, "secret-bbbbbb")


@pytest.mark.parametrize("trait", [{}, {"private": True}, {"hidden": True}])
def test_for_the_banned_no_club_exists(trait: dict[str, bool], api: Any) -> None:
    club, bob = ClubFactory(slug="public-aaaaaa", **trait), UserFactory()
    member_of(club, bob, state="banned")
    stranger_answers(api(bob), club, "public-bbbbbb")
    assert api(bob).get("clubs/").json()["results"] == []
    assert api(bob).get("users/me/clubs/").json()["results"] == []
    owner = Membership.objects.get(club=club, role="owner").reader
    _link, token = services.create_link(club=club, by=owner)
    for method in ("GET", "POST"):
        known = answer_of(api(bob), method, f"invitations/{token}/", None, token)
        unknown = answer_of(api(bob), method, f"invitations/{'x' * 43}/", None, "x" * 43)
        assert known == unknown
        assert known[0] == 404


def test_a_hidden_club_is_listed_for_its_own(api: Any) -> None:
    club = ClubFactory(hidden=True, name="Needle", description="haystack")
    member, guest, stranger = UserFactory.create_batch(3)
    member_of(club, member)
    member_of(club, guest, state="invited")
    for client, seen in ((api(), 0), (api(stranger), 0), (api(member), 1), (api(guest), 1)):
        for path in ("clubs/", "clubs/?search=needle", "clubs/?visibility=hidden"):
            assert len(client.get(path).json()["results"]) == seen, path
    assert api(guest).get(f"clubs/{club.slug}/").json()["my_state"] == "invited"
    assert api(guest).get(f"clubs/{club.slug}/members/").json()["code"] == "not_a_member"
    assert len(api(guest).get("clubs/?member=me").json()["results"]) == 0


def test_the_content_of_a_private_club_is_for_members_before_the_path_is_read(api: Any) -> None:
    club = ClubFactory(private=True)
    for path in ("members/", "members/nobody/", "members/?nonsense=1", "bans/", "requests/"):
        address = f"clubs/{club.slug}/{path}"
        assert api().get(address).status_code == 401
        refused = api(UserFactory()).get(address)
        assert (refused.status_code, refused.json()["code"]) == (403, "not_a_member")
    assert api().get(f"clubs/{ClubFactory().slug}/members/").status_code == 200


def test_profiles_show_clubs_to_those_who_may_know(api: Any) -> None:
    ana, bob = UserFactory(username="ana"), UserFactory()
    public = ClubFactory(owner=ana, slug="public")
    private = ClubFactory(owner=ana, slug="private", private=True)
    ClubFactory(owner=ana, slug="hidden", hidden=True)
    left = ClubFactory(slug="left")
    member_of(left, ana, state="left")

    def seen(client: Any, path: str = "users/ana/clubs/") -> list[str]:
        return sorted(row["club"]["slug"] for row in client.get(path).json()["results"])

    assert seen(api()) == seen(api(bob)) == ["public"]
    assert seen(api(ana)) == seen(api(ana), "users/me/clubs/") == ["hidden", "private", "public"]
    member_of(private, bob)
    assert seen(api(bob)) == ["private", "public"]
    member_of(public, bob, state="banned")
    assert seen(api(bob)) == ["private"]
    assert seen(api(ana), "users/ana/clubs/?archived=true") == []
    row = api().get("users/ANA/clubs/").json()["results"][0]
    assert (row["role"], row["club"]["members_count"]) == ("owner", 1)
    assert api().get("users/me/clubs/").status_code == 401
    assert api().get("users/nobody/clubs/").status_code == 404
    ghost = UserFactory(erased=True)
    assert api().get(f"users/{ghost.username}/clubs/").status_code == 404


@pytest.mark.parametrize("count", [1, 20])
def test_a_page_of_a_profile_takes_three_queries(
    count: int, api: Any, django_assert_num_queries: Any
) -> None:
    ana = UserFactory(username="ana")
    ClubFactory.create_batch(count, owner=ana)
    client = api(UserFactory())
    with django_assert_num_queries(3):  # the account, the reader, the page
        assert len(client.get("users/ana/clubs/").json()["results"]) == count
