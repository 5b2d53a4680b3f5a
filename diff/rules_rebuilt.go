package diff

import (
	"slices"
	"time"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// otherBookkeeping (A6): builders differ in whether a step that changes no file gets a
// layer (BuildKit from 0.10 on writes one, Docker's classic builder does not).
func otherBookkeeping(c Comparison, p Pair) []Finding {
	if p.Verdict.Code != OtherRecord {
		return nil
	}
	rows := matching(p.Rows, func(r Row) bool { return r.A != nil && r.B != nil && r.SameText && r.A.HasLayer != r.B.HasLayer })
	if len(rows) == 0 {
		return nil
	}
	layerIn, noteIn := c.names()
	if !slices.ContainsFunc(rows, func(r Row) bool { return r.A.HasLayer }) {
		layerIn, noteIn = noteIn, layerIn
	}
	first := rows[0]
	return []Finding{{
		Severity: 1, Rests: on(Structure), Evidence: evidenceOf(rows), Proof: rowProof(first), Check: c.ConfigCheck(p, ".history"),
		Text: safe.Sprintf("%s (%s) %s an empty layer in %s and only a history entry in %s. Two builders made the images; it is not a retag.",
			upperFirst(stepsText(rowSteps(rows))), instructionText(*first.A), isAre(len(rows)), layerIn, noteIn),
		Next: safe.Const("The files are the same. Find out why the image was built twice"),
	}}
}

// builtAtOtherTimes reports whether both configs have a date of creation and the dates
// differ. Equal dates show nothing: SOURCE_DATE_EPOCH gives them to different builds.
func builtAtOtherTimes(a, b *model.Image) bool {
	return a.Config.Created != nil && b.Config.Created != nil && !a.Config.Created.Equal(*b.Config.Created)
}

// rebuiltNotRetagged (A7): the same instructions, but different layers.
func rebuiltNotRetagged(c Comparison, p Pair, a, b *model.Image) []Finding {
	if p.Verdict.Code != SameRecipe || nameOf(*p.A) != nameOf(*p.B) {
		return nil // different platforms are different builds
	}
	if !builtAtOtherTimes(a, b) || isFlattened(a) || isFlattened(b) { // the date is that of the flattening
		return nil
	}
	rows := matching(p.Rows, differs)
	if len(rows) == 0 || p.onlyDatesDiffer(rows) {
		return nil
	}
	nameA, nameB := c.names()
	when := ""
	if from, to := a.Created(), b.Created(); from != nil && to != nil && to.Sub(*from).Abs() >= time.Minute {
		when = ", " + nameA + " on " + model.TimeText(*from) + ", " + nameB + " on " + model.TimeText(*to)
	}
	f := Finding{
		Severity: 2, Rests: on(Structure), Evidence: evidenceOf(rows), Proof: rowProof(rows[0]), Check: c.LayerCheck(rows[0]),
		Text: safe.Sprintf("The image was built again, not retagged%s. A test of %s is not a test of %s.", when, nameA, nameB),
		Next: safe.Const("Promote the tested image instead of building it twice. The first step that differs shows what changed"),
	}
	if bumped := c.versionsOf(p); bumped != "" {
		f.Severity, f.Rests = 0, on(Structure, Claimed)
		f.Text = safe.Sprintf("The image was built again%s: it is another %s.", when, bumped)
		f.Next = safe.Const("Nothing to fix: another version needs a build, and a test")
	}
	return []Finding{f}
}

// versionsOf is the change of version that explains a rebuild: that of labels or
// annotations, "" for none.
func (c Comparison) versionsOf(p Pair) string {
	from, to, ok := c.claimedVersions(p)
	if !ok || !c.areVersions(p) {
		return ""
	}
	if v, plain, flavour, ok := otherFlavour(from, to); ok {
		return "variant of version " + quoted(v) + ", " + quoted(plain) + " → " + quoted(flavour)
	}
	return "version, " + quoted(from) + " → " + quoted(to)
}
