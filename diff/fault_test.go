package diff

import (
	"slices"
	"strings"
	"testing"
)

// A rule that panics gives a finding that says so, and the other rules still run.
func TestRuleWithAFault(t *testing.T) {
	a, b := captured(t, "testing", "schema2"), captured(t, "prod", "schema2")
	want := Compare(a, b)
	all := rules
	defer func() { rules = all }()
	at := slices.IndexFunc(all, func(r rule) bool { return r.pair != nil })
	rules = slices.Clone(all)
	rules[at].pair = func(Comparison, Pair) []Finding { panic("of \x1b[2J TOKEN=hunter2") }
	rules = append(rules, rule{id: "A1", name: "whole", whole: func(Comparison) []Finding { panic("of all") }}, rule{id: "A1", name: "around", tags: func(Comparison) []Finding { panic("around") }})
	got := Compare(a, b).WithTagContext(TagContext{})
	if got.Verdict.Code != want.Verdict.Code {
		t.Errorf("the verdict is %s, was %s", got.Verdict.Code, want.Verdict.Code)
	}
	reported := 0
	for _, f := range slices.Concat(got.Findings, got.Pairs[0].Findings) {
		if strings.Contains(f.Text.String(), "internal error of tagdiff") {
			reported++
		}
		if strings.Contains(f.Text.String(), "hunter2") || f.ID == "" || f.Trust != Suggested && strings.Contains(f.Text.String(), "internal error") {
			t.Errorf("%+v", f)
		}
	}
	if reported != 3 {
		t.Errorf("%d of 3 faults were reported: %+v", reported, got.Findings)
	}
}
