"""The contract of reports: made once, of what one may see, decided once, told to both sides."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import ModerationRecord
from accounts.tests.factories import UserFactory
from clubs.membership.tests.factories import ClubFactory, member_of
from reviews.models import Report
from reviews.reports.tests.factories import report_of
from reviews.tests.factories import ReviewFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def judge() -> Any:
    return UserFactory(username="judge", moderator=True)


def body_for(kind: str, name: Any, **more: Any) -> dict[str, Any]:
    return {"target": {"kind": kind, "id": name}, "reason": "spam", **more}


def notices(api: Any, reader: Any) -> list[tuple[str, str]]:
    found = api(reader).get("users/me/").json()["notices"]
    return [(notice["kind"], notice["reason"]) for notice in found]


def test_a_report_has_the_shape_of_the_contract(api: Any) -> None:
    ana, review = UserFactory(username="ana"), ReviewFactory()
    answer = api(ana).post("reports/", body_for("review", review.pk, comment="Ten times."))
    assert answer.status_code == 201
    made = answer.json()
    assert {name: made[name] for name in made if name not in ("id", "created_at")} == {
        "target": {"kind": "review", "id": review.pk},
        "reason": "spam",
        "comment": "Ten times.",
        "status": "open",
        "decision_reason": "",
        "decided_at": None,
    }
    assert api(ana).get("users/me/reports/").json()["results"] == [made]
    assert api(review.author).get("users/me/reports/").json()["results"] == []


def test_clubs_go_by_slug_and_readers_by_username(api: Any) -> None:
    ana, bea, club = UserFactory(), UserFactory(username="bea"), ClubFactory(slug="noir")
    by_slug = api(ana).post("reports/", body_for("club", "noir"))
    by_name = api(ana).post("reports/", body_for("reader", "Bea"))
    assert (by_slug.json()["target"], by_name.json()["target"]) == (
        {"kind": "club", "id": "noir"},
        {"kind": "reader", "id": "bea"},
    )
    kept = {report.target_kind: report.kept.content for report in Report.objects.all()}
    assert kept["club"]["name"] == club.name
    assert kept["reader"]["username"] == bea.username


def test_a_thing_is_reported_once_by_each_reader(api: Any) -> None:
    review, ana = ReviewFactory(), UserFactory()
    first = api(ana).post("reports/", body_for("review", review.pk)).json()
    again = api(ana).post("reports/", body_for("review", review.pk))
    assert (again.status_code, again.json()["code"]) == (409, "already_reported")
    assert again.json()["existing"]["id"] == first["id"]
    other = api(UserFactory()).post("reports/", body_for("review", review.pk))
    assert other.status_code == 201


def test_nobody_reports_their_own(api: Any) -> None:
    ana = UserFactory(username="ana")
    review, club = ReviewFactory(author=ana), ClubFactory(owner=ana)
    for kind, name in (("review", review.pk), ("club", club.slug), ("reader", "ana")):
        answer = api(ana).post("reports/", body_for(kind, name))
        assert (answer.status_code, answer.json()["code"]) == (409, "own_content"), kind


def test_what_one_may_not_see_is_not_there_to_be_reported(api: Any) -> None:
    club = ClubFactory(hidden=True)
    unseen = ReviewFactory(club=club)
    gone = UserFactory(erased=True)
    ana = UserFactory()
    hidden = ReviewFactory(hidden=True)
    for kind, name in (
        ("review", unseen.pk),
        ("review", hidden.pk),
        ("review", 10**9),
        ("club", club.slug),
        ("club", "No Slug"),
        ("reader", gone.username),
    ):
        assert api(ana).post("reports/", body_for(kind, name)).status_code == 404, name


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"target": {"kind": "book", "id": 1}}, "/target/kind"),
        ({"target": {"kind": "review", "id": "nine"}}, "/target/id"),
        ({"target": {"kind": "club", "id": 9}}, "/target/id"),
        ({"target": {"kind": "reader"}}, "/target/id"),
        ({"reason": "boring"}, "/reason"),
        ({"comment": "x" * 1001}, "/comment"),
        ({"status": "upheld"}, "/status"),
        ({"verdict": "guilty"}, "/verdict"),
    ],
)
def test_an_ill_formed_report_is_refused_with_pointers(
    api: Any, changes: dict[str, Any], pointer: str
) -> None:
    review = ReviewFactory()
    answer = api(UserFactory()).post("reports/", body_for("review", review.pk) | changes)
    assert answer.status_code == 400
    assert pointer in {error["pointer"] for error in answer.json()["errors"]}


def test_the_words_are_kept_as_they_were(api: Any, judge: Any) -> None:
    review = ReviewFactory(text="Buy here.")
    report = report_of("review", review.pk)
    api(review.author).patch(f"reviews/{review.pk}/", {"text": "Innocent."})
    shown = api(judge).get(f"moderation/reports/{report.pk}/").json()
    assert shown["kept"]["text"] == "Buy here."
    assert shown["allowed"] == ["hide", "warn", "suspend"]
    assert shown["about"]["username"] == review.author.username


def test_hiding_takes_a_review_out_of_lists_and_numbers_and_tells_both(
    api: Any, judge: Any
) -> None:
    review = ReviewFactory(rating=8)
    report = report_of("review", review.pk)
    answer = api(judge).post(
        f"moderation/reports/{report.pk}/uphold/", {"action": "hide", "reason": "Advertising."}
    )
    assert answer.status_code == 200
    assert (answer.json()["status"], answer.json()["action"]) == ("upheld", "hide")
    assert api().get(f"reviews/{review.pk}/").status_code == 404
    assert api().get(f"books/{review.book_id}/reviews/").json()["results"] == []
    assert api().get(f"books/{review.book_id}/").json()["rating_count"] == 0
    assert notices(api, report.reporter) == [("report_upheld", "Advertising.")]
    assert notices(api, review.author) == [("review_hidden", "Advertising.")]
    log = api(judge).get("moderation/log/").json()["results"]
    assert [(row["verb"], row["reason"]) for row in log] == [
        ("uphold_report", "Advertising."),
        ("hide_review", "Advertising."),
    ]
    assert log[1]["target"] == {"kind": "review", "id": review.pk}
    assert log[1]["by"]["username"] == "judge"
    mine = api(report.reporter).get("users/me/reports/").json()["results"][0]
    assert (mine["status"], mine["decision_reason"]) == ("upheld", "Advertising.")


def test_suspending_shuts_the_author_out_until_then(api: Any, judge: Any) -> None:
    review = ReviewFactory()
    author = api(review.author)
    report = report_of("review", review.pk)
    answer = api(judge).post(
        f"moderation/reports/{report.pk}/uphold/",
        {"action": "suspend", "reason": "Again.", "until": "2999-01-01T00:00:00Z"},
    )
    assert answer.status_code == 200
    refused = author.get("users/me/")
    assert (refused.status_code, refused.json()["code"]) == (401, "account_suspended")
    assert refused.json()["until"] == "2999-01-01T00:00:00Z"
    assert refused.json()["reason"] == "Again."


def test_a_warning_is_read_at_the_next_sign_in_and_dismissed(api: Any, judge: Any) -> None:
    reader = UserFactory(username="bea", language="en")
    report = report_of("reader", "bea")
    api(judge).post(
        f"moderation/reports/{report.pk}/uphold/", {"action": "warn", "reason": "Be kind."}
    )
    shown = api(reader).get("users/me/").json()["notices"]
    assert [(each["kind"], each["reason"]) for each in shown] == [("warned", "Be kind.")]
    path = f"users/me/notices/{shown[0]['id']}/"
    assert api(UserFactory()).delete(path).status_code == 404
    assert [api(reader).delete(path).status_code for _ in range(2)] == [204, 204]
    assert notices(api, reader) == []


def test_dismissing_leaves_everything_and_tells_both(api: Any, judge: Any) -> None:
    review = ReviewFactory()
    report = report_of("review", review.pk)
    answer = api(judge).post(f"moderation/reports/{report.pk}/dismiss/", {"reason": "Harmless."})
    assert answer.json()["status"] == "dismissed"
    assert api().get(f"reviews/{review.pk}/").status_code == 200
    assert notices(api, report.reporter) == [("report_dismissed", "Harmless.")]
    assert notices(api, review.author) == [("report_about_you_dismissed", "Harmless.")]


def test_a_report_is_decided_once(api: Any, judge: Any) -> None:
    report = report_of("review", ReviewFactory().pk)
    path = f"moderation/reports/{report.pk}/"
    assert api(judge).post(f"{path}dismiss/", {"reason": "No."}).status_code == 200
    for verb, body in (
        ("dismiss", {"reason": "No."}),
        ("uphold", {"action": "warn", "reason": "Yes."}),
    ):
        again = api(judge).post(f"{path}{verb}/", body)
        assert (again.status_code, again.json()["code"]) == (409, "already_decided")


def test_a_hidden_club_is_gone_for_strangers_and_cannot_show_itself(api: Any, judge: Any) -> None:
    club = ClubFactory(slug="noir")
    owner = club.memberships.get().reader
    review = ReviewFactory(club=club)
    report = report_of("club", "noir")
    hide = {"action": "hide", "reason": "A shop."}
    assert api(judge).post(f"moderation/reports/{report.pk}/uphold/", hide).status_code == 200
    assert api().get("clubs/noir/").status_code == 404
    assert api(owner).get("clubs/noir/").json()["visibility"] == "hidden"
    assert api().get(f"books/{review.book_id}/").json()["rating_count"] == 0
    back = {"visibility": "public", "confirm_visibility": True}
    refused = api(owner).patch("clubs/noir/", back)
    assert (refused.status_code, refused.json()["code"]) == (409, "hidden_by_moderators")
    queue = api(judge).get("moderation/reports/").json()["results"]
    assert queue[0]["target"] == {"kind": "club", "id": None}


def test_what_cannot_be_done_is_refused_with_what_can(api: Any, judge: Any) -> None:
    UserFactory(username="bea")
    report = report_of("reader", "bea")
    path = f"moderation/reports/{report.pk}/uphold/"
    answer = api(judge).post(path, {"action": "hide", "reason": "x"})
    assert (answer.status_code, answer.json()["code"]) == (409, "action_not_possible")
    assert answer.json()["allowed"] == ["warn", "suspend"]
    late = {"action": "suspend", "reason": "x", "until": "2001-01-01T00:00:00Z"}
    assert api(judge).post(path, late).json()["errors"][0]["code"] == "in_the_past"
    odd = {"action": "warn", "reason": "x", "until": "2999-01-01T00:00:00Z"}
    assert api(judge).post(path, odd).json()["errors"][0]["code"] == "only_with_suspend"
    review = ReviewFactory()
    second = report_of("review", review.pk)
    review.delete()
    shown = api(judge).get(f"moderation/reports/{second.pk}/").json()
    assert shown["allowed"] == ["warn", "suspend"]


def test_nobody_judges_themselves_and_staff_is_judged_by_admins(api: Any, judge: Any) -> None:
    own = report_of("reader", "judge")
    answer = api(judge).post(f"moderation/reports/{own.pk}/dismiss/", {"reason": "I am fine."})
    assert answer.json()["code"] == "own_content"
    other = UserFactory(username="other-mod", moderator=True)
    report = report_of("reader", other.username)
    warn = {"action": "warn", "reason": "Slow down."}
    path = f"moderation/reports/{report.pk}/uphold/"
    assert api(judge).post(path, warn).json()["code"] == "role_too_low"
    assert Report.objects.get(pk=report.pk).status == "open"
    assert api(UserFactory(admin=True)).post(path, warn).status_code == 200


def test_opening_a_report_from_a_closed_club_is_logged_once(api: Any, judge: Any) -> None:
    club = ClubFactory(private=True)
    member = UserFactory()
    member_of(club, member)
    report = report_of("review", ReviewFactory(club=club, text="Inside.").pk, by=member)
    for _ in range(2):
        shown = api(judge).get(f"moderation/reports/{report.pk}/")
        assert shown.json()["kept"]["text"] == "Inside."
    assert ModerationRecord.objects.filter(verb="open_report", actor=judge).count() == 1
    assert "Inside." not in api(judge).get("moderation/reports/").content.decode()
