package ui

import (
	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
)

// route names a page to open. A page asks for one by an effect and the root
// makes it, so that pages of one package need not know those of another.
type route interface{ isRoute() }

type (
	// placeRoute leads to what a reference names: the repositories of a registry,
	// the tags of a repository, or one image.
	placeRoute struct{ ref model.Ref }
	// compareRoute leads to A beside B, or to A alone without a B.
	compareRoute struct {
		a     model.Ref
		b     *model.Ref
		known *model.TagSet // of the tags beside them; may be nil
	}
	// pickRoute leads to the tags beside ref, to choose another A or B. The
	// answer is a pickedMsg.
	pickRoute struct {
		ref  model.Ref
		side diff.Side
	}
	// sameImageRoute leads to the tags of the image that a tag or a digest names.
	sameImageRoute struct{ ref model.Ref }
	// timelineRoute leads to what a tag was, and when.
	timelineRoute struct{ ref model.Ref }
)

func (placeRoute) isRoute()     {}
func (compareRoute) isRoute()   {}
func (pickRoute) isRoute()      {}
func (sameImageRoute) isRoute() {}
func (timelineRoute) isRoute()  {}
