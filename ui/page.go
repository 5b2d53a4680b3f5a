package ui

import (
	"context"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
)

// page is one screen of the stack. Pages are values: update gives the newer
// one. A page never does I/O itself, it asks the root for effects.
type page interface {
	// start gives the streams that fill the page. They end with ctx.
	start(ctx context.Context) (page, effects)
	// update takes a key, a paste, or a message of one of the page's streams.
	update(msg tea.Msg) (page, effects)
	// layout tells the page its frame. It is called before view whenever the
	// frame or the page may have changed.
	layout(f frame) (page, effects)
	// view is the body, at most as many lines as the frame is high.
	view(f frame) []look.Line
	// crumb names the page in the path on top.
	crumb() safe.Text
	// hints are the keys worth a place in the footer; status is its right end.
	hints() []key.Binding
	status() safe.Text
	// help is every key the page knows, in groups.
	help() []keyGroup
	// typing reports whether keys are text now.
	typing() bool
}

// frame is what a page has to draw in and with.
type frame struct {
	width, height int
	glyphs        look.Glyphs
	gate          safe.Gate
	marks         marks
}

// marks are the two sides picked so far, possibly from different repositories.
type marks struct{ a, b *model.Ref }

// effects are what a page asks of the root, in order: the messages below,
// routes and streams. The root carries them out before it looks at the next key, so that
// keys which arrive together, as they do over a slow link, go where the person
// meant them.
type effects []tea.Msg

// Messages from pages to the root.
type (
	// pushMsg opens a page on top.
	pushMsg struct{ page page }
	// popMsg goes back one page. payload, if any, goes to the page below.
	popMsg struct{ payload tea.Msg }
	// markMsg sets the marks, and opens a page if there is one to open then.
	markMsg struct {
		marks marks
		then  route
	}
	// copyMsg puts text on the clipboard and says so.
	copyMsg struct{ what, text safe.Text }
	// toastMsg shows a line at the bottom until the next key.
	toastMsg struct{ text safe.Text }
	// helpMsg opens the help of the page on top.
	helpMsg struct{}
	// visitedMsg remembers a place for the home page.
	visitedMsg struct{ place string }
	// placesMsg tells the home page what is remembered now.
	placesMsg struct{ recent []string }
)

// send asks for one effect.
func send(msg tea.Msg) effects { return effects{msg} }

func toast(t safe.Text) effects { return send(toastMsg{t}) }
