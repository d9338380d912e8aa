"""Makes .venv what the locks say. Standard library only: it runs before anything is installed.

Called by setup.sh with the kind of environment and the key that tells whether it is up to date.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import ssl
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache"
VENV = ROOT / ".venv"
STAMP = VENV / "tieline-setup"
LOCKS = {"run": "requirements.lock", "dev": "requirements-dev.lock"}


class SetupError(Exception):
    """Says what went wrong and what to do next."""


def main(kind: str, key: str) -> int:
    """Set up; the exit code. Progress goes to stderr, so that stdout stays the command's own."""
    if kind not in LOCKS:
        print("usage: tools/setup.sh run|dev", file=sys.stderr)
        return 2
    try:
        CACHE.mkdir(exist_ok=True)
        with (CACHE / "setup.lock").open("w") as lock:
            wait_for(lock.fileno())
            # Whoever held the lock before us may have done it all.
            if not any(up_to_date(done, key) for done in {kind, "dev"}):
                set_up(kind, key)
    except SetupError as error:
        print(f"\ntieline: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(
            f"\ntieline: {error.filename or ROOT}: {error.strerror}. Correct that, then start again",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        print("\ntieline: set-up interrupted; start again to go on", file=sys.stderr)
        return 130
    return 0


def wait_for(descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say("another set-up of this folder is running; waiting for it")
        fcntl.flock(descriptor, fcntl.LOCK_EX)


def up_to_date(kind: str, key: str) -> bool:
    try:
        return STAMP.read_text() == stamp(kind, key)
    except (OSError, subprocess.SubprocessError):
        return False


def stamp(kind: str, key: str) -> str:
    """What setup.sh compares: kind, key and the environment's Python, a line each."""
    version = subprocess.run([VENV / "bin/python", "-V"], check=True, capture_output=True, text=True).stdout
    return f"{kind}\n{key}\n{version}"


def set_up(kind: str, key: str) -> None:
    complete = STAMP.exists() and same_place() and shutil.which(VENV / "bin/python") is not None
    if complete and STAMP.read_text().startswith("dev\n"):
        # Whoever tests here goes on testing: the smaller environment would only be made larger again.
        kind = "dev"
    # Without the stamp the environment counts as damaged: an interruption leaves it so.
    STAMP.unlink(missing_ok=True)
    say(f"[1/3] uv {uv_version()}")
    uv = installed_uv()
    say(f"[2/3] environment on Python {sys.version.split()[0]}")
    if not complete:
        run(uv, "venv", "--quiet", "--clear", "--no-project", "--python", sys.executable, VENV)
    say("[3/3] packages" + (" for tests and checks" if kind == "dev" else ""))
    python = VENV / "bin/python"
    run(
        uv,
        "pip",
        "sync",
        "--python",
        python,
        "--require-hashes",
        "--only-binary",
        ":all:",
        ROOT / LOCKS[kind],
    )
    purelib = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.rstrip("\n")
    (Path(purelib) / "tieline.pth").write_text(f"{ROOT / 'src'}\n", encoding="utf-8")
    part = STAMP.with_suffix(".part")
    part.write_text(stamp(kind, key))
    part.replace(STAMP)


def same_place() -> bool:
    """Whether the environment was made in this folder: its scripts carry the path."""
    lines = STAMP.read_text().splitlines()
    return len(lines) > 1 and lines[-2] == os.fspath(ROOT)


def uv_version() -> str:
    return (ROOT / "tools/uv.txt").read_text().split()[0].partition("==")[2]


def installed_uv() -> Path:
    """uv of the pinned version, from the package index, in the checkout's own cache."""
    folder = CACHE / f"uv-{uv_version()}"
    uv = folder / "bin" / "uv"
    if not uv.exists():
        if subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True).returncode != 0:
            raise SetupError(
                "Python's pip is missing. On Debian: apt-get install python3-pip, then start again"
            )
        part = folder.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        options = ("--quiet", "--no-deps", "--require-hashes", "--only-binary", ":all:", "--target")
        run(sys.executable, "-m", "pip", "install", *options, part, "-r", ROOT / "tools/uv.txt")
        shutil.rmtree(folder, ignore_errors=True)
        part.rename(folder)
    return uv


def run(*command: str | Path) -> None:
    """Run a step with its output shown on stderr. Raises SetupError when it fails."""
    try:
        code = subprocess.run(
            command, cwd=ROOT, env=environment(), stdin=subprocess.DEVNULL, stdout=2
        ).returncode
    except OSError as error:
        raise SetupError(f"{command[0]}: {error.strerror}. Remove {CACHE} and start again") from error
    if code != 0:
        raise SetupError(
            f"the step above failed (exit code {code}). If the package index could not be reached, check the network"
            " and pip's settings (pip config list); then start again, it goes on where it stopped"
        )


def environment() -> dict[str, str]:
    """Ours, with what pip knows about the way to the package index told to uv, which does not ask pip."""
    found = dict(os.environ)
    # Settings that pip refuses beside --target, or that would point uv at another environment.
    for name in (
        "PIP_USER",
        "PIP_REQUIRE_VIRTUALENV",
        "PIP_TARGET",
        "PIP_PREFIX",
        "VIRTUAL_ENV",
        "CONDA_PREFIX",
    ):
        found.pop(name, None)
    found.update(
        PIP_USER="0",
        PIP_ROOT_USER_ACTION="ignore",
        PIP_DISABLE_PIP_VERSION_CHECK="1",
        UV_PYTHON_DOWNLOADS="never",
    )
    index = found.get("PIP_INDEX_URL") or pip_setting("index-url")
    if index:
        found.setdefault("UV_DEFAULT_INDEX", index)
    certificate = found.get("PIP_CERT") or pip_setting("cert")
    if certificate:
        found.setdefault("SSL_CERT_FILE", certificate)
    elif "SSL_CERT_FILE" not in found and trusts_system():
        found.setdefault("UV_SYSTEM_CERTS", "true")
    if "UV_CACHE_DIR" not in found and not can_cache(found):
        found["UV_CACHE_DIR"] = str(CACHE / "uv")
    return found


def pip_setting(name: str) -> str:
    for section in ("install", "global"):
        asked = subprocess.run(
            [sys.executable, "-m", "pip", "config", "get", f"{section}.{name}"],
            capture_output=True,
            text=True,
        )
        if asked.returncode == 0:
            return asked.stdout.strip()
    return ""


def trusts_system() -> bool:
    """Whether this machine has certificates of its own: pip goes by them, uv brings others unless told."""
    paths = ssl.get_default_verify_paths()
    return bool(paths.cafile or (paths.capath and any(Path(paths.capath).iterdir())))


def can_cache(found: dict[str, str]) -> bool:
    """Whether uv can make its cache where it would look for it."""
    named = found.get("XDG_CACHE_HOME", "")
    home = found.get("HOME", "")
    if not named and not home:
        return False
    folder = Path(named) if named else Path(home) / ".cache"
    try:
        (folder / "uv").mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder / "uv", os.W_OK | os.X_OK)


def say(line: str) -> None:
    print(f"tieline: {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
