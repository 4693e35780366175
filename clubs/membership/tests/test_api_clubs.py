"""The contract of clubs themselves."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.tests.factories import UserFactory
from clubs.membership.models import Club, Membership
from clubs.membership.tests.factories import ClubFactory, member_of

pytestmark = pytest.mark.django_db

CARD = {
    "slug",
    "name",
    "description",
    "description_html",
    "visibility",
    "join_policy",
    "language",
    "time_zone",
    "max_members",
    "members_count",
    "my_role",
    "my_state",
    "archived_at",
    "created_at",
}


def slugs_of(response: Any) -> list[str]:
    assert response.status_code == 200, response.json()
    return [club["slug"] for club in response.json()["results"]]


def codes_of(response: Any) -> dict[str, str]:
    assert response.status_code == 400, response.json()
    errors = response.json()["errors"]
    return {error.get("pointer") or error["parameter"]: error["code"] for error in errors}


# -- founding ---------------------------------------------------------------------------


def test_founding_answers_the_card_and_where_it_is(api: Any) -> None:
    ana = UserFactory(language="pt-br", time_zone="America/Sao_Paulo")
    body = {
        "name": "Clube da Leitura",
        "description": "*Machado*",
        "visibility": "public",
        "join_policy": "open",
    }
    response = api(ana).post("clubs/", body)
    assert response.status_code == 201
    assert response["Location"].endswith("/api/v1/clubs/clube-da-leitura/")
    assert response["ETag"].startswith('"1.')
    card = response.json()
    assert card.pop("created_at").endswith("Z")
    assert card == {
        **body,
        "slug": "clube-da-leitura",
        "description_html": "<p><em>Machado</em></p>\n",
        "language": "pt-br",
        "time_zone": "America/Sao_Paulo",
        "max_members": None,
        "members_count": 1,
        "my_role": "owner",
        "my_state": "active",
        "archived_at": None,
    }


@pytest.mark.parametrize(
    ("change", "faults"),
    [
        ({"name": ""}, {"/name": "blank"}),
        ({"name": "x" * 101}, {"/name": "max_length"}),
        ({"name": "two\nlines"}, {"/name": "control_characters"}),
        ({"visibility": "secret"}, {"/visibility": "invalid_choice"}),
        ({"max_members": 0}, {"/max_members": "min_value"}),
        ({"max_members": "5"}, {"/max_members": "invalid"}),
        ({"max_members": True}, {"/max_members": "invalid"}),
        ({"time_zone": "Mars/Base"}, {"/time_zone": "unknown_time_zone"}),
        ({"language": "x"}, {"/language": "invalid_format"}),
        ({"slug": "mine"}, {"/slug": "read_only"}),
        ({"members_count": 9}, {"/members_count": "read_only"}),
        ({"owner": "ana"}, {"/owner": "unknown_field"}),
        ({"confirm_visibility": True}, {"/confirm_visibility": "unknown_field"}),
        (
            {"visibility": "hidden", "join_policy": "open"},
            {"/join_policy": "hidden_is_by_invitation"},
        ),
    ],
)
def test_a_club_is_described_exactly(
    change: dict[str, Any], faults: dict[str, str], api: Any
) -> None:
    response = api(UserFactory()).post("clubs/", {"name": "Fine", **change})
    assert codes_of(response) == faults
    assert not Club.objects.exists()


def test_the_name_is_required_and_an_account_too(api: Any) -> None:
    assert codes_of(api(UserFactory()).post("clubs/", {})) == {"/name": "required"}
    assert api().post("clubs/", {"name": "Mine"}).status_code == 401


def test_a_club_is_founded_once_per_idempotency_key(api: Any) -> None:
    ana = api(UserFactory())
    headers = {"Idempotency-Key": "one"}
    first = ana.post("clubs/", {"name": "Once"}, headers=headers)
    again = ana.post("clubs/", {"name": "Once"}, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again["Idempotency-Replayed"] == "true"
    assert (first.json(), first["Location"]) == (again.json(), again["Location"])
    assert Club.objects.count() == 1


# -- reading ----------------------------------------------------------------------------


def test_the_card_of_a_private_club_is_for_everybody(api: Any) -> None:
    club, bob = ClubFactory(private=True), UserFactory()
    for client in (api(), api(bob)):
        card = client.get(f"clubs/{club.slug}/").json()
        assert set(card) == CARD
        assert (card["my_role"], card["my_state"]) == (None, None)
    member_of(club, bob, role="moderator")
    card = api(bob).get(f"clubs/{club.slug}/").json()
    assert (card["my_role"], card["my_state"]) == ("moderator", "active")


def test_a_role_counts_only_for_active_members(api: Any) -> None:
    club, bob = ClubFactory(), UserFactory()
    member_of(club, bob, state="requested")
    card = api(bob).get(f"clubs/{club.slug}/").json()
    assert (card["my_role"], card["my_state"]) == (None, "requested")


def test_fields_narrow_and_an_unchanged_card_is_304(api: Any) -> None:
    club = ClubFactory()
    path = f"clubs/{club.slug}/"
    assert set(api().get(f"{path}?fields=slug,name").json()) == {"slug", "name"}
    assert codes_of(api().get(f"{path}?fields=secret")) == {"fields": "unknown_field"}
    tag = api().get(path)["ETag"]
    assert api().get(path, headers={"If-None-Match": tag}).status_code == 304
    member_of(club, UserFactory())
    assert api().get(path, headers={"If-None-Match": tag}).status_code == 200


# -- editing ----------------------------------------------------------------------------


def test_an_edit_with_a_stale_tag_is_412_and_with_a_fresh_one_200(api: Any) -> None:
    ana = UserFactory()
    path = f"clubs/{ClubFactory(owner=ana).slug}/"
    tag = api(ana).get(path)["ETag"]
    edited = api(ana).patch(path, {"max_members": 9}, headers={"If-Match": tag})
    assert (edited.status_code, edited.json()["max_members"]) == (200, 9)
    stale = api(ana).patch(path, {"max_members": 8}, headers={"If-Match": tag})
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")
    weak = {"If-Match": f"W/{edited['ETag']}"}
    assert api(ana).patch(path, {"max_members": None}, headers=weak).status_code == 200


def test_a_patch_that_changes_nothing_keeps_the_tag(api: Any) -> None:
    ana = UserFactory()
    path = f"clubs/{ClubFactory(owner=ana).slug}/"
    tag = api(ana).get(path)["ETag"]
    assert api(ana).patch(path, {})["ETag"] == tag


def test_more_visibility_is_409_without_a_confirmation(api: Any) -> None:
    ana = UserFactory()
    path = f"clubs/{ClubFactory(owner=ana, private=True).slug}/"
    refused = api(ana).patch(path, {"visibility": "public"})
    assert (refused.status_code, refused.json()["code"]) == (409, "confirmation_required")
    body = {"visibility": "public", "confirm_visibility": True}
    assert api(ana).patch(path, body).json()["visibility"] == "public"
    assert api(ana).patch(path, {"visibility": "hidden"}).json()["join_policy"] == "invite"


@pytest.mark.parametrize(
    ("role", "status", "code"),
    [("moderator", 403, "role_too_low"), (None, 403, "not_a_member"), ("owner", 200, None)],
)
def test_only_the_owner_edits(role: str | None, status: int, code: str | None, api: Any) -> None:
    club, bob = ClubFactory(), UserFactory()
    if role == "owner":
        bob = Membership.objects.get(club=club).reader
    elif role:
        member_of(club, bob, role=role)
    response = api(bob).patch(f"clubs/{club.slug}/", {"name": "Mine"})
    assert response.status_code == status
    assert response.json().get("code") == code


# -- archiving and deleting -------------------------------------------------------------


def test_archive_restore_delete(api: Any) -> None:
    ana = UserFactory()
    owner, path = api(ana), f"clubs/{ClubFactory(owner=ana).slug}/"
    assert owner.post(f"{path}archive/").json()["archived_at"]
    for method, address, body in (
        ("POST", f"{path}archive/", None),
        ("PATCH", path, {"name": "Other"}),
        ("POST", f"{path}join/", None),
        ("POST", f"{path}invitations/", {}),
    ):
        refused = owner.request(method, address, body)
        assert (refused.status_code, refused.json()["code"]) == (409, "club_archived")
    assert api().get(path).status_code == 200
    assert owner.post(f"{path}restore/").json()["archived_at"] is None
    assert owner.post(f"{path}restore/").json()["code"] == "not_archived"
    tag = owner.get(path)["ETag"]
    owner.patch(path, {"name": "Newer"})
    assert owner.delete(path, headers={"If-Match": tag}).status_code == 412
    assert owner.delete(path).status_code == 204
    assert owner.get(path).status_code == 404


# -- listing ----------------------------------------------------------------------------


def test_clubs_are_filtered_ordered_and_paged(api: Any) -> None:
    ana = UserFactory()
    ClubFactory(name="Beta", slug="beta", language="pt-br")
    ClubFactory(name="Alfa", slug="alfa", owner=ana, private=True)
    ClubFactory(name="Gama", slug="gama", archived=True)
    member_of(Club.objects.get(slug="beta"), ana)
    client = api(ana)
    assert slugs_of(client.get("clubs/")) == ["gama", "alfa", "beta"]
    assert slugs_of(client.get("clubs/?ordering=name")) == ["alfa", "beta", "gama"]
    assert slugs_of(client.get("clubs/?ordering=-members_count"))[0] == "beta"
    assert slugs_of(client.get("clubs/?visibility=private")) == ["alfa"]
    assert slugs_of(client.get("clubs/?join_policy=request")) == ["alfa"]
    assert slugs_of(client.get("clubs/?language=pt-BR")) == ["beta"]
    assert slugs_of(client.get("clubs/?archived=true")) == ["gama"]
    assert slugs_of(client.get("clubs/?archived=false")) == ["alfa", "beta"]
    assert slugs_of(client.get("clubs/?member=me")) == ["alfa", "beta"]
    first = client.get("clubs/?page_size=2&ordering=name").json()
    assert [club["slug"] for club in client.get(first["next"]).json()["results"]] == ["gama"]
    assert api().get("clubs/?member=me").status_code == 401
    assert codes_of(client.get("clubs/?ordering=size")) == {"ordering": "invalid_choice"}
    assert codes_of(client.get("clubs/?owner=ana")) == {"owner": "unknown_parameter"}


def test_a_search_finds_beginnings_of_words_best_first(api: Any) -> None:
    ClubFactory(name="Leitura", slug="name", description="")
    ClubFactory(name="Outros", slug="text", description="Clube de leituras")
    ClubFactory(name="Nada", slug="none", description="desleitura")
    assert slugs_of(api().get("clubs/?search=LEITÚRA")) == ["name", "text"]
    assert slugs_of(api().get("clubs/?search=leitura&ordering=name")) == ["name", "text"]
    assert slugs_of(api().get("clubs/?search=!!")) == []
    first = api().get("clubs/?search=leitura&page_size=1").json()
    assert [club["slug"] for club in api().get(first["next"]).json()["results"]] == ["text"]


@pytest.mark.parametrize("count", [1, 20])
def test_a_page_of_clubs_takes_two_queries_however_long(
    count: int, api: Any, django_assert_num_queries: Any
) -> None:
    ClubFactory.create_batch(count)
    client = api(UserFactory())
    with django_assert_num_queries(2):  # the account behind the token, and the page
        assert len(slugs_of(client.get("clubs/"))) == count
