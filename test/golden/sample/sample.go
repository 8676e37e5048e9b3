// Package sample is the function set of the template rows and of the fuzzer; test/helpers/templateFuncs.ts is its twin.
package sample

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"text/template"
	"time"

	. "golden/memkv"
)

// Temp has methods of every shape that a template can call.
type Temp struct {
	Name   string
	N      int
	Any    any
	hidden string
}

func (t Temp) Hello() string                           { return "hello " + t.Name }
func (t Temp) Add(n int) int                           { return t.N + n }
func (t Temp) Fail() (string, error)                   { return "", errors.New("failed: " + t.Name) }
func (t Temp) Join(sep string, parts ...string) string { return strings.Join(parts, sep) }
func (t Temp) Nothing() any                            { return nil }
func (t *Temp) Self() *Temp                            { return t }

// The store of getv.
var pairs = map[string]string{"/a": "1", "/b": "two", "/empty": "", "/odd%": "50%"}

// Funcs makes values of every kind that a template can hold, and takes some.
var Funcs = template.FuncMap{
	"add": func(a, b int) int { return a + b },
	"any": func(v any) any { return v },
	"div": func(a, b int) int { return a / b },
	"fail": func(text string) (string, error) {
		return "", errors.New(text)
	},
	"fn":   func() func(int) int { return func(n int) int { return n + 1 } },
	"join": strings.Join,
	"getv": func(key string, others ...string) (string, error) {
		if v, ok := pairs[key]; ok {
			return v, nil
		}
		if len(others) > 0 {
			return others[0], nil
		}
		return "", fmt.Errorf("key does not exist: %s", key)
	},
	"ints": func(v ...int) []int { return v },
	"list": func(v ...any) []any { return v },
	"map": func(v ...any) (map[string]any, error) {
		if len(v)%2 != 0 {
			return nil, errors.New("odd number of arguments")
		}
		m := map[string]any{}
		for i := 0; i < len(v); i += 2 {
			key, ok := v[i].(string)
			if !ok {
				return nil, errors.New("keys must be strings")
			}
			m[key] = v[i+1]
		}
		return m, nil
	},
	"smap": func(v ...string) map[string]string {
		m := map[string]string{}
		for i := 0; i+1 < len(v); i += 2 {
			m[v[i]] = v[i+1]
		}
		return m
	},
	"imap": func(v ...int) map[int]string {
		m := map[int]string{}
		for _, k := range v {
			m[k] = fmt.Sprint("v", k)
		}
		return m
	},
	"nilany":  func() any { return nil },
	"nilmap":  func() map[string]any { return nil },
	"nilpair": func() *KVPair { return nil },
	"niltemp": func() *Temp { return nil },
	"nilstrs": func() []string { return nil },
	"pair":    func(k, v string) KVPair { return KVPair{k, v} },
	"pairs": func(v ...string) KVPairs {
		ks := KVPairs{}
		for i := 0; i+1 < len(v); i += 2 {
			ks = append(ks, KVPair{v[i], v[i+1]})
		}
		return ks
	},
	"ppair": func(k, v string) *KVPair { return &KVPair{k, v} },
	"seq": func(a, b int) []int {
		var s []int
		for ; a <= b && len(s) < 1000; a++ {
			s = append(s, a)
		}
		return s
	},
	"strs":  func(v ...string) []string { return v },
	"temp":  func(name string, n int) Temp { return Temp{Name: name, N: n} },
	"ptemp": func(name string, n int) *Temp { return &Temp{Name: name, N: n} },
	"upper": strings.ToUpper,
	"date":  func() time.Time { return time.Date(2026, 11, 22, 7, 8, 9, 123456789, time.UTC) },
	"dur":   func(n int) time.Duration { return time.Duration(n) },
	"json": func(text string) (v any, err error) {
		err = json.Unmarshal([]byte(text), &v)
		return v, err
	},

	"i8": func(v int8) int8 { return v }, "i64": func(v int64) int64 { return v },
	"i16": func(v int16) int16 { return v }, "i32": func(v int32) int32 { return v }, "uint": func(v uint) uint { return v }, "c64": func(v complex64) complex64 { return v },
	"u8": func(v uint8) uint8 { return v }, "u16": func(v uint16) uint16 { return v }, "u64": func(v uint64) uint64 { return v },
	"f32": func(v float32) float32 { return v }, "f64": func(v float64) float64 { return v },
	"c128": func(v complex128) complex128 { return v }, "bool": func(v bool) bool { return v },
	"takeInts": func(v []int) int { return len(v) }, "takePairs": func(v []KVPair) int { return len(v) },
	"takePair": func(v KVPair) string { return v.Key }, "takeMap": func(v map[string]any) int { return len(v) },
	"takePtr": func(v *KVPair) bool { return v == nil }, "takeErr": func(v error) bool { return v == nil },
	"takeList": func(v []any) int { return len(v) },
}
