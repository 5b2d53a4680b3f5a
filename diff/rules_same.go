package diff

import (
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// rulesSame are group A: are these the same thing?
var rulesSame = []rule{
	{
		id: "A1", name: "identical", whole: identical,
		means: "Both references lead to the same bytes: there is nothing to compare.",
		proof: "digest(A) = digest(B)",
	},
	{
		id: "A2", name: "same-image-new-envelope", whole: newEnvelope,
		means: "The image is the same; only the build receipts attached to it are newer, and they change the outer digest with every build.",
		proof: "the images of both indexes are the same manifests; only attestations differ",
	},
	{
		id: "A3", name: "same-image-repacked", pair: repacked,
		means: "The image is the same; some layers were compressed again on the way, so that their digests and the manifest's changed.",
		proof: "config(A) = config(B), as bytes or as JSON, and some layer(A) ≠ layer(B) at the same place",
	},
	{
		id: "A4", name: "empty-layer-twin", pair: emptyLayerTwin,
		means: "A layer differs by digest and is empty on both sides: the same nothing, compressed by two tools.",
		proof: "layer(A) ≠ layer(B) and both unpack to an archive without a file",
	},
	{
		id: "A5", name: "same-files-different-settings", pair: otherSettings,
		means: "The files are the same, byte for byte; what differs is in the settings.",
		proof: "diff_ids(A) = diff_ids(B), config(A) ≠ config(B)",
	},
	{
		id: "A6", name: "same-files-different-bookkeeping", pair: otherBookkeeping,
		means: "A step that changes no file is stored as an empty layer on one side and noted as a setting on the other: two builders, no retag.",
		proof: "diff_ids without empty layers are equal; a row with the same instruction has a layer on one side only",
	},
	{
		id: "A7", name: "rebuilt-not-retagged", pair: rebuiltNotRetagged, under: []string{"C3", "C4"},
		means: "The recipe is the same and the bytes are not: it was built again, not retagged.",
		proof: "all instructions are equal, some diff_ids differ",
	},
	{
		id: "A8", name: "format-converted", pair: converted,
		means: "The image was translated between Docker's and the OCI's format, which changes its digest.",
		proof: "the media types of the manifests are of two families, and the configs are equal as bytes or as JSON",
	},
	{
		id: "A9", name: "wrapped", whole: wrapped,
		means: "One side is an index with a single image in it, and that image is exactly the other side.",
		proof: "images(B) = {A}",
	},
	{
		id: "A10", name: "flattened", whole: flattened,
		means: "One side serves several platforms, the other only one of them, as when it is pulled, tagged and pushed from one machine.",
		proof: "A is an index, B a single image, config(B) = config of a child of A",
	},
	{
		id: "A11", name: "comparing-parent-with-child", whole: parentWithChild,
		means: "One digest is that of an index, the other that of a member of it: they are not in conflict.",
		proof: "the digest asked for is among the children of the other side",
	},
	{
		id: "A12", name: "re-printed", pair: reprinted, under: []string{"A8"},
		means: "A tool wrote the JSON of config or manifest again, which changes the digest and nothing else.",
		proof: "the documents are equal as JSON and differ as bytes",
	},
}

// promote is the remedy of everything that a pull, a tag and a push changed.
var promote = safe.Const("Promote inside the registry, which copies the bytes: crane tag, regctl image copy or skopeo copy --all --preserve-digests, not pull, tag and push")

// emptyLayerTwin (A4): the same nothing under two digests. Rows that show the
// same two digests are told of once.
func emptyLayerTwin(c Comparison, p Pair) []Finding {
	type twins struct{ a, b digest.Digest }
	rows := map[twins][]Row{}
	var order []twins
	for _, r := range p.Rows {
		if !isTwin(r) {
			continue
		}
		t := twins{r.A.Layer.Digest, r.B.Layer.Digest}
		if rows[t] == nil {
			order = append(order, t)
		}
		rows[t] = append(rows[t], r)
	}
	var found []Finding
	for _, t := range order {
		first := rows[t][0]
		f := Finding{Trust: Proved, Next: promote, Command: c.promoteCommand(), Evidence: evidenceOf(rows[t]), Check: c.LayerCheck(first)}
		f.Proof = append(rowProof(first), contentProof(*first.A), contentProof(*first.B))
		if first.A.Layer.Digest == model.EmptyGzipGo17 || first.B.Layer.Digest == model.EmptyGzipGo17 {
			f.Proof = append(f.Proof, pushMemory)
		}
		f.Say = safe.Sprintf("%s empty on both sides: the same nothing, %s. No file is missing and nothing is duplicated.",
			upper(stepsText(indexes(rows[t])))+" "+isAre(len(rows[t])), packedBy(t.a, t.b))
		found = append(found, f)
	}
	return found
}

// pushMemory is how an old packing comes back (moby's push_v2.go; reproduced
// with Docker 20.10 and 24.0).
var pushMemory = safe.Const("how that comes: docker push sends the blob that its host remembers for such content (distribution/v2metadata-by-diffid), so one that once pushed an old image brings its packing back")

func isTwin(r Row) bool {
	return r.Class == BothEmpty && r.A.HasLayer && r.B.HasLayer && r.A.Layer.Digest != r.B.Layer.Digest
}

func packedBy(a, b digest.Digest) string {
	packerA, knownA := model.EmptyPacker(a)
	packerB, knownB := model.EmptyPacker(b)
	if knownA && knownB {
		return "gzipped by two generations of tools (" + short(a) + ": " + packerA + "; " + short(b) + ": " + packerB + ")"
	}
	return "packed by two tools (" + short(a) + " and " + short(b) + ")"
}

// repacked (A3): layers that were compressed again. When only empty layers
// were, A4 tells it better and this stays silent.
func repacked(c Comparison, p Pair) []Finding {
	if p.Verdict.Code != Repacked && p.Verdict.Code != Reprinted {
		return nil
	}
	var rows []Row
	real := false
	for _, r := range p.Rows {
		if r.Class == RepackedRow || isTwin(r) {
			rows = append(rows, r)
			real = real || r.Class == RepackedRow
		}
	}
	if !real {
		return nil
	}
	say := safe.Sprintf("Files and settings are identical. %s (%s) %s compressed again on the way, so registry digests changed, the image's too.",
		upper(plural(len(rows), "layer")), stepsText(indexes(rows)), wasWere(len(rows)))
	f := Finding{Severity: 1, Trust: Proved, Say: say, Next: promote, Command: c.promoteCommand(), Evidence: evidenceOf(rows), Check: c.LayerCheck(rows[0])}
	for _, r := range rows {
		f.Proof = append(f.Proof, rowProof(r)...)
	}
	return []Finding{f}
}

// wrapped (A9): one side is an index around the single image of the other.
func wrapped(c Comparison) []Finding {
	list, image, ok := c.listAndImage()
	if !ok || image.byDigest || len(list.images) != 1 || list.images[0].Descriptor.Digest != image.top {
		return nil
	}
	return []Finding{{
		Severity: 1, Trust: Proved, Proof: memberProof(list, list.images[0], image), Check: c.manifestOf(list.side, ".manifests[].digest"),
		Say:  safe.Sprintf("%s is an index with a single image in it; that image is exactly %s.", list.name, image.name),
		Next: safe.Const("To copy without the index: docker buildx imagetools create --prefer-index=false, or crane copy"),
		Evidence: []Evidence{
			{Side: list.side, Step: none, Digest: list.top}, {Side: image.side, Step: none, Digest: image.top},
		},
	}}
}

// flattened (A10): one platform of a list was pulled, tagged and pushed, which
// leaves the others behind.
func flattened(c Comparison) []Finding {
	list, image, ok := c.listAndImage()
	if !ok || image.byDigest || len(list.images) < 2 || len(image.images) != 1 {
		return nil
	}
	member := memberOf(list.images, image.images[0])
	if member == nil {
		return nil
	}
	f := Finding{Trust: Proved, Proof: memberProof(list, *member, image), Check: c.manifestOf(list.side, ".manifests[]|{digest,platform}"), Evidence: []Evidence{
		{Side: list.side, Step: none, Digest: member.Descriptor.Digest}, {Side: image.side, Step: none, Digest: image.top},
	}}
	platform := platformText(nameOf(*member))
	if image.side == SideB && !namesPlatform(image.name, *member) {
		f.Severity = 3
		f.Say = safe.Sprintf("%s serves %d platforms, %s only %s, as when it is pulled, tagged and pushed from one machine.", list.name, len(list.images), image.name, platform)
		f.Next = safe.Const("Copy the whole list again: crane copy, regctl image copy, skopeo copy --all or docker buildx imagetools create")
		f.Command = c.copyCommand()
	} else {
		f.Severity = 1
		f.Say = safe.Sprintf("%s is the %s image of %s, which serves %d platforms.", image.name, platform, list.name, len(list.images))
		f.Next = safe.Const("Compare list with list to see the other platforms")
	}
	return []Finding{f}
}

// namesPlatform is for tags such as :1.2-arm64, which are made to lead to one
// platform.
func namesPlatform(tag string, e model.Entry) bool {
	_, arch, _ := strings.Cut(nameOf(e), "/")
	arch, _, _ = strings.Cut(arch, "/")
	other := map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[arch]
	words := strings.FieldsFunc(tag, func(r rune) bool { return strings.ContainsRune(":/.-+", r) })
	return arch != "" && slices.ContainsFunc(words, func(w string) bool { return w == arch || w == other || strings.HasPrefix(w, arch+"v") })
}

// tagged is one side as A9 and A10 see it.
type tagged struct {
	side   Side
	name   string
	top    digest.Digest
	images []model.Entry

	byDigest bool // asked for by digest: no tag can be at fault
}

// listAndImage tells the index from the single image when there is one of each.
func (c Comparison) listAndImage() (list, image tagged, ok bool) {
	if c.B == nil || isIndex(*c.A) == isIndex(*c.B) {
		return list, image, false
	}
	nameA, nameB := c.names()
	list = tagged{SideA, nameA, c.A.Top.Digest, c.A.Images(), c.A.Ref.Tag == ""}
	image = tagged{SideB, nameB, c.B.Top.Digest, c.B.Images(), c.B.Ref.Tag == ""}
	if isIndex(*c.B) {
		list, image = image, list
	}
	return list, image, true
}

// memberOf finds the entry that is the same image: the same manifest or config.
func memberOf(entries []model.Entry, e model.Entry) *model.Entry {
	for i, m := range entries {
		sameConfig := m.Image != nil && e.Image != nil && m.Image.ID() != "" && m.Image.ID() == e.Image.ID()
		if m.Descriptor.Digest == e.Descriptor.Digest || sameConfig {
			return &entries[i]
		}
	}
	return nil
}

// indexes are those of the rows' steps, A's where it has one.
func indexes(rows []Row) []int {
	out := make([]int, len(rows))
	for i, r := range rows {
		out[i] = printed(r) - 1
	}
	return out
}

func evidenceOf(rows []Row) []Evidence {
	var out []Evidence
	for _, r := range rows {
		if r.A != nil {
			out = append(out, Evidence{SideA, r.A.Index, r.A.Layer.Digest})
		}
		if r.B != nil {
			out = append(out, Evidence{SideB, r.B.Index, r.B.Layer.Digest})
		}
	}
	return out
}

func wasWere(n int) string {
	if n == 1 {
		return "was"
	}
	return "were"
}
