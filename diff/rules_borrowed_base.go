package diff

import (
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/diff/dockerfile"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// minSharedBytes is the size of common first layers, in bytes, from which a base counts as
// borrowed. Smaller layers are shared on purpose: certificates, time zones and static files
// are the same for every architecture. The smallest base with programs in it (busybox,
// musl) is larger.
const minSharedBytes = 1_000_000

// minSharedDataBytes is the limit for tools that put architecture-independent files first:
// time zones and certificates of distroless are 2 MB, fonts and locales of Nix are more.
const minSharedDataBytes = 16_000_000

// borrowedBase (C4): images for different architectures start with the same layers. Labels
// cannot show this: if the base is a single image, BuildKit writes the requested platform
// into index and config, whatever the base is.
func borrowedBase(c Comparison) []Finding {
	nameA, nameB := c.names()
	var all []sharedBase
	for _, s := range c.artifacts() {
		for _, b := range c.sharedBasesOf(s) {
			both := slices.IndexFunc(all, b.sameAs)
			if s.side == SideA || both < 0 {
				all = append(all, b)
				continue
			}
			all[both].name = nameA + " and " + nameB
			all[both].evidence = append(all[both].evidence, b.evidence...)
		}
	}
	return mappedTo(all, sharedBase.finding)
}

// sharedBase is the group of first layers that several platforms of one side share.
type sharedBase struct {
	name, platforms string
	layers          int
	size            int64
	whole           bool     // the images have no other layer, and nothing shows that they have programs
	copies          bool     // the layers are copies of files without a base below, and no build step ran a program
	all             bool     // the images have no other layer
	native, foreign []string // the platforms that start with these layers on the other side, and those that do not
	otherName       string   // of the other side
	evidence        []Evidence
	proof           []safe.Text
	check           safe.Text
}

func (b sharedBase) sameAs(o sharedBase) bool {
	return b.platforms == o.platforms && b.layers == o.layers && b.size == o.size
}

// isForeign reports whether the other side shows which platform the layers are for.
func (b sharedBase) isForeign() bool { return len(b.native) == 1 && len(b.foreign) > 0 }

// foreignFinding is C4 where the other side shows which platform the layers are for.
func (b sharedBase) foreignFinding() Finding {
	n, native := len(b.foreign), b.native[0]
	f := Finding{
		Severity: 3, Rests: on(Hashed, Structure), Evidence: b.evidence, Proof: b.proof, Check: b.check,
		Text: safe.Sprintf("In %s, %s start with the same layers (the first %s, %s). In %s, %s with other layers than %s.",
			b.name, b.platforms, afterFirst(b.layers, "layer"), bytesText(b.size),
			b.otherName, list(b.foreign)+byNumber(n, " starts", " start"), native),
		Lead: safe.Sprintf("%s of %s %s built on the base for %s", list(b.foreign), b.name, isAre(n), native),
		Next: safe.Const("Check the architecture of the programs inside. Build these platforms again on a base that has them"),
	}
	if b.all {
		f.Lead = safe.Sprintf("%s of %s %s the files of %s", list(b.foreign), b.name, hasHave(n), native)
	}
	return f
}

func (b sharedBase) finding() Finding {
	if b.isForeign() {
		return b.foreignFinding()
	}
	if b.whole || b.copies {
		same := "contain exactly the same files"
		if !b.whole {
			same = "start with the same copied files"
		}
		return Finding{
			Severity: 1, Rests: on(Heuristic), Evidence: b.evidence, Proof: b.proof, Check: b.check,
			Text: safe.Sprintf("In %s, %s %s (%s). They are data or scripts for every architecture, or one platform is wrong.",
				b.name, b.platforms, same, bytesText(b.size)),
			Next: safe.Const("Check the architecture of the programs inside, if there are any"),
		}
	}
	return Finding{
		Severity: 3, Rests: on(Hashed, Heuristic), Evidence: b.evidence, Proof: b.proof, Check: b.check,
		Text: safe.Sprintf("In %s, %s start with the same layers (the first %s, %s). "+
			"Programs in these layers can run natively on at most one of them. Probably the base lacks a platform, and the build did not fail.",
			b.name, b.platforms, afterFirst(b.layers, "layer"), bytesText(b.size)),
		Lead: safe.Sprintf("In %s, %s start with the same layers: probably only one has programs for its architecture", b.name, b.platforms),
		Next: safe.Const("Check the architecture of the programs inside. Use a base that has the platform. " +
			"With # check=error=true in the Dockerfile, such a build fails"),
	}
}

func (c Comparison) sharedBasesOf(s artifactSide) []sharedBase {
	var found []sharedBase
	labelled := matching(s.art.Images(), func(e model.Entry) bool { return !isMislabelled(&e) }) // else C3 says what is wrong
	for _, group := range groupByFirstLayer(labelled) {
		b := sharedBase{name: s.name, platforms: list(platformNames(group)), evidence: s.evidence(group)}
		b.layers, b.size = commonLayers(group)
		if b.size < minSharedBytes || b.size < minSharedDataBytes && startsWithData(group[0]) {
			continue
		}
		runs, layers := slices.ContainsFunc(group, runsCommands), fileLayers(group[0])[:b.layers]
		b.all = !slices.ContainsFunc(group, func(e model.Entry) bool { return len(fileLayers(e)) > b.layers })
		hasPrograms := c.compareBases(s, group, &b) || (runs || addsRoot(layers[0])) && slices.ContainsFunc(group, hasStartCommand)
		b.whole = b.all && !hasPrograms
		copied := !slices.ContainsFunc(layers, func(s *model.Step) bool { return !copiesFiles(s) })
		if b.copies = copied && !runs && !hasPrograms; copied && runs && !b.isForeign() && !slices.ContainsFunc(group, b.runsOn) {
			continue // the programs come after the data
		}
		b.proof = mappedTo(layers, func(st *model.Step) safe.Text {
			return safe.Sprintf("all have diff_id %s (%s)", st.DiffID, bytesText(st.Layer.Size))
		})
		b.check = diffCommand("crane config %s | jq '.rootfs.diff_ids[]'",
			s.art.Ref.AtDigest(group[0].Descriptor.Digest).String(), s.art.Ref.AtDigest(group[1].Descriptor.Digest).String())
		found = append(found, b)
	}
	return found
}

// compareBases finds which platforms of a group start with its first layer on the other side.
// It reports whether the layer is not data: there, the same step gave each platform other files.
func (c Comparison) compareBases(s artifactSide, group []model.Entry, b *sharedBase) (differ bool) {
	first := fileLayers(group[0])[0]
	other := slices.DeleteFunc(c.artifacts(), func(o artifactSide) bool { return o.side == s.side })
	if len(other) == 0 {
		return false
	}
	b.otherName = other[0].name
	var seen []digest.Digest
	for _, e := range other[0].art.Images() {
		inGroup := func(g model.Entry) bool { return nameOf(g) == nameOf(e) }
		layers := fileLayers(e)
		if len(layers) == 0 || !slices.ContainsFunc(group, inGroup) {
			continue
		}
		switch own := layers[0]; {
		case own.DiffID == first.DiffID:
			b.native = appendNew(b.native, nameOf(e))
		case !dockerfile.SameStep(*own, *first) || copiesFiles(own) && aboutSameSize(own, first):
			continue // another recipe, or the same data with other dates
		default:
			b.foreign = appendNew(b.foreign, nameOf(e))
		}
		seen = appendNew(seen, layers[0].DiffID)
	}
	return len(seen) > 1
}

// aboutSameSize reports whether two layers differ by less than a thousandth.
func aboutSameSize(a, b *model.Step) bool {
	more := max(a.Layer.Size, b.Layer.Size) - min(a.Layer.Size, b.Layer.Size)
	return more*1000 < max(a.Layer.Size, b.Layer.Size)
}

// addsRoot reports whether a step adds an archive to the root, as the first step of a base does.
func addsRoot(s *model.Step) bool {
	text := dockerfile.StepText(*s)
	return dockerfile.Verb(text) == "ADD" && strings.HasSuffix(text, " /")
}

// startsWithData reports whether the first layer was made by a tool that puts
// architecture-independent files first.
func startsWithData(e model.Entry) bool {
	b := stepBuilder(e.Image, fileLayers(e)[0]).Name
	return b == "Bazel" || b == "ko" || b == "apko" || b == "Nix"
}

// copiesFiles reports whether a step is a COPY or ADD of files. An ADD to the root is how bases begin.
func copiesFiles(s *model.Step) bool {
	text := dockerfile.StepText(*s)
	return dockerfile.Verb(text) == "COPY" || dockerfile.Verb(text) == "ADD" && !strings.HasSuffix(text, " /")
}

// runsOn reports whether a RUN in an image had no other programs than those of the shared layers:
// it comes before the first layer with files after them, or made this layer.
func (b sharedBase) runsOn(e model.Entry) bool {
	end := len(e.Image.Steps)
	if layers := fileLayers(e); len(layers) > b.layers {
		end = layers[b.layers].Index + 1
	}
	return slices.ContainsFunc(e.Image.Steps[:end], isRun)
}

func isRun(s model.Step) bool { return dockerfile.Verb(dockerfile.StepText(s)) == "RUN" }

// runsCommands reports whether an image was built with a RUN, which needs programs below it.
func runsCommands(e model.Entry) bool {
	return slices.ContainsFunc(e.Image.Steps, isRun)
}

// hasStartCommand reports whether an image is meant to be run.
func hasStartCommand(e model.Entry) bool {
	return len(e.Image.Config.Config.Entrypoint)+len(e.Image.Config.Config.Cmd) > 0
}

// groupByFirstLayer returns the groups of images that share the first layer with files and
// are for more than one architecture.
func groupByFirstLayer(images []model.Entry) [][]model.Entry {
	groups := grouped(images, func(e model.Entry) digest.Digest {
		if layers := fileLayers(e); len(layers) > 0 {
			return layers[0].DiffID
		}
		return ""
	})
	return matching(groups, func(group []model.Entry) bool { return architectures(group) > 1 })
}

// fileLayers returns the steps with a non-empty layer and a diff_id; nil if the numbers of
// layers and diff_ids differ.
func fileLayers(e model.Entry) []*model.Step {
	if e.Image == nil || e.Image.Counts != nil && e.Image.Counts.Fatal() {
		return nil
	}
	base := make([]*model.Step, 0, len(e.Image.Steps))
	for i := range e.Image.Steps {
		if s := &e.Image.Steps[i]; s.HasLayer && !s.Empty && s.DiffID != "" {
			base = append(base, s)
		}
	}
	return base
}

func architectures(group []model.Entry) int {
	return len(distinct(group, func(e model.Entry) string { return e.Platform().Architecture }))
}

// commonLayers returns how many first layers all images of a group share, and their size in
// bytes.
func commonLayers(group []model.Entry) (layers int, size int64) {
	first := fileLayers(group[0])
	layers = len(first)
	for _, e := range group[1:] {
		other := fileLayers(e)
		k := 0
		for k < layers && k < len(other) && first[k].DiffID == other[k].DiffID {
			k++
		}
		layers = k
	}
	for _, s := range first[:layers] {
		size += s.Layer.Size
	}
	return layers, size
}

func platformNames(group []model.Entry) []string {
	names := mapped(group, nameOf)
	slices.Sort(names)
	return names
}
