package page

import (
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// DigestFinder is a page that knows what digests belong to. It sends no request for an
// answer.
type DigestFinder interface {
	InRepo
	// DigestOwners returns what the digests that begin with p are of what the page has read.
	DigestOwners(p model.DigestPrefix) []model.Owner
	// DigestsRead names what the page has read, and next what reads more of it.
	DigestsRead() (read, next safe.Text)
}

// ArtifactsMsg passes artifacts that were read to the page below.
type ArtifactsMsg struct{ Artifacts []model.Artifact }
