// Code generated from Protocol/protocol.json by Protocol/generate.py. DO NOT EDIT.

package assay

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// Options of a Client. NewClient fills in the defaults before it calls the functions it is given.
type Options struct {
	// Name: name and version of the program, for the server's log, by default assay-go/0.1.0 (1 to
	// 128 bytes).
	Name string

	// AllowMock: answers of mocks are handed out, with provenance mock, default false.
	AllowMock bool

	// Compression: LZ4 compression is offered in Hello, default true.
	Compression bool

	// BodySizeMax: largest body accepted, bytes, default 4194304 (4096 to 4294967295).
	BodySizeMax uint64

	// AnswerSizeMax: largest whole answer accepted before the answer is given up, bytes of all
	// bodies, default 1073741824 (4096 to 9007199254740991).
	AnswerSizeMax uint64

	// Connections: size of the pool, where a call takes the connection with the fewest requests in
	// flight, default 1 (1 to 1024).
	Connections uint64

	// ConnectMilliseconds: time to connect, and again for Hello, milliseconds, default 5000 (1 to
	// 4294967295).
	ConnectMilliseconds uint64

	// AnswerMilliseconds: longest silence on an answer, 0 for no bound, milliseconds, default 0 (0
	// to 4294967295).
	AnswerMilliseconds uint64

	// GraceMilliseconds: time after a request's deadline before the client gives up the answer,
	// milliseconds, default 2000 (0 to 4294967295).
	GraceMilliseconds uint64

	// Attempts: attempts of a call in all, default 3 (1 to 4294967295).
	Attempts uint64

	// BackoffMilliseconds: first pause between attempts, doubled for each later pause, with jitter
	// from half to whole, milliseconds, default 50 (0 to 4294967295).
	BackoffMilliseconds uint64

	// BackoffMaxMilliseconds: longest pause between attempts, milliseconds, default 2000 (0 to
	// 4294967295).
	BackoffMaxMilliseconds uint64

	// WaitMilliseconds: time from a call's start to wait for a server that is absent or loads its
	// model, milliseconds, default 0 (0 to 4294967295).
	WaitMilliseconds uint64

	// Token: token that Hello sends to the server, never shown, by default that of token_file (1
	// to 256 bytes).
	Token string

	// Tenant: part of the client's own share of the server, which Hello sends, by default none (1
	// to 64 bytes).
	Tenant string

	// TokenFile: path of a file with the token on one line, read when the client is made without a
	// token, by default that of the environment variable ASSAY_TOKEN_FILE (1 to 4096 bytes).
	TokenFile string

	secret func() string // the token of a Client, in a form that no text shows
}

var defaultOptions = Options{
	Name:                   "assay-go/0.1.0",
	Compression:            true,
	BodySizeMax:            4194304,
	AnswerSizeMax:          1073741824,
	Connections:            1,
	ConnectMilliseconds:    5000,
	GraceMilliseconds:      2000,
	Attempts:               3,
	BackoffMilliseconds:    50,
	BackoffMaxMilliseconds: 2000,
}

// check finds the first option out of range, reads the token file, and hides the token.
func (o *Options) check() *breach {
	c := &coder{}
	c.text(&field{name: "name", typ: typeText, low: 1, high: 128}, o.Name)
	c.within(&field{name: "body_size_max", low: 4096, high: 4294967295}, o.BodySizeMax)
	c.within(&field{name: "answer_size_max", low: 4096, high: 9007199254740991}, o.AnswerSizeMax)
	c.within(&field{name: "connections", low: 1, high: 1024}, o.Connections)
	c.within(&field{name: "connect_milliseconds", low: 1, high: 4294967295}, o.ConnectMilliseconds)
	c.within(&field{name: "answer_milliseconds", high: 4294967295}, o.AnswerMilliseconds)
	c.within(&field{name: "grace_milliseconds", high: 4294967295}, o.GraceMilliseconds)
	c.within(&field{name: "attempts", low: 1, high: 4294967295}, o.Attempts)
	c.within(&field{name: "backoff_milliseconds", high: 4294967295}, o.BackoffMilliseconds)
	c.within(&field{name: "backoff_max_milliseconds", high: 4294967295}, o.BackoffMaxMilliseconds)
	c.within(&field{name: "wait_milliseconds", high: 4294967295}, o.WaitMilliseconds)
	c.text(&field{name: "token", typ: typeText, high: 256}, o.Token)
	c.text(&field{name: "tenant", typ: typeText, high: 64}, o.Tenant)
	c.text(&field{name: "token_file", typ: typeText, high: 4096}, o.TokenFile)
	if c.wrong != nil {
		return c.wrong
	}
	return o.readToken()
}

// readToken reads the token of the token file, where no token is given.
func (o *Options) readToken() *breach {
	path, source := o.TokenFile, "the option token_file"
	if path == "" {
		path, source = os.Getenv("ASSAY_TOKEN_FILE"), "ASSAY_TOKEN_FILE"
	}
	token, found := o.Token, ""
	if token == "" && path != "" {
		token, found = tokenIn(path)
	}
	if found != "" {
		return &breach{"token_file", "found " + found + " behind " + source +
			", allowed: one line of 1 to 256 visible ASCII characters, the token"}
	}
	o.Token, o.secret = "", func() string { return token }
	return nil
}

// token returns the token of a Client, "" for none.
func (o *Options) token() string {
	if o.secret == nil {
		return ""
	}
	return o.secret()
}

// tokenIn returns the token of a file, or the reason why the file has none.
func tokenIn(path string) (token, found string) {
	file, err := os.Open(path)
	var bytes []byte
	if err == nil {
		defer file.Close()
		bytes, err = io.ReadAll(io.LimitReader(file, 1024))
	}
	token = strings.Trim(string(bytes), " \t\n\v\f\r")
	isHidden := func(each rune) bool { return each <= ' ' || each > '~' }
	switch {
	case err != nil:
		cause := errors.Unwrap(err) // without the path
		return "", fmt.Sprintf("no file to read (%v)", cause)
	case token == "":
		return "", "an empty file"
	case len(token) > 256:
		return "", "more than 256 bytes"
	case strings.IndexFunc(token, isHidden) >= 0:
		return "", "a byte that is no visible ASCII character"
	}
	return token, ""
}

// Format prints the options without the token, for every verb.
func (o Options) Format(state fmt.State, _ rune) {
	type plain Options
	if o.Token != "" {
		o.Token = "(hidden)"
	}
	fmt.Fprintf(state, "%+v", plain(o))
}
