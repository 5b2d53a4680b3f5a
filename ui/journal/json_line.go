package journal

import (
	"encoding/json"
	"errors"
	"time"
	"unique"

	"github.com/distribution/reference"
	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
)

// Bounds on a line. What is longer was not written by this package.
const (
	maxLine = 4 << 10
	maxType = 255 // bytes of a media type, as RFC 6838 has it
)

// line is a look as it stands in a file: at one moment, or from first to last.
type line struct {
	Tag     string        `json:"tag"`
	Digest  digest.Digest `json:"digest"`
	Type    string        `json:"type,omitempty"`
	Created time.Time     `json:"created,omitzero"`
	At      time.Time     `json:"at,omitzero"`
	First   time.Time     `json:"first,omitzero"`
	Last    time.Time     `json:"last,omitzero"`
}

// appendLine puts a look at the end of what is to be written.
func appendLine(to []byte, tag string, l model.Sighting) []byte {
	w := line{Tag: tag, Digest: l.Digest, Type: l.MediaType}
	if l.Created != nil {
		w.Created = *l.Created
	}
	if l.First.Equal(l.Last) {
		w.At = l.First
	} else {
		w.First, w.Last = l.First, l.Last
	}
	raw, err := json.Marshal(w)
	if err != nil || len(raw) > maxLine { // cleanSighting leaves nothing that could do that
		return to
	}
	return append(append(to, raw...), '\n')
}

// parseLine reads a line back, without its end.
func parseLine(raw []byte) (tag string, _ model.Sighting, _ error) {
	if tag, l, ok := fastParse(raw); ok {
		return tag, l, nil
	}
	return parseJSON(raw)
}

// parseJSON reads a line whatever its members look like.
func parseJSON(raw []byte) (tag string, _ model.Sighting, _ error) {
	var w line
	if err := json.Unmarshal(raw, &w); err != nil {
		return "", model.Sighting{}, err
	}
	if !w.At.IsZero() {
		w.First, w.Last = w.At, w.At
	}
	l := model.Sighting{Digest: w.Digest, MediaType: w.Type, First: w.First, Last: w.Last}
	if !w.Created.IsZero() {
		l.Created = &w.Created
	}
	l, err := cleanSighting(w.Tag, l)
	return w.Tag, l, err
}

// cleanSighting is a look as it is kept: in UTC, in whole seconds, and without what
// is too odd to keep.
func cleanSighting(tag string, l model.Sighting) (model.Sighting, error) {
	if reference.TagRegexp.FindString(tag) != tag || tag == "" {
		return l, errors.New("not a tag")
	}
	if err := l.Digest.Validate(); err != nil {
		return l, err
	}
	l.First, l.Last = second(l.First), second(l.Last)
	if l.First.Unix() <= 0 || l.Last.Before(l.First) || l.Last.Year() > 9999 {
		return l, errors.New("not a time")
	}
	if len(l.MediaType) > maxType {
		l.MediaType = ""
	}
	l.MediaType = unique.Make(l.MediaType).Value() // there are few, and many looks
	l.Created = cleanCreated(l.Created)
	return l, nil
}

// cleanCreated is nil for what cannot be written as a date.
func cleanCreated(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	at := second(*t)
	if at.IsZero() || at.Year() < 0 || at.Year() > 9999 {
		return nil
	}
	return &at
}

func second(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }
