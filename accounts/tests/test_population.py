"""The kept number of readers is that of those who have not left, whoever comes or goes."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections, transaction

from accounts import imported, population, services
from accounts.models import ReaderCount, User
from accounts.privacy import erase
from accounts.tests.factories import PASSWORD, UserFactory


def number() -> int:
    """What is kept, which is right."""
    assert list(population.wrong_parts()) == []
    assert population.number_of_readers() == User.objects.visible().count()
    return population.number_of_readers()


@pytest.mark.django_db
def test_who_comes_counts_until_they_leave() -> None:
    assert number() == 0
    ana = UserFactory()
    services.register(username="bia", email="bia@example.org", password=PASSWORD)
    User.objects.create_superuser("root", "root@example.org", PASSWORD)
    imported.find_or_create(["somebody", "another"], source="test")
    imported.find_or_create(["somebody", "third"], source="test")
    assert number() == 6
    erase(ana)
    erase(ana)
    assert number() == 5


@pytest.mark.django_db
def test_wrong_numbers_are_found_and_settled() -> None:
    reader = UserFactory()
    ReaderCount.objects.update(number=9)
    assert list(population.wrong_parts()) == [(reader.pk % population.PARTS, 9, 1)]
    with transaction.atomic():
        assert len(population.settle_parts()) == 1
    assert number() == 1
    ReaderCount.objects.all().delete()
    with transaction.atomic():
        population.settle_parts()
    assert number() == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_all_who_register_at_once_count() -> None:
    together = threading.Barrier(20)

    def register(place: int) -> None:
        together.wait(timeout=20)
        try:
            name = f"new-{place}"
            services.register(username=name, email=f"{name}@example.org", password=PASSWORD)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(register, range(20)))
    assert number() == 20
