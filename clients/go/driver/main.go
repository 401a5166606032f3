// Driver for the conformance kit: reads one JSON object a line from standard input, and writes one
// JSON object a line to standard output (format: Protocol/conformance).
//
// Each call runs in its own goroutine, in parallel with other calls. Values are converted to the
// structs of the client and back by member names (values.go).
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"sync"
	"time"

	"assay"
)

type command struct {
	ID       uint64
	Op       string
	Client   string
	Server   string
	Options  map[string]json.RawMessage
	Kind     string
	Request  map[string]json.RawMessage
	Deadline uint64 `json:"deadline_milliseconds"`
	Stream   bool
	GiveUp   int `json:"cancel_after_chunks"`
}

type driver struct {
	mutex   sync.Mutex
	output  *bufio.Writer
	clients map[string]*assay.Client
}

func main() {
	d := &driver{output: bufio.NewWriter(os.Stdout), clients: map[string]*assay.Client{}}
	input := bufio.NewReader(os.Stdin)
	for {
		line, err := input.ReadBytes('\n')
		if err != nil {
			return
		}
		var next command
		if err := json.Unmarshal(line, &next); err != nil {
			fmt.Fprintln(os.Stderr, "driver: reading a command:", err)
			os.Exit(2)
		}
		switch next.Op {
		case "open":
			d.finish(next.ID, map[string]any{}, d.open(&next))
		case "close":
			d.finish(next.ID, map[string]any{}, d.client(next.Client).Close())
		case "fork": // a Go program does not fork
			d.line(map[string]any{"id": next.ID, "unsupported": "fork"})
		default:
			go func() {
				answer, err := d.call(&next)
				d.finish(next.ID, answer, err)
			}()
		}
	}
}

func (d *driver) client(name string) *assay.Client {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	return d.clients[name]
}

func (d *driver) open(next *command) error {
	client, err := assay.NewClient(next.Server, func(options *assay.Options) {
		for name, value := range next.Options {
			setOption(options, name, value)
		}
	})
	if err != nil {
		return err
	}
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.clients[next.Client] = client
	return nil
}

// setOption sets an option by its protocol name: answer_milliseconds sets AnswerMilliseconds.
func setOption(options *assay.Options, name string, value json.RawMessage) {
	words := strings.Split(name, "_")
	for index, word := range words {
		words[index] = strings.ToUpper(word[:1]) + word[1:]
	}
	member := reflect.ValueOf(options).Elem().FieldByName(strings.Join(words, ""))
	if !member.IsValid() || json.Unmarshal(value, member.Addr().Interface()) != nil {
		fatal("no such option or value: %s %s", name, value)
	}
}

// ---------------------------------------------------------------- output

func (d *driver) line(value map[string]any) {
	text, err := json.Marshal(value)
	if err != nil {
		fmt.Fprintln(os.Stderr, "driver: writing a line:", err)
		os.Exit(2)
	}
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.output.Write(append(text, '\n'))
	d.output.Flush()
}

func (d *driver) finish(id uint64, answer any, err error) {
	if err == nil {
		d.line(map[string]any{"id": id, "ok": answer})
		return
	}
	var failure *assay.Error
	if !errors.As(err, &failure) {
		fmt.Fprintln(os.Stderr, "driver: an error of another type:", err)
		os.Exit(2)
	}
	words := map[string]any{"code": failure.Code, "status": failure.Status.String(),
		"message": failure.Message}
	for name, word := range map[string]string{"server_code": failure.ServerCode,
		"field": failure.Field, "layer": failure.Layer} {
		if word != "" {
			words[name] = word
		}
	}
	if failure.RetryAfterMilliseconds != nil {
		words["retry_after_milliseconds"] = *failure.RetryAfterMilliseconds
	}
	if failure.ServerLoad != nil {
		words["server_load"] = values(*failure.ServerLoad)
	}
	if failure.Provenance != 0 {
		words["provenance"] = failure.Provenance
	}
	d.line(map[string]any{"id": id, "error": words})
}

// ---------------------------------------------------------------- calls

func (d *driver) call(next *command) (any, error) {
	ctx := context.Background()
	if next.Deadline > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(next.Deadline)*time.Millisecond)
		defer cancel()
	}
	client := d.client(next.Client)
	switch next.Kind {
	case "Ping":
		return ask(ctx, next, client.Ping)
	case "Health":
		return ask(ctx, next, client.Health)
	case "Models":
		return ask(ctx, next, client.Models)
	case "Stats":
		return ask(ctx, next, client.Stats)
	case "Load":
		var request assay.LoadRequest
		fill(&request, next.Request)
		return whole(client.Load(ctx, request, func(layer assay.Layer) {
			if next.Stream {
				d.line(map[string]any{"id": next.ID, "chunk": map[string]any{"layer": values(layer)}})
			}
		}))
	case "Unload":
		return ask(ctx, next, client.Unload)
	case "Tokenize":
		return ask(ctx, next, client.Tokenize)
	case "Detokenize":
		return ask(ctx, next, client.Detokenize)
	case "Generate":
		if next.Stream {
			return d.stream(ctx, client, next)
		}
		return ask(ctx, next, client.Generate)
	case "Score":
		return ask(ctx, next, client.Score)
	case "Logits":
		return ask(ctx, next, client.Logits)
	case "Embed":
		return ask(ctx, next, client.Embed)
	}
	fmt.Fprintln(os.Stderr, "driver: no such kind:", next.Kind)
	os.Exit(2)
	return nil, nil
}

func ask[Request, Answer any](
	ctx context.Context, next *command, method func(context.Context, Request) (*Answer, error),
) (any, error) {
	var request Request
	fill(&request, next.Request)
	return whole(method(ctx, request))
}

func (d *driver) stream(
	ctx context.Context, client *assay.Client, next *command,
) (any, error) {
	var request assay.GenerateRequest
	fill(&request, next.Request)
	stream, err := client.GenerateStream(ctx, request)
	if err != nil {
		return nil, err
	}
	for count := 1; stream.Next(); count++ {
		d.line(map[string]any{"id": next.ID, "chunk": values(*stream.Chunk())})
		if count == next.GiveUp {
			stream.Close()
		}
	}
	return whole(stream.Result())
}
