package text

// SimilarityThreshold is the similarity in percent from which two texts count
// as versions of each other: half of their words are common.
const SimilarityThreshold = 50

// maxCounted is the number of bytes of a text that its similarity is computed
// from. Scripts have some thousand bytes; a text of millions is data.
const maxCounted = 256 << 10

// WordCounts counts the words of a text.
func WordCounts(text string) map[string]int {
	words := map[string]int{}
	for t := range eachToken(text[:min(len(text), maxCounted)]) {
		if kindOf(t[:1]) == wordKind {
			words[t]++
		}
	}
	return words
}

// Similarity returns how many words two texts have in common, in percent
// (Dice's coefficient). It is 0 for two empty texts.
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

// Match is a pair of indexes, into A and into B.
type Match struct{ A, B int }

// Align pairs elements of two lists of n and m elements in order, so that the
// sum of the scores, none of which is negative, is the greatest: the global
// alignment of Needleman and Wunsch (1970) with free gaps. It takes n*m time
// and memory. Among equal sums it prefers the one that pairs earlier elements.
func Align(n, m int, score func(i, j int) int) []Match {
	width := m + 1
	best := make([]int32, (n+1)*width) // best[i*width+j]: best sum for a[i:] and b[j:]
	scores := make([]int32, m)
	for i := n - 1; i >= 0; i-- {
		for j := range scores {
			scores[j] = int32(score(i, j))
		}
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

// alignRow computes the sums of one row from its scores and from the sums of
// the row below. An alignment spends its time here.
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
