// Bodies: fields of a table to bytes and back (Protocol/SPEC.md, section 2).
//
// One encoder and one decoder serve every message, driven by the tables in protocol.go: field i of
// a message's table is member i of its struct. What breaks a table is refused on the way out as
// well as on the way in. A decoded value owns its memory; nothing is allocated for a length before
// the bytes it speaks of are known to be there.
// Not here: frames (frame.go), what two messages say about each other (answers.go).

package assay

import (
	"encoding/binary"
	"fmt"
	"math"
	"reflect"
	"unicode/utf8"
)

type fieldType byte

const (
	typeU64 fieldType = iota + 1
	typeF64
	typeBytes
	typeText
	typeU32s
	typeF32s
	typeRecord
	typeBool
)

type presence byte

const (
	required presence = iota
	optional
	repeated
)

// field is one row of a table. low and high bound the value of a u64, the bytes of a text or
// bytes and the elements of an array; least and most bound an f64 (above: least is excluded).
type field struct {
	id       uint16
	name     string
	typ      fieldType
	presence presence
	low      uint64
	high     uint64
	least    float64
	most     float64
	above    bool
	timesMin int
	timesMax int
	choices  []string
	record   *message
	since    uint32
}

// message is a table. Of each list in exactlyOne one field must be given; of each pair in excludes
// not both.
type message struct {
	name       string
	fields     []field
	exactlyOne [][]string
	excludes   [][]string
}

// kindRule says what a kind of request allows.
type kindRule struct {
	name      string
	since     uint32
	streamed  bool
	retrySafe bool
	request   *message
}

// breach is a body that breaks its table: the field's path and what is wrong with it.
type breach struct{ path, reason string }

func (b *breach) Error() string { return fmt.Sprintf("field %q: %s", b.path, b.reason) }

func (b *breach) inside(path string) *breach {
	if path == "" {
		return b
	}
	return &breach{path + "." + b.path, b.reason}
}

// consistent is a message whose fields say something about each other.
type consistent interface{ consistent() *breach }

// ---------------------------------------------------------------- encoding

// encode appends the fields of a struct to body, and returns the lowest revision that knows them.
func encode(table *message, value reflect.Value, body []byte) ([]byte, uint32, *breach) {
	if wrong := table.combination(value); wrong != nil {
		return nil, 0, wrong
	}
	revision := uint32(1)
	for index := range table.fields {
		rule, member := &table.fields[index], value.Field(index)
		count := rule.times(member)
		if rule.presence == repeated && (count < rule.timesMin || count > rule.timesMax) {
			return nil, 0, &breach{rule.name, fmt.Sprintf("given %d times, allowed: %d to %d times",
				count, rule.timesMin, rule.timesMax)}
		}
		for place := 0; place < count; place++ {
			element := member
			if rule.presence == repeated {
				element = member.Index(place)
			}
			var needed uint32
			var wrong *breach
			if body, needed, wrong = encodeField(rule, reflect.Indirect(element), body); wrong != nil {
				return nil, 0, wrong
			}
			revision = max(revision, max(needed, rule.since))
		}
	}
	return body, revision, nil
}

// times is how often a field stands in a body that says what the member says.
func (rule *field) times(member reflect.Value) int {
	switch {
	case rule.presence == repeated:
		return member.Len()
	case rule.presence == optional && member.IsZero():
		return 0
	}
	return 1
}

// combination refuses fields that exclude each other.
func (table *message) combination(value reflect.Value) *breach {
	given := func(names []string) (count int) {
		for index := range table.fields {
			for _, name := range names {
				rule := &table.fields[index]
				if rule.name == name && rule.times(value.Field(index)) > 0 {
					count++
				}
			}
		}
		return count
	}
	for _, names := range table.exactlyOne {
		if count := given(names); count != 1 {
			return &breach{names[0], fmt.Sprintf("%d given, allowed: exactly one of %q", count, names)}
		}
	}
	for _, pair := range table.excludes {
		if given(pair) == 2 {
			return &breach{pair[1], fmt.Sprintf("given beside %q, which excludes it", pair[0])}
		}
	}
	return nil
}

func encodeField(rule *field, value reflect.Value, body []byte) ([]byte, uint32, *breach) {
	start := len(body)
	body = append(body, byte(rule.id), byte(rule.id>>8), byte(rule.typ), 0, 0, 0, 0, 0)
	revision := uint32(1)
	var wrong *breach
	switch rule.typ {
	case typeU64:
		wrong = rule.check(value.Uint())
		body = binary.LittleEndian.AppendUint64(body, value.Uint())
	case typeF64:
		wrong = rule.checkNumber(value.Float())
		body = binary.LittleEndian.AppendUint64(body, math.Float64bits(value.Float()))
	case typeBool:
		if body = append(body, 0); value.Bool() {
			body[len(body)-1] = 1
		}
	case typeBytes:
		wrong = rule.check(uint64(value.Len()))
		body = append(body, value.Bytes()...)
	case typeText:
		wrong = rule.checkText(value.String())
		body = append(body, value.String()...)
	case typeU32s:
		wrong = rule.check(uint64(value.Len()))
		for _, each := range value.Interface().([]uint32) {
			body = binary.LittleEndian.AppendUint32(body, each)
		}
	case typeF32s:
		wrong = rule.check(uint64(value.Len()))
		for _, each := range value.Interface().([]float32) {
			body = binary.LittleEndian.AppendUint32(body, math.Float32bits(each))
		}
	case typeRecord:
		if body, revision, wrong = encode(rule.record, value, body); wrong != nil {
			wrong = wrong.inside(rule.name)
		}
	}
	if wrong != nil {
		return nil, 0, wrong
	}
	binary.LittleEndian.PutUint32(body[start+4:], uint32(len(body)-start-fieldHeaderSize))
	return body, revision, nil
}

// ---------------------------------------------------------------- ranges

func (rule *field) check(found uint64) *breach {
	if found >= rule.low && found <= rule.high {
		return nil
	}
	unit := ""
	switch rule.typ {
	case typeBytes, typeText:
		unit = " bytes"
	case typeU32s, typeF32s:
		unit = " elements"
	}
	return &breach{rule.name, fmt.Sprintf("found %d%s, allowed: %d to %d", found, unit, rule.low,
		rule.high)}
}

// checkNumber also refuses NaN, which no comparison holds for.
func (rule *field) checkNumber(found float64) *breach {
	if found >= rule.least && found <= rule.most && !(rule.above && found == rule.least) {
		return nil
	}
	return &breach{rule.name, fmt.Sprintf("found %v, allowed: %v to %v", found, rule.least, rule.most)}
}

func (rule *field) checkText(found string) *breach {
	if !utf8.ValidString(found) {
		return &breach{rule.name, "the text is not UTF-8"}
	}
	if rule.choices == nil {
		return rule.check(uint64(len(found)))
	}
	for _, choice := range rule.choices {
		if found == choice {
			return nil
		}
	}
	return &breach{rule.name, fmt.Sprintf("found an unknown word, allowed: %q", rule.choices)}
}

// ---------------------------------------------------------------- decoding

// decode reads a whole body into a struct of zero values.
func decode(table *message, body []byte, value reflect.Value) *breach {
	index, times := 0, 0
	for len(body) > 0 {
		if len(body) < fieldHeaderSize {
			return &breach{"", fmt.Sprintf("%d bytes remain, a field's header has 8", len(body))}
		}
		id := binary.LittleEndian.Uint16(body)
		size := binary.LittleEndian.Uint32(body[4:])
		for index < len(table.fields) && table.fields[index].id < id {
			if wrong := table.fields[index].checkTimes(times); wrong != nil {
				return wrong
			}
			index, times = index+1, 0
		}
		if index == len(table.fields) || table.fields[index].id != id {
			return &breach{fmt.Sprintf("#%d", id), "unknown, or not in ascending order, in " + table.name}
		}
		rule, typ, reserved := &table.fields[index], fieldType(body[2]), body[3]
		body = body[fieldHeaderSize:]
		switch times++; {
		case typ != rule.typ:
			return &breach{rule.name, fmt.Sprintf("found type %d, allowed: %d", typ, rule.typ)}
		case reserved != 0:
			return &breach{rule.name, "the fourth byte of its header is not zero"}
		case uint64(size) > uint64(len(body)):
			return &breach{rule.name, fmt.Sprintf("its size is %d bytes, %d remain", size, len(body))}
		case times > 1 && (rule.presence != repeated || times > rule.timesMax):
			return &breach{rule.name, "given more often than allowed"}
		}
		if wrong := decodeField(rule, body[:size], place(value.Field(index), rule)); wrong != nil {
			return wrong
		}
		body = body[size:]
	}
	for ; index < len(table.fields); index, times = index+1, 0 {
		if wrong := table.fields[index].checkTimes(times); wrong != nil {
			return wrong
		}
	}
	if whole, ok := value.Addr().Interface().(consistent); ok {
		return whole.consistent()
	}
	return nil
}

func (rule *field) checkTimes(times int) *breach {
	if times == 0 && rule.presence == required || rule.presence == repeated && times < rule.timesMin {
		return &breach{rule.name, "it is required and not there"}
	}
	return nil
}

// place is where one value of a field goes: a new element, a new pointee, or the member itself.
func place(member reflect.Value, rule *field) reflect.Value {
	switch {
	case rule.presence == repeated:
		member.Set(reflect.Append(member, reflect.Zero(member.Type().Elem())))
		return member.Index(member.Len() - 1)
	case member.Kind() == reflect.Pointer:
		member.Set(reflect.New(member.Type().Elem()))
		return member.Elem()
	}
	return member
}

func decodeField(rule *field, bytes []byte, value reflect.Value) *breach {
	size := len(bytes)
	switch {
	case (rule.typ == typeU64 || rule.typ == typeF64) && size != 8,
		rule.typ == typeBool && (size != 1 || bytes[0] > 1),
		(rule.typ == typeU32s || rule.typ == typeF32s) && size%4 != 0:
		return &breach{rule.name, fmt.Sprintf("%d bytes are no value of type %d", size, rule.typ)}
	}
	switch rule.typ {
	case typeU64:
		value.SetUint(binary.LittleEndian.Uint64(bytes))
		return rule.check(value.Uint())
	case typeF64:
		value.SetFloat(math.Float64frombits(binary.LittleEndian.Uint64(bytes)))
		return rule.checkNumber(value.Float())
	case typeBool:
		value.SetBool(bytes[0] == 1)
	case typeBytes:
		value.SetBytes(append([]byte{}, bytes...))
		return rule.check(uint64(size))
	case typeText:
		value.SetString(string(bytes))
		return rule.checkText(value.String())
	case typeU32s:
		if wrong := rule.check(uint64(size / 4)); wrong != nil {
			return wrong
		}
		value.Set(reflect.ValueOf(uint32s(bytes)))
	case typeF32s:
		if wrong := rule.check(uint64(size / 4)); wrong != nil {
			return wrong
		}
		value.Set(reflect.ValueOf(float32s(bytes)))
	case typeRecord:
		if wrong := decode(rule.record, bytes, value); wrong != nil {
			return wrong.inside(rule.name)
		}
	}
	return nil
}

func uint32s(bytes []byte) []uint32 {
	values := make([]uint32, len(bytes)/4)
	for index := range values {
		values[index] = binary.LittleEndian.Uint32(bytes[4*index:])
	}
	return values
}

func float32s(bytes []byte) []float32 {
	values := make([]float32, len(bytes)/4)
	for index := range values {
		values[index] = math.Float32frombits(binary.LittleEndian.Uint32(bytes[4*index:]))
	}
	return values
}

func max(a, b uint32) uint32 {
	if a > b {
		return a
	}
	return b
}
