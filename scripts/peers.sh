#!/usr/bin/env bash
# Runs the agent against real programs: etcd, etcdctl, curl, nginx, and the Go confd where CONFD_GO names one.
# On a Debian machine as root it installs what is missing; elsewhere it asks for it.
#
#   scripts/peers.sh             everything
#   scripts/peers.sh seed crash  only test/peers/*seed*.peer.mjs and *crash*
#
# The tests of etcd's v3 API run against the folders with etcd, etcdctl and etcdutl that REAL_ETCDS names (separated by
# ":"); when it is not set, against Debian's 3.4, and against 3.5 to 3.8, which are built once where Go is installed: a minute
# or two each. With PEER_ETCDS=turn it is one of those, by the day. Neither name may begin with ETCD_: mini-etcd, as etcd,
# reads its settings from such variables.
#
# The tests of Consul run against the folder with consul that REAL_CONSUL names; when it is not set, against 1.14, which is built
# once where Go is installed: six to ten minutes. Without either they are left out. So it is with Vault 1.13 and REAL_VAULT, which
# names the program; where CONFD_GO and CONFD_GO_MASTER name a Go confd 0.16 and one of master, the same secrets must come to the
# same bytes. With PEER_ETCDS=turn neither is built: both are left out where they are not there yet.
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

# Prints the folder of an etcd of that version, which is built from the module proxy when it is not there yet.
build_etcd() {
  local version=$1 folder=${XDG_CACHE_HOME:-$HOME/.cache}/confd-node-peers/$1
  if [[ ! -x $folder/etcdutl ]]; then
    mkdir -p "$folder/src"/{etcd,etcdctl,etcdutl}
    (
      cd "$folder/src"
      printf 'package main\nimport ("os"; "go.etcd.io/etcd/server/v3/etcdmain")\nfunc main() { etcdmain.Main(os.Args) }\n' >etcd/main.go
      printf 'package main\nimport "go.etcd.io/etcd/etcdctl/v3/ctlv3"\nfunc main() { ctlv3.MustStart() }\n' >etcdctl/main.go
      # Only "etcdutl snapshot ..." is needed.
      printf 'package main\nimport ("os"; "go.etcd.io/etcd/etcdutl/v3/etcdutl")\nfunc main() {\n\tos.Args = append(os.Args[:1], os.Args[2:]...)\n\tif etcdutl.NewSnapshotCommand().Execute() != nil { os.Exit(1) }\n}\n' >etcdutl/main.go
      printf 'module peer\n\ngo 1.23\n' >go.mod
      go get "go.etcd.io/etcd/server/v3@$version" "go.etcd.io/etcd/etcdctl/v3@$version" "go.etcd.io/etcd/etcdutl/v3@$version"
      go mod tidy
      go build -trimpath -ldflags='-s -w' -o "$folder/" ./etcd ./etcdctl ./etcdutl
    ) >"$folder/build.log" 2>&1 || return 1
  fi
  echo "$folder"
}

if [[ -z ${REAL_ETCDS:-} ]]; then
  REAL_ETCDS=$(dirname "$(command -v etcd)")
  versions=(v3.5.21 v3.6.5 v3.7.3 v3.8.0-alpha.0)
  if [[ ${PEER_ETCDS:-all} == turn ]]; then versions=("${versions[$(date +%s) / 86400 % ${#versions[@]}]}"); fi
  for version in "${versions[@]}"; do
    if command -v go >/dev/null && folder=$(build_etcd $version); then
      REAL_ETCDS+=:$folder
    else
      echo "etcd $version is left out: it is built with Go and the Go module proxy" >&2
    fi
  done
  export REAL_ETCDS
fi

# Prints the folder of a consul of that version, built as above. 1.14 is the last one that the module proxy has all of.
build_consul() {
  local version=$1 folder=$cached/consul-$1
  if [[ ! -x $folder/consul ]]; then
    mkdir -p "$folder/src"
    (
      cd "$folder/src"
      printf 'module peer\n\ngo 1.23\n' >go.mod
      go get "github.com/hashicorp/consul@v$version"
      CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o "$folder/" github.com/hashicorp/consul
    ) >"$folder/build.log" 2>&1 || return 1
  fi
  echo "$folder"
}

# Whether one of the tests that are asked for is a test of that store.
wants() {
  local store=$1 name
  shift
  for name in "${@:-}"; do if [[ $store == *"$name"* ]]; then return 0; fi; done
  return 1
}

# Whether a program may be built that takes longer than all the tests.
has_time() {
  [[ ${PEER_ETCDS:-all} != turn ]] && command -v go >/dev/null
}

cached=${XDG_CACHE_HOME:-$HOME/.cache}/confd-node-peers
if [[ -z ${REAL_CONSUL:-} ]] && wants consul "$@"; then
  if { [[ -x $cached/consul-1.14.11/consul ]] || has_time; } && REAL_CONSUL=$(build_consul 1.14.11); then
    export REAL_CONSUL
  else
    unset REAL_CONSUL
    echo "consul 1.14.11 is left out: it is built with Go and the Go module proxy" >&2
  fi
fi

# Prints the program of a Vault (1.13, under the MPL) with the engines and logins that the tests use, which is built once.
build_vault() {
  local folder=$cached/vault-v1.13.0
  if [[ ! -x $folder/vault ]]; then
    mkdir -p "$folder/src"
    cp test/peers/support/vault/main.go "$folder/src/"
    (
      cd "$folder/src"
      # The sdk of Vault's own release; what is newer does not fit it.
      printf '%s\n' 'module peer' 'go 1.23' 'require (' 'github.com/hashicorp/vault v1.13.0' \
        'github.com/hashicorp/vault/sdk v0.8.1' 'github.com/hashicorp/vault-plugin-secrets-kv v0.14.2' \
        'github.com/hashicorp/vault-plugin-auth-kubernetes v0.15.0' ')' >go.mod
      GOFLAGS=-mod=mod nice go build -trimpath -ldflags='-s -w' -o "$folder/vault" .
    ) >"$folder/build.log" 2>&1 || return 1
  fi
  echo "$folder/vault"
}

if [[ -z ${REAL_VAULT:-} ]] && wants vault "$@"; then
  if { [[ -x $cached/vault-v1.13.0/vault ]] || has_time; } && REAL_VAULT=$(build_vault); then
    export REAL_VAULT
  else
    unset REAL_VAULT
    echo "vault is left out: it is built with Go and the Go module proxy" >&2
  fi
fi

if [[ -z ${CONFD:-} && ! -e dist/confd.cjs ]]; then npm run --silent build; fi

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
