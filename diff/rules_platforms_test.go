package diff

import (
	"slices"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
)

func platformCases(t *testing.T) []ruleCase {
	t.Helper()
	amd, arm := forArch("amd64"), forArch("arm64")
	list := func(tag string, builds ...build) model.Artifact {
		var entries []model.Entry
		for _, b := range builds {
			entries = append(entries, entry(b.image(t)))
		}
		return index(t, tag, entries...)
	}
	release := func(arch, of string, own ...step) build {
		return build{arch: arch, steps: append([]step{does("ADD rootfs.tar.xz / # buildkit", files("root "+of+arch)), sets(`CMD ["bash"]`)}, own...)}
	}
	orphan := receipt(entry(arm.image(t)))
	const mb = 1_000_000
	versioned := func(arch, version string) build {
		return configured(forArch(arch, does("COPY app /app", files(arch+version))), map[string]any{"Labels": map[string]string{v1.AnnotationVersion: version}})
	}
	return []ruleCase{
		{"an index around the image", Compare(single("a", amd.image(t)), list("b", amd)), "A9", 1, ":b is an index with a single image, and this image is exactly :a", 2},
		{"an index around the image in another packing", Compare(single("a", amd.image(t)), list("b", packedAgainAt(amd, 0))), "A9", 1, ":b is an index with a single image, and the image ID is that of :a", 2},
		{"an index with a SOCI index", Compare(single("a", amd.image(t)), index(t, "b", entry(amd.image(t)), artifactOf(model.SOCIType+"v2+json", "linux", "amd64"))), "A9", 1, ":b is an index with a single image and a SOCI index, and this image is exactly :a.", 2},
		{"an index with an SBOM", Compare(single("a", amd.image(t)), index(t, "b", entry(amd.image(t)), artifactOf("application/spdx+json", "linux", ""))), "A9", 1, "and this image is exactly :a. Docker 29 and buildx", 2},
		{"an index around another image", Compare(single("a", amd.image(t)), list("b", forArch("amd64", sets("USER x")))), "A9", -1, "", 0},
		{"an index that lists the image twice", Compare(single("a", amd.image(t)), list("b", amd, amd)), "A9", 1, ":b is an index with a single image, which it lists twice, and this image is exactly :a", 2},
		{"an index that lists the image twice, not flattened", Compare(list("a", amd, amd), single("b", amd.image(t))), "A10", -1, "", 0},
		{"an index that lists two images for the platform, not flattened", Compare(list("a", forArch("amd64", sets("USER x")), amd), single("b", amd.image(t))), "A10", -1, "", 0},
		{"an index that lists it for nydus too, not flattened", Compare(index(t, "a", entry(amd.image(t)), forNydus(entry(amd.image(t)))), single("b", amd.image(t))), "A10", -1, "", 0},
		{"two platforms, one of them twice", Compare(list("a", amd, forArch("amd64", sets("USER x")), arm), single("b", amd.image(t))), "A10", 3, ":a serves 2 platforms, :b only linux/amd64", 2},
		{"an index of two", Compare(single("a", amd.image(t)), list("b", amd, arm)), "A9", -1, "", 0},

		{"flattened", Compare(list("a", amd, arm), single("b", arm.image(t))), "A10", 3, ":a serves 2 platforms, :b only linux/arm64", 2},
		{"the other way round", Compare(single("a", arm.image(t)), list("b", amd, arm)), "A10", 1, ":a is the linux/arm64 image of :b", 2},
		{"one platform, but another build", Compare(list("a", amd, arm), single("b", forArch("arm64", sets("USER x")).image(t))), "A10", -1, "", 0},

		{"flattened on a host named after the platform", Compare(list("prod", amd, arm), onHost(single("prod", arm.image(t)), "arm64.example")), "A10", 3, "serves 2 platforms", 2},
		{"a member asked for by digest", Compare(list("a", amd, arm), pinned(single("a", arm.image(t)))), "A10", -1, "", 0},
		{"a member asked for by tag and digest", Compare(list("a", amd, arm), pinned(single("a", arm.image(t)))), "A11", 0, "is the linux/arm64 member of", 2},
		{"a member under a tag", Compare(list("a", amd, arm), single("b", arm.image(t))), "A11", -1, "", 0},

		{"a base for more platforms", Compare(list("a", amd, arm), list("b", forArch("amd64", does("COPY own /", files("own"))))), "C1", 0, "A base can have more platforms than the images that are built on it", 1},
		{"a base of another release", Compare(list("a", release("amd64", "1"), release("arm64", "1")), list("b", release("amd64", "2", does("COPY own /", files("own"))))), "C1", 0, "not in :b, which is built on another release of :a", 1},
		{"another release of the base alone", Compare(list("a", release("amd64", "1", does("COPY own /", files("own"))), release("arm64", "1", does("COPY own /", files("own")))), list("b", release("amd64", "2"))), "C1", 0, "linux/arm64 is in :a but not in :b, which is another release of the base of :a.", 1},
		{"a new release of the base", Compare(list("a", release("amd64", "1"), release("arm64", "1")), list("b", release("amd64", "2"))), "C1", 3, "linux/arm64 is in :a but not in :b.", 1},
		{"another program, with one step more", Compare(list("a", release("amd64", "1", sets("USER 1")), release("arm64", "1", sets("USER 1"))), list("b", release("amd64", "2", sets("USER 1"), does("COPY own /", files("own"))))), "C1", 3, "linux/arm64 is in :a but not in :b.", 1},
		{"a tag named after another Windows", Compare(index(t, "nanoserver", windows(t, "10.0.17763.1"), windows(t, "10.0.20348.1")), index(t, "nanoserver-ltsc2022", windows(t, "10.0.20348.1"))), "C1", 1, "whose name says which platforms it has", 1},
		{"a tag named after the lost Windows", Compare(index(t, "a", windows(t, "10.0.17763.1"), windows(t, "10.0.20348.1")), index(t, "nanoserver-1809", windows(t, "10.0.20348.1"))), "C1", 3, "is in :a but not in :nanoserver-1809", 1},
		{"a variant for fewer platforms", Compare(list("1.6-bookworm", amd, arm), list("1.6-alpine3.18", forArch("amd64", sets("USER x")))), "C1", 1, "linux/arm64 is in :1.6-bookworm but not in :1.6-alpine3.18, which is another image", 1},
		{"another variant by its label", Compare(list("a", versioned("amd64", "1.2.3-dind"), versioned("arm64", "1.2.3-dind")), list("b", versioned("amd64", "1.2.3-cli"))), "C1", 1, "linux/arm64 is in :a but not in :b, which is another image", 1},
		{"another version by its label", Compare(list("a", versioned("amd64", "1.2.3-dind"), versioned("arm64", "1.2.3-dind")), list("b", versioned("amd64", "1.2.4-dind"))), "C1", 3, "linux/arm64 is in :a but not in :b.", 1},
		{"a variant of a version", Compare(list("1.9.3", amd, arm), list("1.9.3-bookworm", amd)), "C1", 0, "linux/arm64 is in :1.9.3 but not in :1.9.3-bookworm, whose tag names a variant. A variant can have fewer platforms.", 1},
		{"the version of a variant", Compare(list("1.9.3-alpine3.18", amd, arm), list("1.9.3", amd)), "C1", 0, "The tag of :1.9.3-alpine3.18 names a variant, which can have more platforms.", 1},
		{"a candidate for a version", Compare(list("1.9.3", amd, arm), list("1.9.3-rc1", amd)), "C1", 3, "is in :1.9.3 but not in :1.9.3-rc1.", 1},
		{"a variant of another version", Compare(list("1.9.3", amd, arm), list("1.9.4-bookworm", amd)), "C1", 3, "is in :1.9.3 but not in :1.9.4-bookworm.", 1},
		{"a variant of one system", Compare(list("1.6-alpine3.17", amd, arm), list("1.6-alpine3.18", forArch("amd64", sets("USER x")))), "C1", 3, "linux/arm64 is in :1.6-alpine3.17 but not in :1.6-alpine3.18.", 1},
		{"an unrelated image for fewer platforms", Compare(list("a", amd, arm), list("b", build{steps: []step{does("COPY x /", files("x"))}})), "C1", 1, "which is another image", 1},
		{"a repository of another source", Compare(fromSource(list("a", amd, arm), "docker", "https://example.org/docker"), fromSource(list("b", amd), "julia", "https://example.org/julia")), "C1", 1, "not in :b, which is another image", 1},
		{"another repository of one source", Compare(fromSource(list("a", amd, arm), "docker", "https://example.org/docker"), fromSource(list("b", amd), "mirror", "https://example.org/docker.git")), "C1", 3, "not in :b.", 1},
		{"a fork of one name", Compare(fromSource(list("a", amd, arm), "one/app", "https://example.org/one"), fromSource(list("b", amd), "two/app", "https://example.org/two")), "C1", 3, "not in :b.", 1},
		{"a platform lost", Compare(list("a", amd, arm), list("b", amd)), "C1", 3, "linux/arm64 is in :a but not in :b", 1},
		{"a tag named after an architecture", Compare(list("a", amd, arm, forArch("s390x")), list("b-amd64", amd)), "C1", 1, "not in :b-amd64, whose name says which platforms it has", 2},
		{"a tag named after a lost platform", Compare(list("a", amd, arm), list("arm64", amd)), "C1", 3, "linux/arm64 is in :a but not in :arm64", 1},
		{"lost by flattening, which says so", Compare(list("a", amd, arm), single("b", amd.image(t))), "C1", -1, "", 0},
		{"the same platforms in another order", Compare(list("a", amd, arm), list("b", arm, amd)), "C1", -1, "", 0},
		{"a platform gained", Compare(list("a", amd), list("b", amd, arm)), "C2", 0, "linux/arm64 is new in :b", 1},
		{"no platform gained", Compare(list("a", amd, arm), list("b", amd)), "C2", -1, "", 0},

		{"called arm64, says amd64", Describe(index(t, "a", labelled(entry(amd.image(t)), "linux", "arm64", ""))), "C3", 3, ":a lists the image as linux/arm64, but its config states linux/amd64", 1},
		{"labels of three images exchanged", Describe(index(t, "a", labelled(entry(amd.image(t)), "linux", "arm64", ""), labelled(entry(arm.image(t)), "linux", "s390x", ""), labelled(entry(forArch("s390x").image(t)), "linux", "amd64", ""))), "C3", 3,
			":a lists the linux/amd64 image as linux/arm64, the linux/arm64 image as linux/s390x and the linux/s390x image as linux/amd64.", 3},
		{"two wrong labels, not exchanged", Describe(index(t, "a", labelled(entry(amd.image(t)), "linux", "arm64", ""), labelled(entry(arm.image(t)), "linux", "s390x", ""))), "C3", 3,
			":a lists the linux/amd64 image as linux/arm64 and the linux/arm64 image as linux/s390x. The configs state other platforms than the labels. Many runtimes", 2},
		{"called v6, says v7", Describe(index(t, "a", labelled(entry(withVariant("v7").image(t)), "linux", "arm", "v6"))), "C3", 3, "linux/arm/v6", 1},
		{"called v6, says no variant", Describe(index(t, "a", labelled(entry(forArch("arm").image(t)), "linux", "arm", "v6"))), "C3", -1, "", 0},
		{"called arm64/v8, says arm64", Describe(index(t, "a", labelled(entry(arm.image(t)), "linux", "arm64", "v8"))), "C3", -1, "", 0},

		{"called another Windows", Describe(index(t, "a", windowsAs(t, "10.0.20348.2700", "10.0.17763.6054"))), "C3", 3, ":a lists the image as windows/amd64 (10.0.17763.6054), but its config states windows/amd64 (10.0.20348.2700)", 1},
		{"another month of one Windows", Describe(index(t, "a", windowsAs(t, "10.0.20348.2700", "10.0.20348.1607"))), "C3", -1, "", 0},

		{"an inner index under another label", Describe(index(t, "a", nested(t, "arm64", amd)...)), "C3", 3, ":a lists an inner index as linux/arm64, but its images are for linux/amd64", 1},
		{"an inner index with one image of its label", Describe(index(t, "a", nested(t, "arm64", amd, arm)...)), "C3", -1, "", 0},
		{"an inner index without a label", Describe(index(t, "a", nested(t, "", amd)...)), "C3", -1, "", 0},

		{"a borrowed base", Describe(index(t, "a", onBase(t, "amd64", "x", 2*mb), onBase(t, "arm64", "x", 2*mb))), "C4", 3, "In :a, linux/amd64 and linux/arm64 start with the same layers (the first layer, 2.0 MB)", 2},
		{"borrowed on both sides", Compare(index(t, "a", onBase(t, "amd64", "x", 2*mb), onBase(t, "arm64", "x", 2*mb)),
			index(t, "b", onBase(t, "arm64", "x", 2*mb), onBase(t, "amd64", "x", 2*mb), receipt(onBase(t, "amd64", "x", mb)))), "C4", 3, "In :a and :b, linux/amd64 and linux/arm64", 4},
		{"a small first layer on purpose", Describe(index(t, "a", onBase(t, "amd64", "x", mb/2), onBase(t, "arm64", "x", mb/2))), "C4", -1, "", 0},
		{"a different base per platform", Describe(index(t, "a", onBase(t, "amd64", "x", 2*mb), onBase(t, "arm64", "y", 2*mb))), "C4", -1, "", 0},
		{"two variants of one machine", Describe(index(t, "a", labelled(onBase(t, "arm", "x", 2*mb), "linux", "arm", "v6"), labelled(onBase(t, "arm", "x", 2*mb), "linux", "arm", "v7"))), "C4", -1, "", 0},

		{"two entries for one platform", Describe(list("a", amd, arm, forArch("amd64", sets("USER x")))), "C7", 2, "Two entries of :a claim linux/amd64", 2},
		{"three entries for one platform", Describe(list("a", amd, forArch("amd64", sets("USER x")), forArch("amd64", sets("USER y")))), "C7", 2, "Three entries of :a claim linux/amd64", 3},
		{"another packing, as its annotation claims", Describe(index(t, "a", pending(entry(amd.image(t))), packedEntry(pending(entry(packedAgainAt(amd, 0).image(t)))))), "C7", 0,
			":a offers linux/amd64 twice, in several packings, as annotations of its entries claim.", 2},
		{"the same entry twice", Describe(list("a", amd, arm, amd)), "C7", -1, "", 0},

		{"one entry for nydus", Describe(index(t, "a", entry(amd.image(t)), forNydus(entry(forArch("amd64", sets("USER x")).image(t))))), "C7", -1, "", 0},
		{"two entries for nydus", Describe(index(t, "a", forNydus(entry(amd.image(t))), forNydus(entry(forArch("amd64", sets("USER x")).image(t))))), "C7", 2, "Two entries of :a claim linux/amd64 for nydus", 2},
		{"gzip and zstd of two platforms", Describe(list("a", amd, arm, packedAgain(amd), packedAgain(arm))), "C7", 0, ":a offers linux/amd64 and linux/arm64 twice, the second time in another packing: they are the same images", 4},
		{"tags of an OCI layout", Describe(index(t, "a", refNamed(entry(amd.image(t)), "1"), refNamed(entry(forArch("amd64", sets("USER x")).image(t)), "2"))), "C7", 1, ":a is like the index of an OCI layout: its entries are the tags 1 and 2", 2},
		{"tags of an OCI layout, an artifact without a name", Describe(index(t, "a", refNamed(entry(amd.image(t)), "1"), refNamed(entry(forArch("amd64", sets("USER x")).image(t)), "2"), artifactEntry("application/x"))), "C7", 1, "the tags 1 and 2, not", 3},
		{"tags of an OCI layout for two platforms", Describe(index(t, "a", refNamed(nameless(entry(amd.image(t))), "1"), refNamed(nameless(entry(arm.image(t))), "2"))), "C7", 1, "its entries are the tags 1 and 2, not the platforms of one image. A pull of :a gets at most one of them.", 2},
		{"one tag of an OCI layout", Describe(index(t, "a", refNamed(nameless(entry(amd.image(t))), "1"))), "C7", -1, "", 0},
		{"platforms with names", Describe(index(t, "a", refNamed(entry(amd.image(t)), "1"), refNamed(entry(arm.image(t)), "2"))), "C7", -1, "", 0},
		{"names with digests", Describe(index(t, "a", refNamed(nameless(entry(amd.image(t))), "x@sha256:1"), refNamed(nameless(entry(arm.image(t))), "x@sha256:2"))), "C7", -1, "", 0},
		{"an entry with a platform and no name", Describe(index(t, "a", refNamed(entry(amd.image(t)), "1"), entry(forArch("amd64", sets("USER x")).image(t)), refNamed(entry(arm.image(t)), "2"))), "C7", 2, "Two entries of :a claim linux/amd64", 2},
		{"two entries of one name", Describe(index(t, "a", refNamed(entry(amd.image(t)), "1"), refNamed(entry(forArch("amd64", sets("USER x")).image(t)), "1"))), "C7", 2, "Two entries of :a claim linux/amd64", 2},
		{"zstd before gzip", Describe(index(t, "a", inZstdToo(t, "amd64"), entry(amd.image(t)))), "C7", 1, "twice, the first time in zstd: it is the same image", 2},
		{"zstd after gzip", Describe(index(t, "a", entry(amd.image(t)), inZstdToo(t, "amd64"))), "C7", 0, "twice, the second time in zstd: it is the same image", 2},
		{"the same image twice, once in zstd", Describe(list("a", amd, packedAgain(amd))), "C7", 0, ":a offers linux/amd64 twice", 2},

		{"called ppc64le now", Compare(index(t, "a", pending(labelled(entry(amd.image(t)), "linux", "amd64", "")), entry(arm.image(t))),
			index(t, "b", pending(labelled(entry(amd.image(t)), "linux", "ppc64le", "")), entry(arm.image(t)))), "C13", 2, ":a lists the image as linux/amd64, :b lists it as linux/ppc64le. Clients", 2},
		{"x86_64", Compare(index(t, "a", entry(amd.image(t)), entry(arm.image(t))), index(t, "b", labelled(entry(amd.image(t)), "linux", "x86_64", ""), entry(arm.image(t)))), "C13", 2, "In :b, the index lists linux/amd64 as linux/x86_64. Docker and containerd take", 1},
		{"aarch64 on one side only read", Describe(index(t, "a", entry(amd.image(t)), labelled(entry(arm.image(t)), "linux", "aarch64", ""))), "C13", 2, "lists linux/arm64 as linux/aarch64", 1},
		{"arm64/v8", Compare(index(t, "a", entry(arm.image(t))), index(t, "b", labelled(entry(arm.image(t)), "linux", "arm64", "v8"))), "C13", -1, "", 0},
		{"arm without a variant", Compare(index(t, "a", pending(entry(armV6().image(t))), entry(amd.image(t))), index(t, "b", pending(labelled(entry(armV6().image(t)), "linux", "arm", "")), entry(amd.image(t)))), "C13", 2,
			":b lists it as linux/arm, which clients take for linux/arm/v7", 2},
		{"called ppc64le now, and the config tells which is right", Compare(index(t, "a", labelled(entry(amd.image(t)), "linux", "amd64", ""), entry(arm.image(t))),
			index(t, "b", labelled(entry(amd.image(t)), "linux", "ppc64le", ""), entry(arm.image(t)))), "C13", -1, "", 0},
		{"another image under another label", Compare(list("a", amd, arm), list("b", forArch("ppc64le", sets("USER x")), arm)), "C13", -1, "", 0},

		{"an entry that says nothing", Describe(index(t, "a", entry(amd.image(t)), unmarked(entry(arm.image(t))))), "C6", 0, "usually attestations of the build (provenance, SBOM), but nothing in the index says so", 1},
		{"an entry that belongs to an image", Describe(index(t, "a", entry(amd.image(t)), ofKind(receipt(entry(amd.image(t))), "builder"))), "C6", 0, "They belong to images of the index, as annotations say (builder).", 1},
		{"a receipt that says so", Describe(index(t, "a", entry(amd.image(t)), receipt(entry(amd.image(t))))), "C6", 0, "They are attestations of the build (provenance, SBOM) for the images of the index, as annotations say.", 1},
		{"a receipt by its layers", Describe(index(t, "a", entry(amd.image(t)), readReceipt(entry(amd.image(t))))), "C6", 0, "for the images of the index, as the media types of layers say.", 1},
		{"a receipt for no image", Describe(index(t, "a", entry(amd.image(t)), receiptFor(entry(amd.image(t)), ""))), "C6", 0, "Annotations call them attestations of the build, but do not say of which image.", 1},
		{"an orphan receipt", Describe(index(t, "a", entry(amd.image(t)), orphan)), "C6", 1, "An attestation in :a is for sha256:" + short(entry(arm.image(t)).Descriptor.Digest) + ", which is not in it.", 1},
		{"no receipt", Describe(list("a", amd)), "C6", -1, "", 0},
	}
}

// forNydus is an entry that only clients with nydus take.
func forNydus(e model.Entry) model.Entry {
	p := *e.Descriptor.Platform
	p.OSFeatures = []string{nydusFeature}
	e.Descriptor.Platform = &p
	return e
}

// nested are the entries of an index that lists an inner one as a platform, "" for none.
func nested(t *testing.T, arch string, inner ...build) []model.Entry {
	t.Helper()
	top := model.Entry{Role: model.RoleIndex, Descriptor: v1.Descriptor{
		MediaType: v1.MediaTypeImageIndex, Digest: digest.FromString("inner index"),
	}}
	if arch != "" {
		top = labelled(top, "linux", arch, "")
	}
	entries := []model.Entry{top}
	for _, b := range inner {
		e := entry(b.image(t))
		e.Depth = 1
		entries = append(entries, e)
	}
	return entries
}

// windowsAs is an image of a version of Windows, listed as another one.
func windowsAs(t *testing.T, version, label string) model.Entry {
	t.Helper()
	e := entry(build{os: "windows", more: map[string]any{"os.version": version}}.image(t))
	e.Descriptor.Platform.OSVersion = label
	return e
}

// packedAgain is a build with its first layer compressed again: the same config.
func packedAgain(b build) build {
	b.steps = slices.Clone(b.steps)
	for i, s := range b.steps {
		if s.layer != nil {
			again := s.layer.packed("again")
			b.steps[i].layer = &again
			return b
		}
	}
	return b
}

func receiptFor(e model.Entry, subject digest.Digest) model.Entry {
	e = receipt(e)
	e.Subject = subject
	e.Descriptor.Annotations["vnd.docker.reference.digest"] = string(subject)
	return e
}

// readReceipt is a receipt without annotations whose layers say what it is.
func readReceipt(of model.Entry) model.Entry {
	e := receiptFor(of, "")
	e.Descriptor.Annotations, e.Artifact = nil, &model.Manifest{}
	return e
}

func withVariant(v string) build {
	b := forArch("arm")
	b.variant = v
	return b
}

// armV6 is an image for the first ARM machines with a floating point unit.
func armV6() build {
	b := forArch("arm")
	b.variant = "v6"
	return b
}

// packedEntry is an entry that podman marks as the image before it, in zstd.
func packedEntry(e model.Entry) model.Entry {
	e.Descriptor.Annotations = map[string]string{packingAnnotation + "zstd": "true"}
	return e
}

// pinned is an artifact that was asked for by tag and digest.
func pinned(a model.Artifact) model.Artifact {
	a.Ref.Digest = a.Top.Digest
	return a
}

// ofKind is an entry that names its kind.
func ofKind(e model.Entry, kind string) model.Entry {
	e.Descriptor.Annotations = map[string]string{model.AnnotationReferenceType: kind}
	return e
}

// fromSource is an artifact of a repository whose annotations name a source repository.
func fromSource(a model.Artifact, repository, source string) model.Artifact {
	a.Ref.Repository = repository
	a.Top.Annotations = map[string]string{v1.AnnotationSource: source}
	return a
}

// artifactEntry is an entry of an index for an artifact without a platform.
func artifactEntry(artifactType string) model.Entry {
	e := artifactOf(artifactType, "", "")
	e.Descriptor.Platform = nil
	return e
}

// refNamed is an entry of the index of an OCI layout.
func refNamed(e model.Entry, name string) model.Entry {
	e.Descriptor.Annotations = map[string]string{v1.AnnotationRefName: name}
	return e
}

// onHost is an artifact of another registry.
func onHost(a model.Artifact, host string) model.Artifact {
	a.Ref.Registry = host
	return a
}

// TestAdviseLabel has indexes with wrong labels, and what the finding advises.
func TestAdviseLabel(t *testing.T) {
	amd, arm := entry(forArch("amd64").image(t)), entry(forArch("arm64").image(t))
	for name, tt := range map[string]struct {
		entries []model.Entry
		next    string
	}{
		"exchanged":            {[]model.Entry{labelled(amd, "linux", "arm64", ""), labelled(arm, "linux", "amd64", "")}, "Create the index again with the labels that the configs state"},
		"moved on":             {[]model.Entry{labelled(amd, "linux", "arm64", ""), labelled(arm, "linux", "s390x", "")}, "Create the index again with the labels that the configs state, if these are right"},
		"one image twice":      {[]model.Entry{amd, labelled(amd, "linux", "arm64", "")}, "Build this platform again from a base that has it. Change only the config if the programs inside are right"},
		"beside a right label": {[]model.Entry{labelled(amd, "linux", "s390x", ""), arm}, "Build this platform again from a base that has it. Change only the config if the programs inside are right"},
	} {
		t.Run(name, func(t *testing.T) {
			if next := found(Describe(index(t, "a", tt.entries...)), "C3").Next.String(); next != tt.next {
				t.Error(next)
			}
		})
	}
}
