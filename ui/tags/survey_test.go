package tags

import (
	"fmt"
	"testing"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/ui/uitest/fakereg"
	"github.com/tagdiff/tagdiff/ui/widget"
)

// TestAdvance checks the table of transitions at survey. The tags of the list are
// unresolved, or resolved and without indexes to read.
func TestAdvance(t *testing.T) {
	const few, many = 3, surveyUnannounced + 1
	for _, tt := range []struct {
		stage, before    surveyStage
		event            surveyEvent
		unresolved       int
		loading, grouped bool
		want             surveyStage
	}{
		{stage: surveyIdle, event: surveyRequest, unresolved: many, want: surveyOffered},
		{stage: surveyIdle, event: surveyRequest, unresolved: few, want: surveyingTags},
		{stage: surveyIdle, event: surveyRequest, want: surveyDone},
		{stage: surveyIdle, event: surveyRequest, loading: true, want: surveyWaiting},
		{stage: surveyingTags, event: surveyRequest, unresolved: many, want: surveyOffered},
		{stage: surveyOffered, event: surveyAccept, unresolved: many, want: surveyingTags},
		{stage: surveyOffered, event: surveyStop, unresolved: many, want: surveyDone},
		{stage: surveyOffered, before: surveyIdle, event: surveyWithdraw, unresolved: many, want: surveyIdle},
		{stage: surveyOffered, before: surveyPending, event: surveyWithdraw, unresolved: many, want: surveyPending},
		{stage: surveyOffered, before: surveyDone, event: surveyWithdraw, unresolved: many, want: surveyDone},
		{stage: surveyOffered, event: listComplete, unresolved: many, want: surveyOffered},
		{stage: surveyingTags, event: surveyStageEnd, want: surveyDone},
		{stage: surveyingTags, event: surveyStageEnd, unresolved: few, want: surveyingTags},
		{stage: surveyingTags, event: surveyStageEnd, unresolved: many, want: surveyOffered},
		{stage: surveyingTags, event: surveyStageEnd, loading: true, want: surveyWaiting},
		{stage: surveyingTags, event: surveyStop, unresolved: many, want: surveyDone},
		{stage: surveyingTags, event: surveyError, unresolved: many, want: surveyDone},
		{stage: surveyingTags, event: surveyWithdraw, unresolved: many, want: surveyingTags},
		{stage: surveyingTags, event: listComplete, unresolved: many, want: surveyingTags},
		{stage: surveyingImages, event: surveyStageEnd, want: surveyDone},
		{stage: surveyingImages, event: surveyStageEnd, loading: true, want: surveyWaiting},
		{stage: surveyWaiting, event: listComplete, want: surveyDone},
		{stage: surveyWaiting, event: listComplete, unresolved: few, want: surveyingTags},
		{stage: surveyWaiting, event: listComplete, unresolved: many, want: surveyOffered},
		{stage: surveyWaiting, event: surveyWithdraw, loading: true, want: surveyDone},
		{stage: surveyIdle, event: listRestarted, want: surveyIdle},
		{stage: surveyOffered, before: surveyIdle, event: listRestarted, want: surveyIdle},
		{stage: surveyOffered, before: surveyDone, event: listRestarted, want: surveyPending},
		{stage: surveyingTags, event: listRestarted, want: surveyPending},
		{stage: surveyPending, event: listRestarted, want: surveyPending},
		{stage: surveyPending, event: listComplete, unresolved: few, want: surveyingTags},
		{stage: surveyPending, event: listComplete, unresolved: many, want: surveyIdle},
		{stage: surveyPending, event: listComplete, unresolved: many, grouped: true, want: surveyOffered},
		{stage: surveyPending, event: listRestored, unresolved: many, want: surveyDone},
		{stage: surveyWaiting, event: listRestored, unresolved: many, want: surveyDone},
		{stage: surveyIdle, event: listRestored, unresolved: many, want: surveyIdle},
		{stage: surveyIdle, event: listComplete, unresolved: many, want: surveyIdle},
	} {
		p := tagsPage{index: newIndex(), listCtx: t.Context(), grouped: tt.grouped, survey: survey{stage: tt.stage, before: tt.before}}
		names := []string{"resolved"}
		p.index.setTarget(model.Tagged{Tag: "resolved", Digest: fakereg.Named("x"), MediaType: model.MediaTypeDockerManifest})
		for i := range tt.unresolved {
			names = append(names, fmt.Sprint("tag", i))
		}
		p.list = p.list.Arrived(widget.NamesMsg{Names: names})
		p.list.Loading = tt.loading
		if next, _ := p.advance(tt.event); next.survey.stage != tt.want {
			t.Errorf("%+v: stage %d", tt, next.survey.stage)
		}
	}
}
