package ui

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
)

func short(name string) string { return named(name).Encoded()[:12] }

func TestTimeline(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2024, 10, n, 9, 0, 0, 0, time.Local) }
	s := newShelf(map[string]string{"prod": "third"})
	s.lost = map[string]bool{"first": true}
	past := memory{"prod": {
		{Digest: named("first"), First: day(1), Last: day(2)},
		{Digest: named("second"), First: day(3), Last: day(3)},
		{Digest: named("third"), First: day(5), Last: day(9)},
	}}
	d := lookAt(t, s, past, 100, 24)
	d.keys("t")
	d.sees("app:prod: timeline", "›  "+short("third"), "2024-10-05 09:00", "now", "gone", "A tag moved at some time", "1/3")
	d.keys("down", "enter") // what it was against what it is
	d.sees("A :prod then", "B :prod ")
	d.keys("esc", "space", "down", "enter") // two moments, the older one first
	d.sees("A :prod then", "B :prod then")
	d.keys("esc")
	d.sees("compare A with this")
	d.keys("y")
	d.sees("copied the reference: localhost:5000/app@" + named("first").String()[:20])
}

// TestTimelineMovesOn: what is marked as now is now.
func TestTimelineMovesOn(t *testing.T) {
	then := time.Date(2024, 10, 1, 9, 0, 0, 0, time.Local)
	s := newShelf(map[string]string{"prod": "second"})
	past := memory{"prod": {{Digest: named("first"), First: then, Last: then}, {Digest: named("second"), First: then.Add(time.Hour), Last: then.Add(time.Hour)}}}
	d := lookAt(t, s, past, 100, 24)
	d.keys("t")
	d.sees("›  "+short("second"), "now", "1/2")
	d.rechecks()
	d.sees("now", "1/2")
	s.points["prod"] = "third"
	past["prod"] = append(past["prod"], model.Sighting{Digest: named("third"), First: then.Add(2 * time.Hour), Last: then.Add(2 * time.Hour)})
	d.rechecks()
	d.sees(short("third"), "/3")
	delete(s.points, "prod")
	d.rechecks()
	d.sees("there is no localhost:5000/app:prod")
	d.doesNotSee("now")
}

func TestTimelineWithoutJournal(t *testing.T) {
	d := lookAt(t, newShelf(map[string]string{"prod": "x"}), nil, 100, 24)
	d.keys("t")
	d.sees("the journal is off", "without --no-journal")
}

// A timeline is there even if the registry is not.
func TestTimelineOffline(t *testing.T) {
	then := time.Date(2024, 10, 1, 9, 0, 0, 0, time.Local)
	past := memory{"prod": {{Digest: named("x"), First: then, Last: then}}}
	d := drive(t, Options{Registry: down{newShelf(nil)}, Journal: past, Open: []model.Ref{{Registry: "localhost:5000", Repository: "app", Tag: "prod"}}}, 100, 24)
	d.keys("t")
	d.sees("the registry is down", short("x"), "2024-10-01 09:00")
}

// down is a registry that answers nothing.
type down struct{ shelf }

func (down) Head(context.Context, model.Ref) (digest.Digest, error) {
	return "", &model.Trouble{Say: "the registry is down", Err: errors.New("refused")}
}
