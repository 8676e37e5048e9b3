// Command render is Go's side of bench/render.mjs: `render CASES NAME COUNT SECONDS` prints what it measured as JSON.
package main

import (
	"bytes"
	"crypto/md5"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"sort"
	"strconv"
	"strings"
	"text/template"
	"time"

	"render/memkv"
)

type result struct {
	Ms   float64 `json:"ms"`   // the median of all runs
	Size int     `json:"size"` // of the output
	Sum  string  `json:"sum"`  // its md5
	Peak float64 `json:"peak"` // most memory that was ever resident, MiB
}

func main() {
	name, count := os.Args[2], number(os.Args[3])
	texts := map[string]string{}
	check(json.Unmarshal(must(os.ReadFile(os.Args[1])), &texts))
	var out result
	switch name {
	case "text":
		out = measure(textOf(count), memkv.Store{})
	case "cold":
		out = compileAll(texts["small"], count)
	case "warm":
		out = compileAgain(texts["small"], count)
	case "nested":
		out = measure(texts[name], services(count))
	default:
		out = measure(texts[name], upstreams(count))
	}
	out.Peak = peak()
	check(json.NewEncoder(os.Stdout).Encode(out))
}

func upstreams(count int) memkv.Store {
	store := memkv.Store{}
	for i := range count {
		store[fmt.Sprintf("/svc/app%06d", i)] = fmt.Sprintf("10.%d.%d.%d:8080", i>>16, i>>8&255, i&255)
	}
	return store
}

func services(count int) memkv.Store {
	store := memkv.Store{}
	for i := range count {
		note := ""
		if i%5 == 0 {
			note = fmt.Sprintf("note %d", i)
		}
		store[fmt.Sprintf("/svc/app%06d", i)] = fmt.Sprintf(
			`{"name":"app%d","on":%t,"port":%d,"hosts":["a%d.example","b%d.example","c%d.example"],"note":%q}`,
			i, i%3 != 0, 1024+i%60000, i, i, i, note)
	}
	return store
}

func textOf(lines int) string {
	return strings.Repeat("proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;\n", lines)
}

func funcsOf(store memkv.Store) template.FuncMap {
	funcs := template.FuncMap(store.Funcs())
	funcs["base"] = path.Base
	funcs["toLower"] = strings.ToLower
	funcs["json"] = func(text string) (map[string]any, error) {
		var value map[string]any
		return value, json.Unmarshal([]byte(text), &value)
	}
	return funcs
}

func measure(text string, store memkv.Store) result {
	compiled := template.Must(template.New("t").Funcs(funcsOf(store)).Parse(text))
	seconds := float64(number(os.Args[4]))
	var out bytes.Buffer
	var times []float64
	for begin := time.Now(); len(times) == 0 || time.Since(begin).Seconds() < seconds; {
		out.Reset()
		from := time.Now()
		check(compiled.Execute(&out, nil))
		times = append(times, float64(time.Since(from).Nanoseconds())/1e6)
	}
	sort.Float64s(times)
	return result{Ms: times[len(times)/2], Size: out.Len(), Sum: fmt.Sprintf("%x", md5.Sum(out.Bytes()))}
}

func compileAll(text string, count int) result {
	funcs := funcsOf(memkv.Store{})
	size := 0
	from := time.Now()
	for i := range count {
		own := strings.ReplaceAll(text, "N", strconv.Itoa(i))
		size += len(own)
		template.Must(template.New("t").Funcs(funcs).Parse(own))
	}
	return result{Ms: float64(time.Since(from).Nanoseconds()) / 1e6, Size: size}
}

func compileAgain(text string, count int) result {
	seconds := float64(number(os.Args[4]))
	var runs []result
	for begin := time.Now(); len(runs) == 0 || time.Since(begin).Seconds() < seconds; {
		runs = append(runs, compileAll(text, count))
	}
	sort.Slice(runs, func(i, j int) bool { return runs[i].Ms < runs[j].Ms })
	return runs[len(runs)/2]
}

func peak() float64 {
	for _, line := range strings.Split(string(must(os.ReadFile("/proc/self/status"))), "\n") {
		if rest, found := strings.CutPrefix(line, "VmHWM:"); found {
			return float64(number(strings.Fields(rest)[0])) / 1024
		}
	}
	return 0
}

func number(text string) int { return must(strconv.Atoi(text)) }

func must[T any](value T, err error) T {
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
