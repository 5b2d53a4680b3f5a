package diff

import (
	"slices"
	"strings"

	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// Labels for commit and version, the usual name first.
var (
	revisionLabels = []string{
		v1.AnnotationRevision, "org.label-schema.vcs-ref", "vcs-ref", "git.commit", "git-commit", "io.openshift.build.commit.id",
	}
	versionLabels = []string{v1.AnnotationVersion, "org.label-schema.version"}
)

// origin is commit, version and source repository, as labels or annotations of an image
// state them.
type origin struct{ revision, version, repository, source string }

func originOf(art *model.Artifact, e *model.Entry) origin {
	m := metadataOf(art, e)
	var o origin
	o.version, o.source = m.version()
	if revision, source := m.revision(); revision != "" {
		o.revision, o.source = revision, source
	}
	o.repository = m.repository()
	return o
}

// isKnown reports whether an origin has a commit or a version.
func (o origin) isKnown() bool { return o.revision != "" || o.version != "" }

// labelOf returns the first of the named labels that is set, in the config or as an
// annotation of the manifest.
func labelOf(img model.Image, names []string) string {
	for _, name := range names {
		for _, from := range []map[string]string{img.Config.Config.Labels, img.Manifest.Annotations} {
			if v := from[name]; v != "" {
				return v
			}
		}
	}
	return ""
}

// text returns the origin for a sentence: "commit e3b7d9f (v2.5.0)".
func (o origin) text() string {
	commit := o.revision
	if isHex(commit) && len(commit) > 12 {
		commit = commit[:12]
	}
	switch {
	case o.revision == "" && o.version == "":
		return "of unknown commit"
	case o.revision == "":
		return "version " + quoted(o.version)
	case o.version == "":
		return "commit " + quoted(commit)
	}
	return "commit " + quoted(commit) + " (" + quoted(o.version) + ")"
}

func isHex(s string) bool {
	return s != "" && strings.Trim(s, "0123456789abcdef") == ""
}

// whichCommit (E5). A missing origin is reported only for two different builds.
func whichCommit(c Comparison, p Pair) []Finding {
	_, _, ok := bothSides(p)
	if !ok || isSame(p.Verdict.Code) {
		return nil
	}
	nameA, nameB := c.names()
	a, b := originOf(c.A, p.A), originOf(c.B, p.B)
	f := Finding{
		Rests: on(Claimed), Evidence: pairEvidence(p), Check: c.ConfigCheck(p, ".config.Labels"),
		Proof: changesProof([]change{
			{"revision", quotedOrNone(a.revision), quotedOrNone(b.revision)}, {"version", quotedOrNone(a.version), quotedOrNone(b.version)},
			{"source", quotedOrNone(a.repository), quotedOrNone(b.repository)},
		}),
	}
	switch {
	case !a.isKnown() && !b.isKnown():
		f.Text = safe.Const("Neither image states its commit, in a label or an annotation.")
		f.Next = safe.Const("Set the label org.opencontainers.image.revision in CI")
	case a.revision == b.revision && a.version == b.version:
		return nil
	case a.revision != "" && a.revision == b.revision:
		f.Text = safe.Sprintf("Both are %s, as they state; the version is %s in %s and %s in %s.",
			origin{revision: a.revision}.text(), quoted(orNone(a.version)), nameA, quoted(orNone(b.version)), nameB)
		f.Next = safe.Const("Nothing to compare in the source repository: it is one commit")
	default:
		f.Severity = 1
		f.Text = safe.Sprintf("%s is %s, %s is %s, as %s.", nameA, a.text(), nameB, b.text(), statedBy(a, b))
		switch {
		case a.repository != b.repository && a.repository != "" && b.repository != "":
			f.Next = safe.Sprintf("They come from two source repositories: %s and %s", quoted(a.repository), quoted(b.repository))
		case a.repository == "" || a.repository != b.repository:
			f.Next = safe.Const("Compare them in the source repository. Not both images name one: set org.opencontainers.image.source in CI")
		default:
			f.Next = safe.Sprintf("Compare the two in the source repository, %s", quoted(a.repository))
		}
		if a.repository != "" && a.repository == b.repository && isHex(a.revision) && isHex(b.revision) {
			f.Command = safe.Sprintf("git log --oneline %s..%s", a.revision, b.revision)
		}
	}
	return []Finding{f}
}

// statedBy says what the origins of two images are taken from.
func statedBy(a, b origin) string {
	source := a.source
	if source == "" {
		source = b.source
	}
	if b.source != "" && b.source != source {
		return "labels and annotations state"
	}
	switch source {
	case "label":
		return "their labels state"
	case "annotation of the index entry":
		return "the annotations of their index entries state"
	}
	return "their annotations state"
}

func quotedOrNone(s string) string {
	if s == "" {
		return ""
	}
	return quoted(s)
}

// distributions set labels that images built on them inherit (buildkit#4110).
var distributions = []string{
	"ubuntu", "debian", "alpine", "rockylinux", "almalinux", "fedora", "centos", "amazonlinux", "opensuse", "photon",
}

// borrowedLabel (E6): a version label that belongs to the base.
func borrowedLabel(c Comparison, p Pair) []Finding {
	return append(c.onSides(p, distributionLabel), c.inheritedLabel(p)...)
}

// distributionLabel goes by "version" beside the "ref.name" of a distribution, in an image
// with more than one layer and without a revision label.
func distributionLabel(s sideOf) []Finding {
	labels := s.img.Config.Config.Labels
	name, version := labels[v1.AnnotationRefName], labels[v1.AnnotationVersion]
	if version == "" || !slices.Contains(distributions, name) || labelOf(*s.img, revisionLabels) != "" || realLayers(*s.img) < 2 {
		return nil
	}
	return []Finding{{
		Severity: 1, Rests: on(Structure), Evidence: []Evidence{{s.side, none, s.img.Config.Digest}},
		Text: safe.Sprintf("In %s, the label version=%s belongs to the base, %s, not to this image.", s.name, quoted(version), name),
		Next: safe.Const("Set the label again in the last stage of the Dockerfile"),
		Proof: []safe.Text{safe.Sprintf("%s=%s, %s=%s, no revision, %d layers with files",
			v1.AnnotationRefName, name, v1.AnnotationVersion, quoted(version), realLayers(*s.img))},
		Check: s.configCheck(".config.Labels"),
	}}
}

// inheritedLabel: one side is built on the other and still has its version label.
func (c Comparison) inheritedLabel(p Pair) []Finding {
	a, b, ok := bothSides(p)
	if !ok {
		return nil
	}
	base, child, childName := a, b, 1
	if len(b.Steps) < len(a.Steps) {
		base, child, childName = b, a, 0
	}
	version := labelOf(*base, versionLabels)
	if version == "" || labelOf(*child, versionLabels) != version ||
		labelOf(*child, revisionLabels) != labelOf(*base, revisionLabels) || !builtOn(*child, *base) {
		return nil
	}
	nameA, nameB := c.names()
	names := [2]string{nameA, nameB}
	return []Finding{{
		Severity: 1, Rests: on(Structure), Evidence: pairEvidence(p),
		Text: safe.Sprintf("In %s, the label version=%s is inherited from its base, %s.", names[childName], quoted(version), names[1-childName]),
		Next: safe.Const("Set the label again in the last stage of the Dockerfile"),
		Proof: []safe.Text{safe.Sprintf("version=%s on both sides; the %d diff_ids of %s are the first of %s",
			quoted(version), len(base.Config.RootFS.DiffIDs), names[1-childName], names[childName])},
		Check: c.ConfigCheck(p, ".config.Labels"),
	}}
}

// builtOn reports whether the layers of base are the first layers of child, and child has
// more.
func builtOn(child, base model.Image) bool {
	b, ch := base.Config.RootFS.DiffIDs, child.Config.RootFS.DiffIDs
	return len(b) > 0 && len(ch) > len(b) && slices.Equal(ch[:len(b)], b)
}
