package tags_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/ui"
	"github.com/tagdiff/tagdiff/ui/uitest/fakereg"
)

func TestTimeline(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2024, 10, n, 9, 0, 0, 0, time.UTC) }
	s := fakereg.NewRepo(map[string]string{"prod": "third"})
	s.Gone = map[string]bool{"first": true}
	past := fakereg.Journal{"prod": {
		{Digest: fakereg.Named("first"), First: day(1), Last: day(2)},
		{Digest: fakereg.Named("second"), First: day(3), Last: day(3)},
		{Digest: fakereg.Named("third"), First: day(5), Last: day(9)},
	}}
	d := lookAt(t, s, past, 100, 24)
	d.Keys("t")
	d.Sees("› app › :prod › timeline", "›  "+fakereg.Short("third"), " 5 Oct 2024 09:00:00", "first seen UTC", "now", "gone", "A move happens between last seen", "1/3")
	d.Keys("down", "enter") // the previous target against the current one
	d.Sees("A :prod then", "B :prod ")
	d.Keys("esc", "space", "down", "enter") // two sightings, the older one first
	d.Sees("A :prod then", "B :prod then")
	d.Keys("esc")
	d.Sees("compare A with this")
	d.Keys("y")
	d.Sees("copied the reference: localhost:5000/app@" + fakereg.Named("first").String()[:20])
}

// TestTimeline_tagMoves checks that the note "now" follows the tag.
func TestTimeline_tagMoves(t *testing.T) {
	then := time.Date(2024, 10, 1, 9, 0, 0, 0, time.UTC)
	s := fakereg.NewRepo(map[string]string{"prod": "second"})
	past := fakereg.Journal{"prod": {{Digest: fakereg.Named("first"), First: then, Last: then}, {Digest: fakereg.Named("second"), First: then.Add(time.Hour), Last: then.Add(time.Hour)}}}
	d := lookAt(t, s, past, 100, 24)
	d.Keys("t")
	d.Sees("›  "+fakereg.Short("second"), "now", "1/2")
	rechecks(d)
	d.Sees("now", "1/2")
	s.Points["prod"] = "third"
	past["prod"] = append(past["prod"], model.Sighting{Digest: fakereg.Named("third"), First: then.Add(2 * time.Hour), Last: then.Add(2 * time.Hour)})
	rechecks(d)
	d.Sees(fakereg.Short("third"), "/3")
	delete(s.Points, "prod")
	rechecks(d)
	d.Sees("there is no localhost:5000/app:prod")
	d.DoesNotSee("now")
}

func TestTimeline_noJournal(t *testing.T) {
	d := lookAt(t, fakereg.NewRepo(map[string]string{"prod": "x"}), nil, 100, 24)
	d.Keys("t")
	d.Sees("the journal is off", "without --no-journal")
}

// TestTimeline_registryDown checks that the sightings are shown without a registry.
func TestTimeline_registryDown(t *testing.T) {
	then := time.Date(2024, 10, 1, 9, 0, 0, 0, time.UTC)
	past := fakereg.Journal{"prod": {{Digest: fakereg.Named("x"), First: then, Last: then}}}
	d := drive(t, ui.Options{Registry: down{fakereg.NewRepo(nil)}, Journal: past, Open: []model.Ref{{Registry: "localhost:5000", Repository: "app", Tag: "prod"}}}, 100, 24)
	d.Keys("t")
	d.Sees("the registry is down", fakereg.Short("x"), " 1 Oct 2024 09:00:00")
}

// down is a registry that fails every HEAD request.
type down struct{ fakereg.Repo }

func (down) Head(context.Context, model.Ref) (digest.Digest, error) {
	return "", &model.ReadError{Message: "the registry is down", Err: errors.New("refused")}
}
