#!/usr/bin/env bash
# Installs what some test is marked to need, when we are root and apt-get is here. What then still lacks is told
# by the suite's own table, so nothing is left out in silence.
set -uo pipefail
cd "$(dirname "$0")/.."

wanted=()
marked() { grep -rqE "mark\.$1\b" tests --include='*.py'; }
if marked browser && ! command -v chromium-headless-shell >/dev/null; then wanted+=(chromium-headless-shell); fi
if marked softhsm && [ ! -e /usr/lib/softhsm/libsofthsm2.so ]; then wanted+=(softhsm2); fi
if marked node && ! command -v node >/dev/null; then wanted+=(nodejs); fi
if marked oidc && ! command -v npm >/dev/null; then wanted+=(nodejs npm); fi
[ ${#wanted[@]} -eq 0 ] && exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "The suite would test more with: apt-get install ${wanted[*]}" >&2
    exit 0
fi
export DEBIAN_FRONTEND=noninteractive
echo "installing for the tests: ${wanted[*]}" >&2
timeout 300 apt-get update -qq </dev/null >/dev/null 2>&1
put() { timeout 900 apt-get install -y -qq --no-install-recommends "$1" </dev/null >/dev/null 2>&1; }
for package in "${wanted[@]}"; do
    put "$package" && continue
    # The one without a window is not in every distribution; the whole one does as well, at twice the cost.
    if [ "$package" = chromium-headless-shell ] && { command -v chromium >/dev/null || put chromium; }; then continue; fi
    echo "COULD NOT INSTALL $package: its tests are left out" >&2
done
exit 0
