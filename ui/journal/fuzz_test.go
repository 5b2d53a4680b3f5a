package journal

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagdiff/tagdiff/model"
)

// sighting returns a sighting of a digest at one moment.
func sighting(content string, minutes int) model.Sighting {
	return model.Sighting{Digest: dig(content), First: at(minutes), Last: at(minutes)}
}

// FuzzFile checks that the readable lines of any file survive a rewrite, and that
// the new file has no unreadable lines.
func FuzzFile(f *testing.F) {
	whole := appendLine(appendLine(nil, "prod", sighting("a", 0)), "prod", sighting("b", 1))
	span := sighting("c", 2)
	span.Last = at(50)
	span.MediaType, span.Created = listType, &span.First
	whole = appendLine(whole, "prod", span)
	for _, s := range [][]byte{nil, whole, whole[:len(whole)-9], append([]byte("x\n\x00\n"), whole...), bytes.ReplaceAll(whole, []byte("2026"), []byte("9999"))} {
		f.Add(s)
	}
	f.Add([]byte(strings.ReplaceAll(string(whole), `"first":"2026-11-18T12:02:00Z"`, `"first":"2026-11-18T11:59:00Z"`)))
	f.Fuzz(func(t *testing.T, raw []byte) {
		first := readLog(t, raw)
		if n := first.file.offset + int64(len(first.file.tail)); len(raw) < maxLine && n != int64(len(raw)) {
			t.Fatalf("%d of %d bytes are accounted for", n, len(raw))
		}
		content := first.compacted()
		second := readLog(t, content)
		if second.file.bad > 0 || len(second.file.tail) > 0 || second.file.offset != int64(len(content)) {
			t.Fatalf("the new file cannot be read: %q", content)
		}
		if diff := cmp.Diff(first.history(), second.history()); diff != "" {
			t.Fatal(diff)
		}
		for tag, line := range first.history() {
			for i := range line {
				if line[i].Last.Before(line[i].First) || i > 0 && (line[i].First.Before(line[i-1].Last) || line[i].Digest == line[i-1].Digest) {
					t.Fatalf("%s: %v", tag, line)
				}
			}
		}
	})
}

func readLog(t *testing.T, raw []byte) *repoLog {
	t.Helper()
	b := &repoLog{tags: map[string]*tagLog{}, now: func() time.Time { return at(0) }}
	if err := b.file.readLines(bytes.NewReader(raw), b.addSighting); err != nil {
		t.Fatal(err)
	}
	return b
}

// FuzzLine checks that fastParse agrees with parseJSON.
func FuzzLine(f *testing.F) {
	span := sighting("c", 2)
	span.Last, span.MediaType, span.Created = at(50), listType, &span.First
	f.Add(appendLine(nil, "prod", span))
	f.Add(appendLine(nil, "v1.2_3-x", sighting("a", 0)))
	f.Add([]byte(`{"tag":"a","tag":"b","digest":"x"}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		tag, quick, ok := fastParse(raw)
		if !ok {
			return
		}
		slowTag, slow, err := parseJSON(raw)
		if diff := cmp.Diff(slow, quick); err != nil || slowTag != tag || diff != "" {
			t.Fatalf("%q is %q, not %q, %v: %s", raw, tag, slowTag, err, diff)
		}
	})
}

// TestFastParse_usualLines checks that fastParse accepts the lines of usual sightings.
func TestFastParse_usualLines(t *testing.T) {
	span := sighting("c", 2)
	span.Last, span.MediaType, span.Created = at(50), listType, &span.First
	for _, raw := range [][]byte{appendLine(nil, "prod", span), appendLine(nil, "v1.2_3-x", sighting("a", 0))} {
		if _, _, ok := fastParse(raw); !ok {
			t.Errorf("%q is refused", raw)
		}
	}
}
