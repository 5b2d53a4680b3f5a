package diff

import (
	"cmp"
	"maps"
	"regexp"
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
type origin struct {
	revision, version, repository, source string
	product                               string // what the labels name the image
	borrowed                              borrowedCommit
}

// borrowedCommit is a label with a commit that may be the base's, zero for none.
type borrowedCommit struct{ label, value, base string }

func originOf(art *model.Artifact, e *model.Entry) origin {
	m := metadataOf(art, e)
	var o origin
	o.version, o.source = m.version()
	o.repository = m.repository()
	o.product, _ = m.get(productLabels...)
	revision, source := m.revision()
	if img := imageOf(e); img != nil && art != nil && source == "label" {
		o.borrowed = borrowedCommitOf(*img, art.Ref)
	}
	if revision != "" && o.borrowed.label == "" {
		o.revision, o.source = revision, source
	}
	return o
}

// StatedCommit returns the commit that an image, or the index around it, states in a label or an annotation; "" for none. A
// label that may be inherited from the base does not count. Nothing checks what they state.
func (c Comparison) StatedCommit(side Side, p Pair) string {
	if side == SideB {
		return originOf(c.B, p.B).revision
	}
	return originOf(c.A, p.A).revision
}

// isKnown reports whether an origin has a commit or a version.
func (o origin) isKnown() bool { return o.revision != "" || o.version != "" }

// productLabels name the product of an image.
var productLabels = []string{v1.AnnotationTitle, "org.label-schema.name", "name"}

// commitProducts are the labels that name the product beside a label with a commit: those
// that one tool sets together.
var commitProducts = map[string]string{
	v1.AnnotationRevision: v1.AnnotationTitle, "org.label-schema.vcs-ref": "org.label-schema.name", "vcs-ref": "name",
	"io.openshift.build.commit.id": "name",
}

// borrowedCommitOf returns the label with the commit of an image if it may be inherited:
// the labels beside it name a product that is a base of others, that the label of the base
// names, or that is another one than the title.
func borrowedCommitOf(img model.Image, ref model.Ref) borrowedCommit {
	labels := img.Config.Config.Labels
	i := slices.IndexFunc(revisionLabels, func(key string) bool { return labels[key] != "" })
	if i < 0 {
		return borrowedCommit{}
	}
	key := revisionLabels[i]
	product := labels[commitProducts[key]]
	if product == "" || sharesName(product, ref) {
		return borrowedCommit{}
	}
	title, isOld := labels[v1.AnnotationTitle], key != v1.AnnotationRevision
	if isBaseProduct(product) || lastPart(labels[v1.AnnotationBaseImageName]) == lastPart(product) ||
		isOld && differByName(title, product) {
		return borrowedCommit{shortKey(key), labels[key], product}
	}
	return borrowedCommit{}
}

// isBaseProduct reports whether a product is a distribution, which others are built on:
// ubi9/ubi-micro, rhel8, debian.
func isBaseProduct(product string) bool {
	last := lastPart(product)
	return strings.HasPrefix(last, "ubi") || strings.HasPrefix(last, "rhel") || slices.Contains(distributions, last)
}

// sharesName reports whether a reference is named after a product.
func sharesName(product string, ref model.Ref) bool {
	if isBaseProduct(product) { // :1.2-ubi9 is built on ubi9, it is not ubi9; :ubi-9 is
		return strings.Contains(lettersOf(ref.Repository), lettersOf(lastPart(product))) ||
			withoutSeparators(ref.Tag) == withoutSeparators(lastPart(product))
	}
	return strings.Contains(lettersOf(ref.Repository+" "+ref.Tag), lettersOf(lastPart(product)))
}

// differByName reports whether two names cannot be those of one product.
func differByName(a, b string) bool {
	a, b = lettersOf(lastPart(a)), lettersOf(lastPart(b))
	return a != "" && b != "" && !strings.Contains(a, b) && !strings.Contains(b, a)
}

// lettersOf is the letters of a name in lower case.
func lettersOf(name string) string {
	return strings.Map(func(r rune) rune {
		if r < 'a' || r > 'z' {
			return -1
		}
		return r
	}, strings.ToLower(name))
}

var separators = strings.NewReplacer("-", "", "_", "", ".", "")

func withoutSeparators(name string) string { return strings.ToLower(separators.Replace(name)) }

// lastPart is the name after the last slash, without a tag or digest.
func lastPart(name string) string {
	name = afterSlash(name)
	if i := strings.IndexAny(name, ":@"); i >= 0 {
		name = name[:i]
	}
	return name
}

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

// whichCommit (E5). That no commit is stated is reported only for an image that was built
// again and whose labels name a version or a repository: there it would answer a question.
func whichCommit(c Comparison, p Pair, imgA, imgB *model.Image) []Finding {
	a, b := originOf(c.A, p.A), originOf(c.B, p.B)
	if isSame(p.Verdict.Code) || p.Verdict.isBase && a.isKnown() != b.isKnown() && isOnRelease(imgA, imgB) {
		return nil // E6 says whose label it is
	}
	return c.compareOrigins(p, a, b, imgA, imgB)
}

// compareOrigins is whichCommit for what the two sides state.
func (c Comparison) compareOrigins(p Pair, a, b origin, imgA, imgB *model.Image) []Finding {
	nameA, nameB := c.names()
	f := Finding{
		Rests: on(Claimed), Evidence: pairEvidence(p), Check: c.ConfigCheck(p, ".config.Labels"),
		Proof: changesProof([]change{
			{name: "revision", from: quotedOrNone(a.revision), to: quotedOrNone(b.revision)},
			{name: "version", from: quotedOrNone(a.version), to: quotedOrNone(b.version)},
			{name: "source", from: quotedOrNone(a.repository), to: quotedOrNone(b.repository)},
		}),
	}
	a.revision, b.revision = longerOf(a.revision, b.revision)
	borrowed := borrowedText(a, nameA) + borrowedText(b, nameB)
	switch {
	case a.revision == b.revision && a.version == b.version:
		isNamed := a.revision != "" || a.version != "" || a.repository != "" || b.repository != "" || borrowed != ""
		if p.Verdict.Code != SameRecipe || !isNamed {
			return nil
		}
		if a.revision != "" {
			f.Text = safe.Sprintf("Both are %s, as they state.", a.text())
			f.Next = safe.Const("Nothing to compare in the source repository: it is one commit. What the build downloads can differ")
			return []Finding{f}
		}
		f.Text = safe.Sprintf("The image was built again, and neither side states its commit, in a label or an annotation.%s", borrowed)
		f.Next = safe.Const("Set the label org.opencontainers.image.revision in CI")
	case a.revision != "" && a.revision == b.revision:
		commit := origin{revision: a.revision}.text()
		f.Text = safe.Sprintf("Both are %s, as they state; the version is %s in %s and %s in %s.",
			commit, quoted(orNone(a.version)), nameA, quoted(orNone(b.version)), nameB)
		f.Next = safe.Const("Nothing to compare in the source repository: it is one commit")
		if base, child, built := onEachOther(*imgA, *imgB, nameA, nameB); built {
			f.Rests = on(Claimed, Heuristic)
			f.Text = safe.Sprintf("Both state %s: %s may have inherited the label from its base, %s.", commit, child, base)
			f.Next = safe.Const("Set the label again in the last stage of the Dockerfile")
		}
	case !a.isKnown():
		f.Text = safe.Sprintf("%s%s", oneCommit(b, nameB, nameA), borrowed)
		f.Next = safe.Const("Set the label org.opencontainers.image.revision in CI, for each image")
	case !b.isKnown():
		f.Text = safe.Sprintf("%s%s", oneCommit(a, nameA, nameB), borrowed)
		f.Next = safe.Const("Set the label org.opencontainers.image.revision in CI, for each image")
	default:
		f.Severity = 1
		f.Text = safe.Sprintf("%s is %s, %s is %s, as %s.%s", nameA, a.text(), nameB, b.text(), statedBy(a, b), borrowed)
		f.Next = c.compareSources(a, b)
		f.Command = logCommand(a, b, goesBack(a.version, b.version) || builtBefore(imgB, imgA))
	}
	if borrowed != "" {
		f.Rests = on(Claimed, Heuristic)
		label := change{name: "a label that may be inherited", from: borrowedProof(a), to: borrowedProof(b)}
		f.Proof = append(f.Proof, changesProof([]change{label})...)
	}
	return []Finding{f}
}

// logCommand lists the commits between two of one repository, empty for others. From a newer
// one to an older one git lists nothing, so back swaps them.
func logCommand(a, b origin, back bool) safe.Text {
	if back {
		a, b = b, a
	}
	if a.repository == "" || a.repository != b.repository || !isHex(a.revision) || !isHex(b.revision) {
		return safe.Text{}
	}
	return safe.Sprintf("git log --oneline %s..%s", a.revision, b.revision)
}

// oneCommit says that only one side states its commit or version.
func oneCommit(o origin, name, other string) string {
	return name + " is " + o.text() + ", as its " + o.source + " states; " + other + " states no commit."
}

// borrowedText says of a side that its label with a commit may be the base's.
func borrowedText(o origin, name string) string {
	if o.borrowed.label == "" {
		return ""
	}
	return " The label " + quoted(o.borrowed.label) + " of " + name + " may be inherited from the base, " + quoted(o.borrowed.base) + "."
}

func borrowedProof(o origin) string {
	if o.borrowed.label == "" {
		return ""
	}
	return quoted(o.borrowed.label + "=" + o.borrowed.value + " beside the name " + o.borrowed.base)
}

// compareSources says where two commits or versions can be compared.
func (c Comparison) compareSources(a, b origin) safe.Text {
	nameA, nameB := c.names()
	what := "commits"
	if a.revision == "" || b.revision == "" {
		what = "versions"
	}
	switch {
	case a.repository != "" && a.repository == b.repository:
		return safe.Sprintf("Compare the two in the source repository, %s", quoted(a.repository))
	case a.repository != "" && b.repository != "":
		return safe.Sprintf("They come from two source repositories: %s and %s", quoted(a.repository), quoted(b.repository))
	case differByName(a.product, b.product):
		return safe.Sprintf("The labels name two products, %s and %s, so their %s belong to different histories",
			quoted(a.product), quoted(b.product), what)
	case a.repository != "":
		return safe.Sprintf("Only %s names its source repository, %s. Set org.opencontainers.image.source in CI", nameA, quoted(a.repository))
	case b.repository != "":
		return safe.Sprintf("Only %s names its source repository, %s. Set org.opencontainers.image.source in CI", nameB, quoted(b.repository))
	}
	return safe.Sprintf("Compare the two %s in the source repository. Neither image names it: set org.opencontainers.image.source in CI", what)
}

// statedBy says what the origins of two images are taken from.
func statedBy(a, b origin) string {
	source := cmp.Or(a.source, b.source)
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
	if found := c.inheritedLabel(p); len(found) > 0 {
		return found
	}
	found := c.onSides(p, distributionLabel)
	if a, b, ok := bothSides(p); ok && len(found) == 2 {
		distributionA, versionA := baseRelease(*a)
		distributionB, versionB := baseRelease(*b)
		if distributionA == distributionB {
			nameA, nameB := c.names()
			found[0].Text = safe.Sprintf("The labels version=%s in %s and version=%s in %s belong to the base, %s, not to these images.",
				quoted(versionA), nameA, quoted(versionB), nameB, distributionA)
			found[0].Evidence, found[0].Proof = pairEvidence(p), append(found[0].Proof, found[1].Proof...)
			found = found[:1]
		}
	}
	return found
}

// baseRelease is the distribution that an image is built on and its version, as labels that
// were inherited say, in an image with more than one layer and without a revision label:
// "version" beside the "ref.name" of a distribution, or beside its title and the same version
// under another name. It is "" for other images.
func baseRelease(img model.Image) (name, version string) {
	labels := img.Config.Config.Labels
	name, version = labels[v1.AnnotationRefName], labels[v1.AnnotationVersion]
	if version == "" || labelOf(img, revisionLabels) != "" || realLayers(img) < 2 {
		return "", ""
	}
	if titled := titledBase(labels); titled != "" && versionAgain(labels) != "" {
		return titled, version
	}
	if !slices.Contains(distributions, name) || name == "ubuntu" && !ubuntuRelease.MatchString(version) {
		return "", ""
	}
	return name, version
}

// isOnRelease reports whether a label of one of some images is that of the distribution it is
// built on.
func isOnRelease(images ...*model.Image) bool {
	return slices.ContainsFunc(images, func(img *model.Image) bool {
		name, _ := baseRelease(*img)
		return name != ""
	})
}

// titledBase is the distribution whose base image the title names: "openSUSE Leap 15.5 Base
// Container".
func titledBase(labels map[string]string) string {
	words := strings.Fields(strings.ToLower(labels[v1.AnnotationTitle]))
	if len(words) > 1 && slices.Contains(distributions, words[0]) && slices.Contains(words[1:], "base") {
		return words[0]
	}
	return ""
}

// versionAgain is the label of a distribution's own that repeats the version: openSUSE sets
// org.opensuse.base.version, too. One that an image sets for itself leaves the other as it was.
func versionAgain(labels map[string]string) string {
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		if key != v1.AnnotationVersion && strings.HasSuffix(key, ".version") && labels[key] == labels[v1.AnnotationVersion] {
			return key
		}
	}
	return ""
}

// ubuntuRelease is the form of the releases of Ubuntu: year and month.
var ubuntuRelease = regexp.MustCompile(`^\d\d\.(04|10)(\.\d+)?$`)

// distributionLabel goes by baseRelease.
func distributionLabel(s sideOf) []Finding {
	name, version := baseRelease(*s.img)
	if name == "" {
		return nil
	}
	labels, key := s.img.Config.Config.Labels, v1.AnnotationRefName
	if titledBase(labels) != "" {
		key = v1.AnnotationTitle
	}
	return []Finding{{
		Severity: 1, Rests: on(Structure), Evidence: []Evidence{{s.side, none, s.img.Config.Digest}},
		Text: safe.Sprintf("In %s, the label version=%s belongs to the base, %s, not to this image.", s.name, quoted(version), name),
		Next: safe.Const("Set the label again in the last stage of the Dockerfile"),
		Proof: []safe.Text{safe.Sprintf("%s=%s, %s=%s, no revision, %d layers with files",
			key, quoted(labels[key]), v1.AnnotationVersion, quoted(version), realLayers(*s.img))},
		Check: s.configCheck(".config.Labels"),
	}}
}

// inheritedLabel: one side is built on the other and still has its version label.
func (c Comparison) inheritedLabel(p Pair) []Finding {
	sides := p.sides
	if len(sides) < 2 {
		return nil
	}
	base, child := sides[0], sides[1]
	if len(child.img.Steps) < len(base.img.Steps) {
		base, child = child, base
	}
	version := labelOf(*base.img, versionLabels)
	if version == "" || labelOf(*child.img, versionLabels) != version ||
		labelOf(*child.img, revisionLabels) != labelOf(*base.img, revisionLabels) || !builtOn(*child.img, *base.img) {
		return nil
	}
	return []Finding{{
		Severity: 1, Rests: on(Structure), Evidence: pairEvidence(p),
		Text: safe.Sprintf("In %s, the label version=%s is inherited from its base, %s.", child.name, quoted(version), base.name),
		Next: safe.Const("Set the label again in the last stage of the Dockerfile"),
		Proof: []safe.Text{safe.Sprintf("version=%s on both sides; the %d diff_ids of %s are the first of %s",
			quoted(version), len(base.img.Config.RootFS.DiffIDs), base.name, child.name)},
		Check: c.ConfigCheck(p, ".config.Labels"),
	}}
}

// onEachOther names the base and the child where one image is built on the other.
func onEachOther(a, b model.Image, nameA, nameB string) (base, child string, ok bool) {
	switch {
	case builtOn(b, a):
		return nameA, nameB, true
	case builtOn(a, b):
		return nameB, nameA, true
	}
	return "", "", false
}

// builtOn reports whether the layers of base are the first layers of child, and child has
// more.
func builtOn(child, base model.Image) bool {
	layers := len(base.Config.RootFS.DiffIDs)
	return layers > 0 && len(child.Config.RootFS.DiffIDs) > layers && startsWith(&child, &base)
}

// minShortCommit is the least length of a commit cut short: git writes at least seven digits
// (git-config core.abbrev).
const minShortCommit = 7

// longerOf returns the longer of two commits for both if the other is its beginning.
func longerOf(a, b string) (string, string) {
	short, long := a, b
	if len(a) > len(b) {
		short, long = b, a
	}
	if len(short) >= minShortCommit && isHex(long) && strings.HasPrefix(long, short) {
		return long, long
	}
	return a, b
}

func sameCommit(a, b string) bool {
	a, b = longerOf(a, b)
	return a == b
}
