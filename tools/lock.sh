#!/bin/sh
# Writes requirements*.lock from pyproject.toml; pins stay as they are unless --upgrade is given.
set -eu
cd "$(dirname -- "$0")/.."
uv=$(echo .cache/uv-*/bin/uv)
for lock in requirements.lock requirements-dev.lock; do
    group=
    [ "$lock" = requirements.lock ] || group='--group dev'
    # shellcheck disable=SC2086 # the group is two words or none
    "$uv" pip compile pyproject.toml $group --quiet --universal --python-version 3.11 --generate-hashes \
        --no-header --no-annotate --output-file "$lock" "$@"
done
# A package that is new here is not installed yet, and its licence cannot be read before.
tools/setup.sh dev
.venv/bin/python tools/licences.py --write
