package report

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model/safe"
)

func finding(id, text string, severity int) diff.Finding {
	return diff.Finding{ID: id, Name: strings.ToLower(id), Text: safe.Clean(text), Severity: severity, Trust: diff.Proved}
}

// onTwoPlatforms returns a comparison with findings on two platforms and on the whole.
func onTwoPlatforms(amd, arm, whole []diff.Finding) diff.Comparison {
	return diff.Comparison{Pairs: []diff.Pair{{Platform: "linux/amd64", Findings: amd}, {Platform: "linux/arm64", Findings: arm}}, Findings: whole}
}

// outline returns the findings with their platforms and consequences in one line.
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

func TestMergeFindings(t *testing.T) {
	repacked, ids, note := finding("A3", "packed again", 1), finding("B2", "ids", 0), finding("D3", "twice", 1)
	lost, attestations := finding("C1", "lost", 3), finding("C6", "attestations", 0)
	for name, tt := range map[string]struct {
		c           diff.Comparison
		main, other string
	}{
		"the same on all platforms": {onTwoPlatforms([]diff.Finding{repacked, ids}, []diff.Finding{repacked, ids}, nil), "both platforms packed again > ids", ""},
		"other digests and sizes": {onTwoPlatforms([]diff.Finding{finding("G1", "it was 0123456789ab (3 MB)", 2)}, []diff.Finding{finding("G1", "it was ba9876543210 (4 MB)", 2)}, nil),
			"both platforms (values of linux/amd64) it was 0123456789ab (3 MB)", ""},
		"another version":           {onTwoPlatforms([]diff.Finding{finding("E3", "A 1 → 2", 2)}, []diff.Finding{finding("E3", "A 1 → 3", 2)}, nil), "linux/amd64 A 1 → 2; linux/arm64 A 1 → 3", ""},
		"a consequence on one":      {onTwoPlatforms([]diff.Finding{repacked, ids}, []diff.Finding{repacked}, nil), "both platforms packed again > linux/amd64 ids", ""},
		"no cause on this platform": {onTwoPlatforms([]diff.Finding{repacked}, []diff.Finding{ids}, nil), "linux/amd64 packed again", "linux/arm64 ids"},
		"the most severe first":     {onTwoPlatforms([]diff.Finding{note}, nil, []diff.Finding{attestations, lost}), "lost; linux/amd64 twice", "attestations"},
		"nothing":                   {onTwoPlatforms(nil, nil, nil), "", ""},
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

func TestJSON_under(t *testing.T) {
	f := finding("A3", "packed again", 1)
	f.Command, f.Check, f.Proof = safe.Const("crane tag x y"), safe.Const("crane blob x"), []safe.Text{safe.Const("a = b")}
	c := onTwoPlatforms([]diff.Finding{f, finding("B2", "ids", 0)}, nil, nil)
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

// Nothing in a proof or a command can end the code span or block around it.
func TestMarkdown_proofsStayCode(t *testing.T) {
	f := finding("A3", "packed again", 1)
	f.Proof = []safe.Text{safe.Clean("`x` <img src=x> | @admin"), safe.Clean("```")}
	f.Check = safe.Clean("echo ```` # x")
	c := comparisons(t)["retag"]
	c.Verdict.Proof, c.Pairs[0].Findings = nil, []diff.Finding{f}
	var b bytes.Buffer
	if err := Markdown(&b, c, Options{}); err != nil {
		t.Fatal(err)
	}
	_, evidence, _ := strings.Cut(b.String(), "### Evidence\n\n")
	list, block, found := strings.Cut(evidence, "\n`````sh\n")
	if !found || !strings.Contains(block, "echo ```` # x\n`````\n") {
		t.Fatalf("a line ends the fence:\n%s", evidence)
	}
	for _, l := range strings.Split(strings.TrimSpace(list), "\n") {
		checkMarkdown(t, strings.TrimLeft(l, "- "))
	}
}
