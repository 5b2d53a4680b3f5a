package text

// SimilarityThreshold is the likeness, in percent, from which two texts count as
// versions of each other: half of their words in common.
const SimilarityThreshold = 50

// maxCounted is how much of a text its likeness is judged by, in bytes. Scripts are
// some thousand long; what is millions long is data.
const maxCounted = 256 << 10

// WordCounts is the words of a text with how often each occurs.
func WordCounts(text string) map[string]int {
	words := map[string]int{}
	for _, t := range tokens(text[:min(len(text), maxCounted)]) {
		if kindOf(t[:1]) == wordKind {
			words[t]++
		}
	}
	return words
}

// Similarity is how much two bags have in common, in percent (Dice's
// coefficient). Two empty bags have nothing in common.
func Similarity(a, b map[string]int) int {
	common, total := 0, 0
	for w, n := range a {
		common += min(n, b[w])
		total += n
	}
	for _, n := range b {
		total += n
	}
	if total == 0 {
		return 0
	}
	return 200 * common / total
}

// Match is a pair of indexes.
type Match struct{ A, B int }

// Align pairs elements of two lists in order so that the sum of their
// scores, none below 0, is the greatest: the global alignment of Needleman and
// Wunsch (1970) with free gaps. It takes n*m time and memory. Of equal sums it
// takes the one that pairs earlier elements.
func Align(n, m int, score func(i, j int) int) []Match {
	return AlignRows(n, m, score, func(i int, row []int32) {
		for j := range row {
			row[j] = int32(score(i, j))
		}
	})
}

// AlignRows is Align for scores that are cheaper to tell by the row: fill
// writes those of element i into a row of zeros.
func AlignRows(n, m int, score func(i, j int) int, fill func(i int, row []int32)) []Match {
	width := m + 1
	best := make([]int32, (n+1)*width) // best[i*width+j]: from i and j to the ends
	scores := make([]int32, m)
	for i := n - 1; i >= 0; i-- {
		clear(scores)
		fill(i, scores)
		alignRow(scores, best[(i+1)*width:][:width], best[i*width:][:width])
	}
	var out []Match
	for i, j := 0, 0; i < n && j < m; {
		here := best[i*width+j]
		s := score(i, j)
		switch {
		case s > 0 && here == best[(i+1)*width+j+1]+int32(s):
			out = append(out, Match{i, j})
			i, j = i+1, j+1
		case here == best[(i+1)*width+j]:
			i++
		default:
			j++
		}
	}
	return out
}

// alignRow writes the sums of one row from the scores in it and the sums of the
// row below. It is where the time of an alignment goes.
func alignRow(scores, below, row []int32) {
	right, diagonal := int32(0), below[len(scores)]
	below, row = below[:len(scores)], row[:len(scores)]
	for j := len(scores) - 1; j >= 0; j-- {
		down := below[j]
		right = max(right, down, diagonal+scores[j])
		row[j] = right
		diagonal = down
	}
}
