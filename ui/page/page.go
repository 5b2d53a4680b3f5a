// Package page is the contract between pages and the root: the Page interface, the
// effects that a page can request, the table of keys, and the registry and journal that
// pages read. It contains no pages, and draws only errors.
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

// Page is one screen of the stack. Pages are values: Update returns the new one. A page
// does no I/O itself; it requests effects from the root.
type Page interface {
	// Start returns the effects that load the page. ctx cancels them.
	Start(ctx context.Context) (Page, Effects)
	// Update handles a key, pasted text, or a message of one of the page's streams.
	Update(msg tea.Msg) (Page, Effects)
	// Layout passes the frame to the page. It is called before View whenever the frame
	// or the page may have changed.
	Layout(f Frame) (Page, Effects)
	// View returns the body, at most f.Height lines.
	View(f Frame) []look.Line
	// Crumb returns the name of the page in the path at the top.
	Crumb() safe.Text
	// Hints returns the keys for the footer. Status returns the text at its right end.
	Hints() []key.Binding
	Status() safe.Text
	// Help returns the keys of the page besides MoveKeys and GlobalKeys.
	Help() KeyGroup
	// Typing reports whether keys are text input now.
	Typing() bool
}

// InRepo is a page about one repository. A short reference such as :tag that is typed
// there belongs to this repository.
type InRepo interface{ Repo() model.Ref }

// Frame is the space for a page, with what it needs to draw.
type Frame struct {
	Width, Height int
	Glyphs        look.Glyphs
	Gate          safe.Gate
	Marks         Marks
}

// Marks are the sides marked so far, possibly from different repositories.
type Marks struct{ A, B *model.Ref }

// Effects are what a page requests from the root, in order: the messages below, routes
// and streams. The root carries them out before it handles the next key. Several keys
// can arrive together over a slow link, and each one must reach the page that the
// earlier ones opened.
type Effects []tea.Msg

// Messages from pages to the root.
type (
	// PushMsg opens a page on top.
	PushMsg struct{ Page Page }
	// PopMsg goes back one page. Payload, if any, is delivered to the page below.
	PopMsg struct{ Payload tea.Msg }
	// MarkMsg sets the marks and opens the page Then, if it is set.
	MarkMsg struct {
		Marks Marks
		Then  Route
	}
	// CopyMsg copies text to the clipboard and confirms it with a toast.
	CopyMsg struct{ What, Text safe.Text }
	// ToastMsg shows a line at the bottom until the next key.
	ToastMsg struct{ Text safe.Text }
	// HelpMsg opens the help of the top page.
	HelpMsg struct{}
	// VisitedMsg stores a place for the home page.
	VisitedMsg struct{ Place string }
	// PlacesMsg passes the stored places to the home page.
	PlacesMsg struct{ Recent []string }
)

// Send requests one effect.
func Send(msg tea.Msg) Effects { return Effects{msg} }

// Toast requests a line at the bottom.
func Toast(t safe.Text) Effects { return Send(ToastMsg{t}) }

// Unused says that a key has no use on the page.
func Unused(msg tea.KeyPressMsg) Effects {
	return Toast(safe.Sprintf("%s does nothing here; ? lists the keys", msg.String()))
}

// PickedMsg is the answer of a page that was opened to choose a side.
type PickedMsg struct {
	Side diff.Side
	Ref  model.Ref
}

// KnownTagsMsg passes the known tags of a repository to the page below.
type KnownTagsMsg struct{ Set model.TagSet }

// DigestFinder is a page that knows what digests belong to. It sends no request for an
// answer.
type DigestFinder interface {
	InRepo
	// DigestOwners returns what the digests that begin with p are of what the page has read.
	DigestOwners(p model.DigestPrefix) []model.Owner
	// DigestsRead names what the page has read, and next what reads more of it.
	DigestsRead() (read, next safe.Text)
}

// ArtifactsMsg passes artifacts that were read to the page below.
type ArtifactsMsg struct{ Artifacts []model.Artifact }
