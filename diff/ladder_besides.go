package diff

import (
	"maps"
	"slices"
	"strings"

	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model/safe"
)

// withBesides adds to the evidence what differs beside the cause and what no finding names:
// settings, labels and annotations.
func (l *ladder) withBesides(v Verdict) Verdict {
	var besides []string
	switch {
	case v.Code == SameRecipe, v.says == "D17":
		v.Headline = l.withSettings(v.Headline)
		if changes := matching(l.changes(), isUnnamed); len(changes) > 0 {
			besides = append(besides, fieldsText(changes, l.nameB))
		}
		besides = append(besides, l.annotationChanges(isBuildNote)...)
	case v.Code == Reprinted && !l.hasSchema1():
		besides = append(l.annotationChanges(func(string) bool { return false }), unnamedMembers(l.a.Manifest, l.b.Manifest, l.nameA, l.nameB)...)
	}
	if len(besides) > 0 {
		v.Because = safe.Sprintf("%s. What else differs: %s", v.Because, list(besides))
	}
	return v
}

// withSettings adds the settings that differ to a headline: no instruction of a recipe that is the
// same says so.
func (l *ladder) withSettings(headline safe.Text) safe.Text {
	text := fieldsText(matching(l.changes(), func(c fieldChange) bool { return c.kind == fieldSetting }), l.nameB)
	if text == "" || strings.Contains(headline.String(), text) {
		return headline
	}
	return safe.Sprintf("%s; %s", headline, text)
}

// otherSettings names what differs in the configs of a pair and matters to a container, "" if nothing does. Beside
// files that are the same it names all for which Accept refuses, too.
func (p Pair) otherSettings(nameA, nameB string) string {
	if imageOf(p.A) == nil || imageOf(p.B) == nil {
		return ""
	}
	l := newLadder(p, nameA, nameB)
	l.a, l.b = p.A.Image, p.B.Image
	isSaid := func(c fieldChange) bool { return c.kind == fieldSetting || c.kind == fieldEnv }
	if code := p.insideCode(); code != InsideFiles && code != InsidePackages {
		isSaid = func(c fieldChange) bool { return !isAcceptedChange(c) }
	}
	changes := withoutMinor(matching(l.changes(), isSaid))
	const most = 3
	text := fieldsText(changes[:min(len(changes), most)], nameB)
	if more := len(changes) - most; more > 0 {
		text += "; " + plural(more, "more field") + byNumber(more, " of the config differs", " of the config differ")
	}
	return text
}

// annotationChanges names the annotations of two manifests that differ, except for those of some names.
func (l *ladder) annotationChanges(isLeftOut func(key string) bool) []string {
	var notes annotationSet
	a, b := maps.Clone(l.a.Manifest.Annotations), maps.Clone(l.b.Manifest.Annotations)
	for _, from := range []map[string]string{a, b} {
		maps.DeleteFunc(from, func(key, _ string) bool { return isLeftOut(key) })
	}
	notes.add("", a, b)
	return notes.phrases(l.nameA, l.nameB)
}

// isUnnamed reports whether a change of a config has no finding: a label, or a field that the
// specification does not have.
func isUnnamed(c fieldChange) bool {
	return c.kind == fieldUnknown || c.kind == fieldLabel && !isBuildNote(c.name)
}

// isBuildNote reports whether a label or annotation tells commit, source, version, date or base, which
// differ in each build and which findings compare.
func isBuildNote(key string) bool {
	known := []string{v1.AnnotationCreated, v1.AnnotationSource, v1.AnnotationBaseImageName, v1.AnnotationBaseImageDigest}
	known = append(known, revisionLabels...)
	return slices.Contains(append(known, versionLabels...), key) || strings.Contains(key, "build-date") || key == buildahLabel
}
