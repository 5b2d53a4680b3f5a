package inside

import (
	"bytes"
	"maps"
	"testing"
)

func someCounts() LineCounts {
	return LineCounts{
		{Hash{1}, Hash{2}}:      {Added: 2, Removed: 1},
		{Hash{2}, Hash{1}}:      {Added: 300, Removed: 0},
		{Hash{1}, NoContent}:    {Removed: 1 << 20},
		{Hash{1}, Hash{0, 255}}: {Added: 1, Removed: 1, Only: "dates"},
	}
}

// TestLineCounts checks that counts are read as they were written, and that any damage is found.
func TestLineCounts(t *testing.T) {
	want := someCounts()
	data, err := want.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	var got LineCounts
	if err := got.UnmarshalBinary(data); err != nil || !maps.Equal(got, want) {
		t.Errorf("%v, %v; want %v", got, err, want)
	}
	for i := range data {
		damaged := bytes.Clone(data)
		damaged[i] ^= 1
		if got.UnmarshalBinary(damaged) == nil || got.UnmarshalBinary(data[:i]) == nil {
			t.Fatalf("damage at byte %d was not found", i)
		}
	}
	many := LineCounts{}
	for i := range MaxLineCounts + 10 {
		many[ContentPair{Hash{byte(i), byte(i >> 8)}, Hash{1}}] = TextChange{Added: i}
	}
	data, _ = many.MarshalBinary()
	if err := got.UnmarshalBinary(data); err != nil || len(got) != MaxLineCounts {
		t.Errorf("%d counts of too many, %v", len(got), err)
	}
}

// FuzzLineCounts checks that what can be read is written in the same way again.
func FuzzLineCounts(f *testing.F) {
	data, _ := someCounts().MarshalBinary()
	f.Add(data[countsHead:])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, rest []byte) {
		var all LineCounts
		for len(rest) > 0 {
			p, c, more, ok := nextLineCount(rest)
			if !ok {
				break
			}
			if all == nil {
				all = LineCounts{}
			}
			all[p], rest = c, more
		}
		data, err := all.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		var again LineCounts
		if err := again.UnmarshalBinary(data); err != nil || !maps.Equal(again, all) {
			t.Errorf("%v, %v; want %v", again, err, all)
		}
	})
}
