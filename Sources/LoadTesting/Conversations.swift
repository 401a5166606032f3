// Conversations of `chat` requests: a small set in the box, or those of a file.
//
// Each conversation ends with a turn of the user, and its answer is the load. All have several
// turns, as conversations do: the server reads the earlier ones again with every request.

/// Conversations to send.
package enum ConversationSet {
    /// The set for runs without a file.
    package static let builtIn: [[ConversationTurn]] = [
        talk("Hello!", "Hello! How can I help you?", "Please add 12 and 30."),
        talk("What is your name?", "I am a small model.", "What can you do?"),
        talk("Sort these words: pear, apple, fig.", "apple, fig, pear", "Now in reverse order."),
        talk(
            "Tell me a story about a fox.",
            "A fox lived at the edge of a wood, and every evening it went to the river.",
            "What happened one night?"),
        talk("Count to five.", "1 2 3 4 5", "Go on to ten.", "6 7 8 9 10", "Count back to eight."),
        talk(
            "I want to bake bread.", "You need flour, water, salt and yeast.",
            "How long does the dough rest?", "About an hour, in a warm place.",
            "And how long does it bake?"),
        talk(
            "Is it going to rain?", "I cannot see the weather.",
            "Then say in one sentence how rain is made."),
        talk(
            "Translate good morning into German.", "Guten Morgen",
            "And good night?", "Gute Nacht", "Use both in one sentence."),
    ]

    /// Turns of the user and the model in turn.
    private static func talk(_ texts: String...) -> [ConversationTurn] {
        texts.enumerated().map { index, text in
            ConversationTurn(index % 2 == 0 ? "user" : "assistant", text)
        }
    }
}
