package diff

import "slices"

// grouped puts items with the same key together, in the order of the first ones. Items with
// the zero key are left out.
func grouped[T any, K comparable](items []T, keyOf func(T) K) [][]T {
	var groups [][]T
	var without K
	at := map[K]int{} // key to index in groups
	for _, item := range items {
		key := keyOf(item)
		if key == without {
			continue
		}
		if _, known := at[key]; !known {
			at[key], groups = len(groups), append(groups, nil)
		}
		groups[at[key]] = append(groups[at[key]], item)
	}
	return groups
}

// appendNew appends an item unless the list has it.
func appendNew[T comparable](all []T, item T) []T {
	if slices.Contains(all, item) {
		return all
	}
	return append(all, item)
}

// distinct returns what the items are mapped to, each once.
func distinct[T any, K comparable](items []T, to func(T) K) []K {
	var found []K
	for _, item := range items {
		found = appendNew(found, to(item))
	}
	return found
}
