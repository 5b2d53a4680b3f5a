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
		for _, b := range sharedBasesOf(s) {
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
	whole           bool // the images have no other layer, and nothing shows that they have programs
	copies          bool // the layers are copies of files without a base below, and no build step ran a program
	evidence        []Evidence
	proof           []safe.Text
	check           safe.Text
}

func (b sharedBase) sameAs(o sharedBase) bool {
	return b.platforms == o.platforms && b.layers == o.layers && b.size == o.size
}

func (b sharedBase) finding() Finding {
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
			"Programs in these layers can run natively on at most one of the two. Probably the base lacks a platform, and the build did not fail.",
			b.name, b.platforms, afterFirst(b.layers, "layer"), bytesText(b.size)),
		Lead: safe.Sprintf("In %s, %s start with the same layers: one probably has programs for the other architecture", b.name, b.platforms),
		Next: safe.Const("Check the architecture of the programs inside. Use a base that has the platform. " +
			"With # check=error=true in the Dockerfile, such a build fails"),
	}
}

func sharedBasesOf(s artifactSide) []sharedBase {
	var found []sharedBase
	labelled := matching(s.art.Images(), func(e model.Entry) bool { return !isMislabelled(&e) }) // else C3 says what is wrong
	for _, group := range groupByFirstLayer(labelled) {
		b := sharedBase{name: s.name, platforms: list(platformNames(group)), evidence: s.evidence(group)}
		b.layers, b.size = commonLayers(group)
		if b.size < minSharedBytes || b.size < minSharedDataBytes && startsWithData(group[0]) {
			continue
		}
		runs := slices.ContainsFunc(group, runsCommands)
		b.whole = !slices.ContainsFunc(group, func(e model.Entry) bool { return len(fileLayers(e)) > b.layers || runs && hasStartCommand(e) })
		copied := !slices.ContainsFunc(fileLayers(group[0])[:b.layers], func(s *model.Step) bool { return !copiesFiles(s) })
		if b.copies = copied && !runs; copied && runs && !slices.ContainsFunc(group, b.runsOn) {
			continue // the programs come after the data
		}
		b.proof = mappedTo(fileLayers(group[0])[:b.layers], func(st *model.Step) safe.Text {
			return safe.Sprintf("all have diff_id %s (%s)", st.DiffID, bytesText(st.Layer.Size))
		})
		b.check = diffCommand("crane config %s | jq '.rootfs.diff_ids[]'",
			s.art.Ref.AtDigest(group[0].Descriptor.Digest).String(), s.art.Ref.AtDigest(group[1].Descriptor.Digest).String())
		found = append(found, b)
	}
	return found
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
