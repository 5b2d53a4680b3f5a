package diff

import (
	"cmp"
	"slices"
	"strings"

	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/diff/jsondoc"
	"github.com/tagdiff/tagdiff/model"
)

// entryFields names the members that differ between the entries of two indexes for the same
// manifests, a phrase each: urls, data, size, mediaType, the spelling of the platform, and
// members that the specification does not know.
func entryFields(a, b model.Manifest, nameA, nameB string) []string {
	inA, inB := rawEntries(a), rawEntries(b)
	var changes []string
	for i, d := range a.Children {
		j := slices.IndexFunc(b.Children, func(o v1.Descriptor) bool { return o.Digest == d.Digest })
		if j < 0 || i >= len(inA) || j >= len(inB) {
			continue
		}
		entry := " of the entry " + entryText(d)
		changes = append(changes, memberChanges(inA[i], inB[j], entry, nameA, nameB, "digest", "annotations", "platform", "artifactType")...)
		if d.Platform == nil || b.Children[j].Platform == nil || platformLabel(d) != platformLabel(b.Children[j]) {
			continue // the label differs
		}
		if from, to := spelled(*d.Platform), spelled(*b.Children[j].Platform); from != to {
			changes = append(changes, "the label of "+entryText(d)+" ("+quoted(from)+", "+quoted(to)+"), which clients take for the same")
		}
		changes = append(changes, memberChanges(inA[i].Member("platform"), inB[j].Member("platform"), " in the platform of "+entryText(d),
			nameA, nameB, "os", "architecture", "variant", "os.version", "os.features")...)
	}
	return changes
}

func rawEntries(m model.Manifest) []jsondoc.Value {
	v, err := jsondoc.Parse(m.Raw)
	if err != nil {
		return nil
	}
	return v.Member("manifests").Members
}

// spelled is a platform as an index writes it, without the operating system.
func spelled(p v1.Platform) string {
	return strings.TrimSuffix(p.Architecture+"/"+p.Variant, "/")
}

// memberChanges names the members of two objects that differ, except for those named. Short
// values are given.
func memberChanges(a, b jsondoc.Value, where, nameA, nameB string, but ...string) []string {
	return mappedTo(differingMembers(a, b, nameA, nameB, but...), func(m memberChange) string {
		return "the " + quoted(m.name) + where + cmp.Or(m.only, valuesText(strings.Trim(m.a.Raw, `"`), strings.Trim(m.b.Raw, `"`)))
	})
}

// memberChange is a member that differs between two objects.
type memberChange struct {
	name string
	a, b jsondoc.Value
	only string // " (only in NAME)", "" if both have it
}

// differingMembers returns the members of two objects that differ, except for those named.
func differingMembers(a, b jsondoc.Value, nameA, nameB string, but ...string) []memberChange {
	var changes []memberChange
	for _, name := range namesOf(a, b) {
		m := memberChange{name: name, a: a.Member(name), b: b.Member(name)}
		if slices.Contains(but, name) || m.a.Equivalent(m.b) {
			continue
		}
		if !m.b.Exists() {
			m.only = " (only in " + nameA + ")"
		} else if !m.a.Exists() {
			m.only = " (only in " + nameB + ")"
		}
		changes = append(changes, m)
	}
	return changes
}
