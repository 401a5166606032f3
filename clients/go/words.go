// Code generated from Protocol/protocol.json by Protocol/generate.py. DO NOT EDIT.

package assay

import (
	"context"
	"errors"
	"io/fs"
)

// Version is the version of this client.
const Version = "0.1.0"

// GenerateOption sets fields of a Generate request, like any function of this type.
type GenerateOption = func(*GenerateRequest)

// WithModel sets Model: name of the model, absent for the server's only model.
func WithModel(value string) GenerateOption {
	return func(r *GenerateRequest) { r.Model = value }
}

// WithParseSpecial sets ParseSpecial: names of special tokens in `prompt` become special
// tokens, default false.
func WithParseSpecial(value bool) GenerateOption {
	return func(r *GenerateRequest) { r.ParseSpecial = value }
}

// WithAddSpecial sets AddSpecial: add begin tokens to `prompt` as the model demands, default
// true.
func WithAddSpecial(value bool) GenerateOption {
	return func(r *GenerateRequest) { r.AddSpecial = &value }
}

// WithMaxTokens sets MaxTokens: tokens to make at most, default 256.
func WithMaxTokens(value uint64) GenerateOption {
	return func(r *GenerateRequest) { r.MaxTokens = value }
}

// WithTemperature sets Temperature: sampling temperature, where 0 always picks the best token,
// default 0.
func WithTemperature(value float64) GenerateOption {
	return func(r *GenerateRequest) { r.Temperature = value }
}

// WithTopK sets TopK: number of best tokens to keep, default 0, meaning all.
func WithTopK(value uint64) GenerateOption {
	return func(r *GenerateRequest) { r.TopK = value }
}

// WithTopP sets TopP: share of probability up to which the best tokens are kept, default 1,
// meaning all, above 0 unless the temperature is 0.
func WithTopP(value float64) GenerateOption {
	return func(r *GenerateRequest) { r.TopP = &value }
}

// WithMinP sets MinP: least share of the best token's probability for a token to be kept,
// default 0, meaning all.
func WithMinP(value float64) GenerateOption {
	return func(r *GenerateRequest) { r.MinP = value }
}

// WithSeed sets Seed: seed of the sampler, default 0.
func WithSeed(value uint64) GenerateOption {
	return func(r *GenerateRequest) { r.Seed = value }
}

// WithStop sets Stop: stop string, before which the answer ends.
func WithStop(value ...string) GenerateOption {
	return func(r *GenerateRequest) { r.Stop = value }
}

// WithTruncatePrompt sets TruncatePrompt: cut the beginning of an overlong prompt
// (`truncated_context`) instead of refusing, default false.
func WithTruncatePrompt(value bool) GenerateOption {
	return func(r *GenerateRequest) { r.TruncatePrompt = value }
}

// WithLogprobs sets Logprobs: number of best alternatives to list beside each token's
// log-probability, absent for no log-probabilities.
func WithLogprobs(value uint64) GenerateOption {
	return func(r *GenerateRequest) { r.Logprobs = &value }
}

// WithPromptLogprobs sets PromptLogprobs: number of best alternatives to list beside each
// prompt token's log-probability, absent for none.
func WithPromptLogprobs(value uint64) GenerateOption {
	return func(r *GenerateRequest) { r.PromptLogprobs = &value }
}

// WithIgnoreEos sets IgnoreEos: an end token does not end the answer, default false.
func WithIgnoreEos(value bool) GenerateOption {
	return func(r *GenerateRequest) { r.IgnoreEos = value }
}

// WithMinTokens sets MinTokens: tokens before which neither an end token is chosen nor a stop
// string looked for, default 0.
func WithMinTokens(value uint64) GenerateOption {
	return func(r *GenerateRequest) { r.MinTokens = value }
}

// WithTools sets Tools: JSON text of a list of tools, only with `messages`.
func WithTools(value string) GenerateOption {
	return func(r *GenerateRequest) { r.Tools = value }
}

// WithTemplateVariables sets TemplateVariables: further variables of the chat template, only
// with `messages`.
func WithTemplateVariables(value ...TemplateVariable) GenerateOption {
	return func(r *GenerateRequest) { r.TemplateVariables = value }
}

// WithAddGenerationPrompt sets AddGenerationPrompt: end with the template's opening of an
// answer, default true, only with `messages`.
func WithAddGenerationPrompt(value bool) GenerateOption {
	return func(r *GenerateRequest) { r.AddGenerationPrompt = &value }
}

// WithContinueFinalMessage sets ContinueFinalMessage: leave the last message open instead, to
// be continued, default false, only with `messages`.
func WithContinueFinalMessage(value bool) GenerateOption {
	return func(r *GenerateRequest) { r.ContinueFinalMessage = value }
}

// WithTemplateTime sets TemplateTime: time for the chat template, absent for the server's time,
// seconds since 1970, only with `messages`.
func WithTemplateTime(value uint64) GenerateOption {
	return func(r *GenerateRequest) { r.TemplateTime = &value }
}

// WithContext sets Context: trace, attempt and priority of the request.
func WithContext(value RequestContext) GenerateOption {
	return func(r *GenerateRequest) { r.Context = &value }
}

// WithRequirements sets Requirements: demands on the model.
func WithRequirements(value Requirements) GenerateOption {
	return func(r *GenerateRequest) { r.Requirements = &value }
}

// SystemMessage makes a turn of the role system.
func SystemMessage(content string) ChatMessage {
	return ChatMessage{Role: "system", Content: content}
}

// UserMessage makes a turn of the role user.
func UserMessage(content string) ChatMessage {
	return ChatMessage{Role: "user", Content: content}
}

// AssistantMessage makes a turn of the role assistant.
func AssistantMessage(content string) ChatMessage {
	return ChatMessage{Role: "assistant", Content: content}
}

// ToolMessage makes a turn of the role tool.
func ToolMessage(content string) ChatMessage {
	return ChatMessage{Role: "tool", Content: content}
}

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
	case StatusDeadlineExceeded, StatusResourceExhausted, StatusAborted, StatusUnavailable:
		return true
	}
	return false
}

// languageKinds has the errors of the language that errors.Is finds for a status.
var languageKinds = map[Status]error{
	StatusNotFound:         fs.ErrNotExist,
	StatusAlreadyExists:    fs.ErrExist,
	StatusPermissionDenied: fs.ErrPermission,
	StatusUnauthenticated:  fs.ErrPermission,
}
