package main

import (
	"fmt"
	"math/rand"
	"path"
	"strconv"
	"strings"

	"gopkg.in/yaml.v2"
)

// yamlRow is a file of confd's file backend: the keys that confd makes of it, or why it does not. The reason is yaml.v2's;
// "panic" stands for a document that yaml.v2 reads and confd dies of, because one of its keys is no string.
// Where two entries make one key, confd's answer changes from run to run with the order of Go's maps: such a document is
// no row.
type yamlRow struct {
	Kind  string            `json:"kind"`
	Text  string            `json:"text"`
	Pairs map[string]string `json:"pairs,omitempty"`
	Error string            `json:"error,omitempty"`
}

func yamlOf(kind, text string) (row yamlRow, settled bool) {
	settled = true
	row = yamlRow{Kind: kind, Text: b(text), Pairs: map[string]string{}}
	defer func() {
		if recover() != nil {
			row.Pairs, row.Error = nil, "panic"
		}
	}()
	tree := make(map[interface{}]interface{})
	if err := yaml.Unmarshal([]byte(text), &tree); err != nil {
		row.Pairs, row.Error = nil, b(err.Error())
		return row, settled
	}
	settled = walkYaml(tree, "/", row.Pairs)
	return row, settled
}

// walkYaml is nodeWalk of confd's backends/file/client.go. It says whether each key was made once, or always of one value.
func walkYaml(node interface{}, key string, vars map[string]string) bool {
	settled := true
	set := func(value string) {
		before, had := vars[b(key)]
		settled = !had || before == value
		vars[b(key)] = value
	}
	switch node := node.(type) {
	case []interface{}:
		for i, below := range node {
			settled = walkYaml(below, path.Join(key, strconv.Itoa(i)), vars) && settled
		}
	case map[interface{}]interface{}:
		for name, below := range node {
			settled = walkYaml(below, path.Join(key, name.(string)), vars) && settled
		}
	case string:
		set(b(node))
	case int:
		set(strconv.Itoa(node))
	case bool:
		set(strconv.FormatBool(node))
	case float64:
		set(strconv.FormatFloat(node, 'f', -1, 64))
	}
	return settled
}

// yamlWords are scalars that mean something to some version of YAML, or nearly so.
var yamlWords = strings.Fields(`
y Y n N yes Yes YES yEs no No NO nO true True TRUE tRue false False FALSE on On ON oN off Off OFF oFF t f T F ja
~ null Null NULL nUll nil none None undefined ~~ ~a
.inf .Inf .INF .iNf inf Inf INF Infinity infinity .infinity .nan .NaN .NAN .Nan nan NaN
. .. ... .- -. +. - -- --- + ++ +- = == << < > ? ?a :a a: a:b a::b ::a / // /a \ \n @ @a %a a% ! a! a!b & a&b a*b a# a#b a-b -a ,a a,
0 00 000 07 08 09 010 0010 0777 0778 0o0 0o7 0o17 0o18 0O17 0o 0b 0b0 0b1 0b11 0b12 0B11 0x 0x0 0x1f 0X1F 0x1G 0xdeadBEEF
1 12 123 1a 1b 1e 1.2.3 1.2.3.4 1..2 1.2. 1,000 1,5 1'000 1:30 12:30:45 1:2 190:20:30 1:30.5 1e5 1E5 1e+5 1e-5 1e05 1ee5 1e5.0 1e 1e+ 12e03 e5
1. 1.0 1.50 1.5e3 1.5E-3 1.e5 .5 .50 .5e1 .5E+1 .e5 5.e 0.0 0.10 00.5 01.5 1.0000000000000001 3.14159265358979323846 123456789.123456789
0x1p4 0x1.8p1 0x.8p1 .0x1 0b1.1 0o1.5 1e400 1e-400 1e308 1.7976931348623157e308 1.7976931348623159e308 4.9e-324 2e-324
9007199254740991 9007199254740992 9007199254740993 2147483647 2147483648 4294967295 4294967296 9223372036854775807 9223372036854775808
9223372036854775809 18446744073709551615 18446744073709551616 99999999999999999999 0xffffffffffffffff 0x7fffffffffffffff 0x8000000000000000
0x10000000000000000 01777777777777777777777 0777777777777777777777 0b111111111111111111111111111111111111111111111111111111111111111
0b1111111111111111111111111111111111111111111111111111111111111111
2001-01-01 2001-1-1 2001-13-01 2001-02-30 2001-01-01T00:00:00Z 2001-1-1T1:2:3Z 2001-01-01t00:00:00z 2001-12-14t21:59:43.10-05:00 20010101 2001-01
2001-01-01T00:00:00 02001-01-01 2001- 2001-a 1999-12-31T23:59:60Z
a A abc a.b a_b _ _a a_ __ 1_000 1__000 _1 1_ 1_.5 1._5 1.5_0 .5_0 .5_ ._5 .5__0 1e1_0 1_e10 0_7 0_8 0x_1f 0x1_f 0x_ 0b_1 0b1_1 0o_7 0_x1f 0_b1 _0x1 _.5
+_1 -_1 1_2.3_4e5 .1_2e3 .1e1_0 0_1.5 -0b_1 1_0:30 ~_ y_ _y null_ 0. 00. 0e0 0E+0 -0 -0.0 +0 0x-1 0b-1 --1 -+1 ---1 +-1 1-1 1+1 1-
é ü 日本 ß٣ ١ １ ½ ² µ “a” a\ufeff
`)

func yamlScalars() []string {
	seen := map[string]bool{}
	var all []string
	add := func(s string) {
		if !seen[s] {
			seen[s] = true
			all = append(all, s)
		}
	}
	for _, word := range yamlWords {
		add(word)
		add("-" + word)
		add("+" + word)
		add("'" + strings.ReplaceAll(word, "'", "''") + "'")
		add(strconv.Quote(word))
		add(word + " a")
		add("_" + word)
		add(word + "_")
	}
	for _, tag := range []string{"!!str", "!!int", "!!float", "!!bool", "!!null", "!!binary", "!!timestamp", "!a", "!"} {
		for _, value := range []string{"", "1", "'1'", "1.5", "\"1.5\"", "0x1f", "1e3", "yes", "'yes'", "~", "null", "a", "aGk=", "'aGk='", "a b", "2001-01-01", "'2001-01-01'", ".inf", "-1", "0b11", "18446744073709551615", "\"\"", "1_000", ".5_0"} {
			add(tag + " " + value)
		}
	}
	escapes := []string{`\0`, `\a`, `\b`, `\t`, "\\\t", `\n`, `\v`, `\f`, `\r`, `\e`, `\ `, `\"`, `\/`, `\\`, `\N`, `\_`, `\L`, `\P`, `\x41`, `\xe9`, `\xg1`, `\u00e9`, `\u263a`, `\ud83d\ude00`, `\ud83d`, `\U0001f600`, `\U00110000`, `\c`, `\'`, `\1`, `\x4`}
	for _, escape := range escapes {
		add(`"` + escape + `"`)
		add(`"a` + escape + `b"`)
		add(`'a` + escape + `b'`)
		add(`a` + escape + `b`)
	}
	// Numbers at random, of the characters that numbers are made of.
	r := rand.New(rand.NewSource(2))
	for len(all) < 3000 {
		const letters = "0123456789012345__..eE+-xXoObB:"
		n := 1 + r.Intn(7)
		var s strings.Builder
		for i := 0; i < n; i++ {
			s.WriteByte(letters[r.Intn(len(letters))])
		}
		add(s.String())
	}
	return all
}

// yamlValues are values, the way they stand behind a key at the left edge or a dash.
var yamlValues = []string{
	"a", "a b", "'a'", `"a"`, "1", "~", "", "a\n  b", "a\n b\n\n  c", "'a\n  b'", "\"a\n  b\"", "\"a\\\n  b\"", "'a\n\n  b'",
	"'a\nb'", "\"a\nb\"", "'a\n\nb'", "\"a\\\nb\"", "\"a\n#b\"", "'a\n- b'", "\"a\nb: c\"", "'a\n'", "\"\na\n\"", "\"a\n\tb\"", "\"a\n---b\"",
	"[a, b]", "[a,b]", "[a, b,]", "[ ]", "[]", "{}", "{a: 1}", "{a: 1, b: [c, d]}", "{a, b: 1}", "{a: , b: 1}", "[a: 1, b]", "[a:]", "[a: ]", "{a:}", "{a:1}",
	"[a\n]", "[a,\nb\n]", "[\na,\nb]", "[\n  a,\n  b\n]", "[\n  a,\n  b\n  ]", "{a: 1\n}", "{\na: 1,\nb: 2\n}", "{\n  a: 1\n}", "{a: [\n1,\n2\n], b: 3}", "[\n[a\n],\n{b: c\n}]",
	"[a, # c\nb]", "[a #c\n, b]", "[\"a\nb\", c]", "['a\n b']", "[a\n b, c]", "[a\nb, c]", "{\"a\": 1}", "{\"a\":1}", "{'a':1, b: 2}", "[\"a\":1]", "{a: 'x', 'b': \"y\"}", "[a]#c", "{a: 1}#c", "[*x]", "{? a : 1}", "{? a}", "[? a : 1]", "[[[a]]]", "[{a: 1}, {b: 2}]", "[a\n 'b]", "[a\n\"b\", c]", "[a\n#b\n, c]", "[?a]", "{?a: b}", "[a?b]", "[-, a]", "[-a]", "{-: a}", "{a: -}", "[it's]", "[it's:]", "[a\n b:]", "[a: b:]", "[ a: ]", "{ a:, b: 1}", "[a, [b, {c: d}]]",
	"\"a\"#c", "'a'#c", "\"a\" #c", "a #c", "a#c", "a # c\n# d", "&x a", "&x\n  a", "& a", "&x [a]", "&x {a: 1}", "&x", "*x", "* x", "!!str 1", "!!str\n  1", "!a 1", "!!int a", "!<tag:yaml.org,2002:str> 1", "&x !!str 1", "!!str &x 1", "!!seq [a]", "!!map {a: 1}", "!!map [a]", "!!set {a, b}", "!!omap [a: 1]", "! 1",
	"|\n  a\n  b\n", "|-\n  a\n", "|+\n  a\n\n", ">\n  a\n  b\n\n  c\n", ">-\n  a\n   b\n  c\n", "|2\n   a\n", "|1\n  a\n", "|\n\n  a\n", "|\n  a\n #c\n", "|\n a\n  b\n", "| #c\n  a\n", "|#c\n  a\n", "|a\n", "|\n", "|-", ">+\n\n", "|\n   \n  a\n", "|\n\ta\n", "|\n  a\tb\n", "|0\n a\n", "|-2\n   a\n", "|2-\n   a\n", "|22\n",
	"a: b", "- a", "\n  a: b", "\n  - a\n  - b", "\n- a\n- b", "\n  a", "\n   a\n   b", "\n  'a'", "\n  \"a\n  b\"", "\n  [a]", "\n[a]", "\n  {a: 1}", "\n  &x\n  a: 1", "\n  a: 1\n  b:\n    c: 2", "\n  a: 1\n   b: 2", "\n  - a\n - b", "\n  -\n    a: 1\n    b: 2\n  - c", "\n  - - a\n    - b", "\n  - a: 1\n    b: 2", "\n  -a", "\n  ? a\n  : b", "\n  ? a", "\n  ? - a\n  : b",
	"|\n  a", ">\n  a\n  b", "|+\n  a", "|2\n   a\n  ", "|-\n  a", "|\n  a\n\n ", "> #c\n  a", "|\n",
	"@a", "`a", "%a", ",a", "]", "}", "a]", "a}", "a,b", "-", "- ", "?", "? a", ":", ": a", "a:", "a:b", "a :b", "a : b", "a\t#c", "\ta", "a\t", "'", "\"", "'a", "\"a", "'a''b'", "'a' b", "\"a\" b", "'a': b", "a\\", "#c", "# c\n  a", "\n# c\n  a", "a\n# c\n", "a\n\n", "  a  ", "a --- b", "---", "--- a", "...", "a\n...\n", "a\n---\nb: 2", "a\n--- # c\n", "\xc3\xa9", "\"\xc3\xa9\"", "\xe2\x80\xa8a", "a\xe2\x80\xa8b", "a\xc2\x85b", "a\x01b", "\"a\x01b\"", "a\xef\xbb\xbfb", "\"\\x41\"", "\"\\q\"", "a\x7fb",
}

// yamlPlaces are the places that a value may have; %s is the value.
var yamlPlaces = []string{
	"k: %s\n", "k: %s\nl: 1\n", "k: %s", "- %s\n", "j: &x z\nk: %s\nl: *x\n", "k:\n  m: %s\n  o: 1\nl: 1\n", "k:\n- %s\n- z\nl: 1\n", "k:\n  - %s\n  - z\n", "k: {m: %s}\n", "k: [%s, z]\nl: 1\n", "%s: 1\n", "? %s\n: 1\n", "# c\n--- # c\nk: %s\n", "k:   %s   # c\nl: 1\n",
}

// yamlDocuments are documents of which something is known, or was.
var yamlDocuments = []string{
	"a: [\n1,\n2\n]\nb: 3\n", "a: \"x\ny\"\nb: 'p\nq'\n", "x: \"y\"#c\nz: 1\n", "a: 1\rb:\r  c: 2\r", "a: .5_0\n", "a: [a:]\n", "a: |\n  x\n  y",
	"", "\n", "#", "# c\n", "---\n", "---\n---\n", "...\n", "---\n...\n", "~\n", "null", "--- ~", "''", "\"\"", "a", "1", "- a", "[a]", "{}", "--- {}", "{a: 1}", "{a: 1}\n", "{\"a\":1}", "{a: 1}#c\n", "{a: 1} # c\n", "{\na: 1\n}\n", "{\n  \"a\": 1,\n  \"b\": [\n    1,\n    2\n  ]\n}\n",
	"{a: 1}\n{b: 2}\n", "{a: 1}\nb: 2\n", "{a: 1} {b: 2}\n", "{a: 1}\n- b\n", "{a: 1}\n---\nb: 2\n", "{a: 1}\n...\nb: 2\n", "{a: 1}]\n", "{a: 1}}\n", "{a: 1}: b\n", "[a]: b\n", "{a: 1}\n\n# c\n{b: 2}\n", "{a: 1}\n\"b\": 2\n", "{a: 1},\n", "{}\na: 1\n", "{a: 1}\n[b]\n", "{a: 1}\n\"b\n", "{a: 1}\n'b'\n", "{a: 1}x\n", "{a: 1}\n%b\n", "{a: 1}\n@b\n", "{a: 1}\n\tb\n", "{a: 1}\n|\n b\n", "{a: 1}\n&b\n", "{a: 1}\n*b\n", "{a: 1}\n!b\n",
	"a: 1\n{b: 2}\n", "a: 1\n[b]\n", "a: 1\nb\n", "a: 1\n- b\n", "a: 1\n\"b\"\n", "a: 1\n  b: 2\n", "  a: 1\nb: 2\n", "  a: 1\n  b: 2\n", " a: 1\n b: 2\n\n", "a:\n  b: 1\n c: 2\n", "a:\n b: 1\n c: 2\n", "a: 1\nb: 2", "a: 1\n\n\n\nb: 2\n", "\n\na: 1\n", "a: 1\n   \nb: 2\n", "a: 1\n\t\nb: 2\n", "a: 1\n # c\nb: 2\n", "a:\n\tb: 1\n", "a:\n \tb: 1\n", "a:\t1\n", "a: \t1\n", "a\t: 1\n", "\ta: 1\n", "a: 1\t\n", "a: 1\t# c\n", "a: 1 \n", "a:1\n", "a:  1\n", "a :1\n", "a : 1\n",
	"a: 1\rb: 2\r", "a:\r  b: 1\r  c: 2\r", "a: 1\r\nb: 2\r\n", "a:\r\n  b: 1\r\n", "a: |\r\n  x\r\n  y\r\nb: 1\r\n", "a: |\r  x\r  y\rb: 1\r", "a: 'x\r  y'\r", "a: x\r  y\rb: 1\r", "a: \"x\ry\"\r", "a: [1,\r2]\r", "# c\ra: 1\r", "a: 1 # c\rb: 2\r", "a: 1\r\r\nb: 2", "a: 1\n\rb: 2\n", "a: \"x\\\r\n  y\"\r\n", "a: 1\r", "\ra: 1", "a: \"\\r\"\r", "a: >\r  x\r  y\r", "- a\r- b\r", "a:\r- b\r- c\r", "---\ra: 1\r", "a: 1\r...\r", "a: 1\r---\rb: 2\r",
	"a: &x k\n*x: v\n", "a: &x k\n*x : v\n", "a: &x k\nb:\n  *x : v\n", "a: &x k\nb: {*x : v}\n", "a: &x k\nb: {*x: v}\n", "a: &x k\nb: [*x, *x]\n", "a: &x k\nb: [*x,*x]\n", "a: &x k\n? *x\n: v\n", "a: &x [1]\n*x : v\n", "a: &x k\n*y : v\n", "a: &x k\nb: *x\nc: *x\n", "a: &x k\nb: *x # c\n", "a: &x k\nb: *x c\n", "a: &x k\nb: *xy\n", "a: &x {b: *x}\n", "a: &x [*x]\n", "a: &x\n  b: *x\n", "a: &x 1\nb: &x 2\nc: *x\n", "a: &x-1 k\nb: *x-1\n", "a: &x_1 k\nb: *x_1\n", "a: &x.1 k\nb: *x.1\n", "a: &x:1 k\n", "a: &1 k\nb: *1\n", "a: &\xc3\xa9 k\nb: *\xc3\xa9\n", "&x a: 1\nb: *x\n", "&x a: 1\n*x : 2\n", "a: &x\nb: *x\n", "a: &x ''\nb: *x\n", "a: &x &y 1\n", "&x\na: 1\n", "--- &x\na: 1\n", "--- &x {a: 1}\n", "a: *x\n", "b: *x\na: &x 1\n", "a: &x 1\nb: &y *x\n", "a: &x 1\nb: !!str *x\n", "a: &x\n- 1\nb: *x\n", "a: &x |\n  t\nb: *x\n", "a: &x 1\n---\nb: *x\n", "a: &x k\n*x:\n  b: 1\n", "a: &x k\n*x:v\n", "a: &x k\n*x:\n", "a: &x k\n- *x: v\n", "a: &x k\nb:\n- *x: v\n", "a: &x k\nb:\n- *x : v\n", "a: &x k\nb: {c: *x}\n", "a: &x k\nb: {c: *x, d: *x}\n", "a: &x k\nb: [*x]\n",
	"b: &b {x: 1}\nc:\n  <<: *b\n", "b: &b {x: 1}\nc:\n  <<: *b\n  x: 2\n", "b: &b {x: 1}\nc:\n  x: 2\n  <<: *b\n", "b: &b {x: 1}\nd: &d {x: 2, y: 3}\nc:\n  <<: [*b, *d]\n", "b: &b {x: 1}\nd: &d {x: 2, y: 3}\nc:\n  <<: [*d, *b]\n  z: 4\n", "b: &b {x: 1}\nc: {<<: *b, y: 2}\n", "c:\n  <<: {x: 1}\n", "c:\n  <<: [{x: 1}, {x: 2}]\n", "c:\n  <<: 1\n", "c:\n  <<: [1]\n", "c:\n  <<:\n", "c:\n  <<: []\n", "c:\n  <<: {}\n", "c:\n  '<<': {x: 1}\n", "c:\n  \"<<\": {x: 1}\n", "c:\n  !!str <<: {x: 1}\n", "c:\n  !!merge <<: {x: 1}\n", "b: &b 1\nc:\n  <<: *b\n", "b: &b [1]\nc:\n  <<: *b\n", "b: &b {x: {y: 1}}\nc:\n  <<: *b\n  x: {z: 1}\n", "b: &b {x: 1}\nc: &c\n  <<: *b\nd:\n  <<: *c\n", "a: &a\n  <<: *a\n", "<<: {x: 1}\n", "<<: {x: 1}\nx: 2\n", "c:\n  <<: ~\n", "c: <<\n", "c: [<<]\n", "c:\n  <<: {x: 1}\n  <<: {x: 2, y: 3}\n", "c:\n  <<: [[{x: 1}]]\n", "b: &b [{x: 1}]\nc:\n  <<: *b\n", "b: &b {x: 1}\nl: &l [*b]\nc:\n  <<: [*b, {y: 1}]\n",
	"a: 1\na: 2\n", "a: {b: 1}\na: {c: 2}\n", "{a: 1, a: 2}\n", "a: 1\n'a': 2\n", "a: 1\n\"a\": ~\n", "a/b: 1\na: {b: 2}\n", "a//b: 1\n", "/a: 1\n", "a/: 1\n", "..: 1\n", "a/../b: 1\n", ".: 1\n", "'': 1\n", "'a b': 1\n", "a b: 1\n", "a  b: 1\n", "a-b: 1\n", "-a: 1\n", "?a: 1\n", "a?: 1\n", ":a: 1\n", "a:b: 1\n", "a#b: 1\n", "a #b: 1\n", "a,b: 1\n", "a[0]: 1\n", "a]: 1\n", "a{: 1\n", "[: 1\n", "\xc3\xa9: 1\n", "'a''b': 1\n", "\"a\\tb\": 1\n", "\"a\" : 1\n", "\"a\":1\n", "'a':1\n", "\"a\"b: 1\n", "\"a\n b\": 1\n", "a\nb: 1\n", "2001-01-01: 1\n", "!!str 1: a\n", "1: a\n", "yes: a\n", "~: a\n", "1.5: a\n", ": a\n", "? a\n", "? a\n? b\n", "? a\n: 1\n? b\n: 2\n", "? a\nb: 1\n", "? |\n  a\n: 1\n", "? [a]\n: 1\n", "? {a: 1}\n: 1\n", "? a: 1\n: 1\n", "? a :\n", "a: {\n", "a: }\n", "a: [\n", "a: ]\n", "a: [}\n", "a: {]\n", "a: [1,,2]\n", "a: [,1]\n", "a: {,}\n", "a: {a: 1,, b: 2}\n", "a: [1 2]\n", "a: {a: 1 b: 2}\n", "a: [1\n2]\n", "a: [a\n\nb]\n", "a: [- 1]\n", "a: [-1]\n", "a: [-]\n", "a: [- ]\n", "a: [?]\n", "a: [:]\n", "a: [a:b]\n", "a: [::]\n", "a: {::}\n", "a: [http://x/y]\n", "a: http://x/y\n", "a: {x: http://x/y}\n", "a: [#c\n1]\n", "a: [1 #c\n]\n", "a: [1#c\n]\n", "a: [1, 2]]\n", "a: [\"x\"y]\n", "a: [\"x\" y]\n", "a: [\"x\"#c\n]\n", "a: [x, \"y\"#c\n, z]\n", "a: {b: 'c'#d\n}\n", "a: [|\n x\n]\n", "a: [>]\n", "a: [%x]\n", "a: [@x]\n", "a: [a%]\n", "a: [!!str 1]\n", "a: [!!str, x]\n", "a: [&x 1, *x]\n", "a: [? b : c]\n", "a: [? b]\n", "a: {? b}\n", "a: {? b : c, d}\n", "a: {[b]: c}\n", "a: {{b: c}: d}\n", "a: [{b: c}: d]\n", "a: [b: c: d]\n", "a: {b: c: d}\n", "a: [---]\n", "a: [\n---\n]\n", "a: [\n--- x\n]\n", "a: [\n...\n]\n", "a: \"\n---\n\"\n", "a: '\n...\n'\n", "a: \"\n--- x\n\"\n", "a: b: c\n", "a: b:\n", "a: 'b': c\n", "- a: 1\n", "a: - b\n", "a: [1]\n  b: 2\n", "a: x\n  y: 2\n", "a: 'x'\n  y: 2\n", "a: 'x'\n  y\n", "a: 'x' y\n", "a:\n  - b\n  c: 1\n", "a:\n  b: 1\n  - c\n", "a:\n- b\nc: 1\n", "a:\n - b\n- c\n", "a:\n  - b\n  -c\n", "a:\n  -\n  - b\n", "a:\n  - - - b\n", "a:\n  -   b: 1\n      c: 2\n", "a:\n  - b: 1\n   c: 2\n", "a:\n  - b:\n    - c\n", "a:\n  - b:\n    c: 1\n", "a:\n  - ? b\n    : c\n", "a:\n-\tb\n", "a:\n- b\n\t- c\n", "a:\n  b\n  c\n", "a:\n  b\nc\n", "a: b\nc\n", "a: b\n  c: d\n", "a: b\n\n  c\n\n\n  d\n", "a: b\n # c\n  d\n", "a: b # c\n  d\n",
	"%YAML 1.1\n---\na: 1\n", "%YAML 1.2\n---\na: 1\n", "%YAML 2.0\n---\na: 1\n", "%YAML 1.1\na: 1\n", "%YAML 1.1\n%YAML 1.1\n---\na: 1\n", "%TAG ! tag:x,2000:\n---\na: !b 1\n", "%TAG !! tag:yaml.org,2002:\n---\na: !!str 1\n", "%TAG !e! tag:x,2000:\n---\na: !e!b 1\n", "a: !e!b 1\n", "%FOO bar\n---\na: 1\n", "%\n---\na: 1\n", "a: 1\n%YAML 1.1\n---\nb: 2\n", "a: 1\n...\n%YAML 1.1\n---\nb: 2\n", "--- a: 1\n", "--- a\n", "---a: 1\n", "--- |\n  a\n", "--- {a: 1}\n--- {b: 2}\n", "a: 1\n--- b\n", "a: 1\n... # c\n", "a: 1\n...x\n", "a: 1\n... x\n", "...\na: 1\n", "a: 1\n...\n...\n", "\xef\xbb\xbfa: 1\n", "\xef\xbb\xbf---\na: 1\n", "a: 1\n\xef\xbb\xbfb: 2\n", "a: \xef\xbb\xbfb\n", "\xff\xfea\x00:\x00 \x001\x00", "a: \xff\n", "a: \xed\xa0\x80\n", "a: \xf4\x90\x80\x80\n", "a: \xc0\x80\n", "a: \x00\n", "a\x00: 1\n", "a: 1\n\x00", "a: \x1b\n", "a: \x7f\n", "a: \xc2\x80\n", "a: \xc2\x85b\n", "a: \xe2\x80\xa9b\n", "a: \xef\xbf\xbe\n", "a: \xf0\x9f\x98\x80\n", "a: \"\xf0\x9f\x98\x80\"\n",
	"a: !!binary aGk=\n", "a: !!binary |\n  aGk=\n", "a: !!binary |\n  aG\n  k=\n", "a: !!binary a\n", "a: !!binary \"/w==\"\n", "a: !!binary ''\n", "!!binary aGk=: 1\n", "a: !!str\n", "a: !!str ~\n", "a: !!null x\n", "a: !!null ''\n", "a: !!bool 1\n", "a: !!bool 'yes'\n", "a: !!float 1\n", "a: !!float a\n", "a: !!int 1.5\n", "a: !!timestamp 2001-01-01\n", "a: !!timestamp x\n", "a: !!seq x\n", "a: !!map\n", "a: !!x y\n", "a: !x\n", "a: !<x> y\n", "a: !<x y\n", "a: !!str [x]\n", "a: !!str {x: 1}\n", "a: !!int [1]\n", "!!map {a: 1}\n", "!!str a: 1\n", "!!map\na: 1\n", "!!seq\na: 1\n", "!x {a: 1}\n", "a: !%41 1\n", "a: !!st%72 1\n", "a: !x,y 1\n", "a: [!x,y]\n", "a: !x]y 1\n",
}

// yamlMutants are documents with some characters changed at random: most are nearly YAML.
func yamlMutants(count int) []string {
	seeds := []string{
		"a: 1\nb:\n  c: [x, y]\n  d: {e: f, g: 'h'}\nl:\n- p\n- q: r\n  s: \"t u\"\n",
		"app:\n  hosts: [\n    a,\n    b\n  ]\n  text: |\n    one\n     two\n  end: 'x\n    y'\n",
		"base: &b {x: 1, y: yes}\nnew:\n  <<: *b\n  z: 0x1f\nkey: &k name\n*k : v\n",
		"? a\n: b\nc: # d\n  - e\n  -\n    f: g\nh: \"i\\tj\"\nk: >-\n  l\n  m\n",
		"{a: 1, \"b\": [2, {c: d}],\n e: 'f'}\n",
	}
	const letters = " \n\n  :-,[]{}#&*!|>'\"%ab1?\t\r"
	r := rand.New(rand.NewSource(3))
	seen := map[string]bool{}
	var all []string
	for len(all) < count {
		text := []byte(seeds[r.Intn(len(seeds))])
		for n := 1 + r.Intn(3); n > 0; n-- {
			at := r.Intn(len(text))
			switch r.Intn(3) {
			case 0:
				text = append(text[:at:at], text[at+1:]...)
			case 1:
				text[at] = letters[r.Intn(len(letters))]
			default:
				text = append(text[:at:at], append([]byte{letters[r.Intn(len(letters))]}, text[at:]...)...)
			}
		}
		if s := string(text); !seen[s] {
			seen[s] = true
			all = append(all, s)
		}
	}
	return all
}

func init() {
	generators["yaml"] = func() []any {
		var rows []any
		seen := map[string]bool{}
		add := func(kind, text string) {
			if !seen[text] {
				seen[text] = true
				if row, settled := yamlOf(kind, text); settled {
					rows = append(rows, row)
				}
			}
		}
		for _, text := range yamlDocuments {
			add("document", text)
		}
		for _, scalar := range yamlScalars() {
			add("scalar", "k: "+scalar+"\n")
		}
		for _, place := range yamlPlaces {
			for _, value := range yamlValues {
				add("placed", fmt.Sprintf(place, value))
			}
		}
		for _, text := range yamlMutants(1500) {
			add("mutant", text)
		}
		return rows
	}
}
