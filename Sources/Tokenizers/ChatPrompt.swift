// A rendered conversation on its way to token ids.

/// The text of a conversation, and whose words it is made of. A value for any thread.
public struct ChatPrompt: Sendable, Equatable {
    /// The text to encode, control tokens recognised outside the ranges.
    public var text: [UInt8] = []
    /// Ranges of the caller's own words in `text`, ascending. The template wrote the rest.
    public var contentRanges: [Range<Int>] = []

    /// A rendered conversation from its parts. The ranges lie in the text.
    public init(text: [UInt8] = [], contentRanges: [Range<Int>] = []) {
        self.text = text
        self.contentRanges = contentRanges
    }
}
