"""Random texts: words, numbers, signs, white space, and characters that normalizers change."""

WORDS = ["the", "The", "scale", "weighs", "don't", "WE'VE", "I'll", "naïve", "façade", "größer",
         "Zwölf", "ÉTÉ", "ΟΔΟΣ", "привет", "мир", "日本語", "テスト", "한국어", "각", "नमस्ते",
         "ไทย", "العربية", "שלום", "x1", "camelCase", "HTTPServer", "snake_case", "e\u0301",
         "A\u030a", "\u1100\u1161\u11a8", "ﬁne", "①②", "½", "²³", "㎏", "ｆｕｌｌ", "İstanbul",
         "ẛ\u0323", "q\u0307\u0323", "👩‍👩‍👧", "🙂", "<s>", "[INST]"]
SIGNS = list("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~") + ["...", "—", "«", "»", "。", "€", "≤", "::", "//"]
SPACES = [" ", " ", " ", "  ", "   ", "\n", "\n\n", "\t", "\r\n", "\u00a0", "\u3000", "\u2009",
          "\u200b", "\u2028", "\u0085", "▁", "▁▁"]
# Blocks with decompositions, marks, classes of their own, or none.
BLOCKS = [(0x20, 0x7F), (0, 0x20), (0x80, 0x250), (0x300, 0x370), (0x370, 0x530), (0x590, 0x700),
          (0x900, 0xE00), (0xE00, 0x1000), (0x1100, 0x1200), (0x1E00, 0x2000), (0x2000, 0x2200),
          (0x2460, 0x2500), (0x3000, 0x3400), (0x4E00, 0x4F00), (0xAC00, 0xAD00), (0xF900, 0xFB50),
          (0xFB00, 0xFE00), (0xFF00, 0xFFF0), (0x10000, 0x10FFFF), (0x1D100, 0x1D800),
          (0x1F300, 0x1F700)]


def character(random):
    """A character of a random block, sometimes of any."""
    while True:
        first, last = random.choice(BLOCKS)
        point = random.randrange(first, last)
        if not 0xD800 <= point < 0xE000:
            return chr(point)


def piece(random, added):
    """A part of a text. `added`: the texts of a file's added tokens."""
    kind = random.random()
    if kind < 0.30:
        return random.choice(WORDS)
    if kind < 0.50:
        return random.choice(SPACES)
    if kind < 0.62 and added:
        token = random.choice(added)
        return token if random.random() < 0.8 else token[:random.randrange(len(token) + 1)]
    if kind < 0.72:
        return random.choice(SIGNS)
    if kind < 0.80:
        return str(random.randrange(10 ** random.randrange(1, 9)))
    if kind < 0.95:
        return "".join(character(random) for _ in range(random.randrange(1, 5)))
    return random.choice("aeiou \n▁x1-") * random.randrange(1, 40)


def text(random, added):
    """A text of up to 24 parts, rarely of hundreds."""
    count = random.randrange(25) if random.random() < 0.98 else random.randrange(400)
    return "".join(piece(random, added) for _ in range(count))
