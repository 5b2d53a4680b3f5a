// Package page is the contract between pages and the root: what a page is, what
// it may ask for, the table of keys, and the registry and journal it reads from.
// It has no page and draws nothing but errors.
package page

import (
	"context"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
)

// Page is one screen of the stack. Pages are values: Update returns the
// newer one. A page never does I/O itself, it asks the root for effects.
type Page interface {
	// Start gives the streams that fill the page. They end with ctx.
	Start(ctx context.Context) (Page, Effects)
	// Update takes a key, a paste, or a message of one of the page's streams.
	Update(msg tea.Msg) (Page, Effects)
	// Layout tells the page its frame. It is called before View whenever the
	// frame or the page may have changed.
	Layout(f Frame) (Page, Effects)
	// View is the body, at most as many lines as the frame is high.
	View(f Frame) []look.Line
	// Crumb names the page in the path on top.
	Crumb() safe.Text
	// Hints are the keys worth a place in the footer; Status is its right end.
	Hints() []key.Binding
	Status() safe.Text
	// Help is every key the page knows, in groups.
	Help() []KeyGroup
	// Typing reports whether keys are text now.
	Typing() bool
}

// InRepo is a page about one repository: short references that are typed there,
// as :tag is, are meant beside it.
type InRepo interface{ Repo() model.Ref }

// Frame is what a page has to draw in and with.
type Frame struct {
	Width, Height int
	Glyphs        look.Glyphs
	Gate          safe.Gate
	Marks         Marks
}

// Marks are the two sides picked so far, possibly from different repositories.
type Marks struct{ A, B *model.Ref }

// Effects are what a page asks of the root, in order: the messages below,
// routes and streams. The root carries them out before it looks at the next key,
// so that keys which arrive together, as they do over a slow link, go where the
// person meant them.
type Effects []tea.Msg

// Messages from pages to the root.
type (
	// PushMsg opens a page on top.
	PushMsg struct{ Page Page }
	// PopMsg goes back one page. Payload, if any, goes to the page below.
	PopMsg struct{ Payload tea.Msg }
	// MarkMsg sets the marks, and opens a page if there is one to open then.
	MarkMsg struct {
		Marks Marks
		Then  Route
	}
	// CopyMsg puts text on the clipboard and says so.
	CopyMsg struct{ What, Text safe.Text }
	// ToastMsg shows a line at the bottom until the next key.
	ToastMsg struct{ Text safe.Text }
	// HelpMsg opens the help of the page on top.
	HelpMsg struct{}
	// VisitedMsg remembers a place for the home page.
	VisitedMsg struct{ Place string }
	// PlacesMsg tells the home page what is remembered now.
	PlacesMsg struct{ Recent []string }
)

// Send asks for one effect.
func Send(msg tea.Msg) Effects { return Effects{msg} }

// Toast asks for a line at the bottom.
func Toast(t safe.Text) Effects { return Send(ToastMsg{t}) }

// PickedMsg answers a page that was opened to pick a side.
type PickedMsg struct {
	Side diff.Side
	Ref  model.Ref
}

// KnownTagsMsg tells the page below what is known of the tags of a repository.
type KnownTagsMsg struct{ Set model.TagSet }
