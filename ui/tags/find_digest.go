package tags

import (
	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
	"github.com/tagdiff/tagdiff/ui/widget"
)

// seeking is a digest whose tags a list is to tell.
type seeking struct {
	digest digest.Digest // "" for none
	found  bool          // the cursor has been put on one of them
	left   bool          // there are tags of which it is not known where they point; counting them takes too long for a frame
}

// NewSameImage is the tags page, opened to see which other tags are the image that
// a tag is, or which are what has a digest.
func NewSameImage(d page.Env, of model.Ref) page.Page {
	return tagsPage{
		deps: d, ref: of.Repo(), list: widget.NameList{IsAside: isAttached, Want: of.Tag}, know: newTagKnow(), asSoon: true,
		seek: seeking{digest: of.Digest},
	}
}

// towards notes what is known of what is sought, and puts the cursor on the first
// tag of it, unless the person has moved it.
func (p tagsPage) towards() tagsPage {
	if p.seek.digest == "" {
		return p
	}
	if !p.list.Loading && !p.survey.running() {
		p.seek.left = len(p.unasked()) > 0
	}
	if p.seek.found {
		return p
	}
	same := p.know.same[p.seek.digest]
	for _, index := range p.know.holders[p.seek.digest] {
		if len(same) == 0 {
			same = p.know.same[index]
		}
	}
	if len(same) == 0 {
		return p
	}
	p.seek.found = len(p.know.same[p.seek.digest]) > 0
	if p.list.Window.Cursor == 0 {
		p.list.Want = same[0]
	}
	return p
}

// seekLine answers which tags lead to what is sought.
func (p tagsPage) seekLine() look.Line {
	d := p.seek.digest
	if d == "" {
		return look.Line{}
	}
	answer := look.L(look.Gap(1), look.S(look.Strong, look.Short(d)), look.Gap(1))
	sharing := p.sharing(d)
	switch same := p.know.same[d]; {
	case len(same) > 0:
		answer = answer.With(look.P(safe.Sprintf("is %s", nameList(same))))
	case p.list.Loading || p.survey.running() || p.survey.stage == surveyNone:
		answer = answer.With(look.S(look.Faint, safe.Const("is no tag that has been asked so far")))
	case p.list.Err != nil || p.survey.only.Active || p.seek.left:
		answer = answer.With(look.S(look.Warn, safe.Const("is no tag that has been asked")))
	case len(p.list.Aside) > 0: // which are not counted as tags of an image
		answer = answer.With(look.P(safe.Const("is no tag of this repository, signatures and the like aside")))
	default:
		answer = answer.With(look.P(safe.Const("is no tag of this repository")))
	}
	for _, s := range sharing {
		answer = answer.With(look.P(safe.Sprintf("; %s", s)))
	}
	return answer
}
