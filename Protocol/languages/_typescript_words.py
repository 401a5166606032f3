"""Text of the short calls in clients/typescript/src/protocol.ts, for typescript.py."""

# Kinds of which a text or a list is a request, too.
SHORT = ("Generate", "Embed")

SPLIT = """
const callOptions = ["deadlineMilliseconds", "signal", "onLayer", "onProgress"];

/** A request of fields and the options of its call, from one object with both. */
function split(words: object): { fields: object; options: CallOptions } {
  const isOption = ([name]: [string, unknown]): boolean => callOptions.includes(name);
  const entries = Object.entries(words);
  return {
    fields: Object.fromEntries(entries.filter((each) => !isOption(each))),
    options: Object.fromEntries(entries.filter(isOption)),
  };
}

/** The request and the options of a Generate, from a text, a conversation or a request. */
export function generateRequestOf(
  given: string | readonly ChatMessage[] | GenerateRequest, words: GenerateWords
): { request: GenerateRequest; options: CallOptions } {
  if (typeof given === "object" && !Array.isArray(given)) {
    return { request: given as GenerateRequest, options: words };
  }
  const { fields, options } = split(words);
  const lead = typeof given === "string" ? { prompt: given } : { messages: given };
  return { request: { ...fields, ...lead } as GenerateRequest, options };
}

function inputsOf(given: readonly (string | Input)[]): Input[] {
  return Array.from(given, (each) => typeof each === "string" ? { text: each } : each);
}

/** One vector for each input, in the order of the inputs. The vectors share memory. */
function vectorsOf(answer: EmbedResponse): Float32Array[] {
  const { embeddings, dimensions } = answer;
  return Array.from({ length: answer.count }, (_, index) =>
    embeddings.subarray(index * dimensions, (index + 1) * dimensions));
}

/** The provenance of a model's answers, as a word. */
export function sourceOf(model: Model): Origin["provenance"] {
  return provenances[model.provenance] ?? "mock";
}

"""

SHORT_CALLS = """
  /** Continues a text: `generate("text", { maxTokens: 8 })`. */
  generate(prompt: string, words?: GenerateWords): Promise<GenerateResponse>;
  /** Continues a prompt or a conversation. */
  generate(request: GenerateRequest, options?: CallOptions): Promise<GenerateResponse>;
  generate(
    given: string | GenerateRequest, words: GenerateWords = {}
  ): Promise<GenerateResponse> {
    const { request, options } = generateRequestOf(given, words);
    return this.call(kinds.Generate, request, options);
  }

  /** Continues a conversation: `chat([{ role: "user", content: "..." }], { maxTokens: 8 })`. */
  chat(messages: readonly ChatMessage[], words: GenerateWords = {}): Promise<GenerateResponse> {
    const { fields, options } = split(words);
    return this.call(kinds.Generate, { ...fields, messages }, options);
  }

  /** Turns each text into a vector: `(await embed(["a", "b"])).vectors`. */
  embed(inputs: readonly (string | Input)[], words?: EmbedWords): Promise<EmbedResponse>;
  /** Turns inputs into vectors. */
  embed(request: EmbedRequest, options?: CallOptions): Promise<EmbedResponse>;
  async embed(
    given: readonly (string | Input)[] | EmbedRequest, words: EmbedWords = {}
  ): Promise<EmbedResponse> {
    const isList = Array.isArray(given);
    const { fields, options } = isList ? split(words) : { fields: given, options: words };
    const request = isList ? { ...fields, inputs: inputsOf(given) } : fields;
    const answer = await this.call<EmbedResponse>(kinds.Embed, request, options);
    return Object.assign(answer, { vectors: vectorsOf(answer) });
  }
"""


def words_types():
    """The further fields of a short call, with the options of the call."""
    return "".join(
        "/** Further fields of a %s, and the options of the call. */\n"
        "export type %sWords = Partial<%sRequest> & CallOptions;\n\n" % (name, name, name)
        for name in SHORT)
