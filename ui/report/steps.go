package report

import (
	"slices"
	"unicode/utf8"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/diff/text"
	"github.com/tagdiff/tagdiff/model/safe"
)

// stepTable is the table of steps of one or more platforms. The rows are those of the
// first platform; the others differ in the same steps.
type stepTable struct {
	pair   diff.Pair
	name   safe.Text
	others []safe.Text // the names of the other platforms
}

// stepTables returns the tables of a comparison. Platforms that differ in the same steps
// share one, and identical ones of several platforms have none: the list of platforms is
// enough.
func stepTables(c diff.Comparison) []stepTable {
	var tables []stepTable
	for _, p := range c.Pairs {
		if len(p.Rows) == 0 || p.Verdict.Code == diff.Identical && len(c.Pairs) > 1 {
			continue
		}
		i := slices.IndexFunc(tables, func(t stepTable) bool { return c.B != nil && sameShape(t.pair, p) })
		if i < 0 {
			tables = append(tables, stepTable{pair: p, name: tableName(c, p)})
			continue
		}
		tables[i].others = append(tables[i].others, pairName(c, p))
	}
	return tables
}

// sameShape reports whether two platforms have the same verdict and differ in the same
// steps in the same way. Their digests differ, of course.
func sameShape(a, b diff.Pair) bool {
	return a.Verdict.Code == b.Verdict.Code && a.Verdict.Headline == b.Verdict.Headline &&
		slices.EqualFunc(a.Rows, b.Rows, func(x, y diff.Row) bool {
			return x.Class == y.Class && x.Detail == y.Detail && x.SameText == y.SameText && x.Duplicated() == y.Duplicated()
		})
}

// heading names the platforms of a table.
func (t stepTable) heading() safe.Text {
	switch n := len(t.others); n {
	case 0:
		return t.name
	case 1:
		return safe.Sprintf("%s, and %s in the same steps", t.name, t.others[0])
	default:
		return safe.Sprintf("%s, and %d other platforms in the same steps", t.name, n)
	}
}

// boundary returns the row above the base image, -1 if its end is unknown.
func (t stepTable) boundary(c diff.Comparison) (row int, base diff.Base) {
	row, base, ok := c.Boundary(t.pair)
	if !ok {
		return -1, base
	}
	return row, base
}

// lines returns the rows of a table. In a comparison, runs of rows that are the same on
// both sides are folded; a run ends where the base image does.
func (t stepTable) lines(compared bool, boundary int) []stepLine {
	var lines []stepLine
	rows := t.pair.Rows
	for i := 0; i < len(rows); {
		end := i
		for compared && end < len(rows) && isCalm(rows[end]) && (end == i || end != boundary) {
			end++
		}
		if end-i < 2 {
			lines = append(lines, stepLine{at: i, row: rows[i], last: rows[i]})
			i++
			continue
		}
		lines = append(lines, stepLine{at: i, row: rows[i], last: rows[end-1], folded: end - i})
		i = end
	}
	return lines
}

// stepLine is a row, or a run of rows that are the same on both sides.
type stepLine struct {
	at        int // index of the first row
	row, last diff.Row
	folded    int // number of rows, 0 for a row that is not folded
}

func (l stepLine) text() safe.Text {
	return safe.Sprintf("%d steps, the same on both sides", l.folded)
}

func (l stepLine) numbers() safe.Text {
	return safe.Sprintf("%s-%s", firstNumber(l.row), firstNumber(l.last))
}

// isCalm reports whether a row has nothing to say: its sides are equal, and no other row
// has the same files.
func isCalm(r diff.Row) bool { return !r.Differs() && r.SameText && !r.Duplicated() && r.FilesOf == 0 }

// excerptContext is how many bytes around a changed word an excerpt shows.
const excerptContext = 24

// excerpts returns two versions of a long instruction with their changed words and what
// stands around them. Text that is left out is a "…".
func excerpts(a, b safe.Text, most int) (inA, inB safe.Text) {
	if len(a.String()) <= most && len(b.String()) <= most {
		return a, b
	}
	spansA, spansB := text.Words(a.String(), b.String())
	at := firstDifference(a.String(), b.String())
	return excerpt(a, spansA, at, most), excerpt(b, spansB, at, most)
}

// firstDifference returns the first index at which two texts differ.
func firstDifference(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// excerpt shows the first word of a text, which is the instruction, and the changed words.
// Where only the other text has words, it shows the place at which they are missing.
func excerpt(t safe.Text, changed []text.Span, missingAt, most int) safe.Text {
	s := t.String()
	if len(changed) == 0 {
		changed = []text.Span{{From: missingAt, To: missingAt}}
	}
	shown, length := []text.Span{{From: 0, To: wordEnd(s, 0)}}, 0
	for _, c := range changed {
		from, to := wordStart(s, max(c.From-excerptContext, 0)), wordEnd(s, min(c.To+excerptContext, len(s)))
		last := &shown[len(shown)-1]
		length += to - max(from, last.To)
		if length > most && len(shown) > 1 {
			break
		}
		if from <= last.To+1 {
			last.To = max(last.To, to)
			continue
		}
		shown = append(shown, text.Span{From: from, To: to})
	}
	var parts []safe.Text
	for _, c := range shown {
		parts = append(parts, t.Slice(c.From, c.To))
	}
	out, whole := safe.Join(parts, " … "), shown[len(shown)-1].To == len(s)
	if text := out.String(); len(text) > 2*most { // words without a blank can be of any length
		end := 2 * most
		for !utf8.RuneStart(text[end]) {
			end--
		}
		out, whole = out.Slice(0, end), false
	}
	if !whole {
		out = safe.Concat(out, safe.Const(" …"))
	}
	return out
}

// wordStart and wordEnd move a position to the nearest blank outside it.
func wordStart(s string, at int) int {
	for at > 0 && s[at-1] != ' ' {
		at--
	}
	return at
}

func wordEnd(s string, at int) int {
	for at < len(s) && s[at] != ' ' {
		at++
	}
	return at
}
