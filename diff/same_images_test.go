package diff

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
)

// TestSameImages_otherIndex has indexes of the same images that differ in their entries: what
// the headline says, and whether the tags are the same.
func TestSameImages_otherIndex(t *testing.T) {
	amd, arm, other := entry(forArch("amd64").image(t)), entry(forArch("arm64").image(t)), entry(forArch("amd64", sets("USER x")).image(t))
	list := func(tag string, entries ...model.Entry) model.Artifact { return index(t, tag, entries...) }
	// changed is an entry with another descriptor.
	changed := func(e model.Entry, change func(*v1.Descriptor)) model.Entry {
		change(&e.Descriptor)
		return e
	}
	features := func(e model.Entry, names ...string) model.Entry {
		e.Descriptor.Platform = &v1.Platform{OS: "linux", Architecture: "amd64", OSFeatures: names}
		return e
	}
	tests := []struct {
		name string
		c    Comparison
		say  string
		same bool
	}{
		{"two images for one platform, reversed", Compare(list("a", amd, other, arm), list("b", other, amd, arm)), "Clients take another image: the first linux/amd64 entry is ", false},
		{"another image before the one of A", Compare(list("a", amd), list("b", other, amd)), "Clients take another image: the first linux/amd64 entry is ", false},
		{"another image after the one of A", Compare(list("a", amd, arm), list("b", amd, other, arm)), ":b lists linux/amd64 twice, two different images", false},
		{"another image of the only platform after the one of A", Compare(list("a", amd, other), list("b", amd)), ":a lists linux/amd64 twice, two different images", false},
		{"the second image under a tag", Compare(list("a", other, amd), single("b", *amd.Image)), ":a lists several images for linux/amd64; :b is not the first, which clients take", false},
		{"in zstd for one platform", Compare(list("a", amd, arm), list("b", amd, arm, inZstdToo(t, "amd64"))), "Same images; :b also offers linux/amd64 in zstd", true},
		{"in zstd for all platforms", Compare(list("a", amd, arm), list("b", amd, arm, inZstdToo(t, "amd64"), inZstdToo(t, "arm64"))), "Same images; :b also offers them in zstd", true},
		{"in zstd first", Compare(list("a", amd, arm), list("b", inZstdToo(t, "amd64"), amd, arm)), "Same images; :b also offers linux/amd64 in zstd, which it lists first", true},
		{"an index around the image and one for nydus", Compare(single("a", *amd.Image), list("b", amd, features(other, nydusFeature))), "Same image; :b is an index around it; it also offers linux/amd64 for nydus", true},
		{"platforms reversed", Compare(list("a", amd, arm), list("b", arm, amd)), "the order of the entries", true},
		{"two packings of one image, reversed", Compare(list("a", amd, entry(packedAgain(forArch("amd64")).image(t))), list("b", entry(packedAgain(forArch("amd64")).image(t)), amd)), "the order of the entries", true},
		{"an entry twice", Compare(list("a", amd, arm), list("b", amd, amd, arm)), "different index: :b lists linux/amd64 twice", true},
		{"an entry three times in A", Compare(list("a", amd, arm, arm, arm), list("b", amd, arm)), "different index: :a lists linux/arm64 3 times", true},
		{"an image as unknown/unknown", Compare(list("a", amd), list("b", amd, unmarked(arm))), "different index: an entry with platform unknown/unknown only in :b", false},
		{"two images as unknown/unknown", Compare(list("a", amd, unmarked(other), unmarked(arm)), list("b", amd)), "2 entries with platform unknown/unknown only in :a", false},
		{"unknown/unknown on both sides", Compare(list("a", amd, arm, unmarked(other)), list("b", arm, amd, unmarked(other))), "the order of the entries", true},
		{"an attestation by annotation", Compare(list("a", amd), list("b", amd, receipt(amd))), "the build attestations", true},
		{"an attestation for another image", Compare(list("a", amd, receipt(amd)), list("b", amd, receiptFor(amd, arm.Descriptor.Digest))), "different index: an attestation in :b is for sha256:" + short(arm.Descriptor.Digest) + ", which is not in it", true},
		{"an orphan on both sides", Compare(list("a", amd, arm, receipt(other)), list("b", arm, amd, receipt(other))), "the order of the entries", true},

		{"the spelling of a variant", Compare(list("a", amd, arm), list("b", amd, labelled(arm, "linux", "arm64", "v8"))), "different index: the label of linux/arm64 (arm64, arm64/v8), which clients take for the same", true},
		{"another name of an architecture", Compare(list("a", amd, arm), list("b", amd, labelled(arm, "linux", "aarch64", ""))), "Same images, another label: :b lists the linux/arm64 image as linux/aarch64", false},
		{"another name in A", Compare(list("a", amd, labelled(arm, "linux", "aarch64", "")), list("b", amd, arm)), ":a lists the linux/arm64 image as linux/aarch64", false},
		{"another name, and an image without an index", Compare(list("a", labelled(arm, "linux", "aarch64", "")), single("b", *arm.Image)), ":a is an index around it", false},
		{"urls", Compare(list("a", amd), list("b", changed(amd, func(d *v1.Descriptor) { d.URLs = []string{"https://x.example"} }))), "different index: the urls of the entry linux/amd64 (only in :b)", true},
		{"the size", Compare(list("a", changed(amd, func(d *v1.Descriptor) { d.Size = 10 })), list("b", changed(amd, func(d *v1.Descriptor) { d.Size = 20 }))), "different index: the size of the entry linux/amd64 (10 → 20)", true},
		{"data", Compare(list("a", changed(amd, func(d *v1.Descriptor) { d.Data = []byte("x") })), list("b", amd)), "different index: the data of the entry linux/amd64 (only in :a)", true},
		{"the media type of an entry", Compare(list("a", amd), list("b", changed(amd, func(d *v1.Descriptor) { d.MediaType = model.MediaTypeDockerManifest }))), "different index: the mediaType of the entry linux/amd64", true},
		{"an empty platform", Compare(list("a", amd, arm), list("b", amd, labelled(arm, "", "", ""))), "different index: :b lists sha256:" + short(arm.Descriptor.Digest) + " without a platform", true},
		{"no platforms", Compare(list("a", labelled(amd, "", "", ""), labelled(arm, "", "", "")), list("b", amd, arm)), "different index: :a lists its 2 images without a platform", true},
		{"one platform of two", Compare(list("a", amd, arm), list("b", amd, labelled(arm, "", "", ""))), "different index: :b lists sha256:", true},
		{"a feature in the label", Compare(list("a", amd), list("b", features(amd, "win32k"))), "Same image, another label: :b lists the linux/amd64 image as linux/amd64 with win32k", false},
		{"features in another order", Compare(list("a", features(amd, "x", "y")), list("b", features(amd, "y", "x"))), "Same image", true},
		{"an inner index under another label", Compare(list("a", amd), list("b", nested(t, "arm64", forArch("amd64"))...)), ":b lists an index of linux/amd64 as linux/arm64", false},
		{"an inner index under its label", Compare(list("a", amd), list("b", nested(t, "amd64", forArch("amd64"))...)), "Same image, different index: :b has inner indexes", true},
		{"an SBOM before the image", Compare(list("a", amd, arm), list("b", artifactOf("application/spdx+json", "linux", "amd64"), amd, arm)), "The first entry of :b for linux/amd64 is not an image: an SBOM", false},
		{"an SBOM after the image", Compare(list("a", amd, arm), list("b", amd, artifactOf("application/spdx+json", "linux", "amd64"), arm)), "different index: an SBOM", true},
		{"a layer called plain, which it is not", twoTypes(t, v1.MediaTypeImageLayerGzip, v1.MediaTypeImageLayer), "In :b, the media type or the diff_id of step 3 is wrong", false},
		{"a layer called zstd, for which runtimes look themselves", twoTypes(t, v1.MediaTypeImageLayerGzip, v1.MediaTypeImageLayerZstd), "Same image, different manifest", true},
		{"with its config formatted differently", Compare(list("a", amd, arm), list("b", amd, arm, reformattedEntry(t, forArch("amd64"), "\n}"))), "Same images; :b also offers linux/amd64 with its config formatted differently", true},
		{"with one more value in its config", Compare(list("a", amd, arm), list("b", amd, arm, reformattedEntry(t, forArch("amd64"), `,"x":1}`))), ":b lists linux/amd64 twice, two different images", false},
		{"also for nydus", Compare(list("a", amd, arm), list("b", amd, features(other, nydusFeature), arm)), "Same images; :b also offers linux/amd64 for nydus", true},
		{"also for nydus, before the image", Compare(list("a", amd, arm), list("b", features(other, nydusFeature), amd, arm)), "Clients that ignore os.features take another image: the first linux/amd64 entry is ", false},
		{"also for nydus, before the image on both sides", Compare(list("a", features(other, nydusFeature), amd, arm), list("b", features(other, nydusFeature), arm, amd)), "the order of the entries", true},
		{"an image that is called an attestation", Compare(list("a", amd), list("b", amd, calledReceipt(arm))), "", false},
		{"for nydus only", Compare(list("a", amd, arm), list("b", features(other, nydusFeature), arm)), "", false},
		{"twice for nydus", Compare(list("a", amd), list("b", amd, features(other, nydusFeature), features(entry(forArch("amd64", sets("USER y")).image(t)), nydusFeature))), "Same images; :b also offers 2 × linux/amd64 for nydus", true},
	}
	const both = "Both list the same 2 images; :b lists 1 more image"
	if because := Compare(list("a", amd, arm), list("b", other, amd, arm)).Verdict.Because.String(); because != both {
		t.Errorf("another image first: because %q, want %q", because, both)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if say := tt.c.Verdict.Headline.String(); !strings.Contains(say, tt.say) || tt.c.Same(false) != tt.same {
				t.Errorf("%q, same: %v", say, tt.c.Same(false))
			}
		})
	}
}

// calledReceipt is an image for a platform that an annotation of its index calls an attestation.
func calledReceipt(e model.Entry) model.Entry {
	e.Descriptor.Annotations = map[string]string{model.AnnotationReferenceType: model.AttestationType}
	e.Role, e.Subject = model.RoleOf(e.Descriptor)
	return e
}

// reformattedEntry is the entry of an image with another end of its config.
func reformattedEntry(t *testing.T, b build, end string) model.Entry {
	t.Helper()
	e := entry(b.image(t))
	img := *e.Image
	raw := append(bytes.TrimSuffix(slices.Clone(img.Config.Raw), []byte("}")), end...)
	img.Config.Raw, img.Config.Digest = raw, digest.FromBytes(raw)
	img.Manifest.Digest = digest.FromString("manifest of " + string(raw))
	return entry(img)
}

// inZstdToo is the entry of forArch with a layer in zstd.
func inZstdToo(t *testing.T, arch string) model.Entry {
	t.Helper()
	e := entry(packedAgain(forArch(arch)).image(t))
	e.Image.Manifest.Layers[0].MediaType = v1.MediaTypeImageLayerZstd
	return e
}

// TestSame_refused has one image on both sides that engines of today cannot run as it is: it does
// not count as the same, and the headline says why.
func TestSame_refused(t *testing.T) {
	locked := typed(t, app(), v1.MediaTypeImageLayerGzip+"+encrypted")
	amd, arm := entry(forArch("amd64").image(t)), entry(*typed(t, forArch("arm64"), v1.MediaTypeImageLayerGzip+"+encrypted").Entries[0].Image)
	old := single("a", schema1Of(t, app()))
	s390, empty := entry(forArch("s390x").image(t)), entry(build{arch: "s390x", steps: []step{does("WORKDIR /", nothing)}}.image(t))
	const nydus, bzip2 = "application/vnd.oci.image.layer.nydus.blob.v1", "application/vnd.oci.image.layer.v1.tar+bzip2"
	both := func(img model.Image) model.Artifact { return single("a", img) }
	ofType := func(mediaType string) model.Artifact { return typed(t, app(), mediaType) }
	deep := func(n int) model.Artifact { return both(build{steps: runs(n)}.image(t)) }
	called := both(noted(app(), model.AnnotationReferenceType, model.AttestationType).image(t))
	list := func(entries ...model.Entry) func(string) model.Artifact {
		return func(tag string) model.Artifact { return index(t, tag, entries...) }
	}
	exchanged, wrong := list(labelled(amd, "linux", "s390x", ""), labelled(s390, "linux", "amd64", "")), list(s390, labelled(amd, "linux", "arm64", ""))
	sbomFirst, halfGone := list(artifactOf("application/spdx+json", "linux", "amd64"), amd), list(amd, gone(s390, true))
	borrowed, odd := list(onBase(t, "amd64", "x", 2_000_000), onBase(t, "arm64", "x", 2_000_000)), list(amd, labelled(entry(forArch("arm64").image(t)), "linux", "aarch64", ""))
	for name, tt := range map[string]struct {
		a, b model.Artifact
		head string
		same bool
	}{
		"encrypted":                   {locked, locked, "Identical, and encrypted, as the media types of layers say", false},
		"encrypted for one platform":  {index(t, "a", amd, arm), index(t, "a", amd, arm), "Identical, and layers of linux/arm64 are encrypted, as their media types say", false},
		"encrypted, in other indexes": {index(t, "a", amd, arm), index(t, "b", arm, amd), "Same image, different index: the order of the entries; layers of linux/arm64 are encrypted, as their media types say", false},
		"stored as schema1":           {old, old, "Identical, with a fault: it is stored in the schema1 format", false},
		"one side stored as schema1":  {old, single("b", app().image(t)), "Same image, one side in the schema1 format of 2015", false},
		"plain":                       {index(t, "a", amd), index(t, "a", amd), "Identical", true},
		"nothing to run":              {both(build{}.image(t)), both(build{}.image(t)), "Identical, with a fault: it has no layer, so there is nothing to run", false},
		"nothing to run, two manifests": {single("a", build{}.image(t)), single("b", noted(build{}, "x", "y").image(t)),
			"Same image, different manifest: the annotation x (only in :b), with a fault: it has no layer, so there is nothing to run", false},
		"nothing to run on one platform": {index(t, "a", amd, empty), index(t, "b", amd, empty), "Identical, with a fault: linux/s390x has no layer with files, so there is nothing to run", false},
		"layers for nydus":               {ofType(nydus), ofType(nydus), "Identical, and only a node with the nydus snapshotter can run it", false},
		"layers in bzip2":                {ofType(bzip2), ofType(bzip2), "Identical, with a fault: layers have the media type " + bzip2 + ", which runtimes do not know", false},
		"layers that some runtimes read": {ofType("application/octet-stream"), ofType("application/octet-stream"), "Identical", true},
		"more layers than some mount":    {deep(130), deep(130), "Identical", true},
		"more layers than Linux mounts":  {deep(501), deep(501), "Identical, probably with a fault: in :a and :b, there are 501 layers; Linux's overlayfs mounts at most 500", false},
		"two labels exchanged": {exchanged("a"), exchanged("b"),
			"Identical, with a fault: this index lists the linux/amd64 image as linux/s390x and the reverse", false},
		"a wrong label":             {wrong("a"), wrong("b"), "Identical, with a fault: this index lists the linux/amd64 image as linux/arm64", false},
		"an SBOM before it":         {sbomFirst("a"), sbomFirst("b"), "Identical, probably with a fault: the first entry of this index for linux/amd64 is not an image: an SBOM (application/spdx+json)", false},
		"a missing platform":        {halfGone("a"), halfGone("b"), "Identical, with a fault: linux/s390x of this index is missing in the registry", false},
		"a borrowed base":           {borrowed("a"), borrowed("b"), "Identical, probably with a fault: in :a and :b, linux/amd64 and linux/arm64 start with the same layers: probably only one has programs for its architecture", true},
		"one called an attestation": {both(app().image(t)), called, "Same config and layers, but an annotation calls :b an attestation of a build", false},
		"an odd architecture":       {odd("a"), odd("b"), "Identical", true},
		"called an attestation":     {called, called, "Identical", true},
	} {
		tt.a.Ref, tt.b.Ref = ref("a"), ref("b")
		c := Compare(tt.a, tt.b)
		if c.Verdict.Headline.String() != tt.head || c.Same(false) != tt.same {
			t.Errorf("%s: %s, the same: %v", name, c.Verdict.Headline, c.Same(false))
		}
		isHidden := func(f Finding) bool { return f.Severity >= 2 && f.Common }
		if c.Verdict.Code == Identical && slices.ContainsFunc(c.allFindings(), isHidden) {
			t.Errorf("%s: a warning on one image is called common: %+v", name, c.allFindings())
		}
		if calm := c.Verdict.Code == Identical && found(c, "A1") != nil; calm != (tt.same && c.Verdict.Code == Identical) {
			t.Errorf("%s: A1 is found: %v", name, calm)
		}
	}
}
