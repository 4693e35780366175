"""The demo's readers and clubs: who registers, who founds what, who joins where."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from accounts.models import ADMIN as ADMIN_ROLE
from accounts.models import User
from accounts.passwords import require_good_password
from accounts.services import edit_profile, register, set_roles
from bookbridge.demo.chance import Chance
from bookbridge.demo.data import ADMIN, Record, address_of
from clubs.membership.models import Club, Membership, Role
from clubs.membership.services import (
    approve_request,
    ban_reader,
    change_role,
    found_club,
    invite_reader,
    join_club,
    leave_club,
)

TWO_YEARS = 725


@dataclass
class Reader:
    """A reader of the demo and the moment of registration."""

    user: User
    since: datetime
    language: str


@dataclass
class Member:
    """A member of a club and the moment of joining."""

    reader: Reader
    since: datetime


@dataclass
class Circle:
    """A club of the demo with its active members, the owner first."""

    club: Club
    founded: datetime
    languages: list[str]
    members: list[Member] = field(default_factory=list)

    @property
    def owner(self) -> User:
        """Who founded it."""
        return self.members[0].reader.user


def make_admin(password: str, since: datetime) -> User:
    """The administrator, who is a superuser as well."""
    address = address_of(ADMIN)
    require_good_password(password, owner=User(username=ADMIN, email=address))
    admin: User = User.objects.create_superuser(
        ADMIN, address, password, display_name="Administrator"
    )
    set_roles(reader=admin, roles=[ADMIN_ROLE])
    User.objects.filter(pk=admin.pk).update(created_at=since, updated_at=since)
    return admin


def make_reader(person: Record, number: int, password: str, chance: Chance) -> Reader:
    """Register somebody; the first ones have been here for two years."""
    early = number < 12 or number % 2
    days = TWO_YEARS - 8 * number if early else 60 + chance.random.random() * 400
    since = chance.days_ago(days)
    user = register(
        username=person["username"],
        vouched=True,
        email=address_of(person["username"]),
        password=password,
        display_name=person["display_name"],
        language=person["language"],
    )
    edit_profile(by=user, changes={"bio": person["bio"], "time_zone": person["time_zone"]})
    User.objects.filter(pk=user.pk).update(
        created_at=since, updated_at=since, email_verified_at=since
    )
    user.refresh_from_db()
    return Reader(user, since, person["language"])


def make_circle(record: Record, number: int, readers: list[Reader], chance: Chance) -> Circle:
    """Found a club and let readers in, in the way that its policy has it."""
    owner = _owner_of(record, number, readers)
    earliest = owner.since + timedelta(days=3)
    latest = min(owner.since + timedelta(days=60), chance.days_ago(200))
    founded = max(chance.between(earliest, latest), earliest)
    names = ("name", "description", "language", "time_zone", "visibility", "join_policy")
    club = found_club(
        by=owner.user, max_members=record["max_members"], **{name: record[name] for name in names}
    )
    Club.objects.filter(pk=club.pk).update(created_at=founded, updated_at=founded)
    circle = Circle(club, founded, record["languages"], [Member(owner, founded)])
    _date(club, owner.user, founded)
    for reader in _candidates(record, owner, readers, chance):
        _let_in(circle, reader)
        earliest = max(founded, reader.since)
        since = chance.between(earliest, earliest + (chance.now - earliest) / 2)
        _date(club, reader.user, since)
        circle.members.append(Member(reader, since))
    if len(circle.members) > 3:
        moderator = circle.members[1].reader.user
        change_role(club=club, reader=moderator, role=Role.MODERATOR, by=owner.user)
    _add_some_trouble(circle, readers, chance)
    return circle


def _owner_of(record: Record, number: int, readers: list[Reader]) -> Reader:
    """Who is named, else one of those who were here first."""
    named = [reader for reader in readers if reader.user.username == record.get("owner")]
    fitting = [reader for reader in readers if reader.language == record["language"]] or readers
    first = sorted(fitting, key=lambda reader: reader.since)[: max(len(fitting) // 2, 1)]
    return named[0] if named else first[number % len(first)]


def _candidates(
    record: Record, owner: Reader, readers: list[Reader], chance: Chance
) -> list[Reader]:
    """Readers who will join, mostly those of the club's language."""
    number = chance.random.randint(6, 17)
    number = min(number, (record["max_members"] or 1000) - 1)
    others = [reader for reader in readers if reader is not owner]
    ranked = sorted(
        others,
        key=lambda reader: chance.random.random() - (reader.language == record["language"]) * 0.5,
    )
    return ranked[: min(number, max(len(others) - 2, 1))]


def _let_in(circle: Circle, reader: Reader) -> None:
    policy = circle.club.join_policy
    if policy == "invite":
        invite_reader(club=circle.club, reader=reader.user, by=circle.owner)
    join_club(club=circle.club, by=reader.user)
    if policy == "request":
        approve_request(club=circle.club, reader=reader.user, by=circle.owner)


def _add_some_trouble(circle: Circle, readers: list[Reader], chance: Chance) -> None:
    """Somebody waits for an answer; in some clubs somebody left, or had to."""
    inside = {member.reader.user.pk for member in circle.members}
    outside = [reader for reader in readers if reader.user.pk not in inside]
    if not outside:
        return
    somebody = chance.random.choice(outside)
    if circle.club.join_policy == "invite":
        invite_reader(club=circle.club, reader=somebody.user, by=circle.owner)
    elif circle.club.join_policy == "request":
        join_club(club=circle.club, by=somebody.user)
    elif chance.in_100(30):
        ban_reader(club=circle.club, reader=somebody.user, by=circle.owner, reason="Spam.")
    elif chance.in_100(50):
        join_club(club=circle.club, by=somebody.user)
        leave_club(club=circle.club, by=somebody.user)
    _date(circle.club, somebody.user, chance.days_ago(chance.random.random() * 40))


def _date(club: Club, reader: User, since: datetime) -> None:
    rows = Membership.objects.filter(club=club, reader=reader)
    changes: dict[str, Any] = {"created_at": since, "updated_at": since}
    rows.update(**changes)
    rows.filter(joined_at__isnull=False).update(joined_at=since)
    rows.filter(removed_at__isnull=False).update(removed_at=since)
