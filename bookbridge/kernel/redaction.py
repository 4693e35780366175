"""Takes out of texts what must not be in a log: tokens, passwords, e-mail addresses, rows."""

from __future__ import annotations

import re

MAX_LENGTH = 32 * 1024
REMOVED = "[removed]"

# Each pattern walks the text once: every repetition is bounded or cannot be entered twice.
_PATTERNS = [
    # What PostgreSQL says about the row that broke a constraint.
    (re.compile(r"^(\s*(?:DETAIL|CONTEXT):).*", re.MULTILINE), rf"\1 {REMOVED}"),
    (re.compile(r"(Failing row contains).*"), rf"\1 {REMOVED}"),
    (re.compile(r"(\b(?:Bearer|Basic)\s+)[^\s'\",;]+", re.IGNORECASE), rf"\1{REMOVED}"),
    (re.compile(r"\bbb_[0-9A-Za-z]{8,}"), REMOVED),
    (re.compile(r"\beyJ[\w-]{4,}(?:\.[\w-]*){1,4}"), REMOVED),
    (
        re.compile(
            r"((?:passw(?:or)?d|passphrase|secret|token|api_?key|authorization|cookie|otp|pin|challenge|recovery)"
            r"\w{0,20}[\"']?\s{0,3}(?:=>|[=:])\s{0,3})(?:\"[^\"\n]*\"|'[^'\n]*'|[^\s'\",;&)}\]]+)",
            re.IGNORECASE,
        ),
        rf"\1{REMOVED}",
    ),
    (re.compile(r"(\w{1,16}://)[^\s/@]{1,256}@"), rf"\1{REMOVED}@"),
    (re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}"), REMOVED),
    # Long url-safe secrets mix cases and digits; names of constraints and functions do not.
    (
        re.compile(
            r"(?<![\w-])(?=[\w-]{0,99}[A-Z])(?=[\w-]{0,99}[a-z])(?=[\w-]{0,99}\d)[\w-]{24,}"
        ),
        REMOVED,
    ),
    (re.compile(r"(?<![\w-])[0-9a-fA-F]{32,}(?![\w-])"), REMOVED),
]


def redact(text: str) -> str:
    """`text` without secrets and personal data, as far as patterns can tell; cut when huge."""
    if len(text) > MAX_LENGTH:
        half = MAX_LENGTH // 2
        text = f"{text[:half]}\n[...]\n{text[-half:]}"
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text
