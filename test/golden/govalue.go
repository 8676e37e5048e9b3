package main

import (
	"fmt"
	"reflect"
	"sort"
	"strconv"
)

// encode turns a Go value into the JSON that test/helpers/goValue.ts reads back: strings, bools, nil and small ints stand
// for themselves, anything else is {"t": type, "v": value}.
func encode(v any) any {
	return encodeValue(reflect.ValueOf(v))
}

func encodeValue(v reflect.Value) any {
	if !v.IsValid() {
		return nil
	}
	if v.Kind() == reflect.Interface {
		return encodeValue(v.Elem())
	}
	switch t := v.Type(); t {
	case reflect.TypeFor[string]():
		return b(v.String())
	case reflect.TypeFor[bool]():
		return v.Bool()
	case reflect.TypeFor[int]():
		if n := v.Int(); -1<<53 < n && n < 1<<53 {
			return n
		}
	}
	return map[string]any{"t": v.Type().String(), "v": encodeBody(v)}
}

func encodeBody(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Bool:
		return v.Bool()
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.FormatInt(v.Int(), 10)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return strconv.FormatUint(v.Uint(), 10)
	case reflect.Float32, reflect.Float64:
		return strconv.FormatFloat(v.Float(), 'g', -1, 64)
	case reflect.Complex64, reflect.Complex128:
		c := v.Complex()
		return []any{strconv.FormatFloat(real(c), 'g', -1, 64), strconv.FormatFloat(imag(c), 'g', -1, 64)}
	case reflect.String:
		return b(v.String())
	case reflect.Slice, reflect.Array:
		if v.Kind() == reflect.Slice && v.IsNil() {
			return nil
		}
		items := []any{}
		for i := range v.Len() {
			items = append(items, encodeValue(v.Index(i)))
		}
		return items
	case reflect.Map:
		if v.IsNil() {
			return nil
		}
		return encodeMap(v)
	case reflect.Struct:
		fields := []any{}
		for i := range v.NumField() {
			fields = append(fields, encodeValue(v.Field(i)))
		}
		return fields
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return encodeValue(v.Elem())
	case reflect.Func:
		return nil
	}
	panic(fmt.Sprint("encode: ", v.Type()))
}

func encodeMap(v reflect.Value) any {
	keys := v.MapKeys()
	sort.Slice(keys, func(i, j int) bool { return fmt.Sprint(keys[i]) > fmt.Sprint(keys[j]) })
	pairs := []any{}
	for _, key := range keys {
		pairs = append(pairs, []any{encodeValue(key), encodeValue(v.MapIndex(key))})
	}
	return pairs
}
