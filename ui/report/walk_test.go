package report

import (
	"strings"
	"testing"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/ui/look"
)

// TestPlatformEntries_twins has an index with two entries for one platform, which their digests tell
// apart, and one with an entry for each.
func TestPlatformEntries_twins(t *testing.T) {
	of := func(arch, files string) model.Image {
		return image(t, arch, nil, step{text: "RUN make", files: files, size: 10})
	}
	first, second, other := of("amd64", "1"), of("amd64", "2"), of("arm64", "3")
	nameOf := func(img model.Image) string { return "linux/amd64 (" + look.Short(img.Manifest.Digest).String() + ")" }
	for want, images := range map[string][]model.Image{
		nameOf(first) + "; " + nameOf(second) + "; linux/arm64": {first, second, other},
		"linux/amd64; linux/arm64":                              {first, other},
	} {
		var got []string
		for _, e := range platformEntries(diff.Describe(index(t, "localhost:5000/app:a", images...)), Options{}) {
			got = append(got, e.name.String())
		}
		if text := strings.Join(got, "; "); text != want {
			t.Errorf("%s\nwant %s", text, want)
		}
	}
}

// TestPlatformEntries: more than two platforms with the same text share an entry.
func TestPlatformEntries(t *testing.T) {
	for name, tt := range map[string]struct {
		content map[string]string // of B, where it differs
		want    string
	}{
		"three differ alike": {map[string]string{"amd64": "b", "arm64": "b", "s390x": "b"}, "all 3 platforms: as above (linux/amd64, linux/arm64, linux/s390x)"},
		"one differs": {map[string]string{"arm64": "b"},
			"linux/amd64: Identical; linux/arm64: Same recipe, other layers from step 1 on; linux/s390x: Identical"},
		"none of three differs, one is new": {map[string]string{"386": "b"},
			"3 platforms: Identical (linux/amd64, linux/arm64, linux/s390x); linux/386: Only in :b"},
	} {
		images := func(content map[string]string) (all []model.Image) {
			for _, arch := range []string{"amd64", "arm64", "s390x", "386"} {
				if files := content[arch]; files != "" {
					all = append(all, image(t, arch, nil, step{text: "RUN make", files: arch + files, size: 10}))
				}
			}
			return all
		}
		a := map[string]string{"amd64": "a", "arm64": "a", "s390x": "a"}
		b := map[string]string{"amd64": "a", "arm64": "a", "s390x": "a"}
		for arch, files := range tt.content {
			b[arch] = files
		}
		c := diff.Compare(index(t, "localhost:5000/app:a", images(a)...), index(t, "localhost:5000/app:b", images(b)...))
		var got []string
		for _, e := range platformEntries(c, Options{}) {
			got = append(got, e.name.String()+": "+e.text.String())
		}
		if text := strings.Join(got, "; "); text != tt.want {
			t.Errorf("%s: %s\nwant %s", name, text, tt.want)
		}
	}
}
