package diff

import (
	"slices"
	"strings"
	"testing"

	"github.com/tagdiff/tagdiff/model"
)

// found returns the finding of a rule anywhere in a comparison, nil if there is none.
func found(c Comparison, id string) *Finding {
	all := c.Findings
	for _, p := range c.Pairs {
		all = append(all, p.Findings...)
	}
	for i := range all {
		if all[i].ID == id {
			return &all[i]
		}
	}
	return nil
}

func pairOf(t *testing.T, a, b build) Comparison {
	t.Helper()
	return Compare(single("a", a.image(t)), single("b", b.image(t)))
}

// onBase is a platform as in the third incident: a base of a given size and a tool on it.
func onBase(t *testing.T, arch, base string, size int64) model.Entry {
	t.Helper()
	b := build{arch: arch, steps: []step{
		does("ADD "+base+" /", files(base).sized(size)), does("WORKDIR /app", nothing), does("COPY tool /", files("tool "+arch)),
	}}
	return entry(b.image(t))
}

// ruleCase is a comparison and the finding that one rule must have. A severity below 0 is a
// near miss: the rule must find nothing.
type ruleCase struct {
	name     string
	c        Comparison
	id       string
	severity int
	say      string // a part of the sentence
	evidence int    // how many pieces
}

func allRuleCases(t *testing.T) []ruleCase {
	t.Helper()
	return slices.Concat(
		sameCases(t), schema1Cases(t), platformCases(t), indexCases(t), layerCases(t), contentCases(t), descriptorCases(t),
		settingsCases(t), lostSettingsCases(t), tagCases(t), insideCases(t), baseCases(t), baseTagCases(t), namedBaseCases(t),
		realToolCases(t), runtimeCases(t), programCases(t),
	)
}

func TestRules(t *testing.T) {
	for _, tt := range allRuleCases(t) {
		t.Run(tt.id+" "+tt.name, func(t *testing.T) {
			f := found(tt.c, tt.id)
			if tt.severity < 0 {
				if f != nil {
					t.Errorf("found %q", f.Text)
				}
				return
			}
			if f == nil {
				t.Fatal("not found")
			}
			if f.Severity != tt.severity || !strings.Contains(f.Text.String(), tt.say) || len(f.Evidence) != tt.evidence || f.Trust == "" || f.Next.IsEmpty() || f.Name == "" {
				t.Errorf("%d (%d pieces of evidence): %q next %q", f.Severity, len(f.Evidence), f.Text, f.Next)
			}
		})
	}
}

// TestRules_complete checks that every rule has a case where it applies and a near miss, a
// place in the order, and a description.
func TestRules_complete(t *testing.T) {
	hits, misses := map[string]int{}, map[string]int{}
	for _, tt := range allRuleCases(t) {
		if tt.severity < 0 {
			misses[tt.id]++
		} else {
			hits[tt.id]++
		}
	}
	seen := map[string]bool{}
	for _, r := range rules {
		switch {
		case seen[r.id]:
			t.Errorf("%s is there twice", r.id)
		case hits[r.id] == 0 || misses[r.id] == 0:
			t.Errorf("%s has %d true cases and %d near misses", r.id, hits[r.id], misses[r.id])
		case r.means == "" || r.proof == "":
			t.Errorf("%s has no meaning or no formula", r.id)
		case !slices.Contains(importance, r.id):
			t.Errorf("%s has no place in the order of importance", r.id)
		case (r.pair == nil && r.whole == nil) != (r.tags != nil):
			t.Errorf("%s must look at pairs, at the whole or around it", r.id)
		}
		seen[r.id] = true
	}
}

func TestFindingsOrder(t *testing.T) {
	a := index(t, "a", onBase(t, "amd64", "x", 2_000_000), onBase(t, "arm64", "x", 2_000_000), receipt(onBase(t, "amd64", "x", 2_000_000)))
	b := index(t, "b", onBase(t, "amd64", "x", 2_000_000), entry(forArch("s390x").image(t)))
	var ids []string
	for _, f := range Compare(a, b).Findings {
		ids = append(ids, f.ID)
	}
	if got, want := strings.Join(ids, " "), "C4 C1 C2 C6"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestSentences_maskSecrets checks that a secret in an instruction does not get into a sentence.
func TestSentences_maskSecrets(t *testing.T) {
	c := pairOf(t, app(sets("ENV API_TOKEN=hunter2"), does("RUN x", files("1"))), app(sets("ENV API_TOKEN=hunter3"), does("RUN x", files("2"))))
	if s := c.Verdict.Headline.String(); strings.Contains(s, "hunter") || !strings.Contains(s, "(masked)") {
		t.Error(s)
	}
}
