package diff

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
)

// unpacked returns the contents of layers of test images, by blob digest.
func unpacked(layers ...layer) map[digest.Digest]model.Contents {
	m := map[digest.Digest]model.Contents{}
	for _, l := range layers {
		m[l.descriptor().Digest] = model.Contents{DiffID: l.diffID()}
	}
	return m
}

func TestUnverifiedLayers(t *testing.T) {
	tiny, tinyAgain, big := files("tiny").sized(300), files("tiny").packed("again").sized(300), files("big").sized(5000)
	from := app(does("COPY a /", tiny))
	tests := []struct {
		name string
		c    Comparison
		a, b int
	}{
		{"the same blob on both sides", pairOf(t, from, app(does("COPY a /", tiny), does("RUN x", big))), 0, 0},
		{"the same image", pairOf(t, from, from), 0, 0},
		{"packed again", pairOf(t, from, app(does("COPY a /", tinyAgain))), 1, 1},
		{"on one side", pairOf(t, from, app()), 1, 0},
		{"large", pairOf(t, app(does("COPY a /", big)), app()), 0, 0},
		{"known by name", pairOf(t, app(does("WORKDIR /", nothing)), app(does("WORKDIR /", nothing.packed("old")))), 0, 0},
		{"nothing in a packing that has no name", pairOf(t, app(does("WORKDIR /", nothing)), app(does("WORKDIR /", nothing.packed("odd")))), 0, 1},
		{"twice", pairOf(t, app(does("COPY a /", tiny), does("COPY a /", tiny)), app(does("COPY a /", tiny), does("COPY a /", tiny), sets("USER x"))), 1, 0},
	}
	for _, tt := range tests {
		d := UnverifiedLayers(tt.c)
		for side, want := range map[Side]int{SideA: tt.a, SideB: tt.b} {
			n := 0
			for _, l := range d[side] {
				if l.Size < 1000 { // those of app() are 1000 bytes long
					n++
				}
			}
			if n != want {
				t.Errorf("%s: %d layers on side %s, want %d", tt.name, n, side, want)
			}
		}
	}
	// A layer with URLs is in the registry all the same, a foreign one need not be.
	for mediaType, want := range map[string]int{v1.MediaTypeImageLayerGzip: 1, "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip": 0} {
		c := Describe(typed(t, build{steps: []step{does("COPY a /", tiny)}}, mediaType, "https://mirror.example/x"))
		if parts := UnverifiedLayers(c)[SideA]; len(parts) != want {
			t.Errorf("%s with a URL: %v", mediaType, parts)
		}
	}
	// A layer that was read is not returned again.
	c := pairOf(t, from, app(does("COPY a /", tinyAgain))).WithContents(unpacked(tiny, tinyAgain))
	if d := UnverifiedLayers(c); len(d) != 0 {
		t.Errorf("returned again: %v", d)
	}
}

// TestUnverifiedLayers_trailers checks which layers of a row are read whole, and of which
// only the end is.
func TestUnverifiedLayers_trailers(t *testing.T) {
	const small, large = 300, model.MaxSmall + 1
	tests := []struct {
		name         string
		sizeA, sizeB int64
		typeA, typeB string
		a, b         []model.Portion
	}{
		{"two large ones", large, large, v1.MediaTypeImageLayerGzip, v1.MediaTypeImageLayerGzip, []model.Portion{model.LayerEnd}, []model.Portion{model.LayerEnd}},
		{"a small one beside a large one", small, large, v1.MediaTypeImageLayerGzip, v1.MediaTypeImageLayerGzip, []model.Portion{model.WholeLayer}, []model.Portion{model.LayerEnd}},
		{"a large one beside a small one of zstd", large, small, v1.MediaTypeImageLayerGzip, v1.MediaTypeImageLayerZstd, []model.Portion{model.LayerEnd}, []model.Portion{model.WholeLayer}},
		{"a large one of zstd has no checksum", small, large, v1.MediaTypeImageLayerGzip, v1.MediaTypeImageLayerZstd, []model.Portion{model.WholeLayer}, nil},
		{"nor is one read beside it", large, large, v1.MediaTypeImageLayerGzip, v1.MediaTypeImageLayerZstd, nil, nil},
		{"nor beside an encrypted one", large, small, v1.MediaTypeImageLayerGzip, v1.MediaTypeImageLayerGzip + "+encrypted", nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := pairOfLayers(t, v1.Descriptor{MediaType: tt.typeA, Size: tt.sizeA}, v1.Descriptor{MediaType: tt.typeB, Size: tt.sizeB})
			parts := UnverifiedLayers(c)
			for side, want := range map[Side][]model.Portion{SideA: tt.a, SideB: tt.b} {
				var got []model.Portion
				for _, p := range parts[side] {
					got = append(got, p.Portion)
				}
				if !slices.Equal(got, want) {
					t.Errorf("side %s: %v, want %v", side, got, want)
				}
			}
		})
	}
}

// pairOfLayers is one image packed twice, whose last layer has these media types and sizes.
func pairOfLayers(t *testing.T, layerA, layerB v1.Descriptor) Comparison {
	t.Helper()
	a, b := app(does("COPY x /", files("x"))).image(t), app(does("COPY x /", files("x").packed("again"))).image(t)
	for img, d := range map[*model.Image]v1.Descriptor{&a: layerA, &b: layerB} {
		last := &img.Manifest.Layers[len(img.Manifest.Layers)-1]
		last.MediaType, last.Size, last.Digest = d.MediaType, d.Size, cmp.Or(d.Digest, last.Digest)
		*img = model.NewImage(img.Manifest, img.Config)
	}
	return Compare(single("a", a), single("b", b))
}

// TestChecksums_wholeLayer compares the content of a layer that was read whole with the end
// of one that is too large.
func TestChecksums_wholeLayer(t *testing.T) {
	c := pairOfLayers(t, v1.Descriptor{MediaType: v1.MediaTypeImageLayerZstd, Size: 300}, v1.Descriptor{MediaType: v1.MediaTypeImageLayerGzip, Size: 90_000})
	read := func(end uint32) Comparison {
		x := files("x")
		return c.WithContents(map[digest.Digest]model.Contents{
			x.descriptor().Digest:                 {DiffID: x.diffID(), Packing: model.PackingZstd, Trailer: &model.Trailer{CRC: 1, Size: 10}},
			x.packed("again").descriptor().Digest: {Trailer: &model.Trailer{CRC: end, Size: 10}},
		})
	}
	if c := read(1); c.Verdict.Code != Repacked || !c.Same(false) {
		t.Errorf("one checksum: %s, %s", c.Verdict.Code, c.Verdict.Headline)
	}
	c = read(2)
	if want := "That of :a has this content, with CRC-32 00000001; that of :b ends in CRC-32 00000002"; c.Same(false) || !strings.HasSuffix(c.Verdict.Because.String(), want) {
		t.Errorf("two checksums: %s, %s", c.Verdict.Code, c.Verdict.Because)
	}
}

// TestChecksums_algorithms compares the ends of two layers, one of which is named by sha512.
func TestChecksums_algorithms(t *testing.T) {
	const large = model.MaxSmall + 1
	a := v1.Descriptor{MediaType: v1.MediaTypeImageLayerGzip, Digest: digest.FromString("a"), Size: large}
	b := v1.Descriptor{MediaType: v1.MediaTypeImageLayerGzip, Digest: digest.SHA512.FromString("b"), Size: large}
	c := pairOfLayers(t, a, b)
	if parts := UnverifiedLayers(c); len(parts[SideA]) != 1 || len(parts[SideB]) != 1 || parts[SideB][0].Portion != model.LayerEnd {
		t.Fatalf("%v", parts)
	}
	for crc, same := range map[uint32]bool{1: true, 2: false} {
		read := c.WithContents(map[digest.Digest]model.Contents{a.Digest: {Trailer: &model.Trailer{CRC: 1}}, b.Digest: {Trailer: &model.Trailer{CRC: crc}}})
		if told := strings.HasPrefix(read.Verdict.Headline.String(), "Step 4 may hold other bytes"); told == same || read.Same(false) != same {
			t.Errorf("CRC-32 1 and %d: %s", crc, read.Verdict.Headline)
		}
	}
}

// TestDoubtfulLayers checks that the start of a layer is asked for only where two checksums
// disagree, and once.
func TestDoubtfulLayers(t *testing.T) {
	if parts := DoubtfulLayers(withTrailers(t, 1, 1)); len(parts) != 0 {
		t.Errorf("the checksums agree: %v", parts)
	}
	parts := DoubtfulLayers(withTrailers(t, 1, 2))
	if len(parts[SideA]) != 1 || len(parts[SideB]) != 1 || parts[SideA][0].Portion != model.LayerStart {
		t.Errorf("the checksums disagree: %v", parts)
	}
	if parts := DoubtfulLayers(withPacking(t, model.PackingZstd)); len(parts) != 0 {
		t.Errorf("B is zstd: %v", parts)
	}
}

// TestEmptyByContent checks that an empty layer with an unknown diff_id is
// recognized once it was read.
func TestEmptyByContent(t *testing.T) {
	odd := files("1536 zeros").sized(40)
	c := pairOf(t, app(does("WORKDIR /", odd)), app(sets("WORKDIR /")))
	if c.Verdict.Code == OtherRecord {
		t.Fatal("known before it was read")
	}
	contents := unpacked(odd)
	contents[odd.descriptor().Digest] = model.Contents{DiffID: odd.diffID(), Empty: true}
	if v := c.WithContents(contents).Verdict; v.Code != OtherRecord {
		t.Errorf("%s: %s", v.Code, v.Headline)
	}
}

func contentCases(t *testing.T) []ruleCase {
	t.Helper()
	good, corrupt := files("good").sized(300), files("good").packed("corrupt").sized(300)
	c := pairOf(t, app(does("COPY a /", good)), app(does("COPY a /", corrupt)))
	lost := gone(entry(app().image(t)), false)
	lost.Err = &model.ReadError{Message: "no such blob", MissingBlob: digest.FromString("config")}
	unread := gone(entry(app().image(t)), true)
	wrong := unpacked(good)
	wrong[corrupt.descriptor().Digest] = model.Contents{DiffID: digest.FromString("other files")}
	emptied := unpacked(good)
	emptied[corrupt.descriptor().Digest] = model.Contents{DiffID: digest.FromString("zeros"), Empty: true}
	twins := pairOf(t, app(does("WORKDIR /", nothing)), app(does("WORKDIR /", nothing.packed("old"))))
	return []ruleCase{
		{"two empty layers", twins, "A4", 0, "Step 4 is empty on both sides", 2},
		{"two empty layers, one is missing", lacking(twins, SideB, 2), "A4", -1, "", 0},
		{"a config that is gone", Describe(index(t, "a", entry(forArch("arm64").image(t)), lost)), "D8", 3, "In :a, the config (" + short(digest.FromString("config")) + ") is missing in the registry", 1},
		{"a layer that is gone", lacking(pairOf(t, app(), app(sets("USER x"))), SideB, 0), "D8", 3, "In :b, the registry does not have 1 layer (step 1)", 1},
		{"a config that is gone, though it was read from a cache", lacking(pairOf(t, app(), app(sets("USER x"))), SideB, -1), "D8", 3, "In :b, the config", 1},
		{"every layer is there", lacking(pairOf(t, app(), app(sets("USER x"))), SideB, 99), "D8", -1, "", 0},
		{"a manifest that is gone", Describe(index(t, "a", unread)), "D8", -1, "", 0},
		{"other files than claimed", c.WithContents(wrong), "D15", 3, "In :b, the layer of step 4 does not have the diff_id that the config claims", 1},
		{"alone", Describe(single("a", app(does("COPY a /", corrupt)).image(t))).WithContents(wrong), "D15", 3, "In :a,", 1},
		{"zstd:chunked that is not as claimed", Describe(single("a", chunkedSteps(t, app(does("COPY a /", corrupt))))).WithContents(wrong), "D15", 3,
			"In :a, the zstd:chunked layer of step 4 does not have the diff_id that the config claims. Docker, containerd and podman since 5.4 refuse it, older podman runs it.", 1},
		{"zstd:chunked as claimed", Describe(single("a", chunkedSteps(t, app(does("COPY a /", corrupt))))).WithContents(unpacked(corrupt)), "D15", -1, "", 0},
		{"a layer that is cut off", c.WithContents(map[digest.Digest]model.Contents{corrupt.descriptor().Digest: {Broken: "is cut off"}}), "D15", 3, "In :b, the layer of step 4 cannot be unpacked: it is cut off.", 1},
		{"a web page", c.WithContents(map[digest.Digest]model.Contents{corrupt.descriptor().Digest: {Packing: model.PackingUnknown, NoTar: `starts with "<html>"; it is neither gzip, zstd nor tar`}}), "D15", 3,
			`In :b, the layer of step 4 is probably broken: it starts with "<html>"; it is neither gzip, zstd nor tar.`, 1},
		{"a web page, not called by its packing, too", c.WithContents(map[digest.Digest]model.Contents{corrupt.descriptor().Digest: {Packing: model.PackingUnknown, NoTar: "is text; it is neither gzip, zstd nor tar"}}), "D18", -1, "", 0},
		{"an empty layer that is not what it claims", c.WithContents(emptied), "D2", -1, "", 0},
		{"an empty layer that is", Compare(single("a", app().image(t)), single("b", app(does("WORKDIR /", nothing)).image(t))), "D2", 0, "In :b, 1 of 3 layers is empty (step 4)", 1},
		{"bytes after the end", c.WithContents(trailingIn(good, corrupt)), "D24", 2, "In :b, the layer of step 4 has bytes after the end of the gzip stream", 1},
		{"no byte after the end", c.WithContents(unpacked(good, corrupt)), "D24", -1, "", 0},
		{"as claimed", c.WithContents(unpacked(good, corrupt)), "D15", -1, "", 0},
		{"not read", c, "D15", -1, "", 0},
	}
}

// TestRefusedLayers checks the verdict on two packings of an image once the layers were
// read.
func TestRefusedLayers(t *testing.T) {
	good, corrupt := files("good").sized(300), files("good").packed("corrupt").sized(300)
	pair := pairOf(t, app(does("COPY a /", good)), app(does("COPY a /", corrupt)))
	broken := func(c model.Contents) map[digest.Digest]model.Contents {
		return map[digest.Digest]model.Contents{corrupt.descriptor().Digest: c}
	}
	tests := []struct {
		name     string
		contents map[digest.Digest]model.Contents
		headline string // "" for the same image
	}{
		{"not read", nil, ""},
		{"as claimed", unpacked(good, corrupt), ""},
		{"other files", broken(model.Contents{DiffID: digest.FromString("other files")}), ":b is broken: Docker and containerd refuse it"},
		{"cut off", broken(model.Contents{Broken: "is cut off"}), ":b is broken: runtimes refuse it"},
		{"text", broken(model.Contents{NoTar: "is text; it is neither gzip, zstd nor tar", DiffID: corrupt.diffID()}), ":b is broken: runtimes refuse it"},
		{"xz", broken(model.Contents{Packing: model.PackingUnknown}), "Same image, but some runtimes refuse :b: the layer of step 4 is neither gzip, zstd nor tar"},
		{"zstd", broken(model.Contents{Packing: model.PackingZstd}), ""},
		{"text by its first bytes", broken(model.Contents{NoTar: "is text; it is neither gzip, zstd nor tar"}),
			":b is probably broken: the layer of step 4 is text; it is neither gzip, zstd nor tar"},
		{"bytes after the end", trailingIn(good, corrupt), "Same image, but some runtimes refuse :b: bytes follow the gzip stream of a layer"},
	}
	for _, tt := range tests {
		c := pair.WithContents(tt.contents)
		if tt.headline == "" {
			if c.Verdict.Code != Repacked || !c.Same(false) {
				t.Errorf("%s: %s", tt.name, c.Verdict.Headline)
			}
			continue
		}
		if v := c.Verdict; v.Code != NotComparable || v.Step != 4 || v.Headline.String() != tt.headline || c.Same(false) {
			t.Errorf("%s: %s at step %d: %s", tt.name, v.Code, v.Step, v.Headline)
		}
	}
	claims := func(a, b model.Contents) Verdict {
		return pair.WithContents(map[digest.Digest]model.Contents{good.descriptor().Digest: a, corrupt.descriptor().Digest: b}).Verdict
	}
	cut, other := model.Contents{Broken: "is cut off"}, model.Contents{DiffID: digest.FromString("other files")}
	for _, tt := range []struct {
		a, b model.Contents
		want string
	}{
		{cut, cut, "Both are broken: runtimes refuse them"},
		{cut, other, "Both are broken: Docker and containerd refuse them"},
		{other, cut, "Both are broken: Docker and containerd refuse them"},
		{other, other, "Both are broken: Docker and containerd refuse them"},
	} {
		if got := claims(tt.a, tt.b).Headline.String(); got != tt.want {
			t.Errorf("%q and %q: %q, want %q", tt.a.Broken, tt.b.Broken, got, tt.want)
		}
	}
	hash := func(l layer) string { return "@" + l.descriptor().Digest.String() + " | gunzip | sha256sum" }
	both := claims(other, cut)
	for _, want := range []string{"In :a, the layer of step", "the config claims", "In :b, the layer of step", "cannot be unpacked: it is cut off"} {
		if !strings.Contains(both.Because.String(), want) {
			t.Errorf("%q does not say %q", both.Because, want)
		}
	}
	if c := both.Command.String(); !strings.Contains(c, hash(good)) || !strings.Contains(c, hash(corrupt)) {
		t.Errorf("the command does not hash both layers: %s", c)
	}
	if c := claims(model.Contents{DiffID: good.diffID()}, other).Command.String(); strings.Contains(c, hash(good)) || !strings.Contains(c, hash(corrupt)) {
		t.Errorf("the command does not hash the one layer that is wrong: %s", c)
	}
	art := pair.WithContents(broken(model.Contents{Broken: "is cut off"})).B
	if Expect(Describe(*art), []string{"linux/amd64"}).Met() {
		t.Error("a layer that is cut off meets the expectation")
	}
}

// trailingIn is the contents of two layers, with bytes after the end of the second.
func trailingIn(good, bad layer) map[digest.Digest]model.Contents {
	contents := unpacked(good, bad)
	d := bad.descriptor().Digest
	contents[d] = model.Contents{DiffID: bad.diffID(), Packing: model.PackingGzip, Trailing: true}
	return contents
}

// lacking is a comparison after the registry was asked for all blobs of one side: it lacks
// the layer at an index, or the config if the index is -1.
func lacking(c Comparison, side Side, layer int) Comparison {
	art := *c.A
	if side == SideB {
		art = *c.B
	}
	m := art.Entries[0].Image.Manifest
	missing := map[digest.Digest]model.BlobState{}
	switch {
	case layer < 0:
		missing[m.Config.Digest] = model.BlobState{Missing: true}
	case layer < len(m.Layers):
		missing[m.Layers[layer].Digest] = model.BlobState{Missing: true}
	}
	art = art.WithBlobStates(missing)
	if side == SideB {
		return Recompare(c, *c.A, art)
	}
	return Recompare(c, art, *c.B)
}

// chunkedSteps is an image whose layers are zstd:chunked, by their annotations.
func chunkedSteps(t *testing.T, b build) model.Image {
	t.Helper()
	img := b.image(t)
	for i := range img.Steps {
		img.Steps[i].Layer.Annotations = map[string]string{"io.containers.zstd-chunked.manifest-position": "1:2:3:1"}
	}
	return img
}
