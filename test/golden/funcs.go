package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"reflect"
	"sort"
	"strconv"
	"strings"
	"text/template"
	"unicode"

	"golden/memkv"
)

func init() { generators["funcs"] = funcsRows }

type funcsRow struct {
	Of       string            `json:"of"`
	Template string            `json:"template"`
	Store    map[string]string `json:"store"`
	Out      string            `json:"out"`
	Err      string            `json:"err,omitempty"`
}

func funcsRows() []any {
	var rows []any
	for _, of := range funcsTables() {
		store := map[string]string{}
		for key, value := range of.store {
			store[b(key)] = b(value)
		}
		for _, text := range of.templates {
			out, err := renderFuncs(text, of.store)
			row := funcsRow{Of: of.of, Template: b(text), Store: store, Out: b(out)}
			if err != nil {
				row.Err = b(err.Error())
			}
			rows = append(rows, row)
		}
	}
	return rows
}

func renderFuncs(text string, store memkv.Store) (string, error) {
	funcs := template.FuncMap(plainFuncs())
	for name, fn := range regexFuncs() {
		funcs[name] = fn
	}
	for name, fn := range store.Funcs() {
		funcs[name] = fn
	}
	parsed, err := template.New("t").Funcs(funcs).Parse(text)
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	err = parsed.Execute(&out, nil)
	return out.String(), err
}

func plainFuncs() map[string]any {
	return map[string]any{
		"base": path.Base, "dir": path.Dir, "split": strings.Split, "join": strings.Join,
		"toUpper": strings.ToUpper, "toLower": strings.ToLower, "contains": strings.Contains,
		"replace": strings.Replace, "trimSuffix": strings.TrimSuffix, "trimPrefix": strings.TrimPrefix,
		"base64Encode": func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
		"base64Decode": func(s string) (string, error) {
			decoded, err := base64.StdEncoding.DecodeString(s)
			return string(decoded), err
		},
		"parseBool": strconv.ParseBool, "atoi": strconv.Atoi,
		"json": decodeAs[map[string]any], "jsonArray": decodeAs[[]any], "fromJson": decodeAs[any],
		"toJson": func(v any) (string, error) {
			text, err := json.Marshal(v)
			return string(text), err
		},
		"add": func(a, b int) int { return a + b }, "sub": func(a, b int) int { return a - b },
		"mul": func(a, b int) int { return a * b }, "div": func(a, b int) int { return a / b },
		"mod": func(a, b int) int { return a % b },
		"seq": func(first, last int) (numbers []int) {
			for i := first; i <= last; i++ {
				numbers = append(numbers, i)
			}
			return numbers
		},
		"toPrettyJson": func(v any) (string, error) {
			text, err := json.MarshalIndent(v, "", "  ")
			return string(text), err
		},
		"map": mapOf, "dict": mapOf, "reverse": reverse,
		"sortByLength": func(list []string) []string {
			sort.Sort(shorterFirst[string]{list, func(s string) int { return len(s) }})
			return list
		},
		"sortKVByLength": func(list []memkv.KVPair) []memkv.KVPair {
			sort.Sort(shorterFirst[memkv.KVPair]{list, func(p memkv.KVPair) int { return len(p.Key) }})
			return list
		},
		"list":   func(values ...any) []any { return values },
		"append": func(list []any, value any) []any { return append(list[:len(list):len(list)], value) },
		"hasKey": func(m map[string]any, key string) bool { _, found := m[key]; return found },
		"keys":   sortedKeys,
		"values": func(m map[string]any) []any {
			values := []any{}
			for _, key := range sortedKeys(m) {
				values = append(values, m[key])
			}
			return values
		},
		"pluck": func(key string, maps ...map[string]any) (values []any) {
			for _, m := range maps {
				if value, found := m[key]; found {
					values = append(values, value)
				}
			}
			return values
		},
		"empty": isEmpty,
		"default": func(other, value any) any {
			if isEmpty(value) {
				return other
			}
			return value
		},
		"coalesce": func(values ...any) any {
			for _, value := range values {
				if !isEmpty(value) {
					return value
				}
			}
			return nil
		},
		"ternary": func(yes, no any, is bool) any {
			if is {
				return yes
			}
			return no
		},
		"quote":  func(s string) string { return fmt.Sprintf("%q", s) },
		"squote": func(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" },
		"indent": indent, "nindent": func(n int, s string) string { return "\n" + indent(n, s) },
		"repeat": func(n int, s string) string { return strings.Repeat(s, max(n, 0)) },
		"nospace": func(s string) string {
			return strings.Map(func(r rune) rune {
				if unicode.IsSpace(r) {
					return -1
				}
				return r
			}, s)
		},
		"snakecase": func(s string) string { return strings.ToLower(strings.Join(words(s), "_")) },
		"kebabcase": func(s string) string { return strings.ToLower(strings.Join(words(s), "-")) },
		"camelcase": camelcase,
		"sha256sum": func(s string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(s))) },
	}
}

func decodeAs[T any](text string) (value T, err error) {
	err = json.Unmarshal([]byte(text), &value)
	return value, err
}

func mapOf(values ...any) (map[string]any, error) {
	if len(values)%2 != 0 {
		return nil, errors.New("invalid map call")
	}
	made := map[string]any{}
	for i := 0; i < len(values); i += 2 {
		key, ok := values[i].(string)
		if !ok {
			return nil, errors.New("map keys must be strings")
		}
		made[key] = values[i+1]
	}
	return made, nil
}

func reverse(value any) any {
	switch list := value.(type) {
	case []string:
		turn(list)
	case []memkv.KVPair:
		turn(list)
	}
	return value
}

func turn[T any](list []T) {
	for i, j := 0, len(list)-1; i < j; i, j = i+1, j-1 {
		list[i], list[j] = list[j], list[i]
	}
}

type shorterFirst[T any] struct {
	list   []T
	length func(T) int
}

func (s shorterFirst[T]) Len() int           { return len(s.list) }
func (s shorterFirst[T]) Less(i, j int) bool { return s.length(s.list[i]) < s.length(s.list[j]) }
func (s shorterFirst[T]) Swap(i, j int)      { s.list[i], s.list[j] = s.list[j], s.list[i] }

func sortedKeys(m map[string]any) []string {
	keys := []string{}
	for key := range m {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}

func isEmpty(value any) bool {
	if value == nil {
		return true
	}
	switch v := reflect.ValueOf(value); v.Kind() {
	case reflect.String, reflect.Slice, reflect.Map:
		return v.Len() == 0
	case reflect.Struct:
		return false
	default:
		return v.IsZero()
	}
}

func indent(n int, s string) string {
	if s == "" {
		return ""
	}
	pad := strings.Repeat(" ", max(n, 0))
	return pad + strings.ReplaceAll(s, "\n", "\n"+pad)
}

// words cuts before a capital that follows none or that a small letter follows.
func words(s string) []string {
	marked := ""
	runes := []rune(s)
	for i, r := range runes {
		follows := i > 0 && unicode.IsUpper(runes[i-1])
		small := i+1 < len(runes) && unicode.IsLower(runes[i+1])
		if unicode.IsUpper(r) && (!follows || small) {
			marked += " "
		}
		marked += string(r)
	}
	return strings.FieldsFunc(marked, func(r rune) bool { return strings.ContainsRune("_- ", r) })
}

func camelcase(s string) string {
	out := ""
	for i, word := range words(s) {
		runes := []rune(strings.ToLower(word))
		if i > 0 {
			runes[0] = unicode.ToUpper(runes[0])
		}
		out += string(runes)
	}
	return out
}
