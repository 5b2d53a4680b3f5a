package journal

import (
	"encoding/json"
	"errors"
	"time"
	"unique"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
)

// Bounds on a line. This package does not write longer ones.
const (
	maxLine = 4 << 10
	maxType = 255 // bytes of a media type, see RFC 6838
)

// line is the JSON form of a sighting: At for one moment, else First and Last.
type line struct {
	Tag     string        `json:"tag"`
	Digest  digest.Digest `json:"digest"`
	Type    string        `json:"type,omitempty"`
	Created time.Time     `json:"created,omitzero"`
	At      time.Time     `json:"at,omitzero"`
	First   time.Time     `json:"first,omitzero"`
	Last    time.Time     `json:"last,omitzero"`
}

// appendLine appends the line of a sighting.
func appendLine(to []byte, tag string, s model.Sighting) []byte {
	w := line{Tag: tag, Digest: s.Digest, Type: s.MediaType}
	if s.Created != nil {
		w.Created = *s.Created
	}
	if s.First.Equal(s.Last) {
		w.At = s.First
	} else {
		w.First, w.Last = s.First, s.Last
	}
	raw, _ := json.Marshal(w) // it does not fail, and is shorter than maxLine, after cleanSighting
	return append(append(to, raw...), '\n')
}

// parseLine parses a line.
func parseLine(raw []byte) (tag string, _ model.Sighting, _ error) {
	if tag, s, ok := fastParse(raw); ok {
		return tag, s, nil
	}
	return parseJSON(raw)
}

// parseJSON parses a line in any valid JSON form.
func parseJSON(raw []byte) (tag string, _ model.Sighting, _ error) {
	var w line
	if err := json.Unmarshal(raw, &w); err != nil {
		return "", model.Sighting{}, err
	}
	if !w.At.IsZero() {
		w.First, w.Last = w.At, w.At
	}
	s := model.Sighting{Digest: w.Digest, MediaType: w.Type, First: w.First, Last: w.Last}
	if !w.Created.IsZero() {
		s.Created = &w.Created
	}
	s, err := cleanSighting(w.Tag, s)
	return w.Tag, s, err
}

// cleanSighting returns a sighting in the form to keep: in UTC, in whole seconds,
// without a media type or date that cannot be written. The error says why a
// sighting cannot be kept at all.
func cleanSighting(tag string, s model.Sighting) (model.Sighting, error) {
	if !model.IsTag(tag) {
		return s, errors.New("not a tag")
	}
	if err := s.Digest.Validate(); err != nil {
		return s, err
	}
	s.First, s.Last = second(s.First), second(s.Last)
	if s.First.Unix() <= 0 || s.Last.Before(s.First) || s.Last.Year() > 9999 {
		return s, errors.New("not a time")
	}
	if len(s.MediaType) > maxType {
		s.MediaType = ""
	}
	s.MediaType = unique.Make(s.MediaType).Value() // few types, many sightings: share the string
	s.Created = cleanCreated(s.Created)
	return s, nil
}

// cleanCreated returns a date in whole seconds, nil if it cannot be written.
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
