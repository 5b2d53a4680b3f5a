package diff

import (
	"slices"
	"time"

	"github.com/tagdiff/tagdiff/diff/version"
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

// builtBefore reports whether one image has an earlier date than another one.
func builtBefore(first, second *model.Image) bool {
	from, to := first.Created(), second.Created()
	return from != nil && to != nil && from.Before(*to)
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
	older := ""
	if when != "" && builtBefore(b, a) {
		older = ": " + nameB + " is the older build"
	}
	f := Finding{
		Severity: 2, Rests: on(Structure), Evidence: evidenceOf(rows), Proof: rowProof(rows[0]), Check: c.LayerCheck(rows[0]),
		Text: safe.Sprintf("The image was built again, not retagged%s%s. A test of %s is not a test of %s.", when, older, nameA, nameB),
		Next: safe.Const("Promote the tested image instead of building it twice. The first step that differs shows what changed"),
	}
	if builtByTwo(a, b) {
		f.Text = safe.Sprintf("The image was built again by another builder, not retagged%s%s. A test of %s is not a test of %s.",
			when, older, nameA, nameB)
		f.Next = safe.Const("Promote the tested image instead of building it twice. Compare the files of the steps: " +
			"two builders write the same files in different bytes")
	}
	if from, to, ok := c.versionsOf(p); ok {
		f.Severity, f.Rests = 0, on(Structure, Claimed)
		f.Text = safe.Sprintf("The image was built again%s: it is another %s.", when, versionText(from, to))
		f.Next = safe.Const("Nothing to fix: another version needs a build, and a test")
		if goesBack(from, to) {
			f.Text = safe.Sprintf("The version goes back, %s → %s. These are two builds%s.", quoted(from), quoted(to), when)
			f.Next = safe.Const("Nothing to fix if this is a rollback: check that the older version can read the data of the newer one. " +
				"If it is not, find the job that pushed it")
		}
	}
	return []Finding{f}
}

// goesBack reports whether the second of two versions is an older release. Of 1.4.2 and 1.4,
// which can be any release of 1.4, neither is.
func goesBack(from, to string) bool {
	a, b := version.Parse(from), version.Parse(to)
	if a.Count == b.Count {
		return a.Count > 0 && a.IsDate() == b.IsDate() && b.CompareRelease(a) < 0
	}
	n := min(a.Count, b.Count)
	return n > 0 && a.IsDate() == b.IsDate() && slices.Compare(b.Numbers[:n], a.Numbers[:n]) < 0
}

// versionsOf are the two versions that explain a rebuild: those of labels or annotations.
func (c Comparison) versionsOf(p Pair) (from, to string, ok bool) {
	from, to, ok = c.claimedVersions(p)
	return from, to, ok && c.areVersions(p)
}

// versionText names two versions, or two variants of one.
func versionText(from, to string) string {
	if v, plain, flavour, ok := otherFlavour(from, to); ok {
		return "variant of version " + quoted(v) + ", " + quoted(plain) + " → " + quoted(flavour)
	}
	return "version, " + quoted(from) + " → " + quoted(to)
}
