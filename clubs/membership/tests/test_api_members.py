"""The contract of members, requests and bans."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.tests.factories import UserFactory
from clubs.membership.models import Club, Membership
from clubs.membership.tests.factories import ClubFactory, MembershipFactory, member_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana() -> Any:
    return UserFactory(username="ana", display_name="Ana")


@pytest.fixture
def bob() -> Any:
    return UserFactory(username="bob", display_name="Bob")


@pytest.fixture
def club(ana: Any) -> Club:
    return ClubFactory(owner=ana, slug="readers")


def refused(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


def names_of(response: Any) -> list[str]:
    assert response.status_code == 200, response.json()
    return [row["reader"]["username"] for row in response.json()["results"]]


# -- joining and leaving ----------------------------------------------------------------


def test_joining_answers_the_membership(club: Club, bob: Any, api: Any) -> None:
    client = api(bob)
    response = client.post("clubs/readers/join/")
    assert response.status_code == 201
    assert response["Location"].endswith("/api/v1/clubs/readers/members/bob/")
    membership = response.json()
    assert membership.pop("joined_at").endswith("Z")
    assert membership == {
        "club": "readers",
        "reader": {"username": "bob", "display_name": "Bob", "imported": False},
        "state": "active",
        "role": "member",
    }
    assert client.get(response["Location"]).json()["state"] == "active"
    assert refused(client.post("clubs/readers/join/")) == (409, "already_member")
    assert client.get("clubs/readers/").json()["members_count"] == 2
    assert client.post("clubs/readers/leave/").status_code == 204
    assert refused(client.post("clubs/readers/leave/")) == (403, "not_a_member")


def test_joining_needs_an_account_and_takes_no_body(club: Club, bob: Any, api: Any) -> None:
    assert api().post("clubs/readers/join/").status_code == 401
    assert api(bob).post("clubs/readers/join/", {"role": "owner"}).status_code == 400
    assert api(bob).post("clubs/readers/join/?as=owner").status_code == 400
    assert api(bob).post("clubs/readers/join/", {}).status_code == 201


def test_asking_and_withdrawing(ana: Any, bob: Any, api: Any) -> None:
    ClubFactory(owner=ana, slug="private", private=True)
    response = api(bob).post("clubs/private/join/")
    assert response.status_code == 201
    assert response["Location"].endswith("/api/v1/clubs/private/")
    assert (response.json()["state"], response.json()["role"]) == ("requested", None)
    assert refused(api(bob).post("clubs/private/join/")) == (409, "already_requested")
    assert api(bob).post("clubs/private/leave/").status_code == 204
    assert names_of(api(ana).get("clubs/private/requests/")) == []


def test_a_full_club_and_one_by_invitation_say_so(ana: Any, bob: Any, api: Any) -> None:
    ClubFactory(slug="full", max_members=1)
    ClubFactory(slug="closed", join_policy="invite")
    assert refused(api(bob).post("clubs/full/join/")) == (409, "club_full")
    assert refused(api(bob).post("clubs/closed/join/")) == (409, "invitation_required")


def test_the_owner_is_told_the_ways_out(club: Club, ana: Any, bob: Any, api: Any) -> None:
    member_of(club, bob)
    response = api(ana).post("clubs/readers/leave/")
    assert refused(response) == (409, "owner_must_stay")
    assert response.json()["allowed"] == ["archive", "delete"]


# -- members ----------------------------------------------------------------------------


def test_members_are_listed_filtered_and_searched(club: Club, bob: Any, api: Any) -> None:
    member_of(club, bob, role="moderator")
    member_of(club, UserFactory(username="carla", display_name="Cárla Souza"))
    member_of(club, UserFactory(username="left"), state="left")
    client, path = api(), "clubs/readers/members/"
    assert names_of(client.get(path)) == ["ana", "bob", "carla"]
    assert names_of(client.get(f"{path}?ordering=-joined_at")) == ["carla", "bob", "ana"]
    assert names_of(client.get(f"{path}?role=moderator")) == ["bob"]
    assert client.get(f"{path}?state=left").status_code == 400
    first = client.get(f"{path}?page_size=2").json()
    assert names_of(client.get(first["next"])) == ["carla"]
    UserFactory._meta.model.objects.filter(username="carla").update(search_text="carla souza")
    assert names_of(client.get(f"{path}?search=souza")) == ["carla"]
    assert names_of(client.get(f"{path}?search=example.org")) == []


@pytest.mark.parametrize("count", [1, 20])
@pytest.mark.parametrize("kind", ["members", "requests", "bans"])
def test_pages_of_readers_take_three_queries(
    kind: str, count: int, club: Club, ana: Any, api: Any, django_assert_num_queries: Any
) -> None:
    state = {"members": "active", "requests": "requested", "bans": "banned"}[kind]
    MembershipFactory.create_batch(count, club=club, state=state, changed_by=ana)
    client = api(ana)
    with django_assert_num_queries(3):  # the account, the club, the page
        found = client.get(f"clubs/readers/{kind}/").json()["results"]
    assert len(found) == min(20, count + (kind == "members"))


def test_the_owner_changes_roles_by_the_tag(club: Club, ana: Any, bob: Any, api: Any) -> None:
    member_of(club, bob)
    path = "clubs/readers/members/bob/"
    tag = api(ana).get(path)["ETag"]
    response = api(ana).patch(path, {"role": "moderator"}, headers={"If-Match": tag})
    assert (response.status_code, response.json()["role"]) == (200, "moderator")
    late = api(ana).patch(path, {"role": "member"}, headers={"If-Match": tag})
    assert refused(late) == (412, "stale")
    assert refused(api(ana).delete(path, headers={"If-Match": tag})) == (412, "stale")
    assert api(ana).patch(path, {}).json()["role"] == "moderator"
    for body in ({"role": "owner"}, {"role": None}, {"state": "banned"}, {"role": 1}):
        assert api(ana).patch(path, body).status_code == 400
    own = api(ana).patch("clubs/readers/members/ana/", {"role": "member"})
    assert refused(own) == (409, "owner_role_fixed")
    assert refused(api(bob).patch(path, {"role": "member"})) == (403, "role_too_low")
    assert api(ana).patch("clubs/readers/members/nobody/", {"x": 1}).status_code == 404


def test_removing_is_for_staff_and_not_among_equals(
    club: Club, ana: Any, bob: Any, api: Any
) -> None:
    member_of(club, bob, role="moderator")
    for name, role in (("carl", "member"), ("dora", "moderator")):
        member_of(club, UserFactory(username=name), role=role)
    client = api(bob)
    assert client.delete("clubs/readers/members/CARL/").status_code == 204
    assert client.delete("clubs/readers/members/carl/").status_code == 404
    for name in ("dora", "ana", "bob"):
        response = client.delete(f"clubs/readers/members/{name}/")
        assert refused(response) == (403, "role_too_low")
    assert refused(api(ana).delete("clubs/readers/members/ana/")) == (409, "owner_must_stay")
    assert api(ana).delete("clubs/readers/members/dora/").status_code == 204
    removed = api(Membership.objects.get(reader__username="carl").reader)
    assert removed.post("clubs/readers/join/").json()["state"] == "requested"


def test_a_role_taken_away_is_gone_with_the_next_request(
    club: Club, ana: Any, bob: Any, api: Any
) -> None:
    member_of(club, bob, role="moderator")
    client = api(bob)
    assert client.get("clubs/readers/bans/").status_code == 200
    api(ana).patch("clubs/readers/members/bob/", {"role": "member"})
    assert refused(client.get("clubs/readers/bans/")) == (403, "role_too_low")
    api(ana).put("clubs/readers/bans/bob/")
    assert client.get("clubs/readers/").status_code == 404


# -- requests ---------------------------------------------------------------------------


def test_staff_see_and_settle_requests(club: Club, ana: Any, bob: Any, api: Any) -> None:
    eve = UserFactory(username="eve")
    member_of(club, bob, state="requested")
    member_of(club, eve, state="requested")
    listed = api(ana).get("clubs/readers/requests/")
    assert names_of(listed) == ["bob", "eve"]
    assert set(listed.json()["results"][0]) == {"reader", "requested_at"}
    approved = api(ana).post("clubs/readers/requests/bob/approve/")
    assert (approved.status_code, approved.json()["state"]) == (200, "active")
    declined = api(ana).post("clubs/readers/requests/eve/decline/")
    assert (declined.status_code, declined.json()["state"]) == (200, "left")
    assert api(ana).post("clubs/readers/requests/eve/approve/").status_code == 404
    assert refused(api(bob).get("clubs/readers/requests/")) == (403, "role_too_low")


def test_an_approval_needs_a_seat(ana: Any, bob: Any, api: Any) -> None:
    club = ClubFactory(owner=ana, slug="full", private=True, max_members=1)
    member_of(club, bob, state="requested")
    response = api(ana).post("clubs/full/requests/bob/approve/")
    assert refused(response) == (409, "club_full")


# -- bans -------------------------------------------------------------------------------


def test_a_ban_is_set_whole_listed_and_lifted(club: Club, ana: Any, bob: Any, api: Any) -> None:
    path = "clubs/readers/bans/bob/"
    member_of(club, bob)
    response = api(ana).put(path, {"reason": "Shouting."})
    assert response.status_code == 200
    ban = response.json()
    assert ban.pop("banned_at").endswith("Z")
    assert ban == {
        "reader": {"username": "bob", "display_name": "Bob", "imported": False},
        "reason": "Shouting.",
        "banned_by": {"username": "ana", "display_name": "Ana", "imported": False},
    }
    assert names_of(api(ana).get("clubs/readers/bans/")) == ["bob"]
    assert names_of(api(ana).get("clubs/readers/members/")) == ["ana"]
    assert api(ana).put(path).json()["reason"] == ""
    stale = api(ana).delete(path, headers={"If-Match": response["ETag"]})
    assert refused(stale) == (412, "stale")
    assert api(ana).delete(path).status_code == 204
    assert api(ana).delete(path).status_code == 404
    assert api(bob).get("clubs/readers/").json()["my_state"] == "removed"


def test_whom_a_ban_cannot_meet(club: Club, ana: Any, bob: Any, api: Any) -> None:
    member_of(club, bob, role="moderator")
    assert api(ana).put("clubs/readers/bans/nobody/").status_code == 404
    ghost = UserFactory(erased=True).username
    assert api(ana).put(f"clubs/readers/bans/{ghost}/").status_code == 404
    assert refused(api(ana).put("clubs/readers/bans/ana/")) == (409, "owner_must_stay")
    assert refused(api(bob).put("clubs/readers/bans/ana/")) == (403, "role_too_low")
    assert api(ana).put("clubs/readers/bans/bob/", {"reason": "x" * 301}).status_code == 400
