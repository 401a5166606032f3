// Converts values of the kit's lines to members of the client's structs and back: u64 as decimal
// text, bytes as hexadecimal text, all other types as in JSON. A member left at zero is absent.

package main

import (
	"bytes"
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
func fill(target reflect.Value, object map[string]json.RawMessage) {
	for index := 0; index < target.NumField(); index++ {
		name := tag(target.Type().Field(index))
		if text, ok := object[name]; ok && string(text) != "null" {
			set(target.Field(index), text)
		}
		delete(object, name)
	}
	if len(object) > 0 {
		fatal("no members for %s in %s", object, target.Type())
	}
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
		fill(member, object)
	case member.Kind() == reflect.Uint64:
		parse(bytes.Trim(text, `"`), member.Addr().Interface())
	case member.Type() == reflect.TypeOf([]byte{}):
		bytes, err := hex.DecodeString(strings.Trim(string(text), `"`))
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

// whole makes the line of a whole answer, from a pointer.
func whole(answer any, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	made := reflect.ValueOf(answer).Elem()
	origin := made.FieldByName("Origin").Interface().(assay.Origin)
	return map[string]any{"provenance": origin.Provenance, "generation": origin.Generation,
		"degraded": origin.Degraded, "response": values(made.Interface())}, nil
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
	case float32:
		return float64(each)
	case []byte:
		return hex.EncodeToString(each)
	}
	switch member.Kind() {
	case reflect.Pointer:
		return value(member.Elem())
	case reflect.Struct:
		return values(member.Interface())
	case reflect.Slice:
		elements := make([]any, member.Len())
		for index := range elements {
			elements[index] = value(member.Index(index))
		}
		return elements
	}
	return member.Interface()
}
