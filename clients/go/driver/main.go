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
		parse(line, &next)
		client := d.clients[next.Client]
		switch next.Op {
		case "open":
			d.clients[next.Client], err = assay.NewClient(next.Server, next.setOptions)
			d.finish(next.ID, map[string]any{}, err)
		case "close":
			d.finish(next.ID, map[string]any{}, client.Close())
		case "fork": // a Go program does not fork
			d.line(map[string]any{"id": next.ID, "unsupported": "fork"})
		default:
			go func() {
				answer, err := d.call(client, &next)
				d.finish(next.ID, answer, err)
			}()
		}
	}
}

// setOptions sets options by their protocol names: answer_milliseconds sets AnswerMilliseconds.
func (next *command) setOptions(options *assay.Options) {
	for name, value := range next.Options {
		member := reflect.ValueOf(options).Elem().FieldByNameFunc(func(member string) bool {
			return strings.EqualFold(member, strings.ReplaceAll(name, "_", ""))
		})
		if !member.IsValid() {
			fatal("no such option: %s", name)
		}
		parse(value, member.Addr().Interface())
	}
}

// ---------------------------------------------------------------- output

func (d *driver) line(value map[string]any) {
	text, err := json.Marshal(value)
	if err != nil {
		fatal("writing a line: %v", err)
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
		fatal("an error of another type: %v", err)
	}
	words := map[string]any{"code": failure.Code, "status": failure.Status.String(),
		"message": failure.Message, "server_code": failure.ServerCode, "field": failure.Field,
		"layer": failure.Layer, "retry_after_milliseconds": failure.RetryAfterMilliseconds,
		"provenance": failure.Provenance}
	for name, word := range words {
		if reflect.ValueOf(word).IsZero() {
			delete(words, name)
		}
	}
	if failure.ServerLoad != nil {
		words["server_load"] = values(*failure.ServerLoad)
	}
	d.line(map[string]any{"id": id, "error": words})
}

// ---------------------------------------------------------------- calls

// call makes the call of a kind by the method of that name.
func (d *driver) call(client *assay.Client, next *command) (any, error) {
	ctx := context.Background()
	if next.Deadline > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(next.Deadline)*time.Millisecond)
		defer cancel()
	}
	name := next.Kind
	if name == "Generate" && next.Stream {
		name = "GenerateStream"
	}
	method := reflect.ValueOf(client).MethodByName(name)
	if !method.IsValid() {
		fatal("no such kind: %s", next.Kind)
	}
	request := reflect.New(method.Type().In(1))
	fill(request.Elem(), next.Request)
	arguments := []reflect.Value{reflect.ValueOf(ctx), request.Elem()}
	show := func(chunk any) {
		if next.Stream {
			d.line(map[string]any{"id": next.ID, "chunk": chunk})
		}
	}
	switch next.Kind {
	case "Load":
		arguments = append(arguments, reflect.ValueOf(func(layer assay.Layer) {
			show(map[string]any{"layer": values(layer)})
		}))
	case "Swap":
		arguments = append(arguments, reflect.ValueOf(func(progress assay.SwapProgress) {
			show(values(progress))
		}))
	}
	results := method.Call(arguments)
	err, _ := results[1].Interface().(error)
	if stream, ok := results[0].Interface().(*assay.GenerateStream); ok && err == nil {
		return d.stream(stream, next)
	}
	return whole(results[0].Interface(), err)
}

func (d *driver) stream(stream *assay.GenerateStream, next *command) (any, error) {
	for count := 1; stream.Next(); count++ {
		d.line(map[string]any{"id": next.ID, "chunk": values(*stream.Chunk())})
		if count == next.GiveUp {
			stream.Close()
		}
	}
	return whole(stream.Result())
}
