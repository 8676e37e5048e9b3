// Command oracle answers what Go makes of templates: a case per line of JSON comes in, an answer per line goes out.
// Texts are byte strings, as in the rows of test/golden.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"os"
	"text/template"
	"time"

	"golden/sample"
)

type request struct {
	Template string `json:"t"`
	Left     string `json:"l"`
	Right    string `json:"r"`
	Missing  string `json:"m"`
}

type answer struct {
	Out   string `json:"o"`
	Error string `json:"e"`
	Skip  bool   `json:"s"` // too long, or too large
}

const maxOutput = 256 << 10
const maxTime = 3 * time.Second

var errTooLarge = errors.New("too much output")

type output struct{ bytes []byte }

func (o *output) Write(p []byte) (int, error) {
	o.bytes = append(o.bytes, p...)
	if len(o.bytes) > maxOutput {
		return 0, errTooLarge
	}
	return len(p), nil
}

// toBytes and toString turn a byte string into Go's bytes and back.
func toBytes(s string) string {
	var out []byte
	for _, r := range s {
		out = append(out, byte(r))
	}
	return string(out)
}

func toString(s string) string {
	r := make([]rune, len(s))
	for i := 0; i < len(s); i++ {
		r[i] = rune(s[i])
	}
	return string(r)
}

func run(of request) (answered answer) {
	// Some mistakes of a template make Go's own engine panic; there is nothing to compare with then.
	defer func() {
		if recover() != nil {
			answered = answer{Skip: true}
		}
	}()
	var out output
	t := template.New("x").Option("missingkey="+of.Missing).Delims(toBytes(of.Left), toBytes(of.Right)).Funcs(sample.Funcs)
	t, err := t.Parse(toBytes(of.Template))
	if err == nil {
		err = t.Execute(&out, nil)
	}
	if err == errTooLarge {
		return answer{Skip: true}
	}
	if err != nil {
		return answer{Out: toString(string(out.bytes)), Error: toString(err.Error())}
	}
	return answer{Out: toString(string(out.bytes))}
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 64<<20)
	out := bufio.NewWriterSize(os.Stdout, 1<<20)
	encode := json.NewEncoder(out)
	encode.SetEscapeHTML(false)
	for in.Scan() {
		if len(in.Bytes()) == 0 { // the end of a batch
			out.Flush()
			continue
		}
		var of request
		if err := json.Unmarshal(in.Bytes(), &of); err != nil {
			panic(err)
		}
		// What takes too long cannot be stopped: the program ends, and is started anew for the cases behind.
		watchdog := time.AfterFunc(maxTime, func() {
			encode.Encode(answer{Skip: true})
			out.Flush()
			os.Exit(0)
		})
		answered := run(of)
		watchdog.Stop()
		encode.Encode(answered)
	}
}
