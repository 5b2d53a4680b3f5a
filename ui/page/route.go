package page

import (
	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
)

// Route names a page to open. A page requests it as an effect and the root creates the
// page, so that the packages of pages do not depend on each other.
type Route interface{ isRoute() }

type (
	// PlaceRoute opens what a reference names: the repositories of a registry, the tags
	// of a repository, or one image.
	PlaceRoute struct{ Ref model.Ref }
	// CompareRoute opens the comparison of A and B, or A alone if B is nil.
	CompareRoute struct {
		A     model.Ref
		B     *model.Ref
		Known *model.TagSet // known tags of the repository; may be nil
	}
	// PickRoute opens the tags of the repository of Ref, to choose another A or B. The
	// answer is a PickedMsg.
	PickRoute struct {
		Ref  model.Ref
		Side diff.Side
	}
	// SameImageRoute opens the tags with the same image as a tag or digest.
	SameImageRoute struct{ Ref model.Ref }
	// TimelineRoute opens the recorded history of a tag.
	TimelineRoute struct{ Ref model.Ref }
)

func (PlaceRoute) isRoute()     {}
func (CompareRoute) isRoute()   {}
func (PickRoute) isRoute()      {}
func (SameImageRoute) isRoute() {}
func (TimelineRoute) isRoute()  {}
