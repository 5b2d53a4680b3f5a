package tags

import (
	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
)

// State of a page for tests that drive the whole program.

func PollLoad(p page.Page) page.LoadID {
	if p, ok := p.(timelinePage); ok {
		return p.poll.Load
	}
	return p.(tagsPage).poll.Load
}

func ListLoad(p page.Page) page.LoadID    { return p.(tagsPage).list.Load }
func SurveyLoad(p page.Page) page.LoadID  { return p.(tagsPage).survey.load }
func Findings(p page.Page) []diff.Finding { return p.(tagsPage).findings }
func Set(p page.Page) *model.TagSet       { return p.(tagsPage).tagSet() }
func Knows(p page.Page, tag string) bool  { return p.(tagsPage).index.tags[tag].Digest != "" }
func DigestLine(p page.Page) look.Line    { return p.(tagsPage).searchLine() }

func Cursor(p page.Page) string {
	tag, _ := p.(tagsPage).list.Current()
	return tag
}

// Messages like those of the streams of a page.

func SurveyEnded(load page.LoadID, err error) tea.Msg {
	return surveyMsg{load: load, ended: true, err: err}
}
func Resolved(load page.LoadID, tags []model.Tagged) tea.Msg { return resolvedMsg(load, tags) }

func Peeked(p page.Page, tag string, info model.TagInfo) tea.Msg {
	return peekedMsg{load: ListLoad(p), tag: tag, info: info}
}

func HistoryRead(p page.Page, past map[string]model.Timeline) tea.Msg {
	return historyMsg{ListLoad(p), past}
}
