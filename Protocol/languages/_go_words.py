"""Text of clients/go/words.go for go.py: options of a Generate, short calls, kinds of errors."""

HEAD = """
package assay

import (
	"context"
	"errors"
	"io/fs"
)

// Version is the version of this client.
const Version = "%(release)s"

// GenerateOption sets fields of a Generate request, like any function of this type.
type GenerateOption = func(*GenerateRequest)

%(options)s
%(turns)s
// TextRequest makes the request that continues a text, for Generate and GenerateStream.
func TextRequest(prompt string, options ...GenerateOption) GenerateRequest {
	return changed(GenerateRequest{Prompt: &prompt}, options)
}

// ChatRequest makes the request that continues a conversation, for Generate and GenerateStream.
func ChatRequest(messages []ChatMessage, options ...GenerateOption) GenerateRequest {
	return changed(GenerateRequest{Messages: messages}, options)
}

// EmbedRequestOf makes the request that turns each text into a vector.
func EmbedRequestOf(texts []string, options ...func(*EmbedRequest)) EmbedRequest {
	inputs := make([]Input, len(texts))
	for index := range texts {
		inputs[index].Text = &texts[index]
	}
	return changed(EmbedRequest{Inputs: inputs}, options)
}

func changed[Request any](request Request, options []func(*Request)) Request {
	for _, option := range options {
		option(&request)
	}
	return request
}

// GenerateText continues a text.
func (c *Client) GenerateText(
	ctx context.Context, prompt string, options ...GenerateOption,
) (*GenerateResponse, error) {
	return c.Generate(ctx, TextRequest(prompt, options...))
}

// Chat continues a conversation.
func (c *Client) Chat(
	ctx context.Context, messages []ChatMessage, options ...GenerateOption,
) (*GenerateResponse, error) {
	return c.Generate(ctx, ChatRequest(messages, options...))
}

// EmbedTexts turns each text into a vector, see Vectors.
func (c *Client) EmbedTexts(
	ctx context.Context, texts []string, options ...func(*EmbedRequest),
) (*EmbedResponse, error) {
	return c.Embed(ctx, EmbedRequestOf(texts, options...))
}

// Vectors returns one vector for each input, in the order of the inputs. The vectors share memory
// with Embeddings.
func (m *EmbedResponse) Vectors() [][]float32 {
	var vectors [][]float32
	size := int(m.Dimensions)
	for rest := m.Embeddings; size > 0 && len(rest) >= size; rest = rest[size:] {
		vectors = append(vectors, rest[:size:size])
	}
	return vectors
}

// Source returns the provenance of the model's answers as a Provenance.
func (m *Model) Source() Provenance { return Provenance(m.Provenance) }

// Is also finds the error of a context that had ended, and the error of the language that fits the
// status, in addition to the cause from Unwrap.
func (e *Error) Is(target error) bool {
	return errors.Is(e.ended, target) || languageKinds[e.Status] == target
}

// Timeout returns true when the time was over. With Temporary, an Error is a net.Error.
func (e *Error) Timeout() bool { return e.Status == StatusDeadlineExceeded }

// Temporary returns true when the request may succeed later, unchanged.
func (e *Error) Temporary() bool {
	switch e.Status {
	case %(temporary)s:
		return true
	}
	return false
}

// languageKinds has the errors of the language that errors.Is finds for a status.
var languageKinds = map[Status]error{
%(kinds)s}
"""

#: status -> the error of the language
KINDS = {"NOT_FOUND": "fs.ErrNotExist", "ALREADY_EXISTS": "fs.ErrExist",
         "PERMISSION_DENIED": "fs.ErrPermission", "UNAUTHENTICATED": "fs.ErrPermission"}


def option(field, member, kind, wrap):
    """The function that sets one field."""
    value, given = kind, "value"
    if field["presence"] == "repeated":
        value, given = "..." + kind[2:], "value"
    elif kind.startswith("*"):
        value, given = kind[1:], "&value"
    return ("%sfunc With%s(value %s) GenerateOption {\n"
            "\treturn func(r *GenerateRequest) { r.%s = %s }\n}\n") % (
        wrap("With%s sets %s: %s." % (member, member, field["meaning"]), "// "), member, value,
        member, given)


def words(protocol, types, camel, wrap, status_name):
    """words.go. `types` gives the Go type of a request's field."""
    message = protocol["messages"]["Generate request"]
    options = [option(field, camel(field["name"]), types(field), wrap)
               for field in message["fields"] if field["name"] not in message["exactly_one"]]
    role = next(field for field in protocol["messages"]["Chat message"]["fields"]
                if field["name"] == "role")
    turns = ["// %s makes a turn of the role %s.\nfunc %s(content string) ChatMessage {\n"
             "\treturn ChatMessage{Role: \"%s\", Content: content}\n}\n" % (
                 camel(word) + "Message", word, camel(word) + "Message", word)
             for word in role["choices"]]
    names = {row["name"]: status_name(row) for row in protocol["statuses"]}
    kinds = {names[name] + ":": kind for name, kind in KINDS.items()}
    width = max(map(len, kinds))
    return HEAD % {
        "release": protocol["release"], "options": "\n".join(options), "turns": "\n".join(turns),
        "temporary": ", ".join(names[row["name"]] for row in protocol["statuses"]
                               if row["advice"] in ("retry", "backoff")),
        "kinds": "".join("\t%s %s,\n" % (name.ljust(width), kind) for name, kind in kinds.items())}
