package diff

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tagdiff/tagdiff/diff/version"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// caused puts the cause before the rung in the verdict on a pair, such as
// "python 3.10.20 → 3.10.21, on a newer debian:trixie-slim".
func (c Comparison) caused(p Pair, v Verdict) Verdict {
	if relation, ok := c.attached(); ok && v.Code == NotComparable && p.A != nil && p.B != nil {
		return relation
	}
	p.Verdict = v
	if cause := c.causeOf(p); !cause.IsEmpty() {
		v.Headline = safe.Clean(strings.TrimSuffix(v.Headline.String(), v.settings))
		return v.behind(cause, on(Claimed))
	}
	if two, ok := c.twoImages(p, v); ok {
		return two
	}
	if !v.differences.IsEmpty() && !v.isBase && nameOfBuild(*p.A) == nameOfBuild(*p.B) {
		v.Because = v.withoutDifferences
		return v.behind(v.differences, on(Claimed))
	}
	return v
}

// led puts a finding that stops a deployment before the verdict on the whole. v does not
// name the platforms that only one side has yet.
func (c Comparison) led(v Verdict) Verdict {
	stop, ok := c.stopFinding()
	switch {
	case v.Code == Identical:
		return c.withFaults(v, stop)
	case v.Code == Pending || len(c.shared()) == 0:
		return v
	}
	v = c.withLayouts(v)
	if !ok {
		v = c.withUnreadFacts(c.withOneSided(v))
		if isSame(v.Code) {
			v = c.withLimits(v)
		}
		if m, stale := c.olderCopy(); stale && !isSame(v.Code) {
			return v.behind(m.text(), on(Claimed))
		}
		return v
	}
	if v.isBase && stop.ID == "C1" || // a base may well have platforms that are not built on
		stop.ID == "C3" && v.Code == OtherEnvelope && len(c.relabelled()) > 0 { // the verdict says so
		return c.withOneSided(v)
	}
	if stop.ID != "C1" {
		v = c.withOneSided(v)
	}
	if n := len(c.shared()); stop.ID == "C1" && v.Headline == onlySameImage {
		v.Headline, v.Because = safe.Text{}, safe.Sprintf("The other %s the same", byNumber(n, "platform is", plural(n, "platform")+" are"))
	}
	if slices.Contains([]string{"C11", "D8"}, stop.ID) {
		v = c.withoutMissing(v)
	}
	return c.withUnreadFacts(v).behind(c.leadOf(stop), stop.Rests)
}

// withFaults ends the headline on one image that both references lead to with its gravest fault: what
// is proved, then why runtimes refuse it, then what is probable.
func (c Comparison) withFaults(v Verdict, stop Finding) Verdict {
	limited := c.withLimits(v)
	switch corrupt := c.corruptText(); {
	case trustOf(stop.Rests) == Proved:
		return v.withFault(c.leadOf(stop))
	case !corrupt.IsEmpty():
		return v.withFault(corrupt)
	case limited.Headline != v.Headline:
		return limited
	case !stop.Lead.IsEmpty():
		v.Headline = safe.Sprintf("%s, probably with a fault: %s", v.Headline, lowerFirst(stop.Lead))
	}
	return v
}

// withLayouts begins the verdict with what an index of tags has of the other side. Of different
// images the verdict follows.
func (c Comparison) withLayouts(v Verdict) Verdict {
	switch text := c.layoutText(); {
	case text.IsEmpty() || v.Code == Identical:
	case isSame(v.Code):
		v.Headline = text
	default:
		return v.behind(text, v.Rests)
	}
	return v
}

// withFault ends the headline on one image with what is wrong with it on both sides.
func (v Verdict) withFault(fault safe.Text) Verdict {
	v.Headline = safe.Sprintf("%s, with a fault: %s", v.Headline, lowerFirst(fault))
	return v
}

// withLimits ends the headline on one image with why ordinary runtimes cannot run it. That it is made
// for other runtimes, or is encrypted, is not a fault.
func (c Comparison) withLimits(v Verdict) Verdict {
	and := "; "
	if v.Code == Identical {
		and = ", and "
	}
	hasB4 := slices.ContainsFunc(c.allFindings(), func(f Finding) bool { return f.ID == "B4" })
	empty, refused, encrypted := c.pairsOfBoth(hasNoFiles), c.refusedTypes(), c.pairsOfBoth(isEncrypted)
	switch {
	case hasB4 && v.Code == Identical: // else the verdict says it
		return v.withFault(safe.Const("it is stored in the schema1 format"))
	case len(empty) > 0:
		return v.withFault(safe.Sprintf("%s has %s, so there is nothing to run", c.partText(empty, "it"), lackedLayers(empty[0].A.Image)))
	case len(refused) > 0:
		mediaType := unknownTypes(*refused[0].A)[0].Layer.MediaType
		if reader := readerOf(mediaType); reader != "" {
			v.Headline = safe.Sprintf("%s%sonly %s can run %s", v.Headline, and, reader, c.partText(refused, "it"))
			return v
		}
		return v.withFault(safe.Sprintf("layers%s have the media type %s, which runtimes do not know",
			c.ofPart(refused), quoted(mediaType)))
	case len(encrypted) > 0:
		text := safe.Sprintf("layers%s are encrypted, as their media types say", c.ofPart(encrypted))
		if v.Code == Identical && len(encrypted) == len(c.shared()) {
			text = safe.Const("encrypted, as the media types of layers say")
		}
		v.Headline = safe.Sprintf("%s%s%s", v.Headline, and, text)
	}
	return v
}

// pairsOfBoth are the pairs for whose images something holds on both sides.
func (c Comparison) pairsOfBoth(holds func(*model.Image) bool) []Pair {
	return matching(c.shared(), func(p Pair) bool {
		a, b, ok := bothSides(p)
		return ok && holds(a) && holds(b)
	})
}

func hasNoFiles(img *model.Image) bool { return lackedLayers(img) != "" }

func isEncrypted(img *model.Image) bool { return len(img.Encrypted()) > 0 }

// partText names the platforms of some pairs, or all if these are all.
func (c Comparison) partText(pairs []Pair, all string) string {
	if len(pairs) == len(c.shared()) {
		return all
	}
	return list(mapped(pairs, platformOrImage))
}

// ofPart is " of linux/arm64", "" for all pairs.
func (c Comparison) ofPart(pairs []Pair) string {
	if part := c.partText(pairs, ""); part != "" {
		return " of " + part
	}
	return ""
}

// corruptText says which bytes of the registry cannot be used, empty if all can.
func (c Comparison) corruptText() safe.Text {
	for _, p := range c.shared() {
		for _, s := range c.entriesOf(p) {
			if model.IsCorrupt(s.entry.Err) {
				return safe.Gate{}.Clean(model.ShortError(s.entry.Err))
			}
		}
	}
	return safe.Text{}
}

// withoutMissing leaves out that images could not be read where the sentence before says that
// they, or parts of them, are missing in the registry.
func (c Comparison) withoutMissing(v Verdict) Verdict {
	isOther := func(p Pair) bool {
		return p.A.Err == nil && p.B.Err == nil || p.A.Err != nil && !lacksPart(p.A.Err) || p.B.Err != nil && !lacksPart(p.B.Err)
	}
	if v.Code != NotComparable || slices.ContainsFunc(c.shared(), isOther) {
		return v
	}
	v.Headline, v.Because = safe.Text{}, safe.Join(c.onlyListed(), ". ")
	return v
}

// onlyListed says which platforms only one side lists.
func (c Comparison) onlyListed() (facts []safe.Text) {
	onlyA, onlyB := c.onlyIn()
	nameA, nameB := c.names()
	if len(onlyA) > 0 {
		facts = append(facts, safe.Sprintf("Only %s lists %s", nameA, list(onlyA)))
	}
	if len(onlyB) > 0 {
		facts = append(facts, safe.Sprintf("Only %s lists %s", nameB, list(onlyB)))
	}
	return facts
}

// withUnreadFacts adds to the verdict on images that could not be read what their manifests
// and annotations say. That configs or manifests are missing is what the headline says.
func (c Comparison) withUnreadFacts(v Verdict) Verdict {
	isUnread := func(p Pair) bool { return p.A.Err != nil || p.B.Err != nil }
	if v.Code != NotComparable || !slices.ContainsFunc(c.shared(), isUnread) {
		return v
	}
	var facts []safe.Text
	if blobs := c.sameBlobsText(); blobs != "" {
		facts = append(facts, safe.Sprintf("Both name the same %s", blobs))
		nameA, nameB := c.names()
		if changes := manifestChanges(c.A.Top, c.B.Top, nameA, nameB); len(changes) > 0 {
			facts = append(facts, safe.Sprintf("What differs in the manifests: %s", list(changes)))
		}
	}
	if bump := c.annotatedBump(); bump != "" {
		facts = append(facts, safe.Sprintf("Annotations say %s", bump))
	}
	p := c.shared()[0]
	switch isMissing := lacksPart(p.A.Err) || lacksPart(p.B.Err); {
	case len(facts) > 0 && isMissing:
		v.Headline, v.Because = safe.Text{}, safe.Join(append(facts, c.onlyListed()...), ". ")
	case len(facts) > 0:
		v.Because = safe.Join(append([]safe.Text{v.Because}, facts...), ". ")
	}
	return v
}

// sameBlobsText names the blobs that the manifests of two single images share, "" for none.
func (c Comparison) sameBlobsText() string {
	a, b := c.A.Top, c.B.Top
	if isIndex(*c.A) || isIndex(*c.B) || a.Config.Digest == "" || a.Config.Digest != b.Config.Digest {
		return ""
	}
	if len(a.Layers) > 0 && sameBlobs(a.Layers, b.Layers) {
		return "config and " + byNumber(len(a.Layers), "layer", "layers")
	}
	return "config"
}

// leadOf is the lead of a finding, for both sides if images or blobs of both are missing.
func (c Comparison) leadOf(stop Finding) safe.Text {
	nameA, nameB := c.names()
	onOtherSide := func(f Finding) bool { return f.ID == stop.ID && f.Evidence[0].Side != stop.Evidence[0].Side }
	switch canBeBoth := stop.ID == "C11" || stop.ID == "D8" && len(c.shared()) == 1; {
	case !canBeBoth || !slices.ContainsFunc(c.allFindings(), onOtherSide):
		return stop.Lead
	case stop.ID == "C11":
		return safe.Sprintf("Images of %s and of %s are missing in the registry", nameA, nameB)
	}
	return safe.Sprintf("Neither %s nor %s can be pulled: blobs of both are missing in the registry", nameA, nameB)
}

// annotatedBump is the version that annotations state for two images that cannot be read,
// "" if they state none or the same.
func (c Comparison) annotatedBump() string {
	p := c.shared()[0]
	from, _ := metadataOf(c.A, p.A).version()
	to, _ := metadataOf(c.B, p.B).version()
	if from == to || !namesVersion(from) || !namesVersion(to) || !c.areVersions(p) {
		return ""
	}
	return bump{cmp.Or(productOf(c.A.Ref.Repository, c.B.Ref.Repository), "version"), from, to}.text()
}

// behind moves the sentence of the rung behind a cause, which needs other evidence.
func (v Verdict) behind(cause safe.Text, rests []Ground) Verdict {
	rung := v.Headline
	if trustOf(rests) == Proved && v.Trust != Proved { // the word after the headline would say too much of this
		rung = safe.Sprintf("%s (%s)", rung, string(v.Trust))
	}
	if v.Headline == unrelatedImages { // two versions of one product are not unrelated
		rung = safe.Text{}
	}
	if !rung.IsEmpty() {
		link := ". "
		if text := v.Because.String(); lowerFirst(v.Because).String() == text && !strings.Contains(rung.String(), "; ") {
			link = ": " // the error of a document, or the name of a platform
		}
		v.Because = safe.Sprintf("%s%s%s", rung, link, v.Because)
	}
	v.Headline, v.Rests, v.strangers = cause, rests, false
	return v.trusted()
}

// causeOf finds what changed between two builds: a version, and the base under it. Claims
// show it. It is empty for the rungs of the same image, which have no such cause.
func (c Comparison) causeOf(p Pair) safe.Text {
	a, b, ok := bothSides(p)
	if !ok || !slices.Contains([]Code{SameRecipe, SameBase, Unrelated}, p.Verdict.Code) || p.Verdict.isBase ||
		nameOfBuild(*p.A) != nameOfBuild(*p.B) {
		return safe.Text{}
	}
	base := c.baseText(p, a, b)
	v, bumped := c.bumpOf(p)
	from, to := p.A.Platform().OSVersion, p.B.Platform().OSVersion
	switch {
	case bumped && base != "":
		return safe.Clean(v + ", on " + base)
	case bumped:
		return safe.Clean(v + buildpackParts(a, b))
	case from != to && from != "" && to != "":
		return c.windowsCause(from, to)
	case base != "" && releaseBump(a, b) != "":
		if p.Verdict.Step > 1 { // the root is the same, whatever the labels say
			return safe.Text{}
		}
		return safe.Clean("The base moved: " + releaseBump(a, b) + p.ownFilesText(max(p.baseA.Steps, 1)))
	case base != "" && p.Verdict.Code == SameRecipe && !isFlattened(a) && !isFlattened(b):
		return safe.Clean("Built again on " + base + p.ownFilesText(max(p.baseA.Steps, 1)))
	case c.namesOtherBase(p) != "":
		return safe.Clean(c.namesOtherBase(p))
	}
	return c.rootsText(p, a, b)
}

// windowsCause says that two images are for two versions of Windows.
func (c Comparison) windowsCause(from, to string) safe.Text {
	nameA, nameB := c.names()
	age := "the older "
	if version.Parse(to).CompareRelease(version.Parse(from)) > 0 {
		age = "the newer "
	}
	return safe.Sprintf("Another Windows: %s in %s, %s%s in %s", quoted(from), nameA, age, quoted(to), nameB)
}

// namesOtherBase says that annotations of one side name a base of the tag of the other side, and
// a digest that is not that of the other side: its tag has moved, or an older base was used. The
// steps must agree except for the root, since many repositories have tags of one name.
func (c Comparison) namesOtherBase(p Pair) string {
	sides := c.entriesOf(p)
	for i, child := range slices.Backward(sides) {
		base := sides[1-i]
		art := c.artifact(base.side)
		claim := c.claimOf(child.side, child.entry).direct()
		name, d := claim.Name, claim.Digest
		ref, err := model.ParseRef(name)
		if err != nil || d == "" || ref.Tag == "" || ref.Tag != art.Ref.Tag {
			continue
		}
		if own, under := base.entry.Image.Steps, child.entry.Image.Steps; d != art.Top.Digest && d != base.entry.Descriptor.Digest &&
			len(own) > 1 && len(own) < len(under) && verbOf(own[0]) == verbOf(under[0]) && beginsWith(under[1:], own[1:]) {
			return child.name + " names " + quoted(name) + " as its base, by the digest " + short(d) + ", which is not this " + base.name
		}
	}
	return ""
}

// rootsText says that two root filesystems of Debian are of other suites or days, empty if
// nothing tells. If one side is only such a root, the other one is built on one.
func (c Comparison) rootsText(p Pair, a, b *model.Image) safe.Text {
	roots := debianRoots(a, b)
	nameA, nameB := c.names()
	switch onA, onB := isRootAlone(a.Steps), isRootAlone(b.Steps); {
	case roots == "" || onA == onB && otherStepsFrom(p.Rows, 2):
		return safe.Text{}
	case onA && !onB:
		return safe.Sprintf("%s is built on %s; %s is %s", nameB, debianText(b), nameA, debianText(a))
	case onB && !onA:
		return safe.Sprintf("%s is built on %s; %s is %s", nameA, debianText(a), nameB, debianText(b))
	}
	return safe.Clean(roots)
}

func debianText(img *model.Image) string {
	suite, day := debianOf(img)
	return "debian " + suite + " of " + day
}

// releaseBump is the change of the distribution that two images are built on, as labels say.
func releaseBump(a, b *model.Image) string {
	nameA, from := baseRelease(*a)
	nameB, to := baseRelease(*b)
	if nameA == "" || nameA != nameB || from == to {
		return ""
	}
	return nameA + " " + quoted(from) + " → " + quoted(to)
}

// debianRoots names two root filesystems of Debian that are of other suites or days.
func debianRoots(a, b *model.Image) string {
	suiteA, dayA := debianOf(a)
	suiteB, dayB := debianOf(b)
	switch {
	case suiteA == "" || suiteB == "" || suiteA == suiteB && dayA == dayB:
		return ""
	case suiteA != suiteB:
		return "debian " + suiteA + " → " + suiteB
	}
	return "debian " + suiteA + " of " + dayA + " → " + dayB
}

// baseText names the base of B where the two bases differ, "" where nothing tells.
func (c Comparison) baseText(p Pair, a, b *model.Image) string {
	if len(p.Rows) == 0 || p.Rows[0].Class == Same || p.Rows[0].Class == RepackedRow {
		return ""
	}
	age := ageText(a, b)
	if osA, osB := p.A.Platform().OSVersion, p.B.Platform().OSVersion; osA != osB && osB != "" {
		return "Windows " + quoted(osB)
	}
	if runA, runB := runImageName(a), runImageName(b); runA != runB && runB != "" {
		return "another run image"
	}
	from, to := c.BaseClaim(SideA, p), c.BaseClaim(SideB, p)
	if to.Name != "" && to.Name != scratch && (!sameReference(from.Name, to.Name) || from.Digest != to.Digest) {
		if !sameReference(from.Name, to.Name) {
			age = ""
		}
		return age + quoted(to.Name)
	}
	if suite, _, _ := debianBump(a, b); suite != "" {
		return age + "debian " + suite
	}
	if debianRoots(a, b) != "" {
		suite, _ := debianOf(b)
		return "debian " + suite
	}
	if releaseBump(a, b) != "" {
		name, release := baseRelease(*b)
		return name + " " + quoted(release)
	}
	return ""
}

// ageText compares the oldest dated steps of two images: "a newer ", "an older ", or "another "
// for one date or none.
func ageText(a, b *model.Image) string {
	first := func(img *model.Image) (unix int64) {
		for _, s := range img.Steps {
			if t := model.RealDate(s.Created); t != nil {
				return t.Unix()
			}
		}
		return 0
	}
	from, to := first(a), first(b)
	switch {
	case from == 0 || to == 0 || from == to:
		return "another "
	case from < to:
		return "a newer "
	}
	return "an older "
}

// debianBump is the Debian suite of two root filesystems of other days.
func debianBump(a, b *model.Image) (suite, from, to string) {
	suiteA, dayA := debianOf(a)
	suiteB, dayB := debianOf(b)
	if suiteA == "" || suiteA != suiteB || dayA == dayB {
		return "", "", ""
	}
	return suiteA, dayA, dayB
}

// stopFinding is the gravest finding that stops a deployment and that one side has and the
// other has not, or that both have if they are one image. Of layers that are not what they
// claim (D15, D7), the verdict on two images speaks.
func (c Comparison) stopFinding() (Finding, bool) {
	all := c.allFindings()
	sortFindings(all)
	identical := c.Verdict.Code == Identical
	i := slices.IndexFunc(all, func(f Finding) bool {
		return f.Severity >= 3 && !f.Lead.IsEmpty() && !f.Common && (identical || f.ID != "D15" && f.ID != "D7")
	})
	if i < 0 {
		return Finding{}, false
	}
	return all[i], true
}
