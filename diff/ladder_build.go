package diff

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/diff/dockerfile"
	"github.com/tagdiff/tagdiff/diff/jsondoc"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// sameRecipe detects equal instructions with different content: the same
// Dockerfile was built again (catalogue finding A7). This is inferred, not
// proved: BuildKit records the same COPY for different files.
func (l *ladder) sameRecipe() (Verdict, bool) {
	if v, ok := l.flattenedRecipe(); ok {
		return v, true
	}
	if len(l.a.Steps) != len(l.b.Steps) || len(l.a.Steps) == 0 {
		return Verdict{}, false
	}
	var differ []int
	for i, a := range l.a.Steps {
		b := l.b.Steps[i]
		if !dockerfile.SameStep(a, b) && !dockerfile.SameCopy(a.Instruction, b.Instruction) {
			return Verdict{}, false
		}
		if !sameFilesLeft(a, b) {
			if isRoot(l.a.Steps, i) && l.hashesOf(i) == dockerfile.OtherFiles {
				return Verdict{}, false // another root filesystem was given, so it is another recipe
			}
			if !hasInstruction(a) {
				return Verdict{}, false
			}
			differ = append(differ, i)
		}
	}
	if len(differ) == 0 || l.isOneNamedLayer() && !l.startsAlike() {
		return Verdict{}, false
	}
	first, stage := l.firstGiven(differ)
	headline, because := l.recipeText(differ, first, stage)
	return Verdict{
		Code: SameRecipe, Rests: on(Structure), Step: first.Index + 1, Headline: headline, Because: because,
		Proof: append([]safe.Text{
			safe.Sprintf("created_by(A) = created_by(B) for %s, in the spelling of a Dockerfile", plural(len(l.a.Steps), "step")),
		}, l.stepProof(first.Index+1)...),
	}, true
}

// recipeText is the verdict on equal instructions of which those with the indexes differ in
// their layers, and the evidence for it.
func (l *ladder) recipeText(differ []int, first model.Step, stage string) (headline, because safe.Text) {
	where := fmt.Sprintf("from step %d on", first.Index+1)
	if len(differ) == 1 && first.Index+1 < len(l.a.Steps) {
		where = fmt.Sprintf("in step %d", first.Index+1)
	}
	headline = safe.Sprintf("Same recipe, other layers %s", where)
	because = l.sameInstructionsText(differ)
	what, given, hashed := l.givenFiles(differ, first, stage)
	if hashed {
		because = given
	}
	twoWays := matching(differ, func(i int) bool { return !dockerfile.SameStep(l.a.Steps[i], l.b.Steps[i]) })
	switch {
	case len(twoWays) > 0:
		a, b := l.a.Steps[twoWays[0]], l.b.Steps[twoWays[0]]
		headline = safe.Sprintf("Maybe the same recipe: %s %s written in two ways", stepsText(twoWays), isAre(len(twoWays)))
		because = safe.Sprintf("Step %d is %s in %s and %s in %s, and its layers differ; %s", a.Index+1, instructionText(a), l.nameA,
			instructionText(b), l.nameB, otherInstructions(len(l.a.Steps)-len(twoWays), len(l.a.Steps)-1))
	case l.assembled(differ):
		headline = safe.Sprintf("%s: %s", layersDiffer(len(differ), len(l.withFiles[0])), list(stepNames(l.a, differ)))
		because = safe.Const("The history names the same layers in the same order")
		if len(l.a.Steps) == 1 {
			because = safe.Const("The history names one layer, which says little of what is in it")
		}
	case l.p.convertedApart():
		name, format := l.convertedSide()
		again := ""
		if builtAtOtherTimes(l.a, l.b) {
			again = ", built again"
		}
		headline = safe.Sprintf("Same recipe%s; %s is %s, so layers cannot be compared", again, name, format)
		if changes := l.changes(); !keepSettings(changes) {
			headline = safe.Sprintf("%s; %s", headline, fieldsText(settingsOf(changes), l.nameB))
		}
		because = safe.Sprintf("%s. The instructions are the same%s", l.convertedText(), l.constantDates())
	case hashed && builtAtOtherTimes(l.a, l.b):
		headline = safe.Sprintf("Same recipe, built again; %s", what)
	case hashed:
		headline = safe.Sprintf("Same recipe; %s", what)
	case builtAtOtherTimes(l.a, l.b) && builtByTwo(l.a, l.b):
		headline = safe.Sprintf("Same recipe, built by two builders; the layers differ %s", where)
	case builtAtOtherTimes(l.a, l.b):
		headline = safe.Sprintf("Same recipe, built again %s", where)
		if len(differ) == 1 {
			headline = safe.Sprintf("Same recipe, built again; step %d differs%s", first.Index+1, l.layersAboveRoot(first))
		}
	}
	return headline, because
}

// isOneNamedLayer reports whether both images have one step, by a tool without Dockerfiles: it
// gives images of any packages the same name, as "apko: single layer".
func (l *ladder) isOneNamedLayer() bool {
	return len(l.a.Steps) == 1 && len(l.b.Steps) == 1 && l.assembled([]int{0}) && dockerfile.SameStep(l.a.Steps[0], l.b.Steps[0])
}

// startsAlike reports whether both images start the same command, and there is one.
func (l *ladder) startsAlike() bool {
	a, b := l.a.Config.Config, l.b.Config.Config
	return len(a.Entrypoint)+len(a.Cmd) > 0 && slices.Equal(a.Entrypoint, b.Entrypoint) && slices.Equal(a.Cmd, b.Cmd)
}

// oneNamedLayer is the verdict on two images of one layer with the same name, which do not start the
// same command: they can be two programs, or two versions of one.
func (l *ladder) oneNamedLayer() (Verdict, bool) {
	return Verdict{
		Code: Unrelated, Rests: on(Structure),
		Headline: safe.Sprintf("The one layer differs (%s)%s", instructionText(l.a.Steps[0]), l.settingsText()),
		Because:  safe.Const("The history names one layer, which says little of what is in it"),
	}, l.isOneNamedLayer()
}

// layersAboveRoot says that the layers above the first one are the same, as on another base. It is
// "" if the step is not the first one with files, or the only one.
func (l *ladder) layersAboveRoot(first model.Step) string {
	if n := len(l.withFiles[0]) - 1; n > 0 && isRoot(l.a.Steps, first.Index) {
		return fmt.Sprintf(", %s above it %s the same", plural(n, "layer"), isAre(n))
	}
	return ""
}

// constantDates says that equal dates do not show one build, where no clock gave them.
func (l *ladder) constantDates() string {
	if !l.sameDates() || isClockDate(l.a.Config.Created) {
		return ""
	}
	return ". The dates are the same, but a build can set them: they show nothing"
}

// layersDiffer says how many of n layers differ, at least one.
func layersDiffer(differ, n int) string {
	switch {
	case n == 1:
		return "The one layer differs"
	case differ == n && n == 2:
		return "Both layers differ"
	case differ == n:
		return fmt.Sprintf("All %d layers differ", n)
	case differ == 1:
		return fmt.Sprintf("1 of %d layers differs", n)
	}
	return fmt.Sprintf("%d of %d layers differ", differ, n)
}

// assembled reports whether tools without Dockerfiles made all steps of A with these indexes.
func (l *ladder) assembled(indexes []int) bool {
	isOne := assembledIn(l.a, l.p.baseA)
	return !slices.ContainsFunc(indexes, func(i int) bool { return !isOne(&l.a.Steps[i]) })
}

func stepNames(img *model.Image, indexes []int) []string {
	return mapped(indexes, func(i int) string { return instructionText(img.Steps[i]) })
}

// isRoot reports whether a step is the first one with files.
func isRoot(steps []model.Step, i int) bool { return !slices.ContainsFunc(steps[:i], hasFiles) }

// sameInstructionsText describes equal instructions of which those in differ gave
// other layers: the same files with other dates give one, too. It names up to three: the first one is often not the one that
// matters. Steps that were given the same files, as hashes of the builder say, come last.
func (l *ladder) sameInstructionsText(differ []int) safe.Text {
	same := l.sameGiven(differ)
	if len(same) == 0 || len(same) == len(differ) {
		return l.instructionsText(stepNames(l.a, differ))
	}
	others := slices.DeleteFunc(slices.Clone(differ), func(i int) bool { return slices.Contains(same, i) })
	return safe.Sprintf("%s%s", l.instructionsText(stepNames(l.a, others)), l.sameGivenText(same))
}

// instructionsText says of how many of the same instructions the layers differ.
func (l *ladder) instructionsText(differ []string) safe.Text {
	const most = 3
	n, gave, layers := len(l.a.Steps), "gave ", "other layers"
	if builtByTwo(l.a, l.b) {
		gave = hasHave(len(differ)) + " "
	}
	count, which := fmt.Sprint(len(differ)), ": "+list(differ)
	switch {
	case n == 1:
		return safe.Sprintf("The same instruction %sanother layer: %s", gave, differ[0])
	case len(differ) == 1:
		count, layers = "one", "another layer"
	case len(differ) == n:
		count = "all"
	}
	if len(differ) > most {
		which = ", the first is " + differ[0]
	}
	return safe.Sprintf("The same %d instructions; %s %s%s%s", n, count, gave, layers, which)
}

// sameFilesLeft reports whether two steps have the same files as result.
func sameFilesLeft(a, b model.Step) bool {
	return hasFiles(a) == hasFiles(b) && (!hasFiles(a) || a.SameContent(b))
}

func (l *ladder) sameBase() (Verdict, bool) {
	k := commonPrefix(l.withFiles[0], l.withFiles[1])
	if k == 0 {
		return Verdict{}, false
	}
	different := firstDifferentRow(l.p.Rows, k)
	step := stepNumber(different)
	headline, rests, named := safe.Sprintf("Same up to step %d, then different", step-1), l.prefixGrounds(k), ""
	base, isBase := l.baseSide(k)
	switch {
	case isBase:
		headline = safe.Sprintf("%s is the base of %s: %s more",
			base.name, base.otherName, plural(len(base.otherImg.Steps)-len(base.img.Steps), "step"))
		rests = append(rests, Structure) // the layers show that one begins as the other, not that it was built from it
		if source, claimed := claimsBase(base.other, base.entry); claimed {
			named = ". The " + source + " of " + base.otherName + " names it as the base"
		}
	case step < 2:
		headline = safe.Const("The first layers are the same, then different")
	}
	first := safe.Sprintf("The first %s with files %s the same", afterFirst(k, "layer"), isAre(k))
	if size := l.baseSize(k); size > 0 { // schema1 has no sizes
		first = safe.Sprintf("%s (%s)", first, bytesText(size))
	}
	others, rows := cmp.Or(named, otherStepsText(l.p.Rows, different)), l.differences()
	return Verdict{
		Code: SameBase, Rests: rests, Step: step, Headline: headline, isBase: isBase,
		Because:     safe.Sprintf("%s; then %s%s", first, l.differenceText(different), others),
		differences: l.differencesText(rows), withoutDifferences: l.withoutDifferences(first, others, rows, different),
		Proof: append([]safe.Text{
			safe.Sprintf("equal content (diff_id, for schema1 the blob) of the first %s with files; the last is %s",
				afterFirst(k, "layer"), l.withFiles[0][k-1]),
		}, rowProof(different)...),
	}, true
}

// differences are the rows that make the difference: the first one, those that are written in
// another way or are on one side only, and a COPY of other files. Later steps follow from them.
// A variable that only makes a builder run its steps again, and a COPY that was given the same
// files, count if nothing else differs.
func (l *ladder) differences() []Row {
	rows := matching(l.p.Rows, func(r Row) bool { return differs(r) && !(r.Class == Moved && r.A == nil) })
	if others := matching(rows, func(r Row) bool { return !r.onlyBustsCache() && !l.p.givenSame(r) }); len(others) > 0 {
		rows = others
	}
	if len(rows) == 0 {
		return nil
	}
	return append(rows[:1:1], matching(rows[1:], func(r Row) bool { return !r.SameText || isCopy(r.A) })...)
}

// givenSame reports whether both sides of a row have the same files, as the layers that were read
// show, or were given the same, as the hashes in the row say.
func (p Pair) givenSame(r Row) bool {
	return r.sameFilesRead() || r.A != nil && r.B != nil && p.compareHashes(r.A, r.B) == dockerfile.SameFiles
}

// differencesText names at most three of the rows that make the difference.
func (l *ladder) differencesText(rows []Row) safe.Text {
	const most = 3
	if l.inOtherOrder() {
		return l.otherOrder()
	}
	if more := len(rows) - most + 1; more > 1 {
		return safe.Sprintf("%s; %s differ", l.rowsText(rows[:most-1]), plural(more, "more step"))
	}
	return safe.Clean(l.rowsText(rows))
}

// rowsText describes what differs in rows. Steps of one side follow each other.
func (l *ladder) rowsText(rows []Row) string {
	only := func(class Class, name string, step func(Row) *model.Step) string {
		if len(rows) < 2 || slices.ContainsFunc(rows, func(r Row) bool { return r.Class != class || !hasInstruction(*step(r)) }) {
			return ""
		}
		return list(mapped(rows, func(r Row) string { return instructionText(*step(r)) })) + " are only in " + name
	}
	return cmp.Or(only(Added, l.nameB, func(r Row) *model.Step { return r.B }), only(Removed, l.nameA, func(r Row) *model.Step { return r.A }),
		strings.Join(mapped(rows, l.differenceText), "; "))
}

// withoutDifferences is the evidence behind differencesText. That all other instructions are the
// same is true if that text names the one that is not.
func (l *ladder) withoutDifferences(first safe.Text, others string, rows []Row, different Row) safe.Text {
	if len(rows) == 1 && rows[0].A == different.A && rows[0].B == different.B {
		return safe.Sprintf("%s%s", first, others)
	}
	return first
}

// onlyBustsCache reports whether a row sets one variable that only makes a builder run its
// steps again.
func (r Row) onlyBustsCache() bool {
	for _, s := range r.stepsBySide() {
		verb, setting, _ := strings.Cut(s.Instruction, " ")
		name, value, _ := strings.Cut(setting, "=")
		if verb != "ENV" && verb != "ARG" || strings.ContainsAny(value, " =") || !bustsCache(name) {
			return false
		}
	}
	return true
}

// baseSide is the side whose k layers with files, the same on both sides, are all it has, and
// all whose steps are the first ones of the other side: by their instructions, or because the
// other side names it as its base.
func (l *ladder) baseSide(k int) (base ladderSide, ok bool) {
	for i, s := range l.sides() {
		if len(l.withFiles[i]) != k || len(s.img.Steps) == 0 || len(s.img.Steps) >= len(s.otherImg.Steps) {
			continue
		}
		if _, claimed := claimsBase(s.other, s.entry); claimed || beginsWith(s.otherImg.Steps, s.img.Steps) {
			return s, true
		}
	}
	return ladderSide{}, false
}

// beginsWith reports whether an image begins with all instructions of a base.
func beginsWith(steps, base []model.Step) bool {
	return len(base) <= len(steps) && slices.EqualFunc(base, steps[:len(base)], dockerfile.SameStep)
}

// claimsBase reports whether an image names another one as its base, and where it does.
func claimsBase(child, base *model.Entry) (source string, ok bool) {
	claim := baseClaim(nil, child).direct()
	return string(claim.source), claim.Digest != "" && claim.Digest == base.Descriptor.Digest
}

// prefixGrounds is the evidence that the first k layers with files are the same.
func (l *ladder) prefixGrounds(k int) []Ground {
	for _, r := range l.p.Rows {
		if r.A == nil || r.B == nil || !hasFiles(*r.A) {
			continue
		}
		if k == 0 {
			break
		}
		if k--; contentGround(r.A, r.B) != Hashed {
			return on(Hashed, Claimed)
		}
	}
	return on(Hashed)
}

// otherStepsText reports that all other instructions are equal, if they are.
// This is typical for a base image that moved: the user's own steps are the
// same.
func otherStepsText(rows []Row, different Row) string {
	same := 0
	for _, r := range rows {
		switch {
		case r.A == different.A && r.B == different.B:
		case !r.SameText:
			return ""
		default:
			same++
		}
	}
	if same == 0 {
		return ""
	}
	return ". The other " + byNumber(same, "instruction is", plural(same, "instruction")+" are") + " the same on both sides"
}

// baseSize returns the size of the first k layers with files, in bytes as
// stored.
func (l *ladder) baseSize(k int) int64 {
	var size int64
	img := l.a
	if img.Manifest.Kind == model.KindSchema1 {
		img = l.b // schema1 has no sizes
	}
	for _, s := range matching(img.Steps, hasFiles)[:k] {
		size += s.Layer.Size
	}
	return size
}

func commonPrefix[T comparable](a, b []T) int {
	k := 0
	for k < len(a) && k < len(b) && a[k] == b[k] {
		k++
	}
	return k
}

// firstDifferentRow returns the first row that differs after the k-th layer
// with files. A changed setting counts: an ENV before a RUN often explains why
// the result of the RUN differs.
func firstDifferentRow(rows []Row, k int) Row {
	for _, r := range rows {
		if k > 0 && r.A != nil && hasFiles(*r.A) {
			k--
			if r.Class == Same || r.Class == RepackedRow {
				continue
			}
		}
		if k == 0 && r.Differs() && r.Class != RepackedRow && r.Class != BothEmpty {
			return r
		}
	}
	if len(rows) == 0 {
		return Row{}
	}
	return rows[len(rows)-1]
}

// differenceText describes what differs in a row.
func (l *ladder) differenceText(r Row) string {
	text := func(s *model.Step) string {
		switch {
		case l.isCommitted(s) && byBuildah(*s):
			return "a layer by podman commit or buildah commit"
		case l.isCommitted(s) && s.Comment != "":
			return "a layer by docker commit, \"" + quoted(s.Comment) + "\","
		case l.isCommitted(s) && s.CreatedBy == "":
			return "a layer by docker commit"
		case l.isCommitted(s):
			return "a layer by docker commit, of " + instructionText(*s) + ","
		case hasInstruction(*s):
			return instructionText(*s)
		case s.Comment != "":
			return "a layer without an instruction, \"" + quoted(s.Comment) + "\","
		}
		return "a layer without an instruction"
	}
	switch {
	case r.A == nil && r.B == nil:
		return "nothing"
	case r.Class == Moved && r.A != nil:
		return text(r.A) + " moved"
	case r.Class == Moved:
		return text(r.B) + " moved"
	case r.A == nil:
		return text(r.B) + " is only in " + l.nameB
	case r.B == nil:
		return text(r.A) + " is only in " + l.nameA
	case !r.SameText:
		return rewordedText(text(r.A), text(r.B))
	case r.Detail == Emptied:
		return text(r.A) + " added no file in " + l.nameB
	case r.Detail == Filled:
		return text(r.A) + " added no file in " + l.nameA
	}
	return text(r.A) + l.p.gaveText(r)
}

// gaveText is the end of a sentence on a step with different layers.
func (p Pair) gaveText(r Row) string {
	if r.sameFilesRead() {
		return " gave the same files " + formText([]Row{r})
	}
	if p.givenSame(r) {
		return " was given the same files, but its layers differ"
	}
	if p.madeByTwo(r) {
		return " has another layer from another builder"
	}
	return " gave another layer"
}

// rewordedText describes an instruction that is written in another way: LABEL version 1 → 2.
func rewordedText(from, to string) string {
	name, old, isSetting := strings.Cut(from, "=")
	otherName, value, _ := strings.Cut(to, "=")
	switch {
	case from == to: // masked or cut
		return from + " differs"
	case isSetting && name == otherName && old != "" && value != "" && !strings.ContainsAny(old+value, " ="):
		return name + " " + old + " → " + value
	}
	return from + " becomes " + to
}

// isCommitted reports whether docker commit left a step of one of the images.
func (l *ladder) isCommitted(s *model.Step) bool {
	return slices.ContainsFunc([]*model.Image{l.a, l.b}, func(img *model.Image) bool { return s == committedStep(*img) })
}

// stepNumber returns the displayed number of a row: the step number of A, else of
// B. The oldest step is 1.
func stepNumber(r Row) int {
	if s := cmp.Or(r.A, r.B); s != nil {
		return s.Index + 1
	}
	return 0
}

// firstDifference returns the displayed number of the first row that differs, 0
// if there is none.
func firstDifference(rows []Row) int {
	i := slices.IndexFunc(rows, Row.Differs)
	if i < 0 {
		return 0
	}
	return stepNumber(rows[i])
}

var unrelatedImages = safe.Const("Unrelated images")

// unrelated is the last rung. It still reports what is equal: if the base image
// moved, the very first layer differs although the recipe is the same.
func (l *ladder) unrelated() Verdict {
	sameLayers, sameTexts, steps := 0, 0, 0
	for _, r := range l.p.Rows {
		switch {
		case r.Class == Moved && r.A == nil:
			continue // counted in the row of A
		case (r.Class == Same || r.Class == RepackedRow || r.Class == Moved) && !r.A.Empty:
			sameLayers++
		}
		if r.SameText && r.A != nil {
			sameTexts++
		}
		steps++
	}
	v := Verdict{Code: Unrelated, Rests: on(Structure), Step: firstDifference(l.p.Rows)}
	v.Proof = append([]safe.Text{safe.Const("the first layer with files differs")}, l.stepProof(v.Step)...)
	for _, way := range []func(*ladder) (Verdict, bool){
		(*ladder).withoutFiles, (*ladder).oneNamedLayer, (*ladder).inAnotherOrder, (*ladder).withoutHistory,
		(*ladder).squashedSide, (*ladder).exported, (*ladder).otherRoot, (*ladder).oneStep, (*ladder).beginsAsOther,
	} {
		if found, ok := way(l); ok {
			found.Step, found.Proof = v.Step, v.Proof
			return found
		}
	}
	switch mostTexts := sameTexts*2 >= steps && sameTexts > 1; {
	case mostTexts && l.p.convertedApart():
		v.Headline = safe.Sprintf("%d of %d instructions are the same", sameTexts, steps)
		v.Because = safe.Clean(l.convertedText())
	case l.p.sameRootGiven():
		v.Rests = on(Claimed, Heuristic)
		v.Headline = safe.Const("Different from the first layer on, though step 1 was given the same files")
		hint := ""
		if sameTexts*2 > steps {
			hint = ", as after kaniko --reproducible"
		}
		v.Because = safe.Sprintf("Step 1 is %s on both sides and its layers differ%s; %s",
			instructionText(*l.p.Rows[0].A), hint, otherInstructions(sameTexts-1, steps-1))
	case sameLayers > 0:
		v.Headline = safe.Sprintf("The first layer differs, %s above it %s the same%s",
			plural(sameLayers, "layer"), isAre(sameLayers), l.settingsText())
		v.settings = l.settingsText()
		v.Because = safe.Const("A changed base does this")
	case mostTexts:
		v.Headline = safe.Sprintf("Different from the first layer on%s", l.onlySteps())
		v.Because = safe.Sprintf("%d of %d instructions are the same; no layer is the same. A new base or a full rebuild does this",
			sameTexts, steps)
	default:
		v.Headline, v.strangers = unrelatedImages, true
		v.Because = safe.Sprintf("%s%s", l.layerNumbers(), l.settingsOfImports())
	}
	return v
}

// settingsOfImports names the settings that differ between two images of one layer. Imports of a root
// filesystem state no instruction, and may be two states of one. Where the instructions are others, the
// images are unrelated: nothing is new or gone in one of them, and their labels describe two things.
func (l *ladder) settingsOfImports() string {
	if len(l.withFiles[0]) != 1 || len(l.withFiles[1]) != 1 {
		return ""
	}
	if !hasInstructions(*l.a) && !hasInstructions(*l.b) {
		return l.settingsText()
	}
	ofBoth := func(ch fieldChange) bool { return ch.inA && ch.inB && ch.kind != fieldLabel }
	return l.changesText(matching(settingsOf(l.changes()), ofBoth))
}

// beginsAsOther is the verdict if all instructions of one side, a root filesystem and a setting at
// least, are the first ones of the other side: it may be another build of the base of that.
func (l *ladder) beginsAsOther() (Verdict, bool) {
	if l.p.sameRootGiven() || slices.ContainsFunc(l.withFiles[0], func(c string) bool { return slices.Contains(l.withFiles[1], c) }) {
		return Verdict{}, false
	}
	for _, s := range l.sides() {
		own, all := len(s.img.Steps), len(s.otherImg.Steps)
		if own < 2 || 2*own >= all || !beginsWith(s.otherImg.Steps, s.img.Steps) || slices.ContainsFunc(s.img.Steps, isUnknownStep) {
			continue
		}
		return Verdict{
			Code: Unrelated, Rests: on(Heuristic), onNamedBase: true,
			Headline: safe.Sprintf("%s has the first %d instructions of %s, but no layer of it", s.name, own, s.otherName),
			Because:  safe.Sprintf("%s may be another build of the base of %s, which has %s more", s.name, s.otherName, plural(all-own, "step")),
		}, true
	}
	return Verdict{}, false
}

func isUnknownStep(s model.Step) bool { return !hasInstruction(s) }

func (l *ladder) layerNumbers() safe.Text {
	return safe.Sprintf("No layer is the same: %s in %s, %s in %s",
		noneOr(len(l.withFiles[0]), "layer"), l.nameA, noneOr(len(l.withFiles[1]), "layer"), l.nameB)
}

// withoutFiles is the verdict if one side has no file.
func (l *ladder) withoutFiles() (Verdict, bool) {
	for i, s := range l.sides() {
		if len(l.withFiles[i]) == 0 {
			headline := safe.Sprintf("%s has no file", s.name)
			return Verdict{Code: Unrelated, Rests: on(Structure), Headline: headline, Because: l.layerNumbers(), strangers: true}, true
		}
	}
	return Verdict{}, false
}

// inAnotherOrder is the verdict if both sides have the same layers, and other ones come first.
func (l *ladder) inAnotherOrder() (Verdict, bool) {
	because := safe.Sprintf("The same %s, in another order from the first one on", plural(len(l.withFiles[0]), "layer"))
	return Verdict{Code: Unrelated, Rests: on(Claimed), Headline: l.otherOrder(), Because: because}, l.inOtherOrder()
}

// oneStep is the verdict if one step differs, written in another way by the same verb, and the
// settings are the same.
func (l *ladder) oneStep() (Verdict, bool) {
	rows := matching(l.p.Rows, differs)
	if len(rows) != 1 || len(l.p.Rows) < 2 || rows[0].A == nil || rows[0].B == nil || rows[0].SameText ||
		verbOf(*rows[0].A) != verbOf(*rows[0].B) || !l.sameSettings() || l.p.convertedApart() {
		return Verdict{}, false
	}
	others := len(l.p.Rows) - 1
	return Verdict{
		Code: Unrelated, Rests: on(Claimed),
		Headline: safe.Sprintf("Step %d differs: %s; same settings", stepNumber(rows[0]), l.differenceText(rows[0])),
		Because:  safe.Clean(upperFirst(otherInstructions(others, others))),
	}, true
}

// onlySteps names the steps with files that only one side has, "" for none or many.
func (l *ladder) onlySteps() string {
	const most = 2
	rows := matching(l.p.Rows, func(r Row) bool {
		return r.Class == Added && hasFiles(*r.B) || r.Class == Removed && hasFiles(*r.A)
	})
	if len(rows) == 0 || len(rows) > most {
		return ""
	}
	return "; " + l.rowsText(rows)
}

func (l *ladder) otherOrder() safe.Text {
	if swapped := swappedText(*l.a, *l.b); swapped != "" {
		return safe.Sprintf("The same layers, two of them swapped: %s%s", swapped, l.settingsText())
	}
	return safe.Sprintf("The same layers in another order%s", l.settingsText())
}

// inOtherOrder reports whether both sides have the same layers with files, not in one order.
func (l *ladder) inOtherOrder() bool {
	a, b := l.withFiles[0], l.withFiles[1]
	return len(a) > 1 && !slices.Equal(a, b) && slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// sameRootGiven reports whether the hashes in the oldest instructions say that step 1 was
// given the same files.
func (p Pair) sameRootGiven() bool {
	if len(p.Rows) == 0 {
		return false
	}
	first := p.Rows[0]
	return first.A != nil && first.B != nil && first.Class == Substituted &&
		p.compareHashes(first.A, first.B) == dockerfile.SameFiles
}

// withoutHistory is the verdict on two images without a common layer, if the history of
// one records no instruction: steps cannot tell then, and sizes and settings only hint.
func (l *ladder) withoutHistory() (Verdict, bool) {
	silentA, silentB := recordsNothing(l.a), recordsNothing(l.b)
	if silentA == silentB || len(l.withFiles[0]) == 0 || !l.noLayerShared() {
		return Verdict{}, false
	}
	silent, other := l.nameB, l.nameA
	if silentA {
		silent, other = l.nameA, l.nameB
	}
	v := Verdict{
		Code: Unrelated, Rests: on(Structure), Headline: safe.Sprintf("No layer is the same; the history of %s records no instruction", silent),
		Because: safe.Const("Without instructions, steps cannot be compared"), strangers: !l.similarSizes() && !l.sameSettings(),
	}
	if l.similarSizes() && l.sameSettings() {
		v.Rests = on(Heuristic)
		v.Because = safe.Sprintf("Both have %s of about the same sizes, and the same settings: "+
			"%s may be %s, written again by a tool such as kaniko", plural(len(l.withFiles[0]), "layer"), silent, other)
	}
	return v, true
}

// hasInstruction reports whether the history says what a step is: an instruction, or the
// name of a layer.
func hasInstruction(s model.Step) bool {
	_, named := dockerfile.LayerOf(s)
	return named || s.Instruction != ""
}

// recordsNothing reports whether no step of an image has an instruction.
func recordsNothing(img *model.Image) bool {
	return !slices.ContainsFunc(img.Steps, hasInstruction)
}

// similarSizes reports whether the layers with files have about the same sizes, in order.
// Another gzip of the same files differs by a few percent.
func (l *ladder) similarSizes() bool {
	return slices.EqualFunc(matching(l.a.Steps, hasFiles), matching(l.b.Steps, hasFiles), func(stepA, stepB model.Step) bool {
		a, b := stepA.Layer.Size, stepB.Layer.Size
		return a > 0 && b > 0 && max(a, b)-min(a, b) <= max(a, b)/20+512
	})
}

// otherRoot is the verdict if the hashes of the first step with files say that the two
// sides were given other ones. A MAINTAINER can come before that step.
func (l *ladder) otherRoot() (Verdict, bool) {
	first, ok := l.firstFiles()
	if !ok || l.p.compareHashes(first.A, first.B) != dockerfile.OtherFiles {
		return Verdict{}, false
	}
	others := len(l.p.Rows) - 1
	same := countOf(l.p.Rows, func(r Row) bool { return r.SameText && r.A != nil && r.A != first.A })
	own := l.p.ownFilesText(first.A.Index+1) + l.onlySteps()
	headline := safe.Sprintf("Different root filesystems%s%s", twoDays(first), own)
	switch {
	case dockerfile.Verb(first.A.Instruction) != "ADD": // COPY does not unpack an archive
		headline = safe.Const("Different from the first layer on: other files were given")
	case others >= 3 && 2*same < others && own == "":
		headline = safe.Sprintf("%s, and other steps on them", headline)
	}
	return Verdict{
		Code: Unrelated, Rests: on(Claimed), Headline: headline, strangers: 2*same < others || others == 0,
		Because: safe.Sprintf("By the hashes of the builder, step %d was given other files: %s has %s, %s has %s; %s", stepNumber(first),
			l.nameA, instructionText(*first.A), l.nameB, instructionText(*first.B), otherInstructions(same, others)),
	}, true
}

// twoDays names the days on which the two sides of a row were built, "" for one day or unknown ones.
func twoDays(r Row) string {
	a, b := model.RealDate(r.A.Created), model.RealDate(r.B.Created)
	if a == nil || b == nil || model.DayText(*a) == model.DayText(*b) {
		return ""
	}
	return ", " + model.DayText(*a) + " and " + model.DayText(*b)
}

// firstFiles is the first row that has files on a side. ok is false unless both have some.
func (l *ladder) firstFiles() (first Row, ok bool) {
	for _, r := range l.p.Rows {
		filesA, filesB := r.A != nil && hasFiles(*r.A), r.B != nil && hasFiles(*r.B)
		if filesA || filesB {
			return r, filesA && filesB
		}
	}
	return Row{}, false
}

// otherInstructions says how many of the n instructions above a difference are the same.
func otherInstructions(same, n int) string {
	switch {
	case n == 0:
		return "there is no other step"
	case same == n:
		return "the other " + byNumber(n, "instruction is", plural(n, "instruction")+" are") + " the same"
	case same == 0:
		return "no other instruction is the same"
	}
	return fmt.Sprintf("%d of the other %s %s the same", same, plural(n, "instruction"), isAre(same))
}

// withPlatforms puts different platforms of two single images first in the
// headline: they explain all other differences.
func (l *ladder) withPlatforms(v Verdict) Verdict {
	if l.a == nil || l.b == nil {
		return v
	}
	pa, pb := nameOf(*l.p.A), nameOf(*l.p.B)
	if pa == pb || pa == "" || pb == "" || nameOfBuild(*l.p.A) == nameOfBuild(*l.p.B) || isRelabelled(l.p) || l.mayBeOnePlatform() {
		return v
	}
	v.Because = safe.Sprintf("%s; %s", v.Headline, lowerFirst(v.Because))
	v.Headline = safe.Sprintf("Different platforms: %s and %s", pa, pb)
	if isSame(v.Code) || v.Code == OtherSettings { // one of the configs is wrong
		v.Headline = safe.Sprintf("Same files, but the configs claim different platforms: %s and %s", pa, pb)
	}
	v.Rests = append(slices.Clone(v.Rests), Claimed)
	return v
}

// mayBeOnePlatform reports whether both sides have one operating system and a side does not
// state its architecture.
func (l *ladder) mayBeOnePlatform() bool {
	a, b := l.p.A.Platform(), l.p.B.Platform()
	return a.OS == b.OS && (a.Architecture == "" || b.Architecture == "")
}

func sameBlobs(a, b []v1.Descriptor) bool {
	return slices.EqualFunc(a, b, func(x, y v1.Descriptor) bool { return x.Digest == y.Digest })
}

// manifestDifference names what differs between the manifests of the same blobs, in short
// and in full.
func (l *ladder) manifestDifference() (short, all string) {
	changes := manifestChanges(l.a.Manifest, l.b.Manifest, l.nameA, l.nameB)
	if len(changes) == 0 {
		text := formattingText(l.a.Manifest.Raw, l.b.Manifest.Raw)
		return text, text
	}
	return firstOf(changes), list(changes)
}

// formattingText says how two documents differ whose members have the same values.
func formattingText(a, b []byte) string {
	textA, okA := jsondoc.Pretty(a)
	textB, okB := jsondoc.Pretty(b)
	switch {
	case okA && okB && textA == textB:
		return "only spaces and the order of fields"
	case jsondoc.Equal(a, b):
		return "only null fields, spaces and the order of fields"
	}
	return "its bytes"
}
