// Answers of the tokenizers library 0.23.3 for a vocabulary of 30 tokens, one row for each thing
// that a tokenizer.json may ask for.

extension LibraryAnswer {
    static let all: [LibraryAnswer] = [
        LibraryAnswer(
            "canonical composition", "e\u{301}A", [15, 18],
            parts: #","normalizer":{"type":"NFC"}"#),
        LibraryAnswer(
            "canonical decomposition", "\u{E9}A", [16, 18],
            parts: #","normalizer":{"type":"NFD"}"#),
        LibraryAnswer(
            "a mark without a class stands between letter and accent", "e\u{D3C}\u{301}",
            [14, 19, 17], model: #","unk_token":"<unk>""#,
            parts: #","normalizer":{"type":"NFC"}"#),
        LibraryAnswer(
            "compatibility composition", "\u{FB01}e\u{301}", [24, 15],
            parts: #","normalizer":{"type":"NFKC"}"#),
        LibraryAnswer(
            "compatibility decomposition", "\u{FB01}\u{E9}", [24, 16],
            parts: #","normalizer":{"type":"NFKD"}"#),
        LibraryAnswer(
            "lower case", "AbC", [4],
            parts: #","normalizer":{"type":"Lowercase"}"#),
        LibraryAnswer(
            "accents taken off", "e\u{301}a\u{301}", [14, 0],
            parts: #","normalizer":{"type":"StripAccents"}"#),
        LibraryAnswer(
            "white space off both ends", " \n a b ", [0, 11, 1],
            model: #","unk_token":"<unk>""#,
            parts: #","normalizer":{"type":"Strip","strip_left":true,"strip_right":true}"#),
        LibraryAnswer(
            "control characters taken out", "a\u{1}b\tc", [3, 11, 2],
            parts: #","normalizer":{"type":"Nmt"}"#),
        LibraryAnswer(
            "a text put in front", "abc", [7, 4],
            parts: #","normalizer":{"type":"Prepend","prepend":"x"}"#),
        LibraryAnswer(
            "nothing put in front of nothing", "", [],
            parts: #","normalizer":{"type":"Prepend","prepend":"x"}"#),
        LibraryAnswer(
            "a text replaced", "a b", [0, 8, 1],
            parts: #","normalizer":{"type":"Replace","pattern":{"String":" "},"content":"1"}"#),
        LibraryAnswer(
            "a pattern replaced", "a12b1", [0, 7, 1, 7],
            parts: #","normalizer":{"type":"Replace","pattern":{"Regex":"\\d+"},"content":"x""#
                + #"}"#),
        LibraryAnswer(
            "a symbol of Unicode 17 is none for a pattern", "a\u{FBCB}\u{20AC}b", [0, 19, 7, 1],
            model: #","unk_token":"<unk>""#,
            parts: #","normalizer":{"type":"Replace","pattern":{"Regex":"\\p{S}"},"content":"x""#
                + "}"),
        LibraryAnswer(
            "bytes written by the normalizer", "a a", [0, 13],
            parts: #","normalizer":{"type":"ByteLevel"}"#),
        LibraryAnswer(
            "normalizers in their order", "Ab", [0, 3],
            parts: #","normalizer":{"type":"Sequence","normalizers":[{"type":"Prepend","prepe"#
                + #"nd":"A"},{"type":"Lowercase"}]}"#),
        LibraryAnswer(
            "a space in front of every piece", "a<x>a ab", [6, 30, 6, 5, 3],
            added: #"{"id":30,"content":"<x>","single_word":false,"lstrip":false,"rstrip":fal"#
                + #"se,"normalized":false,"special":true}"#,
            parts: #","pre_tokenizer":{"type":"Metaspace","replacement":"\u2581","prepend_sch"#
                + #"eme":"always","split":true}"#),
        LibraryAnswer(
            "a space in front of the first piece", "a<x>a", [6, 30, 0],
            added: #"{"id":30,"content":"<x>","single_word":false,"lstrip":false,"rstrip":fal"#
                + #"se,"normalized":false,"special":true}"#,
            parts: #","pre_tokenizer":{"type":"Metaspace","replacement":"\u2581","prepend_sch"#
                + #"eme":"first","split":false}"#),
        LibraryAnswer(
            "no space in front of text behind a token", "<x>a", [30, 0],
            added: #"{"id":30,"content":"<x>","single_word":false,"lstrip":false,"rstrip":fal"#
                + #"se,"normalized":false,"special":true}"#,
            parts: #","pre_tokenizer":{"type":"Metaspace","replacement":"\u2581","prepend_sch"#
                + #"eme":"first","split":false}"#),
        LibraryAnswer(
            "a space in front of none", "a a", [0, 6],
            parts: #","pre_tokenizer":{"type":"Metaspace","replacement":"\u2581","prepend_sch"#
                + #"eme":"never","split":true}"#),
        LibraryAnswer(
            "no second space in front", " a", [6],
            parts: #","pre_tokenizer":{"type":"Metaspace","replacement":"\u2581","prepend_sch"#
                + #"eme":"always","split":true}"#),
        LibraryAnswer(
            "bytes with a space in front", "a a", [13, 13],
            parts: #","pre_tokenizer":{"type":"ByteLevel","add_prefix_space":true,"trim_offse"#
                + #"ts":true,"use_regex":true}"#),
        LibraryAnswer(
            "bytes without a pattern", "a a\n", [0, 13, 28],
            parts: #","pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false,"trim_offs"#
                + #"ets":true,"use_regex":false}"#),
        LibraryAnswer(
            "a split, Removed", "ab1122ab", [3, 9, 9, 3],
            model: #","ignore_merges":true"#,
            parts: #","pre_tokenizer":{"type":"Split","pattern":{"String":"1"},"behavior":"Re"#
                + #"moved","invert":false}"#),
        LibraryAnswer(
            "a split, Isolated", "ab1122ab", [3, 8, 8, 9, 9, 3],
            model: #","ignore_merges":true"#,
            parts: #","pre_tokenizer":{"type":"Split","pattern":{"String":"1"},"behavior":"Is"#
                + #"olated","invert":false}"#),
        LibraryAnswer(
            "a split, MergedWithPrevious", "ab1122ab", [3, 8, 8, 9, 9, 3],
            model: #","ignore_merges":true"#,
            parts: #","pre_tokenizer":{"type":"Split","pattern":{"String":"1"},"behavior":"Me"#
                + #"rgedWithPrevious","invert":false}"#),
        LibraryAnswer(
            "a split, MergedWithNext", "ab1122ab", [3, 8, 10, 9, 3],
            model: #","ignore_merges":true"#,
            parts: #","pre_tokenizer":{"type":"Split","pattern":{"String":"1"},"behavior":"Me"#
                + #"rgedWithNext","invert":false}"#),
        LibraryAnswer(
            "a split, Contiguous", "ab1122ab", [3, 8, 8, 9, 9, 3],
            model: #","ignore_merges":true"#,
            parts: #","pre_tokenizer":{"type":"Split","pattern":{"String":"1"},"behavior":"Co"#
                + #"ntiguous","invert":false}"#),
        LibraryAnswer(
            "an inverted split", "a12b", [10],
            parts: #","pre_tokenizer":{"type":"Split","pattern":{"Regex":"\\d+"},"behavior":""#
                + #"Removed","invert":true}"#),
        LibraryAnswer(
            "digits one by one", "12ab", [8, 9, 3],
            parts: #","pre_tokenizer":{"type":"Digits","individual_digits":true}"#),
        LibraryAnswer(
            "digits together", "12ab", [10, 3],
            parts: #","pre_tokenizer":{"type":"Digits","individual_digits":false}"#),
        LibraryAnswer(
            "signs", "ab.c", [3, 2],
            parts: #","pre_tokenizer":{"type":"Punctuation","behavior":"Removed"}"#),
        LibraryAnswer(
            "words", "ab c.a", [3, 2, 20, 0],
            parts: #","pre_tokenizer":{"type":"Whitespace"}"#),
        LibraryAnswer(
            "white space", "ab \n c.", [3, 2, 20],
            parts: #","pre_tokenizer":{"type":"WhitespaceSplit"}"#),
        LibraryAnswer(
            "the cuts of BERT", "ab c.-", [3, 2, 20, 29],
            parts: #","pre_tokenizer":{"type":"BertPreTokenizer"}"#),
        LibraryAnswer(
            "a delimiter", "abxab", [3, 3],
            parts: #","pre_tokenizer":{"type":"CharDelimiterSplit","delimiter":"x"}"#),
        LibraryAnswer(
            "lengths", "abcabc", [3, 2, 0, 1, 2],
            parts: #","pre_tokenizer":{"type":"FixedLength","length":2}"#),
        LibraryAnswer(
            "cuts behind written bytes", "a12 a", [0, 8, 9, 13],
            parts: #","pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"ByteLevel""#
                + #","add_prefix_space":false,"trim_offsets":true,"use_regex":true},{"type":"#
                + #""Digits","individual_digits":true}]}"#),
        LibraryAnswer(
            "unknown characters one by one", "aZZb", [0, 19, 19, 1],
            model: #","unk_token":"<unk>""#),
        LibraryAnswer(
            "unknown characters in one", "aZZb", [0, 19, 1],
            model: #","unk_token":"<unk>","fuse_unk":true"#),
        LibraryAnswer(
            "characters that leave nothing", "aZZbc", [4]),
        LibraryAnswer(
            "bytes for a character", "a\u{EA}\u{E9}b", [0, 19, 15, 1],
            model: #","unk_token":"<unk>","byte_fallback":true"#),
        LibraryAnswer(
            "a whole word before its merges", "abc", [4],
            model: #","ignore_merges":true,"merges":[["b","c"]]"#,
            hasPairBC: true,
            parts: #","pre_tokenizer":{"type":"WhitespaceSplit"}"#),
        LibraryAnswer(
            "merges in their order", "abc", [0, 30],
            model: #","merges":[["b","c"],["a","b"]]"#,
            hasPairBC: true),
        LibraryAnswer(
            "the last of equal merges", "abc", [0, 30],
            model: #","merges":[["a","b"],["b","c"],["a","b"]]"#,
            hasPairBC: true),
        LibraryAnswer(
            "dropout 0", "abc", [4],
            model: #","dropout":0.0"#),
        LibraryAnswer(
            "no type", "abc", [4],
            isTyped: false),
        LibraryAnswer(
            "white space swallowed on both sides", "a <x> \n b", [0, 30, 1],
            added: #"{"id":30,"content":"<x>","single_word":false,"lstrip":true,"rstrip":true"#
                + #","normalized":false,"special":true}"#),
        LibraryAnswer(
            "white space swallowed once", "a <x> <x> b", [0, 30, 30, 1],
            added: #"{"id":30,"content":"<x>","single_word":false,"lstrip":true,"rstrip":true"#
                + #","normalized":false,"special":true}"#),
        LibraryAnswer(
            "a token inside a word", "axa x", [0, 7, 0, 11, 7],
            model: #","unk_token":"<unk>""#,
            added: #"{"id":7,"content":"x","single_word":true,"lstrip":false,"rstrip":false,""#
                + #"normalized":false,"special":false}"#),
        LibraryAnswer(
            "a token in the normalised text", "axa", [0, 30],
            added: #"{"id":30,"content":"XA","single_word":false,"lstrip":false,"rstrip":fals"#
                + #"e,"normalized":true,"special":true}"#,
            parts: #","normalizer":{"type":"Lowercase"}"#),
        LibraryAnswer(
            "a token in the raw text only", "axa", [0, 7, 0],
            added: #"{"id":30,"content":"XA","single_word":false,"lstrip":false,"rstrip":fals"#
                + #"e,"normalized":false,"special":true}"#,
            parts: #","normalizer":{"type":"Lowercase"}"#),
        LibraryAnswer(
            "the longest of two tokens", "<xy>a", [31, 0],
            added: #"{"id":30,"content":"<x","single_word":false,"lstrip":false,"rstrip":fals"#
                + #"e,"normalized":false,"special":true},{"id":31,"content":"<xy>","single_w"#
                + #"ord":false,"lstrip":false,"rstrip":false,"normalized":false,"special":tr"#
                + #"ue}"#),
        LibraryAnswer(
            "special tokens as text", "<x>1a", [7, 8, 0], parseSpecial: false,
            added: #"{"id":30,"content":"<x>","single_word":false,"lstrip":false,"rstrip":fal"#
                + #"se,"normalized":false,"special":true},{"id":8,"content":"1","single_word"#
                + #"":false,"lstrip":false,"rstrip":false,"normalized":false,"special":false"#
                + #"}"#),
        LibraryAnswer(
            "tokens around the text", "c", [0, 1, 2, 7, 7], addSpecial: true,
            parts: #","post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken""#
                + #":{"id":"a","type_id":0}},{"SpecialToken":{"id":"b","type_id":0}},{"Seque"#
                + #"nce":{"id":"A","type_id":0}},{"SpecialToken":{"id":"x","type_id":0}},{"S"#
                + #"pecialToken":{"id":"x","type_id":0}}],"pair":[],"special_tokens":{"a":{""#
                + #"id":"a","ids":[0],"tokens":["a"]},"b":{"id":"b","ids":[1],"tokens":["b"]"#
                + #"},"x":{"id":"x","ids":[7],"tokens":["x"]}}}"#),
        LibraryAnswer(
            "a processor of offsets", "c", [2], addSpecial: true,
            parts: #","post_processor":{"type":"ByteLevel","add_prefix_space":true,"trim_offs"#
                + #"ets":true,"use_regex":true}"#),
        LibraryAnswer(
            "padding to the longest", "c", [2],
            parts: #","padding":{"strategy":"BatchLongest","direction":"Right","pad_to_multip"#
                + #"le_of":null,"pad_id":999,"pad_type_id":0,"pad_token":"?"}"#),
    ]
}
