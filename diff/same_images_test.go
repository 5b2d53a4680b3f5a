package diff

import (
	"strings"
	"testing"

	"github.com/tagdiff/tagdiff/model"
)

// TestSameImages_otherIndex has indexes of the same images that differ in their entries: what
// the headline says, and whether the tags are the same.
func TestSameImages_otherIndex(t *testing.T) {
	amd, arm, other := entry(forArch("amd64").image(t)), entry(forArch("arm64").image(t)), entry(forArch("amd64", sets("USER x")).image(t))
	list := func(tag string, entries ...model.Entry) model.Artifact { return index(t, tag, entries...) }
	tests := []struct {
		name string
		c    Comparison
		say  string
		same bool
	}{
		{"two images for one platform, reversed", Compare(list("a", amd, other, arm), list("b", other, amd, arm)), "Clients take another image: the first linux/amd64 entry is ", false},
		{"another image before the one of A", Compare(list("a", amd), list("b", other, amd)), "Clients take another image: the first linux/amd64 entry is ", false},
		{"another image after the one of A", Compare(list("a", amd, arm), list("b", amd, other, arm)), "Same image", false},
		{"platforms reversed", Compare(list("a", amd, arm), list("b", arm, amd)), "the order of the entries", true},
		{"two packings of one image, reversed", Compare(list("a", amd, entry(packedAgain(forArch("amd64")).image(t))), list("b", entry(packedAgain(forArch("amd64")).image(t)), amd)), "the order of the entries", true},
		{"an entry twice", Compare(list("a", amd, arm), list("b", amd, amd, arm)), "different index: :b lists linux/amd64 twice", true},
		{"an entry three times in A", Compare(list("a", amd, arm, arm, arm), list("b", amd, arm)), "different index: :a lists linux/arm64 3 times", true},
		{"an image as unknown/unknown", Compare(list("a", amd), list("b", amd, unmarked(arm))), "different index: an entry with platform unknown/unknown only in :b", false},
		{"two images as unknown/unknown", Compare(list("a", amd, unmarked(other), unmarked(arm)), list("b", amd)), "2 entries with platform unknown/unknown only in :a", false},
		{"unknown/unknown on both sides", Compare(list("a", amd, arm, unmarked(other)), list("b", arm, amd, unmarked(other))), "the order of the entries", true},
		{"an attestation by annotation", Compare(list("a", amd), list("b", amd, receipt(amd))), "the build attestations", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if say := tt.c.Verdict.Headline.String(); !strings.Contains(say, tt.say) || tt.c.Same(false) != tt.same {
				t.Errorf("%q, same: %v", say, tt.c.Same(false))
			}
		})
	}
}
