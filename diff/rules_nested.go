package diff

import (
	"slices"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// nestedLabel is an inner index that is listed as a platform which no image in it has.
type nestedLabel struct {
	entry   model.Entry
	members []string // the platforms of its images
}

// nestedLabels are the inner indexes whose label none of their images has, as far as the
// platforms of all are known.
func nestedLabels(a model.Artifact) []nestedLabel {
	var found []nestedLabel
	for i, e := range a.Entries {
		p := e.Descriptor.Platform
		if e.Role != model.RoleIndex || p == nil || p.OS == "" || p.OS == "unknown" {
			continue
		}
		images := imagesBelow(a.Entries[i+1:], e.Depth)
		fits := func(m model.Entry) bool { return nameOf(m) == "" || !platformsContradict(*p, m.Platform()) }
		if len(images) > 0 && !slices.ContainsFunc(images, fits) {
			found = append(found, nestedLabel{e, distinct(images, nameOf)})
		}
	}
	return found
}

// imagesBelow are the images of an inner index: entries after it that are deeper.
func imagesBelow(entries []model.Entry, depth int) []model.Entry {
	if end := slices.IndexFunc(entries, func(e model.Entry) bool { return e.Depth <= depth }); end >= 0 {
		entries = entries[:end]
	}
	return matching(entries, func(e model.Entry) bool { return e.Role == model.RoleImage })
}

// indexContradiction is C3 for an index: several wrong labels, and labels of inner indexes.
func indexContradiction(c Comparison, s artifactSide) []Finding {
	return append(contradictions(c, s), nestedContradiction(c, s)...)
}

// nestedContradiction is C3 for an inner index.
func nestedContradiction(c Comparison, s artifactSide) (found []Finding) {
	for _, n := range nestedLabels(*s.art) {
		found = append(found, Finding{
			Severity: 3, Rests: on(Hashed), Evidence: s.evidence([]model.Entry{n.entry}),
			Text: safe.Sprintf("%s lists an inner index as %s, but its images are for %s. Clients that go by the label find no image in it.",
				s.name, nameOf(n.entry), list(n.members)),
			Lead:  safe.Sprintf("%s lists an index of %s as %s", s.name, list(n.members), nameOf(n.entry)),
			Next:  safe.Const("Create the index again: docker buildx imagetools create lists the images of the inner ones"),
			Proof: append(entriesProof([]model.Entry{n.entry}), safe.Sprintf("platforms of its images: %s", list(n.members))),
			Check: c.manifestOf(s.side, ".manifests[]|{mediaType,digest,platform}"),
		})
	}
	return found
}
