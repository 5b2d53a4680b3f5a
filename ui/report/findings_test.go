package report

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model/safe"
)

func made(id, say string, severity int) diff.Finding {
	return diff.Finding{ID: id, Name: strings.ToLower(id), Text: safe.Clean(say), Severity: severity, Trust: diff.Proved}
}

// on is a comparison with findings on two platforms and on the whole.
func on(amd, arm, whole []diff.Finding) diff.Comparison {
	return diff.Comparison{Pairs: []diff.Pair{{Platform: "linux/amd64", Findings: amd}, {Platform: "linux/arm64", Findings: arm}}, Findings: whole}
}

// outline is what is told and under what, with the platforms.
func outline(all []platformFinding) string {
	one := func(f platformFinding) string { return strings.TrimSpace(f.where.String() + " " + f.Text.String()) }
	var out []string
	for _, f := range all {
		text := one(f)
		for _, x := range f.consequences {
			text += " > " + one(x)
		}
		out = append(out, text)
	}
	return strings.Join(out, "; ")
}

func TestToldOnce(t *testing.T) {
	repacked, ids, note := made("A3", "packed again", 1), made("B2", "ids", 0), made("D3", "twice", 1)
	lost, receipts := made("C1", "lost", 3), made("C6", "receipts", 0)
	for name, tt := range map[string]struct {
		c           diff.Comparison
		main, other string
	}{
		"the same on all platforms": {on([]diff.Finding{repacked, ids}, []diff.Finding{repacked, ids}, nil), "all platforms packed again > ids", ""},
		"a consequence on one":      {on([]diff.Finding{repacked, ids}, []diff.Finding{repacked}, nil), "all platforms packed again > linux/amd64 ids", ""},
		"no cause on this platform": {on([]diff.Finding{repacked}, []diff.Finding{ids}, nil), "linux/amd64 packed again", "linux/arm64 ids"},
		"the gravest first":         {on([]diff.Finding{note}, nil, []diff.Finding{receipts, lost}), "lost; linux/amd64 twice", "receipts"},
		"nothing":                   {on(nil, nil, nil), "", ""},
		"nothing but the whole":     {diff.Comparison{Findings: []diff.Finding{lost}}, "lost", ""},
	} {
		main, other := mergeFindings(tt.c)
		if got := outline(main); got != tt.main {
			t.Errorf("%s: main %q, want %q", name, got, tt.main)
		}
		if got := outline(other); got != tt.other {
			t.Errorf("%s: other %q, want %q", name, got, tt.other)
		}
	}
}

func TestJSONSaysUnderWhat(t *testing.T) {
	f := made("A3", "packed again", 1)
	f.Command, f.Check, f.Proof = safe.Const("crane tag x y"), safe.Const("crane blob x"), []safe.Text{safe.Const("a = b")}
	c := on([]diff.Finding{f, made("B2", "ids", 0)}, nil, nil)
	var b bytes.Buffer
	if err := JSON(&b, c, Options{PlainHTTP: true}); err != nil {
		t.Fatal(err)
	}
	var got jsonReport
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	cause, follows := got.Platforms[0].Findings[0], got.Platforms[0].Findings[1]
	if cause.Under != nil || follows.Under == nil || *follows.Under != "A3" {
		t.Errorf("under %v and %v", cause.Under, follows.Under)
	}
	if cause.Command != "crane --insecure tag x y" || cause.Check != "crane --insecure blob x" || len(cause.Proof) != 1 || follows.Proof == nil {
		t.Errorf("%+v", cause)
	}
}

// TestMarkdownProofStaysInside: nothing in a proof or a command ends the code
// that it stands in.
func TestMarkdownProofStaysInside(t *testing.T) {
	f := made("A3", "packed again", 1)
	f.Proof = []safe.Text{safe.Clean("`x` <img src=x> | @admin"), safe.Clean("```")}
	f.Check = safe.Clean("echo ```` # x")
	c := comparisons(t)["retag"]
	c.Verdict.Proof, c.Pairs[0].Findings = nil, []diff.Finding{f}
	var b bytes.Buffer
	if err := Markdown(&b, c, Options{}); err != nil {
		t.Fatal(err)
	}
	_, how, _ := strings.Cut(b.String(), "### How we know\n\n")
	list, block, found := strings.Cut(how, "\n`````sh\n")
	if !found || !strings.Contains(block, "echo ```` # x\n`````\n") {
		t.Fatalf("the fence does not hold:\n%s", how)
	}
	for _, l := range strings.Split(strings.TrimSpace(list), "\n") {
		checkMarkdown(t, strings.TrimLeft(l, "- "))
	}
}
