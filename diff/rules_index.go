package diff

import (
	"slices"
	"strings"
	"time"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// artifactSide is one side as the rules about artifacts and indexes use it.
type artifactSide struct {
	side Side
	name string
	art  *model.Artifact
}

// artifacts returns the sides that have arrived.
func (c Comparison) artifacts() []artifactSide {
	nameA, nameB := c.names()
	both := []artifactSide{{SideA, nameA, c.A}, {SideB, nameB, c.B}}
	return matching(both, func(s artifactSide) bool { return s.art != nil })
}

// indexes returns the sides that are an index, or the one index that both are.
func (c Comparison) indexes() []artifactSide {
	if c.isOneIndex() {
		return []artifactSide{{SideA, oneIndex, c.A}}
	}
	return matching(c.artifacts(), func(s artifactSide) bool { return isIndex(*s.art) })
}

// oneIndex is what findings call an index that both references lead to. A name of one side would
// sound as if the other side were free of the fault.
const oneIndex = "this index"

// isOneIndex reports whether both references lead to the same index.
func (c Comparison) isOneIndex() bool {
	return c.B != nil && isIndex(*c.A) && c.A.Top.Digest != "" && c.A.Top.Digest == c.B.Top.Digest
}

// onArtifacts turns a rule for one artifact into a rule for a comparison.
func onArtifacts(find func(Comparison, artifactSide) []Finding) func(Comparison) []Finding {
	return func(c Comparison) []Finding { return c.onEach(c.artifacts(), find) }
}

// onIndexes turns a rule for one index into a rule for a comparison.
func onIndexes(find func(Comparison, artifactSide) []Finding) func(Comparison) []Finding {
	return func(c Comparison) []Finding { return c.onEach(c.indexes(), find) }
}

func (c Comparison) onEach(sides []artifactSide, find func(Comparison, artifactSide) []Finding) (found []Finding) {
	for _, s := range sides {
		found = append(found, find(c, s)...)
	}
	return found
}

func (i artifactSide) evidence(entries []model.Entry) []Evidence {
	return mappedTo(entries, func(e model.Entry) Evidence { return Evidence{i.side, none, e.Descriptor.Digest} })
}

// entriesProof lists platform and digest of entries.
func entriesProof(entries []model.Entry) []safe.Text {
	return mappedTo(entries, func(e model.Entry) safe.Text { return safe.Sprintf("%s: %s", orNone(nameOf(e)), e.Descriptor.Digest) })
}

// variantGap (C8): strict clients and old CPUs may find no image for them.
func variantGap(c Comparison, s artifactSide) (found []Finding) {
	images := s.art.Images()
	if newOnly := newCPUOnly(images); len(newOnly) > 0 {
		found = append(found, Finding{
			Severity: 2, Rests: on(Structure), Evidence: s.evidence(newOnly), Proof: entriesProof(newOnly),
			Check: c.manifestOf(s.side, ".manifests[].platform"),
			Text: safe.Sprintf("In %s, amd64 exists only as %s. An older CPU finds no image, or fails with an illegal instruction.",
				s.name, list(platformNames(newOnly))),
			Next: safe.Const("Publish plain linux/amd64 too, or pull the platform by digest where the CPU supports it"),
		})
	}
	if bare := bareARM(images); len(bare) > 0 {
		found = append(found, Finding{
			Severity: 1, Rests: on(Structure), Evidence: s.evidence(bare), Proof: entriesProof(bare),
			Check: c.manifestOf(s.side, ".manifests[].platform"),
			Text: safe.Sprintf("In %s, arm is listed without a variant. "+
				"Clients read this as arm/v7, and a client that needs arm/v6 may find no image.", s.name),
			Next: safe.Const("Ask the publisher to set the variants"),
		})
	}
	return found
}

// newCPUOnly returns the amd64 entries if all of them require a newer CPU (variant v2 or
// later).
func newCPUOnly(images []model.Entry) []model.Entry {
	amd64 := matching(images, func(e model.Entry) bool { return e.Platform().Architecture == "amd64" })
	if slices.ContainsFunc(amd64, func(e model.Entry) bool { return e.Platform().Variant == "" }) {
		return nil
	}
	return amd64
}

// bareARM returns the arm entries without a variant, if the index has arm entries with a
// variant too. Which one a client takes then depends on the client.
func bareARM(images []model.Entry) []model.Entry {
	arm := matching(images, func(e model.Entry) bool {
		return e.Descriptor.Platform != nil && e.Descriptor.Platform.Architecture == "arm"
	})
	bare := matching(arm, func(e model.Entry) bool { return e.Descriptor.Platform.Variant == "" })
	if len(bare) == len(arm) {
		return nil
	}
	return bare
}

// windowsBuild (C9): Windows images run on hosts of the same build, or on newer hosts with
// isolation.
func windowsBuild(c Comparison) []Finding {
	var found []Finding
	for _, s := range c.artifacts() {
		entries := matching(s.art.Images(), func(e model.Entry) bool { return e.Platform().OS == "windows" && e.Platform().OSVersion != "" })
		builds := mapped(entries, windowsText)
		if len(entries) == 0 {
			continue
		}
		found = append(found, Finding{
			Rests: on(Hashed), Evidence: s.evidence(entries), Proof: entriesProof(entries), Check: c.manifestOf(s.side, ".manifests[].platform"),
			Text: safe.Sprintf("In %s, Windows is %s. An older host cannot run it.", s.name, list(builds)),
			Next: safe.Const("Use the tag for the build of the host. A newer host can use Hyper-V isolation"),
		})
	}
	return found
}

// windowsText is the version of Windows that an entry needs, with the name of its release.
func windowsText(e model.Entry) string {
	version := e.Platform().OSVersion
	text := quoted(version)
	if parts := strings.Split(version, "."); len(parts) > 2 && windowsNames[parts[2]] != "" {
		text += " (" + windowsNames[parts[2]] + ")"
	}
	return text
}

// windowsNames maps build numbers to long-term releases.
var windowsNames = map[string]string{"14393": "ltsc2016", "17763": "ltsc2019", "20348": "ltsc2022", "26100": "ltsc2025"}

// windowsBuildNamed is the build number of a long-term release that a word of a tag names,
// "" for any other word. Release 1809 is ltsc2019 under the name of before.
func windowsBuildNamed(word string) string {
	if word == "1809" {
		word = "ltsc2019"
	}
	for build, name := range windowsNames {
		if name == word {
			return build
		}
	}
	return ""
}

// maxBuildSpread is how far the dates of platforms of one build may differ: emulated builds
// take hours.
const maxBuildSpread = 24 * time.Hour

// splitBrain (C10): the platforms of an index come from different builds.
func splitBrain(c Comparison, s artifactSide) []Finding {
	var first, last, other model.Entry
	for _, e := range s.art.Images() {
		if e.Image == nil {
			continue
		}
		if first.Image == nil {
			first = e
		}
		if a, b := originOf(s.art, &first).revision, originOf(s.art, &e).revision; a != "" && b != "" && !sameCommit(a, b) && other.Image == nil {
			other = e
		}
		if at := e.Image.Created(); at != nil && !hasCommonDate(*e.Image) && (last.Image == nil || at.After(*last.Image.Created())) {
			last = e
		}
	}
	if other.Image != nil {
		pair := []model.Entry{first, other}
		a, b := originOf(s.art, &first), originOf(s.art, &other)
		return []Finding{{
			Severity: 2, Rests: on(Claimed), Evidence: s.evidence(pair),
			Text: safe.Sprintf("In %s, the platforms come from different builds: %s is %s, %s is %s.",
				s.name, nameOf(first), a.text(), nameOf(other), b.text()),
			Next: safe.Const("Create the index again from one build. docker manifest keeps old entries in ~/.docker/manifests"),
			Proof: []safe.Text{
				safe.Sprintf("revision of %s: %s", nameOf(first), quoted(a.revision)),
				safe.Sprintf("revision of %s: %s", nameOf(other), quoted(b.revision)),
			},
			Check: c.manifestOf(s.side, ".manifests[]|{digest,platform}"),
		}}
	}
	return c.splitByDate(s, last)
}

// splitByDate goes only by dates, so its finding is only suggested.
func (c Comparison) splitByDate(s artifactSide, last model.Entry) []Finding {
	if last.Image == nil {
		return nil
	}
	var old model.Entry
	for _, e := range s.art.Images() {
		if e.Image == nil || e.Image.Created() == nil || hasCommonDate(*e.Image) || e.Platform().OS != last.Platform().OS {
			continue
		}
		if old.Image == nil || e.Image.Created().Before(*old.Image.Created()) {
			old = e
		}
	}
	if old.Image == nil || nameOf(old) == nameOf(last) || last.Image.Created().Sub(*old.Image.Created()) <= maxBuildSpread {
		return nil
	}
	return []Finding{{
		Severity: 1, Rests: on(Heuristic), Evidence: s.evidence([]model.Entry{old, last}),
		Text: safe.Sprintf("In %s, the platforms may come from different builds: %s is from %s, %s is from %s.", s.name,
			nameOf(old), model.TimeText(*old.Image.Created()), nameOf(last), model.TimeText(*last.Image.Created())),
		Next: safe.Const("Check whether this is intended. Slow builds and platforms that were not rebuilt look the same"),
		Proof: []safe.Text{
			safe.Sprintf("created of %s: %s", nameOf(old), utc(*old.Image.Created())),
			safe.Sprintf("created of %s: %s", nameOf(last), utc(*last.Image.Created())),
		},
		Check: c.manifestOf(s.side, ".manifests[]|{digest,platform}"),
	}}
}
