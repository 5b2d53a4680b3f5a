package compare_test

import (
	"testing"

	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/ui"
	"github.com/tagdiff/tagdiff/ui/uitest/fakereg"
)

// platforms returns a registry of indexes whose images are all for amd64: right lists one
// as that, swapped lists it as arm64, wrong lists another one as arm64.
func platforms(t *testing.T) fakereg.Images {
	t.Helper()
	amd64 := v1.Platform{OS: "linux", Architecture: "amd64"}
	image, other := fakereg.Captured(t, "testing"), fakereg.Captured(t, "prod")
	return fakereg.Images{ByTag: map[string]model.Artifact{
		"right": fakereg.Index(t, fakereg.Labelled{Platform: amd64, Image: image}),
		"wrong": fakereg.Index(t, fakereg.Labelled{Platform: amd64, Image: image},
			fakereg.Labelled{Platform: v1.Platform{OS: "linux", Architecture: "arm64"}, Image: other}),
		"swapped": fakereg.Index(t, fakereg.Labelled{Platform: v1.Platform{OS: "linux", Architecture: "arm64"}, Image: image}),
	}}
}

// TestOtherPlatforms: a warning of a platform that is not in view is on the first screen,
// and enter goes to that platform.
func TestOtherPlatforms(t *testing.T) {
	d := open(t, platforms(t), 80, 24, "localhost:5000/app:wrong")
	d.Sees("linux/amd64 1/2", "linux/arm64: :wrong lists the image as linux/arm64, but its config")
	d.Keys("enter")
	d.Sees("[2 Plat", "linux/arm64 2/2", "» ", "└ :wrong lists the image as linux/arm64")
	d.Keys("esc")
	d.Sees("[1 Sum", "·  :wrong lists the image as linux/arm64")
	d.DoesNotSee("linux/arm64: :wrong")

	d = open(t, platforms(t), 80, 24, "localhost:5000/app:right")
	d.DoesNotSee("but its config")
}

// TestOtherPlatforms_relabelled: the same image under another label is not the same
// platform.
func TestOtherPlatforms_relabelled(t *testing.T) {
	d := open(t, platforms(t), 80, 24, "localhost:5000/app:right", "localhost:5000/app:swapped")
	d.Keys("2")
	d.Sees("[2 Plat≠1]", "≠ linux/amd64", "Identical, in B linux/arm64")
	d = open(t, platforms(t), 80, 24, "localhost:5000/app:right", "localhost:5000/app:right")
	d.Keys("2")
	d.Sees("[2 Plat =]", "= linux/amd64", "Identical")
	d.DoesNotSee("in B")
}

// TestOnePlatform: the verdict is that on the platform which -p names, as in a report.
func TestOnePlatform(t *testing.T) {
	for platform, says := range map[string]string{"": ":wrong lists the linux/amd64 image as linux/arm64", "linux/amd64": "╭─ Identical"} {
		d := drive(t, ui.Options{Registry: platforms(t), Platform: platform, Open: []model.Ref{
			fakereg.Ref(t, "localhost:5000/app:right"), fakereg.Ref(t, "localhost:5000/app:wrong"),
		}}, 80, 24)
		d.Sees(says)
	}
}
