"""The language of problem documents follows `Accept-Language`; that of the schema is English."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.utils import translation

from accounts.tests.factories import UserFactory
from bookbridge.documents import document, rendered
from bookbridge.testing import ApiClient

pytestmark = pytest.mark.django_db

Api = Callable[..., ApiClient]
PORTUGUESE, ENGLISH = "pt-BR", "en"
GOOD = {"username": "ana", "email": "ana@example.org", "password": "correct horse battery"}


def speaking(api: Api, language: str | None) -> ApiClient:
    return api() if language is None else api(**{"Accept-Language": language})


def details(problem: dict[str, Any]) -> dict[str, str]:
    return {fault["pointer"]: fault["detail"] for fault in problem["errors"]}


@pytest.mark.parametrize(
    ("language", "title", "detail", "spoken"),
    [
        (PORTUGUESE, "Não encontrado", "Não encontrado.", "pt-br"),
        ("pt", "Não encontrado", "Não encontrado.", "pt-br"),
        ("de, pt-BR;q=0.5, en;q=0.1", "Não encontrado", "Não encontrado.", "pt-br"),
        ("en-GB, pt-BR;q=0.5", "Not found", "Not found.", "en"),
        (ENGLISH, "Not found", "Not found.", "en"),
        ("de", "Not found", "Not found.", "en"),
        ("tlh, *;q=0.1", "Not found", "Not found.", "en"),
        ("\x00;;q=x", "Not found", "Not found.", "en"),
        (None, "Not found", "Not found.", "en"),
    ],
)
def test_what_is_not_found(
    api: Api, language: str | None, title: str, detail: str, spoken: str
) -> None:
    for path in ("users/nobody/", "/api/v1/no/such/path/"):
        answer = speaking(api, language).get(path)
        problem = answer.json()
        assert (answer.status_code, problem["title"], problem["detail"]) == (404, title, detail)
        assert problem["code"] == "not_found"
        assert answer["Content-Language"] == spoken
        assert "Accept-Language" in answer["Vary"]


def test_a_path_without_its_slash(api: Api) -> None:
    problem = speaking(api, PORTUGUESE).get("/api/v1/users").json()
    assert problem["detail"] == "Aqui os caminhos terminam com uma barra: /api/v1/users/"


def test_who_is_not_signed_in(api: Api) -> None:
    for path, token, detail in [
        ("users/me/", None, "As credenciais de autenticação não foram fornecidas."),
        ("users/me/", "Bearer nonsense", "Este token não é válido."),
    ]:
        client = speaking(api, PORTUGUESE)
        answer = client.get(path, headers={"Authorization": token} if token else {})
        assert (answer.status_code, answer["Content-Language"]) == (401, "pt-br")
        assert answer.json()["detail"] == detail
    assert speaking(api, None).get("users/me/").json()["title"] == "Not signed in"
    assert speaking(api, PORTUGUESE).get("users/me/").json()["title"] == "Não autenticado"


@pytest.mark.parametrize(
    ("language", "title", "detail"),
    [
        (PORTUGUESE, "Conflito", "Este nome de usuário já está em uso."),
        ("fr", "Conflict", "This username is taken."),
    ],
)
def test_a_username_that_is_taken(api: Api, language: str, title: str, detail: str) -> None:
    UserFactory(username="ana")
    answer = speaking(api, language).post("auth/register/", GOOD)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (409, "username_taken")
    assert (problem["title"], problem["detail"]) == (title, detail)
    assert "Accept-Language" in answer["Vary"]


def test_faults_of_fields(api: Api) -> None:
    body = {"username": 5, "email": None, "password": "short", "language": "xx", "extra": 1}
    client = speaking(api, PORTUGUESE)
    answer = client.post("auth/register/", body)
    problem = answer.json()
    assert (answer.status_code, answer["Content-Language"]) == (400, "pt-br")
    assert problem["title"] == "Dados inválidos"
    assert problem["detail"] == "Os dados enviados não são válidos."
    assert details(problem) == {
        "/username": "Não é um texto válido.",
        "/email": "Este campo não pode ser nulo.",
        "/password": "Certifique-se de que este campo tenha pelo menos 12 caracteres.",
        "/language": "Escolha uma destas opções: en, pt-br.",
        "/extra": "Este campo não existe.",
    }
    assert details(client.post("auth/register/", {}).json())["/username"] == (
        "Este campo é obrigatório."
    )
    common = client.post("auth/register/", GOOD | {"password": "password1234"}).json()
    assert details(common) == {"/password": "Esta senha é muito comum."}
    assert details(speaking(api, None).post("auth/register/", body).json()) == {
        "/username": "Not a valid string.",
        "/email": "This field may not be null.",
        "/password": "Ensure this field has at least 12 characters.",
        "/language": "Choose one of: en, pt-br.",
        "/extra": "There is no such field.",
    }


def test_a_request_does_not_speak_the_language_of_the_one_before(api: Api) -> None:
    bodies = ({"login": "a"}, b"{", b'{"a":1,"a":2}')
    for body in bodies:
        said = {
            language: speaking(api, language).post("auth/token/", body).json()
            for language in (PORTUGUESE, ENGLISH, "pt-br", None)
        }
        for english in (said[ENGLISH], said[None]):
            assert english["title"].isascii()
            assert english["detail"] != said[PORTUGUESE]["detail"] == said["pt-br"]["detail"]
            assert english["detail"] == said[None]["detail"]


@pytest.fixture
def _no_document_yet() -> Iterator[None]:
    """As in a process that has just started; and what the test made is thrown away."""
    document.cache_clear()
    rendered.cache_clear()
    yield
    document.cache_clear()
    rendered.cache_clear()


@pytest.mark.usefixtures("_no_document_yet")
@pytest.mark.parametrize("form", ["json", "yaml"])
def test_the_schema_is_english_whoever_asks_first(api: Api, form: str) -> None:
    first = speaking(api, PORTUGUESE).get(f"/api/schema/?format={form}").content
    document.cache_clear()
    rendered.cache_clear()
    assert first == speaking(api, None).get(f"/api/schema/?format={form}").content
    text = first.decode()
    assert "How many results on a page." in text
    with translation.override("pt-br"):
        assert translation.gettext("How many results on a page.") not in text


def test_a_parameter_that_the_schema_does_not_have(api: Api) -> None:
    for language, detail in [
        (PORTUGUESE, "O único parâmetro é format: json ou yaml."),
        (None, "The only parameter is format: json or yaml."),
    ]:
        problem = speaking(api, language).get("/api/schema/?format=xml").json()
        assert problem["detail"] == detail


def test_limits_and_names_of_parameters(api: Api) -> None:
    UserFactory()
    for _ in range(2):  # what is kept for the next request keeps no language
        said = {
            language: [
                speaking(api, language).get(f"users/?{query}").json()["errors"][0]["detail"]
                for query in ("page_size=1000", "page_size=0", "fields=nonsense")
            ]
            for language in (PORTUGUESE, ENGLISH)
        }
        assert said == {
            PORTUGUESE: [
                "Certifique-se de que este valor seja menor ou igual a 100.",
                "Certifique-se de que este valor seja maior ou igual a 1.",
                "Este campo não existe: nonsense",
            ],
            ENGLISH: [
                "Ensure this value is less than or equal to 100.",
                "Ensure this value is greater than or equal to 1.",
                "No such field: nonsense",
            ],
        }


def test_answers_that_no_inner_layer_saw_name_their_language(api: Api) -> None:
    for language, spoken in [(PORTUGUESE, "pt-br"), (None, "en")]:
        answer = speaking(api, language).get("/api/v1/" + 5000 * "x")
        assert (answer.status_code, answer["Content-Language"]) == (414, spoken)
