package diff

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/diff/jsondoc"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// rungs are the codes of the ladder in order, best first.
var rungs = []Code{
	Identical, OtherEnvelope, Repacked, Reprinted, SameEncrypted, OtherSettings, OtherRecord, Rewritten,
	SameRecipe, SameBase, Unrelated, NotComparable,
}

func rank(c Code) int { return slices.Index(rungs, c) }

// overall returns the verdict on the whole comparison. settled is false while
// it is unknown which platforms both sides have.
func (c Comparison) overall(settled bool) Verdict {
	a, b := c.A.Top.Digest, c.B.Top.Digest
	switch {
	case a != "" && a == b:
		return Verdict{
			Code: Identical, Rests: on(Hashed), Headline: safe.Const("Identical"),
			Because: safe.Sprintf("Same bytes: both references lead to sha256:%s", short(a)),
			Proof:   []safe.Text{safe.Sprintf("digest(A) = digest(B) = %s", a)}, Command: c.digestsCommand(),
		}.trusted()
	case a == "" || b == "" || !settled:
		return Verdict{}
	}
	return c.worst().trusted()
}

// worst returns the worst verdict among the pairs that both sides have. The
// text says how many pairs have that verdict.
func (c Comparison) worst() Verdict {
	shared := c.shared()
	if len(shared) == 0 {
		return c.noSharedPlatform()
	}
	worst := worstOf(shared)
	if worst == nil {
		return Verdict{}
	}
	v := worst[0].Verdict
	switch {
	case v.Code == Identical && c.A.Top.Digest != c.B.Top.Digest:
		v = c.otherEnvelope(shared)
	case len(shared) > 1 && len(worst) == len(shared):
		v = sharedByAll(worst)
	case len(shared) > 1:
		v = sharedBySome(worst, shared)
	case isSame(v.Code) && isIndex(*c.A) != isIndex(*c.B):
		v.Headline, v.says = safe.Sprintf("%s; %s is an index around it", v.Headline, c.sideWithIndex()), "A9"
	}
	v.Inside = insideOfAll(shared)
	if firsts := c.otherFirsts(); isSame(v.Code) && len(firsts) > 0 && len(c.relabelled()) == 0 {
		v.Headline = c.otherFirstText(firsts)
		if v.Code == OtherEnvelope && isIndex(*c.A) && isIndex(*c.B) {
			v.Because = safe.Sprintf("Both list the same %s%s", afterFirst(len(shared), "image"), c.moreListed())
		}
	}
	return v.trusted()
}

// worstOf returns the pairs that have the worst verdict, nil while one has none.
func worstOf(pairs []Pair) []Pair {
	if slices.ContainsFunc(pairs, func(p Pair) bool { return p.Verdict.Code == Pending }) {
		return nil
	}
	worst := slices.MaxFunc(pairs, func(p, o Pair) int { return cmp.Compare(rank(p.Verdict.Code), rank(o.Verdict.Code)) })
	return matching(pairs, func(p Pair) bool { return p.Verdict.Code == worst.Verdict.Code })
}

// sideWithIndex names the side that is an index, where the other is a single image.
func (c Comparison) sideWithIndex() string {
	nameA, nameB := c.names()
	if isIndex(*c.A) {
		return nameA
	}
	return nameB
}

func (c Comparison) shared() []Pair {
	return matching(c.Pairs, func(p Pair) bool { return p.A != nil && p.B != nil })
}

// sharedByAll returns the verdict for several platforms that all have the same one.
func sharedByAll(pairs []Pair) Verdict {
	v := together(pairs)
	v.Headline = safe.Sprintf("%s, on %s", v.Headline, allPlatforms(pairs))
	if pairs[0].Platform != "" {
		v.Because = safe.Sprintf("%s: %s", pairs[0].Platform, lowerFirst(v.Because))
	}
	return v
}

// together returns the verdict of the first of some pairs of one code, with a headline that holds for
// all of them. Steps are named only if they are the same, files only if the layers of each pair were read.
func together(pairs []Pair) Verdict {
	v, code := pairs[0].Verdict, pairs[0].Verdict.Inside
	isOther := func(o Verdict) bool { return o.Headline != v.Headline }
	if slices.ContainsFunc(pairs, func(p Pair) bool { return p.Verdict.Inside != code }) {
		code = InsideUnknown
	}
	if slices.ContainsFunc(pairs, func(p Pair) bool { return isOther(p.Verdict) }) {
		v = pairs[0].Verdict.withFilesBehind()
	}
	withoutStep, ok := map[Code]safe.Text{
		SameBase: safe.Const("The first layers are the same, then different"), SameRecipe: safe.Const("Same recipe, built again"),
	}[v.Code]
	if ok && slices.ContainsFunc(pairs, func(p Pair) bool { return isOther(p.Verdict) && isOther(p.Verdict.withFilesBehind()) }) {
		v.Headline, v.Step = withoutStep, 0
	}
	v.Inside = code
	return v
}

// withFilesBehind is v without files in its headline.
func (v Verdict) withFilesBehind() Verdict {
	if v.filesBehind != nil {
		return *v.filesBehind
	}
	return v
}

// allPlatforms returns "both platforms", "all 3 platforms", or "all 3 images" if two of them
// are for one platform.
func allPlatforms(pairs []Pair) string {
	noun, seen := "platforms", map[string]bool{}
	for _, p := range pairs {
		if seen[p.Platform] {
			noun = "images"
		}
		seen[p.Platform] = true
	}
	if len(pairs) == 2 {
		return "both " + noun
	}
	return fmt.Sprintf("all %d %s", len(pairs), noun)
}

// sharedBySome names the platforms that have the worst verdict, and summarizes
// the others.
func sharedBySome(worst, shared []Pair) Verdict {
	v := together(worst)
	which := platformText(worst[0].Platform)
	if e := worst[0].A; worst[0].Platform == "" && e.Err != nil {
		which = "sha256:" + short(e.Descriptor.Digest)
	}
	if isOther := nameOf(*worst[0].A) != nameOf(*worst[0].B); isOther {
		which = nameOfBuild(*worst[0].A) // the headline has the versions of Windows
	}
	if more := len(worst) - 1; more > 0 {
		which += " and " + plural(more, "more platform")
	}
	v.Headline = safe.Sprintf("On %s, %s", which, lowerFirst(v.Headline))
	same := countOf(shared, func(p Pair) bool { return isSame(p.Verdict.Code) })
	switch others := len(shared) - len(worst); {
	case isSame(v.Code):
		v.Because = safe.Sprintf("%s. The other %s identical", v.Because, otherPlatforms(others))
	case same == others:
		v.Because = safe.Sprintf("%s. The other %s the same image", v.Because, otherPlatforms(others))
	case same > 0:
		v.Because = safe.Sprintf("%s. %s of %d are the same image", v.Because, plural(same, "platform"), len(shared))
	}
	return v
}

func otherPlatforms(n int) string { return byNumber(n, "platform is", plural(n, "platform")+" are") }

// otherEnvelope is the verdict if every platform has the same manifest, but the
// index differs.
func (c Comparison) otherEnvelope(shared []Pair) Verdict {
	v := Verdict{Code: OtherEnvelope, Rests: on(Hashed), Command: c.digestsCommand()}
	same, sameIn := "Same image", "Same image, different index"
	if e := shared[0].A; e.Role == model.RoleArtifact {
		same, sameIn = "The same "+withoutArticle(shortArtifactText(*e)), "Same artifact, different index"
	}
	v.Proof = []safe.Text{safe.Sprintf("digest(A) = %s", c.A.Top.Digest), safe.Sprintf("digest(B) = %s", c.B.Top.Digest)}
	for _, p := range shared {
		v.Proof = append(v.Proof, safe.Sprintf("%s: manifest(A) = manifest(B) = %s", platformOrImage(p), p.A.Descriptor.Digest))
	}
	p := shared[0]
	v.Because = safe.Sprintf("The manifests of %s are the same", allPlatforms(shared))
	if len(shared) == 1 {
		v.Because = safe.Sprintf("%s is manifest sha256:%s on both sides", platformOrImage(p), short(p.A.Descriptor.Digest))
	}
	switch twins := c.duplicateEntries(); {
	case isIndex(*c.A) != isIndex(*c.B):
		v.Headline, v.says = safe.Sprintf("%s; %s is an index around it", same, c.sideWithIndex()), "A9"
		if also := c.alsoOffered(); also != "" {
			v.Headline = safe.Sprintf("%s; it%s", v.Headline, strings.TrimPrefix(also, c.sideWithIndex()))
		}
	case len(c.relabelled()) > 0:
		v.Headline, v.says = safe.Clean(c.relabelledText()), "C3"
	case len(twins) > 0 && len(c.otherDuplicates()) == 0:
		v.Headline = c.twinsText(twins)
	case len(twins) > 0:
		v.Headline = c.buildsText()
	case len(c.forOtherClients()) > 0:
		v.Headline = safe.Sprintf("Same images; %s", c.alsoOffered())
	case len(c.shared()) < len(c.Pairs) && len(c.otherDuplicates()) == len(twins):
		v.Headline = onlySameImage // the platforms of one side follow
	default:
		short, all, says := c.envelopeDifference()
		v.Headline, v.says = safe.Sprintf("%s: %s", sameIn, short), says
		if short != all {
			v.Because = safe.Sprintf("%s; what differs in the index: %s", v.Because, all)
		}
	}
	return v
}

// twinsText names the platforms that one side offers in a second packing, which pairs with
// these indexes have.
func (c Comparison) twinsText(twins []int) safe.Text {
	twin := c.entriesOf(c.Pairs[twins[0]])[0]
	them := "them"
	if platforms := distinct(twins, func(i int) string { return c.Pairs[i].Platform }); len(platforms) < len(c.shared()) {
		them = list(platforms)
	}
	text := safe.Sprintf("Same images; %s also offers %s %s",
		twin.name, them, packingBeside(c.sharedEntry(c.Pairs[twins[0]].Platform), *twin.entry))
	if first := firstNamed(candidates(*c.artifact(twin.side)), c.Pairs[twins[0]].Platform); manifestKey(first) == manifestKey(*twin.entry) {
		return safe.Sprintf("%s, which it lists first", text)
	}
	return text
}

// buildsText names the platforms that one side lists several times with different images.
func (c Comparison) buildsText() safe.Text {
	others := c.otherDuplicates()
	name := c.entriesOf(c.Pairs[others[0]])[0].name
	if isUnread := func(i int) bool { return cmp.Or(c.Pairs[i].A, c.Pairs[i].B).Err != nil }; slices.ContainsFunc(others, isUnread) {
		platforms := distinct(others, func(i int) string { return c.Pairs[i].Platform })
		return safe.Sprintf("%s lists %s more than once; not all entries could be read", name, list(platforms))
	}
	if platforms := distinct(others, func(i int) string { return c.Pairs[i].Platform }); len(platforms) > 1 {
		return safe.Sprintf("%s lists %s more than once, as different images", name, list(platforms))
	}
	n := len(others) + 1
	return safe.Sprintf("%s lists %s %s, %s different images", name, c.Pairs[others[0]].Platform, timesText(n), countWord(n))
}

var onlySameImage = safe.Const("Same image")

// packingBeside says how an image differs from another one of the same content.
func packingBeside(first, e model.Entry) string {
	if packing := packingOf(e); packing == inZstd || configKey(first) == configKey(e) {
		return packing
	}
	return reformatted
}

// packingOf says how the layers of an image are compressed: "in zstd".
func packingOf(e model.Entry) string {
	if slices.ContainsFunc(e.Image.Manifest.Layers, func(d v1.Descriptor) bool { return strings.HasSuffix(d.MediaType, "zstd") }) {
		return inZstd
	}
	return "in another packing"
}

const inZstd = "in zstd"

const reformatted = "with its config formatted differently"

func platformOrImage(p Pair) string {
	if e := cmp.Or(p.A, p.B); e.Role == model.RoleArtifact {
		return "The artifact"
	}
	return cmp.Or(p.Platform, "The image")
}

// envelopeDifference names what differs between two indexes of the same images, in short
// and in full, and the finding that says the same.
func (c Comparison) envelopeDifference() (short, all, says string) {
	nameA, nameB := c.names()
	only := ""
	switch {
	case len(orphansOnly(*c.A, *c.B, nameA))+len(orphansOnly(*c.B, *c.A, nameB)) > 0: // among the changes
	case !slices.Equal(attestations(*c.A), attestations(*c.B)):
		only, says = "the build attestations", "A2"
	case jsondoc.Equal(c.A.Top.Raw, c.B.Top.Raw):
		only = "a tool rewrote its JSON"
	case isNested(*c.A) && !isNested(*c.B):
		only, says = nameA+" has inner indexes", "C14"
	case isNested(*c.B) && !isNested(*c.A):
		only, says = nameB+" has inner indexes", "C14"
	}
	if changes := indexChanges(*c.A, *c.B, nameA, nameB); only == "" && len(changes) > 0 {
		return firstOf(changes), list(changes), ""
	}
	only = cmp.Or(only, "its bytes")
	return only, only, says
}

// firstOf is the first of some changes, with the number of the others.
func firstOf(changes []string) string { return firstAnd(changes, "other change") }

// firstAnd is up to two of some things, or the first one and the number of the others.
func firstAnd(things []string, other string) string {
	if len(things) <= 2 {
		return list(things)
	}
	return things[0] + " and " + plural(len(things)-1, other)
}

// isNested reports whether an index lists an index.
func isNested(a model.Artifact) bool {
	return slices.ContainsFunc(a.Entries, func(e model.Entry) bool { return e.Role == model.RoleIndex })
}

func attestations(a model.Artifact) []string { return digestsOf(a, model.RoleAttestation) }

// unknownEntries are the entries with platform unknown/unknown that nothing says to be
// attestations.
func unknownEntries(a model.Artifact) []string { return digestsOf(a, model.RoleUnknown) }

func digestsOf(a model.Artifact, role model.Role) []string {
	return mapped(matching(a.Entries, func(e model.Entry) bool { return e.Role == role }), manifestKey)
}

// withOneSided adds the platforms that only one side has to the headline: even
// if the shared ones are the same image, the tags are not interchangeable.
func (c Comparison) withOneSided(v Verdict) Verdict {
	if c.hasLayout() { // its entries are not the platforms of one image
		return v
	}
	onlyA, onlyB := c.knownOnlyIn()
	nameA, nameB := c.names()
	if len(onlyA) > 0 {
		v.Headline = safe.Sprintf("%s; %s only in %s", v.Headline, list(onlyA), nameA)
	}
	if len(onlyB) > 0 {
		v.Headline = safe.Sprintf("%s; %s only in %s", v.Headline, list(onlyB), nameB)
	}
	return v
}

// forOtherClients are the pairs of one side that offer a platform of both sides for clients
// with a certain feature, as an index with images for nydus beside the plain ones does.
func (c Comparison) forOtherClients() []Pair {
	plain := map[string]bool{}
	for _, p := range c.shared() {
		plain[nameOf(*p.A)], plain[nameOf(*p.B)] = true, true
	}
	return matching(c.Pairs, func(p Pair) bool {
		e := cmp.Or(p.A, p.B)
		name := model.PlatformName(e.Platform())
		return (p.A == nil || p.B == nil) && nameOf(*e) != name && plain[name]
	})
}

// alsoOffered says what one side lists for other clients.
func (c Comparison) alsoOffered() string {
	nameA, nameB := c.names()
	offers := c.forOtherClients()
	onA := matching(offers, func(p Pair) bool { return p.A != nil })
	onB := matching(offers, func(p Pair) bool { return p.A == nil })
	platform := func(p Pair) string { return p.Platform }
	var texts []string
	if len(onA) > 0 {
		texts = append(texts, nameA+" also offers "+list(mapped(onA, platform)))
	}
	if len(onB) > 0 {
		texts = append(texts, nameB+" also offers "+list(mapped(onB, platform)))
	}
	return list(texts)
}

// onlyIn returns the platforms that only one side has. A second entry for a
// platform that both sides have does not count: clients do not use it. Nor does
// one for clients with a certain feature, nor an artifact. Images without a platform are not for
// one platform.
func (c Comparison) onlyIn() (onlyA, onlyB []string) {
	inA, inB := map[string]bool{}, map[string]bool{}
	for _, p := range c.Pairs {
		if p.A != nil {
			inA[nameOf(*p.A)] = true
		}
		if p.B != nil {
			inB[nameOf(*p.B)] = true
		}
	}
	inA[""], inB[""] = false, false
	extra := c.forOtherClients()
	for _, p := range c.Pairs {
		switch {
		case cmp.Or(p.A, p.B).Role == model.RoleArtifact:
		case slices.ContainsFunc(extra, func(o Pair) bool { return o.A == p.A && o.B == p.B }):
		case p.B == nil && !inB[p.Platform]:
			onlyA = append(onlyA, platformTextOf(*p.A))
		case p.A == nil && !inA[p.Platform]:
			onlyB = append(onlyB, platformTextOf(*p.B))
		}
	}
	return onlyA, onlyB
}

func (c Comparison) noSharedPlatform() Verdict {
	nameA, nameB := c.names()
	if v, ok := c.attached(); ok {
		return v
	}
	unreadA, unreadB := len(unreadInner(*c.A)) > 0, len(unreadInner(*c.B)) > 0
	if len(c.Pairs) == 0 && !unreadA && !unreadB {
		headline := safe.Const("There is no image to compare")
		if isBuildCache(*c.A) && isBuildCache(*c.B) {
			headline = safe.Const("Not container images: 2 build caches of BuildKit, with different content")
		}
		return Verdict{
			Code: NotComparable, Rests: on(Hashed), Headline: headline, says: "C17",
			Because: safe.Const("Neither side is a container image, and the digests differ"),
		}
	}
	onlyA, onlyB := c.onlyIn()
	v := Verdict{
		Code: NotComparable, Rests: on(Hashed), Headline: safe.Const("No platform in common"), says: "C17",
		Because: safe.Sprintf("%s has %s; %s has %s", nameA, contents(*c.A, onlyA), nameB, contents(*c.B, onlyB)),
	}
	noImageA, noImageB := len(c.A.Images()) == 0 && !unreadA, len(c.B.Images()) == 0 && !unreadB
	switch {
	case noImageB && (!noImageA || isBuildCache(*c.B)):
		v.Headline = safe.Sprintf("%s is %s", nameB, notImageText(*c.B))
		if saysContents(*c.B) {
			v.Because = safe.Sprintf("%s has %s", nameA, contents(*c.A, onlyA))
		}
	case noImageA && (!noImageB || isBuildCache(*c.A)):
		v.Headline = safe.Sprintf("%s is %s", nameA, notImageText(*c.A))
		if saysContents(*c.A) {
			v.Because = safe.Sprintf("%s has %s", nameB, contents(*c.B, onlyB))
		}
	case noImageA:
		v.Headline = safe.Const("Neither is a container image")
	default:
		return c.withUnknownPlatforms(v)
	}
	return v
}

// notImageText says what a side without an image is.
func notImageText(a model.Artifact) string {
	switch {
	case isBuildCache(a):
		return "a build cache of BuildKit, not an image: there is nothing to run"
	case !isIndex(a):
		return "not a container image but " + shortArtifactText(model.Entry{Descriptor: v1.Descriptor{ArtifactType: a.Top.ArtifactType}})
	case len(a.Entries) == 0:
		return "an index without entries: there is nothing to pull"
	}
	return indexText(a)
}

// indexText says what an index without an image is, as far as it could be read.
func indexText(a model.Artifact) string {
	if len(unreadInner(a)) > 0 {
		return "an index of an index that could not be read"
	}
	return "an index without an image"
}

// saysContents reports whether notImageText says all that contents does.
func saysContents(a model.Artifact) bool { return isBuildCache(a) || !isIndex(a) }

// contents describes a side that shares no platform with the other one.
func contents(a model.Artifact, platforms []string) string {
	switch {
	case len(a.Images()) > 0:
		return list(platforms)
	case len(unreadInner(a)) > 0:
		return "an index in its index that could not be read"
	case isBuildCache(a):
		return "a build cache of BuildKit and no image"
	case isIndex(a):
		if types := mapped(artifactsOf(a), model.Entry.ArtifactType); len(types) > 0 {
			return "no image in its index, only " + artifactsText(types)
		}
		return "no image in its index"
	}
	return "no image, only " + artifactText(model.Entry{Descriptor: v1.Descriptor{ArtifactType: a.Top.ArtifactType}})
}

// isBuildCache reports whether an index is BuildKit's cache export: it lists layers and
// a cache config in place of manifests (BuildKit, cache/remotecache/export.go).
func isBuildCache(a model.Artifact) bool {
	return slices.ContainsFunc(a.Top.Children, func(d v1.Descriptor) bool {
		return strings.HasPrefix(d.MediaType, buildCacheType)
	})
}

const buildCacheType = "application/vnd.buildkit.cacheconfig."

func isSame(c Code) bool { r := rank(c); return r >= 0 && r <= rank(Reprinted) }

// Same reports whether A and B are the same image: one digest, or one of the first four
// rungs, every platform on both sides under the same label, the same image first for each
// platform, and nothing that a pull needs is missing or broken. With exact, only equal bytes
// count. One artifact without another is the same as itself.
func (c Comparison) Same(exact bool) bool {
	switch {
	case c.B == nil:
		return true
	case c.cannotBePulled():
		return false
	case c.Verdict.Code == Identical:
		return true
	}
	return !exact && isSame(c.Verdict.Code) && c.samePlatforms()
}

// samePlatforms reports whether both sides offer images for the same platforms, in the same way.
func (c Comparison) samePlatforms() bool {
	onlyA, onlyB := c.onlyIn()
	return len(onlyA)+len(onlyB) == 0 && len(c.otherDuplicates()) == 0 &&
		!c.labelsDiffer() && len(c.otherFirsts()) == 0 && slices.Equal(unknownEntries(*c.A), unknownEntries(*c.B))
}

// cannotBePulled reports whether a finding says that the registry lacks a manifest, config
// or layer, that runtimes of today refuse one or need a key for it, that there is nothing to run, that
// the label of an image is not what it is, or that clients take an artifact for the image. Where both
// sides are the same bytes, what only some runtimes refuse does not count.
func (c Comparison) cannotBePulled() bool {
	return len(c.refusedTypes()) > 0 || c.isForOtherMachine() || slices.ContainsFunc(c.allFindings(), func(f Finding) bool {
		return slices.Contains([]string{"B4", "D16", "D26"}, f.ID) ||
			f.Severity >= 3 && slices.Contains([]string{"C11", "C16", "D7", "D8", "D15", "D19", "D25"}, f.ID) ||
			c.Verdict.Code != Identical && slices.Contains([]string{"B6", "D24", "D25", "D27"}, f.ID) ||
			f.ID == "C19" && !f.Common && c.Verdict.Code != Identical || // one of the two only
			c.Verdict.Code != Identical && f.ID == "D18" && f.Severity >= 2
	})
}

// isForOtherMachine reports whether an image of both sides is listed for an operating system or an
// architecture that it is not for: it starts nowhere. An image for another variant may start.
func (c Comparison) isForOtherMachine() bool {
	isWrong := func(e *model.Entry) bool {
		if !isMislabelled(e) {
			return false
		}
		label, inside := model.Normal(*e.Descriptor.Platform), model.Normal(e.Image.Config.Platform)
		return label.OS != inside.OS || label.Architecture != inside.Architecture
	}
	return slices.ContainsFunc(c.shared(), func(p Pair) bool { return isWrong(p.A) && isWrong(p.B) })
}

// labelsDiffer reports whether clients take an image of one side for another platform than
// on the other side.
func (c Comparison) labelsDiffer() bool {
	nestedA, nestedB := nestedLabels(*c.A), nestedLabels(*c.B)
	sameLabel := func(x, y nestedLabel) bool {
		return manifestKey(x.entry) == manifestKey(y.entry) && nameOf(x.entry) == nameOf(y.entry)
	}
	return len(c.relabelled()) > 0 || !slices.EqualFunc(nestedA, nestedB, sameLabel) ||
		slices.ContainsFunc(c.shared(), func(p Pair) bool {
			return isMislabelled(p.A) != isMislabelled(p.B) || differsInSpelling(p) ||
				isIndex(*c.A) && isIndex(*c.B) && isUnlabelled(p.A) != isUnlabelled(p.B)
		})
}

// isUnlabelled reports whether an index lists an image without its platform.
func isUnlabelled(e *model.Entry) bool { return e.Descriptor.Platform == nil }

// duplicateEntries returns the indexes of the pairs that are a second entry for
// a platform which both sides have. Clients differ in which entry they use.
func (c Comparison) duplicateEntries() []int {
	both := map[string]bool{}
	for _, p := range c.shared() {
		both[p.Platform] = true
	}
	var duplicates []int
	for i, p := range c.Pairs {
		if (p.A == nil || p.B == nil) && p.Platform != "" && both[p.Platform] {
			duplicates = append(duplicates, i)
		}
	}
	return duplicates
}

// otherDuplicates are the duplicate entries that are not the image beside them in another
// packing, as an index that offers gzip and zstd has them.
func (c Comparison) otherDuplicates() []int {
	return slices.DeleteFunc(c.duplicateEntries(), func(i int) bool {
		e := *cmp.Or(c.Pairs[i].A, c.Pairs[i].B)
		return isSameConfig(c.sharedEntry(c.Pairs[i].Platform), e)
	})
}

// sharedEntry is the image of both sides for a platform, as A has it.
func (c Comparison) sharedEntry(platform string) model.Entry {
	var last model.Entry
	for _, p := range c.shared() {
		if p.Platform == platform {
			last = *p.A
		}
	}
	return last
}

// judgeDuplicateEntries replaces the verdict on duplicate entries: "only in"
// would be wrong.
func (c Comparison) judgeDuplicateEntries() {
	others := c.otherDuplicates()
	for _, i := range c.duplicateEntries() {
		p := &c.Pairs[i]
		twin, platform := c.entriesOf(*p)[0], platformText(p.Platform)
		p.Verdict = Verdict{
			Code: NotComparable, Rests: on(Hashed), Headline: safe.Sprintf("Duplicate entry in %s", twin.name),
			Because: safe.Sprintf("%s lists %s more than once; most clients use the first entry", twin.name, platform),
		}
		if !slices.Contains(others, i) {
			packing := packingBeside(c.sharedEntry(p.Platform), *twin.entry)
			p.Verdict.Headline = safe.Sprintf("The same image %s, only in %s", packing, twin.name)
			p.Verdict.Because = safe.Sprintf("It has the image ID of the other %s", platform)
			if packing == reformatted {
				p.Verdict.Because = safe.Sprintf("Its config has the content of that of the other %s", platform)
			}
		}
	}
}
