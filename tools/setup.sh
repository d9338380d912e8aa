#!/bin/sh
# setup.sh run|dev: makes .venv what the locks say; "dev" adds what tests and checks need.
# This part only finds out whether there is anything to do, in a few milliseconds; tools/setup.py does it.
set -eu
kind=$1
root=$(CDPATH='' cd -P -- "$(dirname -- "$0")/.." && pwd)
cd "$root"

# What the environment was made from: the locks, the set-up itself, this folder (scripts carry its path) and Python.
key=$(cksum requirements.lock requirements-dev.lock tools/uv.txt tools/setup.py && pwd)
stamp=.venv/tieline-setup
if [ -r "$stamp" ] && python=$(.venv/bin/python -V 2>/dev/null); then
    done_before=$(cat "$stamp")
    for enough in dev "$kind"; do
        if [ "$done_before" = "$enough
$key
$python" ]; then
            exit 0
        fi
    done
fi

for python in python3 python3.14 python3.13 python3.12 python3.11; do
    if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        exec "$python" -B tools/setup.py "$kind" "$key"
    fi
done
echo "tieline: needs Python 3.11 or newer, and there is none on PATH. On Debian: apt-get install python3 python3-pip" >&2
exit 1
