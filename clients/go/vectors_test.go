// Tests with the protocol's vectors: the codecs of all languages read the same bytes.

package assay

import (
	"bufio"
	"bytes"
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
	BeforeHello bool  `json:"before_hello"`
	Compression *bool // false: Hello agreed on no compression
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

// structs has one struct for each message that is a whole body.
var structs = []body{&errorBody{}, &goAway{}, &helloRequest{}, &helloResponse{}, &PingRequest{},
	&PingResponse{}, &HealthRequest{}, &HealthResponse{}, &ModelsRequest{}, &ModelsResponse{},
	&LoadRequest{}, &loadProgress{}, &LoadResponse{}, &UnloadRequest{}, &UnloadResponse{},
	&TokenizeRequest{}, &TokenizeResponse{}, &DetokenizeRequest{}, &DetokenizeResponse{},
	&GenerateRequest{}, &GenerateChunk{}, &GenerateResponse{}, &ScoreRequest{}, &ScoreResponse{},
	&EmbedRequest{}, &embedChunk{}, &EmbedResponse{}, &LogitsRequest{}, &logitsChunk{},
	&RenderRequest{}, &RenderResponse{}, &SwapRequest{}, &SwapProgress{}, &SwapResponse{},
	&RollbackRequest{}, &RollbackResponse{}, &PinRequest{}, &PinResponse{}, &AliasRequest{},
	&AliasResponse{},
	&LogitsResponse{}, &cancelRequest{}, &cancelResponse{}, &StatsRequest{}, &StatsResponse{}}

// typeOf finds the struct of a message, or nil: PingRequest for "Ping request".
func typeOf(message string) reflect.Type {
	for _, each := range structs {
		shape := reflect.TypeOf(each).Elem()
		name := strings.TrimSuffix(shape.Name(), "Body")
		if strings.EqualFold(name, strings.ReplaceAll(message, " ", "")) {
			return shape
		}
	}
	return nil
}

func readerOf(source io.Reader, each vector) *frameReader {
	limit := uint32(bodySizeMax)
	if each.BeforeHello {
		limit = frameSizeMaxBeforeHello - headerSize
	}
	agreed := !each.BeforeHello && (each.Compression == nil || *each.Compression)
	return &frameReader{bufio.NewReader(source), limit, agreed}
}

// decoded reads a body as the named message.
func decoded(name string, bytes []byte) (body, error) {
	value := reflect.New(typeOf(name)).Interface().(body)
	if wrong := decode(bytes, value); wrong != nil {
		return value, wrong
	}
	return value, nil
}

// some sets a member to a nonzero value.
func some(member reflect.Value) {
	switch member.Kind() {
	case reflect.Pointer:
		member.Set(reflect.New(member.Type().Elem()))
	case reflect.Slice:
		member.Set(reflect.MakeSlice(member.Type(), 1, 1))
	case reflect.Struct:
		some(member.Field(0))
	case reflect.String:
		member.SetString("x")
	case reflect.Uint64:
		member.SetUint(1)
	case reflect.Float64:
		member.SetFloat(1)
	case reflect.Bool:
		member.SetBool(true)
	}
}

func TestTablesFitTheirStructs(t *testing.T) {
	for _, each := range structs {
		shape := reflect.TypeOf(each).Elem()
		zero, _, _ := encode(each, nil)
		for index := 0; index < shape.NumField(); index++ {
			value := reflect.New(shape)
			if some(value.Elem().Field(index)); shape.Field(index).Name == "Origin" {
				continue
			}
			if said, _, _ := encode(value.Interface().(body), nil); bytes.Equal(said, zero) {
				t.Errorf("%s: %s is not in the table", shape, shape.Field(index).Name)
			}
		}
	}
}

func TestValidResponsesAreUnderstoodByteByByte(t *testing.T) {
	for _, each := range vectors(t, "valid", "response") {
		reader := readerOf(iotest.OneByteReader(bytes.NewReader(each.bytes)), each)
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
			again, _, wrong := encode(value, nil)
			if each.Canonical && (wrong != nil || !bytes.Equal(again, f.body)) {
				t.Errorf("%s: what was read is encoded as %x (%v), not as %x", each.name, again, wrong, f.body)
			}
		}
		if _, err := reader.next(); err != io.EOF {
			t.Errorf("%s: after the last frame: %v", each.name, err)
		}
	}
}

// requestBody returns the body of a request vector, since the client itself reads no requests.
func requestBody(t *testing.T, each vector) []byte {
	var head header
	head.read(each.bytes)
	if head.flags&flagCompressed == 0 {
		return each.bytes[headerSize:]
	}
	body, err := decompressBlock(each.bytes[headerSize:], int(head.rawSize))
	expectFine(t, err)
	return body
}

func TestValidRequestsAreReproduced(t *testing.T) {
	for _, each := range vectors(t, "valid", "request") {
		if len(each.Frames) != 1 || typeOf(each.Frames[0].Message) == nil {
			continue
		}
		name, body := each.Frames[0].Message, requestBody(t, each)
		value, err := decoded(name, body)
		if err != nil {
			t.Errorf("%s: %v", each.name, err)
			continue
		}
		again, _, wrong := encode(value, nil)
		if wrong != nil || each.Canonical && !bytes.Equal(again, body) {
			t.Errorf("%s: encoded as %x (%v), not as %x", each.name, again, wrong, body)
		}
	}
}

func TestInvalidResponsesAreRefused(t *testing.T) {
	for _, each := range vectors(t, "invalid", "response") {
		f, err := readerOf(bytes.NewReader(each.bytes), each).next()
		if err == nil && each.Message != "" {
			_, err = decoded(each.Message, f.body)
		}
		if err == nil || err == io.EOF || err == io.ErrUnexpectedEOF {
			t.Errorf("%s (%s): %v", each.name, each.Error.Code, err)
		}
	}
}

// A request that a server refuses must not leave the client: the bodies of invalid requests break
// the tables in reading or in writing.
func TestInvalidRequestsAreRefusedHere(t *testing.T) {
	refused := 0
	for _, each := range vectors(t, "invalid", "request") {
		if each.Error.Status != "INVALID_ARGUMENT" || typeOf(each.Message) == nil {
			continue
		}
		value, err := decoded(each.Message, requestBody(t, each))
		if err == nil {
			if _, _, wrong := encode(value, nil); wrong != nil {
				err = wrong
			}
		}
		// A default value beside an excluding field cannot be expressed in Go's structs, since default
		// values are not sent.
		default_ := strings.HasSuffix(each.name, "messages_and_parse_special") ||
			strings.HasSuffix(each.name, "messages_and_parse_special_default") ||
			strings.HasSuffix(each.name, "_and_continue_final_message") ||
			strings.HasSuffix(each.name, "_add_and_continue_default")
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
		_, err := readerOf(bytes.NewReader(each.bytes), each).next()
		if err != io.ErrUnexpectedEOF && !(len(each.bytes) == 0 && err == io.EOF) {
			t.Errorf("%s: %v", each.name, err)
		}
	}
}

// A header is refused as soon as its damaged bytes are present, without waiting for more bytes.
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
		if _, err := readerOf(iotest.OneByteReader(source), vector{}).next(); err == nil {
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
		reader := readerOf(bytes.NewReader(bytes_[:random.Intn(len(bytes_)+1)]), each)
		for _, expected := range each.Frames {
			f, err := reader.next()
			if err != nil {
				break
			}
			if value, err := decoded(expected.Message, f.body); err == nil {
				if _, _, wrong := encode(value, nil); wrong != nil {
					t.Fatalf("%s: read what could not be written: %v", each.name, wrong)
				}
			}
		}
	}
}
