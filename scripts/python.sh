#!/usr/bin/env bash
# Prints a Python between 3.11 and 3.13 that can make a virtual environment, or says what to install.
set -euo pipefail

without_venv=""
for candidate in ${PYTHON:-} python3 python3.13 python3.12 python3.11; do
    command -v "$candidate" >/dev/null 2>&1 || continue
    "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || continue
    if "$candidate" -c 'import venv, ensurepip' >/dev/null 2>&1; then
        command -v "$candidate"
        exit 0
    fi
    version="$("$candidate" -c 'import sys; print("%d.%d" % sys.version_info[:2])')"
    without_venv="${without_venv:-$candidate cannot make a virtual environment. Run: apt-get install python3-venv (or python$version-venv)}"
done
if [ -n "$without_venv" ]; then
    echo "$without_venv" >&2
    exit 1
fi
echo "No Python between 3.11 and 3.13 was found. Run: apt-get install python3 python3-venv (Debian 12, Ubuntu 24.04 or newer), or set PYTHON=/path/to/python3.11" >&2
exit 1
