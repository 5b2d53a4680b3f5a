package diff

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/diff/dockerfile"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// Base is what is known about the base image of an image.
type Base struct {
	Steps   int           // number of the oldest steps that belong to the base image; 0 if unknown
	Name    string        // reference as given to the builder, "" if it is not recorded
	Digest  digest.Digest // digest of the base image, "" if it is not recorded
	Trust   Trust         // trust in Steps
	Because string
}

// BaseOf finds the last step of the base image, which no config records. The label of
// buildpacks names the last layer of the run image, which decides. Otherwise BaseOf looks
// at each place between two steps, the newest first, for signs of the end of another
// build. A place after a start command (CMD, ENTRYPOINT) needs one sign, any other place
// two: a Dockerfile can set CMD early, and a cache keeps old steps. With two signs the end
// is inferred, with one it is suggested.
func BaseOf(img *model.Image) Base { return baseOf(nil, &model.Entry{Image: img}) }

// baseOf is BaseOf of an entry of an artifact, whose annotations may name the base, too. art may be nil.
func baseOf(art *model.Artifact, e *model.Entry) Base {
	img := imageOf(e)
	if img == nil {
		return Base{}
	}
	claim := baseClaim(art, e)
	b := Base{Name: claim.title(), Digest: claim.direct().Digest}
	if steps := runImageSteps(img); steps > 0 {
		b.Steps, b.Trust, b.Because = steps, Inferred, "a label of buildpacks names its last layer"
		return b
	}
	places := newPlaces(img, claim.direct())
	for end := len(img.Steps) - 1; end > 0; end-- {
		places.moveTo(end)
		signs, name, ok := places.signs()
		if !ok {
			continue
		}
		b.Steps, b.Trust, b.Because = end, Suggested, strings.Join(signs[:min(2, len(signs))], ", ")
		if len(signs) > 1 || name != "" || places.appended() {
			b.Trust = Inferred
		}
		b.Name = cmp.Or(name, b.Name)
		return b
	}
	if end, days := dateJump(img.Steps); end > 0 {
		b.Steps, b.Trust, b.Because = end, Suggested, "only dates show it: the later steps are "+plural(days, "day")+" newer"
	}
	return b
}

// dateJump returns the number of steps before the only jump of dates in an image, with the days
// between, 0 if there is not exactly one. The steps of a build from a cache keep their dates,
// so two jumps do not show which one is the end of the base. All steps need a date of a build,
// and the later ones a date of a clock: with SOURCE_DATE_EPOCH, the dates are those of a commit.
func dateJump(steps []model.Step) (end, days int) {
	const gap = 24 * time.Hour
	for i := range steps {
		if model.RealDate(steps[i].Created) == nil {
			return 0, 0
		}
		if i == 0 {
			continue
		}
		switch jump := steps[i].Created.Sub(*steps[i-1].Created); {
		case jump <= -baseGap || jump >= gap && end > 0:
			return 0, 0
		case jump >= gap:
			end, days = i, int(jump/gap)
		}
	}
	hasClock := func(s model.Step) bool { return isClockDate(s.Created) }
	if end == 0 || countFiles(steps[:end]) == 0 || countFiles(steps[end:]) == 0 || !slices.ContainsFunc(steps[end:], hasClock) {
		return 0, 0
	}
	return end, days
}

func verbOf(s model.Step) string { return dockerfile.Verb(s.Instruction) }

func isStart(s model.Step) bool {
	if s.HasLayer {
		return false
	}
	v := verbOf(s)
	return v == "CMD" || v == "ENTRYPOINT"
}

// places goes through the places between two steps of an image, the newest first. What it
// knows of the steps above is kept, so that an image of n steps needs n steps.
type places struct {
	img   *model.Image
	claim BaseClaim // what the image says of its base
	end   int       // the steps before end may be the base

	firstFiles int             // index of the oldest step with files
	newest     []time.Duration // for each end: the newest real date of the steps before it, since 1970; 0 for none
	oldest     time.Duration   // the oldest one of the steps from end on, since 1970; 0 for none
	files      bool            // the steps from end on have files
	starts     map[string]bool // start commands of the steps from end on
	from       string          // the base that buildah names for a stage that may begin at end
}

func newPlaces(img *model.Image, claim BaseClaim) *places {
	p := &places{img: img, claim: claim, end: len(img.Steps), starts: map[string]bool{}}
	p.firstFiles = slices.IndexFunc(img.Steps, hasFiles)
	p.newest = make([]time.Duration, len(img.Steps)+1)
	for i, s := range img.Steps {
		p.newest[i+1] = max(p.newest[i], sinceEpoch(s))
	}
	return p
}

// sinceEpoch returns the real date of a step as the time since 1970, 0 for none.
func sinceEpoch(s model.Step) time.Duration {
	if t := model.RealDate(s.Created); t != nil {
		return t.Sub(time.Unix(0, 0))
	}
	return 0
}

// moveTo takes the step at end to those above. end is one less than before.
func (p *places) moveTo(end int) {
	s := p.img.Steps[end]
	p.end = end
	p.files = p.files || hasFiles(s)
	if at := sinceEpoch(s); at > 0 && (p.oldest == 0 || at < p.oldest) {
		p.oldest = at
	}
	if isStart(s) {
		p.starts[verbOf(s)] = true
	}
	if s.Comment == "" && !s.HasLayer {
		return
	}
	if from, ok := stageNote(s); ok { // see stageClaim
		if p.from = from; isHex(p.from) || p.from == scratch {
			p.from = ""
		}
	} else if s.HasLayer {
		p.from = ""
	}
}

// newer reports whether the steps from end on are newer than those before it by baseGap.
func (p *places) newer() bool {
	return p.oldest > 0 && p.newest[p.end] > 0 && p.oldest-p.newest[p.end] >= baseGap
}

// signs returns the signs that the base ends here, the strongest first, and the base that
// a history entry names. ok is false if they are too few.
func (p *places) signs() (signs []string, name string, ok bool) {
	if !p.files || p.firstFiles < 0 || p.firstFiles >= p.end {
		return nil, "", false
	}
	last, needed := &p.img.Steps[p.end-1], 2
	if p.from != "" && (last.HasLayer || p.newer()) { // otherwise the stage began before
		signs, name, needed = append(signs, "a history entry says FROM"), p.from, 1
	}
	if p.appended() {
		signs, needed = append(signs, stepBuilder(p.img, &p.img.Steps[p.end]).Name+" adds layers to a base"), 1
	}
	if endsRoot(p.img.Steps, p.end) && namesDistribution(p.claim.Name) {
		signs = append(signs, p.claim.source.withArticle()+" names it")
	}
	if isStart(*last) {
		needed = 1
		if start := verbOf(*last); p.starts[start] {
			signs = append(signs, "a later step sets "+start+" again")
		}
	}
	if p.newer() {
		signs = append(signs, "the later steps are newer")
	}
	if len(signs)+1 < needed {
		return nil, "", false
	}
	below, above := stepBuilder(p.img, last).Name, stepBuilder(p.img, &p.img.Steps[p.end]).Name
	if below != "" && above != "" && below != above {
		signs = append(signs, "another builder made the later steps")
	}
	return signs, name, len(signs) >= needed
}

// appended reports whether the step at end is the first one of a tool that puts layers on a
// base that another tool made, as Jib and ko do.
func (p *places) appended() bool {
	s, last := &p.img.Steps[p.end], &p.img.Steps[p.end-1]
	isOne := func(s *model.Step) bool {
		return strings.HasPrefix(s.CreatedBy, "jib") || strings.HasPrefix(s.CreatedBy, "ko")
	}
	if !isOne(s) || isOne(last) {
		return false
	}
	above := stepBuilder(p.img, s).Name
	return above == "Jib" || above == "ko"
}

// endsRoot reports whether the steps before end are one root filesystem and, if it has one,
// its start command.
func endsRoot(steps []model.Step, end int) bool {
	return isRootAlone(steps[:end]) && (end == 2 || !isStart(steps[end]))
}

// namesDistribution reports whether a reference is that of a distribution's image.
func namesDistribution(name string) bool {
	ref, err := model.ParseRef(name)
	return err == nil && slices.Contains(distributions, afterSlash(ref.Repository))
}

// baseGap is the least age difference between the steps of a base image built
// elsewhere and the steps above it.
const baseGap = 30 * time.Minute

// runImageSteps returns the number of steps of the run image in an image made
// by buildpacks, 0 if unknown.
func runImageSteps(img *model.Image) int {
	meta, ok := buildpackOf(img)
	if !ok || meta.RunImage.TopLayer == "" {
		return 0
	}
	end := slices.IndexFunc(img.Steps, func(s model.Step) bool { return s.HasLayer && s.DiffID == meta.RunImage.TopLayer }) + 1
	if end == len(img.Steps) {
		return 0
	}
	return end
}

// recipeFrom returns the recipe of the steps from an index on, one line per
// step.
func recipeFrom(steps []model.Step, from int) string {
	return strings.Join(mapped(steps[from:], dockerfile.StepKey), "\n")
}

// Boundary returns the first row of a pair that is above the base image on both
// sides, and the base image below it. ok is false if it is unknown.
func (c Comparison) Boundary(p Pair) (row int, base Base, ok bool) {
	a, b := c.baseOn(SideA, p.A), c.baseOn(SideB, p.B)
	switch {
	case p.A == nil || imageOf(p.A) == nil:
		a = b
	case p.B == nil || imageOf(p.B) == nil:
		b = a
	case p.Verdict.isBase:
		a, b = c.basesOfBuiltOn(p)
	}
	if a.Steps == 0 || b.Steps == 0 {
		return 0, Base{}, false
	}
	row = len(p.Rows)
	for row > 0 && isAboveBase(p.Rows[row-1].A, a.Steps) && isAboveBase(p.Rows[row-1].B, b.Steps) {
		row--
	}
	base = b
	if a.Trust != b.Trust { // use the weaker of the two
		base.Trust = Suggested
	}
	return row, base, row > 0 && row < len(p.Rows)
}

// basesOfBuiltOn returns the bases of a pair where one side is the base of the other: all of
// that side, and its steps in the other.
func (c Comparison) basesOfBuiltOn(p Pair) (a, b Base) {
	name, nameB := c.names()
	img, child := imageOf(p.A), imageOf(p.B)
	if len(child.Steps) < len(img.Steps) {
		name, img, child = nameB, child, img
	}
	base := Base{Steps: len(img.Steps), Name: name, Trust: Inferred, Because: "it has these steps and layers"}
	end := base
	if !beginsWith(child.Steps, img.Steps) {
		base.Because = "it has these layers"
		end = base
		end.Steps = endOfFiles(child.Steps, countFiles(img.Steps))
	}
	if img == imageOf(p.A) {
		return base, end
	}
	return end, base
}

// baseOn returns the base of an image of one side, by the known tags or only by the image.
func (c Comparison) baseOn(side Side, e *model.Entry) Base {
	base, img := baseOf(c.artifact(side), e), imageOf(e)
	if base.Trust == Inferred && (base.Name != "" || runImageSteps(img) > 0) {
		return base
	}
	t, ok := c.baseTagOf(side, e)
	if !ok {
		return base
	}
	return base.among(t, c.tagName(t.repo.WithTag(t.tag.Tag)), img.Steps)
}

// among returns the base with what a tag shows about it. Steps and layers of the tag outweigh
// the signs in the image. Layers without steps outweigh only signs that suggest the end.
func (b Base) among(t baseTag, name string, steps []model.Step) Base {
	claim := ""
	if t.source != "" {
		claim = t.source.withArticle() + " names it"
	}
	end := endOfFiles(steps, t.layers)
	agrees := b.Steps >= end && countFiles(steps[:b.Steps]) == t.layers
	if agrees {
		end = b.Steps
	}
	switch {
	case t.steps > 0:
		return Base{t.steps, name, t.tag.Digest, Inferred, reasons(claim, "it has these steps and layers")}
	case t.layers > 0 && claim != "":
		return Base{end, name, t.tag.Digest, Inferred, reasons(claim, "it has these layers")}
	case t.layers > 0 && b.Trust != Inferred:
		b.Because = reasons("its layers are those of "+name, b.Because)
		if b.Steps, b.Trust = end, Suggested; agrees {
			b.Trust = Inferred
		}
	case t.layers == 0:
		b.Name, b.Because = name, reasons(claim, b.Because)
	}
	return b
}

func reasons(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + ", " + b
}

// endOfFiles returns the number of steps up to layer n with files.
func endOfFiles(steps []model.Step, n int) int {
	for i, s := range steps {
		if hasFiles(s) {
			n--
		}
		if n <= 0 {
			return i + 1
		}
	}
	return len(steps)
}

func isAboveBase(s *model.Step, from int) bool { return s == nil || s.Index >= from }

// Text describes a base image in a table of steps, with the reason.
func (b Base) Text() safe.Text {
	return safe.Sprintf("%s (%s: %s)", b.Title(), string(b.Trust), b.Because)
}

// Title returns "base image", with the name if it is known.
func (b Base) Title() safe.Text {
	if b.Name == "" {
		return safe.Const("base image")
	}
	return safe.Sprintf("base image %s", quoted(b.Name))
}
