package tags

import (
	"slices"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
)

// digestSearch is a digest whose tags the list should find.
type digestSearch struct {
	digest     digest.Digest   // "" for none
	found      bool            // a tag of the digest was found
	images     []digest.Digest // images that were read and have the digest as a part
	owners     []model.Owner   // the tags of these images
	incomplete bool            // some tags are not resolved; cached, since counting them takes too long for a frame
	unread     unreadCount     // cached too
}

// NewSameImage returns a tags page that groups tags by image as soon as they are
// listed. It searches the tags of the reference's digest and puts the cursor on
// its tag.
func NewSameImage(env page.Env, of model.Ref) page.Page {
	p := newPage(env, of)
	p.grouped, p.survey.stage, p.search.digest = true, surveyPending, of.Digest
	return p
}

// updateSearch puts the cursor on the first tag of the digest, unless the person
// moved it, and updates incomplete.
func (p tagsPage) updateSearch() tagsPage {
	if p.search.digest == "" {
		return p
	}
	if !p.list.Loading && !p.survey.running() {
		p.search.incomplete = len(p.tagsToAsk()) > 0
		p.search.unread = p.countUnread()
		p.search.owners = p.partOwners()
	}
	if p.search.found {
		return p
	}
	same := p.index.byDigest[p.search.digest]
	for _, index := range p.index.listedIn[p.search.digest] {
		if len(same) == 0 {
			same = p.index.byDigest[index]
		}
	}
	if len(same) == 0 && len(p.search.owners) > 0 {
		same = []string{p.search.owners[0].Ref.Tag}
	}
	if len(same) == 0 {
		return p
	}
	p.search.found = len(p.index.byDigest[p.search.digest]) > 0
	if p.list.Window.Cursor == 0 {
		p.list.WantedName = same[0]
	}
	return p
}

// noteParts records that an image that was read has the digest as a part.
func (s digestSearch) noteParts(x index, image digest.Digest) digestSearch {
	has := func(p model.Part) bool { return p.Digest == s.digest }
	if s.digest != "" && !slices.Contains(s.images, image) && slices.ContainsFunc(x.parts[image], has) {
		s.images = append(slices.Clip(s.images), image)
	}
	return s
}

// partOwners returns what the digest is of the tags of images that have it as a part.
func (p tagsPage) partOwners() []model.Owner {
	var owners []model.Owner
	for _, image := range p.search.images {
		for _, tag := range p.index.byDigest[image] {
			owners = append(owners, diff.OwnersIn(model.DigestPrefix(p.search.digest.Encoded()), p.ref.WithTag(tag), p.index.parts[image])...)
		}
	}
	slices.SortStableFunc(owners, func(a, b model.Owner) int { return model.CompareNatural(a.Ref.Tag, b.Ref.Tag) })
	return owners
}

// searchLines is searchLine over several lines if it needs them.
func (p tagsPage) searchLines(f page.Frame) []look.Line {
	const most = 3
	lines := look.Wrap(p.searchLine().Spans, f.Width-2)
	for i := 1; i < len(lines); i++ {
		lines[i] = look.L(look.Gap(1)).With(lines[i].Spans...)
	}
	return lines[:min(len(lines), most)]
}

// searchLine names the tags that point to the digest.
func (p tagsPage) searchLine() look.Line {
	d := p.search.digest
	if d == "" {
		return look.Line{}
	}
	answer := look.L(look.Gap(1), look.S(look.Strong, look.Short(d)), look.Gap(1))
	sharing := p.sharedImages(d)
	switch same := p.index.byDigest[d]; {
	case len(p.search.owners) > 0:
		answer = look.L(look.Gap(1), look.P(diff.OwnersText(p.search.owners, false)))
	case len(same) > 0:
		answer = answer.With(look.P(safe.Sprintf("is %s", nameList(same))))
	case p.list.Loading || p.survey.running() || p.survey.stage == surveyIdle || p.survey.stage == surveyPending:
		answer = answer.With(look.S(look.Faint, safe.Const("matches no tag resolved so far")))
	case p.list.Err != nil || p.survey.only.Active || p.search.incomplete:
		answer = answer.With(look.S(look.Warn, safe.Const("matches none of the resolved tags")))
	case len(p.list.Extra) > 0: // the search skips them
		answer = answer.With(look.P(safe.Const("matches no tag here (signatures and attestations not checked)")))
	case p.search.unread.images == 0 && p.search.unread.others > 0 && len(sharing) == 0:
		answer = answer.With(look.P(safe.Const("matches no tag here; ")), look.S(look.Warn, unreadOthers()))
	default:
		answer = answer.With(look.P(safe.Const("matches no tag of this repository")))
		if n := p.search.unread.images; n > 0 && len(sharing) == 0 {
			keys, does := p.imageKeys()
			answer = answer.With(look.S(look.Warn, safe.Sprintf("; not looked at: %s (%s: %s)",
				look.Count(n, safe.Const("image ID"), safe.Const("image IDs")), keys, does)))
		}
	}
	for _, s := range sharing {
		answer = answer.With(look.P(safe.Sprintf("; %s", s)))
	}
	return answer
}
