#!/usr/bin/env bash
# gopkg.in/yaml.v2 v2.4.0, by which Go's confd reads the files of its file backend, JSON included, and gopkg.in/yaml.v3
# v3.0.1, its successor.
#
# Seen: both refuse valid JSON in which a slash is escaped ("\/", as many encoders write it):
#   yaml: found unknown escape character
# One would have guessed that at least v3 takes it: YAML 1.2 has this escape, so that every JSON text is YAML. A JSON file
# that other tools read stops a resource of Go's confd, and the message tells no line; ours reads it.
#
# Needs Go and the Go module proxy. Fails when the behaviour changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >main.go <<'GO'
package main

import (
	"fmt"

	v2 "gopkg.in/yaml.v2"
	v3 "gopkg.in/yaml.v3"
)

func main() {
	text := []byte(`{"url": "http:\/\/10.0.0.1\/app"}`)
	var value map[string]interface{}
	fmt.Printf("v2: %v\n", v2.Unmarshal(text, &value))
	err := v3.Unmarshal(text, &value)
	fmt.Printf("v3: %v %v\n", value["url"], err)
}
GO
printf 'module finding\n\ngo 1.21\n' >go.mod
go get gopkg.in/yaml.v2@v2.4.0 gopkg.in/yaml.v3@v3.0.1 2>/dev/null
output=$(go run .)
echo "$output"
expected='v2: yaml: found unknown escape character
v3: <nil> yaml: found unknown escape character'
[ "$output" = "$expected" ] || { echo "this has changed" >&2; exit 1; }
