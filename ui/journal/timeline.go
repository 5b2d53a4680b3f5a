package journal

import (
	"slices"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
)

// Bounds on what is remembered of a tag.
const (
	maxLooks = 200
	maxAge   = 400 * 24 * time.Hour // a year, and the weeks until somebody asks
)

// addSeen is t with a tag seen at one moment, l.First, at l.Digest. Moments may
// come in any order and more than once: several tagdiffs look. t is changed.
func addSeen(t model.Timeline, l model.Sighting) model.Timeline {
	l.Last = l.First
	i := len(t) - 1 // the look that was under way at the moment, or the last before it
	for i >= 0 && t[i].First.After(l.First) {
		i--
	}
	// Two looks can share a second: the one that ended may be meant.
	if i > 0 && t[i].First.Equal(l.First) && t[i-1].Digest == l.Digest {
		i--
	}
	switch {
	case i >= 0 && t[i].Digest == l.Digest:
		if l.First.After(t[i].Last) {
			t[i].Last = l.First
		}
		t[i] = withDetails(t[i], l)
	case i >= 0 && l.First.Before(t[i].Last):
		// It went there and back while another tagdiff did not look. Of the
		// time around it only the ends are certain.
		before, after := t[i], t[i]
		before.Last, after.First = before.First, after.Last
		t = slices.Replace(t, i, i+1, before, l, after)
	case i+1 < len(t) && t[i+1].Digest == l.Digest:
		t[i+1].First = l.First
		t[i+1] = withDetails(t[i+1], l)
	default:
		t = slices.Insert(t, i+1, l)
	}
	return t
}

// withDetails is l with what another look at the same digest knows more.
func withDetails(l, other model.Sighting) model.Sighting {
	if l.MediaType == "" {
		l.MediaType = other.MediaType
	}
	if l.Created == nil {
		l.Created = other.Created
	}
	return l
}

// shareDetails is t, changed so that in it each look at a digest knows what the
// others at it know: HEAD tells less than GET, and a tag may go back to what it
// was.
func shareDetails(t model.Timeline) model.Timeline {
	if len(t) < 2 {
		return t
	}
	known := map[digest.Digest]model.Sighting{}
	for _, l := range t {
		known[l.Digest] = withDetails(l, known[l.Digest])
	}
	for i, l := range t {
		t[i] = withDetails(l, known[l.Digest])
	}
	return t
}

// hasMoreDetails reports whether a look knows more of its digest than another.
func hasMoreDetails(l, other model.Sighting) bool {
	return l.MediaType != "" && other.MediaType == "" || l.Created != nil && other.Created == nil
}

// prune is t without what is too old or too much to keep. The newest stays.
func prune(t model.Timeline, now time.Time) model.Timeline {
	from := max(len(t)-maxLooks, 0)
	for from < len(t)-1 && now.Sub(t[from].Last) > maxAge {
		from++
	}
	return t[from:]
}

// clockSkew is how far ahead of this clock another may be.
const clockSkew = 24 * time.Hour

// withoutFuture is t without looks from the future: a clock was wrong once.
// They stay in the file, since it may be the present one that is.
func withoutFuture(t model.Timeline, now time.Time) model.Timeline {
	n := len(t)
	for n > 0 && t[n-1].First.Sub(now) > clockSkew {
		n--
	}
	return t[:n]
}
