"""Words of which names and titles are invented. Nobody is meant by them."""

from __future__ import annotations

import random


def _listed(text: str) -> list[str]:
    return text.split()


GIVEN = _listed("""
    Ada Akira Amara Ana Anders Aisha Bento Bruna Caio Carla Chidi Clara Daniel Davi Elena
    Emeka Eva Farid Fatima Felix Flora Gael Hanna Helena Hiro Ines Isak Ivan Joana Jonas
    Juma Kaia Kenji Laila Lara Leo Lina Luan Lucia Maja Malik Marta Mateo Mei Mila Nadia
    Nara Nils Noor Olga Omar Otto Paula Pedro Priya Rafael Rania Rosa Rui Samir Sara Selma
    Sofia Taro Tereza Tiago Uma Vera Yara Yusuf Zaida Zoe
""")
FAMILY = _listed("""
    Abreu Adeyemi Alves Amado Andrade Araujo Bakker Barros Berg Bianchi Borges Braga
    Campos Cardoso Castro Chen Costa Cruz Dahl Diaz Dias Duarte Eze Faria Ferraz Fischer
    Fonseca Freire Garcia Gomes Haddad Hansen Ito Jensen Keller Kimura Klein Kowal Lange
    Leal Lima Lopes Luz Machado Maier Marques Matos Mendes Mori Moura Nair Neves Novak
    Nunes Okafor Oliveira Pinto Porto Prado Ramos Reis Ribeiro Rocha Rossi Sato Silva
    Singh Soares Sousa Tanaka Torres Vargas Vidal Weber Yilmaz
""")
ADJECTIVES = _listed("""
    Ancient Bitter Blue Borrowed Bright Broken Burning Careless Distant Empty Endless
    Faithful Final First Forgotten Frozen Gentle Golden Hidden Hollow Invisible Last Late
    Little Lonely Long Lost Narrow Nameless Northern Open Other Pale Patient Perfect Quiet
    Red Restless Second Secret Seventh Silent Silver Slow Small Southern Stolen Strange
    Sudden Tender Unfinished Unwritten Wild Winter Wooden Yellow
""")
NOUNS = _listed("""
    Archive Atlas Autumn Bell Bird Boat Bridge Brother Candle Cartographer City Clock
    Coast Colony Country Daughter Desert Diary Door Dream Echo Engine Evening Father Ferry
    Field Fire Fisherman Forest Garden Ghost Glass Harbour Harvest Heart Hour House Hunger
    Island Journey Keeper Kingdom Lake Lantern Letter Library Lighthouse Machine Map
    Memory Mirror Morning Mother Mountain Museum Night Ocean Orchard Orphan Page Pilgrim
    Portrait Promise Railway Rain River Road Salt Season Shadow Ship Sister Sky Snow Song
    Station Stone Stranger Summer Thief Thread Tide Tower Traveller Valley Village Voice
    War Water Window Winter Witness Year
""")
PLACES = _listed("""
    Accra Aveiro Belém Bergen Bilbao Braga Cairo Curitiba Évora Fez Florence Goa Granada
    Hanoi Kyoto Lagos Lisbon Lyon Macau Manaus Mindelo Natal Odessa Olinda Oslo Porto
    Praia Quito Recife Riga Salvador Seville Tunis Turin Uppsala Utrecht Vienna Vilnius
""")
ONSETS = _listed("b br c ch d dr f fl g gr h j k kr l m n p pr r s sh st t tr v w y z")
VOWELS = _listed("a e i o u ai ea ia oa ou")
CODAS = ("", "", "n", "r", "s", "l", "th", "nd", "rk", "ska", "ton")
CIRCLES = ("Readers", "Book Club", "Reading Circle", "Page Turners", "Shelf", "Pages", "Chapter")
GENRES = ("Novel", "Poetry", "Crime", "Essay", "Classics", "Science Fiction", "Memoir", "Fantasy")


def person(chance: random.Random, *, coined: bool = False) -> tuple[str, str]:
    """A given name and a family name; a `coined` family for where those listed run out."""
    return chance.choice(GIVEN), coin(chance) if coined else chance.choice(FAMILY)


def coin(chance: random.Random) -> str:
    """A word of two to four syllables that hardly occurs twice, as rare words do."""
    syllables = range(chance.choice((2, 3, 3, 4)))
    start = "".join(chance.choice(ONSETS) + chance.choice(VOWELS) for _ in syllables)
    return (start + chance.choice(CODAS)).capitalize()


def title(chance: random.Random, *, coined: bool = False) -> str:
    """The title of a book; with a `coined` word in it, if so wished."""
    if coined:
        return chance.choice(
            (
                f"The {chance.choice(NOUNS)} of {coin(chance)}",
                f"{coin(chance)} and the {chance.choice(ADJECTIVES)} {chance.choice(NOUNS)}",
                f"{chance.choice(ADJECTIVES)} {coin(chance)}",
            )
        )
    adjective, noun, other = chance.choice(ADJECTIVES), chance.choice(NOUNS), chance.choice(NOUNS)
    return chance.choice(
        (
            f"The {adjective} {noun}",
            f"The {noun} of {chance.choice(PLACES)}",
            f"A {noun} for the {other}",
            f"The {noun} and the {other}",
            f"{adjective} {noun}",
            f"The {noun}'s {other}",
            f"{chance.choice(PLACES)}, {adjective} {noun}",
            f"All the {adjective} {noun}s",
        )
    )


def circle(chance: random.Random) -> str:
    """The name of a club."""
    start = chance.choice(
        (chance.choice(PLACES), f"The {chance.choice(ADJECTIVES)} {chance.choice(NOUNS)}")
    )
    return f"{start} {chance.choice(GENRES)} {chance.choice(CIRCLES)}"
