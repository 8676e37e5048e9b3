package main

import (
	"fmt"
	"strings"

	"golden/memkv"
)

type funcsTable struct {
	of        string
	store     memkv.Store
	templates []string
}

// calls makes one template of each call.
func calls(texts ...string) []string {
	for i, text := range texts {
		texts[i] = "{{" + text + "}}"
	}
	return texts
}

func funcsTables() []funcsTable {
	return []funcsTable{
		{"store", storeOfApp, storeCalls()}, {"lists", storeOfApp, listCalls()}, {"store", storeOfTests, testTemplates},
		{"store", memkv.Store{}, emptyCalls}, {"text", nil, textCalls()}, {"data", nil, dataCalls()}, {"numbers", nil, numberCalls()}, {"regex", nil, regexCalls()},
	}
}

var storeOfApp = memkv.Store{
	"/key": "foobar", "/empty": "", "/num": "5", "/app/a": "2", "/app/bb": "1", "/app/ccc": "10", "/app/c/d": "x",
	"/app/c/e/f": "y", "/ap": "z", "/apple/a": "w", "/h\xc3\xa9/\xff": "\xe6\x97\xa5\xfe", "/__proto__": "p", "/a b": "sp",
	"/list/one": "a", "/list/three": "ccc", "/list/two": "bb", "/list/four": "aa",
}

func storeCalls() []string {
	texts := calls(
		`exists "/key"`, `exists "/empty"`, `exists "/app"`, `exists "/nokey"`, `exists "/app/"`, `exists ""`,
		`get "/key"`, `(get "/key").Key`, `(get "/key").Value`, `get "/nokey"`, `get "/app"`, `(get "/key").key`,
		`printf "%+v" (get "/key")`, `printf "%T" (get "/key")`, `printf "%T" (gets "/*")`, `printf "%T" (getvs "/*")`,
		`getv "/key"`, `getv "/empty"`, `getv "/empty" "d"`, `getv "/nokey"`, `getv "/nokey" "d"`, `getv "/nokey" ""`,
		`getv "/nokey" "d" "e"`, `getv "key"`, `getv "/key/"`, `getv "//key"`, `getv`, `getv 5`, `getv "/num" 5`, `"/key" | getv`,
		`"/nokey" | getv "/key"`, `getv .`, `getv nil`, `getv "/__proto__"`, `getv "/constructor" "none"`, `getv "/a b"`,
		"getv \"/h\xc3\xa9/\\xff\"", `len (getv "/key")`, `eq (getv "/num") "5"`, `eq (getv "/num") 5`, `get "/key" "d"`, `get`,
		`or (getv "/nokey") "d"`, `if exists "/key"}}yes{{end`, `with get "/key"}}{{.Key}}={{.Value}}{{end`,
		`gets "/app/*"`, `gets "/app/*/*"`, `gets "/*"`, `gets "/nothing/*"`, `gets "/app/[a-b]*"`, `gets "/app/[^a]*"`,
		`gets "/app/?"`, `gets "/ap?"`, `gets "*"`, `gets ""`, `gets "/app/**"`, `gets "/key"`, `gets "/h*/*"`, `gets "/\\key"`,
		`gets "["`, `gets "/[]a]"`, `gets "/app/[a-"`, `gets "/zzz/["`, `gets "/\\"`, `gets "/[x-]"`, `gets "/[!a]*"`, `gets`,
		`(gets "/app/*").Len`, `(gets "/app/*").Less 0 1`, `len (gets "/app/*")`, `index (gets "/app/*") 1`, `index (gets "/app/*") 9`,
		`slice (gets "/app/*") 1 2`, `range gets "/app/*"}}{{.Key}}={{.Value}};{{end`, `range $i, $p := gets "/app/*"}}{{$i}}{{$p.Key}};{{end`,
		`range gets "/none/*"}}x{{else}}none{{end`, `(index (gets "/app/*") 0).Nope`, `if gets "/none"}}yes{{else}}no{{end`,
		`getvs "/app/*"`, `getvs "/*"`, `getvs "/none/*"`, `getvs "["`, `join (getvs "/app/*") ","`, `index (getvs "/app/*") 0`,
		`eq (get "/key") (get "/key")`, `get "/key" | printf "%v"`, `html (get "/key")`, `get "/key" | print`,
	)
	for _, name := range []string{"ls", "lsdir"} {
		for _, at := range []string{
			"/", "", ".", "/app", "/app/", "//app", "/app/.", "/app/../app", "/app/a", "/app/c", "/app/c/", "/app/c/e", "/ap", "/apple", "app",
			"/nokey", "/app/c/../c", "/..", "/h\xc3\xa9", "..", "/app//c", "//", "/app/c/e/f",
		} {
			texts = append(texts, fmt.Sprintf("{{%s %q}}", name, at))
		}
	}
	return append(texts, `{{range ls "/app"}}{{.}};{{end}}`, `{{range lsdir "/app"}}{{.}}:{{range ls (printf "/app/%s" .)}}{{.}};{{end}}{{end}}`)
}

var emptyCalls = calls(`gets "["`, `getvs "["`, `gets "/*"`, `ls "/"`, `lsdir "/"`, `getv "/k"`, `exists "/"`)

func listCalls() []string {
	many := strings.Split("a1 b1 c1 d1 e1 f1 g1 h1 i1 j1 k1 l1 m1 n1 o1 p1 aaa b", " ")
	return calls(
		`$l := split "a,b,c" ","}}{{reverse $l}} {{$l`, `reverse (split "a" ",")`, `reverse (gets "/app/*")`, `reverse (getvs "/list/*")`,
		`reverse (ls "/list")`, `reverse "abc"`, `reverse (seq 1 3)`, `reverse (jsonArray "[1,2]")`, `reverse 5`, `reverse nil`, `reverse .`,
		`reverse (sortKVByLength (gets "/list/*"))`, `$l := gets "/list/*"}}{{sortKVByLength $l}} {{$l`, `gets "/list/*" | sortKVByLength | reverse`,
		`printf "%T" (sortKVByLength (gets "/list/*"))`, `printf "%T" (reverse (gets "/list/*"))`, `sortKVByLength (getvs "/list/*")`,
		`sortByLength (getvs "/list/*")`, `sortByLength (split "ccc,a,bb,d" ",")`, `$l := split "ccc,a,bb" ","}}{{sortByLength $l}} {{$l`,
		`sortByLength (seq 1 2)`, `sortByLength "abc"`, `sortByLength (gets "/list/*")`, `sortKVByLength (gets "/none")`,
		`sortByLength (split "`+strings.Join(many, ",")+`" ",")`,
		`sortByLength (split "`+strings.Repeat("aa,b,cccc,ddd,e,ff,", 15)+`" ",")`,
		`gets "/list/*" | reverse`, `range reverse (getvs "/list/*")}}{{.}};{{end`, `$l := split "d,c,b,a" ","}}{{reverse (slice $l 1 3)}} {{$l`,
		`getvs "/list/*" | reverse | printf "%v"}}{{getvs "/list/*"`, `sortKVByLength (gets "/list/*")}}{{gets "/list/*"`,
		`list`, `list 1 "a" nil .`, `list 1 "a" | printf "%T"`, `len (list 1 2)`, `index (list 1 2) 1`, `append (list 1) "x"`,
		`append (jsonArray "[1]") nil`, `append (split "a" ",") "b"`, `$l := list 1}}{{$m := append $l 2}}{{$l}} {{$m`, `append`, `append nil 1`,
	)
}

var storeOfTests = memkv.Store{
	"/test/key": "abc", "/test/user": "mary", "/test/pass": "abc", "/nada/url": "url", "/test/data": "foo:bar:baz",
	"/test/upper": "Value", "/test/data64": "VmFsdWU=", "/test/data/1": `{"Id":"host1","IP":"192.168.10.11"}`,
	"/test/data/2": `{"Id":"host2","IP":"192.168.10.12"}`, "/test/array": `["1","2","3"]`, "/test/data/def/ghi": "1",
	"/test/data/jkl/mno": "2", "/test/count": "3",
}

var testTemplates = []string{
	`{{with get "/test/key"}}{{base .Key}} {{.Value}}{{end}}`,
	`{{range gets "/test/*"}}{{.Key}} {{.Value}};{{end}}`,
	`{{range getvs "/test/*"}}{{.}};{{end}}`,
	`{{with $d := getv "/test/data"}}{{with $p := split $d ":"}}{{index $p 0}} {{index $p 1}} {{index $p 2}}{{end}}{{end}}`,
	`{{toUpper (getv "/test/upper")}} {{toLower (getv "/test/upper")}} {{base64Encode (getv "/test/upper")}}`,
	`{{base64Decode (getv "/test/data64")}}`,
	`{{range getvs "/test/data/*"}}{{$d := json .}}{{$d.Id}} {{$d.IP}};{{end}}`,
	`{{range jsonArray (getv "/test/array")}}{{.}} {{end}}`,
	`{{range ls "/test/data"}}{{.}} {{end}}`,
	`{{range lsdir "/test/data"}}{{.}} {{end}}`,
	`{{dir "/test/data/abc"}}`,
	`{{seq 1 (atoi (getv "/test/count"))}}`,
}

func textCalls() []string {
	return calls(
		`base ""`, `base "/a/b/"`, `base "/"`, `base "a"`, `base "///"`, `dir ""`, `dir "a"`, `dir "/a/b/"`, `dir "/"`, `dir "/a"`, `dir "a/../b/c"`,
		`split "a,b" ","`, `split "" ","`, `split "" ""`, `len (split "" "")`, `len (split "" ",")`, "split \"a\xc3\xa9\xff\" \"\"", `split "a,b,," ","`, `split "ab" "ab"`,
		`split "a.b" "."`, `split "a"`, `split "a" "b" "c"`, `split 5 ","`, `"," | split "a,b"`, `join (split "a,b" ",") "-"`, `join (split "" "") "-"`,
		`join "abc" ","`, `join (seq 1 2) ","`, `join (jsonArray "[\"a\"]") ","`, `join . ","`, `join nil ","`,
		`toUpper "aß"`, `toUpper "straße ŉ ǆ ı ﬁ"`, `toLower "ÀÉ İ ΑΣ ẞ"`, `toUpper "abc"`, "toUpper \"\\xffé\"", "toUpper \"\\xffa\"", `toLower "K"`, `toUpper 5`,
		`contains "" ""`, `contains "abc" "b"`, `contains "abc" "B"`, `contains "b" "abc"`, `contains "a"`,
		`replace "abc" "" "." -1`, `replace "aaa" "a" "b" 2`, `replace "aaa" "a" "b" 0`, `replace "a$b" "$" "$$&" -1`, `replace "é" "" "-" 1`,
		`replace "aaa" "a" "b"`, `replace "a" "a" "b" "1"`, `replace "a" "a" "b" 1.5`, `replace "aXa" "a" "" 1.0`, `replace "aaaa" "aa" "a" 1e3`,
		`trimSuffix "foo.conf" ".conf"`, `"foo.conf" | trimSuffix ".conf"`, `trimSuffix "aaa" "a"`, `trimSuffix "a" ""`, `trimPrefix "foo.conf" "foo"`, `trimPrefix "a" "b"`,
		`base64Encode "Value"`, `base64Encode ""`, "base64Encode \"\\xff\\xfe\"", `base64Decode "VmFsdWU="`, `base64Decode "VmFs\ndWU=\r\n"`, `base64Decode "VmFsdWU"`,
		`base64Decode "YQ"`, `base64Decode "YQ="`, `base64Decode "YQ=a"`, `base64Decode "YQ==YQ=="`, `base64Decode "-_"`, `base64Decode "!"`, `base64Decode ""`, `base64Decode "YR=="`, `base64Decode "//79"`,
		`base64Decode "Y=Q="`, `base64Decode "YWJjY"`, `base64Decode "=YWJj"`, `base64Decode "YWJj "`,
		`parseBool "true"`, `parseBool "F"`, `parseBool "yes"`, `parseBool ""`, `parseBool "tRUE"`, `if parseBool "0"}}a{{else}}b{{end`,
		`atoi "5"`, `atoi "-07"`, `atoi "+1"`, `atoi ""`, `atoi "x"`, `atoi " 1"`, `atoi "1_0"`, `atoi "0x1"`, `atoi "9223372036854775808"`, `atoi "-9223372036854775808"`, "atoi \"é\\xff\\n\"",
		`quote "a\"b\n\x00é"`, "quote \"\\xff\"", `quote 5`, `squote "it's"`, `squote ""`, `indent 2 "a\nb\n"`, `indent 0 "a"`, `indent -1 "a\nb"`, `indent 2 ""`, `nindent 2 "a\nb"`, `nindent 2 ""`,
		`"a" | indent 3`, `indent "2" "a"`, `repeat 3 "ab"`, `repeat 0 "a"`, `repeat -1 "a"`, `repeat 2 ""`, `nospace " a\tb\u00a0c\u2003d "`, "nospace \"a \\xffb\"",
		`snakecase "HTTPServer"`, `snakecase "fooBar-baz qux"`, `snakecase "ÉtéÀVenir"`, `snakecase ""`, `snakecase "__a__"`, `snakecase "ABC"`, `snakecase "aB1C"`,
		`camelcase "http_server-name x"`, `camelcase "HTTPServer"`, `camelcase ""`, `camelcase "éa_éb"`, `camelcase "a_1b"`, `kebabcase "someHTTPServerName"`, `kebabcase "A"`,
		`sha256sum ""`, `sha256sum "abc"`, "sha256sum \"\\xff\"", `nofunc "a"`,
	)
}

func dataCalls() []string {
	return calls(
		`json "{\"a\":1,\"b\":{\"c\":[1,null,true]}}"`, `$j := json "{\"a\":null}"}}{{$j.a}} {{$j.b}} {{$j.b.c`, `json ""`, `json "[]"`, `json "5"`, `json "\"a\""`, `json "true"`,
		`json "null"`, `json "{b:1}"`, `json "{} x"`, `json "{\"a\":1,\"a\":2}"`, `json "{\"\\ud800\":\"\\ud83d\\ude00\"}"`, `json "{\"a\":1e400}"`, `json "{\"a\":1,}"`,
		`jsonArray "[1,\"a\",null]"`, `jsonArray "{}"`, `jsonArray "null"`, `jsonArray "[1,]"`, `jsonArray "5"`, `index (jsonArray "[1]") 5`,
		`range $k, $v := json "{\"b\":1,\"a\":2,\"B\":3}"}}{{$k}}={{$v}};{{end`, `(json "{\"a\":\"x\"}").a.b`, `$j := json "{\"a\":1000000}"}}{{$j.a}} {{printf "%.0f" $j.a}} {{printf "%d" $j.a`,
		`add (json "{\"a\":1}").a 1`, `eq (json "{\"a\":3}").a 3`, `eq (json "{\"a\":3}").a 3.0`, `(json "{\"__proto__\":1}").__proto__`, `(json "{}").constructor`,
		`range jsonArray "[0.0001,0.00001,12345678901234567890,-0,1.0,1234567]"}}{{.}} {{end`, `fromJson "5"`, `fromJson "null"`, `fromJson "\"x\""`, `fromJson "{\"a\":[1]}"`, `fromJson "["`,
		`toJson 5`, `toJson "a<b>&'\"\u2028é\x00\n"`, `toJson nil`, `toJson (list 1 1.5 "a" true nil)`, `toJson (map "b" 1 "a" (map "x" nil))`, `toJson 1e21`, `toJson 1e20`, `toJson 0.0000001`,
		`toJson (seq 1 3)`, `toJson (seq 3 1)`, `toJson (split "a,b" ",")`, `toJson (json "null")`, "toJson \"\\xff\"", `toJson (jsonArray "[1,{\"a\":-0.5}]")`, `toJson 100`, `toJson 'a'`,
		`toPrettyJson (json "{\"a\":[1,{\"b\":[],\"c\":{}},null],\"d\":\"x\\\"[,:]{\\\\\"}")`, `toPrettyJson 5`, `toPrettyJson (list)`, `toPrettyJson (map)`, `toPrettyJson nil`, `toPrettyJson "<a>"`,
		`toPrettyJson (list (list 1) "" (map "a" 1.5 "b" true))`, `toJson (index "a" 0)`, `"x" | toJson`,
		`map`, `map "a" 1 "b" "x"`, `map "a"`, `map 1 2`, `map "a" 1 "a" 2`, `(map "k" "v").k`, `index (map "k" "v") "k"`, `index (map) "k"`, `(map "k" nil).k`, `map nil 1`, `dict "a" 1`, `dict "a"`,
		`map "n" .`, `range $k, $v := map "n" nil}}{{$k}}{{$v}}{{end`, `len (map "a" 1)`,
		`hasKey (map "a" nil) "a"`, `hasKey (map) "a"`, `hasKey nil "a"`, `hasKey (json "null") "a"`, `keys (map "b" 1 "a" 2)`, `keys (json "null")`, `values (map "b" 1 "a" nil)`, `values (map)`,
		`pluck "a" (map "a" 1) (map "b" 2) (map "a" nil)`, `pluck "a"`, `pluck "a" 5`, `join (keys (map "b" 1 "a" 2)) ","`,
		`default "d" ""`, `default "d" "v"`, `default "d" 0`, `default "d" false`, `default "d" nil`, `default "d" .`, `default "d" (list)`, `default "d" (map)`, `default "d" 0.0`, `default 5 "" | add 1`,
		`"" | default "d"`, `default "d"`, `default "d" (seq 3 1)`, `default "d" (index "\x00" 0)`, `default nil ""`, `default . ""`,
		`empty ""`, `empty 0`, `empty 0.5`, `empty nil`, `empty .`, `empty (list 1)`, `empty (map)`, `empty true`, `empty "x"`, `empty`,
		`coalesce`, `coalesce "" 0 nil "x" "y"`, `coalesce "" 0`, `coalesce 5`, `ternary "a" "b" true`, `ternary "a" "b" false`, `ternary 1 nil false`, `ternary "a" "b" 1`, `true | ternary "a" "b"`,
	)
}

func numberCalls() []string {
	return calls(
		`add 1 2`, `add 9223372036854775807 1`, `sub 1 2`, `sub -9223372036854775808 1`, `mul 4611686018427387904 2`, `mul -3 7`, `div -7 2`, `div 7 -2`, `mod -7 3`, `mod 7 -3`,
		`div 1 0`, `mod 1 0`, `div -9223372036854775808 -1`, `mod -9223372036854775808 -1`, `add "1" 2`, `add 1`, `add 1 2 3`, `add 1.5 1`, `add 1.0 1e3`, `1 | add 2`, `add (len "abc") 1`,
		`add 1 (index "a" 0)`, `add 1 .`, `add 1 nil`, `add 0x10 'a'`, `seq 1 3`, `seq 3 1`, `seq 2 2`, `seq -1 1`, `range seq 1 3}}{{.}};{{end`, `range $i, $n := seq 5 6}}{{$i}}{{$n}} {{end`,
		`len (seq 3 1)`, `seq 1`, `printf "%d" (add 1 2)`, `printf "%T" (seq 1 2)`, `index (seq 1 3) 2`, `add (atoi "3") 4`, `sub 9223372036854775807 -1`,
	)
}
