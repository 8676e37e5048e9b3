package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

func regexFuncs() map[string]any {
	return map[string]any{
		"regexMatch": regexp.MatchString,
		"regexFind": func(expression, text string) (string, error) {
			re, err := regexp.Compile(expression)
			if err != nil {
				return "", err
			}
			return re.FindString(text), nil
		},
		"regexReplaceAll": func(expression, text, by string) (string, error) {
			re, err := regexp.Compile(expression)
			if err != nil {
				return "", err
			}
			return re.ReplaceAllString(text, by), nil
		},
	}
}

var badExpressions = []string{
	"(", ")", "a**", "a+*", "[z-a]", `\8`, `\`, "[a", "[]", "[[:foo:]]", `\pX`, `\p{Nope}`, "*", "+a", "a|*", "(?i", "(?z)", "(?P<n", "(?P<>a)",
	"(?P<a b>c)", "(?=a)", "(?!a)", "(?<=a)", "a{1001}", "a{2,1}", "a{2}{3}", "(((a{100}){100}){100}){100}", "\xff", "ab\xc3(", `\C`, `\Z`, `\xZ`,
	`\x{110000}`, "a{,2}**", "((a)", "(?i)(?s", `[\d-z]`, `[a-\d]`, "\xe6\x97\xa5(", "%d(", "[[.a.]]", "(?#c)", `\1`, `\Qa\E*+`,
}

// Each with texts and a replacement that tell engines apart.
var goodExpressions = []string{
	"", "a", "a*", "a+", "a?", "a*?", "^", "$", "^a|b$", `\b`, `\B`, "(?m)^", "(?m)$", "(a)(b)?", "(?P<x>a)|(?P<y>b)", "(?<x>a+)", "[^a]", ".", "(?s).",
	`\d+`, `\w+`, `\s`, "(?i)ABC", "(a|ab)(c|bcd)?", "a{2}", "a{1,2}", "x*", "(?U)a+", `\pL`, `\p{Greek}`, `\x{FFFD}`, "[\xc3\xa9]", "\xe6\x97\xa5+",
	"[[:alpha:]]+", `[\d_]`, `\Qa.b\E`, `\.`, `(?:a|b)+`, "((a)|(b))*", "(?P<__proto__>a)", "(?P<constructor>b)", "a|b|", "[^\\x00-\\x7f]", "(^a)", `\z`, `\A`,
	"[a-z]+@[a-z]+", `(\d+)\.(\d+)`, "(?i)\xc3\x89", "(?i)k", "a{,2}", "😀", "[😀-😂]",
}

var regexTexts = []string{
	"", "a", "b", "aaa", "baaac", "abcd", "abab", "a.b", "ABC abc", "one\ntwo\n", "\xff", "a\xffb\xfe", "h\xc3\xa9llo \xc3\x89", "\xe6\x97\xa5\xe6\x97\xa5a",
	"1.22 x_9", "me@host you@there", "\xef\xbf\xbd", "x\x00y", "😀a😁", "\u03b1\u03b2 \u212a", "\r\n\t ",
}

var replacements = []string{
	"", "x", "<$0>", "$1", "${1}x", "$1x", "$$", "$", "a$", "${", "${1", "${}", "$x-$y", "${x}${y}", "$9", "$01", "$00", "$__proto__", "$constructor", "\xff$0\xc3\xa9",
	"$\xc3\xa9", "$-", "$$1", "$$$1", "$1000000000", "${0}${2}",
}

func regexCalls() []string {
	var texts []string
	for _, re := range badExpressions {
		texts = append(texts, fmt.Sprintf("regexMatch %q %q", re, "a"), fmt.Sprintf("regexFind %q %q", re, "a"))
	}
	for i, re := range goodExpressions {
		for j, text := range regexTexts {
			texts = append(texts, fmt.Sprintf("regexFind %q %q", re, text), fmt.Sprintf("regexReplaceAll %q %q %q", re, text, "<$0>"))
			if (i+j)%4 == 0 {
				by := replacements[(i*len(regexTexts)+j)/4%len(replacements)]
				texts = append(texts, fmt.Sprintf("regexMatch %q %q", re, text), fmt.Sprintf("regexReplaceAll %q %q %q", re, text, by))
			}
		}
	}
	for _, by := range replacements {
		for _, re := range []string{"(?P<x>a)|(?P<y>b)", "(a)(b)?", "(?P<__proto__>a)", "b*"} {
			texts = append(texts, fmt.Sprintf("regexReplaceAll %q %q %q", re, "xabay", by))
		}
	}
	for _, re := range []string{
		"(?P<x>a)|(?P<x>b)", "(?<x>a)(?P<x>b)?", "(?P<x>a)(?P<x_1>b)?(?P<x>y)?", `(?P<x>\(\?P<x>|a)|\Q(?P<x>\E|[^](?P<x>][[:alpha:](?P<x>](?P<x>y)`,
		"(?P<x>a)(?P<x>(", "(?P<x>a)(?P<x>b)(?P<x", "(?P<x>a)(?P<x>b)[", "(?P<1>a)|(?P<__proto__>b)|(?P<1>y)",
	} {
		texts = append(texts, fmt.Sprintf("regexFind %q %q", re, "(?P<x>ab"))
		for _, by := range []string{"<$x>", "<${x_1}>", "<$1,$2,$3>", "<$__proto__>"} {
			texts = append(texts, fmt.Sprintf("regexReplaceAll %q %q %q", re, "xabayx", by))
		}
	}
	texts = append(texts, classCalls()...)
	// Names in quoted text and in classes are no names, also where two groups have one.
	const twice = "(?P<n>a)(?P<n>b)"
	for _, row := range [][2]string{
		{`\Q(?P<n>c)\E`, "ab(?P<n>c)"}, {`\Q(?P<n>c)`, "ab(?P<n>c)"}, {"[^](?P<n>]c", "ab_c"}, {"[](?P<n>]c", "ab_c"},
		{"[[:alpha:](?P<n>]c", "ab_c"}, {"[[:^word:](?P<n>]c", "ab_c"}, {`[\](?P<n>]c`, "ab_c"},
	} {
		texts = append(texts, fmt.Sprintf("regexMatch %q %q", twice+row[0], row[1]))
	}
	ten := "(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)"
	texts = append(texts, fmt.Sprintf("regexReplaceAll %q %q %q", ten, "abcdefghij", "$10|${10}|$1"),
		fmt.Sprintf("regexReplaceAll %q %q %q", "(a)|b", "xbz", "<$1>"), fmt.Sprintf("regexMatch %q %q", "\ufffd", "\ufffd"))
	return calls(append(texts, `regexMatch "a"`, `regexFind 1 "a"`, `"abc" | regexMatch "b"`, "regexReplaceAll `(\\w+)=(\\w+)` \"k=v\" `$2=$1`")...)
}

// classCalls try the name of every class of runes, spelled in several ways, on its first and last rune and beside them.
func classCalls() []string {
	tables := maps.Clone(unicode.Categories)
	maps.Copy(tables, unicode.Scripts)
	for name, of := range unicode.CategoryAliases {
		tables[name] = unicode.Categories[of]
	}
	var texts []string
	for _, name := range slices.Sorted(maps.Keys(tables)) {
		table := tables[name]
		var first, last rune
		if len(table.R16) > 0 {
			first, last = rune(table.R16[0].Lo), rune(table.R16[len(table.R16)-1].Hi)
		}
		if n := len(table.R32); n > 0 {
			last = rune(table.R32[n-1].Hi)
			if len(table.R16) == 0 {
				first = rune(table.R32[0].Lo)
			}
		}
		text := fmt.Sprint(string(first), string(last))
		spelled := `\p{` + name + `}\p{` + strings.ToUpper(strings.ReplaceAll(name, "_", "-")) + "}"
		texts = append(texts, fmt.Sprintf("regexMatch %q %q", spelled, text))
		lower := strings.ToLower(strings.ReplaceAll(name, "_", " "))
		around := fmt.Sprint(string(max(first-1, 0)), string(min(last+1, unicode.MaxRune)))
		texts = append(texts, fmt.Sprintf("regexReplaceAll %q %q %q", `[\P{`+lower+`}]`, text+around, "-"))
	}
	for _, re := range []string{
		`\p{any}+`, `\p{ANY}`, `\P{any}`, `\p{ASCII}+`, `[\p{ascii}é]+`, `\P{ascii}`, `(?i)\p{ascii}+`, `[^\P{A-S C_I I}]+`, `\p{assigned}+`, `\P{Assigned}`,
		`\pl+`, `\pn`, `\Pl+`, `\p{^greek}+`, `\P{^Letter}+`, `\p{^ASCII}`, `\p{Lowercase}`, `\p{Uppercase}`, `\p{Alphabetic}`, `\p{Emoji}`, `\p{Math}`, `\p{Dash}`, `\p{White_Space}`,
		`\p{}`, `\p{^}`, `\p`, `\p{`, `\p{greek`, `\pé`, `\p{gre ek}`, `\p{-g_reek }`, `\p{Grek}`, `\p{letter}(`, `(\p{letter}`, `a\p{lu}**`, `\p{lu}(?P<a`, `\p{letter}[\p{nope}]`, `(?P<x>\p{lu})(?P<x>\p{ll})(`,
		`\Q\p{greek}\E\p{greek}`, `\\\p{greek}`, `\\p{greek}`, `[\p{greek}-z]`, `\p{script=greek}`, `\p{Is_Greek}`, `\p{L&}`, `\p{lc}+`, `(?i)\p{lu}+`, `(?i)\P{lu}+`, `\p{signwriting}|\p{NKO}`,
	} {
		texts = append(texts, fmt.Sprintf("regexFind %q %q", re, "aB é1 \\p{greek} αΩ😀\U0010ffff"))
	}
	return texts
}
