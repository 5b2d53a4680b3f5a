package diff

import (
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
)

// sbomOf is an artifact that names a subject, "" for none.
func sbomOf(tag string, subject digest.Digest) model.Artifact {
	return attachedTo(subject, artifact(tag, "application/spdx+json", tag))
}

func attachedTo(subject digest.Digest, a model.Artifact) model.Artifact {
	if subject != "" {
		a.Top.Subject = &v1.Descriptor{MediaType: v1.MediaTypeImageIndex, Digest: subject, Size: 1}
	}
	a.Entries[0].Artifact = &a.Top
	return a
}

// TestAttached: an artifact beside what it belongs to, and beside what it does not belong to.
func TestAttached(t *testing.T) {
	amd := entry(forArch("amd64").image(t))
	v2, v3 := index(t, "v2", amd, entry(forArch("arm64").image(t))), index(t, "v3", amd)
	to := v2.Top.Digest
	sbom, free := sbomOf("sbom", to), sbomOf("free", "")
	tagged := func(a model.Artifact, suffix string) model.Artifact {
		a.Ref.Tag = "sha256-" + to.Encoded() + suffix
		return a
	}
	listed := sbom.Entries[0]
	listed.Artifact = nil // an entry whose type is in the index is not read
	typed := amd
	typed.Role, typed.Image, typed.Descriptor.MediaType = model.RoleArtifact, nil, "application/odd"
	const isOther = "is not a container image but an SBOM"
	for name, tt := range map[string]struct {
		c                 Comparison
		headline, because string
		trust             Trust
	}{
		"images under another type":      {Compare(index(t, "odd", typed), v2), ":odd lists 1 image of :v2 with the media type application/odd, which is not that of a manifest", "only an artifact of type application/odd; :v2 has", Proved},
		"subject":                        {Compare(sbom, v2), ":sbom is an SBOM (application/spdx+json), attached to :v2", "The subject of :sbom is sha256:" + short(to), Proved},
		"subject, on B":                  {Compare(v2, sbom), ":sbom is an SBOM (application/spdx+json), attached to :v2", "", Proved},
		"subject, one platform":          {Compare(sbomOf("sbom", amd.Descriptor.Digest), v2), "attached to the linux/amd64 image of :v2", "", Proved},
		"subject, a single image":        {Compare(sbomOf("sbom", amd.Descriptor.Digest), single("one", *amd.Image)), "attached to :one", "", Proved},
		"subject, another image":         {Compare(sbom, v3), isOther, ":v3 has linux/amd64", Proved},
		"without a subject":              {Compare(free, v2), isOther, "", Proved},
		"an index of them":               {Compare(v2, index(t, "list", sbom.Entries[0], sbomOf("other", to).Entries[0])), ":list lists no image, but what is attached to :v2", "It lists 2 SBOMs", Proved},
		"an index of one and a free":     {Compare(v2, index(t, "list", sbom.Entries[0], free.Entries[0])), ":list is an index without an image", "", Proved},
		"the tag of a signature":         {Compare(tagged(free, ".sig"), v2), "attached to :v2 as its tag says", "The tag names sha256:" + short(to), Inferred},
		"the tag of another signature":   {Compare(tagged(free, ".sig"), v3), isOther, "", Proved},
		"the tag of referrers":           {Compare(v2, tagged(index(t, "list", listed), "")), "is the list of what is attached to :v2, as its tag says", "It lists an SBOM (application/spdx+json)", Inferred},
		"an entry of an index of images": {Compare(index(t, "v4", amd, free.Entries[0]), free), ":free is an entry in the index of :v4: an SBOM", ":v4 has linux/amd64", Proved},
		"two of one subject":             {Compare(sbom, attachedTo(to, artifact("note", "application/x", "note"))), "Neither is a container image", "Both are attached to sha256:" + short(to), Proved},
		"two of two subjects":            {Compare(sbom, attachedTo(v3.Top.Digest, artifact("note", "application/x", "note"))), "Neither is a container image", "Artifacts of two types cannot be compared", Proved},
	} {
		v := tt.c.Verdict
		if v.Code != NotComparable || v.Trust != tt.trust || !strings.Contains(v.Headline.String(), tt.headline) || !strings.Contains(v.Because.String(), tt.because) {
			t.Errorf("%s: %s %s %q, because %q", name, v.Code, v.Trust, v.Headline, v.Because)
		}
	}
}

// TestSameCache has a build cache as an index and as an image manifest, with the same blobs and
// with others.
func TestSameCache(t *testing.T) {
	config := v1.Descriptor{MediaType: buildCacheType + "v0", Digest: digest.FromString("cache")}
	blob := v1.Descriptor{MediaType: v1.MediaTypeImageLayerGzip, Digest: digest.FromString("blob")}
	listed := func(d v1.Descriptor) model.Entry { return model.Entry{Descriptor: d, Role: model.RoleArtifact} }
	list := index(t, "a", listed(blob), listed(config))
	asImage := func(layers ...v1.Descriptor) model.Artifact {
		a := artifact("b", buildCacheType+"v0", "cache")
		a.Top.Config, a.Top.Layers = config, layers
		return a
	}
	c := Compare(list, asImage(blob))
	if v := c.Verdict; v.Headline.String() != "The same build cache of BuildKit, as an index and as an image manifest" || v.Trust != Proved || !c.Same(false) {
		t.Errorf("%s: %q, same: %t", v.Trust, v.Headline, c.Same(false))
	}
	c = Compare(list, asImage(blob, v1.Descriptor{Digest: digest.FromString("more")}))
	if v := c.Verdict; v.Code != NotComparable || c.Same(false) {
		t.Errorf("other blobs: %q, same: %t", v.Headline, c.Same(false))
	}
}

// TestContentParts has an index that lists no image, with what its entries and its tag say, and
// one that is a build cache, whose entries are layers.
func TestContentParts(t *testing.T) {
	to := digest.FromString("image")
	sbom := sbomOf("sbom", to).Entries[0]
	sbom.Descriptor.Annotations = map[string]string{"preference": "1"}
	other := artifactEntry("application/x")
	list := index(t, "list", sbom, sbom, other)
	list.Ref.Tag = "sha256-" + to.Encoded()
	cache := index(t, "cache", model.Entry{Descriptor: v1.Descriptor{MediaType: buildCacheType + "v0", Digest: digest.FromString("cache")}, Role: model.RoleArtifact})
	for name, tt := range map[string]struct {
		a    model.Artifact
		want []string
	}{
		"a list of referrers": {list, []string{
			short(sbom.Descriptor.Digest) + ": an SBOM (application/spdx+json), attached to " + short(to) + ", preference=1",
			short(other.Descriptor.Digest) + ": an artifact of type application/x",
			"attached to: " + short(to) + ", as the tag says",
		}},
		"a build cache":   {cache, []string{"type: a build cache of BuildKit (" + buildCacheType + "v0)"}},
		"an index of one": {index(t, "one", artifactEntry("application/x")), []string{"type: an artifact of type application/x"}},
	} {
		if got := mapped(ContentParts(tt.a), func(p ArtifactPart) string { return p.Name.String() + ": " + p.Text.String() }); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// TestArtifacts_otherIndex checks that an index of an artifact is not called an image.
func TestArtifacts_otherIndex(t *testing.T) {
	noted := index(t, "b", artifactEntry("application/x"))
	noted.Top.Raw = []byte(`{"annotations":{"k":"v"}}`)
	noted.Top.Annotations, noted.Top.Digest = map[string]string{"k": "v"}, digest.FromString("noted")
	got := Compare(index(t, "a", artifactEntry("application/x")), noted).Verdict.Headline.String()
	if want := "Same artifact, different index: the annotation k (only in :b)"; !strings.HasPrefix(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
