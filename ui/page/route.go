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
	// ListRoute opens the list that holds the place of Of: the tags of its repository or, if it has no tag and no
	// digest, the repositories of its registry.
	ListRoute struct{ Of model.Ref }
	// FindRoute opens the tags of the repository Repo and looks for the digests that begin with Prefix. With, if it is
	// set, is marked as A, to be compared with what is found.
	FindRoute struct {
		Repo   model.Ref
		Prefix model.DigestPrefix
		With   *model.Ref
	}
	// TimelineRoute opens the recorded history of a tag.
	TimelineRoute struct{ Ref model.Ref }
)

func (PlaceRoute) isRoute()     {}
func (CompareRoute) isRoute()   {}
func (PickRoute) isRoute()      {}
func (SameImageRoute) isRoute() {}
func (ListRoute) isRoute()      {}
func (FindRoute) isRoute()      {}
func (TimelineRoute) isRoute()  {}
