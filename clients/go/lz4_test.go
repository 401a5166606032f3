// Tests of the block codec: round trips of many shapes, blocks from other encoders, and damage.

package assay

import (
	"bytes"
	"math/rand"
	"os"
	"strconv"
	"testing"
	"time"
)

// seeded makes random numbers for a test. ASSAY_SEED repeats a run.
func seeded(t *testing.T) *rand.Rand {
	seed := time.Now().UnixNano()
	if text := os.Getenv("ASSAY_SEED"); text != "" {
		seed, _ = strconv.ParseInt(text, 10, 64)
	}
	t.Logf("ASSAY_SEED=%d", seed)
	return rand.New(rand.NewSource(seed))
}

// repetitive makes random data with repeats of all lengths and distances.
func repetitive(random *rand.Rand, size int) []byte {
	data := make([]byte, 0, size)
	for len(data) < size {
		if len(data) > 0 && random.Intn(3) > 0 {
			from := random.Intn(len(data))
			data = appendMatch(data, len(data)-from, 1+random.Intn(600))
		} else {
			for count := random.Intn(40); count >= 0; count-- {
				data = append(data, byte(random.Intn(256)))
			}
		}
	}
	return data[:size]
}

func TestBlocksComeBackWhole(t *testing.T) {
	random := seeded(t)
	for round := 0; round < 500; round++ {
		data := repetitive(random, 1+random.Intn(200_000)>>uint(random.Intn(12)))
		block := compressBlock(data, 2*len(data)+16)
		found, err := decompressBlock(block, len(data))
		if err != nil || !bytes.Equal(found, data) {
			t.Fatalf("round %d: %d bytes became %d: %v", round, len(data), len(found), err)
		}
		if _, err := decompressBlock(block, len(data)-1); err == nil {
			t.Fatalf("round %d: a smaller size was accepted", round)
		}
		if _, err := decompressBlock(block, len(data)+1); err == nil {
			t.Fatalf("round %d: a larger size was accepted", round)
		}
	}
}

func TestBlocksEndWithLiterals(t *testing.T) {
	data := bytes.Repeat([]byte{7}, 5000)
	block := compressBlock(data, len(data))
	if tail := block[len(block)-literalsLast:]; !bytes.Equal(tail, data[:literalsLast]) {
		t.Fatalf("the block ends with %x", tail)
	}
}

func TestNoiseDoesNotFit(t *testing.T) {
	noise := make([]byte, 4096)
	seeded(t).Read(noise)
	if block := compressBlock(noise, len(noise)*9/10); block != nil {
		t.Fatalf("noise became %d bytes", len(block))
	}
}

func TestKnownBlocks(t *testing.T) {
	for name, each := range map[string]struct {
		block []byte
		size  int
		text  string // empty when refused
	}{
		"literals":            {[]byte("\x50hello"), 5, "hello"},
		"overlapping match":   {[]byte("\x11a\x01\x00\x50bcdef"), 11, "aaaaaabcdef"},
		"offset 0":            {[]byte("\x11a\x00\x00\x50bcdef"), 11, ""},
		"offset before start": {[]byte("\x11a\x02\x00\x50bcdef"), 11, ""},
		"match ends it":       {[]byte("\x11a\x01\x00"), 6, ""},
		"offset cut":          {[]byte("\x11a\x01"), 6, ""},
		"literals cut":        {[]byte("\x50hell"), 5, ""},
		"length cut":          {[]byte("\xf0\xff"), 300, ""},
		"nothing":             {[]byte{}, 0, ""},
		"size lies":           {[]byte("\x50hello"), 1 << 30, ""},
	} {
		found, err := decompressBlock(each.block, each.size)
		if (err == nil) != (each.text != "") || string(found) != each.text {
			t.Errorf("%s: found %q, %v", name, found, err)
		}
	}
}

func TestDamagedBlocksNeverGiveAnotherSize(t *testing.T) {
	random := seeded(t)
	for round := 0; round < 20_000; round++ {
		data := repetitive(random, 1+random.Intn(3000))
		block := compressBlock(data, 2*len(data)+16)
		for count := 1 + random.Intn(3); count > 0; count-- {
			block[random.Intn(len(block))] = byte(random.Intn(256))
		}
		block = block[:random.Intn(len(block)+1)]
		if found, err := decompressBlock(block, len(data)); err == nil && len(found) != len(data) {
			t.Fatalf("round %d: %d bytes instead of %d", round, len(found), len(data))
		}
	}
}
