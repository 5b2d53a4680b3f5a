package compare_test

import (
	"fmt"
	"testing"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/ui/uitest/fakereg"
)

// windows returns an index of two versions of Windows. The images were not read.
func windows(t *testing.T, missing bool) model.Artifact {
	t.Helper()
	list := func(version string, image model.Artifact) fakereg.Labelled {
		return fakereg.Labelled{Platform: v1.Platform{OS: "windows", Architecture: "amd64", OSVersion: version}, Image: image}
	}
	a := fakereg.Index(t, list("10.0.20348.2031", fakereg.Captured(t, "testing")), list("10.0.17763.4974", fakereg.Captured(t, "prod")))
	for i := range a.Entries {
		a.Entries[i].Image = nil
		a.Entries[i].Err = &model.ReadError{Message: "localhost:5000 sent a manifest of 901 bytes instead of 1083", Next: "push it again", Missing: missing}
	}
	return a
}

// TestPlatforms_unread: an entry that was not read keeps its digest and its version.
func TestPlatforms_unread(t *testing.T) {
	r := fakereg.Images{ByTag: map[string]model.Artifact{"gone": windows(t, true), "cut": windows(t, false)}}
	d := open(t, r, 80, 24, "localhost:5000/app:gone")
	d.Keys("2")
	d.Sees("windows/amd64 (10.0.20348.2031) 4db522e17a5f", "windows/amd64 (10.0.17763.4974) bf66dddbc346", "not in the registry")
	d = open(t, r, 80, 24, "localhost:5000/app:cut")
	d.Keys("2")
	d.Sees("windows/amd64 (10.0.20348.2031) 4db522e17a5f", "└ localhost:5000 sent a manifest of 901 bytes instead of 1083")
	d.Keys("6")
	d.Sees("push it again")
	d.DoesNotSee("no such document")
	d.Keys("0")
	d.Sees("push it again")

	d = open(t, r, 80, 24, "localhost:5000/app:gone", "localhost:5000/app:gone")
	d.Keys("2")
	d.Sees("4db522e17a5f  4db522e17a5f  Identical", "└ A and B: not in the registry")

	other := windows(t, true)
	other.Top.Digest = digest.FromString("other index")
	for i := range other.Entries {
		other.Entries[i].Descriptor.Digest = digest.FromString(fmt.Sprint("other image ", i))
	}
	r.ByTag["other"] = other
	d = open(t, r, 80, 24, "localhost:5000/app:gone", "localhost:5000/app:other")
	d.Keys("2")
	d.Sees("A and B could not be read", "└ A and B: not in the registry")
	d.Keys("i")
	d.Sees("no layer can be read")
	d.DoesNotSee(":gone and :other could not")
}

// TestHints_platforms: the bottom line has the keys that lead on and back, and which platform is in view.
func TestHints_platforms(t *testing.T) {
	r := fakereg.Images{ByTag: map[string]model.Artifact{"windows": windows(t, true)}}
	for width, status := range map[int]string{
		80: "? help windows/amd64 (10.0.20348.2031) 1/2", 60: "? help wind….2031) 1/2", 50: "? help   1/2",
	} {
		d := open(t, r, width, 20, "localhost:5000/app:windows", "localhost:5000/app:windows")
		d.Sees("n next diff  enter open  esc back  " + status)
	}
	d := open(t, platforms(t), 60, 20, "localhost:5000/app:wrong", "localhost:5000/app:wrong")
	d.Sees("n next diff  enter open  esc back  ? help linux/amd64 1/2")
}

// TestPlatforms_artifacts: entries that are not images are named and have their findings.
func TestPlatforms_artifacts(t *testing.T) {
	amd64 := fakereg.Labelled{Platform: v1.Platform{OS: "linux", Architecture: "amd64"}, Image: fakereg.Captured(t, "testing")}
	clean, dirty := fakereg.Index(t, amd64), fakereg.Index(t, amd64)
	sbom := v1.Descriptor{
		MediaType: v1.MediaTypeImageManifest, Digest: dirty.Entries[0].Descriptor.Digest, ArtifactType: "application/spdx+json",
		Platform: &v1.Platform{OS: "linux"},
	}
	dirty.Entries = append(dirty.Entries, model.Entry{Descriptor: sbom, Role: model.RoleArtifact})
	r := fakereg.Images{ByTag: map[string]model.Artifact{"clean": clean, "dirty": dirty}}
	d := open(t, r, 80, 40, "localhost:5000/app:clean", "localhost:5000/app:dirty")
	d.Sees("kind         index of 1 platform             ≠ index of 1 platform, 1 artifact")
	d = open(t, r, 80, 24, "localhost:5000/app:dirty")
	d.Keys("2")
	d.Sees("an SBOM (application/spdx+json)", "└ In :dirty, an entry that is not an image is listed as linux", "… (C16)")
}

// TestSummary_artifact: the summary of an artifact has its type, blobs and subject.
func TestSummary_artifact(t *testing.T) {
	a := fakereg.Captured(t, "testing")
	a.Top = model.Manifest{
		Document: model.Document{Digest: a.Top.Digest, Raw: []byte("{}")}, Kind: model.KindOther, ArtifactType: "application/spdx+json",
		Layers:  []v1.Descriptor{{MediaType: "text/spdx", Digest: a.Top.Digest, Size: 7}},
		Subject: &v1.Descriptor{MediaType: v1.MediaTypeImageManifest, Digest: a.Top.Digest, Size: 700},
	}
	a.Entries = []model.Entry{{Descriptor: v1.Descriptor{Digest: a.Top.Digest}, Role: model.RoleArtifact, Artifact: &a.Top}}
	d := open(t, fakereg.Images{ByTag: map[string]model.Artifact{"sbom": a}}, 80, 24, "localhost:5000/app:sbom")
	d.Sees("type         an SBOM (application/spdx+json)", "text/spdx, 7 B", "attached to  ", "application/vnd.oci.image.manifest.v1+json, 700 B")
	d = open(t, fakereg.Retag(t), 80, 24, "localhost:5000/app:testing")
	d.DoesNotSee("attached to")
}

// TestPlatforms_narrow checks that platforms that differ in their version are not cut until they look alike.
func TestPlatforms_narrow(t *testing.T) {
	r := fakereg.Images{ByTag: map[string]model.Artifact{"gone": windows(t, true)}}
	d := open(t, r, 60, 20, "localhost:5000/app:gone", "localhost:5000/app:gone")
	d.Keys("2")
	d.Sees("0.20348.2031) 4db522e17a5f  4db522e17a5f", "0.17763.4974) bf66dddbc346  bf66dddbc346",
		"└ windows/amd64 (10.0.20348.2031)", "└ windows/amd64 (10.0.17763.4974)")
	d = open(t, r, 60, 20, "localhost:5000/app:gone")
	d.Keys("2")
	d.Sees("windows/amd64 (10.0.20348.2031) 4db522e17a5f", "windows/amd64 (10.0.17763.4974) bf66dddbc346")
}

// TestPlatforms_enter: enter on a platform goes to its first step that differs.
func TestPlatforms_enter(t *testing.T) {
	d := open(t, twoVersions(t, 100), 100, 24, imageA, imageB)
	d.Keys("2", "enter")
	d.Sees("[3 Lay", "›≠    2     COPY part2 /")
}
