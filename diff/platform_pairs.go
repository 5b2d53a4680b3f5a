package diff

import (
	"strings"

	"github.com/tagdiff/tagdiff/model"
)

// pairUp pairs the platforms of A with those of B. settled is false while the
// platform of an entry is unknown, as it may become the partner of another one.
func pairUp(a, b model.Artifact) (pairs []Pair, settled bool) {
	as, bs := candidates(a), candidates(b)
	if !isIndex(a) && !isIndex(b) {
		return pairSingles(as, bs), true
	}
	matches := matchByPlatform(as, bs)
	for i := range as {
		p := Pair{Platform: nameOf(as[i]), A: &as[i]}
		if j := matches[i]; j != none {
			p.B = &bs[j]
		}
		pairs = append(pairs, p)
	}
	taken := map[int]bool{}
	for _, j := range matches {
		taken[j] = true
	}
	for j := range bs {
		if !taken[j] {
			pairs = append(pairs, Pair{Platform: nameOf(bs[j]), B: &bs[j]})
		}
	}
	return pairs, platformsKnown(as) && platformsKnown(bs)
}

func isIndex(a model.Artifact) bool { return a.Top.Kind == model.KindIndex }

// candidates returns the entries to compare: the images, or the only entry of
// an artifact that is not an image.
func candidates(a model.Artifact) []model.Entry {
	images := a.Images()
	if len(images) == 0 && !isIndex(a) && len(a.Entries) > 0 {
		return a.Entries[:1]
	}
	return images
}

// pairSingles pairs two artifacts that are not indexes, even for different
// platforms: a user who names two images wants them compared.
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

// platformsKnown reports whether the platform of every entry is known.
func platformsKnown(entries []model.Entry) bool {
	for _, e := range entries {
		if !platformKnown(e) {
			return false
		}
	}
	return true
}

func platformKnown(e model.Entry) bool { return nameOf(e) != "" || e.Arrived() }

// matchByPlatform returns for each of as the index of its partner in bs, or
// none. The first entry of a name is paired with the first of that name, as
// clients use the first. Remaining entries are paired without the revision of a
// Windows build, which changes every month.
func matchByPlatform(as, bs []model.Entry) []int {
	matches := noMatches(len(as))
	taken := make([]bool, len(bs))
	for _, name := range []func(model.Entry) string{nameOf, nameOfBuild} {
		waiting := map[string][]int{}
		for j, e := range bs {
			if !taken[j] && platformKnown(e) {
				waiting[name(e)] = append(waiting[name(e)], j)
			}
		}
		for i, e := range as {
			if js := waiting[name(e)]; matches[i] == none && platformKnown(e) && len(js) > 0 {
				matches[i], taken[js[0]] = js[0], true
				waiting[name(e)] = js[1:]
			}
		}
	}
	return matches
}

// nameOfBuild returns the platform name without the last part of a Windows
// version: to a scheduler, 10.0.20348.1607 and 10.0.20348.2159 are the same
// Windows.
func nameOfBuild(e model.Entry) string {
	p := e.Platform()
	if parts := strings.Split(p.OSVersion, "."); len(parts) > 3 {
		p.OSVersion = strings.Join(parts[:3], ".")
	}
	return model.PlatformName(p)
}
