package diff

import (
	"slices"
	"strings"
	"time"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// indexSide is one side as the rules about indexes use it.
type indexSide struct {
	side Side
	name string
	art  *model.Artifact
}

// indexes returns the sides that are an index; only A if both are the same one.
func (c Comparison) indexes() []indexSide {
	nameA, nameB := c.names()
	var sides []indexSide
	if c.A != nil && isIndex(*c.A) {
		sides = append(sides, indexSide{SideA, nameA, c.A})
	}
	if c.B != nil && isIndex(*c.B) && c.B.Top.Digest != c.A.Top.Digest {
		sides = append(sides, indexSide{SideB, nameB, c.B})
	}
	return sides
}

func (i indexSide) evidence(entries []model.Entry) []Evidence {
	var out []Evidence
	for _, e := range entries {
		out = append(out, Evidence{i.side, none, e.Descriptor.Digest})
	}
	return out
}

// entriesProof lists platform and digest of entries.
func entriesProof(entries []model.Entry) []safe.Text {
	var lines []safe.Text
	for _, e := range entries {
		lines = append(lines, safe.Sprintf("%s: %s", orNone(nameOf(e)), e.Descriptor.Digest))
	}
	return lines
}

// variantGap (C8): strict clients and old CPUs may find no image for them.
func variantGap(c Comparison) []Finding {
	var found []Finding
	for _, s := range c.indexes() {
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
					"Clients read this as arm/v7, and a client that needs arm/v6 may find no image.",
					s.name),
				Next: safe.Const("Ask the publisher to set the variants"),
			})
		}
	}
	return found
}

// newCPUOnly returns the amd64 entries if all of them require a newer CPU (variant v2 or
// later).
func newCPUOnly(images []model.Entry) []model.Entry {
	var newer []model.Entry
	for _, e := range images {
		p := e.Platform()
		switch {
		case p.Architecture != "amd64":
		case p.Variant == "":
			return nil
		default:
			newer = append(newer, e)
		}
	}
	return newer
}

// bareARM returns the arm entries without a variant, if the index has arm entries with a
// variant too. Which one a client takes then depends on the client.
func bareARM(images []model.Entry) []model.Entry {
	var bare []model.Entry
	others := 0
	for _, e := range images {
		p := e.Descriptor.Platform
		switch {
		case p == nil || p.Architecture != "arm":
		case p.Variant == "":
			bare = append(bare, e)
		default:
			others++
		}
	}
	if others == 0 {
		return nil
	}
	return bare
}

// windowsBuild (C9): Windows images run on hosts of the same build, or on newer hosts with
// isolation.
func windowsBuild(c Comparison) []Finding {
	nameA, nameB := c.names()
	var found []Finding
	for _, s := range []indexSide{{SideA, nameA, c.A}, {SideB, nameB, c.B}} {
		if s.art == nil {
			continue
		}
		var builds []string
		var entries []model.Entry
		for _, e := range s.art.Images() {
			if p := e.Platform(); p.OS == "windows" && p.OSVersion != "" {
				builds, entries = append(builds, quoted(p.OSVersion)+windowsName(p.OSVersion)), append(entries, e)
			}
		}
		if len(entries) == 0 {
			continue
		}
		f := Finding{
			Rests: on(Hashed), Evidence: s.evidence(entries), Proof: entriesProof(entries), Check: c.manifestOf(s.side, ".manifests[].platform"),
			Text: safe.Sprintf("In %s, Windows is %s. An older host cannot run it.", s.name, list(builds)),
			Next: safe.Const("Use the tag for the build of the host. A newer host can use Hyper-V isolation"),
		}
		if len(found) > 0 && slices.Equal(builds, windowsBuilds(c.A)) {
			found[0].Text = safe.Sprintf("In %s and %s, Windows is %s. An older host cannot run it.", nameA, nameB, list(builds))
			found[0].Evidence, found[0].Common = append(found[0].Evidence, f.Evidence...), true
			continue
		}
		found = append(found, f)
	}
	return found
}

func windowsBuilds(a *model.Artifact) []string {
	var builds []string
	for _, e := range a.Images() {
		if p := e.Platform(); p.OS == "windows" && p.OSVersion != "" {
			builds = append(builds, quoted(p.OSVersion)+windowsName(p.OSVersion))
		}
	}
	return builds
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

func windowsName(version string) string {
	if parts := strings.Split(version, "."); len(parts) > 2 && windowsNames[parts[2]] != "" {
		return " (" + windowsNames[parts[2]] + ")"
	}
	return ""
}

// maxBuildSpread is how far the dates of platforms of one build may differ: emulated builds
// take hours.
const maxBuildSpread = 24 * time.Hour

// splitBrain (C10): the platforms of an index come from different builds.
func splitBrain(c Comparison) []Finding {
	var found []Finding
	for _, s := range c.indexes() {
		if f, ok := findSplit(s); ok {
			f.Check = c.manifestOf(s.side, ".manifests[]|{digest,platform}")
			found = append(found, f)
		}
	}
	return found
}

func findSplit(s indexSide) (Finding, bool) {
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
		if at := e.Image.Created(); at != nil && !hasCommonDate(*e.Image) {
			if last.Image == nil || at.After(*last.Image.Created()) {
				last = e
			}
		}
	}
	if other.Image != nil {
		pair := []model.Entry{first, other}
		a, b := originOf(s.art, &first), originOf(s.art, &other)
		return Finding{
			Severity: 2, Rests: on(Claimed), Evidence: s.evidence(pair),
			Text: safe.Sprintf("In %s, the platforms come from different builds: %s is %s, %s is %s.",
				s.name, nameOf(first), a.text(), nameOf(other), b.text()),
			Next: safe.Const("Create the index again from one build. docker manifest keeps old entries in ~/.docker/manifests"),
			Proof: []safe.Text{
				safe.Sprintf("revision of %s: %s", nameOf(first), quoted(a.revision)),
				safe.Sprintf("revision of %s: %s", nameOf(other), quoted(b.revision)),
			},
		}, true
	}
	return splitByDate(s, last)
}

// splitByDate goes by dates alone, so its finding is only suggested.
func splitByDate(s indexSide, last model.Entry) (Finding, bool) {
	if last.Image == nil {
		return Finding{}, false
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
	if old.Image == nil || last.Image.Created().Sub(*old.Image.Created()) <= maxBuildSpread {
		return Finding{}, false
	}
	return Finding{
		Severity: 1, Rests: on(Heuristic), Evidence: s.evidence([]model.Entry{old, last}),
		Text: safe.Sprintf("In %s, the platforms may come from different builds: %s is from %s, %s is from %s.", s.name,
			nameOf(old), model.TimeText(*old.Image.Created()), nameOf(last), model.TimeText(*last.Image.Created())),
		Next: safe.Const("Check whether this is intended. Slow builds and platforms that were not rebuilt look the same"),
		Proof: []safe.Text{
			safe.Sprintf("created of %s: %s", nameOf(old), utc(*old.Image.Created())),
			safe.Sprintf("created of %s: %s", nameOf(last), utc(*last.Image.Created())),
		},
	}, true
}
