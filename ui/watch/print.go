package watch

import (
	"encoding/json"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model/safe"
)

// Text returns an event as a line for people and for awk: time in UTC (RFC 3339),
// reference, kind of event, digests.
func Text(e Event) safe.Text {
	line := safe.Sprintf("%s %s", stamp(e.At), e.Ref.String())
	switch {
	case e.Kind == Moved:
		line = safe.Sprintf("%s moved %s %s", line, e.From.String(), e.To.String())
	case e.Kind == Gone && e.From != "" && e.Since.IsZero():
		line = safe.Sprintf("%s gone %s", line, e.From.String())
	case e.Kind == Gone:
		line = safe.Sprintf("%s does not exist", line)
	case e.Kind == Appeared && e.From == e.To:
		line = safe.Sprintf("%s appeared %s; it is what it was before", line, e.To.String())
	case e.Kind == Appeared && e.From != "":
		line = safe.Sprintf("%s appeared %s; before it was %s", line, e.To.String(), e.From.String())
	default:
		line = safe.Sprintf("%s %s %s", line, e.Kind, e.To.String())
	}
	if !e.Since.IsZero() {
		line = safe.Sprintf("%s; when last seen, %s, it was %s", line, stamp(e.Since), e.From.String())
	}
	if e.ToMember {
		line = safe.Sprintf("%s; the new one is an image that the old one lists: a push may be under way", line)
	}
	return line
}

// eventJSON is an event for programs. Fields may be added, existing fields stay.
type eventJSON struct {
	At     string        `json:"at"`
	Ref    string        `json:"ref"`
	Event  string        `json:"event"`
	From   digest.Digest `json:"from,omitempty"`
	To     digest.Digest `json:"to,omitempty"`
	Since  string        `json:"since,omitempty"`
	Member bool          `json:"member,omitempty"`
}

// JSON returns an event as one line of JSON without a line break.
func JSON(e Event) ([]byte, error) {
	out := eventJSON{At: stamp(e.At), Ref: e.Ref.String(), Event: e.Kind, From: e.From, To: e.To, Member: e.ToMember}
	if !e.Since.IsZero() {
		out.Since = stamp(e.Since)
	}
	return json.Marshal(out)
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
