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

// TagOrders are the names of the orders of a list of tags, the usual one first.
var TagOrders = []string{"name", "version", "created", "size"}

// ShortensStatus is a page whose status gives room to the first keys of the footer.
type ShortensStatus interface {
	// StatusIn returns the status in at most width cells, if it can be that short.
	StatusIn(g look.Glyphs, width int) safe.Text
}

// InRepo is a page about one repository. A short reference such as :tag that is typed
// there belongs to this repository.
type InRepo interface{ Repo() model.Ref }

// HasPlace is a page about one place: a repository or an image. esc leads to the
// list that holds the place, if the page was opened without another one below it.
type HasPlace interface{ Place() model.Ref }

// HasPath is a page that names where it is in several parts, the outermost first. The path of other pages is
// their Crumb.
type HasPath interface {
	Path(g look.Glyphs) []PathPart
}

// PathPart is a part of the path at the top of the screen.
type PathPart struct {
	Text  safe.Text
	Sides []safe.Text // the two names in Text, if it has those of both sides
	Below bool        // the page itself says this, so that a narrow screen may leave it out
}

// Path returns parts that are not left out.
func Path(parts ...safe.Text) []PathPart {
	path := make([]PathPart, len(parts))
	for i, t := range parts {
		path[i].Text = t
	}
	return path
}

// HasTitle is a page about a part of the page below. Its title is the last part of the path.
type HasTitle interface{ Title() safe.Text }

// Loads is a page whose rows arrive after it was opened. A key that a user types ahead, before there is a row it can act on,
// waits for them together with all keys after it.
type Loads interface {
	// Loading reports whether more of the page is being read.
	Loading() bool
	// Lacks reports whether a key has nothing to act on in what was read so far.
	Lacks(press tea.KeyPressMsg) bool
}

// Addressed is a page that a command line can open.
type Addressed interface {
	// Args returns the arguments of tagdiff that open the page as it is, without those that choose how to
	// draw. A page that is not open yet may have none.
	Args() []string
}

// Readable is a page whose text a pager can show.
type Readable interface {
	// PagerLines returns the text of the page with nothing cut off.
	PagerLines(f Frame) []safe.Text
}

// Frame is the space for a page, with what it needs to draw.
type Frame struct {
	Width, Height int
	Glyphs        look.Glyphs
	Gate          safe.Gate
	Marks         Marks
}

// Marks are the sides marked so far, possibly from different repositories.
type Marks struct {
	A, B  *model.Ref
	KeepA bool // A stays marked after a comparison
}

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
	// QuitMsg ends the program.
	QuitMsg struct{}
	// GotoMsg opens the prompt for a reference.
	GotoMsg struct{}
	// KeepListMsg keeps how the list of a repository is sorted and filtered, for Env.Lists.
	KeepListMsg struct {
		Repo  model.Ref
		State any
	}
	// AskMsg asks a question on the bottom line. The next key answers it. A key that is not an answer
	// shows Declined.
	AskMsg struct {
		Question, Declined safe.Text
		Answers            []Answer
	}
	// PagerMsg shows lines in the pager of the user, which has the terminal until it ends.
	PagerMsg struct{ Lines []safe.Text }
	// HelpMsg opens the help of the top page.
	HelpMsg struct{}
	// VisitedMsg stores a place for the home page.
	VisitedMsg struct{ Place string }
	// PlacesMsg passes the stored places to the home page.
	PlacesMsg struct{ Recent []string }
)

// Answer is an answer to a question: its key, and what it requests.
type Answer struct {
	Key     key.Binding
	Effects Effects
}

// Send requests one effect.
func Send(msg tea.Msg) Effects { return Effects{msg} }

// Toast requests a line at the bottom.
func Toast(t safe.Text) Effects { return Send(ToastMsg{t}) }

// Unused says that a key has no use on the page.
func Unused(msg tea.KeyPressMsg) Effects {
	return Toast(safe.Sprintf("%s does nothing here; ? lists the keys", msg.String()))
}

// Messages about the mouse from the root to the top page.
type (
	// SelectMsg is a click on a row. Row is the index of the row in the list of the page, as
	// look.Line.Row counts it less one.
	SelectMsg struct {
		Row  int
		Open bool // the click before was on the same row
	}
	// ScrollMsg is the wheel. Lines is the number of lines to scroll down, negative for up.
	ScrollMsg struct{ Lines int }
)

// Enter is the key that opens a row. A second click on a row does the same.
var Enter = tea.KeyPressMsg{Code: tea.KeyEnter}

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
