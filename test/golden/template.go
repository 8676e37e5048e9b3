package main

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"text/template"

	"golden/sample"
)

func init() { generators["template"] = templateRows }

// templateRow is one template and what Go's text/template made of it: the output, which may stop at an error.
type templateRow struct {
	Template string `json:"t"`
	Name     string `json:"n,omitempty"` // x if absent
	Left     string `json:"l,omitempty"`
	Right    string `json:"r,omitempty"`
	Missing  string `json:"m,omitempty"` // the missingkey option
	Out      string `json:"o,omitempty"`
	Error    string `json:"e,omitempty"`
}

// run fills in what Go says; all texts become byte strings.
func (row templateRow) run() templateRow {
	name := row.Name
	if name == "" {
		name = "x"
	}
	missing := row.Missing
	if missing == "" {
		missing = "default"
	}
	var out bytes.Buffer
	t, err := template.New(name).Option("missingkey="+missing).Delims(row.Left, row.Right).Funcs(sample.Funcs).Parse(row.Template)
	if err == nil {
		err = t.Execute(&out, nil)
	}
	if err != nil {
		row.Error = b(err.Error())
	}
	row.Template, row.Name, row.Out = b(row.Template), b(row.Name), b(out.String())
	row.Left, row.Right = b(row.Left), b(row.Right)
	return row
}

// The operands that are put in every context: one or more of each kind of value.
var templateOperands = []string{
	"true", "0", "1", "-3", "1.5", "1e3", "2i", `'a'`, `""`, `"a<b"`, "`k`", "nil", ".", ".x", ".x.y", "$", "$.x",
	`(list)`, `(list 1 "a" nil 2.5)`, `(map)`, `(map "a" 1 "b" nil)`, `(map "a" (map "b" (list 1)))`, `(smap "a" "x")`, `(imap 2 1)`,
	`(strs "b" "a")`, `(ints 3 1 2)`, `(pair "k" "v")`, `(pairs "k" "v" "l" "w")`, `(ppair "k" "v")`, "nilpair", "nilany", "(nilany)",
	"nilstrs", "(nilmap)", "nilmap", "(i8 3)", "(u8 200)", "(u64 18446744073709551615)", "(f32 1.5)", "(i64 -1)", "fn",
	`(temp "n" 3)`, `(ptemp "n" 3)`, "niltemp", `(any 5)`, `(any nil)`, `(list nil)`, `(index (list nil) 0)`, `(map "a" nil).a`,
	`(getv "/a")`, `(getv "/none")`, `(fail "no")`, "(seq 3 1)", "(seq 1 3)", "(len `abc`)", `(slice "abc" 1)`,
}

// The contexts; %s is where the operand goes.
var templateContexts = []string{
	"a{{%s}}b", "{{print %s}}", `{{printf "%%v|%%T" %s %[1]s}}`, "{{println %s 1}}", "{{html %s}}", "{{js %s 1}}", "{{urlquery %s}}",
	"{{if %s}}T{{else}}F{{end}}", "{{with %s}}[{{.}}]{{else}}none{{end}}", "{{with $v := %s}}{{$v}}{{end}}",
	"{{range %s}}<{{.}}>{{else}}none{{end}}", "{{range $e := %s}}<{{$e}}>{{else}}{{$e}}{{end}}",
	"{{range $i, $e := %s}}<{{$i}}={{$e}}>{{else}}[{{$i}}]{{end}}", "{{$i := 0}}{{$e := 0}}{{range $i, $e = %s}}{{end}}{{$i}} {{$e}}",
	"{{range %s}}{{.a}}{{end}}", "{{range %s}}{{.Key.Len}}{{end}}", "{{range $v := %s}}{{$v.x}}{{end}}",
	"{{len %s}}", "{{not %s}}", "{{index %s 0}}", `{{index %s "a"}}`, "{{index %s 1.0}}", `{{index (list 1 2) %s}}`, `{{index (map "a" 1) %s}}`,
	"{{slice %s}}", "{{slice %s 1}}", "{{slice %s 1 2}}", "{{slice %s 0 1 2}}", `{{slice "abcdef" %s}}`, "{{call %s 1}}", "{{call fn %s}}",
	"{{and %s 1}}", "{{and 1 %s}}", "{{or %s 1}}", "{{or 0 %s}}", "{{%s | or 0}}", "{{%s | not}}", `{{%s | printf "%%v" }}`, "{{%s | len}}",
	"{{add 1 %s}}", "{{%s | add 1}}", "{{upper %s}}", "{{%s | upper}}", "{{bool %s}}", "{{i8 %s}}", "{{u8 %s}}", "{{f64 %s}}", "{{f32 %s}}", "{{c128 %s}}",
	"{{takeInts %s}}", "{{takePairs %s}}", "{{takePair %s}}", "{{takePtr %s}}", "{{takeMap %s}}", "{{takeErr %s}}", "{{takeList %s}}", "{{%s | takeInts}}",
	"{{any %s}}", "{{(any %s).x}}", "{{%s.Key}}", "{{%s.a}}", "{{(%s).Hello}}", "{{(%s).a.b}}", "{{(%s).Key 1}}", "{{1 | (%s).a}}", "{{%s 1}}", "{{1 | %s}}",
	"{{$v := %s}}{{$v}}{{$v.a}}", "{{$v := 1}}{{$v = %s}}{{$v}}", `{{template "t" %s}}{{define "t"}}({{.}}{{.a}}){{end}}`,
	`{{block "t" %s}}{{with .}}{{.}}{{end}}{{end}}`, "{{eq %s}}", "{{eq %s nil}}", "{{list %s}}", `{{map "a" %s}}`, `{{join %s ","}}`,
}

// The operands of comparisons, each with each.
var templateComparands = []string{
	"true", "1", "2", "-1", "1.0", "1.5", "1i", `"a"`, `"b"`, "nil", "nilany", "(u8 1)", "(u64 18446744073709551615)", "(f32 1.5)", "(i8 1)",
	`(list 1)`, `(map "a" 1)`, `(pair "k" "v")`, `(pair "k" "w")`, `(temp "n" 3)`, "nilpair", "nilstrs", ".x", `(any "a")`,
}

// The methods and fields of a struct and of a pointer to it, with and without arguments.
var templateMembers = []string{
	".Name", ".N", ".Any", ".Any.x", ".hidden", ".Nope", ".Hello", ".Hello 1", ".Add", ".Add 1", ".Add 1 2", `.Add "a"`, ".Add 1.5", ".Fail", ".Fail.x",
	`.Join`, `.Join ","`, `.Join "," "a" "b"`, `.Join "," 1`, ".Nothing", ".Nothing.x", ".Name 1", ".Name.x", ".Self.Name", ".Self.Hello", ".Hello.x", ".Any 1",
}

var templateMemberContexts = []string{"{{(%s)%s}}", "{{with %s}}{{%s}}{{end}}", "{{$t := %s}}{{$t%s}}", "{{1 | (%s)%s}}", "{{with %s}}{{print (%s)}}{{end}}"}

// address is what a pointer, map or function prints where Go shows where it is; such rows would differ each time.
var address = regexp.MustCompile(`0x[0-9a-f]{6,}`)

func templateRows() []any {
	var rows []any
	seen := map[templateRow]bool{}
	add := func(row templateRow) {
		if done := row.run(); !seen[row] && !address.MatchString(done.Out+done.Error) {
			seen[row] = true
			rows = append(rows, done)
		}
	}
	for _, row := range templateCases() {
		add(row)
	}
	for i, context := range templateContexts {
		for j, operand := range templateOperands {
			endless := strings.Contains(context, "range") && strings.HasPrefix(operand, "(u64 ")
			if (i+j)%2 == 0 && !endless { // half of the square is telling enough
				add(templateRow{Template: fill(context, operand)})
			}
		}
	}
	for i, left := range templateComparands {
		for j, right := range templateComparands {
			add(templateRow{Template: fmt.Sprintf("{{eq %s %s}}", left, right)})
			operator := []string{"lt", "le", "gt", "ge", "ne"}[(i*len(templateComparands)+j)%5]
			add(templateRow{Template: fmt.Sprintf("{{%s %s %s}}", operator, left, right)})
		}
	}
	for _, context := range templateMemberContexts {
		for _, member := range templateMembers {
			for _, operand := range []string{`temp "n" 3`, `ptemp "n" 3`, "niltemp"} {
				add(templateRow{Template: fmt.Sprintf(context, operand, member)})
			}
		}
	}
	return rows
}

// fill puts an operand into a context without reading the operand as a format.
func fill(context, operand string) string {
	s := strings.ReplaceAll(context, "%[1]s", "%s")
	return strings.ReplaceAll(strings.ReplaceAll(s, "%s", operand), "%%", "%")
}
