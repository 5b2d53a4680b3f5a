package diff

// matching returns the items for which is holds.
func matching[T any](items []T, is func(T) bool) []T {
	var found []T
	for _, item := range items {
		if is(item) {
			found = append(found, item)
		}
	}
	return found
}

// byNumber returns the words for one thing or for several.
func byNumber(n int, one, several string) string {
	if n == 1 {
		return one
	}
	return several
}
