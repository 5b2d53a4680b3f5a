package diff

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// runtimeCases are images that some runtimes cannot read.
func runtimeCases(t *testing.T) []ruleCase {
	t.Helper()
	alone := func(img model.Image) Comparison { return Describe(single("a", img)) }
	layers := func(n int) model.Image {
		var b build
		for i := range n {
			b.steps = append(b.steps, does(fmt.Sprintf("RUN %d", i), files(fmt.Sprint(i))))
		}
		return b.image(t)
	}
	retyped := func(img model.Image, manifest, layer string) model.Image {
		img.Manifest.MediaType = manifest
		for i := range img.Manifest.Layers {
			img.Manifest.Layers[i].MediaType = layer
		}
		return model.NewImage(img.Manifest, img.Config)
	}
	const dockerLayer = "application/vnd.docker.image.rootfs.diff.tar.gzip"
	oddConfig := func(mediaType, layer string) model.Artifact {
		manifest, config := app().raw(t)
		img := parseImage(t, manifest, config)
		img.Manifest.Config.MediaType = mediaType
		for i := range img.Manifest.Layers {
			img.Manifest.Layers[i].MediaType = layer
		}
		raw := mustJSON(t, map[string]any{"schemaVersion": 2, "mediaType": v1.MediaTypeImageManifest, "config": img.Manifest.Config, "layers": img.Manifest.Layers})
		m, err := model.ParseManifest(doc(raw))
		if err != nil {
			t.Fatal(err)
		}
		if m.Kind != model.KindImage {
			return model.Artifact{Ref: ref("a"), Top: m, Done: true}
		}
		return single("a", model.NewImage(m, img.Config))
	}
	sha512 := app().image(t)
	sha512.Manifest.Layers[0].Digest = digest.NewDigestFromEncoded(digest.SHA512, strings.Repeat("0", 128))
	bare := build{more: map[string]any{"rootfs": map[string]any{}}}
	amd := entry(forArch("amd64").image(t))
	inner := model.Entry{Role: model.RoleIndex, Descriptor: v1.Descriptor{MediaType: v1.MediaTypeImageIndex, Digest: digest.FromString("inner")}}
	sbom := func(p *v1.Platform) model.Entry {
		return model.Entry{Role: model.RoleArtifact, Descriptor: v1.Descriptor{MediaType: v1.MediaTypeImageManifest, ArtifactType: "application/spdx+json", Digest: digest.FromString("sbom"), Platform: p}}
	}
	typed := func(mediaType string) model.Entry {
		e := sbom(&v1.Platform{OS: "linux", Architecture: "s390x"})
		e.Descriptor.MediaType, e.Descriptor.ArtifactType = mediaType, ""
		return e
	}
	cache := index(t, "a", model.Entry{Descriptor: v1.Descriptor{MediaType: buildCacheType + "v0", Digest: digest.FromString("cache")}, Role: model.RoleArtifact})
	return []ruleCase{
		{"as many as Docker mounts", alone(layers(125)), "D19", -1, "", 0},
		{"one too many for Docker", alone(layers(126)), "D19", 2, "there are 126 layers, more than some runtimes can mount (max depth exceeded): Docker's classic image store (graph drivers) at most 125.", 1},
		{"too many for CRI-O, too", alone(layers(129)), "D19", 2, "at most 125; CRI-O and podman of 2022 and older at most 128.", 1},
		{"as many as old CRI-O mounts", alone(layers(128)), "D19", 2, "(graph drivers) at most 125.", 1},
		{"too many for Linux", alone(layers(501)), "D19", 3, "; Linux's overlayfs at most 500.", 1},
		{"OCI layers in a Docker manifest", alone(retyped(app().image(t), model.MediaTypeDockerManifest, v1.MediaTypeImageLayerGzip)), "D20", 2, "the manifest has Docker's format, but 2 layers (steps 1 and 3) have OCI's media types", 2},
		{"Docker layers in an OCI manifest", alone(retyped(app().image(t), v1.MediaTypeImageManifest, dockerLayer)), "D20", 1, "podman may fail to push it again", 2},
		{"all of Docker", alone(retyped(app().image(t), model.MediaTypeDockerManifest, dockerLayer)), "D20", -1, "", 0},
		{"all of OCI", alone(app().image(t)), "D20", -1, "", 0},
		{"sha512", alone(sha512), "D21", 2, "1 blob is named by sha512. Docker cannot use such an image (seen with 27.0)", 1},
		{"sha256", alone(app().image(t)), "D21", -1, "", 0},
		{"a config of octets", Describe(oddConfig("application/octet-stream", dockerLayer)), "D22", 1, "the media type application/octet-stream, which old clients wrote. Docker's classic image store accepts it, containerd", 1},
		{"an artifact of octets", Describe(oddConfig("application/octet-stream", "application/x-model")), "D22", -1, "", 0},
		{"a chart", Describe(oddConfig("application/vnd.cncf.helm.config.v1+json", dockerLayer)), "D22", -1, "", 0},
		{"no rootfs", alone(build{more: map[string]any{"rootfs": nil}}.image(t)), "D23", 2, "the config has no list of layers (rootfs). Docker refuses it", 1},
		{"a rootfs without members", alone(bare.image(t)), "D23", 2, "has no type and no diff_ids, which the specification requires", 1},
		{"an empty rootfs", alone(build{}.image(t)), "D23", -1, "", 0},
		{"an index of indexes", Describe(index(t, "a", inner, amd)), "C14", 1, "the index lists another index. podman and Docker before 23.0", 1},
		{"two indexes in one of two", Describe(index(t, "a", inner, atDepth(inner, 1), inner, amd)), "C14", 1, "the index lists 2 other indexes, nested 3 levels deep. podman", 3},
		{"two indexes side by side", Describe(index(t, "a", inner, inner, amd)), "C14", 1, "the index lists 2 other indexes. podman", 2},
		{"a flat index", Describe(index(t, "a", amd)), "C14", -1, "", 0},
		{"an image without a platform", Describe(index(t, "a", nameless(amd))), "C15", 1, "1 entry for an image has no platform. podman takes it if no other entry fits", 1},
		{"two images without a platform", Describe(index(t, "a", nameless(amd), nameless(entry(forArch("arm64").image(t))))), "C15", 1, "podman takes the first of them if", 2},
		{"images with platforms", Describe(index(t, "a", amd)), "C15", -1, "", 0},
		{"an SBOM as linux", Describe(index(t, "a", amd, sbom(&v1.Platform{OS: "linux"}))), "C16", 2, "listed as linux without an architecture: an SBOM (application/spdx+json)", 1},
		{"two SBOMs as linux", Describe(index(t, "a", amd, sbom(&v1.Platform{OS: "linux"}), sbom(&v1.Platform{OS: "linux"}))), "C16", 2, "2 entries that are not images are listed as linux without an architecture, each of them an SBOM (application/spdx+json).", 2},
		{"SBOMs as two platforms", Describe(index(t, "a", amd, sbom(&v1.Platform{OS: "linux", Architecture: "amd64"}), sbom(&v1.Platform{OS: "linux", Architecture: "arm64"}))), "C16", 2, "listed as linux/amd64 and linux/arm64, each of them an SBOM", 2},
		{"an index of artifacts and their index", Describe(index(t, "a", sbom(nil), inner)), "C14", -1, "", 0},
		{"referrers that are indexes", Describe(index(t, "sha256-"+strings.Repeat("a", 64), inner)), "C14", -1, "", 0},
		{"an SBOM before the image", Describe(index(t, "a", sbom(&v1.Platform{OS: "linux", Architecture: "amd64"}), amd)), "C16", 3, "the first entry for linux/amd64 is not an image: an SBOM (application/spdx+json)", 1},
		{"an SBOM before the image of another platform", Describe(index(t, "a", sbom(&v1.Platform{OS: "linux", Architecture: "arm64"}), amd)), "C16", 2, "Clients that choose by operating system may take it", 1},
		{"an SBOM between two images of a platform", Describe(index(t, "a", amd, sbom(&v1.Platform{OS: "linux", Architecture: "amd64"}), amd)), "C16", 2, "Clients that take the first entry get the image, others may take it.", 1},
		{"WebAssembly", Describe(index(t, "a", amd, artifactOf("application/vnd.wasm.config.v0+json", "wasip1", "wasm"))), "C16", 0, ":a also lists a WebAssembly module (application/vnd.wasm.config.v0+json), as wasip1/wasm", 1},
		{"WebAssembly as amd64", Describe(index(t, "a", amd, artifactOf("application/vnd.wasm.config.v0+json", "linux", "amd64"))), "C16", 2, "listed as linux/amd64: a WebAssembly module", 1},
		{"a SOCI index", Describe(index(t, "a", amd, artifactOf(model.SOCIType+"v2+json", "linux", "amd64"))), "C16", 0, ":a also lists a SOCI index (application/vnd.amazon.soci.index.v2+json), as linux/amd64", 1},
		{"a SOCI index before the image", Describe(index(t, "a", artifactOf(model.SOCIType+"v2+json", "linux", "amd64"), amd)), "C16", 3, "is not an image: a SOCI index", 1},
		{"an SBOM beside the platforms", Describe(index(t, "a", amd, sbom(nil))), "C16", -1, "", 0},
		{"images under the type of a config", Describe(index(t, "a", amd, typed("application/vnd.docker.image.manifest.v2+json"), typed("application/vnd.docker.image.manifest.v2+json"))), "C20", 2, "In :a, 2 entries for platforms have the media type application/vnd.docker.image.manifest.v2+json, which is not that of a manifest.", 2},
		{"an SBOM as linux, under the type of a manifest", Describe(index(t, "a", amd, sbom(&v1.Platform{OS: "linux"}))), "C20", -1, "", 0},
		{"under the type of a config, not as an artifact", Describe(index(t, "a", amd, typed("application/vnd.docker.image.manifest.v2+json"))), "C16", -1, "", 0},
		{"no architecture", alone(build{more: map[string]any{"architecture": ""}}.image(t)), "C18", 1, "In :a, the config states no architecture. Docker assumes that of the host", 1},
		{"no platform at all", alone(build{more: map[string]any{"architecture": nil, "os": nil}}.image(t)), "C18", 1, "states no operating system and no architecture.", 1},
		{"a platform", alone(app().image(t)), "C18", -1, "", 0},
		{"no layer and no command", alone(build{}.image(t)), "D26", 2, "In :a, the image has no layer and no start command: there is nothing to run.", 1},
		{"only an empty layer", alone(build{steps: []step{does("WORKDIR /", nothing)}}.image(t)), "D26", 2, "the image has no layer with files and no start command", 1},
		{"a command without files", alone(configured(build{}, map[string]any{"Cmd": []string{"/app"}}).image(t)), "D26", 2, "no layer, so it does not contain the program that it starts, /app.", 1},
		{"files without a command", alone(build{steps: []step{does("COPY a /", files("a"))}}.image(t)), "D26", -1, "", 0},
		{"an image that is called an attestation", alone(noted(app(), model.AnnotationReferenceType, model.AttestationType).image(t)), "C19", 2, "an annotation calls the manifest an attestation of a build, not an image", 1},
		{"an image that names another type", alone(noted(app(), model.AnnotationReferenceType, "release").image(t)), "C19", -1, "", 0},
		{"a build cache", Describe(cache), "C17", 1, ":a is a build cache of BuildKit, not an image: there is nothing to run.", 1},
		{"an index with an image", Describe(index(t, "a", amd)), "C17", -1, "", 0},
	}
}

// noted is an image whose manifest has one annotation.
func noted(b build, name, value string) build {
	b.extra = map[string]any{"annotations": map[string]string{name: value}}
	return b
}

// TestRuntimeRules_sources checks that what is said about other programs names its source
// and is not called proved.
func TestRuntimeRules_sources(t *testing.T) {
	about := []string{"C14", "C15", "C16", "C18", "D10", "D16", "D19", "D20", "D21", "D22", "D23"}
	for _, tt := range allRuleCases(t) {
		f := found(tt.c, tt.id)
		if f == nil || !slices.Contains(about, tt.id) {
			continue
		}
		named := slices.ContainsFunc(f.Proof, func(line safe.Text) bool { return strings.HasPrefix(line.String(), "source: ") })
		if !named || f.Trust == Proved {
			t.Errorf("%s %s: %s, %q", tt.id, tt.name, f.Trust, f.Proof)
		}
	}
}

// artifactOf is an entry for an artifact of a type that is listed as a platform.
func artifactOf(artifactType, os, arch string) model.Entry {
	return model.Entry{Role: model.RoleArtifact, Descriptor: v1.Descriptor{
		MediaType: v1.MediaTypeImageManifest, Digest: digest.FromString(artifactType), ArtifactType: artifactType,
		Platform: &v1.Platform{OS: os, Architecture: arch},
	}}
}

func atDepth(e model.Entry, depth int) model.Entry {
	e.Depth = depth
	return e
}

// TestLayoutAdvice checks that indexes whose entries have names of tags are not to be created
// again as the platforms of one image.
func TestLayoutAdvice(t *testing.T) {
	amd, arm := entry(app().image(t)), entry(forArch("arm64").image(t))
	inner := func(name string) model.Entry {
		return model.Entry{Role: model.RoleIndex, Descriptor: v1.Descriptor{MediaType: v1.MediaTypeImageIndex, Digest: digest.FromString(name)}}
	}
	other := entry(forArch("amd64", sets("USER x")).image(t))
	const copies, flat, again = "Copy the entry that you want", "Create a flat index", "Create the index again"
	for _, tt := range []struct {
		name, id, next string // next is "" for no finding
		art            model.Artifact
	}{
		{"inner indexes with names", "C7", copies, index(t, "a", refNamed(inner("1"), "1.0"), atDepth(amd, 1), refNamed(inner("2"), "1.1"), atDepth(other, 1))},
		{"inner indexes with names, said by C7", "C14", "", index(t, "a", refNamed(inner("1"), "1.0"), atDepth(amd, 1), refNamed(inner("2"), "1.1"), atDepth(other, 1))},
		{"images with names, said by C7", "C15", "", index(t, "a", refNamed(nameless(amd), "1.0"), refNamed(nameless(other), "1.1"))},
		{"one inner index with a name", "C14", copies, index(t, "a", refNamed(inner("1"), "1.0"), atDepth(amd, 1))},
		{"inner indexes for one platform", "C14", copies, index(t, "a", inner("1"), atDepth(amd, 1), inner("2"), atDepth(other, 1))},
		{"inner indexes for two platforms", "C14", flat, index(t, "a", inner("1"), atDepth(amd, 1), inner("2"), atDepth(arm, 1))},
		{"one image with a name", "C15", copies, index(t, "a", refNamed(nameless(amd), "1.0"))},
		{"an image without a name", "C15", again, index(t, "a", nameless(amd))},
	} {
		tt.art.Top.Children = slices.DeleteFunc(tt.art.Top.Children, func(d v1.Descriptor) bool {
			return slices.ContainsFunc(tt.art.Entries, func(e model.Entry) bool { return e.Depth > 0 && e.Descriptor.Digest == d.Digest })
		})
		f := found(Describe(tt.art), tt.id)
		if f == nil && tt.next == "" {
			continue
		}
		if f == nil || tt.next == "" || !strings.HasPrefix(f.Next.String(), tt.next) {
			t.Errorf("%s: %s is %+v", tt.name, tt.id, f)
		}
	}
}

// TestLayoutCommand checks the command that gives an entry of a layout its tag.
func TestLayoutCommand(t *testing.T) {
	amd, other := nameless(entry(app().image(t))), nameless(entry(forArch("amd64", sets("USER x")).image(t)))
	for name, want := range map[string]string{
		"1.0":                       "crane tag localhost:5000/app@" + amd.Descriptor.Digest.String() + " 1.0",
		"docker.io/library/app:1.0": "crane tag localhost:5000/app@" + other.Descriptor.Digest.String() + " 2.0",
		"1.0; reboot":               "crane tag localhost:5000/app@" + other.Descriptor.Digest.String() + " 2.0",
	} {
		f := found(Describe(index(t, "a", refNamed(amd, name), refNamed(other, "2.0"))), "C7")
		if f == nil || f.Command.String() != want {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

// TestLayoutHeadline checks the verdict on the index of an OCI layout and one of its entries.
func TestLayoutHeadline(t *testing.T) {
	amd, other := app().image(t), forArch("amd64", sets("USER x")).image(t)
	layout := index(t, "a", refNamed(nameless(entry(amd)), "1.0"), refNamed(nameless(entry(other)), "1.1"))
	unnamed := index(t, "a", nameless(entry(amd)), nameless(entry(other)))
	const says = ":a is an index of tags, and its entry 1.1 is :b"
	for _, tt := range []struct {
		name string
		c    Comparison
		want bool
	}{
		{"an entry", Compare(layout, single("b", other)), true},
		{"not an entry", Compare(layout, single("b", forArch("amd64", sets("USER y")).image(t))), false},
		{"an index without names", Compare(unnamed, single("b", other)), false},
	} {
		if got := tt.c.Verdict.Headline.String() == says; got != tt.want {
			t.Errorf("%s: %s", tt.name, tt.c.Verdict.Headline)
		}
	}

	changed := index(t, "b", refNamed(nameless(entry(other)), "1.0"), refNamed(nameless(entry(other)), "1.1"), refNamed(nameless(entry(amd)), "1.2"))
	if v := Compare(layout, changed).Verdict; v.Headline.String() != "Two indexes of tags: 1.0 differs; 1.2 only in :b" {
		t.Errorf("two layouts: %s", v.Headline)
	}
}
