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
	moves := make([]move, n*m) // moves[i*m+j]: the first move of the best way from i and j on
	scores, best := make([]int32, m), make([]int32, m+1)
	for i := n - 1; i >= 0; i-- {
		for j := range scores {
			scores[j] = int32(score(i, j))
		}
		alignRow(scores, best, moves[i*m:][:m])
	}
	var out []Match
	for i, j := 0, 0; i < n && j < m; {
		switch moves[i*m+j] {
		case pairBoth:
			out = append(out, Match{i, j})
			i, j = i+1, j+1
		case skipA:
			i++
		case skipB:
			j++
		}
	}
	return out
}

// move is a step of an alignment.
type move uint8

const (
	skipB move = iota
	skipA
	pairBoth
)

// alignRow computes the moves of one row from its scores. best has the best sums of the row
// below, and then those of this row. An alignment spends its time here.
func alignRow(scores, best []int32, moves []move) {
	right, diagonal := int32(0), best[len(scores)]
	best, moves = best[:len(scores)], moves[:len(scores)]
	for j := len(scores) - 1; j >= 0; j-- {
		down, paired := best[j], diagonal+scores[j]
		right = max(right, down, paired)
		m := skipB
		if right == down {
			m = skipA
		}
		if right == paired && scores[j] > 0 {
			m = pairBoth
		}
		best[j], moves[j] = right, m
		diagonal = down
	}
}
