package diff

import (
	"fmt"
	"slices"
	"strings"

	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/diff/jsondoc"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// platformLost (C1): platforms that A serves and B does not. It is silent if A10 or A11
// explains the loss.
func platformLost(c Comparison) []Finding {
	if !c.platformsKnown() || len(flattened(c)) > 0 || len(parentWithChild(c)) > 0 || c.hasLayout() {
		return nil
	}
	lost, _ := c.knownOnlyIn()
	lost = knownPlatforms(*c.A, lost)
	if len(lost) == 0 {
		return nil
	}
	nameA, nameB := c.names()
	missing := fmt.Sprintf("%s %s in %s but not in %s", platformsFirst(lost), isAre(len(lost)), nameA, nameB)
	base, hasRelease := c.onOtherRelease()
	f := Finding{Rests: on(Hashed), Evidence: c.oneSidedEvidence(SideA), Proof: c.platformsProof(), Check: c.platformsCheck()}
	switch {
	case c.Verdict.isBase:
		f.Text = safe.Sprintf("%s. A base can have more platforms than the images that are built on it.", missing)
		f.Next = safe.Sprintf("Nothing to do, unless %s is meant to serve them", nameB)
	case hasRelease && base == SideB:
		f.Rests = on(Hashed, Structure)
		f.Text = safe.Sprintf("%s, which is another release of the base of %s.", missing, nameA)
		f.Next = safe.Sprintf("Nothing to fix, unless %s is to take the place of %s", nameB, nameA)
	case hasRelease:
		f.Rests = on(Hashed, Structure)
		f.Text = safe.Sprintf("%s, which is built on another release of %s. "+
			"A base can have more platforms than the images that are built on it.", missing, nameA)
		f.Next = safe.Sprintf("Nothing to do, unless %s is meant to serve them", nameB)
	case c.Verdict.strangers || otherVariants(c.A.Ref.Tag, c.B.Ref.Tag) || c.ofOtherSources() || c.otherFlavours():
		f.Severity, f.Rests = 1, on(Hashed, Claimed)
		f.Text = safe.Sprintf("%s, which is another image.", missing)
		f.Next = safe.Sprintf("Nothing to fix, unless %s is to take the place of %s", nameB, nameA)
	case namesVariant(c.A.Ref.Tag, c.B.Ref.Tag):
		f.Text = safe.Sprintf("%s, whose tag names a variant. A variant can have fewer platforms.", missing)
		if len(c.A.Ref.Tag) > len(c.B.Ref.Tag) {
			f.Text = safe.Sprintf("%s. The tag of %s names a variant, which can have more platforms.", missing, nameA)
		}
		f.Next = safe.Sprintf("Nothing to fix, unless %s is to take the place of %s", nameB, nameA)
	case namesSubset(c.B.Ref.Tag, lost):
		f.Severity = 1
		f.Text = safe.Sprintf("%s, whose name says which platforms it has.", missing)
		f.Next = safe.Const("Nothing to do if the tag is meant to have these platforms only")
	default:
		f.Severity = 3
		f.Text = safe.Sprintf("%s.", missing)
		f.Lead = safe.Sprintf("%s %s missing in %s", platformsFirst(lost), isAre(len(lost)), nameB)
		f.Next = safe.Const("Check whether one job overwrote the push of the others. " +
			"Create the index again from the manifests that still exist, or build the platform again")
	}
	return []Finding{f}
}

// ofOtherSources reports whether the repositories have other names, and the images name other source
// repositories.
func (c Comparison) ofOtherSources() bool {
	sourceOf := func(a *model.Artifact) string {
		for _, e := range a.Images() {
			if source := metadataOf(a, &e).repository(); source != "" {
				return source
			}
		}
		return ""
	}
	a, b := sourceOf(c.A), sourceOf(c.B)
	return productOf(c.A.Ref.Repository, c.B.Ref.Repository) == "" && a != "" && b != "" && a != b
}

// platformsFirst lists platforms at the start of a sentence. Names of platforms stay in lower
// case.
func platformsFirst(names []string) string {
	text := list(names)
	if rest, ok := strings.CutPrefix(text, "an image "); ok {
		return "An image " + rest
	}
	return text
}

// otherVariants reports whether two tags name two operating systems, as :1.6-bookworm and
// :1.6-alpine3.18 do. Variants of one image can serve different platforms.
func otherVariants(a, b string) bool {
	variantA, variantB := variantOf(a), variantOf(b)
	return variantA != "" && variantB != "" && variantA != variantB
}

// namesVariant reports whether one tag is the other one and the name of a distribution or
// variant, as :1.9 and :1.9-bookworm are.
func namesVariant(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	suffix, ok := strings.CutPrefix(b, a+"-")
	return ok && a != "" && (variantOf(suffix) != "" || slices.Contains([]string{"slim", "minimal"}, suffix))
}

// variantOf is the operating system that a tag names, without its version, "" for none.
func variantOf(tag string) string {
	for _, w := range fieldsOf(strings.ToLower(tag), "-_.+") {
		if name := strings.TrimRight(w, "0123456789"); slices.Contains(systemVariants, name) {
			return name
		}
	}
	return ""
}

// systemVariants are the names of distributions, and of releases of Debian and Ubuntu, that
// tags of images use.
var systemVariants = []string{
	"alpine", "bionic", "bookworm", "bullseye", "buster", "centos", "debian", "distroless", "fedora", "focal", "jammy", "noble",
	"rockylinux", "sid", "stretch", "trixie", "ubi", "ubuntu", "wolfi", "xenial",
}

// namesSubset reports whether a tag names an operating system or an architecture that none
// of the platforms has: such a tag is meant not to have them.
func namesSubset(tag string, platforms []string) bool {
	for _, w := range fieldsOf(strings.ToLower(tag), "-_.+") {
		isOfBuild := func(platform string) bool { return strings.Contains(platform, "."+windowsBuildNamed(w)+".") }
		if windowsBuildNamed(w) != "" && !slices.ContainsFunc(platforms, isOfBuild) {
			return true
		}
		switch {
		case strings.HasPrefix(w, "nanoserver"), strings.HasPrefix(w, "windowsservercore"), strings.HasPrefix(w, "ltsc20"):
			w = "windows"
		case w == "x86_64":
			w = "amd64"
		case w == "aarch64":
			w = "arm64"
		}
		isNamed := func(platform string) bool { return slices.Contains(fieldsOf(platform, "/ "), w) }
		if slices.Contains(tagPlatforms, w) && !slices.ContainsFunc(platforms, isNamed) {
			return true
		}
	}
	return false
}

// tagPlatforms are the words of tags that name an operating system or an architecture.
var tagPlatforms = []string{"linux", "windows", "amd64", "arm64", "arm", "386", "ppc64le", "s390x", "riscv64", "mips64le", "loong64"}

// ambiguousPlatform (C7): several entries of an index claim the same platform.
func ambiguousPlatform(c Comparison, s artifactSide) (found []Finding) {
	groups := sharedPlatforms(s.art.Images())
	if names := layoutNames(*s.art); names != nil {
		return []Finding{c.layoutIndex(s, names)}
	}
	var twins []sharedPlatform
	for _, g := range groups {
		switch others := g.others(); {
		case len(others) == 0 && g.packing() != "":
			twins = append(twins, g)
		case len(others) == 0:
			found = append(found, c.claimedPackings(s, g))
		default:
			found = append(found, c.ambiguous(s, g, others))
		}
	}
	if len(twins) > 0 {
		found = append(found, c.twinPackings(s, twins))
	}
	return found
}

// sharedPlatform is a platform that several entries of an index claim, at least two.
type sharedPlatform struct {
	name    string
	entries []model.Entry // with different digests, in the order of the index
}

func sharedPlatforms(images []model.Entry) []sharedPlatform {
	var groups []sharedPlatform
	for _, e := range images {
		name := nameOf(e)
		i := slices.IndexFunc(groups, func(g sharedPlatform) bool { return g.name == name })
		switch {
		case name == "":
		case i < 0:
			groups = append(groups, sharedPlatform{name, []model.Entry{e}})
		case !slices.ContainsFunc(groups[i].entries, func(o model.Entry) bool { return o.Descriptor.Digest == e.Descriptor.Digest }):
			groups[i].entries = append(groups[i].entries, e)
		}
	}
	return slices.DeleteFunc(groups, func(g sharedPlatform) bool { return len(g.entries) < 2 })
}

// others are the entries that are not the first one in another packing.
func (g sharedPlatform) others() []model.Entry {
	return matching(g.entries[1:], func(e model.Entry) bool { return !isTwin(g.entries[0], e) })
}

func entriesOfAll(groups []sharedPlatform) []model.Entry {
	return slices.Concat(mappedTo(groups, func(g sharedPlatform) []model.Entry { return g.entries })...)
}

// packing is how the second entry is packed or written, "" unless all entries were read and have the
// config of the first.
func (g sharedPlatform) packing() string {
	isOther := func(e model.Entry) bool { return !isSameConfig(g.entries[0], e) }
	if slices.ContainsFunc(g.entries[1:], isOther) {
		return ""
	}
	return packingBeside(g.entries[0], g.entries[1])
}

// layoutNames returns the names of the entries of an index that is like the index of an OCI layout,
// whose entries are tags (image-spec image-layout.md, "index.json"). It is nil if each entry has a
// platform that no other one has, if two entries have one name, if an entry has a platform and no
// name, or if a name has a digest, which is not a tag.
func layoutNames(a model.Artifact) []string {
	var names []string
	labelled := false
	for _, d := range a.Top.Children {
		name, hasPlatform := d.Annotations[v1.AnnotationRefName], d.Platform != nil
		labelled = labelled || hasPlatform
		switch {
		case name == "" && hasPlatform || slices.Contains(names, name) || strings.Contains(name, "@"):
			return nil
		case name != "":
			names = append(names, name)
		}
	}
	if len(names) < 2 || labelled && len(sharedPlatforms(a.Images())) == 0 {
		return nil
	}
	return names
}

// hasLayout reports whether a side is like the index of an OCI layout.
func (c Comparison) hasLayout() bool {
	return slices.ContainsFunc(c.artifacts(), func(s artifactSide) bool { return layoutNames(*s.art) != nil })
}

// layoutText says which entry of the index of an OCI layout the other side is, or which tags
// differ in two of them. It is empty for other sides.
func (c Comparison) layoutText() safe.Text {
	sides := c.artifacts()
	if len(sides) == 2 && layoutNames(*c.A) != nil && layoutNames(*c.B) != nil {
		return c.layoutsText()
	}
	for i, s := range sides {
		other := sides[len(sides)-1-i]
		at := slices.IndexFunc(s.art.Top.Children, func(d v1.Descriptor) bool { return d.Digest == other.art.Top.Digest })
		if at < 0 || layoutNames(*s.art) == nil {
			continue
		}
		if name := s.art.Top.Children[at].Annotations[v1.AnnotationRefName]; name != "" {
			return safe.Sprintf("%s is an index of tags, and its entry %s is %s", s.name, quoted(name), other.name)
		}
	}
	return safe.Text{}
}

// layoutsText compares the tags of two indexes of OCI layouts.
func (c Comparison) layoutsText() safe.Text {
	const most = 4
	a, b := layoutTags(*c.A), layoutTags(*c.B)
	nameA, nameB := c.names()
	var differ, onlyA, onlyB, parts []string
	for _, name := range sortedNames(a, b) {
		switch {
		case b[name] == "":
			onlyA = append(onlyA, quoted(name))
		case a[name] == "":
			onlyB = append(onlyB, quoted(name))
		case a[name] != b[name]:
			differ = append(differ, quoted(name))
		}
	}
	if len(differ) > 0 {
		parts = append(parts, listUpTo(most, differ)+byNumber(len(differ), " differs", " differ"))
	}
	if len(onlyA) > 0 {
		parts = append(parts, listUpTo(most, onlyA)+" only in "+nameA)
	}
	if len(onlyB) > 0 {
		parts = append(parts, listUpTo(most, onlyB)+" only in "+nameB)
	}
	if len(parts) == 0 {
		return safe.Const("Two indexes of the same tags")
	}
	return safe.Sprintf("Two indexes of tags: %s", strings.Join(parts, "; "))
}

// layoutTags are the digests of the entries with names of the index of an OCI layout.
func layoutTags(a model.Artifact) map[string]string {
	tags := map[string]string{}
	for _, d := range a.Top.Children {
		if name := d.Annotations[v1.AnnotationRefName]; name != "" {
			tags[name] = d.Digest.String()
		}
	}
	return tags
}

// onPlatform is a finding on entries of an index that claim one platform.
func (c Comparison) onPlatform(s artifactSide, entries []model.Entry) Finding {
	return Finding{
		Rests: on(Hashed), Evidence: s.evidence(entries), Proof: entriesProof(entries),
		Check: c.manifestOf(s.side, ".manifests[]|{digest,platform,annotations}"),
	}
}

func (c Comparison) ambiguous(s artifactSide, g sharedPlatform, others []model.Entry) Finding {
	f := c.onPlatform(s, g.entries)
	f.Severity, f.Next = 2, safe.Const("Create the index again with one entry for each platform")
	if hasNamed(s.art.Entries) {
		f.Next = adviseCopyEntry
	}
	digests := mapped(append([]model.Entry{g.entries[0]}, others...), func(e model.Entry) string {
		return "sha256:" + short(e.Descriptor.Digest)
	})
	f.Text = safe.Sprintf("%s entries of %s claim %s: %s. Most clients use the first and never the %s.",
		upperFirst(countWord(len(digests))), s.name, g.name, list(digests), byNumber(len(others), "second", "others"))
	return f
}

// layoutIndex is C7 for the index of an OCI layout, which lists tags and not the platforms of
// one image.
func (c Comparison) layoutIndex(s artifactSide, names []string) Finding {
	tags := matching(names, func(name string) bool { return !model.IsAttached(name) })
	f := c.onPlatform(s, matching(s.art.Entries, func(e model.Entry) bool { return e.Depth == 0 }))
	f.Severity, f.Rests = 1, on(Claimed)
	f.Text = safe.Sprintf("%s is like the index of an OCI layout: its entries are the tags %s, not the platforms of one image. "+
		"A pull of %s gets at most one of them.", s.name, listUpTo(12, mapped(tags, quoted)), s.name)
	f.Next, f.Command = adviseCopyEntry, c.tagEntryCommand(s)
	if !f.Command.IsEmpty() {
		f.Next = safe.Const("Copy the entry that you want to a tag, by its digest, for example:")
	}
	return f
}

// tagEntryCommand returns the command that gives the first named entry of the index of an OCI
// layout its tag, empty if the name cannot be a tag.
func (c Comparison) tagEntryCommand(s artifactSide) safe.Text {
	for _, d := range s.art.Top.Children {
		name := d.Annotations[v1.AnnotationRefName]
		if name == "" || model.IsAttached(name) {
			continue
		}
		tagged, err := model.ParseBeside(s.art.Ref, ":"+name)
		if ref := c.refAt(s.side, d.Digest); err == nil && tagged.Tag == name && ref != "" {
			return safe.Clean("crane tag " + ref + " " + name)
		}
	}
	return safe.Text{}
}

// twinPackings is C7 for platforms whose entries are one image in several packings, as podman
// pushes it in gzip and zstd.
func (c Comparison) twinPackings(s artifactSide, groups []sharedPlatform) Finding {
	second := groups[0].packing()
	names := mapped(groups, func(g sharedPlatform) string { return g.name })
	same := byNumber(len(groups), "it is the same image ("+short(groups[0].entries[0].Image.ID())+")", "they are the same images")
	f := c.onPlatform(s, entriesOfAll(groups))
	f.Next = safe.Const("Nothing to fix: clients that know the second packing take it")
	if second == reformatted {
		same, f.Next = "the configs have the same content", safe.Const("Nothing to fix: most clients use the first entry")
	}
	f.Text = safe.Sprintf("%s offers %s %s, the second time %s: %s.", s.name, list(names), timesText(len(groups[0].entries)), second, same)
	if first := packingOf(groups[0].entries[0]); first == inZstd && second != inZstd {
		f.Severity, f.Rests = 1, on(Hashed, Claimed)
		f.Text = safe.Sprintf("%s offers %s %s, the first time in zstd: %s. Clients that do not know zstd take the first entry, too, "+
			"and cannot unpack it.", s.name, list(names), timesText(len(groups[0].entries)), same)
		f.Next = safe.Const("Create the index again with the entries in zstd at its end, as podman pushes them")
		f.Proof = append(f.Proof, safe.Const("source: containers/image, internal/manifest/oci_index.go (entries in zstd are added at the end)"))
	}
	return f
}

// claimedPackings is C7 for entries that were not read and say that they are packings of one
// image.
func (c Comparison) claimedPackings(s artifactSide, g sharedPlatform) Finding {
	f := c.onPlatform(s, g.entries)
	f.Rests, f.Next = on(Claimed), safe.Const("Nothing to fix: clients that know the second packing take it")
	f.Text = safe.Sprintf("%s offers %s %s, in several packings, as annotations of its entries claim.",
		s.name, g.name, timesText(len(g.entries)))
	return f
}

// countWord returns a small number as a word.
func countWord(n int) string {
	if words := []string{"no", "one", "two", "three", "four", "five"}; n < len(words) {
		return words[n]
	}
	return fmt.Sprint(n)
}

// packingAnnotation marks an entry that has the layers of another one in another packing
// (containers/image, internal/manifest/oci_index.go).
const packingAnnotation = "io.github.containers.compression."

// isSameConfig reports whether two images have one config, or configs that are equal as JSON.
func isSameConfig(a, b model.Entry) bool {
	if configKey(a) == "" || configKey(b) == "" || configKey(a) == configKey(b) {
		return configKey(a) == configKey(b) && configKey(a) != ""
	}
	return mayBeReprinted(a.Image.Config, b.Image.Config) && jsondoc.Equal(a.Image.Config.Raw, b.Image.Config.Raw)
}

// isTwin reports whether an entry is another one in another packing: both have one config,
// or it says so.
func isTwin(first, e model.Entry) bool {
	if configKey(e) != "" && configKey(first) != "" {
		return isSameConfig(first, e)
	}
	return claimsPacking(first) || claimsPacking(e)
}

func claimsPacking(e model.Entry) bool {
	for key, value := range e.Descriptor.Annotations {
		if strings.HasPrefix(key, packingAnnotation) && value == "true" {
			return true
		}
	}
	return false
}

// platformAdded (C2): platforms that B serves and A does not.
func platformAdded(c Comparison) []Finding {
	if !c.platformsKnown() || len(flattened(c)) > 0 {
		return nil
	}
	_, added := c.knownOnlyIn()
	added = knownPlatforms(*c.B, added)
	if len(added) == 0 {
		return nil
	}
	_, nameB := c.names()
	return []Finding{{
		Rests: on(Hashed), Evidence: c.oneSidedEvidence(SideB),
		Text:  safe.Sprintf("%s %s new in %s.", platformsFirst(added), isAre(len(added)), nameB),
		Next:  safe.Const("Check that this is intended: it is one more platform to test"),
		Proof: c.platformsProof(), Check: c.platformsCheck(),
	}}
}

// platformsKnown reports whether the platforms of both sides are known completely.
func (c Comparison) platformsKnown() bool {
	return c.B != nil && c.A.Top.Digest != "" && c.B.Top.Digest != "" &&
		platformsKnown(candidates(*c.A)) && platformsKnown(candidates(*c.B)) &&
		len(c.A.Images()) > 0 && len(c.B.Images()) > 0
}

func (c Comparison) oneSidedEvidence(side Side) []Evidence {
	var out []Evidence
	for _, p := range c.Pairs {
		if entries := c.entriesOf(p); len(entries) == 1 && entries[0].side == side {
			out = append(out, Evidence{side, none, entries[0].entry.Descriptor.Digest})
		}
	}
	return out
}

// labelContradiction (C3): the index and the config of an image state different platforms.
func labelContradiction(c Comparison, p Pair) []Finding {
	var found []Finding
	sides := c.entriesOf(p)
	if c.isOneIndex() {
		sides = []entryOf{{SideA, oneIndex, p.A}}
	}
	for _, s := range sides {
		if !isMislabelled(s.entry) || len(mislabelled(*c.artifact(s.side))) > 1 {
			continue // contradictions says all of them
		}
		label, inside := *s.entry.Descriptor.Platform, s.entry.Image.Config.Platform
		found = append(found, Finding{
			Severity: 3, Rests: on(Hashed), Evidence: []Evidence{{s.side, none, s.entry.Descriptor.Digest}},
			Text: safe.Sprintf("%s lists the image as %s, but its config states %s. The label or the config is wrong. "+
				"Many runtimes trust the config.",
				s.name, labelText(*s.entry), model.PlatformName(inside)),
			Lead: safe.Sprintf("%s lists the %s image as %s", s.name, model.PlatformName(inside), labelText(*s.entry)),
			Next: adviseLabel(p, label, inside),
			Proof: []safe.Text{
				safe.Sprintf("manifest %s", s.entry.Descriptor.Digest),
				safe.Sprintf("platform in the index: %s", model.PlatformName(label)),
				safe.Sprintf("platform in its config: %s", model.PlatformName(inside)),
			},
			Check: safe.Clean("crane config " + c.imageAt(s.side, s.entry) + ` | jq '.os,.architecture,.variant,."os.version"'`),
		})
	}
	return found
}

// mislabelled are the entries of an index whose labels contradict the configs.
func mislabelled(a model.Artifact) []model.Entry {
	return matching(a.Images(), func(e model.Entry) bool { return isMislabelled(&e) })
}

// areExchanged reports whether labels that contradict the configs only need to be exchanged:
// they state the platforms that the configs state.
func areExchanged(wrong []model.Entry) bool {
	labels, insides := mapped(wrong, nameOf), mapped(wrong, insideOf)
	slices.Sort(labels)
	slices.Sort(insides)
	return slices.Equal(labels, insides)
}

// insideOf is the platform that the config of an entry states.
func insideOf(e model.Entry) string { return model.PlatformName(e.Image.Config.Platform) }

// contradictions is C3 for several images of an index.
func contradictions(c Comparison, s artifactSide) []Finding {
	wrong := mislabelled(*s.art)
	if len(wrong) < 2 {
		return nil
	}
	listed := mapped(wrong, func(e model.Entry) string { return "the " + insideOf(e) + " image as " + nameOf(e) })
	lead := safe.Sprintf("%s lists %s, and %s under another label", s.name, listed[0], plural(len(wrong)-1, "more image"))
	looks, next := "", safe.Const("Create the index again with the labels that the configs state, if these are right")
	if areExchanged(wrong) {
		looks, next = ", which look exchanged", safe.Const("Create the index again with the labels that the configs state")
		if len(wrong) == 2 {
			lead = safe.Sprintf("%s lists %s and the reverse", s.name, listed[0])
		}
	}
	return []Finding{{
		Severity: 3, Rests: on(Hashed), Evidence: s.evidence(wrong), Lead: lead, Next: next,
		Text: safe.Sprintf("%s lists %s. The configs state other platforms than the labels%s. Many runtimes trust the config.",
			s.name, list(listed), looks),
		Proof: mappedTo(wrong, func(e model.Entry) safe.Text {
			return safe.Sprintf("%s in the index, %s in its config: %s", nameOf(e), insideOf(e), e.Descriptor.Digest)
		}),
		Check: c.manifestOf(s.side, ".manifests[]|{digest,platform}"),
	}}
}

// adviseLabel says what to do about a label that contradicts the config. The label is wrong
// where the other side lists the same image under another one, or where only the variant
// differs; another machine may be a wrong image.
func adviseLabel(p Pair, label, inside v1.Platform) safe.Text {
	if p.A != nil && p.B != nil && isRelabelled(p) {
		return safe.Sprintf("Create the index again with the label that the config states: %s", model.PlatformName(inside))
	}
	label, inside = model.Normal(label), model.Normal(inside)
	if label.OS == inside.OS && label.Architecture == inside.Architecture {
		return safe.Sprintf("Create the index again with the label %s, or build the image again for %s",
			model.PlatformName(inside), model.PlatformName(label))
	}
	return safe.Const("Build this platform again from a base that has it. Change only the config if the programs inside are right")
}

// platformsContradict compares the fields that both sides state. Configs often omit the
// variant, which is not a contradiction.
func platformsContradict(label, inside v1.Platform) bool {
	if label.OS == "" || label.Architecture == "" || inside.OS == "" || inside.Architecture == "" {
		return false
	}
	// A label arm without a variant means v7 to clients (containerd/platforms, "normalizeArch").
	noVariant := inside.Variant == "" || label.Variant == "" && label.Architecture != "arm"
	label, inside = model.Normal(label), model.Normal(inside)
	if label.OS != inside.OS || label.Architecture != inside.Architecture || otherBuild(label, inside) {
		return true
	}
	return !noVariant && label.Variant != inside.Variant
}

// otherBuild reports whether two platforms are two builds of Windows. The last part of a
// version changes every month and does not make another build.
func otherBuild(a, b v1.Platform) bool {
	return a.OS == "windows" && a.OSVersion != "" && b.OSVersion != "" && windowsBuildOf(a.OSVersion) != windowsBuildOf(b.OSVersion)
}

// windowsBuildOf is a version of Windows without its last part, as in 10.0.20348.
func windowsBuildOf(version string) string {
	parts := strings.Split(version, ".")
	return strings.Join(parts[:min(len(parts), 3)], ".")
}

// notAPlatform (C6): entries with platform unknown/unknown are attestations of a build, as
// annotations or their layers say. An attestation for an image that the index does not list is an orphan.
func notAPlatform(c Comparison) []Finding {
	var found []Finding
	var others []model.Entry // entries that are not orphans
	var evidence []Evidence  // of them
	for _, s := range c.artifacts() {
		var orphans []model.Entry
		for _, e := range s.art.Entries {
			switch {
			case e.Role != model.RoleAttestation && e.Role != model.RoleUnknown:
			case isOrphan(*s.art, e):
				orphans = append(orphans, e)
			default:
				others, evidence = append(others, e), append(evidence, s.evidence([]model.Entry{e})...)
			}
		}
		if len(orphans) > 0 {
			found = append(found, c.orphans(s, orphans))
		}
	}
	if len(others) > 0 {
		f := attestationsFound(others)
		f.Evidence, f.Check = evidence, c.manifestOf(evidence[0].Side, ".manifests[]|{platform,annotations}")
		found = append(found, f)
	}
	return found
}

// isOrphan reports whether an entry is for an image that its index does not list.
func isOrphan(a model.Artifact, e model.Entry) bool {
	return e.Subject != "" && !slices.ContainsFunc(a.Entries, func(o model.Entry) bool { return o.Descriptor.Digest == e.Subject })
}

// orphans is C6 for attestations of images that the index does not list.
func (c Comparison) orphans(s artifactSide, entries []model.Entry) Finding {
	return Finding{
		Severity: 1, Rests: on(Hashed), Evidence: s.evidence(entries),
		Text: safe.Sprintf("%s.", upperFirst(orphansText(s.name, entries))),
		Next: safe.Const("The index was made by hand or partly cleaned up. Push it again"),
		Proof: mappedTo(entries, func(e model.Entry) safe.Text {
			return safe.Sprintf("vnd.docker.reference.digest of %s: %s", e.Descriptor.Digest, e.Subject)
		}),
		Check: c.manifestOf(s.side, ".manifests[]|{digest,annotations}"),
	}
}

// orphansText says which images attestations are for that their index does not list.
func orphansText(name string, orphans []model.Entry) string {
	subjects := distinct(orphans, func(e model.Entry) string { return "sha256:" + short(e.Subject) })
	return fmt.Sprintf("%s in %s %s for %s, which %s not in it", byNumber(len(orphans), "an attestation", plural(len(orphans), "attestation")),
		name, isAre(len(orphans)), list(subjects), isAre(len(subjects)))
}

// attestationsFound is C6 for entries that are not orphans, by what annotations say of them.
func attestationsFound(entries []model.Entry) Finding {
	const text = "Entries with platform unknown/unknown are not for an architecture. "
	var kinds []string // of entries that name another kind than an attestation
	for _, e := range entries {
		if kind := e.Descriptor.Annotations[model.AnnotationReferenceType]; kind != "" && kind != model.AttestationType {
			kinds = appendNew(kinds, quoted(kind))
		}
	}
	isUnknown := func(e model.Entry) bool { return e.Role == model.RoleUnknown }
	forNone := func(e model.Entry) bool { return e.Subject == "" && e.Artifact == nil }
	says := "annotations"
	if slices.ContainsFunc(entries, func(e model.Entry) bool { return e.Artifact != nil }) {
		says = "the media types of layers"
	}
	f := Finding{
		Rests: on(Claimed), Next: safe.Const("Nothing to do. docker buildx build --provenance=false omits attestations"),
		Text: safe.Sprintf(text+"They are attestations of the build (provenance, SBOM) for the images of the index, as %s say.", says),
		Proof: []safe.Text{safe.Sprintf("%d entries with platform unknown/unknown or vnd.docker.reference.type = attestation-manifest",
			len(entries))},
	}
	switch {
	case len(kinds) > 0:
		f.Text = safe.Sprintf(text+"They belong to images of the index, as annotations say (%s).", list(kinds))
	case slices.ContainsFunc(entries, isUnknown):
		f.Text = safe.Const(text + "Such entries are usually attestations of the build (provenance, SBOM), but nothing in the index says so.")
		f.Next = safe.Const("Read the manifest of the entry: if it is an image, create the index again with its platform")
	case slices.ContainsFunc(entries, forNone):
		f.Text = safe.Const(text + "Annotations call them attestations of the build, but do not say of which image.")
		f.Next = safe.Const("Read the manifest of the entry: attestations of buildx have vnd.docker.reference.digest")
	}
	return f
}

// platformsProof lists the platforms of both sides.
func (c Comparison) platformsProof() []safe.Text {
	return []safe.Text{
		safe.Sprintf("platforms(A) = %s", strings.Join(platformNames(c.A.Images()), ", ")),
		safe.Sprintf("platforms(B) = %s", strings.Join(platformNames(c.B.Images()), ", ")),
	}
}

func (c Comparison) platformsCheck() safe.Text {
	return diffCommand("crane manifest %s | jq -c '.manifests[].platform'", c.A.Pinned().String(), c.B.Pinned().String())
}

// labelText is the platform that an index states for an entry, for use in a sentence.
// Clients take arm without a variant for v7 (containerd/platforms, "normalizeArch").
func labelText(e model.Entry) string {
	if l := e.Descriptor.Platform; l != nil && l.Architecture == "arm" && l.Variant == "" {
		return l.OS + "/arm, which clients take for " + model.PlatformName(*l)
	}
	if odd := oddArchitecture(e.Descriptor); odd != "" {
		return odd
	}
	return platformText(nameOf(e))
}

// platformRelabelled (C13): the same image is listed as another platform. It is silent where
// the config tells which label is wrong, as C3 then says.
func platformRelabelled(c Comparison) []Finding {
	found := c.onEach(c.indexes(), oddArchitectures)
	if c.B == nil {
		return found
	}
	nameA, nameB := c.names()
	for _, p := range c.relabelled() {
		if isMislabelled(p.A) || isMislabelled(p.B) || nameOf(*p.A) == nameOf(*p.B) {
			continue
		}
		found = append(found, Finding{
			Severity: 2, Rests: on(Hashed),
			Evidence: []Evidence{{SideA, none, p.A.Descriptor.Digest}, {SideB, none, p.B.Descriptor.Digest}},
			Text: safe.Sprintf("%s lists the image as %s, %s lists it as %s. Clients choose by the label.",
				nameA, labelText(*p.A), nameB, labelText(*p.B)),
			Next:  safe.Const("Create the index again with the label that the config states"),
			Proof: entriesProof([]model.Entry{*p.A, *p.B}), Check: c.platformsCheck(),
		})
	}
	return found
}
