package main

import (
	"reflect"
	"strings"
	"time"
)

// plainCases are templates with the name x and no options.
var plainCases = []string{
	// Text, delimiters and trim markers.
	"", "plain", "a}}b", "{", "{ {", "{{{1}}}", "{{{{1}}", "a {{- 1 -}} b", "a \n\t {{- 1 -}} \r\n b", "a\v\f{{- \"\" -}}\v\fb", "a {{-3}} b", "a {{-3 -}} b", "{{- -}}", "{{ -}}",
	"{{-\"x\"}}", "{{\"x\"-}}", "{{3-}}", "{{-\n3\n-}} x", "{{\"b\" -}}  {{- \"c\" -}}  x", "{{}}", "{{ }}", "é{{1}}é\xff{{2}}\xfe", "\ufeffa", "a\r\nb{{1}}\r\nc", "  {{- /* c */ -}}  x",
	"{{1}}{{2}}", "{{ 1 }}{{- 2 -}}{{ 3 }}", "\n\n {{- 1}}", "x{{- 1}}\n{{2 -}}\n\n", "{{1 -}}", "{{- 1}}", "a{{- \"\" -}}", " {{- if true -}} a {{- else -}} b {{- end -}} c",
	// Comments.
	"a {{/* c */}} b", "a {{- /* c */ -}} b", "{{ /* c */ }}", "{{/* c */ }}", "{{/*/}}", "{{/* a {{ b }} \n c */}}x", "{{/* \n\n */}}\n{{fail `e`}}", "{{/* x", "{{1 /* c */}}", "{{-/* c */-}}", "{{/* a */ -}}  x",
	"{{/* a\n */ -}} {{fail \"e\"}}", "{{/* c */}}{{/* d */}}", "{{/**/}}",
	// Broken actions.
	"{{", "{{.", "{{.X", "{{ .X }", "{{\"a", "{{\"a\nb\"}}", "{{\"a\\", "{{`a", "{{'a", "{{'a\n'}}", "{{.X\n\n\n", "{{\n\n\"a", "{{1\n2 \"", "x\n{{if true}}\nfoo\n", "{{(1}}", "{{1)}}", "{{)}}", "{{()}}", "{{(1) 2}}", "{{(1)(2)}}",
	"{{ ~ }}", "{{ \x00 }}", "{{ \u00a0 }}", "{{ \u4e16 }}", "{{ \xff }}", "{{$x=2}}", "{{$é}}", "{{.é}}", "{{.a-b}}", "{{a-b}}", "{{print\"a\"}}", "{{\"a\"\"b\"}}", "{{print(1)}}", "{{print 1,2}}", "{{print =}}", "{{= 1}}", "{{: 1}}", "{{a : b}}",
	"{{$x : 1}}", "{{..}}", "{{.a..b}}", "{{1..2}}", "{{.l.0}}", "{{.5}}", "{{.0}}", "{{#}}", "{{1 | }}", "{{| 1}}", "{{1 || 2}}", "{{1 | 2}}", "{{1 | print | \"a\"}}", "{{1 | nil}}", "{{1 | .}}", "{{1 | .x}}", "{{1 | (2)}}", "{{1 | true}}", "{{1 | $}}",
	"{{nope}}", "{{nope.x}}", "{{print nope}}", "{{print end}}", "{{end}}", "{{else}}", "{{if}}x{{end}}", "{{range}}x{{end}}", "{{with}}x{{end}}", "{{if 1}}", "{{if 1}}a{{else}}b{{else}}c{{end}}", "{{if 1}}{{end x}}", "{{if 1}}{{else x}}{{end}}",
	"{{\"averylongstringhere\" \"averylongstringhere\"}}{{\"averylongstring\"\"averylongstringhere\"}}", "{{1\"日本語日本語日本語日本語\"}}", "{{\"a\".X}}", "{{1.X}}", "{{true.X}}", "{{nil.X}}", "{{(1).X}}", "{{(nil).X}}", "{{(nil)}}", "{{nil}}", "{{if nil}}{{end}}", "{{print nil}}",
	"{{print 1 .x 2}}", "{{.if}}", "{{.end.range}}", "{{$end := 1}}{{$end}}", "{{trueish}}", "{{true}}{{false}}", "{{print .}}{{print $}}", "{{.a .b}}", "{{.x 1}}", "{{$ 1}}", "{{1 2}}", "{{. 1}}", "{{\"a\" 1}}", "{{true 1}}", "{{(print 1) 2}}", "{{(print 1 | print 2) 3}}",
	// Numbers.
	"{{0}} {{-0}} {{+1}} {{017}} {{0o17}} {{0O7}} {{0b101}} {{0x1F}} {{0X_1f}} {{1_000}} {{0_7}}", "{{08}}", "{{089}}", "{{1__0}}", "{{1_}}", "{{0x}}", "{{0b2}}", "{{0x1g}}", "{{1a}}", "{{1e}}", "{{1e5x}}", "{{+}}", "{{-}}", "{{9223372036854775807}}",
	"{{9223372036854775808}}", "{{-9223372036854775808}}", "{{-9223372036854775809}}", "{{18446744073709551615}}", "{{18446744073709551616}}", "{{1e19}}", "{{1e400}}", "{{1e-400}}", "{{0x1p4}}", "{{0x1.8p1}}", "{{0x1.8}}", "{{0x.8p1}}", "{{1_0.5}}", "{{1_.5}}",
	"{{1.5}} {{1.}} {{.5}} {{1e3}} {{1E3}} {{1e+3}} {{1.0}} {{-0.0}} {{1e6}} {{123456789.0}} {{1e21}} {{0.00001}}", "{{0xe1}}", "{{1i}} {{0i}} {{1.5i}} {{1+2i}} {{1-2i}} {{-1-2i}} {{1+0i}} {{017i}} {{1_0i}} {{1e3i}} {{0x1p1i}}", "{{1+2}}", "{{1+i}}", "{{0x1+2i}}", "{{0x1p0+2i}}",
	"{{1i+2i}}", "{{0x10i}}", "{{0b11i}}", "{{+i}}", "{{1e400+1i}}", "{{1+1e400i}}", "{{1_0+2_0i}}", "{{1+2ix}}", "{{add 1+0i 2}}", "{{f64 1+0i}}", "{{add 0i 1}}", "{{u8 1+0i}}", "{{c128 1}}", "{{c128 1i}}", "{{print 1+2i 3i}}",
	"{{'a'}} {{'\\n'}} {{'\\''}} {{'\\\\'}} {{'\\x41'}} {{'\\xff'}} {{'\\101'}} {{'\\u4e16'}} {{'\\U0001F600'}} {{'世'}}", "{{''}}", "{{'ab'}}", "{{'\\\"'}}", "{{'\\q'}}", "{{'a\\q'}}", "{{'\\x4'}}", "{{'\xff'}}", "{{'\\ud800'}}", "{{'\\400'}}",
	"{{i8 127}} {{i8 128}} {{i8 -129}} {{u8 255}} {{u8 256}} {{u16 65536}} {{f32 0.1}} {{f32 1e300}} {{f32 16777217}} {{i64 1e3}} {{u64 1e19}} {{add 1.0 2}} {{f64 'a'}} {{add 'a' 1}}", "{{u8 -1}}", "{{u8 1.5}}", "{{add 1.5 1}}", "{{add 1e30 1}}", "{{u64 -0}}", "{{u64 18446744073709551616.0}}",
	"{{add 9223372036854775807.0 0}}", "{{add -9223372036854775808.0 0}}", "{{u64 18446744073709551615.0}}", "{{f64 18446744073709551615}}", "{{print 18446744073709551615}}", "{{9223372036854775807.0}}", "{{printf `%T %T %T %T %T` 1 1.0 'a' 1i 0x1p1}}",
	// Strings.
	`{{"\a\b\f\n\r\t\v\\\"\x41\101\u00e9\U0001F600"}}`, `{{"\xff\377"}}`, `{{"\400"}}`, `{{"\q"}}`, `{{"\x4"}}`, `{{"\ud800"}}`, `{{"\U00110000"}}`, `{{"\'"}}`, "{{\"a\xffb\"}}", "{{`a\xffb`}}", "{{`a\r\nb`}}", "{{`a\\nb`}}", "{{`\n`}}\n{{fail `e`}}", `{{"é" | len}}{{"é"}}`, `{{""}}`,
	// Variables.
	"{{$x := 1}}{{$x}}{{$x = 2}}{{$x}}", "{{$x = 1}}", "{{$x = 1}}{{$x}}", "{{$x}}", "{{$x := $x}}", "{{$x := 1}}{{$x := $x}}{{$x}}", "{{$x := 1}}{{if true}}{{$x := 2}}{{$x}}{{end}}{{$x}}", "{{$x := 1}}{{if true}}{{$x = 2}}{{$x}}{{end}}{{$x}}", "{{if true}}{{$x := 2}}{{end}}{{$x}}",
	"{{if $x := 1}}{{$x}}{{else}}{{$x}}{{end}}", "{{if $x := 0}}{{$x}}{{else}}e{{$x}}{{end}}", "{{with $x := 0}}{{$x}}{{else}}e{{$x}}{{end}}", "{{with $x := 5}}{{.}}{{$x}}{{end}}", "{{if $x := 1}}{{end}}{{$x}}", "{{$x.y := 1}}", "{{$x := 1}}{{$x.y := 1}}", "{{$x := 1}}{{$x.y}}", "{{$x, $y := 1}}",
	"{{range $x, $y, $z := list}}{{end}}", "{{range $x, 1 := list}}{{end}}", "{{range $x, }}{{end}}", "{{range $x, $y}}{{end}}", "{{range $x, $y := }}{{end}}", "{{$x := }}", "{{if $x, $y := 1}}{{end}}", "{{print ($x := 1)}}{{$x}}", "{{and 0 ($x := 1)}}{{$x}}", "{{and 1 ($x := 2)}}{{$x}}", "{{$x := 5}}{{and 0 ($x := 1)}}{{$x}}",
	"{{$x := 5}}{{and 1 ($x := 2)}}{{$x}}", "{{$x := 5}}{{or 1 ($x := 2)}}{{$x}}{{$x = 6}}{{$x}}", "{{range seq 1 3}}{{$x := 0}}{{or (eq . 2) ($x := .)}}{{$x}};{{end}}", "{{$ = 5}}{{$}}{{.}}", "{{$x := 1 | add 2}}{{$x}}", "{{$x := 1}}{{range seq 1 3}}{{$x = add $x .}}{{end}}{{$x}}", "{{$x:=1}}{{$x}}", "{{$x :=1}}{{$x}}",
	"{{$ := 1}}{{$}}", "{{$1 := 2}}{{$1}}", "{{range $x, $x := list 7 8}}{{$x}}{{end}}", "{{$x := 1}}{{range $x, $x = list 7 8}}{{$x}}{{end}}{{$x}}", "{{range ($a := seq 1 2)}}{{.}}{{end}}{{$a}}", "{{template `t` ($a := 3)}}{{$a}}{{define `t`}}{{.}}{{end}}", "{{$x := nilany}}{{$x.X}}", "{{$x := list 1}}{{$x | len}}", "{{$x | len}}",
	"{{range $v := list 1 nil}}{{$v.x}}{{end}}", "{{range $v := list nil}}{{$v.x}}{{end}}", "{{$v := 1}}{{range $v = list nil}}{{end}}{{$v.x}}", "{{$v := 1}}{{range $v = list 5}}{{end}}{{$v.x}}", "{{$v := 1}}{{range $v = list 5}}{{end}}{{$v = 5}}{{$v.x}}", "{{range list 1}}{{.x}}{{end}}", "{{range list 1}}{{with .}}{{.x}}{{end}}{{end}}",
	"{{range $k, $v := map `a` 1}}{{$k.x}}{{end}}", "{{range $k, $v := map `a` 1}}{{$v.x}}{{end}}", "{{range list (list 1)}}{{range .}}{{.x}}{{end}}{{end}}", "{{range list}}{{else}}{{.x}}{{end}}", "{{range list nil}}{{range .}}a{{else}}{{.x}}{{end}}{{end}}", "{{range list nil}}{{if .}}a{{else}}{{print .}}{{.}}{{len .}}{{end}}{{end}}",
	// Where mutants of the engine went unnoticed.
	"{{$p := ppair `a` `b`}}{{eq $p $p}}{{eq $p (ppair `a` `b`)}}{{ne $p nilpair}}", "{{eq (c128 1+2i) (c128 1+3i)}}{{eq (c128 1+2i) (c128 2+2i)}}{{eq (c128 1+2i) 1+2i}}", "{{eq (any (u8 1)) (any (u8 2))}}{{eq (any (u8 1)) (any (u8 1))}}{{eq (any (u8 1)) (any 1)}}", "{{eq (temp `n` 3) (temp `n` 3)}}{{eq (temp `n` 3) (temp `n` 4)}}{{eq (temp `n` 3) (temp `m` 3)}}",
	"{{eq (c64 1+2i) (c128 1+2i)}}", "{{eq (date) (date)}}", "{{eq (dur 5) (dur 5)}}{{eq (dur 5) 5}}", "{{eq (list) (strs)}}", "{{eq (pair `a` `b`) (temp `a` 1)}}", "{{lt (dur 5) (dur 6)}}{{lt (u8 5) -1}}{{lt 5 (u64 6)}}{{le 1.5 (f32 1.5)}}{{gt (i8 -1) (u64 18446744073709551615)}}",
	"{{$s := slice (list 1 2 3 4) 1 2}}{{len (slice $s 0 3)}}{{slice $s 0 3}}", "{{slice (slice (list 1 2 3 4) 1 2 3) 0 3}}", "{{slice (slice (list 1 2 3 4 5) 2 3 4) 0 2}}{{slice (slice (list 1 2 3 4 5) 2 3 5) 1 3}}", "{{slice (slice (ints 1 2 3 4 5) 1 4) 1 3 4}}", "{{slice (slice (ints 1 2 3 4 5) 1 4) 1 3 5}}",
	"{{\"a\"\"1234567\"}}", "{{\"a\"\"12345678\"}}", "{{\"a\"\"123456789\"}}", "{{\"a\" \"12345678\" .. }}", "{{print `12345678` =}}", "{{if `12345678`, 1}}", "{{template `123456789`1}}", "{{js \"\u0080\u00ff\u007f\"}}", "{{a\x80b}}", "{{.a\x80}}", "{{$a\x80}}", "{{\x7f}}", "{{\u0080}}", "{{.\u0391b}}{{.\u03b1}}",
	"{{with 0}}a{{else with 2}}{{.}}{{else}}{{.}}{{end}}{{.}}", "{{if 0}}a{{else if 2}}{{.}}{{end}}", "{{with $x := 0}}{{else with $y := $x}}{{else}}{{$x}}{{$y}}{{end}}", "{{with 0}}{{else with 0}}{{else with 3}}{{.}}{{end}}{{print .}}", "{{range $x := list 1 2}}{{with $x}}{{.}}{{else with 5}}{{.}}{{end}}{{end}}",
	"{{range $i, $i := list 7 8}}{{$i}}{{end}}", "{{$i := 0}}{{range $i, $i = list 7 8}}{{$i}}{{end}}{{$i}}", "{{$i := 0}}{{$e := 0}}{{range $i, $e = map `a` 1 `b` 2}}{{end}}{{$i}}{{$e}}", "{{range $i := 3}}{{$i}}{{end}}", "{{$i := 9}}{{range $i = 3}}{{$i}}{{end}}{{$i}}", "{{range $i, $e := 3}}{{end}}", "{{range $k, $v := imap 3 1 2}}{{$k}}{{$v}}{{end}}",
	"{{define `t`}}{{with .}}{{template `t`}}{{else}}-{{end}}{{end}}{{with 1}}{{template `t` .}}{{end}}{{template `t`}}", "{{define `t`}}{{if .}}{{template `t` nil}}{{else}}{{range list 1 2}}{{.}}{{template `u` .}}{{end}}{{end}}{{end}}{{define `u`}}<{{.}}>{{end}}{{template `t` 1}}", "{{define `t`}}{{if .}}{{template `t` (slice . 1)}}{{else}}{{fail `deep`}}{{end}}x{{end}}{{template `t` `ab`}}",
	"{{(pair `a` `b`).key}}", "{{(temp `n` 1).hidden}}", "{{(temp `n` 1).aName}}", "{{(pair `a` `b`).Key.x}}", "{{(imap 1).a}}", "{{(imap 1).a 1}}", "{{(map `a` 1).a 2}}", "{{(pair `a` `b`).Key 2}}", "{{with map `a` (temp `n` 2)}}{{.a.Add 1}}{{.a.Name}}{{end}}", "{{range list (temp `n` 2) (map `Name` `m`) (pair `k` `v`)}}{{.Name}}{{end}}", "{{range list (map `Key` `m`) (pair `k` `v`) (ppair `p` `q`) nilpair}}{{.Key}}{{end}}",
	// If, with, else chains.
	"{{if true}}a{{end}}", "{{if 0}}a{{else if 0}}b{{else if 1}}c{{else}}d{{end}}", "{{if 0}}a{{else if 0}}b{{else}}d{{end}}", "{{with 0}}a{{else with 5}}{{.}}{{end}}", "{{with 0}}a{{else with 0}}b{{else}}c{{end}}", "{{with 1}}{{else if 1}}{{end}}", "{{if 1}}{{else with 1}}{{end}}", "{{range list}}{{else if 1}}{{end}}",
	"{{range list}}{{else with 1}}{{end}}", "{{if 0}}{{else if}}{{end}}", "{{if 1}}a{{else if 1}}b{{end}}{{end}}", "{{with list 1}}{{with .}}{{.}}{{end}}{{end}}", "{{with $x := 3}}{{with $y := 4}}{{$x}}{{$y}}{{.}}{{end}}{{.}}{{end}}", "{{if not true}}a{{end}}", "{{if and true (eq 1 1)}}a{{end}}", "{{if (print)}}T{{else}}F{{end}}",
	// Range, break, continue.
	"{{range seq 1 5}}{{if eq . 3}}{{break}}{{end}}{{.}}{{end}}", "{{range seq 1 5}}{{if eq . 3}}{{continue}}{{end}}{{.}}{{end}}", "{{range seq 1 2}}{{range seq 1 3}}{{if eq . 2}}{{break}}{{end}}{{.}}{{end}};{{end}}", "{{break}}", "{{continue}}", "{{range list}}{{else}}{{break}}{{end}}", "{{range list 1}}{{break 1}}{{end}}",
	"{{range list 1}}{{continue | print}}{{end}}", "{{range list 1}}{{block `t` .}}{{break}}{{end}}{{end}}", "{{range list 1}}{{with 1}}{{break}}{{end}}x{{end}}y", "{{range 5}}{{.}}{{end}}", "{{range 0}}{{else}}e{{end}}", "{{range -1}}{{else}}e{{end}}", "{{range $i := 3}}{{$i}}{{end}}", "{{range $i, $e := 3}}{{end}}",
	"{{range u8 3}}{{printf `%T` .}}{{end}}", "{{range 1.5}}{{end}}", "{{range `abc`}}{{end}}", "{{range ``}}{{end}}", "{{range true}}{{end}}", "{{range pair `a` `b`}}{{end}}", "{{range nilpair}}{{end}}", "{{range ppair `a` `b`}}{{end}}", "{{range nilmap}}{{else}}e{{end}}", "{{range nilstrs}}{{else}}e{{end}}",
	"{{range nilany}}{{else}}e{{end}}", "{{range .}}{{else}}e{{.}}{{end}}", "{{range $k, $v := map `b` 1 `a` 2 `10` 3 `9` 4}}{{$k}}={{$v}};{{end}}", "{{range imap 10 9 -1}}{{.}};{{end}}", "{{range $k, $v := imap 10 9 -1}}{{$k}}={{$v}};{{end}}", "{{range pairs `k` `v` `l` `w`}}{{.Key}}={{.Value}};{{end}}",
	"{{range $i, $e := pairs `k` `v` `l` `w`}}{{$i}}{{$e.Key}}={{$e.Value}};{{end}}", "{{range pairs `k` `v`}}{{.Nope}}{{end}}", "{{(pairs `k` `v`).Len}}", "{{range $x := list 1 2}}{{$x}}{{else}}{{$x}}{{end}}", "{{range $i, $e := list}}{{else}}{{$i}}{{$e}}{{end}}", "{{range seq 1 3}}{{.}}{{end}}{{.}}", "{{range i8 3}}{{.}}{{end}}",
	"{{range u64 2}}{{.}}{{end}}", "{{range f32 2.0}}{{.}}{{end}}", "{{range 2i}}{{end}}",
	// Templates.
	"{{define `a`}}A{{.}}{{end}}{{template `a`}}{{template `a` 1}}", "{{template `nope`}}", "{{template `nope` 1}}", "{{template}}", "{{template a}}", "{{template `a` | print}}", "{{template 1}}", "{{define}}{{end}}", "{{define a}}{{end}}", "{{define `a` .}}{{end}}", "{{define `a`}}", "{{define `a`}}{{else}}{{end}}",
	"{{define `a`}}x{{end}}{{define `a`}}y{{end}}", "{{define `a`}}{{end}}{{define `a`}}y{{end}}{{template `a`}}", "{{define `a`}}x{{end}}{{define `a`}} \n{{end}}{{template `a`}}", "{{define `a`}}x{{end}}{{define `a`}}{{/* c */}}{{end}}{{template `a`}}", "{{define `a`}}x{{end}}{{define `a`}}{{$x := 1}}{{end}}",
	"{{define `x`}}y{{end}}", "{{define `x`}}y{{end}} \n", "{{define `x`}}y{{end}}z", "{{if 1}}{{define `a`}}{{end}}{{end}}", "{{define `a`}}{{define `b`}}{{end}}{{end}}", "{{define \"a\\q\"}}{{end}}", "{{template \"a\\q\"}}", "{{block `b` 1}}<{{.}}>{{end}}", "{{block `b`}}x{{end}}", "{{block b 1}}x{{end}}", "{{block `b` 1}}x{{else}}y{{end}}",
	"{{block `b` .}}1{{end}}{{define `b`}}2{{end}}", "{{block `b` .}}{{end}}{{define `b`}}2{{end}}", "{{define `b`}}2{{end}}{{block `b` .}}{{end}}", "{{block `b` 1}}{{block `c` 2}}{{.}}{{end}}{{.}}{{end}}", "{{define `a`}}\n\n{{fail `e`}}{{end}}{{template `a`}}", "x{{define `a`}}{{$x}}{{end}}", "{{$x := 1}}{{define `a`}}{{$x}}{{end}}",
	"{{define `a`}}{{if .}}{{.}}{{template `a` (slice . 1)}}{{end}}{{end}}{{template `a` `abc`}}", "{{define `t`}}{{$}}{{$x := 1}}{{$x}}{{end}}{{$x := 5}}{{template `t` $x}}{{$x}}", "{{define `t`}}{{.X}}{{end}}{{template `t` nil}}", "{{template `t` 1 | print}}{{define `t`}}{{.}}{{end}}", "{{define `a\"b`}}{{fail `e`}}{{end}}{{template `a\"b` 1 | print}}",
	"{{template `é\x01` 1 2}}", "{{define `t`}}{{range .}}{{.x}}{{end}}{{end}}{{template `t` (list 1)}}", "{{with list nil}}{{range .}}{{template `t` .}}{{end}}{{end}}{{define `t`}}{{.}}{{print .}}{{.x}}{{end}}", "{{block `a` 1}}\n{{/* \n */}}\n{{nope}}{{end}}", "{{define `a`}}\n{{end}}\n{{nope}}", "{{define `a`}}\n\n{{else}}{{end}}", "{{block `a` 1}}\n\n{{else}}{{end}}",
	// Calls, pipelines, positions.
	"{{add 1}}", "{{add 1 2 3}}", "{{1 | add}}", "{{1 | add 2 3}}", "{{getv}}", "{{getv `/a`}}", "{{getv `/zz`}}", "{{getv `/zz` `d`}}", "{{`/a` | getv}}", "{{`d` | getv `/zz`}}", "{{1 | getv}}", "{{1 | getv `/zz`}}", "{{getv 1}}", "{{getv .x}}", "{{getv nil}}", "{{getv nilany}}", "{{getv (nilany)}}", "{{add 1 (getv `/a`)}}", "{{add (f64 1.0) 2}}",
	"{{(getv `/a`).X}}", "{{(getv `/zz`).X}}", "{{getv `/zz` | print}}", "{{print (getv `/zz`)}}", "{{print 1 | getv `/zz` | print}}", "{{1.5 | add 1}}", "{{div 1 0}}", "{{div 1 0 | print}}", "{{add (div 1 0) 1}}", "{{fail `100%`}}", "{{fail \"%s %d\"}}", "{{getv `/odd%`}}", "{{getv `/%d`}}", "{{print (fail `a`) (fail `b`)}}", "{{nilany.X}}", "{{(nilany).X}}",
	"{{any 5 | print}}", "{{(any 5).x}}", "{{any (any 5)}}", "{{printf 1}}", "{{printf}}", "{{printf `%d` 1}}", "{{printf `%d %s` 1}}", "{{printf `%d` 1 2}}", "{{1 | printf `%d-%d` 2}}", "{{printf `%v` nil}}", "{{printf `%v %v` nilany (nilany)}}", "{{print 1 2 `a` `b` 3 4}}", "{{print nil nil}}", "{{println}}", "{{print}}", "{{println 1 `a`}}", "{{print (nilmap) nilstrs nilpair}}",
	"{{html}}", "{{html nil}}", "{{html `<a href=\"x\">'&\x00'`}}", "{{html 1 `<` 2}}", "{{js `'\"<>&=\\ \x01\n\x7fé\u2028\u00a0\xff😀`}}", "{{urlquery `a b/c?é~-_.\xff`}}", "{{urlquery 1 2}}", "{{js}}", "{{urlquery}}", "{{html (ppair `<` `>`)}}", "{{html nilpair}}", "{{js nil}}", "{{html (list 1 `<`)}}",
	"{{and}}", "{{or}}", "{{not}}", "{{and 1}}", "{{or 0}}", "{{and 1 0 (fail `x`)}}", "{{or 0 1 (fail `x`)}}", "{{and 1 2 3}}", "{{or 0 `` nil}}", "{{1 | and 0}}", "{{1 | and}}", "{{fail `x` | and 0}}", "{{and nil 1}}", "{{or nilany 5}}", "{{or 0 nilany}}", "{{(and 1 nilany).X}}", "{{and 1 (fail `e`)}}", "{{not 1 2}}", "{{and 1 nope}}",
	"{{len}}", "{{len 1 2}}", "{{len nil}}", "{{len .}}", "{{len nilany}}", "{{len (nilany)}}", "{{len nilpair}}", "{{len 1}}", "{{len (map `a` 1)}}", "{{len (pair `a` `b`)}}", "{{len fn}}", "{{index}}", "{{index 1}}", "{{index nil}}", "{{index nil 1}}", "{{index (list 1 2) 1}}", "{{index (list 1 2) 2}}", "{{index (list 1 2) 3}}", "{{index (list 1 2) -1}}",
	"{{index `abc` 1}}", "{{index `abc` 3}}", "{{index `abc` 4}}", "{{index (map `a` 1) `a`}}", "{{index (map `a` 1) `b`}}", "{{index (map `a` 1) 1}}", "{{index (map `a` 1) nil}}", "{{index (smap `a` `x`) `b`}}", "{{index (imap 1 2) 1}}", "{{index (imap 1 2) (u8 2)}}", "{{index (imap 1 2) 3}}", "{{index (map `a` (list 1 (map `b` 7))) `a` 1 `b`}}",
	"{{index (map `a` nil) `a` 1}}", "{{index (list 1) (u64 18446744073709551615)}}", "{{index (list 1) (i8 0)}}", "{{index nilmap `a`}}", "{{index nilstrs 0}}", "{{index nilpair 0}}", "{{index (ppair `a` `b`) 0}}", "{{index 1 0}}", "{{(index (list nil) 0).x}}", "{{(index (list 5) 0).x}}", "{{index (list 1)}}", "{{slice}}", "{{range list 1}}{{slice `abc` .}}{{end}}", "{{range $v := list 1}}{{slice `abc` $v}}{{end}}", "{{slice `abc` (map `a` 1).a}}", "{{with map `a` 1}}{{slice `abc` .a}}{{end}}", "{{with 1}}{{slice `abc` .}}{{end}}", "{{range seq 1 2}}{{slice `abc` .}}{{end}}", "{{$v := any 1}}{{slice `abc` $v}}", "{{slice `abc` (any 1)}}", "{{with map `a` (map `b` 1)}}{{slice `abc` .a.b}}{{end}}", "{{index `abc` (map `a` 1).a}}", "{{slice (list 1 nil) (len (slice `abc` (map `a` 1).a))}}", "{{slice `abc`}}", "{{slice `abc` 1}}", "{{slice `abc` 1 2}}",
	"{{slice `abc` 1 2 3}}", "{{slice `abc` 4}}", "{{slice `abc` 3}}", "{{slice `abc` 2 1}}", "{{slice `abc` -1}}", "{{slice `é` 0 1}}", "{{slice (list 1 2 3) 1}}", "{{slice (list 1 2 3) 1 2}}", "{{slice (list 1 2 3) 1 2 3}}", "{{slice (list 1 2 3) 1 2 1}}", "{{slice (list 1 2 3) 0 4}}", "{{slice (list 1 2 3) 1 2 3 4}}", "{{slice (slice (list 1 2 3) 0 1) 0 3}}",
	"{{slice nil}}", "{{slice 1}}", "{{slice nilstrs}}", "{{slice nilstrs 0 0}}", "{{slice nilpair}}", "{{slice (map `a` 1)}}", "{{slice `abc` `a`}}", "{{slice `abc` nil}}", "{{slice `abc` 1.0}}", "{{call}}", "{{call nil}}", "{{call nilany}}", "{{call fn}}", "{{call fn 1}}", "{{call fn 1 2}}", "{{call fn `a`}}", "{{call fn (u8 1)}}", "{{call fn nil}}", "{{call 1}}", "{{call `a` 1}}",
	"{{1 | call fn}}", "{{fn | call}}", "{{`a` | call}}", "{{1 | call}}", "{{call .x}}", "{{call (fn) 1}}", "{{call .x.y 1}}", "{{$f := fn}}{{call $f 2}}{{call $f}}", "{{fn}}", "{{fn 1}}", "{{(fn).x}}", "{{fn.x}}", "{{call fn 1.0}}", "{{call fn 1.5}}", "{{call fn (any 3)}}",
	"{{eq}}", "{{eq 1}}", "{{eq 1 1}}", "{{eq 1 2 1.0}}", "{{eq 1 1 1.0}}", "{{eq 1 2 3 1}}", "{{1 | eq 1}}", "{{1 | eq}}", "{{ne 1}}", "{{ne 1 2 3}}", "{{lt 1}}", "{{lt 1 2}}", "{{le 2 2}}", "{{gt `b` `a`}}", "{{ge 1.5 1.5}}", "{{lt nil 1}}", "{{lt 1 nil}}", "{{lt true false}}", "{{lt 1i 2i}}", "{{lt (list) 1}}", "{{le 1 `a`}}", "{{gt 1 1.5}}", "{{lt -1 (u8 1)}}", "{{lt (u64 18446744073709551615) -1}}",
	"{{eq (ppair `a` `b`) nil}}", "{{eq nilpair nil}}", "{{eq nilmap nil}}", "{{eq (list) nil}}", "{{eq (map) nil}}", "{{eq (nilmap) (nilmap)}}", "{{eq nilstrs (strs `a`)}}", "{{eq (strs `a`) (strs `a`)}}", "{{eq (ints 1 2) (ints 1 2)}}", "{{eq (map) (map)}}", "{{eq (pair `a` `b`) (pair `a` `b`)}}", "{{eq (pair `a` `b`) 1}}", "{{eq fn nil}}", "{{eq 1 nil}}", "{{eq nil nil}}", "{{eq .x 1}}", "{{eq .x .y}}", "{{eq (list) (map)}}",
	"{{takePtr nil}}", "{{takePtr (pair `a` `b`)}}", "{{takePair nilpair}}", "{{takePair (ppair `a` `b`)}}", "{{takePairs (pairs `a` `b`)}}", "{{takePairs nil}}", "{{takeErr nil}}", "{{takeErr 1}}", "{{takeErr .x}}", "{{takeInts .x}}", "{{takeInts `a`}}", "{{takeInts 1}}", "{{takeInts nilany}}", "{{takeMap (any (map `a` 1))}}", "{{range list (ints 1 2)}}{{takeInts .}}{{end}}",
	"{{range list `a`}}{{takeInts .}}{{end}}", "{{range list nil}}{{takeInts .}}{{end}}", "{{range list 1}}{{add . 1}}{{end}}", "{{range list 1.0}}{{add . 1}}{{end}}", "{{join (list `a`) `,`}}", "{{join (strs `a` `b`) `,`}}", "{{strs `a` `b` | join}}", "{{`,` | join (strs `a` `b`)}}",
	"{{(map `a` 1).a}}", "{{(map `a` 1).b}}", "{{(map `a` 1).b.c}}", "{{(map `a` nil).a}}", "{{(map `a` nil).a.b}}", "{{(map `a` 1).a.b}}", "{{(map `a` (map `b` nil)).a.b.c}}", "{{(map `a` (map `b` 1.5)).a.b.c}}", "{{(smap `a` `x`).a}}", "{{(smap `a` `x`).b}}", "{{(smap `a` `x`).b.c}}", "{{(smap `a` `x`).a.c}}", "{{(imap 1).a}}", "{{(map `a` 1).a 2}}", "{{1 | (map `a` 1).a}}",
	"{{(nilmap).a}}", "{{nilmap.a}}", "{{nilpair.Key}}", "{{nilpair.Nope}}", "{{(ppair `a` `b`).Key}}", "{{(pair `a` `b`).key}}", "{{(list (pair `a` `b`)).Key}}", "{{(strs `a`).x}}", "{{(map `a` (pair `k` `v`)).a.Nope}}", "{{(map `__proto__` 1).__proto__}}", "{{(map).constructor}}", "{{(map).__proto__}}", "{{(pair `a` `b`).constructor}}", "{{(list).length}}", "{{`a`.length}}", "{{(`a`).length}}",
	"line1\nline2 {{fail `e`}}", "line1\r\n\té {{ fail `e` }}", "{{print\n(fail\n`e`)}}", "{{/* a */}}{{\n\nfail `e`}}", "{{ .x.y.z | fail }}", "{{$x := map `a` 1}}{{$x.a.b}}", "{{   print   1|print   2 (  fail   \"a\\x41\"  )  }}", "{{if fail `e`}}{{end}}", "{{with $x := fail `e`}}{{end}}", "{{range $i, $e := fail `e`}}{{end}}", "{{$x := fail `e`}}", "{{$x := 1}}{{$x = fail `e`}}", "{{template `t` fail `e`}}{{define `t`}}{{end}}",
	"{{print (print (print (fail `e`)))}}", "{{(fail `e`).x.y}}", "{{fail}}", "{{print fail}}", "{{fail.x}}", "{{getv 0x1F}}", "{{getv 'a'}}", "{{add `x` 1}}", "{{add true 1}}", "{{bool 1}}", "{{upper 1.5}}", "{{f64 `a`}}", "{{c128 `a`}}", "{{takeInts true}}", "{{takePair 1}}", "{{takeErr `a`}}", "{{(1 | add 2) | print}}", "{{1 | print | print | len | add 1 | printf `%03d`}}",
}

// recursive counts to n by calling itself, in each of the statements that can hold a call.
var recursive = []string{
	"{{define `a`}}{{if lt . N}}{{template `a` (add . 1)}}{{else}}x{{end}}{{end}}{{template `a` 1}}",
	"{{define `a`}}{{with .}}{{if lt . N}}{{template `b` .}}{{else}}x{{end}}{{end}}{{end}}{{define `b`}}{{$y := .}}{{template `a` (add . 1)}}{{$y | print | len | printf `%.1s`}}{{end}}{{template `a` 1}}",
	"{{define `a`}}{{$d := .}}{{range $i, $e := list 1 2 3}}{{if lt $d N}}{{template `a` (add $d 1)}}{{break}}{{end}}{{end}}{{if eq $d 1}}{{$d}}{{end}}{{end}}{{template `a` 1}}",
	"{{define `a`}}{{range .}}{{.}}{{else}}{{break}}{{end}}{{end}}{{template `x`}}",
	"{{define `t`}}{{if .}}{{with .l}}{{template `t` .}}{{end}}{{.v}}{{range .r}}{{template `t` .}}{{continue}}{{end}}{{end}}{{end}}{{template `t` map `v` 1 `l` (map `v` 2 `l` (map `v` 3)) `r` (list (map `v` 4) nil (map `v` 5 `r` (list (map `v` 6))))}}",
	"{{define `t`}}{{range .}}{{template `t` .}}{{else}}{{fail `deep`}}{{end}}{{end}}{{template `t` list (list (list))}}",
	"{{range $y := map `a` (smap) `r` 1}}{{$y = $y.Value}}{{end}}", "{{range $k, $v := map `a` 1 `b` 2}}{{range $v = ints 1}}{{end}}{{if eq $k `b`}}{{$v.x}}{{end}}{{end}}", "{{range $v := list 1 2}}{{if eq $v 2}}{{$v.x}}{{end}}{{$v = 5}}{{end}}",
	"{{define `t`}}{{template `u` .}}{{end}}{{define `u`}}{{if .}}{{template `t` nil}}{{end}}{{.Nope}}{{end}}{{template `t` 1}}",
}

// The members of times, durations and pairs.
var memberCases = []string{
	"date", "date.Location", "date.UTC.Location", "date.Local", "date.Date", "date.Clock", "date.ISOWeek", "date.Zone", "date.ZoneBounds", "date.Date.x", "date.Zone 1", "date.Nope", "date.Year.x",
	"date.MarshalText", "printf `%s` date.MarshalText", "printf `%x` date.MarshalBinary", "printf `%x` date.GobEncode", "printf `%x` (date.AppendBinary nil)", "printf `%s` (date.AppendFormat nil `2006`)", "printf `%s` (date.AppendFormat (slice date.MarshalText 0 4) `-01`)", "printf `%s` (date.AppendText nil)",
	"date.AppendFormat", "date.AppendFormat 1 `a`", "date.AppendFormat `a` `b`", "date.AppendFormat nil", "date.UnmarshalText nil", "date.UnmarshalJSON", "date.GobDecode nil", "(date.AddDate 9000 0 0).MarshalJSON", "(date.AddDate 9000 0 0).AppendText nil", "(date.AddDate 9000 0 0).MarshalText",
	"printf `%v` date.Location", "printf `%s %d` date.Location date", "printf `%+v` date", "printf `%#v` date", "print date.Location", "with date.Location}}{{.}}{{end", "html date.Location", "date.Location.String", "date.Location.Nope", "date.In date.Location", "date.In nil", "date.In 1", "eq date.Location date.UTC.Location",
	"(pairs).Len", "(pairs `a` `1` `b` `2`).Less 0 1", "(pairs `a` `1` `b` `2`).Less 1 0", "(pairs).Less 0 1", "pairs.Less 1 0", "(pairs `a` `1`).Less 0 1", "(pairs `a` `1`).Less -1 0", "(pairs `a` `1`).Less 0", "(pairs `a` `1`).Less `a` 0", "(pairs `a` `1`).Swap 0 0", "(pairs).Swap", "(pairs).Swap 1 `a`", "1 | (pairs).Swap 1", "(pairs).Swap.x", "pairs.Nope", "(pairs `a` `1`).Key",
	"dur 0", "dur 1500000000", "(dur 90061001002003).Hours", "(dur -1).Abs", "(dur 1500000000).Round (dur 1000000000)", "(dur 1).Round 1", "(dur 1).Nope", "dur 1.5", "printf `%d %v %s %q %x` (dur 5) (dur 5) (dur 5) (dur 5) (dur 5)", "date.Add (dur 1000000000)", "date.Add 1", "date.Sub date", "date.Month | printf `%d %s %v`", "(date.AddDate 0 2 40).Weekday", "date.Format", "date.Format 1", "date.Format `Jan _2 15:04:05.000 MST`", "date.Equal date", "date.Before nil",
	"json `{\"a\":[1,2.5,null,\"x\"]}`", "(json `{\"a\":{\"b\":1}}`).a.b", "(json `{\"a\":null}`).a.b", "(json `[]`).a", "json `{`", "json ``", "json `{\"a\":1,\"a\":2}`", "json `\"\\ud800\"`", "json `1e999`", "range json `{\"b\":1,\"a\":{\"c\":2}}`}}{{.}};{{end", "range $k, $v := json `[1,\"a\"]`}}{{$k}}={{$v}};{{end", "printf `%T %v` (json `1e21`) (json `123456789`)",
	"c64 1+2i", "i16 40000", "i32 -1", "uint 1", "uint -1", "printf `%T` (c64 1i)", "range list 1 (list)}}{{range .}}{{else}}{{break}}{{end}};{{end", "range seq 1 3}}{{range list}}{{else}}{{continue}}{{end}};{{end", "range seq 1 2}}{{range list}}{{else}}{{break}}{{end}}{{.}}{{end",
}

// nested is deep enough to be a test of recursion and shallow enough for every stack.
func nested(n int, open, middle, close string) string {
	return strings.Repeat(open, n) + middle + strings.Repeat(close, n)
}

func methodNames(value any) []string {
	var names []string
	for method := range reflect.TypeOf(value).Methods() {
		names = append(names, method.Name)
	}
	return names
}

// templateCases are the rows chosen by hand.
func templateCases() []templateRow {
	var rows []templateRow
	for _, text := range plainCases {
		rows = append(rows, templateRow{Template: text})
	}
	for _, text := range []string{nested(100, "{{if 1}}", "x", "{{end}}"), "{{" + nested(100, "(", "1", ")") + "}}", "{{" + nested(50, "(print ", "fail `e`", ")") + "}}"} {
		rows = append(rows, templateRow{Template: text})
	}
	for _, text := range recursive {
		for _, n := range []string{"3", "20000", "100000", "100001"} {
			// An error below many ranges takes Go minutes: each of them throws it anew.
			if n == "3" || (strings.Contains(text, "N}}") && !strings.Contains(text, "range")) {
				rows = append(rows, templateRow{Template: strings.ReplaceAll(text, "N}}", n+"}}")})
			}
		}
	}
	for _, text := range memberCases {
		rows = append(rows, templateRow{Template: "{{" + text + "}}"}, templateRow{Template: "{{with " + text + "}}{{print .}}{{end}}"})
	}
	for _, method := range methodNames(time.Time{}) {
		for _, args := range []string{"", " `15`", " date", " (dur 90000000000)", " 1 2 3", " nil"} {
			rows = append(rows, templateRow{Template: "{{date." + method + args + "}}"})
		}
	}
	for _, method := range methodNames(time.Duration(0)) {
		for _, args := range []string{"", " (dur 90000000000)", " 1 2"} {
			rows = append(rows, templateRow{Template: "{{(dur -5400000000001)." + method + args + "}}"})
		}
	}
	for _, n := range []int{2, 3, 2000} {
		rows = append(rows, templateRow{Template: "{{if 0}}" + strings.Repeat("{{else if 0}}n", n) + "{{else}}x{{end}}"})
		rows = append(rows, templateRow{Template: "{{with 0}}" + strings.Repeat("{{else with $x := 0}}n", n) + "{{else with $x}}y{{else}}{{$x}}{{end}}"})
		rows = append(rows, templateRow{Template: "{{1" + strings.Repeat(" | print", n) + "}}"})
	}
	for _, missing := range []string{"zero", "error"} {
		for _, text := range []string{"{{.x}}", "{{.x.y}}", "{{(map `a` 1).b}}", "{{(map `a` 1).b.c}}", "{{(smap `a` `x`).b}}|", "{{(map `a` 1).a}}", "{{index (map `a` 1) `b`}}", "{{nilmap.a}}", "{{(map `a` nil).a}}", "{{$x := map}}{{$x.a}}", "{{with map}}{{else}}e{{end}}{{(map).a | print}}", "{{if (map).a}}T{{else}}F{{end}}"} {
			rows = append(rows, templateRow{Template: text, Missing: missing})
		}
	}
	for _, delims := range [][2]string{{"<<", ">>"}, {"[[", "]]"}, {"|", "|"}, {"(", ")"}, {"{%", "%}"}, {"//", "//"}, {"", "]]"}, {"é", "ü"}} {
		left, right := delims[0], delims[1]
		if left == "" {
			left = "{{"
		}
		for _, text := range []string{"a L1R b", "a L- 1 -R b", "L/* c */Rx", "Lfail `e`R", "Lif 1RaLendR", "L.xR{{1}}", "Ltemplate `t` 1 2R", "aLendR", "LfnR", "Lif fnRLfnRLendR", "LelseR", "Ldefine `t`RLelseRLendR", "Lif 1RLelseRLelseR", "L1", "L- /* c */ -R x", "Lprint (1)R", "L$x := 1RL$xR"} {
			filled := strings.NewReplacer("L", left, "R", right).Replace(text)
			rows = append(rows, templateRow{Template: filled, Left: delims[0], Right: delims[1]})
		}
	}
	for _, name := range []string{"a.tmpl", "100%.tmpl", "%d.tmpl", "50%", "é.tmpl", "a\"b", "dir/a b.tmpl", "\xff"} {
		for _, text := range []string{"{{fail `e`}}", "{{fail `%d`}}", "{{nope}}", "{{template `nope`}}", "{{.x", "{{$x}}", "{{add 1}}", "{{\n\"", "{{define `t`}}{{add 1 `a`}}{{end}}{{template `t`}}"} {
			// Of a token or node Go would print the insides there, addresses included.
			if !strings.Contains(name, "%") || !strings.ContainsAny(text, ".\n`") || text == "{{fail `e`}}" {
				rows = append(rows, templateRow{Template: text, Name: name})
			}
		}
	}
	return rows
}
