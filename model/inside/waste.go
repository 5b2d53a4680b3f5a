package inside

import (
	"cmp"
	"slices"
)

// Waste is what a layer ships although no container needs it.
type Waste struct {
	Layer int // the layer that ships it
	By    int // the oldest of the newer layers that hide it; of a copy, the layer with the first one
	Kind  WasteKind
	Files int
	Bytes int64
	// Largest is the path of the largest of the files, and LargestSize its size.
	Largest     string
	LargestSize int64
}

// WasteKind says why something is waste.
type WasteKind uint8

// The kinds of waste.
const (
	Deleted  WasteKind = iota + 1 // a newer layer deletes it
	Replaced                      // a newer layer has another entry there, as after a chmod
	Copied                        // a file that is seen has the content of another that is seen
)

// WasteOf returns what layers ship in vain. The layers are in the order of Merge, and so is the
// waste. A file of which a hard link in its layer is seen is not waste.
func WasteOf(layers []*Layer) []Waste {
	m := newMerger(layers)
	m.blames = true
	w := waster{merger: m, linked: map[layerPath]bool{}, sums: map[wasteKey]*Waste{}}
	m.visit(func(v visit) {
		switch {
		case v.attributes.kind == Hardlink && v.hidden == 0:
			w.linked[layerPath{v.layer, m.recorded(v).Link}] = true
		case v.attributes.kind != File || m.recorded(v).Size == 0:
		case v.hidden == 0:
			w.seen = append(w.seen, v)
		default:
			w.hidden = append(w.hidden, v)
		}
	})
	w.addHidden()
	w.addCopied()
	return w.sorted()
}

type layerPath struct {
	layer int
	path  string
}

type wasteKey struct {
	layer, by int
	kind      WasteKind
}

// waster adds up waste.
type waster struct {
	*merger
	linked       map[layerPath]bool // files that a hard link which is seen names
	seen, hidden []visit
	sums         map[wasteKey]*Waste
}

func (w *waster) add(v visit, by int, kind WasteKind) {
	key := wasteKey{v.layer, by, kind}
	sum := w.sums[key]
	if sum == nil {
		sum = &Waste{Layer: v.layer, By: by, Kind: kind}
		w.sums[key] = sum
	}
	size := w.recorded(v).Size
	sum.Files++
	sum.Bytes += size
	if size > sum.LargestSize {
		sum.Largest, sum.LargestSize = v.path, size
	}
}

func (w *waster) addHidden() {
	for _, v := range w.hidden {
		if !w.linked[layerPath{v.layer, v.path}] {
			w.add(v, v.by, v.hidden)
		}
	}
}

// addCopied adds the files whose content an older layer or an earlier entry has. The visits are in
// the order of the layers, the newest first.
func (w *waster) addCopied() {
	slices.SortStableFunc(w.seen, func(a, b visit) int { return a.layer - b.layer })
	first := map[Hash]int{} // the layer
	for _, v := range w.seen {
		sum := w.recorded(v).Sum
		if sum == (Hash{}) {
			continue
		}
		if by, again := first[sum]; again {
			w.add(v, by, Copied)
		} else {
			first[sum] = v.layer
		}
	}
}

func (w *waster) sorted() []Waste {
	var all []Waste
	for _, sum := range w.sums {
		all = append(all, *sum)
	}
	slices.SortFunc(all, func(a, b Waste) int {
		return cmp.Or(a.Layer-b.Layer, a.By-b.By, int(a.Kind)-int(b.Kind))
	})
	return all
}
