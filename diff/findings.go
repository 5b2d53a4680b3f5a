package diff

import (
	"cmp"
	"fmt"
	"iter"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/tagdiff/tagdiff/model/safe"
)

// Group is a finding together with its consequences.
type Group struct {
	Finding
	Consequences []Finding
}

// GroupByCause sorts findings by severity and puts each consequence under its cause, so
// that no fact is shown twice. Findings that the verdict says are left out. The findings are
// those of one platform and of the whole comparison.
func GroupByCause(found []Finding) []Group {
	found = matching(found, func(f Finding) bool { return !f.Said })
	sortFindings(found)
	var groups []Group
	for _, f := range found {
		if rootCause(found, f) == "" {
			groups = append(groups, Group{Finding: f})
		}
	}
	for _, f := range found {
		cause := rootCause(found, f)
		if i := slices.IndexFunc(groups, func(g Group) bool { return g.ID == cause }); cause != "" && i >= 0 {
			groups[i].Consequences = append(groups[i].Consequences, f)
		}
	}
	return groups
}

// rootCause returns the id of the found finding that f follows from in the end, "" if f is
// a cause itself.
func rootCause(found []Finding, f Finding) string {
	root := ""
	for cause := nextCause(found, f.ID); cause != ""; cause = nextCause(found, cause) {
		root = cause
	}
	return root
}

// nextCause returns the first cause of a rule that is among the findings, "" for none.
func nextCause(found []Finding, id string) string {
	i := slices.IndexFunc(rules, func(r rule) bool { return r.id == id })
	if i < 0 {
		return ""
	}
	for _, cause := range rules[i].causes {
		// C4 below a stop means that the shared layers are probably data. They explain nothing.
		if slices.ContainsFunc(found, func(f Finding) bool { return f.ID == cause && (cause != "C4" || isStop(f)) }) {
			return cause
		}
	}
	return ""
}

// withFindings adds the findings on the whole comparison, and those on the pairs that are
// not done yet. Tag findings are taken from prev if their input is unchanged.
func (c Comparison) withFindings(prev Comparison, done map[int]bool) Comparison {
	for _, r := range rules {
		if r.whole != nil {
			c.Findings = append(c.Findings, c.joined(r.apply(func() []Finding { return r.whole(c) }))...)
		}
	}
	c.Findings = append(c.Findings, c.tagFindingsSince(prev)...)
	sortFindings(c.Findings)
	for i := range c.Pairs {
		if !done[i] {
			c.Pairs[i].Findings = c.findingsOn(c.Pairs[i])
		}
	}
	if c.B != nil && (c.cannotBePulled() || !c.corruptText().IsEmpty()) { // two references to one broken image: it is a cause
		c.Findings = slices.DeleteFunc(c.Findings, func(f Finding) bool { return f.ID == "A1" })
	}
	return c
}

// joined makes one of two findings of a rule that say the same of A and of B: "In A, …". Stops
// stay apart, since the verdict names their side.
func (c Comparison) joined(found []Finding) []Finding {
	nameA, nameB := c.names()
	var out []Finding
	for _, f := range found {
		rest, ofB := strings.CutPrefix(f.Text.String(), "In "+nameB+", ")
		i := slices.IndexFunc(out, func(o Finding) bool { return ofB && f.Severity < 3 && o.Text.String() == "In "+nameA+", "+rest })
		if i < 0 {
			out = append(out, f)
			continue
		}
		out[i].Text, out[i].Common = safe.Sprintf("In %s and %s, %s", nameA, nameB, rest), c.isCommon(f)
		out[i].Evidence, out[i].Proof = append(out[i].Evidence, f.Evidence...), append(out[i].Proof, f.Proof...)
	}
	return out
}

// withSaid marks the findings that a verdict above them says. Stops are always shown, and so are risks in the
// files: the verdict says what changed, and they say what to do about it.
func (c Comparison) withSaid() Comparison {
	mark := func(found []Finding, said ...[]string) []Finding {
		found = slices.Clone(found)
		for i, f := range found {
			isRisk := f.Severity == 2 && strings.HasPrefix(f.ID, "H")
			found[i].Said = f.Severity < 3 && !isRisk && slices.ContainsFunc(said, f.isIn)
		}
		return found
	}
	whole := c.Verdict.words()
	c.Findings, c.Pairs = mark(c.Findings, whole), slices.Clone(c.Pairs)
	for i, p := range c.Pairs {
		c.Pairs[i].Findings = mark(p.Findings, p.Verdict.words(), whole)
	}
	return c
}

// SaidBy reports whether every word of a finding is in the sentences of a verdict.
func (f Finding) SaidBy(v Verdict) bool { return f.isIn(v.words()) }

func (v Verdict) words() []string {
	return slices.Collect(wordsOf(v.Headline.String() + " " + v.Because.String()))
}

// Beyond returns what a finding says beyond a verdict: its text, without the first sentence if
// the headline says this.
func (f Finding) Beyond(v Verdict) safe.Text {
	if hasWords(v.words(), strings.TrimPrefix(f.Text.String(), "Environment: ")) {
		return safe.Text{}
	}
	leads := !f.Lead.IsEmpty() &&
		(strings.Contains(v.Headline.String(), f.Lead.String()) || strings.Contains(v.Headline.String(), lowerFirst(f.Lead).String()))
	if !leads && f.ID != v.says {
		return f.Text
	}
	first := firstSentence.FindString(f.Text.String())
	if f.Text = safe.Clean(strings.TrimPrefix(f.Text.String(), first)); first == "" || f.SaidBy(v) {
		return safe.Text{}
	}
	return f.Text
}

// firstSentence is the first of several sentences. The point of "COPY . /app" does not end it.
var firstSentence = regexp.MustCompile(`^.*?\S\. `)

func (f Finding) isIn(said []string) bool { return hasWords(said, f.Text.String()) }

// hasWords reports whether every word of a text is among those of wordsOf.
func hasWords(said []string, text string) bool {
	for word := range wordsOf(text) {
		if !slices.Contains(said, word) {
			return false
		}
	}
	return true
}

// wordsOf yields the words of a text in lower case, without a final s and without articles,
// prepositions and verbs that every sentence may have.
func wordsOf(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
			word = strings.TrimSuffix(strings.ToLower(word), "s")
			if !slices.Contains(commonWords, word) && !yield(word) {
				return
			}
		}
	}
}

var commonWords = []string{"the", "a", "an", "in", "of", "on", "to", "and", "i", "are", "wa", "were", "ha", "have"}

// allFindings are the findings on the whole comparison, then those on its pairs.
func (c Comparison) allFindings() []Finding {
	all := slices.Clone(c.Findings)
	for _, p := range c.Pairs {
		all = append(all, p.Findings...)
	}
	return all
}

func (c Comparison) findingsOn(p Pair) []Finding {
	p.sides = c.sidesOf(p)
	var found []Finding
	for _, r := range rules {
		if r.pair != nil {
			found = append(found, r.apply(func() []Finding { return r.pair(c, p) })...)
		}
	}
	_, hasRelease := p.onOtherRelease()
	switch {
	case p.Verdict.isBase, p.Verdict.onNamedBase, hasRelease:
		expectOnBase(found)
	case p.Verdict.strangers:
		lowerForUnrelated(found)
	}
	sortFindings(found)
	adviseOnce(found)
	return found
}

// adviseOnce leaves the advice of lowerForUnrelated to the first finding that has it.
func adviseOnce(found []Finding) {
	advised := false
	for i := range found {
		if f := &found[i]; f.Next == checkImages {
			if advised {
				f.Next = safe.Text{}
			}
			advised = true
		}
	}
}

var checkImages = safe.Const("Check that you compare the images that you mean")

// expectOnBase takes the differences between an image and its base for what they are: an
// image sets its own command, user and environment.
func expectOnBase(found []Finding) {
	for i := range found {
		f := &found[i]
		switch f.ID {
		case "E1", "E2", "E3", "E7":
			f.Next = safe.Const("Nothing to fix: an image sets its own values on top of its base")
		case "G3":
			f.Next = safe.Const("Nothing to fix: an image can be built by another tool than its base")
		default:
			continue
		}
		f.Severity, f.Command = min(f.Severity, 1), safe.Text{}
	}
}

// lowerForUnrelated takes the differences between unrelated images for facts: the first
// sentence says that they are unrelated, and no setting explains that.
func lowerForUnrelated(found []Finding) {
	for i := range found {
		if f := &found[i]; slices.Contains([]string{"D4", "E1", "E2", "E3", "E7", "G3"}, f.ID) {
			f.Severity, f.Next, f.Command = 0, checkImages, safe.Text{}
		}
	}
}

// apply runs a rule. If the rule panics, apply returns a finding that reports it, so the
// other rules still run.
func (r rule) apply(find func() []Finding) (found []Finding) {
	defer func() {
		if fault := recover(); fault != nil {
			found = r.withID([]Finding{{
				Severity: 1, Rests: on(Heuristic),
				Text: safe.Sprintf("This rule failed, internal error of tagdiff: %s", safe.Gate{}.Clean(fmt.Sprint(fault))),
				Next: safe.Const("Please report it, with the references that you compared"),
			}})
		}
	}()
	return r.withID(find())
}

func (r rule) withID(found []Finding) []Finding {
	for i := range found {
		found[i].ID, found[i].Name, found[i].Trust = r.id, r.name, trustOf(found[i].Rests)
		switch text := found[i].Text.String(); {
		case strings.HasSuffix(text, "...."): // a name that ends in an ellipsis
			found[i].Text = safe.Clean(strings.TrimSuffix(text, "."))
		case strings.HasPrefix(text, oneIndex):
			found[i].Text = safe.Clean(upperFirst(text))
		}
	}
	return found
}

// sortFindings puts the most severe first.
func sortFindings(found []Finding) {
	slices.SortStableFunc(found, byWeight)
}

func byWeight(a, b Finding) int {
	return cmp.Or(cmp.Compare(findingWeight(b), findingWeight(a)), cmp.Compare(slices.Index(importance, a.ID), slices.Index(importance, b.ID)))
}

// findingWeight orders findings by severity. What both sides share counts as one severity
// less, unless it is a stop: the question is what tells the sides apart.
func findingWeight(f Finding) int {
	switch {
	case !f.Common:
		return 2 * f.Severity
	case isStop(f): // it comes after those of one side, but before all warnings
		return 2*f.Severity - 1
	}
	return 2 * (f.Severity - 1)
}

func isStop(f Finding) bool { return f.Severity >= 3 }

func (s sideOf) withName(name string) sideOf {
	s.name = name
	return s
}

// PlatformGroup is a group of findings of several platforms. Its values are those of the
// first.
type PlatformGroup struct {
	Group
	Pairs []int // indexes in Comparison.Pairs
}

// platformValues matches what differs between platforms though the finding is the same:
// digests, sizes and dates.
var platformValues = regexp.MustCompile(`\b[0-9a-f]{12,64}\b|\b\d+(?:\.\d+)? (?:B|kB|MB|GB)\b|` +
	`\b\d{1,2} [A-Z][a-z]{2} \d{4}(?: \d\d:\d\d UTC)?`)

// Essence is the text of a finding without the values that differ between platforms though
// the finding is the same.
func (f Finding) Essence() string { return platformValues.ReplaceAllString(f.Text.String(), "") }

// OtherPlatforms returns the warnings and stops of the pairs beside one that are not
// findings of this one, too. Consequences count as findings of their pair.
func (c Comparison) OtherPlatforms(pair int) []PlatformGroup {
	keyOf := func(f Finding) string { return f.ID + " " + f.Essence() }
	known := map[string]bool{}
	for _, f := range slices.Concat(c.Findings, c.Pairs[pair].Findings) {
		known[keyOf(f)] = true
	}
	at := map[string]int{}
	var out []PlatformGroup
	for i, p := range c.Pairs {
		for _, g := range GroupByCause(slices.Concat(p.Findings, c.Findings)) {
			k := keyOf(g.Finding)
			if i == pair || known[k] || g.Severity < 2 {
				continue
			}
			if n, seen := at[k]; seen {
				out[n].Pairs = append(out[n].Pairs, i)
				continue
			}
			g.Consequences = slices.DeleteFunc(g.Consequences, func(f Finding) bool { return known[keyOf(f)] })
			at[k] = len(out)
			out = append(out, PlatformGroup{g, []int{i}})
		}
	}
	return out
}

// OtherPlatform returns the platform of B if two images for different platforms are compared,
// as two tags of single images can be.
func (p Pair) OtherPlatform() (platform safe.Text, ok bool) {
	if p.A == nil || p.B == nil || nameOf(*p.A) == nameOf(*p.B) || nameOf(*p.A) == "" || nameOf(*p.B) == "" {
		return safe.Text{}, false
	}
	return safe.Clean(cmp.Or(oddArchitecture(p.B.Descriptor), nameOf(*p.B))), true
}

// OtherLabel returns the platform that B states for an image that is the same on both
// sides and is listed under another platform in A.
func (p Pair) OtherLabel() (label safe.Text, ok bool) {
	if len(Comparison{Pairs: []Pair{p}}.relabelled()) == 0 {
		return safe.Text{}, false
	}
	return safe.Clean(nameOf(*p.B)), true
}
