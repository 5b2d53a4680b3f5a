package diff

import (
	"time"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// noRealDate (E8): the creation date is not the time of the build. That of an image which only
// one of two sides has explains nothing.
func noRealDate(c Comparison, p Pair) []Finding {
	if c.B != nil && (p.A == nil || p.B == nil) {
		return nil
	}
	return c.onSides(p, dateOf)
}

func dateOf(s sideOf) []Finding {
	if s.img.Manifest.Kind == model.KindSchema1 {
		return nil
	}
	created := s.img.Config.Created
	f := Finding{
		Rests: on(Hashed), Evidence: []Evidence{{s.side, none, s.img.Config.Digest}},
		Next:  safe.Const("Sort by push time or version, and exclude it from clean-up rules that use the age"),
		Check: s.configCheck(".created, [.history[]?.created]"),
	}
	switch date, alike := commonDate(*s.img); {
	case created == nil:
		f.Text = safe.Sprintf("In %s, the creation date is missing.", s.name)
		f.Proof = []safe.Text{safe.Const("created is missing")}
	case created.Year() == 1:
		f.Text = safe.Sprintf("In %s, the date is %s, Go's zero date, which means no date. It does not show the age.",
			s.name, model.TimeText(*created))
		f.Proof = []safe.Text{safe.Sprintf("created = %s", created.UTC().Format(rfc3339))}
	case model.RealDate(created) == nil:
		f.Text = safe.Sprintf("In %s, the date is the constant %s. It marks a reproducible build and does not show the age.",
			s.name, model.TimeText(*created))
		f.Proof = []safe.Text{safe.Sprintf("created = %s", created.UTC().Format(rfc3339))}
	case alike:
		f.Rests = on(Heuristic)
		f.Text = safe.Sprintf("In %s, all steps have the same date, %s. "+
			"The build set it; it may be the date of the source.", s.name, model.TimeText(date))
		f.Proof = []safe.Text{safe.Sprintf("all %d dates of the history = %s", len(s.img.Steps), utc(date))}
	default:
		return nil
	}
	return []Finding{f}
}

const rfc3339 = "2006-01-02T15:04:05Z"

// commonDate returns the date that all steps with a layer have, to the second. ok is false
// if they differ, or if there are fewer than three such steps.
func commonDate(img model.Image) (date time.Time, ok bool) {
	n := 0
	for _, st := range img.Steps {
		if !st.HasLayer {
			continue
		}
		if st.Created == nil {
			return time.Time{}, false
		}
		d := st.Created.UTC().Truncate(time.Second)
		if n > 0 && !d.Equal(date) {
			return time.Time{}, false
		}
		date, n = d, n+1
	}
	return date, n >= 3
}

// hasCommonDate reports whether all steps with a layer have one date.
func hasCommonDate(img model.Image) bool {
	_, ok := commonDate(img)
	return ok
}
