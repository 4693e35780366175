"""How personal tokens are written: `bb_`, 43 random characters, and a checksum of six.

The beginning and the checksum let scanners of source code recognise one that was published by
mistake, without asking BookBridge, and let BookBridge refuse what is none without a query.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import string
import zlib

PREFIX = "bb_"
RANDOM_LENGTH, CHECKSUM_LENGTH = 43, 6
#: What its reader is shown of a token later on.
SHOWN_LENGTH = 8
ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase

_FORM = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{RANDOM_LENGTH + CHECKSUM_LENGTH}}}", re.ASCII)


def new_token() -> str:
    """A token of 256 random bits."""
    body = PREFIX + "".join(secrets.choice(ALPHABET) for _n in range(RANDOM_LENGTH))
    return body + checksum(body)


def is_wellformed(token: str) -> bool:
    """Whether this may be a token of ours: its checksum is right."""
    if not _FORM.fullmatch(token):
        return False
    return checksum(token[:-CHECKSUM_LENGTH]) == token[-CHECKSUM_LENGTH:]


def checksum(body: str) -> str:
    """The CRC-32 of what stands before it, in six characters of base 62."""
    rest, digits = zlib.crc32(body.encode()), ""
    for _n in range(CHECKSUM_LENGTH):
        rest, digit = divmod(rest, len(ALPHABET))
        digits = ALPHABET[digit] + digits
    return digits


def digest(token: str) -> str:
    """What is kept of a token; it is too random to be found from this."""
    return hashlib.sha256(token.encode()).hexdigest()
