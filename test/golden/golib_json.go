package main

import (
	"encoding/json"
	"math"
	"math/rand"
	"strings"
)

func init() {
	generators["json"] = jsonRows
}

var jsonTexts = []string{
	"", " ", "\n", "null", "true", "false", "nul", "nulx", "tru", "t", "fals", "f", "n", "nullx", "null x", "True", "0", "-0", "-", "-a", "01", "-01", "1.", "1.x", "1.5", "1e", "1e+", "1e5", "1E-5", "1e400", "-1e400", "1e-400", "+1", ".5", "0x1", "1_0", "123456789012345678901234567890", "NaN", "Infinity",
	`""`, `"abc"`, `"`, `"a`, `"\`, `"\n"`, `"\q"`, `"\u"`, `"\u1"`, `"\u12`, `"\u00e9"`, `"\uD83D\uDE00"`, `"\ud83d"`, `"\u0041\ude00"`, `"\ude00\ude00"`, "1\xff", "{}\xff", "[1]\x80", `"\ude00"`, `"\ud83dx"`, `"\ud83dx\ude00"`, `"\ud83d \ude00"`, `"\udbff\udfff"`, `"\ud800\udc00"`, `"\ud83d\u`, `"\udc00\ud800"`, "\" \"", "\"\x80\"", "\"a\x80b\"", "\"\u0080\"", "[\"a\\\\\"]", `"\ud83d\n"`, `"\ud83d\u0041"`, `"\ud83d\ud83d\ude00"`, `"\u000"`, `"\u00zz"`, `"\b\f\n\r\t\/\\\""`, `"\'"`, "\"\t\"", "\"\x00\"", "\"\x7f\"", "\"\n", "\"é日😀\"", "\"\xff\"", "\"\xc3\"", "\"\xed\xa0\x80\"", "\"\u2028\"", "\"a\xe2\x82\"", "'a'", "\"\xc3\\n\xa9\"",
	"[]", "[ ]", "[1]", "[1,2]", "[1,]", "[,1]", "[1 2]", "[1", "[1,", "[", "]", "[1]]", "[1}", "[[[]]]", "[null,true,\"x\",{}]", "[1e400, 1e500]", "[1e400", "[-]", "[tru]", "[1.5.2]", "[\"a\" \"b\"]", "[\n1\t,\r2 ]", "[\x0b1]",
	"{}", "{ }", `{"a":1}`, `{"a":1,"b":[1,{"c":null}]}`, `{"a":1,"a":2}`, `{"a":{"x":1},"a":{"y":2}}`, `{"a":1,}`, `{,}`, `{a:1}`, `{"a"}`, `{"a" 1}`, `{"a":}`, `{"a":1`, `{"a":1 "b"}`, `{"a":1]`, `{"a"`, `{"a":`, `{"`, `{`, `}`, `{"a":1}}`, `{"a":1} x`, `{"a":1}  `, `{1:2}`, `{"":""}`, "{\"\xff\":1,\"\xfe\":2}", `{"\u0061":1,"a":2}`, `{"__proto__":{"x":1},"constructor":2}`, `{"a":tru}`, `{"a":1e400,"b":1e999}`, `{'a':1}`, `{"é":"日"}`, `{"port":8080,"id":1000000,"f":0.1,"neg":-0}`,
	`{"a":{"b/c~d":1e400}}`, `{"a":[0,{"0":[1e400]}]}`, `{"":1e400}`, `{"a":{"":1e400}}`, `{"":{"a":1e400}}`, `{"a":{"":{"7":1e400}}}`, "{\"\xff\":1e400}", `{"a":1e400,"a":1}`, `[{"x":-1e999}]`, `{"a":{"b":[1e400,tru]}}`,
	":1", ",1", ",", ":", "tr\xff", "tré", "\"\\é\"", "\"\\\xff\"", "\"\\u00\u00e9x\"", "\"\\u12 3\"", "\"\\u1`23\"", "\"\\\n\"", "\"\\u12\ufffd\"", "\"\\u00", "\"\\u0g", "\"\\ud83d\\", "-\u3000", "1.\"", "[1\xc3\xa9]", "{\"a\"\u2028}", "\"\u0085\x1f\"",
	"\xef\xbb\xbf{}", "\xef\xbb\xbf", "é", "\xff", "\x00", "\"a\"b", "1 2", "// c\n{}", "{}//", "[1]\x00", "\u00a0{}", "'", "\"'\"x'", `{"a":"b"'}`, "[\"\x1f\"]", "[0]\"",
}

var jsonDocuments = []string{
	`{"name":"web","port":8080,"tags":["a","b",null],"nested":{"on":true,"off":false,"f":-1.5e3}}`,
	`[1,-2.50,3e-2,"x\u00e9\n",[],{},[[{"k":"v"}]],null,true,false]`,
	`  { "a" : [ 1 , 2 ] , "b" : "c\\d\"e" , "\ud83d\ude00" : 0 }  `,
}

var jsonValues = []any{
	nil, true, 42, math.MinInt64, 0.1, 1e6, 1e20, 1e21, 1e-6, 1e-7, -1.5e-9, 1e100, math.Copysign(0, -1), float32(0.1), float32(1e21), math.NaN(), math.Inf(1), complex(1, 2),
	"", "plain", "<a href='x'>&\"\\/</a>", "\b\f\n\r\t\x00\x1f\x7f", "é日😀", "\u2028\u2029", "\xff\xc3a\xed\xa0\x80",
	[]string{"a", "b"}, []string(nil), []string{}, []any{1, "a", nil, []int{2}}, []byte("hi\xff"), []byte(nil), []byte{}, [2]byte{1, 2}, [2]int{1, 2},
	map[string]any{"b": 1, "a": nil, "é": "x", "C": map[string]any{}}, map[string]any(nil), map[int]string{10: "ten", 9: "nine", -1: "neg"}, map[float64]int{1: 2}, map[uint8]int{200: 1, 3: 2}, map[level]int{2: 1},
	pair{"k", "v"}, &pair{"k", "<"}, (*pair)(nil), []pair{{"a", "b"}}, mixed{A: 1, b: 2, C: nil, D: map[string]any{"x": 1.5}}, level(3), []any{math.NaN()}, uint64(math.MaxUint64), int8(-3),
}

func jsonRows() []any {
	rows := []any{}
	add := func(text string) {
		var value any
		err := json.Unmarshal([]byte(text), &value)
		rows = append(rows, row("decodeValue", value, err, text))
		var object map[string]any
		err = json.Unmarshal([]byte(text), &object)
		rows = append(rows, row("decodeObject", object, err, text))
		var array []any
		err = json.Unmarshal([]byte(text), &array)
		rows = append(rows, row("decodeArray", array, err, text))
	}
	for _, text := range jsonTexts {
		add(text)
	}
	random := rand.New(rand.NewSource(17))
	for range jsonRandom {
		add(damage(random, jsonDocuments[random.Intn(len(jsonDocuments))]))
	}
	for _, open := range []string{"[", `{"a":`} {
		for _, depth := range []int{9999, 10000, 10001} {
			err := json.Unmarshal([]byte(strings.Repeat(open, depth)), new(any))
			rows = append(rows, map[string]any{"fn": "depth", "args": []any{open, depth}, "err": b(err.Error())})
		}
	}
	for _, value := range jsonValues {
		text, err := json.Marshal(value)
		rows = append(rows, row("encode", string(text), err, value))
	}
	return rows
}

// damage drops, doubles, replaces or inserts a byte, or cuts the text short, once or twice; sometimes it does nothing.
func damage(random *rand.Rand, text string) string {
	const bytes = "\"\\{}[],:01eE.-+ntf x\x01\xc3u'"
	for range random.Intn(3) {
		at := random.Intn(len(text))
		other := string(bytes[random.Intn(len(bytes))])
		switch random.Intn(4) {
		case 0:
			text = text[:at] + text[at+1:]
		case 1:
			text = text[:at] + other + text[at:]
		case 2:
			text = text[:at] + other + text[at+1:]
		default:
			text = text[:at+1]
		}
	}
	return text
}

const jsonRandom = 200
