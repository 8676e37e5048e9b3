#!/usr/bin/env bash
# nginx 1.22.1 (Debian 12, nginx 1.22.1-9+deb12u11).
#
# Seen: `nginx -t`, which is to test a configuration and nothing else, creates the pid file that the configuration names, empty, and
# leaves it there. A reload after that fails with another error than before:
#   [error] invalid PID number "" in ".../nginx.pid"
# One would have guessed that a test writes nothing, so that the reload says what is wrong, as it does without the test:
#   [error] open() ".../nginx.pid" failed (2: No such file or directory)
# It matters where `nginx -t` checks a file before nginx has been started, as confd's check_cmd does: whoever looks for the pid file
# to see whether nginx runs finds one.
#
# Needs nginx (apt-get install nginx-light). Fails when the behaviour changes.
set -euo pipefail
export PATH=$PATH:/usr/sbin
command -v nginx >/dev/null || { echo "nginx is not installed: nothing was tried" >&2; exit 2; }
nginx -v
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat >"$folder/nginx.conf" <<NGINX
pid $folder/nginx.pid;
error_log $folder/error.log;
events {}
http { access_log off; server { listen unix:$folder/socket; } }
NGINX
run() { nginx "$@" -c "$folder/nginx.conf" -e "$folder/error.log" 2>&1 | sed -E "s#$folder#FOLDER#g; s#^.*\[#[#; s#\] [0-9]+.[0-9]+: #] #" | grep -v notice || true; }
output=$(
  run -s reload
  run -t
  wc -c <"$folder/nginx.pid"
  run -s reload
)
echo "$output"
expected='[error] open() "FOLDER/nginx.pid" failed (2: No such file or directory)
nginx: the configuration file FOLDER/nginx.conf syntax is ok
nginx: configuration file FOLDER/nginx.conf test is successful
0
[error] invalid PID number "" in "FOLDER/nginx.pid"'
[ "$output" = "$expected" ] || { echo "this has changed" >&2; exit 1; }
