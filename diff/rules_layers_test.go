package diff

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
)

// typed returns an image whose layers all have the given media type and URLs.
func typed(t *testing.T, b build, mediaType string, urls ...string) model.Artifact {
	t.Helper()
	img := b.image(t)
	for i := range img.Manifest.Layers {
		img.Manifest.Layers[i].MediaType, img.Manifest.Layers[i].URLs = mediaType, urls
	}
	img = model.NewImage(img.Manifest, img.Config)
	return single("a", img)
}

// uncompressed is an image whose layers are plain archives.
func uncompressed(a model.Artifact) model.Artifact {
	img := *a.Entries[0].Image
	img.Manifest.Layers = slices.Clone(img.Manifest.Layers)
	for i := range img.Manifest.Layers {
		img.Manifest.Layers[i].Digest = img.Config.RootFS.DiffIDs[i]
	}
	return single(a.Ref.Tag, model.NewImage(img.Manifest, img.Config))
}

// called is an image whose layers are called encrypted, and are other blobs if a cipher is given.
func called(a model.Artifact, cipher string) model.Artifact {
	img := *a.Entries[0].Image
	img.Manifest.Layers = slices.Clone(img.Manifest.Layers)
	for i := range img.Manifest.Layers {
		l := &img.Manifest.Layers[i]
		l.MediaType += "+encrypted"
		if cipher != "" {
			l.Annotations = map[string]string{"org.opencontainers.image.enc.keys.jwe": "e30="}
			l.Digest = digest.FromString(fmt.Sprint(cipher, i))
		}
	}
	img.Manifest.Digest = digest.FromString(a.Ref.Tag + cipher)
	return single(a.Ref.Tag, model.NewImage(img.Manifest, img.Config))
}

// lackingAlone is an image after its registry was asked for its blobs and has none.
func lackingAlone(a model.Artifact) Comparison {
	missing := map[digest.Digest]model.BlobState{}
	for _, d := range a.Entries[0].Image.Blobs()[1:] { // after the config
		missing[d.Digest] = model.BlobState{Missing: true}
	}
	return Describe(a.WithBlobStates(missing))
}

// servedSize is an image after its registry was asked for its first layer, with the size that
// differs.
func servedSize(a model.Artifact, size int64) Comparison {
	d := a.Entries[0].Image.Manifest.Layers[0].Digest
	return Describe(a.WithBlobStates(map[digest.Digest]model.BlobState{d: {Size: size}}))
}

func layerCases(t *testing.T) []ruleCase {
	t.Helper()
	alone := func(b build) Comparison { return Describe(single("a", b.image(t))) }
	const mb = 1_000_000
	docker := map[string]any{"docker_version": "24.0.6"}
	x, y := does("COPY x /", files("x")), does("COPY y /", files("y"))
	install := does("RUN apt-get update && apt-get install -y curl", files("packages"))
	// stale is a base, then packages of one day in an image of another.
	stale := func(packages, image string) build {
		return build{created: image, steps: []step{
			does("ADD rootfs /", files("debian")).at("2024-01-01T00:00:00Z"), sets(`CMD ["bash"]`).at("2024-01-01T00:00:00Z"),
			install.at(packages), does("COPY app /", files("app")).at(image), sets(`CMD ["app"]`).at(image),
		}}
	}
	imported := build{config: map[string]any{"Cmd": []string{"sh"}}, steps: []step{does("", files("all").sized(30*mb)).noted("Imported from -")}}
	bare := build{steps: imported.steps}
	byHand := files("by hand")
	committed := build{more: docker, steps: []step{does("/bin/sh -c #(nop) ADD file:"+hex64('a')+" in / ", files("debian").sized(29*mb)), does("bash", files("by hand"))}}
	few := app().image(t)
	few.Config.History = few.Config.History[:1]
	few = model.NewImage(few.Manifest, few.Config)
	return []ruleCase{
		{"they part", pairOf(t, app(x, sets("USER a"), y), app(does("COPY z /", files("z")), sets("USER a"), does("COPY y /", files("other")))), "D1", 0,
			"The first 3 steps are the same on both sides. The first difference is step 4. 1 of the 2 later steps differs", 2},
		{"only the last", pairOf(t, app(x), app(does("COPY z /", files("z")))), "D1", 0, "no later step differs", 2},
		{"from the first on", pairOf(t, build{steps: []step{x}}, build{steps: []step{y}}), "D1", -1, "", 0},
		{"the same image", pairOf(t, app(), app()), "D1", -1, "", 0},

		{"an empty layer", alone(app(does("WORKDIR /app", nothing))), "D2", 0, "In :a, 1 of 3 layers is empty (step 4)", 1},
		{"empty on both sides", pairOf(t, app(does("WORKDIR /app", nothing)), app(does("WORKDIR /app", nothing), x)), "D2", 0, "In :a, 1 of 3", 1},
		{"a setting", alone(app(sets("WORKDIR /"))), "D2", -1, "", 0},

		{"the same COPY twice", Describe(single("a", app(does("COPY x /", files("x")), does("COPY x /", files("x"))).image(t))), "D3", 1, "In :a, steps 4 and 5 contain the same files (1.0 kB)", 2},
		{"two instructions, the same files", Describe(single("a", app(does("COPY x /", files("x")), does("RUN y", files("x"))).image(t))), "D3", 2, "twice", 2},
		{"two settings with one layer", alone(app(does("MAINTAINER x", files("x")), does(`CMD ["x"]`, files("x")))), "D3", -1, "", 0},
		{"two settings with one layer, probably empty", alone(app(does("MAINTAINER x", files("x")), does(`CMD ["x"]`, files("x")))), "D2", 0, "In :a, steps 4 and 5 have one layer, and their instructions change no file: the layer is probably empty.", 2},
		{"two settings with one large layer", alone(app(does("MAINTAINER x", files("x").sized(mb)), does(`CMD ["x"]`, files("x").sized(mb)))), "D3", 2, "twice", 2},
		{"a setting with the layer of a COPY", alone(app(does("COPY x /", files("x")), does(`CMD ["x"]`, files("x")))), "D3", 2, "twice", 2},
		{"twice the same nothing", Describe(single("a", app(does("RUN x", nothing), does("RUN x", nothing)).image(t))), "D3", -1, "", 0},
		{"repeated alike on both sides", pairOf(t, app(does("COPY x /", files("x")), does("COPY x /", files("x"))), app(does("COPY x /", files("x")), does("COPY x /", files("x")), sets("USER x"))), "D3", 1, "In :a and :b, steps 4 and 5 contain", 4},

		{"the first difference", pairOf(t, app(does("RUN apt-get update", files("monday")), x), app(does("RUN apt-get update", files("tuesday")), x)), "D4", 2,
			"RUN apt-get update has different layers on the two sides (1.0 kB → 1.0 kB).", 2},
		{"layers beside each other", pairOf(t, jib("1", "a"), jib("2", "b")), "D4", 1, "Both layers differ: jib: dependencies and jib: classes.", 4},
		{"and what is above it", pairOf(t, app(does("RUN a", files("1")), does("RUN b", files("2"))), app(does("RUN a", files("3")), does("RUN b", files("4")))), "D4", 2, "so has 1 later step", 4},
		{"a consequence", pairOf(t, app(sets("ENV V=1"), does("RUN a", files("1"))), app(sets("ENV V=2"), does("RUN a", files("2")))), "D4", 0, "Step 5 has the same instruction on both sides", 2},
		{"another instruction", pairOf(t, app(does("RUN a", files("1"))), app(does("RUN b", files("2")))), "D4", -1, "", 0},
		{"packed again", pairOf(t, app(does("RUN a", files("1"))), app(does("RUN a", files("1").packed("again")), sets("USER x"))), "D4", -1, "", 0},

		{"a COPY of nothing", pairOf(t, app(does("COPY dist/ /app", files("app").sized(31*mb))), app(does("COPY dist/ /app", nothing))), "D5", 3, "COPY dist/ /app added no file in :b. In :a it added 31 MB.", 2},
		{"the other way round", pairOf(t, app(does("COPY dist/ /app", nothing)), app(does("COPY dist/ /app", files("app")))), "D5", 3, "no file in :a", 2},
		{"a COPY written in two ways", pairOf(t, app(does("COPY a /app", files("1"))), app(does("/bin/sh -c #(nop) COPY file:"+strings.Repeat("c", 64)+" in /app ", files("2")))), "D4", -1, "", 0},
		{"a RUN that did nothing", pairOf(t, app(does("RUN x", files("app"))), app(does("RUN x", nothing))), "D5", -1, "", 0},
		{"a WORKDIR that is there", pairOf(t, app(does("WORKDIR /app", files("app"))), app(does("WORKDIR /app", nothing))), "D5", -1, "", 0},

		{"another order", pairOf(t, app(x, y), app(y, x)), "D6", 2, "The same 4 layers are in a different order", 2},
		{"the same order", pairOf(t, app(x, y), app(x, y, sets("USER x"))), "D6", -1, "", 0},
		{"one more", pairOf(t, app(x, y), app(y, x, does("RUN z", files("z")))), "D6", -1, "", 0},

		{"a history that is too short", Describe(single("a", few)), "D7", 1, "lists 1 step with files, but the image has 2 layers", 1},
		{"a history that fits", Describe(single("a", app().image(t))), "D7", -1, "", 0},

		{"a foreign layer", Describe(typed(t, app(), "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", "https://go.microsoft.com/x", "javascript:alert(1)")), "D9", 2, "In :a, 2 layers (steps 1 and 3) may not be stored in this registry. A pull needs access to go.microsoft.com.", 2},
		{"an ordinary layer with a URL", Describe(typed(t, app(), v1.MediaTypeImageLayerGzip, "https://mirror.example/x")), "D9", 0, "are also offered at mirror.example", 2},
		{"an ordinary layer with a URL that the registry lacks", lackingAlone(typed(t, app(), v1.MediaTypeImageLayerGzip, "https://mirror.example/x")), "D8", 3, "In :a, the registry does not have 2 layers (steps 1 and 3)", 2},
		{"a registry that has another size", servedSize(typed(t, app(), v1.MediaTypeImageLayerGzip), 7), "D25", 3, "In :a, the registry has 7 bytes for the layer of step 1, and the manifest states 29000000", 1},
		{"a registry that has its size", servedSize(typed(t, app(), v1.MediaTypeImageLayerGzip), 0), "D25", -1, "", 0},
		{"a foreign layer that it need not have", lackingAlone(typed(t, app(), "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", "https://mirror.example/x")), "D8", -1, "", 0},
		{"one layer per step", alone(app()), "D9", -1, "", 0},

		{"zstd", Describe(typed(t, app(), v1.MediaTypeImageLayerZstd)), "D10", 1, "In :a, 2 layers are compressed with zstd. Docker before 23.0", 2},
		{"zstd in a docker manifest", Describe(typed(t, app(), "application/vnd.docker.image.rootfs.diff.tar.zstd")), "D10", 2, "does not include zstd", 2},
		{"gzip", alone(app()), "D10", -1, "", 0},
		{"encrypted", Describe(called(single("a", app().image(t)), "cipher")), "D16", 2, "In :a, 2 layers (steps 1 and 3) are encrypted", 2},
		{"called encrypted on both sides, without a key", Compare(typed(t, app(), v1.MediaTypeImageLayerGzip+"+encrypted"), typed(t, app(sets("USER x")), v1.MediaTypeImageLayerGzip+"+encrypted")), "D16", 3, "the media type of steps 1 and 3 says encrypted, but no annotation has the key. Clients cannot", 4},
		{"a nydus blob", Describe(typed(t, app(), "application/vnd.oci.image.layer.nydus.blob.v1")), "D27", 2, "Only a node with the nydus snapshotter can run the image.", 2},
		{"bzip2", Describe(typed(t, app(), "application/vnd.oci.image.layer.v1.tar+bzip2")), "D27", 2, "In :a, 2 layers (steps 1 and 3) have the media type application/vnd.oci.image.layer.v1.tar+bzip2. Docker, containerd, podman", 2},
		{"for nydus, by its label", Describe(index(t, "a", forNydus(entry(*typed(t, app(), "application/vnd.oci.image.layer.nydus.blob.v1").Entries[0].Image)))), "D27", -1, "", 0},
		{"foreign layers", Describe(typed(t, app(), "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", "https://x.example")), "D27", -1, "", 0},
		{"layers not to be distributed, encrypted", Describe(typed(t, app(), "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd+encrypted")), "D27", -1, "", 0},
		{"not encrypted", alone(app()), "D16", -1, "", 0},
		{"called encrypted, the plain blobs of A", Compare(single("a", app().image(t)), called(single("b", app().image(t)), "")), "D16", 3,
			"In :b, the media types of steps 1 and 3 say encrypted, but the blobs are the plain ones of :a. Clients fail to decrypt it.", 2},
		{"encrypted blobs beside those of A", Compare(single("a", app().image(t)), called(single("b", app().image(t)), "cipher")), "D16", 2, "In :b, 2 layers (steps 1 and 3) are encrypted", 2},
		{"encrypted on both sides by one key", Compare(called(single("a", app().image(t)), "cipher"), called(single("b", app(sets("USER x")).image(t)), "cipher")), "D16", 2, "In :a and :b, 2 layers (steps 1 and 3) are encrypted", 4},
		{"two checksums", withTrailers(t, 1, 2), "D17", 2, "Step 3 may hold other bytes on the two sides", 2},
		{"one checksum", withTrailers(t, 1, 1), "D17", -1, "", 0},
		{"both are gzip", withPacking(t, model.PackingGzip), "D17", 2, "Step 3 may hold other bytes on the two sides", 2},
		{"the end of a zstd blob is not a checksum", withPacking(t, model.PackingZstd), "D17", -1, "", 0},
		{"zstd called gzip, of which only the start was read", withPacking(t, model.PackingZstd), "D18", 1, "In :b, the layer of step 3 is zstd, but its media type says gzip", 1},
		{"zstd called gzip", Describe(checked(t, "zstd")), "D18", 1, "In :a, the layer of step 1 is zstd, but its media type says gzip", 1},
		{"plain called gzip, in all layers", Describe(checked(t, "tar", "tar")), "D18", 1, "In :a, the layers of steps 1 and 3 are tar, but their media types say gzip", 2},
		{"plain called gzip, in one layer", Describe(checked(t, "gzip", "tar")), "D18", 1, "In :a, the layer of step 3 is tar, but its media type says gzip", 1},
		{"one blob, two types", twoTypes(t, v1.MediaTypeImageLayerGzip, v1.MediaTypeImageLayerZstd), "D18", 1, "The layer of step 3 is the same blob on both sides, but its media type says gzip in :a and zstd in :b", 2},
		{"one blob, two types of one compression", twoTypes(t, v1.MediaTypeImageLayerGzip, "application/vnd.docker.image.rootfs.diff.tar.gzip"), "D18", -1, "", 0},
		{"one blob, of which one type says zstd", twoTypes(t, v1.MediaTypeImageLayerGzip, v1.MediaTypeImageLayerZstd), "D10", -1, "", 0},
		{"one blob, zstd on both sides", twoTypes(t, v1.MediaTypeImageLayerZstd, v1.MediaTypeImageLayerZstd), "D10", 1, "In :a and :b, 1 layer is compressed with zstd", 2},
		{"a layer of octets", Describe(typed(t, app(), "application/octet-stream")), "D27", 2, "In :a, 2 layers (steps 1 and 3) have the media type application/octet-stream. containerd and Docker's containerd image store do not unpack it", 2},
		{"a layer of WebAssembly", Describe(typed(t, app(), "application/vnd.wasm.content.layer.v1+wasm")), "D27", -1, "", 0},
		{"gzip called gzip", Describe(checked(t, "gzip")), "D18", -1, "", 0},
		{"called plain, another digest than the diff_id", Describe(typed(t, app(), v1.MediaTypeImageLayer)), "D18", 2, "In :a, the media type of steps 1 and 3 says plain tar, but the digest is not the diff_id", 2},
		{"called plain, the digest is the diff_id", Describe(uncompressed(typed(t, app(), v1.MediaTypeImageLayer))), "D18", -1, "", 0},
		{"one blob, of which one type says plain", twoTypes(t, v1.MediaTypeImageLayerZstd, v1.MediaTypeImageLayer), "D18", 2, "In :b, the media type of step 3 says plain tar", 1},
		{"text called gzip", Describe(checked(t, model.PackingUnknown)), "D18", 2, "In :a, the layer of step 1 is neither gzip, zstd nor tar, but its media type says gzip", 1},

		{"owners", alone(app(does("COPY app /app", files("a").sized(100*mb)), does("RUN chown -R app /app", files("b").sized(104*mb)))), "D11", 1, "step 5 (RUN chown -R app /app) stores 104 MB, about as much as step 4", 2},
		{"owners of little", alone(app(does("COPY app /app", files("a").sized(100*mb)), does("RUN chown app /app/x", files("b").sized(2*mb)))), "D11", -1, "", 0},
		{"owners given at once", alone(app(does("COPY --chown=app app /app", files("a").sized(100*mb)), does("RUN make", files("b").sized(100*mb)))), "D11", -1, "", 0},

		{"a RUN as large as the root filesystem", alone(build{steps: []step{does("/bin/sh -c #(nop) ADD file:"+hex64('a')+" in / ", files("debian").sized(47*mb)),
			does("RUN tar x && chown -R www /usr/src", files("wordpress").sized(41*mb))}}), "D11", -1, "", 0},
		{"packages as large as the copied files", alone(app(does("COPY app /app", files("a").sized(100*mb)), does("RUN apt-get update && apt-get install -y x && chmod 1777 /run", files("b").sized(104*mb)))), "D11", -1, "", 0},

		{"flattened", alone(build{config: map[string]any{"Cmd": []string{"sh"}}, steps: []step{does("crane flatten sha256:"+hex64('a'), files("all"))}}), "D12", 1, "all steps were merged into one layer (crane flatten)", 1},
		{"debian", alone(build{steps: []step{does("# debian.sh --arch 'amd64' out/ 'trixie' '@1785715200'", files("root").sized(29*mb)).noted("debuerreotype 0.16")}}), "D12", -1, "", 0},
		{"busybox", alone(build{steps: []step{does("BusyBox 1.36.1 (glibc), Debian 12", files("root").sized(4*mb))}}), "D12", -1, "", 0},
		{"KIWI", alone(build{steps: []step{does("KIWI 9.24.36", files("root").sized(40*mb))}}), "D12", -1, "", 0},
		{"imported", alone(imported), "D12", 1, "docker import", 1},
		{"imported, nothing left", alone(bare), "D12", 2, "no start command and no environment", 1},
		{"merged", alone(build{steps: []step{does("", files("all")).noted("merge sha256:aa to sha256:bb")}}), "D12", 2, "docker build --squash", 1},
		{"one COPY FROM scratch", alone(build{steps: []step{does("COPY tool / # buildkit", files("tool").sized(9*mb))}}), "D12", -1, "", 0},
		{"a base image", alone(build{steps: []step{does("/bin/sh -c #(nop) ADD file:"+hex64('a')+" in / ", files("debian").sized(29*mb)), sets(`CMD ["bash"]`)}}), "D12", -1, "", 0},
		{"merged onto a base", alone(build{steps: []step{does("ADD file: /", files("debian")), sets("COPY a /"), sets("RUN make"), does("", files("all")).noted("merge sha256:aa to sha256:bb")}}), "D12", 2, "the steps after the base were merged", 1},
		{"squashed by buildah", alone(build{steps: []step{sets("/bin/sh -c #(nop) COPY a /"), sets("/bin/sh -c make"), does(`/bin/sh -c #(nop) CMD ["a"]`, files("all"))}}), "D12", 2, "CMD adds no files, but its layer contains all files", 1},
		{"settings on an import", alone(build{steps: []step{imported.steps[0], sets("ENV A=1")}}), "D12", -1, "", 0},
		{"imported with a message", alone(build{more: docker, steps: []step{does("", files("rootfs").sized(9*mb)).noted("flat")}}), "D12", 2, "one layer contains all files (no step is recorded)", 1},
		{"squashed by buildah commit", alone(build{steps: []step{does("/bin/sh", files("rootfs").sized(9*mb)).noted("FROM example.com/app:1")}}), "D12", 2, "no step is recorded", 1},
		{"little without a step", alone(build{steps: []step{does("", files("tool"))}}), "D12", -1, "", 0},
		{"something on an import", alone(build{steps: []step{imported.steps[0], x}}), "D12", -1, "", 0},

		{"old packages", alone(stale("2024-02-01T00:00:00Z", "2024-05-05T00:00:00Z")), "D13", 1, "the image is from 5 May 2024 00:00 UTC, but its step 3 (RUN apt-get update && apt-get install -y curl) is 94 days older", 1},
		{"packages of last week", alone(stale("2024-04-30T00:00:00Z", "2024-05-05T00:00:00Z")), "D13", -1, "", 0},
		{"packages of the base", alone(build{created: "2024-05-05T00:00:00Z", steps: []step{install.at("2024-01-01T00:00:00Z"), sets(`CMD ["bash"]`), does("COPY app /", files("app")).at("2024-05-05T00:00:00Z")}}), "D13", -1, "", 0},
		{"no base known", alone(build{created: "2024-05-05T00:00:00Z", steps: []step{install.at("2024-01-01T00:00:00Z"), x.at("2024-05-05T00:00:00Z")}}), "D13", -1, "", 0},
		{"dates of 1970", alone(stale("1970-01-01T00:00:00Z", "2024-05-05T00:00:00Z")), "D13", -1, "", 0},

		{"docker commit", alone(committed), "D14", 2, "step 2) has the command bash instead of an instruction", 1},
		{"docker commit with a message", alone(build{more: docker, steps: []step{committed.steps[0], {text: "bash", layer: &byHand, comment: "hot fix", author: "Bob <bob@example.org>"}}}), "D14", 2, "A container was saved with docker commit -m \"hot fix\", by Bob <bob@example.org>.", 1},
		{"a build on a docker commit", alone(build{steps: []step{does("ADD x / # buildkit", files("x")), sets(`CMD ["/app" "-v"]`), does("/app -v", byHand), does("COPY y / # buildkit", files("y"))}}), "D14", 2, "a layer (step 3) has the command /app -v instead of an instruction", 1},
		{"a build on a layer with another command", alone(build{steps: []step{does("ADD x / # buildkit", files("x")), sets(`CMD ["/app" "-v"]`), does("/app -x", byHand), does("COPY y / # buildkit", files("y"))}}), "D14", -1, "", 0},
		{"no instruction", alone(build{more: docker, steps: []step{committed.steps[0], does("", files("by hand")).noted("hot fix")}}), "D14", 2, "has no instruction", 1},
		{"a tool that records nothing on an import, as for UBI 7", alone(build{more: docker, steps: []step{imported.steps[0], does("", files("x"))}}), "D14", -1, "", 0},
		{"of a command that ran", alone(build{more: docker, config: map[string]any{"Cmd": []string{"/bin/sh", "-c", "echo a >b"}}, steps: []step{committed.steps[0], does("/bin/sh -c echo a >b", files("by hand"))}}), "D14", 2, "has the command /bin/sh -c echo a >b instead", 1},
		{"a RUN of what is started later", alone(build{more: docker, config: map[string]any{"Cmd": []string{"/bin/sh", "-c", "make"}}, steps: []step{does("/bin/sh -c make", files("x")), sets("/bin/sh -c #(nop)  CMD make")}}), "D14", -1, "", 0},
		{"imported with a message", alone(build{more: docker, steps: []step{does("", files("rootfs")).noted("flat")}}), "D14", -1, "", 0},
		{"a RUN on Windows", alone(build{more: docker, steps: []step{does("powershell -Command $ErrorActionPreference = 'Stop'; Invoke-WebRequest x", files("x"))}}), "D14", -1, "", 0},
		{"a classic RUN", alone(build{more: docker, steps: []step{does("/bin/sh -c make", files("x"))}}), "D14", -1, "", 0},
		{"a tool that leaves it out", alone(build{steps: []step{does("", files("x"))}}), "D14", -1, "", 0},
		{"docker import", alone(build{more: docker, steps: imported.steps}), "D14", -1, "", 0},
		{"jib", alone(build{more: docker, steps: []step{does("jib-maven-plugin:3.4.0", files("x")).noted("classes")}}), "D14", -1, "", 0},
		{"a COPY of BuildKit", alone(build{more: docker, steps: []step{x}}), "D14", -1, "", 0},
	}
}

func TestRowCountMismatch_fatal(t *testing.T) {
	img := app().image(t)
	img.Manifest.Layers = append(img.Manifest.Layers, v1.Descriptor{Digest: files("z").descriptor().Digest})
	img = model.NewImage(img.Manifest, img.Config)
	f := found(Describe(single("a", img)), "D7")
	if f == nil || f.Severity != 3 || !strings.Contains(f.Text.String(), "3 layers and the config 2 diff_ids") {
		t.Errorf("%+v", f)
	}
}

// withTrailers compares an image with itself packed again, with a checksum of the
// newest layer on each side.
func withTrailers(t *testing.T, crcA, crcB uint32) Comparison {
	t.Helper()
	a, b := app().image(t), packedAgainAt(app(), 2).image(t)
	for i, img := range []*model.Image{&a, &b} {
		img.Steps[2].Trailer = &model.Trailer{CRC: [2]uint32{crcA, crcB}[i], Size: 10}
	}
	return Compare(single("a", a), single("b", b))
}

// withPacking is a pair of two checksums where the layer of B begins as this packing does.
func withPacking(t *testing.T, packing string) Comparison {
	t.Helper()
	c := withTrailers(t, 1, 2)
	b := c.B.Entries[0].Image.Steps[2].Layer.Digest
	return c.WithContents(map[digest.Digest]model.Contents{b: {Packing: packing}})
}

// twoTypes is an image whose newest layer has these media types on the two sides.
func twoTypes(t *testing.T, typeA, typeB string) Comparison {
	t.Helper()
	side := func(tag, mediaType string) model.Artifact {
		img := app().image(t)
		img.Manifest.Digest = digest.FromString(tag)
		img.Manifest.Layers[1].MediaType = mediaType
		return single(tag, model.NewImage(img.Manifest, img.Config))
	}
	return Compare(side("a", typeA), side("b", typeB))
}

// jib is an image of two layers that Jib put beside each other.
func jib(dependencies, classes string) build {
	return build{steps: []step{does("jib-maven-plugin:3.4.2", files(dependencies)).noted("dependencies"), does("jib-maven-plugin:3.4.2", files(classes)).noted("classes")}}
}

// packedAgainAt is a build with the layer of one step compressed again.
func packedAgainAt(b build, i int) build {
	b.steps = slices.Clone(b.steps)
	again := b.steps[i].layer.packed("again")
	b.steps[i].layer = &again
	return b
}

// checked is an image whose layers were read and had these packings, the oldest first.
func checked(t *testing.T, packings ...string) model.Artifact {
	t.Helper()
	img := app().image(t)
	for i, packing := range packings {
		st := &img.Steps[2*i] // a step of settings is between the two layers
		st.Checked, st.Packing, st.Layer.MediaType = true, packing, v1.MediaTypeImageLayerGzip
	}
	return single("a", img)
}

// TestEmptyLayers_notCompressed: the proof and the check of an empty layer that is not compressed name
// no compression, and those of another one do.
func TestEmptyLayers_notCompressed(t *testing.T) {
	for digest, plain := range map[digest.Digest]bool{model.EmptyTar: true, model.EmptyGzipGo18: false} {
		img := app(does("WORKDIR /app", nothing)).image(t)
		img.Manifest.Layers[2].Digest = digest
		img.Config.RootFS.DiffIDs[2] = model.EmptyTar
		c := Describe(single("a", model.NewImage(img.Manifest, img.Config)))
		f := found(c, "D2")
		if f == nil {
			t.Fatal("no D2")
		}
		if proof := f.Proof[0].String(); strings.HasSuffix(proof, "not compressed") != plain || strings.Contains(f.Check.String(), "gunzip") == plain {
			t.Errorf("%s: %s; %s", digest, proof, f.Check)
		}
	}
}
