// Code generated from Protocol/protocol.json by Protocol/generate.py. DO NOT EDIT.

package assay

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

// check finds the first option out of range.
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
	return c.wrong
}
