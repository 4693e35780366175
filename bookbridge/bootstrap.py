"""Set-up before Django exists: the Python version, the virtual environment, the pinned packages
and `.env`.

    python3 -m bookbridge.bootstrap [--dev] [--browser] [--granian] [--env]

Uses the standard library alone, and no syntax younger than Python 3.6, so that an old Python can
say that it is too old. Every step looks first whether it is already done; when all are, this
takes a tenth of a second.
"""

import argparse
import base64
import contextlib
import fcntl
import hashlib
import os
import secrets
import shutil
import subprocess
import sys
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
VENV = BASE_DIR / ".venv"
VAR = BASE_DIR / "var"
OLDEST, NEWEST = (3, 11), (3, 13)

SECRETS = {
    "DJANGO_SECRET_KEY": lambda: secrets.token_urlsafe(64),
    # The private half of an Ed25519 key is 32 random bytes.
    "JWT_SIGNING_KEYS": lambda: (
        base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode()
    ),
    "SEALING_KEYS": lambda: base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode(),
    "RETIRED_NAME_KEYS": lambda: secrets.token_urlsafe(32),
    "DEMO_ADMIN_PASSWORD": lambda: secrets.token_urlsafe(12),
    "DEMO_READER_PASSWORD": lambda: secrets.token_urlsafe(12),
    # It stands in a URL, of which these letters need no escaping.
    "POSTGRES_PASSWORD": lambda: secrets.token_urlsafe(24),
}


class SetupError(Exception):
    """Something only the person at the keyboard can repair; the message is one line with the
    command that does.
    """


def fitting_python():
    """Return the path of a Python that BookBridge supports: this one, or another on the PATH."""
    if OLDEST <= sys.version_info[:2] <= NEWEST:
        return sys.executable
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        path = shutil.which("python3.%d" % minor)
        if path:
            return path
    raise SetupError(
        "BookBridge needs Python 3.%d to 3.%d, this is %d.%d: sudo apt-get install python3.%d-venv"
        % (OLDEST[1], NEWEST[1], sys.version_info[0], sys.version_info[1], NEWEST[1])
    )


def ensure_venv(python):
    """Make the virtual environment; a broken one (moved, half made, its Python gone) anew."""
    inside = VENV / "bin" / "python"
    probe = "import pip, sys; sys.exit(sys.prefix != %r or not %r <= sys.version_info[:2] <= %r)"
    probe %= (str(VENV), OLDEST, NEWEST)
    if inside.exists() and quietly(str(inside), "-c", probe):
        return
    if not quietly(python, "-c", "import venv, ensurepip"):
        ask = [python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
        version = subprocess.check_output(ask, universal_newlines=True).strip()
        raise SetupError(
            "Python's venv module is missing: sudo apt-get install python%s-venv" % version
        )
    print("Making the virtual environment in .venv ...", flush=True)
    if subprocess.call([python, "-m", "venv", "--clear", str(VENV)]) != 0:
        raise SetupError("The virtual environment could not be made; the lines above say why.")


def quietly(*command):
    """Run a command without its error output; return whether it succeeded."""
    return subprocess.call(command, stderr=subprocess.DEVNULL) == 0


def ensure_packages(*locks):
    """Install the lock files, unless exactly these are installed already.

    What is installed is remembered inside the virtual environment, so that removing it forgets
    that too.
    """
    wanted = {lock: hashlib.sha256((BASE_DIR / lock).read_bytes()).hexdigest() for lock in locks}
    stamps = {lock: VENV / ("installed-" + lock) for lock in locks}
    missing = [
        lock
        for lock in locks
        if not stamps[lock].exists() or stamps[lock].read_text() != wanted[lock]
    ]
    if not missing:
        return
    print("Installing %s (once; up to a minute) ..." % " and ".join(missing), flush=True)
    command = [
        str(VENV / "bin" / "python"),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ]
    command += ["--no-input", "--require-hashes"]
    for lock in locks:
        command += ["-r", str(BASE_DIR / lock)]
    if subprocess.call(command) != 0:
        raise SetupError(
            "The packages could not be installed; the lines above say why (no network, perhaps)."
        )
    for lock in locks:
        stamps[lock].write_text(wanted[lock])


def ensure_dotenv(path, example):
    """Write `.env` from `.env.example` with fresh secrets; in an existing one add only what is
    missing or empty.
    """
    created = not path.exists()
    lines = (example if created else path).read_text(encoding="utf-8").splitlines()
    places = {
        line.partition("=")[0].strip(): number for number, line in enumerate(lines) if "=" in line
    }
    added = []
    for name, make in SECRETS.items():
        place = places.get(name)
        if place is None:
            lines.append("%s=%s" % (name, make()))
        elif not lines[place].partition("=")[2].strip():
            lines[place] = "%s=%s" % (name, make())
        else:
            continue
        added.append(name)
    if not added:
        return
    # Written beside and moved in place: a crash leaves the old file, and nobody else can read the
    # new one.
    beside = path.with_name(path.name + ".new")
    with contextlib.suppress(FileNotFoundError):
        beside.unlink()
    with open(
        os.open(str(beside), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
    ) as file:
        file.write("\n".join(lines) + "\n")
    os.replace(str(beside), str(path))
    print(
        "Made .env with fresh secrets." if created else "Added to .env: %s." % ", ".join(added),
        flush=True,
    )


def server_asked_for():
    """Return SERVER, from the environment or else from `.env`; empty where neither names one."""
    named = os.environ.get("SERVER", "")
    dotenv = BASE_DIR / ".env"
    if not named and dotenv.exists():
        for line in dotenv.read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition("=")
            if name.strip() == "SERVER":
                named = value.strip().strip("\"'")
    return named


def main():
    """Do what is missing, one set-up at a time."""
    parser = argparse.ArgumentParser(
        description="Set BookBridge up: virtual environment, packages, .env."
    )
    parser.add_argument("--dev", action="store_true", help="also install what the tests need")
    parser.add_argument(
        "--browser", action="store_true", help="also install what the browser check needs"
    )
    parser.add_argument(
        "--granian",
        action="store_true",
        help="also install the server of SERVER=granian, whatever SERVER says",
    )
    parser.add_argument(
        "--env", action="store_true", help="only write .env: for containers, which need no more"
    )
    options = parser.parse_args()
    locks = ["requirements.txt"]
    if options.dev:
        locks.append("requirements-dev.txt")
    if options.browser:
        locks.append("requirements-browser.txt")
    if options.granian or server_asked_for() == "granian":
        locks.append("requirements-granian.txt")
    VAR.mkdir(exist_ok=True)
    try:
        with open(str(VAR / "setup.lock"), "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not options.env:
                ensure_venv(fitting_python())
                ensure_packages(*locks)
            ensure_dotenv(BASE_DIR / ".env", BASE_DIR / ".env.example")
    except SetupError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
