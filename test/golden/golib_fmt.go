package main

import (
	"errors"
	"fmt"
	"math"
	"math/rand"
	"reflect"
	"strings"
	"time"
)

func init() { generators["fmt"] = fmtRows }

// The named types below have twins in test/helpers/goValue.ts.
type pair struct{ Key, Value string }

type mixed struct {
	A any
	b any
	C []int
	D map[string]any
	E *pair
}

type level int

func (l level) String() string { return "level-" + string(rune('a'+int(l))) }

type fault struct{ Code int }

func (f fault) Error() string  { return fmt.Sprintf("fault %d", f.Code) }
func (f fault) String() string { return "not this" }

type panicky struct{ N int }

func (p panicky) String() string { panic("boom") }

type gopher struct{ Name string }

func (g gopher) GoString() string { return "gopher(" + g.Name + ")" }

type wrapper struct {
	Level  level
	hidden level
	Fault  any
}

var fmtOperands = []any{
	nil, true, false, 0, 1, -1, 42, -65, 8364, 128512, 1114112, 0xd800, 173, math.MaxInt64, math.MinInt64,
	int8(-5), int16(300), int32(-70000), int64(9007199254740993), uint(7), uint8(200), uint16(65535), uint32(1 << 31),
	uint64(math.MaxUint64), uintptr(255),
	0.0, math.Copysign(0, -1), 1.0, -1.0, 0.5, 2.5, 3.14159, 1e6, 123456789.0, 1e-5, 1e21, 1e100, 5e-324, 1.7976931348623157e308,
	math.NaN(), math.Inf(1), math.Inf(-1), float32(0.1), float32(16777216), float32(-3.4e38),
	complex(1, -2), complex(math.Inf(1), math.NaN()), complex64(complex(0.1, 2)),
	"", "a", "abc", "héllo", "日本語", "\xff\xfe", "a\xc3", "line\nbreak\ttab", `back\slash "quote"`, "back`quote", "\u00a0\u200b\u2028\ufeff", "\u0000\x7f\a\b", "😀", "\xed\xa0\x80", "%d",
	[]byte("hi\xc3"), []byte(nil), []byte{}, []string{"a", "b c"}, []string(nil), []string{}, []int{1, 2, 3}, []any{1, "a", nil, 2.5, true},
	[]any(nil), [][]int{{1}, nil, {2, 3}}, [3]int{1, 2, 3}, [2]byte{65, 66}, [][]byte{[]byte("xy"), nil}, []float64{1, 1e6, -0.5},
	map[string]any{"b": 1, "a": nil, "C": "x"}, map[string]any(nil), map[string]any{}, map[int]string{10: "ten", 9: "nine", -1: "neg"},
	map[bool]int{true: 1, false: 0}, map[string]string{"é": "e", "z": "q\n"}, map[float64]int{2.5: 1, math.Inf(-1): 2, -1: 3},
	map[string][]string{"k": {"x", "y"}}, []map[string]any{{"a": 1}, {"b": nil}},
	pair{"/a", "1"}, []pair{{"k", "v"}, {"", "é"}}, []pair(nil), &pair{"p", "q"}, (*pair)(nil),
	mixed{1, "b", []int{1}, map[string]any{"x": nil}, nil}, mixed{}, struct {
		A int
		B string
	}{1, "x"},
	level(1), []level{0, 2}, map[level]level{1: 2, 0: 3}, fault{7}, &fault{8}, (*fault)(nil), []any{fault{1}, level(3)}, panicky{1}, gopher{"g"}, []gopher{{"h"}},
	wrapper{1, 2, fault{3}}, &wrapper{0, 1, nil}, (*wrapper)(nil),
	time.March, time.Sunday, 90 * time.Second, []any{time.March, []byte("ab")},
	errors.New("plain").Error(),
}

const fmtVerbs = "vdboOxXcqUeEfFgGstpTwz"

var fmtFlags = []string{"", "", "#", "0", "+", "-", " ", "#0", "+0", "-0", " 0", "+ ", "# ", "#+", "-+", "0-+ #"}
var fmtWidths = []string{"", "", "1", "5", "12", "30"}
var fmtPrecisions = []string{"", "", ".", ".0", ".1", ".3", ".10", ".25"}

// fmtFormats are the formats in which the shape matters more than the value.
var fmtFormats = []struct {
	format string
	args   []any
}{
	{"", nil}, {"", []any{1}}, {"plain", nil}, {"100%", []any{1}}, {"%", nil}, {"%%", nil}, {"%5%", []any{1}}, {"%!", nil}, {"%!", []any{1}}, {"%-", nil},
	{"%d", nil}, {"%d %d", []any{1}}, {"%d", []any{1, 2, nil, "x"}}, {"%d", []any{1, []string{"a"}}}, {"%z", []any{1}}, {"%é", []any{1}}, {"%\xff", []any{1}}, {"%日", nil},
	{"%*d|", []any{5, 42}}, {"%*d|", []any{-5, 42}}, {"%0*d|", []any{-5, 42}}, {"%*d|", []any{"a", 42}}, {"%*d|", []any{1000001, 42}}, {"%*d|", []any{uint8(4), 42}}, {"%*d|", []any{nil, 1}},
	{"%.*f|", []any{2, 3.14159}}, {"%.*f|", []any{-2, 3.14159}}, {"%.*f|", []any{"x", 3.14159}}, {"%*.*f|", []any{8, 2, 3.14159}}, {"%*", []any{4}}, {"%*d", nil}, {"%.*", []any{1, 2}},
	{"%[1]d", []any{1}}, {"%[2]d %[1]d", []any{1, 2}}, {"%[3]d", []any{1, 2}}, {"%[0]d", []any{1}}, {"%[0][1]d", []any{1}}, {"%[-1]d", []any{1}}, {"%[x]d", []any{1}}, {"%[]d", []any{1}}, {"%[]", []any{1}}, {"%[1", []any{1}}, {"%[", []any{1}}, {"%[1]", []any{1}},
	{"%[1]5d", []any{1}}, {"%[1].2d", []any{1}}, {"%[2]*[1]d|", []any{7, 5}}, {"%[1]*d|", []any{3, 4}}, {"%.[2]*[1]f|", []any{2.5, 3}}, {"%[3]*.[2]*[1]f|", []any{12.0, 2, 6}}, {"%[5]*d", []any{1}}, {"%.[5]*d", []any{1}}, {"%.[1]d", []any{1}}, {"%.[1]3d", []any{1}}, {"%6.[2]d", []any{1, 2}},
	{"%.[1]*f|", []any{2, 3.14159, 9}}, {"%[1]*d|", []any{3, 4, 5}}, {"%[1]d|", []any{1, 2, 3}}, {"%.[1]*f|%d", []any{2, 3.5, 4}}, {"%[1]5d|", []any{1, 2}}, {"%[1].3d|", []any{1, 2}}, {"%.[1]d|", []any{1, 2}}, {"%[x].[1]*f|", []any{2, 3.5}}, {"%.[x]*f|", []any{2, 3.5}}, {"%.[x]3f|", []any{2.5}}, {"%[1]*.[x]*f|", []any{4, 2, 3.5}}, {"%[12]d", []any{1}}, {"%[01]d", []any{1}}, {"%[1x]d", []any{1}}, {"%[1000000]d", []any{1}}, {"%[1000001]d", []any{1}}, {"%.[2]*[1]d|", []any{7, 5}}, {"%0.10d|% 05d|%#05x|%#o", []any{7, 8, 9, 10}},
	{"%.2[2]f|", []any{1, 2.5}}, {"%5.2[2]f|%v", []any{1, 2.5, 3}}, {"%.[x][1]d|%d", []any{1, 2}}, {"%.[x]2[1]d|%d", []any{1, 2}}, {"%[x].[1]d|%d", []any{1, 2}}, {"%[x]5[1]d|%d", []any{1, 2}},
	{"%.*d%d", []any{2, 7}}, {"%*d%d", []any{5, 7}}, {"%*d%%", []any{5, 7}}, {"%.*d%", []any{2, 7}}, {"%[99999999][2]d|%d", []any{1, 2}}, {"%[10000000][1]d|%d", []any{1, 2}},
	{"%*d|", []any{-1000000, 4}}, {"%.*d|", []any{-1000000, 4}}, {"%c|%q|%U", []any{-1, -1, -1}}, {"%c|%q", []any{1114112, 1114112}}, {"%c", []any{uint64(1 << 63)}},
	{"%[99999999]d", []any{1}}, {"%[10000009]d", []any{1}}, {"%[ 1]d", []any{1}}, {"%[1]v %v", []any{1, 2, 3}}, {"%[1]d %d %[1]d", []any{1, 2}}, {"%v %[1]v", []any{1, 2}},
	{"%10000009d", nil}, {"%99999999d", []any{1}}, {"%99999999d tail %d", []any{1, 2}}, {"%.99999999d", []any{1}}, {"%.", []any{1}}, {"%.d", []any{0}}, {"%5.", []any{1}},
	{"%+v%#v%v", []any{pair{"a", "b"}, pair{"a", "b"}, pair{"a", "b"}}}, {"%6.2f", []any{3}}, {"%5d", []any{"a"}}, {"%+q", []any{3.0}}, {"%-08d|", []any{3}}, {"%s %s", []any{"é", 1}}, {"%c%c%c", []any{104, 233, 0x4e16}},
	{"%s", []any{nil}}, {"%v", []any{nil}}, {"%5v|%-7v|%07v", []any{nil, nil, nil}}, {"%d", []any{nil}}, {"%T", []any{nil}}, {"%10T|%.3T|", []any{1, "abc"}}, {"%p", []any{nil}}, {"%t", []any{nil}},
	{"%s%d%v", []any{"a", 1, true}}, {"x%sy%dz", []any{"a", 1}}, {"%d%%", []any{50}}, {"%w", []any{fault{1}}}, {"%w", []any{[]any{1, nil}}}, {"%#w", []any{1}}, {"%x", []any{fault{1}}}, {"%d", []any{fault{1}}}, {"%d", []any{time.March}},
}

func fmtRows() []any {
	rows := []any{}
	add := func(format string, args []any) {
		if strings.Contains(format, "p") && len(args) == 1 && hasAddress(args[0]) {
			return // addresses differ from run to run
		}
		want := fmt.Sprintf(format, args...)
		encoded := []any{}
		for _, arg := range args {
			encoded = append(encoded, encode(arg))
		}
		rows = append(rows, map[string]any{"f": b(format), "a": encoded, "w": b(want)})
	}
	for _, c := range fmtFormats {
		add(c.format, c.args)
	}
	for _, operand := range fmtOperands {
		for _, verb := range fmtVerbs {
			add("%"+string(verb), []any{operand})
		}
		add("%+v", []any{operand})
		add("%#v", []any{operand})
	}
	random := rand.New(rand.NewSource(20261123))
	pick := func(from []string) string { return from[random.Intn(len(from))] }
	for range fmtRandom {
		verb := string(fmtVerbs[random.Intn(len(fmtVerbs))])
		if random.Intn(4) == 0 {
			verb = "v"
		}
		operand := fmtOperands[random.Intn(len(fmtOperands))]
		add("%"+pick(fmtFlags)+pick(fmtWidths)+pick(fmtPrecisions)+verb+"|", []any{operand})
	}
	return append(rows, printRows(random)...)
}

func hasAddress(arg any) bool {
	v := reflect.ValueOf(arg)
	switch v.Kind() {
	case reflect.Slice, reflect.Map, reflect.Pointer:
		return !v.IsNil()
	}
	return false
}

// printRows are rows of Sprint and Sprintln.
func printRows(random *rand.Rand) []any {
	rows := []any{}
	for range 300 {
		args, encoded := []any{}, []any{}
		for range random.Intn(5) {
			arg := fmtOperands[random.Intn(len(fmtOperands))]
			args, encoded = append(args, arg), append(encoded, encode(arg))
		}
		rows = append(rows, map[string]any{"a": encoded, "print": b(fmt.Sprint(args...)), "println": b(fmt.Sprintln(args...))})
	}
	return rows
}

const fmtRandom = 2400
