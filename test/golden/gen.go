// Command golden writes the rows that the tests compare with: our inputs, real Go's outputs.
//
//	go run ./test/golden            writes every file
//	go run ./test/golden flag fmt   writes flag.json and fmt.json
//
// Each generator lives in a file of its own and registers itself in init. Strings in the rows are byte strings: one
// JSON character per byte, so that bytes which are not UTF-8 survive.
package main

import (
	"bytes"
	"encoding/json"
	"log"
	"os"
	"path/filepath"
	"runtime"
)

// generators maps a file's base name to the function that makes its rows.
var generators = map[string]func() []any{}

// b turns Go bytes into the byte string of a row.
func b(s string) string {
	r := make([]rune, len(s))
	for i := 0; i < len(s); i++ {
		r[i] = rune(s[i])
	}
	return string(r)
}

func main() {
	_, self, _, _ := runtime.Caller(0)
	names := os.Args[1:]
	if len(names) == 0 {
		for name := range generators {
			names = append(names, name)
		}
	}
	for _, name := range names {
		var out bytes.Buffer
		out.WriteString("[\n")
		rows := generators[name]()
		for i, row := range rows {
			line := new(bytes.Buffer)
			enc := json.NewEncoder(line)
			enc.SetEscapeHTML(false)
			if err := enc.Encode(row); err != nil {
				log.Fatal(err)
			}
			out.Write(bytes.TrimRight(line.Bytes(), "\n"))
			if i < len(rows)-1 {
				out.WriteByte(',')
			}
			out.WriteByte('\n')
		}
		out.WriteString("]\n")
		if err := os.WriteFile(filepath.Join(filepath.Dir(self), name+".json"), out.Bytes(), 0o644); err != nil {
			log.Fatal(err)
		}
		log.Printf("%s.json: %d rows", name, len(rows))
	}
}
