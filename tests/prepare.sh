#!/bin/sh
# Installs the Debian packages that tests need (or those given as arguments); without permission, lists what is missing.
set -eu

missing=""
if [ $# -gt 0 ]; then
    missing="$*"
else
    PATH="$PATH:/usr/sbin:/usr/local/sbin"
    command -v mosquitto >/dev/null || missing="$missing mosquitto"
    ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || command -v postgres >/dev/null || missing="$missing postgresql"
    command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || missing="$missing chromium"
fi
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then may=""; elif sudo -n true 2>/dev/null; then may="sudo"; else may="no"; fi
if [ "$may" = no ] || ! command -v apt-get >/dev/null; then
    echo "Required packages are missing and cannot be installed automatically:$missing" >&2
    echo "Install them and try again. On Debian: apt-get install$missing" >&2
    exit 1
fi

echo "Installing Debian packages:$missing"
# Keep server packages from starting their services: tests start private instances.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | $may tee "$policy" >/dev/null
    $may chmod +x "$policy"
    trap '$may rm -f "$policy"' EXIT
fi
$may apt-get update -qq
# shellcheck disable=SC2086  # one word a package
DEBIAN_FRONTEND=noninteractive $may apt-get install -y -qq --no-install-recommends $missing >/dev/null
