package main

import (
	"encoding/base64"
	"math"
	"math/rand"
	"path"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"unicode"
)

func init() {
	generators["strconv"] = strconvRows
	generators["strings"] = stringsRows
	generators["unicode"] = unicodeRows
	generators["path"] = pathRows
	generators["base64"] = base64Rows
	generators["sort"] = sortRows
}

// call is a row: a function, its arguments, and what it gave or the error.
type call struct {
	Fn   string `json:"fn"`
	Args []any  `json:"args"`
	Want any    `json:"want,omitempty"`
	Err  string `json:"err,omitempty"`
}

func row(fn string, want any, err error, args ...any) call {
	encoded := []any{}
	for _, arg := range args {
		encoded = append(encoded, encode(arg))
	}
	if err != nil {
		return call{Fn: fn, Args: encoded, Err: b(err.Error())}
	}
	return call{Fn: fn, Args: encoded, Want: encode(want)}
}

var intTexts = strings.Split("0,-0,+0,1,-1,+7,007,08,0x1f,0X1F,-0x80,0b101,0B2,0o17,0O8,017,0x,0b,1_000,_1,1_,1__0,0x_ff,0_7,0b_1,10x5,1_0x1,10b1,0xg,0b2,0o8,0B_1_0,0xAbCdEf,999999999999999,1234567890123450000,000000000000000000001,12345678901234567,-999999999999999,+123456789012345,1e3,1.0, 1,1 ,١,é,-,+,--1,abc,zz,9223372036854775807,9223372036854775808,-9223372036854775808,-9223372036854775809,18446744073709551615,18446744073709551616,127,128,-128,-129,255,256,300x,2147483647,2147483648,99999999999999999999x,123456789012345,1234567890123456", ",")

var floatTexts = strings.Split("0|-0|.25|-.125e2|1.25.|z0x1p1|0x1p1z|0x1p+|0x1.8p|10x1p1|-0x0p0|0x0.0p-5|0x1p-1022|0x1p-1023|0x1.8p-1022|0x2p-1075|0x2.0000000000001p-1075|0x1.0000000000001p-1074|0x1.fffffffffffff7ffp1023|0x1fffffffffffffffp963|0x8p1020|0x8p1021|0x1p1023|0x7fffffffffffffp-1077|1+1|1-1|1.5e+400|1e1000000|0.000001e1000|1_2.3_4|0x1_1p1_0|1e1_0|1|-1.5|+2.5|.5|5.|.|1e3|1E3|1e+3|1e-3|1e|1e+|e3|1.2.3|0x1p4|0x1.8p-1|-0X.8P+2|0x1|0xp1|0x.p1|0x1.fffffffffffff8p0|0x1.fffffffffffff7p1023|0x1.fffffffffffff8p1023|0x1p-1074|0x1p-1075|0x1.8p-1075|0x1.00000000000008p0|0x1.000000000000081p0|0x3p-1075|0x1.cac1a1fd5e83p-1025|0x0.8p-1022|-0x0.4p-1022|0x1p-1025|0x10p-1060|0x0.0008p-1022|0x1.1p-1040|0x1.8p-1073|0xfffffffffffffp-1074|0x1.fffffffffffff8p-1023|0x1p1024|inf|-Inf|+INF|infinity|Infinit|nan|NaN|+nan|-NaN|1_000.5|1__0|_1.5|1_e3|0x_1p4|0x1_0p0|1e400|-1e400|1e-400|4.9e-324|2.4e-324|2.5e-324|1.7976931348623157e308|1.7976931348623159e308|0.1|123456789012345678901234567890|9007199254740993|1e23|3.4028235e38|3.4028236e38|1e39|1.401298464324817e-45| 1|1 |1f|0e5|00.10", "|")

var boolTexts = []string{"1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False", "", "yes", "tRue", "TRUE ", "é", "\xff"}

var quoteTexts = []string{
	"", "abc", " ", "a b!~", "\u007f\u0080", "\uffff", "\U00010000", "\U0001fffe", "a\"b", `a\b`, "a'b", "a`b", "\a\b\f\n\r\t\v\x00\x1f\x7f", "é", "日本語", "\u00a0", "\u00ad", "\u200b", "\u2028", "\ufeff", "\ufffd", "\xff", "a\xc3", "\xe2\x82", "\xed\xa0\x80", "😀", "\U000e0001", "\U0010ffff", "\u0378", "\u0301", "\u2ebf\U0002ebf0", "\x80\x81", "\u061c",
}

var unquoteTexts = []string{
	"", `"`, `""`, `"abc"`, `"a"b"`, `'a'`, `'ab'`, `''`, `'é'`, "'\xff'", `'\''`, `'"'`, `"'"`, `"\'"`, `'\"'`, `"\a\b\f\n\r\t\v\\\""`, `"\x41\u00e9\U0001F600\101"`, `"\x4"`, `"\xg12"`, `"\ug1234"`, `"\Ug12345678"`, `"\1"`, `"\18z123"`, `"\01z234"`, `#abc#`, `x"a"`, `"a"x`, `'a`, `'\x'`, `'a\'`, `"\x41\x42"`, `"\1014"`, `"\u00e9\u00ea"`, `"\uD7FF\uE000"`, `"\U0010FFFF"`, "`a`x", "'\u0080'", `"\u12"`, `"\ud800"`, `"\U00110000"`, `"\400"`, `"\377"`, `"\08"`, `"\q"`, `"\`, `"a\"`, "`raw\\n`", "`a\rb`", "`a`b`", "`", "``", "\"a\nb\"", "\"\xff\"", "\"\xffé\\n\"", `"é\x80"`, `abc`, `"abc'`, `'\n'`, `'\x80'`, `'日'`, `"\"`, `"\xg1"`, `"tab	"`, "'\n'",
}

func strconvRows() []any {
	rows := []any{}
	for _, text := range intTexts {
		n, err := strconv.Atoi(text)
		rows = append(rows, row("atoi", n, err, text))
		for _, base := range []int{0, 2, 8, 10, 16, 36} {
			for _, bits := range []int{0, 8, 32, 64} {
				if bits == 32 && base != 0 && base != 10 {
					continue
				}
				i, err := strconv.ParseInt(text, base, bits)
				rows = append(rows, row("parseInt", int(i), err, text, base, bits))
				if bits == 64 || bits == 8 {
					u, err := strconv.ParseUint(text, base, bits)
					rows = append(rows, row("parseUint", u, err, text, base, bits))
				}
			}
		}
	}
	for _, base := range []int{1, -3, 37} {
		_, err := strconv.ParseInt("5", base, 64)
		rows = append(rows, row("parseInt", nil, err, "5", base, 64))
	}
	for _, text := range floatTexts {
		for _, bits := range []int{64, 32} {
			f, err := strconv.ParseFloat(text, bits)
			rows = append(rows, row("parseFloat", f, err, text, bits))
		}
	}
	for _, text := range boolTexts {
		v, err := strconv.ParseBool(text)
		rows = append(rows, row("parseBool", v, err, text))
	}
	for _, text := range quoteTexts {
		rows = append(rows, row("quote", strconv.Quote(text), nil, text), row("quoteToASCII", strconv.QuoteToASCII(text), nil, text), row("canBackquote", strconv.CanBackquote(text), nil, text))
	}
	for _, text := range unquoteTexts {
		v, err := strconv.Unquote(text)
		rows = append(rows, row("unquote", v, err, text))
	}
	return append(rows, floatRows()...)
}

func floatRows() []any {
	rows := []any{}
	add := func(f float64, format byte, precision, bits int) {
		if bits == 32 {
			f = float64(float32(f))
		}
		rows = append(rows, row("formatFloat", strconv.FormatFloat(f, format, precision, bits), nil, f, string(format), precision, bits))
	}
	fixed := []float64{0, math.Copysign(0, -1), 1, 0.1, 0.5, 1.5, 2.5, 0.125, 0.375, 999999, 1e6, 1e20, 1e21, 1e22, 123456.5, 0.0001, 0.00001, 5e-324, math.MaxFloat64, math.SmallestNonzeroFloat32, 1e-4, 0.00009999, 999999.5, 1e15, 123456789012345680, 1e16, 2e21, 9.5, 99.5, 0.95, 0.05, 1e-7, 4503599627370496.5, 100, 1024}
	for _, f := range fixed {
		for _, format := range "efgGEbxX" {
			for _, precision := range []int{-1, 0, 1, 2, 6, 15, 16, 17, 30, 101} {
				add(f, byte(format), precision, 64)
			}
		}
	}
	random := rand.New(rand.NewSource(7))
	for range 400 {
		f := math.Float64frombits(random.Uint64())
		if random.Intn(2) == 0 {
			f = float64(random.Intn(2_000_000)-1_000_000) / float64(int(1)<<random.Intn(12))
		}
		if math.IsNaN(f) {
			continue
		}
		add(f, "efgGEbx"[random.Intn(7)], random.Intn(24)-1, 64)
		add(float64(math.Float32frombits(random.Uint32()&0x7f7fffff)), "efgbx"[random.Intn(5)], random.Intn(12)-1, 32)
	}
	for exponent := -149; exponent < 128; exponent++ {
		add(math.Ldexp(1, exponent), 'g', -1, 32) // where the gaps below and above differ
	}
	return rows
}

var texts = []string{"", "\t\n\v\f\r x\x08\x0e\x1f!", "\u0085x\u00a0", "\u1680x\u2000", "\u200ax\u200b", "\u2028x\u2029", "\u202fx\u205f", "\u3000x\u0100", "\u0100x\u1fff ", "\u007f\u0080\u07ff\u0800\ud7ff\ue000\uffff\U00010000\U0010ffff", "\xe0\x9f\xbf\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf\xf0\x8f\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\xf4\x90\x80\x80\xf5\x80\x80\x80", "a\xc2\x7f\xdf\xbf\xc1\xbf", "azAZ@[`{", "a", "abc", "a,b,,c", ",", "aaa", "héllo wörld", "日本語", "\xff\xfe", "a\xc3b", "straße", "ﬁŉıſǆǅİiΣσς", "ᾳᾼῃᾀᾈ", "ÀÉÎ àéî", "  a \t b\u00a0c\u2003d\u3000 ", "\xe2\x82é", "Ꙁꙁ𐐀𐐨ꭰ", "x.conf.conf", "/a/b", "MiXeD", "K\u212a\u2126"}

func stringsRows() []any {
	rows := []any{}
	parts := []string{"", "a", ",", "aa", "é", "\xff", "l", ".conf", "/", "abc"}
	for _, s := range texts {
		rows = append(rows, row("toUpper", strings.ToUpper(s), nil, s), row("toLower", strings.ToLower(s), nil, s), row("fields", strings.Fields(s), nil, s), row("trimSpace", strings.TrimSpace(s), nil, s))
		rows = append(rows, row("runeCount", len([]rune(s)), nil, s), row("repeat", strings.Repeat(s, 3), nil, s, 3))
		for _, part := range parts {
			rows = append(rows, row("split", strings.Split(s, part), nil, s, part), row("contains", strings.Contains(s, part), nil, s, part))
			rows = append(rows, row("trimPrefix", strings.TrimPrefix(s, part), nil, s, part), row("trimSuffix", strings.TrimSuffix(s, part), nil, s, part))
			for _, n := range []int{-1, 0, 1, 2} {
				rows = append(rows, row("replace", strings.Replace(s, part, "<$&>", n), nil, s, part, "<$&>", n))
			}
		}
	}
	return rows
}

var categories = []struct {
	name  string
	table *unicode.RangeTable
}{{"isLetter", unicode.L}, {"isDigit", unicode.Nd}, {"isUpper", unicode.Lu}, {"isLower", unicode.Ll}}

// unicodeRows hold every rune: runs of printable ones and of categories, and the case mappings that are not the identity.
func unicodeRows() []any {
	runs := make([][]rune, len(categories))
	printable, upper, lower := []int{}, [][2]rune{}, [][2]rune{}
	was := false
	for r := rune(0); r <= unicode.MaxRune+1; r++ {
		if is := r <= unicode.MaxRune && strconv.IsPrint(r); is != was {
			printable, was = append(printable, int(r)), is
		}
		for i, c := range categories {
			if is := unicode.Is(c.table, r); is != (len(runs[i])%2 == 1) {
				runs[i] = append(runs[i], r)
			}
		}
		if u := unicode.ToUpper(r); u != r {
			upper = append(upper, [2]rune{r, u})
		}
		if l := unicode.ToLower(r); l != r {
			lower = append(lower, [2]rune{r, l})
		}
	}
	rows := []any{map[string]any{"isPrint": printable}, map[string]any{"upper": upper}, map[string]any{"lower": lower}}
	for i, c := range categories {
		rows = append(rows, map[string]any{c.name: runs[i]})
	}
	return rows
}

var pathTexts = []string{"", ".", "..", "/", "//", "///a", "a", "a/", "/a", "/a/", "/a/b", "a/b/", "a//b", "./a", "a/.", "a/..", "a/../..", "../a", "../../a/..", "/..", "/../a", "/a/../..", "a/b/../../..", "/a/./b/../c/", "/é/日", "...", "a/...", "\xff/\xfe", " / ", "/a/b//../c/.."}

var patterns = []string{"", "*", "/*", "/a/*", "**", "a**b", "a*b", "*a*", "?", "??", "/?", "a?c", "[a]", "[ab]", "[a-c]", "[^a]", "[^/]", "[/]", "[!a]", "[a-c]*", "*[a-c]", `\*`, `a\?`, `\`, `a\`, "[", "[]", "[]a]", "[^]", "[^]a]", "[-]", "[-x]", "[x-]", "[a-", "[a-]", "[a-b-c]", "[a", "[[]", "[[]a", `[\]]`, `[\-x]`, `[a\-z]`, `[\`, `[a\`, "a]", "]", "[é]", "[à-ü]", "é", "?é", "[\xff]", "[\ufffd]", "[a-\ufffd]", "\xff", "*[", "a*[", "b[", "*x*[", "[a]*[", "/app/*/host", "/app/*/*", "*/b", "*a/*b", "*[/a]b", "*[/a][/a]*b", "[^a-c]x", "*.conf", "[c-a]", "x*y*z", "[*]", "[a*b]*", "*?*", "日*"}

var names = []string{"", "a", "b", "ab", "abc", "aXb", "axb", "a/b", "/", "/a", "/a/", "/a/b", "/a/b/c", "foo", "x.conf", "é", "aé", "\xff", "\ufffd", "*", "a?", "[", "[a", "]", "a]", "-", "x-", "\\", "/app/1/host", "/app//host", "/app/1/2", "/app/1", "xyz", "xaybz", "/ab", "aab", "a/ab", "日本", "dx", "!", "^", "ya/xb"}

func pathRows() []any {
	rows := []any{}
	for _, p := range pathTexts {
		rows = append(rows, row("clean", path.Clean(p), nil, p), row("base", path.Base(p), nil, p), row("dir", path.Dir(p), nil, p))
		for _, q := range []string{"", "b", "/c/", "..", "../.."} {
			rows = append(rows, row("join", path.Join(p, q), nil, p, q))
		}
	}
	rows = append(rows, row("join", path.Join(), nil), row("join", path.Join("", "", ""), nil, "", "", ""), row("join", path.Join("a", "", "b", "/"), nil, "a", "", "b", "/"))
	for _, pattern := range patterns {
		for i, name := range names {
			matched, err := path.Match(pattern, name)
			if matched || i%4 == 0 || err != nil && i < 3 {
				rows = append(rows, row("match", matched, err, pattern, name))
			}
		}
	}
	return rows
}

func base64Rows() []any {
	rows := []any{}
	for _, text := range []string{"", "YQ==", "YQ", "YQ=", "YWI=", "YWI", "YWJj", "YWJjY", "YWJjZA==", "YR==", "YQ==YQ==", "YQ=a", "YQ=\n=", "YQ=\n", "=", "==", "Y=", "Y===", "YQ===", "Y Q==", "YQ-_", "YWJj\n", "Y\nW\r\nJj", "\n", "YWJj\nYQ==\r\n", "YQ==\nx", "YWJj=", "YWJjZGVmZ2hpamts!", "é", "+/+/", "//==", "YWI=\n=", "YWI==", "AAAAAAAAAAAAA=AA", "AAAAAAAAAAA=\n\n", "AAAAAAAAAAAAAA=!", "AAAAAAAAA A"} {
		decoded, err := base64.StdEncoding.DecodeString(text)
		rows = append(rows, row("decode", string(decoded), err, text))
	}
	random := rand.New(rand.NewSource(11))
	for range 300 {
		bytes := make([]byte, random.Intn(12))
		random.Read(bytes)
		encoded := base64.StdEncoding.EncodeToString(bytes)
		rows = append(rows, row("encode", encoded, nil, string(bytes)))
		damaged := []byte(encoded + "=\nA"[:random.Intn(3)])
		for range random.Intn(3) {
			if len(damaged) > 0 {
				damaged[random.Intn(len(damaged))] = "=A\n!zZ+\r"[random.Intn(8)]
			}
		}
		decoded, err := base64.StdEncoding.DecodeString(string(damaged))
		rows = append(rows, row("decode", string(decoded), err, string(damaged)))
	}
	return rows
}

// lengthOrder sorts places by the lengths that stand there, as confd's sortByLength does.
type lengthOrder struct{ lengths, places []int }

func (s lengthOrder) Len() int           { return len(s.places) }
func (s lengthOrder) Less(i, j int) bool { return s.lengths[s.places[i]] < s.lengths[s.places[j]] }
func (s lengthOrder) Swap(i, j int)      { s.places[i], s.places[j] = s.places[j], s.places[i] }

func sortRows() []any {
	rows := []any{}
	random := rand.New(rand.NewSource(13))
	for i := range 240 {
		n, spread := random.Intn(40)+5*random.Intn(12), 1+random.Intn(12)
		lengths, places := make([]int, n), make([]int, n)
		for j := range lengths {
			places[j] = j
			lengths[j] = []int{random.Intn(spread), j / spread, (n - j) / spread, j % spread, j}[i%5]
		}
		for range i % 4 {
			if n > 1 {
				lengths[random.Intn(n)] = random.Intn(spread)
			}
		}
		sort.Sort(lengthOrder{lengths, places})
		rows = append(rows, map[string]any{"lengths": lengths, "places": places})
	}
	// Inputs made to be bad for the choice of pivots, so that heapsort gets its turn.
	for _, n := range []int{40, 60, 100, 300, 700} {
		for found := 0; found < 3; {
			if row, isBad := adversary(n, random); isBad {
				rows = append(rows, row)
				found++
			}
		}
	}
	return rows
}

// adversary makes an input that takes long, by answering each comparison as unhelpfully as it may (McIlroy), except for
// some whims, without which all would look almost sorted; it also tells whether sort.Sort took to heapsort.
func adversary(n int, random *rand.Rand) (any, bool) {
	gas := n
	values, places := make([]int, n), make([]int, n)
	for i := range values {
		values[i], places[i] = gas, i
	}
	a := &killer{values: values, places: places, gas: gas, random: random}
	sort.Sort(a)
	again := make([]int, n)
	for i := range again {
		again[i] = i
	}
	sort.Sort(lengthOrder{a.values, again})
	return map[string]any{"lengths": a.values, "places": again}, a.sawHeap
}

type killer struct {
	values, places    []int
	gas, solid, maybe int
	random            *rand.Rand
	sawHeap           bool
}

func (k *killer) Len() int      { return len(k.places) }
func (k *killer) Swap(i, j int) { k.places[i], k.places[j] = k.places[j], k.places[i] }
func (k *killer) Less(i, j int) bool {
	x, y := k.places[i], k.places[j]
	k.sawHeap = k.sawHeap || isHeapSorting()
	if k.values[x] == k.gas && k.values[y] == k.gas {
		if (x == k.maybe) != (k.random.Intn(12) == 0) {
			k.values[x] = k.solid
		} else {
			k.values[y] = k.solid
		}
		k.solid++
	}
	if k.values[x] == k.gas {
		k.maybe = x
	} else if k.values[y] == k.gas {
		k.maybe = y
	}
	return k.values[x] < k.values[y]
}

// isHeapSorting tells whether the comparison that is going on is one of sort.Sort's heapsort.
func isHeapSorting() bool {
	callers := make([]uintptr, 8)
	frames := runtime.CallersFrames(callers[:runtime.Callers(2, callers)])
	for {
		frame, more := frames.Next()
		if frame.Function == "sort.heapSort" {
			return true
		}
		if !more {
			return false
		}
	}
}
