package compare

import (
	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/page"
)

// artifacts returns what has been read of the sides.
func (p comparePage) artifacts() []model.Artifact {
	var read []model.Artifact
	for _, s := range []side{p.a, p.b} {
		if s.art != nil {
			read = append(read, *s.art)
		}
	}
	return read
}

// DigestOwners returns what digests are of A and B.
func (p comparePage) DigestOwners(x model.DigestPrefix) []model.Owner {
	var owners []model.Owner
	for _, a := range p.artifacts() {
		owners = append(owners, diff.Owners(x, a)...)
	}
	return owners
}

// DigestsRead names the sides.
func (p comparePage) DigestsRead() (read, next safe.Text) {
	var names []safe.Text
	for _, a := range p.artifacts() {
		names = append(names, safe.Clean(a.Ref.Short()))
	}
	if len(names) == 0 {
		return read, next
	}
	return safe.Sprintf("the manifests, image IDs, layers and diff_ids of %s", safe.Join(names, " and ")), next
}

var _ page.DigestFinder = comparePage{}
