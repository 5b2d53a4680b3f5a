package text

import (
	"regexp"
	"strings"

	"github.com/sergi/go-diff/diffmatchpatch"

	"github.com/tagdiff/tagdiff/model/safe"
)

// Pair is a line of A beside the matching line of B. The index of a missing
// line is -1.
type Pair struct {
	A, B           int // indexes of the lines
	Changed        bool
	Approximate    bool   // the texts are too large to find the smallest difference
	SpansA, SpansB []Span // the words that differ, if both lines exist
}

// maxBlockCells limits the search for similar lines inside one changed block,
// maxWordCells the comparison of words in all changed lines together.
const (
	maxBlockCells = 40_000
	maxWordCells  = 20_000_000
)

// LinesDisplayed compares two texts line by line, then changed lines word by word. Every
// line of both texts is in exactly one pair, in order. The texts are displayed in another
// form, line for line, for example with secrets masked. The raw lines decide whether a line
// has changed. The displayed lines decide which changed lines are similar and
// which words are marked. If two lines differ but are displayed alike, the
// spans are the masked words in them, or the whole lines if nothing is masked.
func LinesDisplayed(rawA, rawB, shownA, shownB []string) []Pair {
	if len(rawA) != len(shownA) || len(rawB) != len(shownB) {
		// The lines do not correspond, so compare the displayed ones.
		rawA, rawB = shownA, shownB
	}
	edits, approximate := diffTokens(rawA, rawB, true)
	w := lineWriter{a: rawA, b: rawB, shownA: shownA, shownB: shownB, approximate: approximate, budget: maxWordCells}
	for k := 0; k < len(edits); {
		if edits[k].op == diffmatchpatch.DiffEqual {
			w.equal(edits[k].n)
			k++
			continue
		}
		deleted, inserted := 0, 0
		for ; k < len(edits) && edits[k].op != diffmatchpatch.DiffEqual; k++ {
			if edits[k].op == diffmatchpatch.DiffDelete {
				deleted += edits[k].n
			} else {
				inserted += edits[k].n
			}
		}
		w.changed(deleted, inserted)
	}
	return w.pairs
}

// CountLines returns how many lines of b are not in a, and how many of a are not in b, as diff
// counts them. A line that has changed counts on both sides.
func CountLines(a, b []string) (added, removed int) {
	edits, _ := diffTokens(a, b, false)
	for _, e := range edits {
		switch e.op {
		case diffmatchpatch.DiffInsert:
			added += e.n
		case diffmatchpatch.DiffDelete:
			removed += e.n
		case diffmatchpatch.DiffEqual:
		}
	}
	return added, removed
}

type lineWriter struct {
	a, b           []string
	shownA, shownB []string
	i, j           int // the next lines
	pairs          []Pair
	approximate    bool
	budget         int
}

func (w *lineWriter) equal(n int) {
	for range n {
		w.pairs = append(w.pairs, Pair{A: w.i, B: w.j})
		w.i, w.j = w.i+1, w.j+1
	}
}

// changed writes a block of lines that differ, with similar lines side by side.
func (w *lineWriter) changed(deleted, inserted int) {
	endA, endB := w.i+deleted, w.j+inserted
	for _, m := range w.similarLines(endA, endB) {
		w.only(m.A, m.B)
		w.both()
	}
	w.only(endA, endB)
}

// only writes the lines of each side up to endA and endB, without a match.
func (w *lineWriter) only(endA, endB int) {
	for ; w.i < endA; w.i++ {
		w.pairs = append(w.pairs, Pair{A: w.i, B: -1, Changed: true, Approximate: w.approximate})
	}
	for ; w.j < endB; w.j++ {
		w.pairs = append(w.pairs, Pair{A: -1, B: w.j, Changed: true, Approximate: w.approximate})
	}
}

func (w *lineWriter) both() {
	a, b := w.a[w.i], w.b[w.j]
	p := Pair{A: w.i, B: w.j, Changed: a != b, Approximate: w.approximate}
	switch shownA, shownB := w.shownA[w.i], w.shownB[w.j]; {
	case p.Changed && shownA == shownB:
		p.SpansA, p.SpansB = maskedSpans(shownA), maskedSpans(shownB)
	case p.Changed:
		p.SpansA, p.SpansB = w.words(shownA, shownB)
	}
	w.pairs = append(w.pairs, p)
	w.i, w.j = w.i+1, w.j+1
}

// maskedSpans returns the masked words of a line, or the whole line if there
// are none.
func maskedSpans(line string) []Span {
	var spans []Span
	for at := 0; ; {
		i := strings.Index(line[at:], safe.Masked)
		if i < 0 {
			break
		}
		spans = addSpan(spans, at+i, len(safe.Masked))
		at += i + len(safe.Masked)
	}
	if len(spans) == 0 {
		return wholeSpan(line)
	}
	return spans
}

// words is Words within the budget, so that a text in which every line changed
// does not take seconds.
func (w *lineWriter) words(a, b string) (inA, inB []Span) {
	if len(a)+len(b) > maxWordBytes {
		return wholeSpan(a), wholeSpan(b)
	}
	ta, tb := tokens(a), tokens(b)
	w.budget -= len(ta) * len(tb)
	if w.budget < 0 {
		return wholeSpan(a), wholeSpan(b)
	}
	return wordSpans(ta, tb)
}

// similarLines pairs the lines up to endA and endB that are versions of each
// other.
func (w *lineWriter) similarLines(endA, endB int) []Match {
	n, m := endA-w.i, endB-w.j
	if n == 0 || m == 0 || n*m > maxBlockCells {
		return nil
	}
	fa, fb := lineFeatures(w.a[w.i:endA], w.shownA[w.i:endA]), lineFeatures(w.b[w.j:endB], w.shownB[w.j:endB])
	matches := Align(n, m, func(i, j int) int { return lineScore(fa[i], fb[j]) })
	for k := range matches {
		matches[k].A += w.i
		matches[k].B += w.j
	}
	return matches
}

type lineFeature struct {
	raw string
	key string
	bag map[string]int
}

// jsonKey matches the member name at the start of a pretty-printed line.
var jsonKey = regexp.MustCompile(`^\s*"((?:[^"\\]|\\.)*)":`)

func lineFeatures(raw, shown []string) []lineFeature {
	out := make([]lineFeature, len(raw))
	for i, l := range shown {
		f := lineFeature{raw: raw[i], bag: WordCounts(l)}
		if m := jsonKey.FindStringSubmatch(l); m != nil {
			f.key = m[1]
		}
		out[i] = f
	}
	return out
}

// lineScore returns the similarity of two lines, 0 if they are not versions of
// each other.
func lineScore(a, b lineFeature) int {
	switch {
	case a.raw == b.raw:
		return 210
	case strings.TrimSuffix(a.raw, ",") == strings.TrimSuffix(b.raw, ","): // the last element of a list has no comma
		return 205
	case a.key != b.key:
		return 0
	case a.key != "":
		return 100 + Similarity(a.bag, b.bag)
	}
	if alike := Similarity(a.bag, b.bag); alike >= SimilarityThreshold {
		return alike
	}
	return 0
}
