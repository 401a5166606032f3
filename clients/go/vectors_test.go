// The protocol's vectors: every codec in every language reads the same bytes.

package assay

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
)

type vector struct {
	name        string
	bytes       []byte
	Direction   string
	BeforeHello bool `json:"before_hello"`
	Canonical   bool
	Message     string
	Frames      []struct{ Message string }
	Error       struct{ Code, Status string }
}

func vectors(t *testing.T, folder, direction string) []vector {
	paths, _ := filepath.Glob(filepath.Join("..", "..", "Protocol", "vectors", folder, "*.json"))
	var found []vector
	for _, path := range paths {
		each := vector{name: folder + "/" + strings.TrimSuffix(filepath.Base(path), ".json")}
		text, err := os.ReadFile(path)
		if err == nil {
			err = json.Unmarshal(text, &each)
		}
		if err == nil {
			each.bytes, err = os.ReadFile(strings.TrimSuffix(path, "json") + "bin")
		}
		if err != nil {
			t.Fatal(err)
		}
		if each.Direction == direction {
			found = append(found, each)
		}
	}
	if len(found) == 0 {
		t.Fatalf("no vectors in %s", folder)
	}
	return found
}

// structs has the table and the type of each message that is a whole body.
var structs = map[string]struct {
	table *message
	value any
}{
	"Error":               {errorBodyTable, errorBody{}},
	"GoAway":              {goAwayTable, goAway{}},
	"Hello request":       {helloRequestTable, helloRequest{}},
	"Hello response":      {helloResponseTable, helloResponse{}},
	"Ping request":        {pingRequestTable, pingRequest{}},
	"Ping response":       {pingResponseTable, PingResponse{}},
	"Health request":      {healthRequestTable, HealthRequest{}},
	"Health response":     {healthResponseTable, HealthResponse{}},
	"Models request":      {modelsRequestTable, modelsRequest{}},
	"Models response":     {modelsResponseTable, ModelsResponse{}},
	"Load request":        {loadRequestTable, LoadRequest{}},
	"Load progress":       {loadProgressTable, loadProgress{}},
	"Load response":       {loadResponseTable, LoadResponse{}},
	"Unload request":      {unloadRequestTable, unloadRequest{}},
	"Unload response":     {unloadResponseTable, UnloadResponse{}},
	"Tokenize request":    {tokenizeRequestTable, TokenizeRequest{}},
	"Tokenize response":   {tokenizeResponseTable, TokenizeResponse{}},
	"Detokenize request":  {detokenizeRequestTable, DetokenizeRequest{}},
	"Detokenize response": {detokenizeResponseTable, DetokenizeResponse{}},
	"Generate request":    {generateRequestTable, GenerateRequest{}},
	"Generate chunk":      {generateChunkTable, GenerateChunk{}},
	"Generate response":   {generateResponseTable, GenerateResponse{}},
	"Score request":       {scoreRequestTable, ScoreRequest{}},
	"Score response":      {scoreResponseTable, ScoreResponse{}},
	"Embed request":       {embedRequestTable, EmbedRequest{}},
	"Embed chunk":         {embedChunkTable, embedChunk{}},
	"Embed response":      {embedResponseTable, EmbedResponse{}},
	"Logits request":      {logitsRequestTable, LogitsRequest{}},
	"Logits chunk":        {logitsChunkTable, logitsChunk{}},
	"Logits response":     {logitsResponseTable, LogitsResponse{}},
	"Cancel request":      {cancelRequestTable, cancelRequest{}},
	"Cancel response":     {cancelResponseTable, cancelResponse{}},
	"Stats request":       {statsRequestTable, statsRequest{}},
	"Stats response":      {statsResponseTable, StatsResponse{}},
}

func readerOf(source io.Reader, beforeHello bool) *frameReader {
	limit := uint32(bodySizeMax)
	if beforeHello {
		limit = frameSizeMaxBeforeHello - headerSize
	}
	return &frameReader{bufio.NewReader(source), limit, true}
}

// decoded reads a body as the message of that name.
func decoded(name string, body []byte) (reflect.Value, error) {
	value := reflect.New(reflect.TypeOf(structs[name].value))
	if wrong := decode(structs[name].table, body, value.Elem()); wrong != nil {
		return value, wrong
	}
	return value, nil
}

func TestTablesFitTheirStructs(t *testing.T) {
	for name, each := range structs {
		shape := reflect.TypeOf(each.value)
		for index, rule := range each.table.fields {
			if tag := strings.Split(shape.Field(index).Tag.Get("json"), ",")[0]; tag != rule.name {
				t.Errorf("%s: field %d is %q in the table, %q in the struct", name, index, rule.name, tag)
			}
		}
	}
}

func TestValidResponsesAreUnderstoodByteByByte(t *testing.T) {
	for _, each := range vectors(t, "valid", "response") {
		reader := readerOf(iotest.OneByteReader(bytes.NewReader(each.bytes)), each.BeforeHello)
		for _, expected := range each.Frames {
			f, err := reader.next()
			if err != nil {
				t.Errorf("%s: %v", each.name, err)
				break
			}
			value, err := decoded(expected.Message, f.body)
			if err != nil {
				t.Errorf("%s: %v", each.name, err)
				break
			}
			again, _, wrong := encode(structs[expected.Message].table, value.Elem(), nil)
			if each.Canonical && (wrong != nil || !bytes.Equal(again, f.body)) {
				t.Errorf("%s: what was read is encoded as %x (%v), not as %x", each.name, again, wrong, f.body)
			}
		}
		if _, err := reader.next(); err != io.EOF {
			t.Errorf("%s: after the last frame: %v", each.name, err)
		}
	}
}

// requestBody is the body of a request vector, for a client that reads no requests.
func requestBody(t *testing.T, each vector) []byte {
	body := each.bytes[headerSize:]
	if each.bytes[6]&flagCompressed != 0 {
		var err error
		size := int(binary.LittleEndian.Uint32(each.bytes[20:]))
		if body, err = decompressBlock(body, size); err != nil {
			t.Fatalf("%s: %v", each.name, err)
		}
	}
	return body
}

func TestValidRequestsAreReproduced(t *testing.T) {
	for _, each := range vectors(t, "valid", "request") {
		if len(each.Frames) != 1 || structs[each.Frames[0].Message].table == nil {
			continue
		}
		name, body := each.Frames[0].Message, requestBody(t, each)
		value, err := decoded(name, body)
		if err != nil {
			t.Errorf("%s: %v", each.name, err)
			continue
		}
		again, _, wrong := encode(structs[name].table, value.Elem(), nil)
		if wrong != nil || each.Canonical && !bytes.Equal(again, body) {
			t.Errorf("%s: encoded as %x (%v), not as %x", each.name, again, wrong, body)
		}
	}
}

func TestInvalidResponsesAreRefused(t *testing.T) {
	for _, each := range vectors(t, "invalid", "response") {
		f, err := readerOf(bytes.NewReader(each.bytes), each.BeforeHello).next()
		if err == nil && each.Message != "" {
			_, err = decoded(each.Message, f.body)
		}
		if err == nil || err == io.EOF || err == io.ErrUnexpectedEOF {
			t.Errorf("%s (%s): %v", each.name, each.Error.Code, err)
		}
	}
}

// What a server refuses must not leave this client: the bodies of invalid requests break the tables
// on the way in, or on the way out.
func TestInvalidRequestsAreRefusedHere(t *testing.T) {
	refused := 0
	for _, each := range vectors(t, "invalid", "request") {
		if each.Error.Status != "INVALID_ARGUMENT" || structs[each.Message].table == nil {
			continue
		}
		value, err := decoded(each.Message, requestBody(t, each))
		if err == nil {
			if _, _, wrong := encode(structs[each.Message].table, value.Elem(), nil); wrong != nil {
				err = wrong
			}
		}
		// A default beside what excludes it cannot be said in Go's structs: it stays out.
		default_ := strings.HasSuffix(each.name, "messages_and_parse_special") ||
			strings.HasSuffix(each.name, "messages_and_parse_special_default")
		if err == nil && !default_ {
			t.Errorf("%s (%s): accepted", each.name, each.Error.Code)
		}
		refused++
	}
	if refused < 50 {
		t.Errorf("only %d vectors looked at", refused)
	}
}

func TestIncompleteFramesAreAwaited(t *testing.T) {
	for _, each := range vectors(t, "incomplete", "response") {
		_, err := readerOf(bytes.NewReader(each.bytes), each.BeforeHello).next()
		if err != io.ErrUnexpectedEOF && !(len(each.bytes) == 0 && err == io.EOF) {
			t.Errorf("%s: %v", each.name, err)
		}
	}
}

// A header is refused when its bytes are there: nothing after the damage is waited for.
func TestDamageIsSeenBeforeTheBodyArrives(t *testing.T) {
	for name, head := range map[string]string{
		"length too small": "\x1b\x00\x00\x00",
		"length too large": "\xff\xff\xff\xff",
		"version":          "\x1c\x00\x00\x00\x02",
		"TLS":              "\x16\x03\x01\x02\x00",
		"HTTP":             "HTTP",
	} {
		silent, _ := io.Pipe()
		source := io.MultiReader(strings.NewReader(head), silent)
		if _, err := readerOf(iotest.OneByteReader(source), false).next(); err == nil {
			t.Errorf("%s: accepted", name)
		} else if _, ok := err.(damage); !ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRandomDamageIsRefusedOrUnderstood(t *testing.T) {
	random := seeded(t)
	all := vectors(t, "valid", "response")
	for round := 0; round < 30_000; round++ {
		each := all[random.Intn(len(all))]
		bytes_ := append([]byte{}, each.bytes...)
		for count := 1 + random.Intn(4); count > 0; count-- {
			bytes_[random.Intn(len(bytes_))] ^= 1 << uint(random.Intn(8))
		}
		reader := readerOf(bytes.NewReader(bytes_[:random.Intn(len(bytes_)+1)]), each.BeforeHello)
		for _, expected := range each.Frames {
			f, err := reader.next()
			if err != nil {
				break
			}
			if value, err := decoded(expected.Message, f.body); err == nil {
				if _, _, wrong := encode(structs[expected.Message].table, value.Elem(), nil); wrong != nil {
					t.Fatalf("%s: read what could not be written: %v", each.name, wrong)
				}
			}
		}
	}
}
