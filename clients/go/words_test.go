// Short calls, kinds of errors, and vectors, against scripted peers.

package assay

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"reflect"
	"testing"
)

func TestTextsAndTurnsMakeRequests(t *testing.T) {
	asked := TextRequest("a", WithMaxTokens(8), WithTemperature(0.5), WithStop("x", "y"),
		func(r *GenerateRequest) { r.Seed = 7 })
	expected := GenerateRequest{Prompt: Ptr("a"), MaxTokens: 8, Temperature: 0.5,
		Stop: []string{"x", "y"}, Seed: 7}
	if !reflect.DeepEqual(asked, expected) {
		t.Errorf("found %+v, expected %+v", asked, expected)
	}
	turns := []ChatMessage{SystemMessage("be brief"), UserMessage("hi")}
	asked = ChatRequest(turns, WithAddSpecial(false))
	if len(asked.Messages) != 2 || asked.Messages[1].Role != "user" || *asked.AddSpecial {
		t.Errorf("found %+v", asked)
	}
	embed := EmbedRequestOf([]string{"a", "b"}, func(r *EmbedRequest) { r.Pooling = "last" })
	if len(embed.Inputs) != 2 || *embed.Inputs[0].Text != "a" || *embed.Inputs[1].Text != "b" ||
		embed.Pooling != "last" {
		t.Errorf("found %+v", embed)
	}
}

func TestVectorsAreOnePerInput(t *testing.T) {
	answer := EmbedResponse{Embeddings: []float32{1, 2, 3, 4}, Dimensions: 2}
	if found := answer.Vectors(); !reflect.DeepEqual(found, [][]float32{{1, 2}, {3, 4}}) {
		t.Errorf("found %v", found)
	}
	grown := append(answer.Vectors()[0], 9)
	if answer.Embeddings[2] != 3 || grown[2] != 9 {
		t.Error("appending to a vector changed its neighbour")
	}
	for _, odd := range []EmbedResponse{{}, {Dimensions: 3}, {Embeddings: []float32{1}}} {
		if found := odd.Vectors(); found != nil {
			t.Errorf("found %v in %+v", found, odd)
		}
	}
}

func TestErrorsAreKindsOfTheLanguage(t *testing.T) {
	client, err := NewClient("unix:///nowhere", func(o *Options) { o.Attempts = 1 })
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.GenerateText(context.Background(), "a")
	if !errors.Is(err, fs.ErrNotExist) { // the socket's file
		t.Errorf("found %v", err)
	}
	client.Close()
	var kind net.Error
	if _, err = client.Chat(context.Background(), []ChatMessage{UserMessage("a")}); !errors.Is(err,
		net.ErrClosed) || !errors.As(err, &kind) || kind.Timeout() {
		t.Errorf("found %v", err)
	}
	_, err = client.EmbedTexts(context.Background(), nil)
	var failure *Error
	if !errors.As(err, &failure) || failure.Code != CodeRequestInvalid || failure.Field != "inputs" {
		t.Errorf("found %v", err)
	}
	late := error(silenceError("waiting", 5))
	if !errors.As(late, &kind) || !kind.Timeout() || !errors.Is(late, context.DeadlineExceeded) {
		t.Errorf("found %v", late)
	}
	for status, expected := range map[Status]error{StatusNotFound: fs.ErrNotExist,
		StatusPermissionDenied: fs.ErrPermission, StatusAlreadyExists: fs.ErrExist} {
		if said := (&Error{Status: status}); !errors.Is(said, expected) || said.Timeout() {
			t.Errorf("%v is not %v", status, expected)
		}
	}
	if (&Model{Provenance: 2}).Source() != Mock {
		t.Error("the number 2 is not Mock")
	}
}
