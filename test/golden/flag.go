package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"time"
)

// flagRow is one command line and what Go's flag package made of it. Set has the values of the flags that were given:
// strings and booleans as they are, integers in decimal, durations in nanoseconds.
type flagRow struct {
	Args  []string       `json:"args"`
	Error string         `json:"error,omitempty"`
	Help  bool           `json:"help,omitempty"`
	Set   map[string]any `json:"set,omitempty"`
	Rest  []string       `json:"rest,omitempty"`
}

// usageRow is one flag definition and its two lines of usage text.
type usageRow struct {
	Name    string `json:"name"`
	Kind    string `json:"kind"`
	Default any    `json:"default"`
	Usage   string `json:"usage"`
	Text    string `json:"text"`
}

// durationRow is one text for time.ParseDuration: nanoseconds and Go's spelling of them, or an error.
type durationRow struct {
	Duration string `json:"duration"`
	Nanos    string `json:"nanos,omitempty"`
	String   string `json:"string,omitempty"`
	Error    string `json:"error,omitempty"`
}

type stringList []string

func (l *stringList) String() string     { return fmt.Sprintf("%s", *l) }
func (l *stringList) Set(v string) error { *l = append(*l, v); return nil }

func newFlagSet() *flag.FlagSet {
	fs := flag.NewFlagSet("confd", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.Bool("watch", false, "watch")
	fs.Bool("onetime", false, "once")
	fs.Int("interval", 600, "seconds")
	fs.String("prefix", "", "prefix")
	fs.String("backend", "etcd", "backend")
	fs.Duration("debounce", 0, "wait")
	fs.Var(new(stringList), "node", "nodes")
	return fs
}

func runFlags(args []string) flagRow {
	fs := newFlagSet()
	row := flagRow{Args: []string{}, Set: map[string]any{}}
	for _, a := range args {
		row.Args = append(row.Args, b(a))
	}
	err := fs.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		row.Help = true
		return row
	}
	if err != nil {
		row.Error = b(err.Error())
		return row
	}
	fs.Visit(func(f *flag.Flag) {
		switch v := f.Value.(type) {
		case *stringList:
			list := []string{}
			for _, s := range *v {
				list = append(list, b(s))
			}
			row.Set[f.Name] = list
		case flag.Getter:
			switch x := v.Get().(type) {
			case bool:
				row.Set[f.Name] = x
			case int:
				row.Set[f.Name] = strconv.Itoa(x)
			case time.Duration:
				row.Set[f.Name] = strconv.FormatInt(int64(x), 10)
			case string:
				row.Set[f.Name] = b(x)
			}
		}
	})
	for _, a := range fs.Args() {
		row.Rest = append(row.Rest, b(a))
	}
	return row
}

var boolWords = []string{"1", "0", "t", "f", "T", "F", "true", "false", "TRUE", "FALSE", "True", "False",
	"", "maybe", "yes", "no", "on", "off", "tRUE", "2", "-1", " true", "true ", "=true", "\"true\""}

var intWords = []string{"0", "1", "10", "-5", "+5", "0x10", "0X1f", "-0x10", "0b11", "0B11", "0o17", "0O17", "017", "-017", "00",
	"1_000", "0x_1f", "0_17", "0b_1", "1__0", "_1", "1_", "0x1__0", "0x", "0b", "0o", "0_", "08", "0b2", "0o8", "0xg",
	"", " 1", "1 ", "abc", "1.5", "1e3", "1,000", "--1", "+-1", "+", "-", "１",
	"9007199254740991", "2147483648", "9223372036854775808", "-9223372036854775809",
	"18446744073709551616", "0x8000000000000000", "0xffffffffffffffffff", "99999999999999999999999999", "é", "a\"b", "\x00", "tab\there", "日本"}

var stringWords = []string{"", "x", "-x", "--x", "-watch", "--", "-", "a=b", "=x", "==", "\"q\"", "'q'", "\"", "'", "'a\"", "a b", " a ", "true", "false",
	"1", "0x10", "1e5", "007", "a,b", "é", "日本", "new\nline", "\t", "__proto__", "constructor", "[object Object]", "undefined", "null", "NaN",
	"--no-watch", "--prefix=y", "a.b.c", "\\", "\\n", "$HOME", "http://h:4001", "https://[::1]:2379/", "%d", "%"}

var durationWords = []string{"1ms", "1us", "999999ns", "1000000ns", "999999999ns", "0.9223372036854775807s", "0.9223372036854775808s", "0.92233720368547758079s", "0.12345678901234567890123h", "0.922337203685477580h", "9223372036854775807ns", "9223372036854775808ns", "9223372036854775809ns", "-9223372036854775809ns", "0.9223372036854775809ns1h", "99999999999999999999ns", "1\x02", "1\x1fs", "1\x7f", "1\"\\", "0", "5ms", "1s", "1m", "1h", "1h2m3s", "1.5s", ".5s", "1.s", "-1s", "+1s", "100us", "100µs", "100μs", "7ns", "0.1ns", "1h1h",
	"", "5", "s", ".s", "-", "+", "--1s", "1d", "1w", "1S", "1 s", " 1s", "1s ", "1ms2", "abc", "1e3s", "é", "1é", "9223372036854775807ns", "9223372036854775808ns",
	"-9223372036854775808ns", "-9223372036854775809ns", "3000000h", "0.000000001s", "1.0000000001s", "2562047h47m16.854775807s", "2562047h47m16.854775808s", "1_0s", "0x1s", "0s", "-0s", "1m0.5s",
	"1.23456789012345678901234567890s", "99999999999999999999s", "500ms", "90s", "90m", "25h", "1us", "1.5us", "1.5ms", "999ns", "999999ns", "0.3333333333333333333h", "\"1s\""}

var grammar = [][]string{
	{}, {"-"}, {"--"}, {"---"}, {"---onetime"}, {"-=x"}, {"--=x"}, {"-="}, {"--="}, {"- "}, {"-- "}, {"--- "}, {"", "-watch"},
	{"-watch"}, {"--watch"}, {"-watch", "-onetime"}, {"-onetime", "false"}, {"-onetime", "false", "-watch"}, {"-onetime", "foo", "-backend", "env"},
	{"-onetime", "-", "-watch"}, {"-onetime", "--", "-watch"}, {"--", "-watch"}, {"--", "--"}, {"foo"}, {"foo", "-bogus"}, {"-onetime", "foo", "-bogus"},
	{"-watch", "-watch=false"}, {"-watch=false", "-watch"}, {"-watch=0", "-watch=1"},
	{"-node"}, {"--node"}, {"-node="}, {"-node", ""}, {"-node", "-onetime"}, {"-node", "--"}, {"-node", "-", "-watch"}, {"-node", "a", "-node", "b"},
	{"-node=a", "--node=b", "-node", "c"}, {"-node", "a,b"}, {"-node", "a", "x", "-node", "b"}, {"-node=a=b=c"}, {"-node", "", "-node="}, {"-node", "a", "-node"},
	{"-node", "\"a\"", "-node", "'b'"}, {"-node", "a", "-prefix", "/x", "-node", "b"},
	{"-prefix"}, {"-prefix="}, {"-prefix", ""}, {"-prefix", "a", "-prefix", "b"}, {"-prefix=a", "-prefix="}, {"-prefix", "-prefix"}, {"-prefix", "-prefix", "-prefix"},
	{"-interval"}, {"-interval="}, {"-interval", "-5"}, {"-interval", "-watch"}, {"-interval", "1", "-interval", "2"}, {"-interval", "x", "-bogus"}, {"-bogus", "-interval", "x"},
	{"-debounce"}, {"-debounce", "1s", "-debounce", "2s"},
	{"-bogus"}, {"--bogus"}, {"-bogus=1"}, {"-bogus", "x"}, {"-bogus=\"x\""}, {"-b"}, {"-back"}, {"-backen", "env"}, {"-ow"}, {"-Watch"}, {"-WATCH"}, {"-wa tch"}, {"-watch "}, {"-watch ="},
	{"-é"}, {"--日本=1"}, {"-\x01"}, {"-bo\ngus"}, {"-__proto__"}, {"-__proto__=1"}, {"--__proto__", "x"}, {"-constructor"}, {"-toString"}, {"-hasOwnProperty=1"},
	{"-no-watch"}, {"--no-watch"}, {"--no-node"}, {"-watch.x"}, {"--node.a=1"}, {"-node-", "x"}, {"-_", "x"}, {"-$0"}, {"-1"}, {"-5"}, {"--1"},
	{"-h"}, {"--h"}, {"-help"}, {"--help"}, {"-help=1"}, {"-h=false"}, {"-watch", "-h"}, {"-bogus", "-h"}, {"-h", "-bogus"}, {"foo", "-h"}, {"-prefix", "-h"}, {"--", "-h"}, {"-H"}, {"-helpme"}, {"-interval", "x", "-h"},
	{"-version"}, {"-watch", "true"}, {"-watch", "-"}, {"-watch", "=true"}, {"-watch", "", "-onetime"}, {"-watch", "--onetime=f", "rest", "--", "-x"},
	{"-backend", "env", "-onetime", "-node", "1.2.3.4:4001", "-interval=5", "-prefix", "/a", "-debounce=10ms", "a", "b"},
}

func usageRows() []any {
	rows := []any{}
	add := func(kind string, def any, name, usage string) {
		fs := flag.NewFlagSet("x", flag.ContinueOnError)
		var out bytes.Buffer
		fs.SetOutput(&out)
		switch d := def.(type) {
		case bool:
			fs.Bool(name, d, usage)
		case int:
			fs.Int(name, d, usage)
		case string:
			fs.String(name, d, usage)
		case time.Duration:
			fs.Duration(name, d, usage)
			def = float64(d) / 1e6
		case []string:
			list := stringList(d)
			fs.Var(&list, name, usage)
		}
		fs.PrintDefaults()
		rows = append(rows, usageRow{name, kind, def, b(usage), b(out.String())})
	}
	usages := []string{"plain", "", "with `NAME` inside", "two\nlines", "`", "`` empty name", "a `b` c `d`", "é 日本"}
	for _, usage := range usages {
		for _, name := range []string{"x", "ab", "long-name"} {
			add("bool", false, name, usage)
			add("bool", true, name, usage)
			add("int", 0, name, usage)
			add("int", 600, name, usage)
			add("string", "", name, usage)
			add("string", "http", name, usage)
			add("duration", time.Duration(0), name, usage)
			add("duration", 90*time.Second, name, usage)
			add("list", []string{}, name, usage)
			add("list", []string{"a", "b"}, name, usage)
		}
	}
	add("string", "a \"quoted\"\n\ttext\\", "odd", "default")
	add("int", -1, "neg", "default")
	add("string", "*", "filter", "files filter")
	for _, d := range []time.Duration{1, 1500, 5 * time.Millisecond, 1500 * time.Microsecond, 1500 * time.Millisecond, -time.Second, 36 * time.Hour, 61 * time.Minute} {
		add("duration", d, "wait", "default")
	}
	return rows
}

func init() {
	generators["flag"] = func() []any {
		rows := []any{}
		for _, args := range grammar {
			rows = append(rows, runFlags(args))
		}
		words := map[string][]string{"watch": boolWords, "interval": intWords, "prefix": stringWords, "node": stringWords, "debounce": durationWords}
		for _, name := range []string{"watch", "interval", "prefix", "node", "debounce"} {
			for _, word := range words[name] {
				rows = append(rows, runFlags([]string{"-" + name + "=" + word}))
				rows = append(rows, runFlags([]string{"--" + name, word, "-onetime"}))
			}
		}
		for _, word := range durationWords {
			row := durationRow{Duration: b(word)}
			if d, err := time.ParseDuration(word); err != nil {
				row.Error = b(err.Error())
			} else {
				row.Nanos, row.String = strconv.FormatInt(int64(d), 10), b(d.String())
			}
			rows = append(rows, row)
		}
		return append(rows, usageRows()...)
	}
}
