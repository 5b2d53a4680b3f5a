package journal

import (
	"cmp"
	"slices"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
)

// Bounds on the timeline of a tag.
const (
	maxSightings = 200
	maxAge       = 400 * 24 * time.Hour // a year, and some weeks until somebody needs it
)

// addObservation returns t with an observation of s.Digest at s.First. Observations
// may come in any order and more than once, since several tagdiffs write them. It
// changes t.
func addObservation(t model.Timeline, s model.Sighting) model.Timeline {
	s.Last = s.First
	i := len(t) - 1 // the last sighting that begins at or before s.First
	for i >= 0 && t[i].First.After(s.First) {
		i--
	}
	// Two sightings can share a second: the one that ended may be the right one.
	if i > 0 && t[i].First.Equal(s.First) && t[i-1].Digest == s.Digest {
		i--
	}
	switch {
	case i >= 0 && t[i].Digest == s.Digest:
		if s.First.After(t[i].Last) {
			t[i].Last = s.First
		}
		t[i] = withDetails(t[i], s)
	case i >= 0 && s.First.Before(t[i].Last):
		// The tag moved to s.Digest and back while the other tagdiff did not
		// observe it. Only the two ends of the split sighting are certain.
		before, after := t[i], t[i]
		before.Last, after.First = before.First, after.Last
		t = slices.Replace(t, i, i+1, before, s, after)
	case i+1 < len(t) && t[i+1].Digest == s.Digest:
		t[i+1].First = s.First
		t[i+1] = withDetails(t[i+1], s)
	default:
		t = slices.Insert(t, i+1, s)
	}
	return t
}

// withDetails returns s, completed with what another sighting of the same digest
// knows.
func withDetails(s, other model.Sighting) model.Sighting {
	s.MediaType, s.Created = cmp.Or(s.MediaType, other.MediaType), cmp.Or(s.Created, other.Created)
	return s
}

// shareDetails completes each sighting with what other sightings of its digest
// know: HEAD returns less than GET, and a tag may move back. It changes t.
func shareDetails(t model.Timeline) model.Timeline {
	known := map[digest.Digest]model.Sighting{}
	for _, s := range t {
		known[s.Digest] = withDetails(s, known[s.Digest])
	}
	for i, s := range t {
		t[i] = withDetails(s, known[s.Digest])
	}
	return t
}

// hasMoreDetails reports whether a sighting has a detail that another lacks.
func hasMoreDetails(s, other model.Sighting) bool {
	return s.MediaType != "" && other.MediaType == "" || s.Created != nil && other.Created == nil
}

// prune returns t without sightings beyond the bounds. The newest always stays.
func prune(t model.Timeline, now time.Time) model.Timeline {
	from := max(len(t)-maxSightings, 0)
	for from < len(t)-1 && now.Sub(t[from].Last) > maxAge {
		from++
	}
	return t[from:]
}

// clockSkew is how far ahead of this clock the clock of another machine may be.
const clockSkew = 24 * time.Hour

// withoutFuture returns t without sightings in the future, which a wrong clock
// made. They stay in the file, since the present clock may be the wrong one.
func withoutFuture(t model.Timeline, now time.Time) model.Timeline {
	n := len(t)
	for n > 0 && t[n-1].First.Sub(now) > clockSkew {
		n--
	}
	return t[:n]
}
