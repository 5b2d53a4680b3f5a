package tags

import (
	"time"

	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
)

// surveyLine is the cost of the survey, its progress, or what went wrong; empty
// in other stages.
func (p tagsPage) surveyLine(f page.Frame) look.Line {
	s := p.survey
	line := func(role look.Role, t safe.Text, rest ...look.Span) look.Line {
		return look.L(look.Gap(1), look.S(role, t)).With(rest...)
	}
	switch s.stage {
	case surveyOffered:
		cost, keys := p.surveyCost(), safe.Const(": enter to go on, esc to cancel")
		if look.Width(cost)+look.Width(keys) > f.Width-1 {
			keys = safe.Text{} // the footer names these keys too
		}
		return line(look.Warn, cost, look.P(keys))
	case surveyingTags:
		return line(look.Plain, safe.Sprintf("%s of %s resolved", look.Number(s.done),
			look.Count(s.total, safe.Const("tag"), safe.Const("tags"))), s.hints()...)
	case surveyingImages:
		return line(look.Plain, safe.Sprintf("%s of %s read", look.Number(s.done),
			look.Count(s.total, safe.Const("image"), safe.Const("images"))), s.hints()...)
	case surveyWaiting, surveyDone:
		if s.err != nil {
			return line(look.Alert, safe.Clean(page.ShortError(s.err)))
		}
		if s.failed > 0 {
			return line(look.Warn, safe.Sprintf("%s could not be read", look.Number(s.failed)))
		}
	}
	return look.Line{}
}

// hints are the remaining time, if it is worth a word, and the key to stop.
func (r progress) hints() []look.Span {
	stop := look.S(look.Faint, safe.Const("  esc to stop"))
	if r.remaining < 2*time.Second {
		return []look.Span{stop}
	}
	return []look.Span{look.S(look.Faint, safe.Sprintf("  about %s left", r.remaining.Round(time.Second))), stop}
}

// surveyCost names the requests that an announced survey will send.
func (p tagsPage) surveyCost() safe.Text {
	s := p.survey
	heads := look.Count(s.total, safe.Const("HEAD request"), safe.Const("HEAD requests"))
	tags := safe.Text{}
	if s.only.Active {
		tags = safe.Const(" the filtered tags")
	}
	switch {
	case s.goal == goalMembers:
		return safe.Sprintf("Reading what indexes list needs about %s",
			look.Count(s.total, safe.Const("GET request"), safe.Const("GET requests")))
	case s.goal == goalImageInfo && s.total == 0:
		return safe.Sprintf("Sorting%s needs up to %s", tags,
			look.Count(perImage*s.images, safe.Const("GET request"), safe.Const("GET requests")))
	case s.goal == goalImageInfo:
		return safe.Sprintf("Sorting%s needs about %s, then up to %d GET per image", tags, heads, perImage)
	case p.grouped:
		return safe.Sprintf("Grouping%s needs about %s", tags, heads)
	case tags.IsEmpty():
		tags = safe.Const(" the tags")
	}
	return safe.Sprintf("Resolving%s needs about %s", tags, heads)
}
