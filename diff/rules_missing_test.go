package diff

import (
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
)

// TestMissing_subject has indexes that lack configs: the headline names a platform, unless
// all lack theirs.
func TestMissing_subject(t *testing.T) {
	amd, arm := forArch("amd64").image(t), forArch("arm64").image(t)
	lost := func(img model.Image) model.Entry {
		img.ConfigMissing = true
		return entry(img)
	}
	for name, tt := range map[string]struct {
		b    model.Artifact
		head string
	}{
		"one of two":     {index(t, "b", entry(amd), lost(arm)), "linux/arm64 of :b cannot be pulled: the config is missing in the registry"},
		"both":           {index(t, "b", lost(amd), lost(arm)), ":b cannot be pulled: the config is missing in the registry"},
		"a single image": {single("b", *lost(amd).Image), ":b cannot be pulled: the config is missing in the registry"},
	} {
		t.Run(name, func(t *testing.T) {
			other := index(t, "a", entry(forArch("amd64", sets("USER x")).image(t)), entry(forArch("arm64", sets("USER x")).image(t)))
			if head := Compare(other, tt.b).Verdict.Headline.String(); head != tt.head {
				t.Error(head)
			}
		})
	}
}

// TestMissing_layerRead checks the headline after the registry answered 404 to the request
// for a layer.
func TestMissing_layerRead(t *testing.T) {
	x, again := files("x").sized(300), files("x").packed("again").sized(300)
	a, b := app(does("COPY x /", x)), app(does("COPY x /", again))
	elsewhere := single("b", b.image(t))
	elsewhere.Ref.Repository = "other"
	here := single("a", a.image(t)).Ref.Repo()
	missing := func(repo model.Ref, layers ...layer) map[digest.Digest]model.Contents {
		contents := map[digest.Digest]model.Contents{}
		for _, l := range layers {
			contents[l.descriptor().Digest] = model.Contents{MissingIn: repo}
		}
		return contents
	}
	pair := pairOf(t, a, b)
	const gone = ":b cannot be pulled: the layer of step 4 is missing in the registry"
	const packed = "Same image, packed differently"
	for name, tt := range map[string]struct {
		c        Comparison
		contents map[digest.Digest]model.Contents
		head     string
		severity int // of D8, 0 for none
		same     bool
	}{
		"of B":           {pair, missing(here, again), gone, 3, false},
		"of both":        {pair, missing(here, x, again), packed, 1, true}, // a mirror without layers, perhaps
		"at other steps": {pairOf(t, a, app(sets("USER x"), does("COPY x /", again))), missing(here, x, again), "Same files, same settings; history differs", 1, false},
		"with other settings": {pairOf(t, a, app(does("COPY x /", again), sets("USER x"))), missing(here, again),
			"Same files, same settings; history differs", 2, false},
		"of another repository, which was not asked": {Compare(single("a", a.image(t)), elsewhere), missing(here, again), packed, 0, true},
		"alone": {Describe(single("a", a.image(t))), missing(here, x), "", 2, true},
	} {
		t.Run(name, func(t *testing.T) {
			c := tt.c.WithContents(tt.contents)
			severity := 0
			if f := found(c, "D8"); f != nil {
				severity = f.Severity
			}
			if head := c.Verdict.Headline.String(); head != tt.head || severity != tt.severity {
				t.Errorf("%q, severity %d", head, severity)
			}
			if c.Same(false) != tt.same {
				t.Errorf("same: %v", c.Same(false))
			}
			if n := len(UnverifiedLayers(c)[SideB]); severity > 0 && n != 0 {
				t.Errorf("%d layers of B are asked for again", n)
			}
		})
	}
}
