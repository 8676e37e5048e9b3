#!/bin/bash
# Makes secconf.json with GnuPG: key rings, and values encrypted for them, for the tests of encrypted values.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
GNUPGHOME=$(mktemp -d)
export GNUPGHOME
trap 'gpgconf --kill all; rm -rf "$GNUPGHOME"' EXIT
make() { # name, lines of parameters for its key
  { printf '%s\n' "${@:2}"; printf 'Name-Email: %s@example.com\nExpire-Date: 0\n%%commit\n' "$1"; } |
    gpg --batch --quiet --pinentry-mode loopback --gen-key
}
rsa=('Key-Type: RSA' 'Key-Length: 2048' 'Subkey-Type: RSA' 'Subkey-Length: 2048')
make app "${rsa[@]}" %no-protection
make stranger "${rsa[@]}" %no-protection
make locked "${rsa[@]}" 'Passphrase: secret'
make elliptic 'Key-Type: EDDSA' 'Key-Curve: ed25519' 'Subkey-Type: ECDH' 'Subkey-Curve: cv25519' %no-protection
make old 'Key-Type: DSA' 'Key-Length: 1024' 'Subkey-Type: ELG-E' 'Subkey-Length: 1024' %no-protection
export_keys() { gpg --batch --pinentry-mode loopback --passphrase secret --armor --export-secret-keys "$@"; }
encrypt() { gpg --batch --quiet --trust-model always --encrypt --recipient "$1@example.com" "${@:2}" | base64 -w0; }
zip() { gzip -nc; }
field() { node -e 'console.log(`  ${JSON.stringify(process.argv[1])}: ${JSON.stringify(require("fs").readFileSync(0, "latin1"))},`)' "$1"; }
{
  echo '{'
  export_keys app@example.com | field app
  export_keys elliptic@example.com | field elliptic
  export_keys old@example.com | field old
  export_keys locked@example.com | field locked
  gpg --armor --export app@example.com | field public
  printf 'hunter2 \xff\n' | zip | encrypt app | field bytes
  printf 'second' | zip | encrypt app | field second
  printf '' | zip | encrypt app | field empty
  printf 'of two' | zip | encrypt app --recipient stranger@example.com | field both
  printf 'plain' | zip | encrypt app --compress-algo none --cipher-algo CAST5 --disable-mdc --rfc2440 | field withoutMdc
  printf 'packed' | zip | encrypt app --compress-algo zlib | field zlib
  printf 'curves' | zip | encrypt elliptic | field curves
  printf 'elgamal' | zip | encrypt old | field elgamal
  printf 'not zipped' | encrypt app | field unzipped
  printf 'for another' | zip | encrypt stranger | field foreign
  echo '  "by": "gpg"'
  echo '}'
} > "$here/secconf.json"
