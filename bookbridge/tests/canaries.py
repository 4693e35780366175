"""Planting canaries: words that are nowhere else, in everything that says something of a reader.

Put there through the API where it can be, so that caches, logs and the outbox meet them too.
"""

from __future__ import annotations

from datetime import timedelta

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts import links, mail
from accounts.mailbox.models import Purpose
from accounts.models import User
from accounts.personal_tokens.services import create_token
from accounts.second_factor.challenges import new_challenge
from accounts.second_factor.tests.factors import factor_of
from accounts.services import open_session, set_roles
from accounts.tests.factories import PASSWORD, UserFactory
from bookbridge.testing import ApiClient
from clubs.books.tests.factories import BookFactory
from clubs.membership.tests.factories import ClubFactory, member_of
from reviews.tests.factories import ReviewFactory

CANARY = "zanary"
#: What a reader writes for others stays: the description of a club is the club's.
SHARED = "sharedwords"
AGENT = f"{CANARY}agent/1.0"
USERNAME = f"{CANARY}name"
EMAIL = f"{CANARY}mail@example.org"
ADDRESS, PREFIX = "198.51.100.77", "198.51.100."


def planted() -> tuple[User, ApiClient]:
    """A reader who is everywhere, with others who name them."""
    visitor = ApiClient(**{"User-Agent": AGENT})
    visitor.client.defaults["REMOTE_ADDR"] = ADDRESS
    account = {"username": USERNAME, "email": EMAIL, "password": PASSWORD}
    name = f"{CANARY.title()} Display"
    assert visitor.post("auth/register/", account | {"display_name": name}).status_code == 201
    sign_in = {"login": EMAIL, "password": PASSWORD}
    visitor.post("auth/token/", sign_in | {"password": f"{CANARY} wrong"})
    moderator = UserFactory(moderator=True)
    staff = ApiClient(moderator)
    shut = staff.post(f"users/{USERNAME}/suspend/", {"reason": "Shouting."})
    assert shut.status_code == 200
    assert staff.post(f"users/{USERNAME}/reinstate/").status_code == 200
    pair = visitor.post("auth/token/", sign_in).json()
    client = ApiClient(**{"User-Agent": AGENT, "Authorization": f"Bearer {pair['access']}"})
    client.client.defaults["REMOTE_ADDR"] = ADDRESS
    reader = User.objects.get(username=USERNAME)
    _writes(client, reader)
    _others(client, reader, moderator)
    for path in (f"stats/users/{USERNAME}/", f"users/?search={CANARY}", f"users/{USERNAME}/"):
        assert visitor.get(path).status_code == 200, path
    visitor.get(f"{CANARY}/nowhere/?q={CANARY}")
    mail_to(reader)
    _keys(reader)
    return reader, client


def _keys(reader: User) -> None:
    """A token that was used, a second factor, half a sign-in, an address that waits, a link."""
    _row, token = create_token(
        reader=reader,
        session=open_session(reader=reader),
        name=f"{CANARY} script",
        scopes=["read"],
        expires_at=timezone.now() + timedelta(days=300),
    )
    script = ApiClient(Authorization=f"Bearer {token}")
    script.client.defaults["REMOTE_ADDR"] = ADDRESS
    assert script.get("clubs/").status_code == 200
    factor_of(reader)
    new_challenge(reader)
    waits = f"{CANARY}.new@example.org"
    User.objects.filter(pk=reader.pk).update(pending_email=waits)
    links.issue(reader, Purpose.EMAIL, lifetime=timedelta(days=300), address=waits)


def _writes(client: ApiClient, reader: User) -> None:
    assert client.patch("users/me/", {"bio": f"{CANARY} bio"}).status_code == 200
    club = {"name": "A club", "description": f"{SHARED} for all"}
    made = client.post("clubs/", club, headers={"Idempotency-Key": f"{CANARY}-key"})
    slug = made.json()["slug"]
    book = BookFactory()
    pitch = {"book": book.pk, "pitch": f"{CANARY} pitch"}
    entry = client.post(f"clubs/{slug}/books/", pitch)
    assert entry.status_code == 201, entry.content
    review = {"book": BookFactory().pk, "rating": 4, "title": f"{CANARY} title"}
    answer = client.post("reviews/", review | {"text": f"*{CANARY}* text"})
    assert answer.status_code == 201, answer.content
    target = {"kind": "review", "id": ReviewFactory().pk}
    report = {"target": target, "reason": "spam", "comment": f"{CANARY} comment"}
    assert client.post("reports/", report).status_code == 201
    assert client.get(f"books/?search={CANARY}").status_code == 200


def _others(client: ApiClient, reader: User, moderator: User) -> None:
    """What other people, moderators and the admin site come to keep of the reader."""
    bea = UserFactory()
    own = ReviewFactory(author=reader, text=f"{CANARY} reported")
    for target in ({"kind": "reader", "id": USERNAME}, {"kind": "review", "id": own.pk}):
        made = ApiClient(bea).post("reports/", {"target": target, "reason": "spam"})
        assert made.status_code == 201, made.content
    User.objects.filter(pk=reader.pk).update(suspension_reason=f"{CANARY} suspended")
    reader.notices.create(kind="warned", reason=f"{CANARY} did it", about_id=CANARY)
    bea.notices.create(kind="report_upheld", about_kind="reader", about_id=USERNAME)
    club = ClubFactory(owner=bea)
    invited = ApiClient(bea).post(
        f"clubs/{club.slug}/invitations/",
        {"username": USERNAME},
        headers={"Idempotency-Key": "of-bea"},
    )
    joined = client.post(
        f"clubs/{ClubFactory().slug}/join/", headers={"Idempotency-Key": "of-the-reader"}
    )
    assert USERNAME in joined.headers["Location"]
    kick = member_of(ClubFactory(owner=bea), reader, state="removed")
    type(kick).objects.filter(pk=kick.pk).update(reason=f"{CANARY} was removed")
    assert invited.status_code in (201, 400), invited.content
    LogEntry.objects.create(
        user=moderator,
        content_type=ContentType.objects.get_for_model(User),
        object_id=str(reader.pk),
        object_repr=USERNAME,
        change_message=f"{CANARY} became something",
        action_flag=CHANGE,
    )
    set_roles(reader=reader, roles=["moderator"])
    door = Client(REMOTE_ADDR=ADDRESS, headers={"User-Agent": AGENT})
    door.post("/admin/login/", {"username": USERNAME, "password": PASSWORD})
    assert "sessionid" in door.cookies


def mail_to(reader: User) -> None:
    """Something waits to be sent, with words of the reader."""
    from_now = {"name": f"{CANARY} token"}
    with transaction.atomic():
        mail.send("personal_token_created", reader=reader, context=from_now)
