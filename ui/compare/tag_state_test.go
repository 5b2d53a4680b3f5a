package compare_test

import (
	"testing"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/ui"
	"github.com/tagdiff/tagdiff/ui/compare"
	"github.com/tagdiff/tagdiff/ui/uitest/fakereg"
)

// TestTagDeleted: the page reports a deleted tag and keeps the content, also when it is
// read again.
func TestTagDeleted(t *testing.T) {
	f := fakereg.Retag(t)
	f.Heads = map[string]digest.Digest{}
	d := open(t, f, 80, 24, "localhost:5000/app:testing", "localhost:5000/app:prod")
	f.Heads["prod"] = ""
	rechecks(d)
	d.Sees(":prod was deleted", "r reads again", "Same image, packed differently")
	delete(f.ByTag, "prod")
	d.Keys("r")
	d.Sees(":prod could not be read again: there is no", "Same image, packed differently")
	d.DoesNotSee("No comparison")
	f.Heads["prod"] = fakereg.Captured(t, "prod").Digest()
	f.ByTag["prod"] = fakereg.Captured(t, "prod")
	d.Keys("r")
	d.DoesNotSee("could not be read again")
}

// TestTagMoved_historyIsOlder: a digest that the tag got after it was read is not its
// history.
func TestTagMoved_historyIsOlder(t *testing.T) {
	f := fakereg.Retag(t)
	a, b := fakereg.Named("a"), fakereg.Named("b")
	f.Heads = map[string]digest.Digest{"prod": b}
	now := time.Now()
	sighting := func(d digest.Digest, ago time.Duration) model.Sighting {
		return model.Sighting{Digest: d, First: now.Add(-ago), Last: now.Add(-ago)}
	}
	past := fakereg.Journal{"prod": {sighting(a, 3*time.Hour), sighting(b, 2*time.Hour), sighting(fakereg.Captured(t, "prod").Digest(), -time.Hour), sighting(a, -2*time.Hour)}}
	r := fakereg.Ref(t, "localhost:5000/app:prod")
	d := drive(t, ui.Options{Registry: f, Journal: past, Open: []model.Ref{r}}, 120, 40)
	d.Sees(":prod has moved", "it was "+fakereg.Short("b"))
	d.DoesNotSee("it was " + fakereg.Short("a"))
}

func TestTagMoved_whileReading(t *testing.T) {
	f := fakereg.Retag(t)
	f.Heads = map[string]digest.Digest{"prod": digest.FromString("newer")}
	d := open(t, f, 120, 30, "localhost:5000/app:testing", "localhost:5000/app:prod")
	d.Sees(":prod has moved", "r reads again", "Same image, packed differently")
}

// TestTag_registryIsBack: a failed read is reported until the registry answers again.
func TestTag_registryIsBack(t *testing.T) {
	f := fakereg.Retag(t)
	d := open(t, f, 100, 40, testingAndProd...)
	gone := f.ByTag["prod"]
	delete(f.ByTag, "prod")
	d.Keys("r")
	d.Sees(":prod could not be read again")
	rechecks(d)
	d.Sees(":prod was deleted")
	d.DoesNotSee("could not be read again")
	d.Keys("r")
	d.Sees(":prod could not be read again")
	f.ByTag["prod"] = gone
	rechecks(d)
	d.DoesNotSee("could not be read again")
	d.DoesNotSee("was deleted")
}

// TestReload_keepsCursor: the cursor stays on its row while both sides are read again.
func TestReload_keepsCursor(t *testing.T) {
	d := open(t, fakereg.Retag(t), 100, 40, testingAndProd...)
	d.Keys("3", "n", "up", "up")
	d.Sees("›=    5")
	d.Keys("r")
	d.Sees("›=    5")
}

// TestReload_movedTag: a tag that moved and is then read again has not moved.
func TestReload_movedTag(t *testing.T) {
	f := fakereg.Retag(t)
	d := open(t, f, 100, 24, "localhost:5000/app:testing", "localhost:5000/app:prod")
	f.ByTag["testing"], f.ByTag["prod"] = f.ByTag["prod"], f.ByTag["testing"]
	d.Hold("r") // the answers are pending
	rechecks(d)
	now := f.ByTag["testing"]
	owns(d, compare.Arrived(top(d), now))
	d.DoesNotSee("has moved: it is " + now.Digest().Encoded()[:12] + " now, this is " + now.Digest().Encoded()[:12])
}
