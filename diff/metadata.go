package diff

import (
	"cmp"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/diff/dockerfile"
	"github.com/tagdiff/tagdiff/diff/version"
	"github.com/tagdiff/tagdiff/model"
)

// metadata is what labels and annotations say of one image of a side. Labels are
// inherited from base images; annotations are not.
type metadata struct {
	sources []metadataSource // the most specific first
}

type metadataSource struct {
	name   string // as a sentence names it: "label", "annotation of the index"
	values map[string]string
}

// metadataOf collects the labels and annotations of an entry: those of the config, of
// the manifest, of the entry in the index and of the index itself. art may be nil. The version
// of a distribution that the image is built on is not the image's.
func metadataOf(art *model.Artifact, e *model.Entry) metadata {
	var m metadata
	add := func(name string, values map[string]string) {
		if len(values) > 0 {
			m.sources = append(m.sources, metadataSource{name, values})
		}
	}
	if e == nil {
		return m
	}
	if e.Image != nil {
		add("annotation of the manifest", e.Image.Manifest.Annotations)
	}
	add("annotation of the index entry", e.Descriptor.Annotations)
	if art != nil && isIndex(*art) {
		add("annotation of the index", art.Top.Annotations)
	}
	if e.Image != nil {
		labels := e.Image.Config.Config.Labels
		if name, _ := baseRelease(*e.Image); name != "" {
			labels = maps.Clone(labels)
			delete(labels, v1.AnnotationVersion)
			if titledBase(labels) != "" {
				delete(labels, v1.AnnotationTitle)
				delete(labels, v1.AnnotationSource)
			}
		}
		add("label", labels)
	}
	return m
}

// get is the value of the first key that is set, with what it is taken from.
func (m metadata) get(keys ...string) (value, source string) {
	for _, key := range keys {
		for _, s := range m.sources {
			if v := s.values[key]; v != "" {
				return v, s.name
			}
		}
	}
	return "", ""
}

// revision is the commit that an image claims to be built from.
func (m metadata) revision() (value, source string) { return m.get(revisionLabels...) }

// version is the version that an image claims to have.
func (m metadata) version() (value, source string) { return m.get(versionLabels...) }

// repository is the source repository that an image claims, without the commit and the
// folder that docker-library appends, "" for none.
func (m metadata) repository() string {
	value, _ := m.get(v1.AnnotationSource, "org.label-schema.vcs-url", "vcs-url")
	value, _, _ = strings.Cut(value, "#")
	return strings.TrimSuffix(strings.TrimSuffix(value, "/"), ".git")
}

// bump is a version that differs between two images.
type bump struct{ product, from, to string }

func (b bump) text() string {
	if v, from, to, ok := otherFlavour(b.from, b.to); ok {
		return quoted(b.product) + " " + quoted(v) + ", another variant: " + quoted(from) + " → " + quoted(to)
	}
	text := quoted(b.product) + " " + quoted(b.from) + " → " + quoted(b.to)
	if goesBack(b.from, b.to) {
		text += " (older)"
	}
	return text
}

// otherFlavour takes the same version of two flavours apart: 15.4 and 15.4-bullseye are the
// version 15.4, "plain" and bullseye. ok is false for two versions.
func otherFlavour(a, b string) (v, from, to string, ok bool) {
	x, y := version.Parse(a), version.Parse(b)
	if x.Count == 0 || x.CompareRelease(y) != 0 || x.Flavour == y.Flavour || x.Rebuild != y.Rebuild ||
		mayBeCommit(x.Flavour) || mayBeCommit(y.Flavour) {
		return "", "", "", false
	}
	v = strings.TrimSuffix(strings.TrimSuffix(a, x.Flavour), "-")
	return v, cmp.Or(x.Flavour, "plain"), cmp.Or(y.Flavour, "plain"), strings.HasPrefix(a, v) && strings.HasPrefix(b, v)
}

// mayBeCommit reports whether a part of a name can be a hash: 1.2.3-abc123.
func mayBeCommit(part string) bool { return strings.Trim(part, "0123456789abcdef") == "" && part != "" }

// otherFlavours reports whether the two sides claim one version in two flavours.
func (c Comparison) otherFlavours() bool {
	if len(c.shared()) == 0 {
		return false
	}
	from, to, ok := c.claimedVersions(c.shared()[0])
	if ok {
		_, _, _, ok = otherFlavour(from, to)
	}
	return ok
}

// bumpOf names the versions that tell best what differs between two sides of a pair: a
// variable such as PYTHON_VERSION, or a layer, that names the repository's product; then a
// version label or annotation; then the layers that name another version; then the first
// version variable in the order of the config.
func (c Comparison) bumpOf(p Pair) (text string, ok bool) {
	a, b, ok := bothSides(p)
	if !ok {
		return "", false
	}
	product, related := productOf(c.A.Ref.Repository, c.B.Ref.Repository), c.areVersions(p)
	envs, layers := versionVariables(*a, *b), layerVersions(p.Rows)
	for _, v := range slices.Concat(envs, layers) {
		if product != "" && strings.Contains(product, v.product) {
			return v.text(), true
		}
	}
	if !related {
		return "", false
	}
	if from, to, ok := c.claimedVersions(p); ok {
		title, _ := metadataOf(c.B, p.B).get(v1.AnnotationTitle)
		return bump{cmp.Or(product, strings.ToLower(title), "version"), from, to}.text(), true
	}
	if len(layers) > 0 {
		return bumpList(layers), true
	}
	if len(envs) > 0 {
		return envs[0].text(), true
	}
	return "", false
}

// claimedVersions are the versions that labels or annotations of the two sides name, ok only
// if they differ.
func (c Comparison) claimedVersions(p Pair) (from, to string, ok bool) {
	from, _ = metadataOf(c.A, p.A).version()
	to, _ = metadataOf(c.B, p.B).version()
	return from, to, namesVersion(from) && namesVersion(to) && from != to
}

// areVersions reports whether two images can be versions of one product: they share layers,
// most instructions, the source repository or the title.
func (c Comparison) areVersions(p Pair) bool {
	if c.sameSource(p) {
		return true
	}
	if productOf(c.A.Ref.Repository, c.B.Ref.Repository) == "" {
		return false
	}
	same := 0
	for _, r := range p.Rows {
		if r.SameText && r.A != nil {
			same++
		}
	}
	return p.Verdict.Code != Unrelated || 2*same >= min(len(p.Rows), len(p.A.Image.Steps), len(p.B.Image.Steps))
}

// sameSource reports whether both sides name one source repository or one title.
func (c Comparison) sameSource(p Pair) bool {
	a, b := metadataOf(c.A, p.A), metadataOf(c.B, p.B)
	titleA, _ := a.get(v1.AnnotationTitle)
	titleB, _ := b.get(v1.AnnotationTitle)
	return a.repository() != "" && a.repository() == b.repository() || titleA != "" && titleA == titleB
}

// layerVersions are the layers that name another version on the two sides, the newest
// first: the application is above what it needs.
func layerVersions(rows []Row) []bump {
	var found []bump
	for _, r := range slices.Backward(rows) {
		if r.A == nil || r.B == nil {
			continue
		}
		a, namedA := dockerfile.LayerOf(*r.A)
		b, namedB := dockerfile.LayerOf(*r.B)
		v := bump{afterSlash(a.Name), a.Version, b.Version}
		if namedA && namedB && a.Name == b.Name && a.Version != b.Version && a.Version != "" && b.Version != "" && !slices.Contains(found, v) {
			found = append(found, v)
		}
	}
	return found
}

// bumpList names at most three versions.
func bumpList(all []bump) string {
	const most = 3
	texts := mapped(all[:min(most, len(all))], bump.text)
	if more := len(all) - most; more > 0 {
		return strings.Join(texts, ", ") + " and " + plural(more, "other")
	}
	return list(texts)
}

// namesVersion reports whether a label names a version in numbers, not a branch.
func namesVersion(s string) bool { return version.Parse(s) != version.Version{} }

// productOf is the last part of the name of a repository, if both sides share it.
func productOf(a, b string) string {
	if afterSlash(a) != afterSlash(b) {
		return ""
	}
	return strings.ToLower(afterSlash(a))
}

// versionVariables are the variables NAME_VERSION with another value, the most telling first,
// then in B's order.
func versionVariables(a, b model.Image) []bump {
	before := envOf(a)
	var found []bump
	for _, e := range b.Config.Config.Env {
		name, to, _ := strings.Cut(e, "=")
		from, was := before[name]
		stem, isOne := strings.CutSuffix(name, "_VERSION")
		if isOne && was && from != to && from != "" && to != "" {
			found = append(found, bump{strings.ToLower(stem), maskedValue(name, from), maskedValue(name, to)})
		}
	}
	slices.SortStableFunc(found, func(x, y bump) int { return x.rank() - y.rank() })
	return slices.DeleteFunc(found, func(v bump) bool { return bustsCache(v.product+"_version") || v.isLimit() })
}

// isLimit reports whether a variable states which versions of another program are accepted.
func (b bump) isLimit() bool {
	return slices.ContainsFunc(strings.Split(b.product, "_"), func(w string) bool {
		return slices.Contains([]string{"min", "minimum", "max", "maximum", "required", "supported"}, w)
	})
}

// rank orders version variables: that of the application, other versions in numbers, the rest,
// and last those of interfaces, which change with other things.
func (b bump) rank() int {
	isNumbers := func(s string) bool { return strings.Contains(s, ".") && namesVersion(s) }
	words := strings.Split(b.product, "_")
	switch {
	case slices.ContainsFunc(words, func(w string) bool {
		return slices.Contains([]string{"api", "protocol", "schema", "config"}, w)
	}):
		return 3
	case b.product == "app":
		return 0
	case isNumbers(b.from) && isNumbers(b.to):
		return 1
	}
	return 2
}

// cacheBuster matches variables that only make a builder run its steps again.
var cacheBuster = regexp.MustCompile(
	`(?i)CACHE_?(BUST|BREAK)|^CACHE_(VERSION|DATE|KEY|ID)$|^BUILD_?(NUMBER|ID|DATE|TIME)$|^REFRESHED_AT$`)

func bustsCache(variable string) bool { return cacheBuster.MatchString(variable) }

// debianRoot is how debuerreotype records the root filesystem of Debian: suite and a
// Unix time (debuerreotype scripts/debuerreotype-tar, "debian.sh --arch … suite @epoch").
var debianRoot = regexp.MustCompile(`^# debian\.sh .*'([a-z]+)' '@(\d{9,10})'$`)

// debianOf is the Debian suite and the day of its root filesystem, "" if the oldest
// step does not say.
func debianOf(img *model.Image) (suite, day string) {
	if img == nil || len(img.Steps) == 0 {
		return "", ""
	}
	m := debianRoot.FindStringSubmatch(strings.TrimSpace(img.Steps[0].CreatedBy))
	if m == nil {
		return "", ""
	}
	seconds, _ := strconv.ParseInt(m[2], 10, 64) // ten digits at most
	return m[1], model.DayText(time.Unix(seconds, 0))
}

// buildpackMetadata is the label io.buildpacks.lifecycle.metadata, as far as it is read
// here (buildpacks platform specification, "io.buildpacks.lifecycle.metadata (JSON)").
type buildpackMetadata struct {
	App      []appLayer `json:"app"`
	RunImage struct {
		TopLayer  digest.Digest `json:"topLayer"`
		Reference string        `json:"reference"`
		Image     string        `json:"image"`
	} `json:"runImage"`
}

type appLayer struct {
	SHA string `json:"sha"`
}

func buildpackOf(img *model.Image) (m buildpackMetadata, ok bool) {
	raw := img.Config.Config.Labels["io.buildpacks.lifecycle.metadata"]
	return m, raw != "" && json.Unmarshal([]byte(raw), &m) == nil
}

// buildpackApp is the digest of a buildpack's application layers, "" for other images.
func buildpackApp(img *model.Image) string {
	m, ok := buildpackOf(img)
	if !ok || len(m.App) == 0 {
		return ""
	}
	return strings.Join(mapped(m.App, func(layer appLayer) string { return layer.SHA }), " ")
}

// buildpackParts says which parts of two images are the same that buildpacks made.
func buildpackParts(a, b *model.Image) string {
	x, packedA := buildpackOf(a)
	y, packedB := buildpackOf(b)
	var parts []string
	if packedA && packedB && x.RunImage.TopLayer != "" && x.RunImage.TopLayer == y.RunImage.TopLayer {
		parts = append(parts, "same run image")
	}
	if app := buildpackApp(a); app != "" && app == buildpackApp(b) {
		parts = append(parts, "same application")
	}
	if len(parts) == 0 {
		return ""
	}
	return "; " + strings.Join(parts, ", ")
}

// runImageName is the run image that a buildpack's label names, with a short digest.
func runImageName(img *model.Image) string {
	m, ok := buildpackOf(img)
	if !ok {
		return ""
	}
	name := cmp.Or(m.RunImage.Reference, m.RunImage.Image)
	if repo, d, found := strings.Cut(name, "@"); found {
		name = repo + "@" + short(digest.Digest(d))
	}
	return name
}
