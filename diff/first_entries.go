package diff

import (
	"slices"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// firstEntries are the first entries for one platform in A and in B, which most clients take,
// where they are two images.
type firstEntries struct {
	platform string
	a, b     model.Entry
}

// otherFirsts are the platforms for which both sides have the same image, and clients take
// another one on one side, as its index lists that one first.
func (c Comparison) otherFirsts() []firstEntries {
	if c.B == nil || c.hasLayout() {
		return nil
	}
	as, bs := candidates(*c.A), candidates(*c.B)
	var found []firstEntries
	for _, p := range c.shared() {
		name := nameOf(*p.A)
		if name == "" || name != nameOf(*p.B) || slices.ContainsFunc(found, func(f firstEntries) bool { return f.platform == name }) {
			continue
		}
		f := firstEntries{name, firstForMachine(as, *p.A), firstForMachine(bs, *p.A)}
		takenA, takenB := isTaken(f.a, *p.A), isTaken(f.b, *p.B)
		if takenA != takenB && manifestKey(f.a) != manifestKey(f.b) && !isTwin(f.a, f.b) {
			found = append(found, f)
		}
	}
	return found
}

// moreListed says how many images each index lists beside those of both.
func (c Comparison) moreListed() string {
	text := ""
	for _, s := range c.artifacts() {
		if more := len(candidates(*s.art)) - len(c.shared()); more > 0 {
			text += "; " + s.name + " lists " + plural(more, "more image")
		}
	}
	return text
}

// firstNamed is the first of some entries for a platform that one of them has.
func firstNamed(entries []model.Entry, platform string) model.Entry {
	return entries[slices.IndexFunc(entries, func(e model.Entry) bool { return nameOf(e) == platform })]
}

// firstForMachine is the first of some entries for the machine of one of them. Many clients ignore the
// features that a label requires (os.features).
func firstForMachine(entries []model.Entry, of model.Entry) model.Entry {
	machine := func(e model.Entry) string { return model.PlatformName(e.Platform()) }
	return entries[slices.IndexFunc(entries, func(e model.Entry) bool { return machine(e) == machine(of) })]
}

// isTaken reports whether clients that take the first entry get the image of e.
func isTaken(first, e model.Entry) bool {
	return manifestKey(first) == manifestKey(e) || isTwin(first, e)
}

// otherFirstText says which images clients take, of the first of some platforms.
func (c Comparison) otherFirstText(firsts []firstEntries) safe.Text {
	nameA, nameB := c.names()
	f, others := firsts[0], ""
	if more := len(firsts) - 1; more > 0 {
		others = "; " + plural(more, "more platform") + " alike"
	}
	if isIndex(*c.A) != isIndex(*c.B) {
		image := nameA
		if isIndex(*c.A) {
			image = nameB
		}
		return safe.Sprintf("%s lists several images for %s; %s is not the first, which clients take", c.sideWithIndex(), f.platform, image)
	}
	clients := "Clients"
	if featuresText(f.a.Descriptor)+featuresText(f.b.Descriptor) != "" {
		clients = "Clients that ignore os.features"
	}
	return safe.Sprintf("%s take another image: the first %s entry is sha256:%s in %s, sha256:%s in %s%s",
		clients, f.platform, short(f.a.Descriptor.Digest), nameA, short(f.b.Descriptor.Digest), nameB, others)
}
