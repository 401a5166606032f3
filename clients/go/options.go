// Code generated from Protocol/protocol.json by Protocol/generate.py. DO NOT EDIT.

package assay

// Options of a Client. NewClient fills in the defaults before it calls the functions it is given.
type Options struct {
	// Name: name and version of the program, for the server's log; default: assay-go/0.1.0 (1 to
	// 128 bytes).
	Name string

	// AllowMock: hand out answers of mocks, which say so; default false.
	AllowMock bool

	// Compression: offer LZ4; default true.
	Compression bool

	// BodySizeMax: largest body accepted, bytes; default 4194304 (4096 to 4294967295).
	BodySizeMax uint64

	// AnswerSizeMax: largest whole answer accepted, bytes of its bodies; beyond it the answer is
	// given up; default 1073741824 (4096 to 9007199254740991).
	AnswerSizeMax uint64

	// Connections: size of the pool; a call takes the connection with the fewest requests in
	// flight; default 1 (1 to 1024).
	Connections uint64

	// ConnectMilliseconds: to connect, and again for Hello; default 5000 (1 to 4294967295).
	ConnectMilliseconds uint64

	// AnswerMilliseconds: longest silence on an answer; 0: any; default 0 (0 to 4294967295).
	AnswerMilliseconds uint64

	// GraceMilliseconds: beyond a request's deadline before the client gives up by itself; default
	// 2000 (0 to 4294967295).
	GraceMilliseconds uint64

	// Attempts: in all; default 3 (1 to 4294967295).
	Attempts uint64

	// BackoffMilliseconds: first pause between attempts; doubles; each with jitter from half to
	// whole; default 50 (0 to 4294967295).
	BackoffMilliseconds uint64

	// BackoffMaxMilliseconds: longest pause between attempts; default 2000 (0 to 4294967295).
	BackoffMaxMilliseconds uint64

	// WaitMilliseconds: how long, from a call's start, to wait for a server that is not there or
	// loads its model; default 0 (0 to 4294967295).
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

// check finds the first option that is out of its range.
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
