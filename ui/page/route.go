package page

import (
	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
)

// Route names a page to open. A page asks for one by an effect and the root
// makes it, so that pages of one package need not know those of another.
type Route interface{ isRoute() }

type (
	// PlaceRoute leads to what a reference names: the repositories of a registry,
	// the tags of a repository, or one image.
	PlaceRoute struct{ Ref model.Ref }
	// CompareRoute leads to A beside B, or to A alone without a B.
	CompareRoute struct {
		A     model.Ref
		B     *model.Ref
		Known *model.TagSet // of the tags beside them; may be nil
	}
	// PickRoute leads to the tags beside ref, to choose another A or B. The
	// answer is a PickedMsg.
	PickRoute struct {
		Ref  model.Ref
		Side diff.Side
	}
	// SameImageRoute leads to the tags of the image that a tag or a digest names.
	SameImageRoute struct{ Ref model.Ref }
	// TimelineRoute leads to what a tag was, and when.
	TimelineRoute struct{ Ref model.Ref }
)

func (PlaceRoute) isRoute()     {}
func (CompareRoute) isRoute()   {}
func (PickRoute) isRoute()      {}
func (SameImageRoute) isRoute() {}
func (TimelineRoute) isRoute()  {}
