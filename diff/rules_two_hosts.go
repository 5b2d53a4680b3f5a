package diff

import (
	"time"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// staleMirror (F7): one tag of one repository on two hosts, and one of the images is older.
func staleMirror(c Comparison) []Finding {
	m, ok := c.olderCopy()
	if !ok {
		return nil
	}
	f := Finding{
		Severity: 1, Rests: on(Claimed), Evidence: topEvidence(c), Text: safe.Sprintf("%s.", m.text()), Lead: m.text(),
		Next: safe.Const("Check whether one host is a mirror that lags. Pull by digest to be independent of it"),
		Proof: []safe.Text{
			safe.Sprintf("created on %s: %s", quoted(m.old.Ref.Registry), utc(m.oldAt)),
			safe.Sprintf("created on %s: %s", quoted(m.new.Ref.Registry), utc(m.newAt)),
		},
		Check: c.digestsCommand(), Tags: []string{m.old.Ref.Tag},
	}
	if m.tags != nil {
		if same := mostSpecific(Siblings(*m.tags, m.old.Top.Digest).Same); len(same) > 0 {
			f.Text = safe.Sprintf("%s. On %s the older image is %s.", m.text(), quoted(m.new.Ref.Registry), tagText(same[0]))
			f.Tags = append(f.Tags, same...)
		}
	}
	return []Finding{f}
}

// copies is one tag on two hosts.
type copies struct {
	old, new     *model.Artifact
	oldAt, newAt time.Time     // when the images were created
	tags         *model.TagSet // those of the newer host, nil if they were not requested
}

func (m copies) text() safe.Text {
	return safe.Sprintf("%s has an older build of %s (%s) than %s (%s)",
		quoted(m.old.Ref.Registry), tagText(m.old.Ref.Tag), model.TimeText(m.oldAt), quoted(m.new.Ref.Registry), model.TimeText(m.newAt))
}

// olderCopy compares the dates of one tag on two hosts. A build takes a moment, so a small
// difference shows nothing.
func (c Comparison) olderCopy() (copies, bool) {
	if c.B == nil || c.A.Ref.Tag == "" || c.A.Ref.Tag != c.B.Ref.Tag || c.A.Ref.Repository != c.B.Ref.Repository ||
		c.A.Ref.Registry == c.B.Ref.Registry || c.A.Top.Digest == c.B.Top.Digest {
		return copies{}, false
	}
	for _, p := range c.shared() {
		a, b := imageOf(p.A), imageOf(p.B)
		if a == nil || b == nil || a.Created() == nil || b.Created() == nil {
			continue
		}
		m := copies{c.A, c.B, *a.Created(), *b.Created(), c.TagContext.B.Tags}
		if m.oldAt.After(m.newAt) {
			m = copies{c.B, c.A, *b.Created(), *a.Created(), c.TagContext.A.Tags}
		}
		return m, m.newAt.Sub(m.oldAt) >= minBuildGap
	}
	return copies{}, false
}
