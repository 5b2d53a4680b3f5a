package diff

import (
	"testing"

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
		"one of two":     {index(t, "b", entry(amd), lost(arm)), "linux/arm64 of :b cannot be pulled: its config is missing in the registry"},
		"both":           {index(t, "b", lost(amd), lost(arm)), ":b cannot be pulled: its config is missing in the registry"},
		"a single image": {single("b", *lost(amd).Image), ":b cannot be pulled: its config is missing in the registry"},
	} {
		t.Run(name, func(t *testing.T) {
			other := index(t, "a", entry(forArch("amd64", sets("USER x")).image(t)), entry(forArch("arm64", sets("USER x")).image(t)))
			if head := Compare(other, tt.b).Verdict.Headline.String(); head != tt.head {
				t.Error(head)
			}
		})
	}
}
