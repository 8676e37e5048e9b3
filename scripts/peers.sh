#!/usr/bin/env bash
# Runs the agent against real programs: etcd, etcdctl, curl, nginx, and the Go confd where CONFD_GO names one.
# On a Debian machine as root it installs what is missing; elsewhere it asks for it.
#
#   scripts/peers.sh             everything
#   scripts/peers.sh seed crash  only test/peers/*seed*.peer.mjs and *crash*
set -euo pipefail
cd "$(dirname "$0")/.."

declare -A package=([etcd]=etcd-server [etcdctl]=etcd-client [nginx]=nginx [curl]=curl)

missing() {
  local program
  for program in "${!package[@]}"; do
    PATH=$PATH:/usr/sbin command -v "$program" >/dev/null || echo "${package[$program]}"
  done
}

install() {
  if [[ $(id -u) != 0 ]] || ! command -v apt-get >/dev/null; then
    echo "please install: $*" >&2
    exit 1
  fi
  # Packages of servers start them at once. Only a machine that has no policy of its own is given this one, for a moment.
  local policy=/usr/sbin/policy-rc.d
  if [[ ! -e $policy ]]; then
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod +x $policy
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
  fi
  export DEBIAN_FRONTEND=noninteractive
  apt-get install -y -qq --no-install-recommends "$@" >/dev/null 2>&1 || {
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends "$@" >/dev/null
  }
}

mapfile -t wanted < <(missing)
if ((${#wanted[@]})); then install "${wanted[@]}"; fi

if [[ -z ${CONFD:-} && ! -e dist/confd.js ]]; then npm run --silent build; fi

tests=()
for name in "${@:-}"; do tests+=(test/peers/*"$name"*.peer.mjs); done

report=$(mktemp)
code=0
node --test --test-concurrency=1 --test-reporter=spec --test-reporter-destination=stdout \
  --test-reporter=tap --test-reporter-destination="$report" "${tests[@]}" || code=$?
passed=$(sed -n 's/^# pass //p' "$report")
failed=$(sed -n 's/^# fail //p' "$report")
rm -f "$report"
echo "${passed:-0} passed, ${failed:-1} failed"
exit "$code"
