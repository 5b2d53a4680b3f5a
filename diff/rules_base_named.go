package diff

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// BaseClaim is what an image says of its base. Nothing checks it, so layers outweigh it.
type BaseClaim struct {
	Name   string        // reference, without the digest; "" for none
	Digest digest.Digest // "" for none
	source claimSource   // "" without a claim
}

// claimSource is what names a base.
type claimSource string

// The sources of claims, the most specific first.
const (
	byAnnotation      claimSource = "annotation"
	byIndexAnnotation claimSource = "index annotation" // of the index, or of its entry
	byBuildpacks      claimSource = "buildpacks label"
	byHistory         claimSource = "history entry" // of buildah
	byLabel           claimSource = "label"         // an image inherits it: it can be that of the base
)

func (s claimSource) withArticle() string {
	if s == byAnnotation || s == byIndexAnnotation {
		return "an " + string(s)
	}
	return "a " + string(s)
}

// scratch is what builders call the base of an image that has none.
const scratch = "scratch"

// BaseClaim returns what the image of one side of a pair says of its base.
func (c Comparison) BaseClaim(side Side, p Pair) BaseClaim {
	if side == SideB {
		return baseClaim(c.B, p.B)
	}
	return baseClaim(c.A, p.A)
}

// claimOf is baseClaim of an entry of one side.
func (c Comparison) claimOf(side Side, e *model.Entry) BaseClaim {
	return baseClaim(c.artifact(side), e)
}

// baseClaim returns what an image, or the index around it, says of its base. The most specific
// source counts. A later one that agrees may add the name or the digest. art may be nil.
func baseClaim(art *model.Artifact, e *model.Entry) BaseClaim {
	img := imageOf(e)
	if img == nil {
		return BaseClaim{}
	}
	claims := []BaseClaim{
		claimIn(byAnnotation, img.Manifest.Annotations),
		claimIn(byIndexAnnotation, e.Descriptor.Annotations),
	}
	if art != nil && isIndex(*art) {
		claims = append(claims, claimIn(byIndexAnnotation, art.Top.Annotations))
	}
	if namesOwnStep(img) {
		for i := range claims {
			claims[i] = claimOrNone(BaseClaim{Name: claims[i].Name, source: claims[i].source})
		}
	}
	var claim BaseClaim
	for _, other := range append(claims, runImageClaim(img), stageClaim(img)) {
		claim = claim.with(other)
	}
	if claim.source == "" {
		return claimIn(byLabel, img.Config.Config.Labels)
	}
	return claim
}

// with returns the claim, completed by one that is less specific and agrees with it.
func (b BaseClaim) with(o BaseClaim) BaseClaim {
	switch {
	case b.source == "":
		return o
	case b.Digest == "" && b.Name != "" && sameReference(b.Name, o.Name):
		b.Digest = o.Digest
	case b.Name == "" && b.Digest == o.Digest:
		b.Name = o.Name
	}
	return b
}

// claimIn is the claim of annotations or labels. Tools leave values empty where they know none.
func claimIn(source claimSource, values map[string]string) BaseClaim {
	b := namedBase(source, values[v1.AnnotationBaseImageName])
	b.source = source
	if d := digest.Digest(values[v1.AnnotationBaseImageDigest]); d.Validate() == nil && b.Name != scratch {
		b.Digest = d
	}
	return claimOrNone(b)
}

// annotatedBase is the digest of the base that annotations name, even if it can be that of a
// step of the same build.
func annotatedBase(e *model.Entry) digest.Digest {
	return cmp.Or(claimIn(byAnnotation, e.Image.Manifest.Annotations).Digest, claimIn(byIndexAnnotation, e.Descriptor.Annotations).Digest)
}

// namedBase is the claim of a reference, which may have a digest.
func namedBase(source claimSource, reference string) BaseClaim {
	b := BaseClaim{Name: strings.TrimSpace(reference), source: source}
	if name, d, ok := strings.Cut(b.Name, "@"); ok && digest.Digest(d).Validate() == nil {
		b.Name, b.Digest = name, digest.Digest(d)
	}
	return claimOrNone(b)
}

func claimOrNone(b BaseClaim) BaseClaim {
	if b.Name == "" && b.Digest == "" {
		return BaseClaim{}
	}
	return b
}

// runImageClaim is the run image that buildpacks record. For an image of a Docker daemon, the
// reference is an image ID.
func runImageClaim(img *model.Image) BaseClaim {
	meta, _ := buildpackOf(img)
	if isHex(strings.TrimPrefix(meta.RunImage.Reference, "sha256:")) {
		return namedBase(byBuildpacks, meta.RunImage.Image)
	}
	return namedBase(byBuildpacks, cmp.Or(meta.RunImage.Reference, meta.RunImage.Image))
}

// stageClaim is the base that buildah notes in the history: "FROM NAME" at the first step of
// a stage, or at the last one where it commits a stage as one layer. The other steps of
// the build name the image ID of the step before. Without a note at the newest step, another
// tool made the image, and a note below is that of a base.
func stageClaim(img *model.Image) BaseClaim {
	for i, s := range slices.Backward(img.Steps) {
		from, ok := stageNote(s)
		switch {
		case ok && from != scratch && !isHex(from):
			return namedBase(byHistory, from)
		case !ok && i == len(img.Steps)-1:
			return BaseClaim{}
		}
	}
	return BaseClaim{}
}

// stageNote returns what buildah notes as the image that a step was made on.
func stageNote(s model.Step) (from string, ok bool) {
	from, ok = strings.CutPrefix(s.Comment, "FROM ")
	return strings.TrimSpace(from), ok
}

// namesOwnStep reports whether the digest of the base that an image names is that of a step of
// the same build: buildah and podman record it so with --layers, and for a stage on another
// one. A note of the base at the newest step shows that they did not, and images inherit
// the label of buildah.
func namesOwnStep(img *model.Image) bool {
	if img.Config.Config.Labels[buildahLabel] == "" || len(img.Steps) == 0 {
		return false
	}
	if by := BuilderOf(*img).Name; by != "" && by != buildah {
		return false
	}
	from, noted := stageNote(img.Steps[len(img.Steps)-1])
	return !noted || isHex(from)
}

// direct is the claim without one that can be that of the base: an image inherits labels.
func (b BaseClaim) direct() BaseClaim {
	if b.source == byLabel {
		return BaseClaim{}
	}
	return b
}

// title is the name of the base in a table of steps, "" if the claim has none for it.
func (b BaseClaim) title() string {
	if b = b.direct(); b.Name == scratch {
		return ""
	}
	return b.Name
}

// IsNone reports whether an image says nothing of its base.
func (b BaseClaim) IsNone() bool { return b.source == "" }

// Text names the base in a sentence or in a table, with a short digest.
func (b BaseClaim) Text() safe.Text {
	switch {
	case b.Name != "" && b.Digest != "":
		return safe.Sprintf("%s (%s)", quoted(b.Name), short(b.Digest))
	case b.Name != "":
		return safe.Clean(quoted(b.Name))
	case b.Digest != "":
		return safe.Sprintf("the image %s", short(b.Digest))
	}
	return safe.Text{}
}

// Reference names the base with the digest in full.
func (b BaseClaim) Reference() safe.Text {
	switch {
	case b.Digest == "" && b.Name == "":
		return safe.Text{}
	case b.Digest == "":
		return safe.Gate{}.Clean(b.Name)
	case b.Name == "":
		return safe.Clean(b.Digest.String())
	}
	return safe.Sprintf("%s@%s", safe.Gate{}.Clean(b.Name), b.Digest)
}

// Source is what names the base, "annotation"; "" without a claim.
func (b BaseClaim) Source() string { return string(b.source) }

// Says is the end of a sentence about the claim: "as an annotation says".
func (b BaseClaim) Says() string { return "as " + b.source.withArticle() + " says" }

// clause is the verb for n images with the base: "is based on debian:12".
func (b BaseClaim) clause(n int) string {
	switch {
	case b.Name == scratch:
		return isAre(n) + " built from scratch"
	case b.source == byLabel: // the label may be that of the base
		return byNumber(n, "or its base is", "or their bases are") + " based on " + b.Text().String()
	}
	return isAre(n) + " based on " + b.Text().String()
}

// isPlain reports whether the claim is that an image is based on another one.
func (b BaseClaim) isPlain() bool { return b.source != byLabel && b.Name != scratch }

// bothState names the sources of two claims at the end of a sentence: "as annotations state".
func bothState(a, b BaseClaim) string {
	kind := func(s claimSource) string { return strings.TrimPrefix(string(s), "index ") }
	if kind(a.source) != kind(b.source) {
		return "as " + a.source.withArticle() + " and " + b.source.withArticle() + " state"
	}
	plurals := map[string]string{"history entry": "history entries"}
	return "as " + cmp.Or(plurals[kind(a.source)], kind(a.source)+"s") + " state"
}

// sameReference reports whether two references name one tag: debian is docker.io/library/debian:latest.
func sameReference(a, b string) bool {
	if a == b {
		return true
	}
	refA, errA := model.ParseImage(a)
	refB, errB := model.ParseImage(b)
	return errA == nil && errB == nil && refA == refB
}

// sameAs reports whether two claims are the same.
func (b BaseClaim) sameAs(o BaseClaim) bool {
	return sameReference(b.Name, o.Name) && b.Digest == o.Digest && (b.source == byLabel) == (o.source == byLabel)
}

// otherBaseNamed reports whether two claims name two bases. A label may be that of the base, so
// it compares only with another label.
func otherBaseNamed(a, b BaseClaim) bool {
	switch {
	case a.IsNone() || b.IsNone() || (a.source == byLabel) != (b.source == byLabel):
		return false
	case a.Digest != "" && b.Digest != "":
		return a.Digest != b.Digest
	}
	return a.Name != "" && b.Name != "" && !sameReference(a.Name, b.Name)
}

// NamedBaseTags returns the known tags that the images of an artifact name as their bases, each
// digest once.
func NamedBaseTags(art model.Artifact, set model.TagSet) []model.Tagged {
	var found []model.Tagged
	for _, e := range art.Images() {
		s := baseSearch{}
		s.setClaim(baseClaim(&art, &e).direct(), &e)
		for _, t := range set.Tags {
			known := slices.ContainsFunc(found, func(o model.Tagged) bool { return o.Digest == t.Digest })
			if t.Digest != "" && t.Digest != art.Top.Digest && !known && s.isClaimed(set, t) {
				found = append(found, t)
			}
		}
	}
	return found
}

// baseNamed (G10) says which base an image names. G1 says it where the two sides name two.
func baseNamed(c Comparison, p Pair) []Finding {
	sides := matching(c.entriesOf(p), func(s entryOf) bool { return !c.claimOf(s.side, s.entry).IsNone() })
	if len(sides) == 0 {
		return nil
	}
	if _, says := c.baseMovedByClaims(p); says {
		return nil
	}
	claims := mappedTo(sides, func(s entryOf) BaseClaim { return c.claimOf(s.side, s.entry) })
	f := Finding{Rests: on(Claimed)}
	for i, s := range sides {
		f.Evidence = append(f.Evidence, Evidence{s.side, none, s.entry.Descriptor.Digest})
		f.Proof = append(f.Proof, claims[i].proof(s.name))
	}
	last := claims[len(claims)-1]
	f.Next, f.Command = last.advice(sides[len(sides)-1].entry)
	f.Check = c.claimCheck(p, last.source)
	if len(claims) == 2 && claims[0].sameAs(claims[1]) {
		f.Common = true
		f.Text = safe.Sprintf("%s and %s %s, %s.", sides[0].name, sides[1].name, claims[0].clause(2), bothState(claims[0], claims[1]))
		return []Finding{f}
	}
	if len(claims) == 2 && claims[0].isPlain() && claims[1].isPlain() {
		f.Text = safe.Sprintf("%s is based on %s, %s on %s, %s.", sides[0].name, claims[0].Text(), sides[1].name, claims[1].Text(),
			bothState(claims[0], claims[1]))
		return []Finding{f}
	}
	texts := mapped(sides, func(s entryOf) string {
		claim := c.claimOf(s.side, s.entry)
		return s.name + " " + claim.clause(1) + ", " + claim.Says()
	})
	f.Text = safe.Sprintf("%s.", strings.Join(texts, "; "))
	return []Finding{f}
}

// proof is the claim in full.
func (b BaseClaim) proof(name string) safe.Text {
	return safe.Sprintf("base of %s, by %s: %s", name, b.source.withArticle(), b.Reference())
}

// advice says what a reader can do with the name of a base. Some tools record the digest of the
// index of the base, others that of its image for the platform.
func (b BaseClaim) advice(e *model.Entry) (next, command safe.Text) {
	switch {
	case b.Name == scratch:
		return safe.Const("Nothing to do: all layers belong to the image itself"), safe.Text{}
	case b.Name == "":
		return safe.Const("To find its name, filter the tags of the base's repository by this digest"), safe.Text{}
	case !fitsCommand(b.Name):
		return safe.Const("Compare it with the base that you expect"), safe.Text{}
	case b.Digest == "":
		return adviseBase(e.Image, b.Name), safe.Text{}
	}
	command = safe.Sprintf("crane digest %s", quoted(b.Name))
	if platform := nameOf(*e); plainPlatform.MatchString(platform) {
		command = safe.Sprintf("%s; crane digest --platform %s %s", command, platform, quoted(b.Name))
	}
	return safe.Sprintf("To see if the base has moved since, compare its digest with that of %s now", quoted(b.Name)), command
}

// plainPlatform matches a platform that is safe in a shell command.
var plainPlatform = regexp.MustCompile(`^[a-z0-9]+/[a-z0-9]+(/v[0-9]+)?$`)

// claimCheck prints what names the bases of a pair.
func (c Comparison) claimCheck(p Pair, source claimSource) safe.Text {
	switch source {
	case byAnnotation:
		return c.ManifestCheck(p, ".annotations")
	case byIndexAnnotation:
		return c.TopCheck()
	case byHistory:
		return c.ConfigCheck(p, "[.history[].comment]")
	}
	return c.ConfigCheck(p, ".config.Labels")
}
