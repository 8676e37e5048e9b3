#!/usr/bin/env bash
# re2js 2.10.0 (npm), RE2's regular expressions for JavaScript.
#
# Seen: it takes Unicode's binary properties as names of classes (\p{Lowercase}, \p{Alphabetic}, \p{White_Space},
# \p{Emoji} …), and refuses some names that Go takes.
# One would have guessed that it takes what Go's regexp takes, whose messages and whose tests it has. Go 1.26.8 and 1.27.0 refuse
# each of the first list:
#   error parsing regexp: invalid character class range: `\p{Lowercase}`
# and take each of the second one (Letter, Uppercase_Letter, ASCII, greek), as they know long names and ignore their case.
# An expression that was tried with re2js may thus stop a program in Go, and the other way round.
#
# Needs Node and npm. Fails when the behaviour changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --no-save --no-audit --no-fund --silent re2js@2.10.0
cat >main.mjs <<'JS'
import { RE2JS } from 're2js';

const tried = (name) => {
  try {
    return `accepted, "abc" matches: ${RE2JS.compile(`^\\p{${name}}+$`).matches('abc')}`;
  } catch (error) {
    return error.message;
  }
};
for (const name of ['Lowercase', 'Uppercase', 'Alphabetic', 'White_Space', 'Emoji', 'L', 'Greek', 'Letter', 'Uppercase_Letter', 'ASCII', 'greek']) {
  console.log(`${name}: ${tried(name)}`);
}
JS
output=$(node main.mjs)
echo "$output"
refused() { echo "$1: error parsing regexp: invalid character class range: \`\\p{$1}\`"; }
expected="Lowercase: accepted, \"abc\" matches: true
Uppercase: accepted, \"abc\" matches: false
Alphabetic: accepted, \"abc\" matches: true
White_Space: accepted, \"abc\" matches: false
Emoji: accepted, \"abc\" matches: false
L: accepted, \"abc\" matches: true
Greek: accepted, \"abc\" matches: false
$(refused Letter)
$(refused Uppercase_Letter)
$(refused ASCII)
$(refused greek)"
[ "$output" = "$expected" ] || { echo "this has changed" >&2; exit 1; }
