package diff

import (
	"strings"

	"github.com/tagdiff/tagdiff/model"
)

// pairUp puts the platforms of A beside those of B. settled is false while an
// entry may still turn out to be another platform's partner.
func pairUp(a, b model.Artifact) (pairs []Pair, settled bool) {
	as, bs := candidates(a), candidates(b)
	if !isIndex(a) && !isIndex(b) {
		return pairSingles(as, bs), true
	}
	mates := mateByName(as, bs)
	for i := range as {
		p := Pair{Platform: nameOf(as[i]), A: &as[i]}
		if j := mates[i]; j != none {
			p.B = &bs[j]
		}
		pairs = append(pairs, p)
	}
	taken := map[int]bool{}
	for _, j := range mates {
		taken[j] = true
	}
	for j := range bs {
		if !taken[j] {
			pairs = append(pairs, Pair{Platform: nameOf(bs[j]), B: &bs[j]})
		}
	}
	return pairs, allPlaced(as) && allPlaced(bs)
}

func isIndex(a model.Artifact) bool { return a.Top.Kind == model.KindIndex }

// candidates are the images; an artifact that is no image stands for itself.
func candidates(a model.Artifact) []model.Entry {
	images := a.Images()
	if len(images) == 0 && !isIndex(a) && len(a.Entries) > 0 {
		return a.Entries[:1]
	}
	return images
}

// pairSingles pairs two artifacts that are no indexes whatever their
// platforms: a person who names two images wants them compared.
func pairSingles(as, bs []model.Entry) []Pair {
	var p Pair
	if len(as) > 0 {
		p.A, p.Platform = &as[0], nameOf(as[0])
	}
	if len(bs) > 0 {
		p.B = &bs[0]
		if p.Platform == "" {
			p.Platform = nameOf(bs[0])
		}
	}
	if p.A == nil && p.B == nil {
		return nil
	}
	return []Pair{p}
}

func nameOf(e model.Entry) string { return model.PlatformName(e.Platform()) }

// allPlaced reports whether the platform of every entry is known.
func allPlaced(entries []model.Entry) bool {
	for _, e := range entries {
		if !placed(e) {
			return false
		}
	}
	return true
}

func placed(e model.Entry) bool { return nameOf(e) != "" || e.Arrived() }

// mateByName gives for each of as its partner in bs or none. The first of a
// name goes with the first of it, as clients take the first. What is left is
// paired without the revision of a Windows build, which moves every month.
func mateByName(as, bs []model.Entry) []int {
	mates := nones(len(as))
	taken := make([]bool, len(bs))
	for _, name := range []func(model.Entry) string{nameOf, nameOfBuild} {
		waiting := map[string][]int{}
		for j, e := range bs {
			if !taken[j] && placed(e) {
				waiting[name(e)] = append(waiting[name(e)], j)
			}
		}
		for i, e := range as {
			if js := waiting[name(e)]; mates[i] == none && placed(e) && len(js) > 0 {
				mates[i], taken[js[0]] = js[0], true
				waiting[name(e)] = js[1:]
			}
		}
	}
	return mates
}

// nameOfBuild is the platform without the last part of a Windows version:
// 10.0.20348.1607 and 10.0.20348.2159 are the same Windows to a scheduler.
func nameOfBuild(e model.Entry) string {
	p := e.Platform()
	if parts := strings.Split(p.OSVersion, "."); len(parts) > 3 {
		p.OSVersion = strings.Join(parts[:3], ".")
	}
	return model.PlatformName(p)
}
