package diff

import (
	"fmt"
	"testing"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
)

// stepsFrom makes steps from arbitrary bytes. There are few different contents
// and texts, so that they repeat, move and are missing.
func stepsFrom(data []byte) []model.Step {
	var steps []model.Step
	texts := []string{"", "RUN a b c", "RUN a b d", "COPY x /y", "WORKDIR /app", "ENV A=1", "ENV A=2", "|1 V=1 /bin/sh -c make", "CMD [\"x\"]"}
	for i, c := range data {
		s := model.NewStep(i, texts[int(c>>3)%len(texts)])
		s.HasLayer = c&1 == 0
		if s.HasLayer {
			content := int(c>>2) % 11
			s.Layer = v1.Descriptor{Digest: digest.FromString(fmt.Sprint("blob", content, c&2)), Size: int64(c)}
			switch {
			case content == 0:
				s.DiffID, s.Empty = model.EmptyTar, true
			case content < 9:
				s.DiffID = digest.FromString(fmt.Sprint(content))
			case content == 9:
				s.Layer = v1.Descriptor{}
			}
		}
		steps = append(steps, s)
	}
	return steps
}

func FuzzAlign(f *testing.F) {
	f.Add([]byte("abcdefgh"), []byte("abcXdefgh"))
	f.Add([]byte{}, []byte("abc"))
	f.Add([]byte("\x00\x08\x10\x18"), []byte("\x18\x10\x08\x00"))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		if len(a) > 300 || len(b) > 300 {
			t.Skip()
		}
		checkRows(t, stepsFrom(a), stepsFrom(b), Align(stepsFrom(a), stepsFrom(b)))
	})
}

// checkRows checks the guarantees of every alignment.
func checkRows(t testing.TB, a, b []model.Step, rows []Row) {
	t.Helper()
	nextA, nextB := 0, 0
	movedA, movedB := map[int]int{}, map[int]int{}
	for i, r := range rows {
		if r.A == nil && r.B == nil {
			t.Fatalf("row %d has no side", i)
		}
		if r.A != nil {
			if r.A.Index != nextA {
				t.Fatalf("row %d has step %d of A, want %d", i, r.A.Index, nextA)
			}
			nextA++
		}
		if r.B != nil {
			if r.B.Index != nextB {
				t.Fatalf("row %d has step %d of B, want %d", i, r.B.Index, nextB)
			}
			nextB++
		}
		if (r.Class == Moved) != (r.Other >= 0) {
			t.Fatalf("row %d: class %q with other %d", i, r.Class, r.Other)
		}
		if r.Class == Moved && r.A != nil {
			movedA[r.A.Index] = r.Other
		} else if r.Class == Moved {
			movedB[r.Other] = r.B.Index
		}
		checkClass(t, r)
	}
	if nextA != len(a) || nextB != len(b) {
		t.Fatalf("rows hold %d and %d steps of %d and %d", nextA, nextB, len(a), len(b))
	}
	if fmt.Sprint(movedA) != fmt.Sprint(movedB) {
		t.Fatalf("moves disagree: %v and %v", movedA, movedB)
	}
}

func checkClass(t testing.TB, r Row) {
	t.Helper()
	both := r.A != nil && r.B != nil
	switch r.Class {
	case Same, RepackedRow, BothEmpty, Substituted, Settings:
		if !both {
			t.Fatalf("%q with one side", r.Class)
		}
	case Added, Removed, Moved:
		if both {
			t.Fatalf("%q with both sides", r.Class)
		}
	default:
		t.Fatalf("class %q", r.Class)
	}
	if (r.Class == Substituted) != (r.Detail != "") {
		t.Fatalf("class %q with detail %q", r.Class, r.Detail)
	}
	r.Differs() // must not panic
}
