// Converts values of the kit's lines to members of the client's structs and back: u64 as decimal
// text, bytes as hexadecimal text, all other types as in JSON. A member left at zero is absent.

package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strconv"
	"strings"

	"assay"
)

// fill sets the members of a struct from an object. An unknown name is fatal.
func fill(into any, object map[string]json.RawMessage) {
	target := reflect.ValueOf(into).Elem()
	for name, text := range object {
		member, ok := memberNamed(target, name)
		if !ok {
			fatal("no member for %q in %s", name, target.Type())
		}
		if string(text) != "null" {
			set(member, text)
		}
	}
}

func memberNamed(target reflect.Value, name string) (reflect.Value, bool) {
	for index := 0; index < target.NumField(); index++ {
		if tag(target.Type().Field(index)) == name {
			return target.Field(index), true
		}
	}
	return reflect.Value{}, false
}

func tag(member reflect.StructField) string {
	return strings.Split(member.Tag.Get("json"), ",")[0]
}

func set(member reflect.Value, text json.RawMessage) {
	switch {
	case member.Kind() == reflect.Pointer:
		member.Set(reflect.New(member.Type().Elem()))
		set(member.Elem(), text)
	case member.Kind() == reflect.Struct:
		object := map[string]json.RawMessage{}
		parse(text, &object)
		fill(member.Addr().Interface(), object)
	case member.Kind() == reflect.Uint64:
		var digits string
		parse(text, &digits)
		number, err := strconv.ParseUint(digits, 10, 64)
		if err != nil {
			fatal("%v", err)
		}
		member.SetUint(number)
	case member.Type() == reflect.TypeOf([]byte{}):
		var digits string
		parse(text, &digits)
		bytes, err := hex.DecodeString(digits)
		if err != nil {
			fatal("%v", err)
		}
		member.SetBytes(bytes)
	case member.Kind() == reflect.Slice && member.Type().Elem().Kind() == reflect.Struct:
		var elements []json.RawMessage
		parse(text, &elements)
		member.Set(reflect.MakeSlice(member.Type(), len(elements), len(elements)))
		for index, element := range elements {
			set(member.Index(index), element)
		}
	default:
		parse(text, member.Addr().Interface())
	}
}

func parse(text json.RawMessage, into any) {
	if err := json.Unmarshal(text, into); err != nil {
		fatal("%v", err)
	}
}

func fatal(format string, arguments ...any) {
	fmt.Fprintf(os.Stderr, "driver: "+format+"\n", arguments...)
	os.Exit(2)
}

// whole makes the line of a whole answer.
func whole[Answer any](answer *Answer, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	origin := reflect.ValueOf(answer).Elem().FieldByName("Origin").Interface().(assay.Origin)
	return map[string]any{"provenance": origin.Provenance, "generation": origin.Generation,
		"degraded": origin.Degraded, "response": values(*answer)}, nil
}

// values turns a struct into an object, without absent members.
func values(from any) map[string]any {
	source, object := reflect.ValueOf(from), map[string]any{}
	for index := 0; index < source.NumField(); index++ {
		rule, member := source.Type().Field(index), source.Field(index)
		optional := strings.HasSuffix(rule.Tag.Get("json"), ",omitempty")
		if name := tag(rule); name != "" && !(optional && member.IsZero()) {
			object[name] = value(member)
		}
	}
	return object
}

func value(member reflect.Value) any {
	switch each := member.Interface().(type) {
	case uint64:
		return strconv.FormatUint(each, 10)
	case []byte:
		return hex.EncodeToString(each)
	case []float32:
		numbers := make([]float64, len(each))
		for index, number := range each {
			numbers[index] = float64(number)
		}
		return numbers
	}
	switch {
	case member.Kind() == reflect.Pointer:
		return value(member.Elem())
	case member.Kind() == reflect.Struct:
		return values(member.Interface())
	case member.Kind() == reflect.Slice && member.Type().Elem().Kind() == reflect.Struct:
		objects := make([]any, member.Len())
		for index := range objects {
			objects[index] = value(member.Index(index))
		}
		return objects
	case member.Kind() == reflect.Slice && member.IsNil():
		return []any{}
	}
	return member.Interface()
}
