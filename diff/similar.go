package diff

// similarEnough is the likeness, in percent, from which two texts count as
// versions of each other: half of their words in common.
const similarEnough = 50

// bag is the words of a text with how often each occurs.
func bag(text string) map[string]int {
	words := map[string]int{}
	for _, t := range tokens(text) {
		if kindOf(t[:1]) == wordKind {
			words[t]++
		}
	}
	return words
}

// similarity is how much two bags have in common, in percent (Dice's
// coefficient). Two empty bags have nothing in common.
func similarity(a, b map[string]int) int {
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

// match is a pair of indexes.
type match struct{ a, b int }

// bestAlignment pairs elements of two lists in order so that the sum of their
// scores is the greatest: the global alignment of Needleman and Wunsch (1970)
// with free gaps and no negative score. It takes n*m time and memory. Of equal
// sums it takes the one that pairs earlier elements.
func bestAlignment(n, m int, score func(i, j int) int) []match {
	width := m + 1
	best := make([]int32, (n+1)*width) // best[i*width+j]: from i and j to the ends
	for i := n - 1; i >= 0; i-- {
		for j := m - 1; j >= 0; j-- {
			sum := max(best[(i+1)*width+j], best[i*width+j+1])
			if s := score(i, j); s > 0 {
				sum = max(sum, best[(i+1)*width+j+1]+int32(s))
			}
			best[i*width+j] = sum
		}
	}
	var out []match
	for i, j := 0, 0; i < n && j < m; {
		here := best[i*width+j]
		s := score(i, j)
		switch {
		case s > 0 && here == best[(i+1)*width+j+1]+int32(s):
			out = append(out, match{i, j})
			i, j = i+1, j+1
		case here == best[(i+1)*width+j]:
			i++
		default:
			j++
		}
	}
	return out
}
