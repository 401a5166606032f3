// Bodies: conversion of a struct's fields to bytes and back (Protocol/SPEC.md, section 2).
//
// A struct's method `fields` (protocol.go) leads a coder through the members, each with its row of
// the table, for writing and for reading. A breach of the table is refused in both directions. A
// decoded value owns its memory. Memory is allocated only for bytes that are known to be present.
// Not here: frames (frames.go), rules between two messages (answers.go).

package assay

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"unicode/utf8"
)

// body is a struct with a table: a message or a record.
type body interface{ fields(c *coder) }

// consistent is a body with rules between its fields.
type consistent interface{ consistent() *breach }

// breach is a broken rule of a table: the field's path and the reason.
type breach struct{ path, reason string }

func (b *breach) Error() string { return fmt.Sprintf("field %q: %s", b.path, b.reason) }

// coder writes or reads one body.
type coder struct {
	reads    bool
	bytes    []byte  // bytes written, or bytes still to be read
	revision uint32  // lowest revision with all fields and words written
	wrong    *breach // first breach, after which reading stops
}

// encode appends the fields of a body to bytes, and returns the lowest revision that has all the
// fields.
func encode(from body, bytes []byte) ([]byte, uint32, *breach) {
	c := &coder{bytes: bytes, revision: 1}
	from.fields(c)
	return c.bytes, c.revision, c.wrong
}

// decode reads a whole body into a struct of zero values.
func decode(bytes []byte, into body) *breach {
	c := &coder{reads: true, bytes: bytes}
	into.fields(c)
	c.isNext(&field{id: 1 << 16}) // refuses a field that remains, as its id is lower
	if whole, ok := into.(consistent); ok && c.wrong == nil {
		return whole.consistent()
	}
	return c.wrong
}

func (c *coder) refuse(path, format string, arguments ...any) {
	if c.wrong == nil {
		c.wrong = &breach{path, fmt.Sprintf(format, arguments...)}
	}
}

// ---------------------------------------------------------------- presence

func (c *coder) required(f field, member any) {
	if !c.optional(f, member, true) {
		c.refuse(f.name, "it is required and not there")
	}
}

// optional writes a member that is given, or reads a member that is present. Returns true when the
// member was written or read.
func (c *coder) optional(f field, member any, given bool) bool {
	switch {
	case c.reads:
		if given = c.isNext(&f); given {
			c.read(&f, member)
		}
	case given:
		c.write(&f, member)
	}
	return given
}

// pointer handles an optional member whose zero value has a meaning. nil means absent.
func pointer[T any](c *coder, f field, member **T) {
	if c.reads && c.isNext(&f) {
		*member = new(T)
	}
	c.optional(f, *member, *member != nil)
}

func repeated[T any](c *coder, f field, member *[]T) {
	for c.reads && len(*member) <= f.timesMax && c.isNext(&f) {
		*member = append(*member, *new(T))
		c.read(&f, &(*member)[len(*member)-1])
	}
	if count := len(*member); count < f.timesMin || count > f.timesMax {
		c.refuse(f.name, "given %d times, allowed: %d to %d times", count, f.timesMin, f.timesMax)
	}
	for index := 0; !c.reads && index < len(*member); index++ {
		c.write(&f, &(*member)[index])
	}
}

// exactlyOne requires exactly one of the fields.
func (c *coder) exactlyOne(names []string, given ...bool) {
	count, wrong := 0, names[0]
	for index, each := range given {
		if each {
			count, wrong = count+1, names[index]
		}
	}
	if count != 1 {
		c.refuse(wrong, "%d given, allowed: exactly one of %q", count, names)
	}
}

func (c *coder) excludes(first, second string, both bool) {
	if both {
		c.refuse(second, "given beside %q, which excludes it", first)
	}
}

// ---------------------------------------------------------------- values

func (c *coder) write(f *field, member any) {
	c.bytes = append(c.bytes, byte(f.id), byte(f.id>>8), f.typ, 0, 0, 0, 0, 0)
	start := len(c.bytes)
	switch value := member.(type) {
	case body:
		before := c.wrong
		if value.fields(c); before == nil {
			c.inside(f, c.wrong)
		}
	case *string:
		c.bytes = append(c.bytes, *value...)
		if since, ok := f.wordsSince[*value]; ok {
			f.since = since
		}
	default: // a number, a bool, or a slice of numbers or bytes
		_ = binary.Write(c, binary.LittleEndian, reflect.ValueOf(member).Elem().Interface())
	}
	c.check(f, member)
	binary.LittleEndian.PutUint32(c.bytes[start-4:], uint32(len(c.bytes)-start))
	if f.since > c.revision {
		c.revision = f.since
	}
}

// Write implements io.Writer for package binary.
func (c *coder) Write(bytes []byte) (int, error) {
	c.bytes = append(c.bytes, bytes...)
	return len(bytes), nil
}

// isNext returns true when the next field to be read is f. Fields come in ascending order, so a
// field with a lower id is refused.
func (c *coder) isNext(f *field) bool {
	if c.wrong != nil || len(c.bytes) == 0 {
		return false
	}
	if len(c.bytes) < fieldHeaderSize {
		c.refuse("", "%d bytes remain, a field's header has %d", len(c.bytes), fieldHeaderSize)
		return false
	}
	id := int(binary.LittleEndian.Uint16(c.bytes))
	if id < f.id {
		c.refuse(fmt.Sprintf("#%d", id), "unknown, given too often, or not in ascending order")
	}
	return id == f.id
}

// read reads the next field, which is f.
func (c *coder) read(f *field, member any) {
	size, rest := uint64(binary.LittleEndian.Uint32(c.bytes[4:])), c.bytes[fieldHeaderSize:]
	switch element := typeSizes[f.typ]; {
	case c.bytes[2] != f.typ:
		c.refuse(f.name, "found type %d, allowed: %d", c.bytes[2], f.typ)
	case c.bytes[3] != 0:
		c.refuse(f.name, "the fourth byte of its header is not zero")
	case size > uint64(len(rest)):
		c.refuse(f.name, "its size is %d bytes, %d remain", size, len(rest))
	case size%element != 0 || typeIsOne[f.typ] && size != element:
		c.refuse(f.name, "%d bytes are no value of type %d", size, f.typ)
	case f.typ == typeBool && rest[0] > 1:
		c.refuse(f.name, "found %d, allowed: 0 or 1", rest[0])
	}
	if c.wrong != nil {
		return
	}
	found := rest[:size]
	c.bytes = rest[size:]
	switch value := member.(type) {
	case body:
		c.inside(f, decode(found, value))
	case *string:
		*value = string(found)
	case *[]byte:
		*value = append([]byte{}, found...)
	default:
		into := member
		if slice := reflect.ValueOf(member).Elem(); slice.Kind() == reflect.Slice {
			count := int(size / typeSizes[f.typ])
			slice.Set(reflect.MakeSlice(slice.Type(), count, count))
			into = slice.Interface()
		}
		_ = binary.Read(bytes.NewReader(found), binary.LittleEndian, into)
	}
	c.check(f, member)
}

// inside turns a breach within a record into a breach of the field that holds the record.
func (c *coder) inside(f *field, wrong *breach) {
	if wrong != nil {
		c.wrong = &breach{strings.TrimSuffix(f.name+"."+wrong.path, "."), wrong.reason}
	}
}

// ---------------------------------------------------------------- ranges

// check refuses a value out of range.
func (c *coder) check(f *field, member any) {
	switch value := member.(type) {
	case body, *bool: // no range
	case *string:
		c.text(f, *value)
	case *uint64:
		c.within(f, *value)
	case *float64: // written so that NaN is refused, for which no comparison holds
		if !(*value >= f.least && *value <= f.most) || f.above && *value == f.least {
			c.refuse(f.name, "found %v, allowed: %v to %v", *value, f.least, f.most)
		}
	default:
		c.within(f, uint64(reflect.ValueOf(member).Elem().Len()))
	}
}

func (c *coder) within(f *field, found uint64) bool {
	fine := found >= f.low && found <= f.high
	if !fine {
		c.refuse(f.name, "found %d%s, allowed: %d to %d", found, units[f.typ], f.low, f.high)
	}
	return fine
}

func (c *coder) text(f *field, found string) {
	known := f.choices == nil
	for _, choice := range f.choices {
		known = known || found == choice
	}
	switch {
	case !utf8.ValidString(found):
		c.refuse(f.name, "the text is not UTF-8")
	case !known:
		c.refuse(f.name, "found an unknown word, allowed: %q", f.choices)
	case f.choices == nil && c.within(f, uint64(len(found))) && f.format == "traceparent" &&
		!isTraceparent(found):
		c.refuse(f.name, "found no traceparent, allowed: %s, neither id zero", traceparent)
	}
}

// traceparent is the W3C Trace Context format, version 00.
var traceparent = regexp.MustCompile("^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$")

func isTraceparent(text string) bool {
	parts := traceparent.FindStringSubmatch(text)
	return parts != nil && strings.Trim(parts[1], "0") != "" && strings.Trim(parts[2], "0") != ""
}
