package diff

import (
	"errors"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/tagdiff/tagdiff/model"
)

// arrivals returns the states of an artifact as its images arrive in random
// order, some of them as errors.
func arrivals(r *rand.Rand, whole model.Artifact) []model.Artifact {
	entries := append([]model.Entry{}, whole.Entries...)
	for i := range entries {
		entries[i].Image = nil
	}
	state := func(done bool) model.Artifact {
		return model.Artifact{Ref: whole.Ref, Top: whole.Top, Entries: append([]model.Entry{}, entries...), Done: done}
	}
	states := []model.Artifact{{Ref: whole.Ref}, state(false)}
	for _, i := range r.Perm(len(entries)) {
		if entries[i].Role != model.RoleImage {
			continue
		}
		entries[i].Image = whole.Entries[i].Image
		if r.IntN(4) == 0 {
			entries[i].Image, entries[i].Err = nil, errors.New("no answer")
		}
		states = append(states, state(false))
	}
	return append(states, state(true))
}

// randomIndex has some platforms, some without a platform in the index, some
// twice.
func randomIndex(t testing.TB, r *rand.Rand, tag string) model.Artifact {
	t.Helper()
	var entries []model.Entry
	for _, arch := range []string{"amd64", "arm64", "arm64", "s390x", "riscv64"} {
		if r.IntN(4) == 0 {
			continue
		}
		e := entry(forArch(arch, does("COPY . /", files([]string{"x", "y"}[r.IntN(2)]))).image(t))
		if r.IntN(4) == 0 {
			e.Descriptor.Platform = nil
		}
		if r.IntN(4) == 0 {
			entries = append(entries, receipt(e))
		}
		entries = append(entries, e)
	}
	return index(t, tag, entries...)
}

// TestRecompare_equalsCompare checks that Recompare returns the result of
// Compare at every stage.
func TestRecompare_equalsCompare(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 150 {
		a, b := arrivals(r, randomIndex(t, r, "a")), arrivals(r, randomIndex(t, r, "b"))
		if r.IntN(5) == 0 {
			b = arrivals(r, single("b", forArch("arm64").image(t)))
		}
		around := randomAround(r, a[len(a)-1], b[len(b)-1])
		var c Comparison
		for i, j := 0, 0; i < len(a) && j < len(b); {
			c = Recompare(c, a[i], b[j])
			checkComparison(t, c.WithTagContext(TagContext{}), Compare(a[i], b[j]))
			c = c.WithTagContext(around)
			checkComparison(t, c, Compare(a[i], b[j]).WithTagContext(around))
			checkComparison(t, Recompare(c, b[j], a[i]), Compare(b[j], a[i]))                        // the sides change places
			checkComparison(t, Recompare(c, a[0], b[j]), Compare(a[0], b[j]).WithTagContext(around)) // an old state comes back
			if i == len(a)-1 || j < len(b)-1 && r.IntN(2) == 0 {
				j++
			} else {
				i++
			}
		}
	}
}

func checkComparison(t *testing.T, got, want Comparison) {
	t.Helper()
	if reflect.DeepEqual(got, want) {
		return
	}
	for i, p := range want.Pairs {
		if g := got.Pairs[i]; !reflect.DeepEqual(g.Verdict, p.Verdict) || len(g.Rows) != len(p.Rows) || len(g.Findings) != len(p.Findings) {
			t.Errorf("%s is %+v, want %+v", p.Platform, g.Verdict, p.Verdict)
		}
	}
	t.Fatalf("%+v, want %+v", got.Verdict, want.Verdict)
}

func TestRecompare_reuses(t *testing.T) {
	amd, arm := forArch("amd64").image(t), forArch("arm64").image(t)
	amdOther, armOther := forArch("amd64", does("COPY . /", files("x"))).image(t), forArch("arm64", does("COPY . /", files("x"))).image(t)
	a := index(t, "a", entry(amd), entry(arm))
	b := index(t, "b", entry(amdOther), entry(armOther))
	before := b
	before.Entries = []model.Entry{b.Entries[0], pending(b.Entries[1])}
	first := Compare(a, before)
	second := Recompare(first, a, b)
	if &first.Pairs[0].Rows[0] != &second.Pairs[0].Rows[0] || second.Pairs[1].Verdict.Code != SameBase {
		t.Error("rows were computed again")
	}
	if described := Recompare(Describe(a), a, b); described.Verdict.Code != SameBase {
		t.Error(described.Verdict)
	}
}
