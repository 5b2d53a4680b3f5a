package report

import (
	"cmp"
	"io"
	"slices"
	"strings"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
)

// Text writes the report as plain text.
func Text(w io.Writer, c diff.Comparison, o Options) error {
	return walk(textWriter{newReport(w, c, o)})
}

// Markdown writes the report as Markdown for a ticket: digests in full, and the proofs.
func Markdown(w io.Writer, c diff.Comparison, o Options) error {
	return walk(markdownWriter{newReport(w, c, o)})
}

// report holds what both writers need.
type report struct {
	*printer
	o Options
	c diff.Comparison
}

func newReport(w io.Writer, c diff.Comparison, o Options) report {
	return report{newPrinter(w, o), o, c}
}

// writer lays out the parts of a report in one form.
type writer interface {
	content() report
	expectation(headline safe.Text, platforms []entry)
	verdict(headline, trust, because, code safe.Text)
	sides([]side)
	heading(safe.Text)
	finding(platformFinding)
	proofs([]proof)
	platforms([]entry)
	paragraph(safe.Text)
	steps(t stepTable, columns []safe.Text)
	packages(s packageSection)
	files(s fileSection)
}

func (r report) content() report { return r }

type (
	entry struct{ name, text safe.Text }
	side  struct{ letter, ref, digest, kind, created safe.Text }
	// proof is the evidence for the verdict or for a finding.
	proof struct {
		of, trust, rule safe.Text
		values          []safe.Text
		command         safe.Text // shows the same with another tool; may be empty
	}
)

// walk decides what a report contains and in which order.
func walk(w writer) error {
	c, o := w.content().c, w.content().o
	if e := o.Expectation; e != nil {
		w.expectation(e.Headline(), expectedPlatforms(*e))
	}
	sides, columns := []side{sideOf(safe.Const("A"), c.A)}, []safe.Text{safe.Const("layer")}
	if c.B != nil {
		v := c.Verdict
		w.verdict(headline(v), safe.Clean(string(v.Trust)), v.Because, safe.Clean(string(v.Code)))
		sides, columns = append(sides, sideOf(safe.Const("B"), c.B)), []safe.Text{safe.Const("A layer"), safe.Const("B layer")}
	}
	w.sides(sides)
	main, other := mergeFindings(c)
	if len(main)+len(other) > 0 {
		w.heading(safe.Const("Findings"))
	}
	for _, f := range slices.Concat(main, other) {
		f.Command = o.command(f.Command)
		w.finding(f)
	}
	w.proofs(proofsOf(c, o, main))
	if len(c.Pairs) > 1 {
		w.heading(safe.Const("Platforms"))
		w.platforms(platformEntries(c, o))
	}
	if c.B == nil && len(c.Pairs) == 1 && errorOf(c.Pairs[0].A) != nil {
		w.paragraph(safe.Sprintf("The image could not be read: %s", platformState(c, c.Pairs[0], o)))
	}
	if c.B == nil {
		describeOnly(w, c, o)
	}
	for _, t := range stepTables(c) {
		w.steps(t, columns)
	}
	writePrograms(w)
	writePackages(w)
	writeFiles(w)
	return w.content().end()
}

// describeOnly says what something without an image holds, or that an image has no steps.
func describeOnly(w writer, c diff.Comparison, o Options) {
	parts := diff.ContentParts(*c.A)
	switch {
	case len(c.A.Images()) == 0 && len(parts) > 0:
		w.heading(safe.Const("Content"))
		var entries []entry
		for _, part := range parts {
			entries = append(entries, entry{part.Name, part.Text})
		}
		w.platforms(entries)
	case len(c.Pairs) == 1 && c.Pairs[0].A.Image != nil && len(c.Pairs[0].Rows) == 0:
		w.heading(safe.Const("Platforms"))
		w.platforms(platformEntries(c, o))
	}
}

// platformEntries lists the platforms of a comparison. One entry names those, more than two,
// that have the same text.
func platformEntries(c diff.Comparison, o Options) []entry {
	names := map[safe.Text][]safe.Text{}
	for _, p := range c.Pairs {
		text := platformState(c, p, o)
		names[text] = append(names[text], pairName(c, p))
	}
	var entries []entry
	for _, p := range c.Pairs {
		text := platformState(c, p, o)
		switch n := len(names[text]); {
		case n == 0: // named above
		case n < 3:
			entries = append(entries, entry{pairName(c, p), text})
		default:
			number := safe.Sprintf("%d platforms", n)
			if n == len(c.Pairs) {
				number = safe.Sprintf("all %s", number)
			}
			said := text
			if strings.HasPrefix(c.Verdict.Headline.String(), text.String()+", on all ") {
				said = safe.Const("as above")
			}
			entries = append(entries, entry{number, safe.Sprintf("%s (%s)", said, safe.Join(names[text], ", "))})
			names[text] = nil
		}
	}
	return entries
}

func sideOf(letter safe.Text, a *model.Artifact) side {
	return side{letter, safe.Clean(a.Ref.String()), safe.Clean(string(a.Top.Digest)), kind(*a), look.Time(a.Created())}
}

// proofsOf returns the proofs of the verdict and of the findings. Values of the verdict are
// not repeated.
func proofsOf(c diff.Comparison, o Options, main []platformFinding) []proof {
	var proofs []proof
	if v := c.Verdict; len(v.Proof) > 0 {
		proofs = append(proofs, proof{safe.Const("Verdict"), v.Trust.Words(), v.Code.Rule(), v.Proof, o.command(v.Command)})
	}
	rules := map[string]safe.Text{}
	for _, r := range diff.Catalogue() {
		rules[r.ID] = safe.Clean(r.Proof)
	}
	for _, f := range main {
		if len(f.Proof) == 0 && f.Check.IsEmpty() {
			continue
		}
		var values []safe.Text
		for _, v := range f.Proof {
			if !slices.Contains(c.Verdict.Proof, v) && !slices.Contains(values, v) {
				values = append(values, v)
			}
		}
		proofs = append(proofs, proof{safe.Sprintf("%s %s", f.ID, f.Name), f.Trust.Words(), rules[f.ID], values, o.command(f.Check)})
	}
	return proofs
}

// instructions returns the commands of a row as in a Dockerfile: those of both sides if
// they differ, else one.
func (r report) instructions(row diff.Row) []safe.Text {
	var texts []safe.Text
	for _, s := range []*model.Step{row.A, row.B} {
		if s == nil || len(texts) == 1 && row.SameText {
			continue
		}
		texts = append(texts, look.Instruction(*s, r.o.Gate))
	}
	return texts
}

// layers returns the steps whose layers a row shows, one per column.
func (r report) layers(row diff.Row) []*model.Step {
	if r.c.B == nil {
		return []*model.Step{cmp.Or(row.A, row.B)}
	}
	return []*model.Step{row.A, row.B}
}

// stepNumber returns the number of a step, both numbers if those of the sides differ.
func stepNumber(r diff.Row) safe.Text {
	if r.A != nil && r.B != nil && r.A.Index != r.B.Index {
		return safe.Sprintf("%d/%d", r.A.Index+1, r.B.Index+1)
	}
	return firstNumber(r)
}

func firstNumber(r diff.Row) safe.Text { return safe.Sprintf("%d", cmp.Or(r.A, r.B).Index+1) }
