// Package ui is the root model of the screens: the stack of pages, the frame around
// them, the prompt, the help and the start pages. The other pages are in packages
// compare and tags. Packages page and widget hold what pages share.
package ui

import (
	"cmp"
	"context"
	"slices"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/compare"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
	"github.com/tagdiff/tagdiff/ui/widget"
)

// Options configure an App.
type Options struct {
	Registry  page.Registry
	Places    page.Places     // optional
	Journal   page.Journal    // nil: there is no tag history
	Recheck   time.Duration   // interval between checks of the tags on screen; 0 for never
	Hosts     func() []string // registries with stored credentials; optional
	Open      []model.Ref     // none: home page; one: its page; two: comparison
	Guide     *Guide          // start page in place of the home page
	Platform  string          // first platform to show, by its normalized name
	Inside    bool            // read the layers that differ of a comparison at once
	PlainHTTP bool            // registries speak plain HTTP; shell commands need a flag for it
	Pulse     time.Duration   // interval between screen updates while requests run; 0 for one second
	Gate      safe.Gate
	Glyphs    look.Glyphs
	InTmux    bool // copy into the tmux buffer too

	// Notes returns how many warnings the registry had, and the last one. Optional.
	Notes func() (count int, last string)
	// Size returns the size of the terminal in cells, 0 if it is unknown. Optional.
	Size func() (width, height int)
}

// App is the root model: a stack of pages, the prompt, the help and the frame.
type App struct {
	options Options
	env     page.Env
	stack   []stackEntry
	nextID  page.ID

	width, height int
	theme         look.Theme
	gate          safe.Gate
	marks         page.Marks
	traffic       model.Traffic
	ticking       bool
	startedWork   bool // work was started since the last tick; its requests may begin later
	notes         int  // that were shown

	toast  safe.Text
	answer safe.Text // like toast, over several lines if it needs them
	prompt *widget.Input
	help   *helpBox
}

// stackEntry is a page on the stack, with the function that cancels its commands.
type stackEntry struct {
	id     page.ID
	page   page.Page
	cancel context.CancelFunc
}

// New returns the model for tea.NewProgram. ctx cancels all its commands.
func New(ctx context.Context, o Options) App {
	a := App{
		env: page.Env{
			Context: ctx, Registry: o.Registry, Places: o.Places, Journal: o.Journal, Hosts: o.Hosts, Platform: o.Platform, Inside: o.Inside,
			Crane: "crane", Recheck: o.Recheck, Now: time.Now,
		},
		options: o, theme: look.NewTheme(true, o.Glyphs), gate: o.Gate,
	}
	if o.PlainHTTP {
		a.env.Crane = "crane --insecure"
	}
	a.stack = []stackEntry{{page: newHomePage(a.env)}}
	if o.Guide != nil {
		a.stack[0].page = guidePage{guide: *o.Guide}
	}
	switch len(o.Open) {
	case 1:
		a.stack = append(a.stack, stackEntry{page: a.placePage(o.Open[0])})
	case 2:
		a.stack = append(a.stack, stackEntry{page: compare.New(a.env, o.Open[0], &o.Open[1], nil)})
	}
	return a
}

// Pages returns the names of the open pages, the top page last.
func (a App) Pages() []string {
	names := make([]string, len(a.stack))
	for i, o := range a.stack {
		names[i] = o.page.Crumb().String()
	}
	return names
}

// Size returns the size of the terminal.
func (a App) Size() (width, height int) { return a.width, a.height }

// Init asks the terminal for its background color and starts the initial pages.
func (a App) Init() tea.Cmd {
	return tea.Batch(tea.RequestBackgroundColor, func() tea.Msg { return startMsg{} })
}

// startMsg starts the initial pages. Init itself cannot change the model.
type startMsg struct{}

// tickMsg redraws the screen each second while requests run, so that the user sees when
// a server hangs.
type tickMsg struct{}

// Update handles one message and then lays out the top page.
func (a App) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	a.traffic = a.env.Registry.Traffic()
	a, cmd := a.handle(msg)
	a = a.withNote()
	a, more := a.relayout()
	a, tick := a.tick()
	return a, tea.Batch(cmd, more, tick)
}

// withNote shows a new warning until the next key.
func (a App) withNote() App {
	if a.options.Notes == nil {
		return a
	}
	if count, last := a.options.Notes(); count > a.notes {
		a.notes, a.answer = count, a.gate.Clean("note: "+last)
	}
	return a
}

func (a App) handle(msg tea.Msg) (App, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		return a.resize(msg)
	case tea.BackgroundColorMsg:
		a.theme = look.NewTheme(msg.IsDark(), a.theme.Glyphs)
	case tea.KeyPressMsg:
		return a.press(msg)
	case tea.PasteMsg:
		return a.paste(msg)
	case page.OwnedMsg:
		return a.deliver(msg)
	case startMsg:
		return a.startAll()
	case tickMsg:
		a.ticking = false
	default:
		return a.navigate(msg)
	}
	return a, nil
}

// resize sets a new size and checks it against the terminal's size. A resize before
// Bubble Tea listens for signals is lost, and the messages of two resizes can arrive in
// any order. Bubble Tea's own size request does not help: it races with a resize.
func (a App) resize(to tea.WindowSizeMsg) (App, tea.Cmd) {
	changed := to.Width != a.width || to.Height != a.height
	a.width, a.height = to.Width, to.Height
	if size := a.options.Size; changed && size != nil {
		return a, func() tea.Msg {
			width, height := size()
			if now := (tea.WindowSizeMsg{Width: width, Height: height}); width > 0 && now != to {
				return now
			}
			return nil
		}
	}
	return a, nil
}

// navigate handles the effects that pages request from the root.
func (a App) navigate(msg tea.Msg) (App, tea.Cmd) {
	switch msg := msg.(type) {
	case page.PushMsg:
		return a.push(msg.Page)
	case page.Route:
		return a.push(a.pageFor(msg))
	case page.PopMsg:
		return a.pop(msg.Payload)
	case page.MarkMsg:
		a.marks = msg.Marks
		if msg.Then != nil {
			return a.push(a.pageFor(msg.Then))
		}
	case page.CopyMsg:
		a.toast = safe.Sprintf("copied %s: %s", msg.What, msg.Text)
		return a, a.copyCmd(msg.Text)
	case page.ToastMsg:
		a.toast = msg.Text
	case page.HelpMsg:
		a.help = newHelp(a.top())
	case page.VisitedMsg:
		return a, a.rememberPlace(msg.Place)
	case page.PlacesMsg:
		return a.toPage(0, msg)
	}
	return a, nil
}

// press passes a key to the first of help, prompt, page and program that takes it.
func (a App) press(msg tea.KeyPressMsg) (App, tea.Cmd) {
	a.toast, a.answer = safe.Text{}, safe.Text{}
	switch {
	case key.Matches(msg, page.Keys.ForceQuit):
		return a, tea.Quit
	case key.Matches(msg, page.Keys.Suspend):
		return a, suspend()
	case key.Matches(msg, page.Keys.Redraw):
		return a, tea.ClearScreen
	case a.help != nil:
		return a.pressHelp(msg)
	case a.prompt != nil:
		return a.pressPrompt(msg)
	case a.top().Typing():
		return a.toTop(msg)
	case key.Matches(msg, page.Keys.Quit):
		return a, tea.Quit
	case key.Matches(msg, page.Keys.Help):
		a.help = newHelp(a.top())
		return a, nil
	case key.Matches(msg, page.Keys.Goto):
		return a.withPrompt(widget.NewInput(safe.Const("go to:"))), nil
	case key.Matches(msg, page.Keys.Reveal):
		return a.toggleReveal()
	}
	return a.toTop(msg)
}

func (a App) toggleReveal() (App, tea.Cmd) {
	a.gate.Reveal = !a.gate.Reveal
	a.toast = safe.Const("secrets are masked")
	if a.gate.Reveal {
		a.toast = safe.Const("secrets are shown: x masks them again")
	}
	return a, nil
}

// Top returns the top page and its ID.
func (a App) Top() (page.ID, page.Page) {
	top := a.stack[len(a.stack)-1]
	return top.id, top.page
}

func (a App) top() page.Page { return a.stack[len(a.stack)-1].page }

func (a App) toTop(msg tea.Msg) (App, tea.Cmd) { return a.toPage(len(a.stack)-1, msg) }

// toPage updates one page of the stack. The stack is copied, because an App is a value.
func (a App) toPage(i int, msg tea.Msg) (App, tea.Cmd) {
	id := a.stack[i].id
	p, effects := a.stack[i].page.Update(msg)
	return a.withPage(i, p).perform(id, effects)
}

func (a App) withPage(i int, p page.Page) App {
	a.stack = slices.Clone(a.stack)
	a.stack[i].page = p
	return a
}

// deliver passes the message of a command to its page, if that is still open, and waits
// for the next message.
func (a App) deliver(msg page.OwnedMsg) (App, tea.Cmd) {
	i := slices.IndexFunc(a.stack, func(o stackEntry) bool { return o.id == msg.Page })
	if i < 0 {
		return a, nil
	}
	a, cmd := a.toPage(i, msg.Msg)
	return a, tea.Batch(cmd, msg.Next)
}

// perform carries out the effects that a page requested.
func (a App) perform(owner page.ID, effects page.Effects) (App, tea.Cmd) {
	var cmds []tea.Cmd
	for _, effect := range effects {
		var cmd tea.Cmd
		switch effect := effect.(type) {
		case page.Work:
			cmd, a.startedWork = effect.Run(owner), true
		case page.ToastMsg: // it may name keys of its page, so only the top page shows one
			if id, _ := a.Top(); id == owner {
				a.toast = effect.Text
			}
		default:
			a, cmd = a.navigate(effect)
		}
		cmds = append(cmds, cmd)
	}
	return a, tea.Batch(cmds...)
}

func (a App) startAll() (App, tea.Cmd) {
	var cmds []tea.Cmd
	for i := range a.stack {
		if a.stack[i].id == 0 { // otherwise a key that arrived earlier has started it
			var cmd tea.Cmd
			a, cmd = a.startPage(i)
			cmds = append(cmds, cmd)
		}
	}
	return a, tea.Batch(cmds...)
}

func (a App) startPage(i int) (App, tea.Cmd) {
	a.nextID++
	ctx, cancel := context.WithCancel(a.env.Context)
	p, effects := a.stack[i].page.Start(ctx)
	a.stack = slices.Clone(a.stack)
	a.stack[i] = stackEntry{id: a.nextID, page: p, cancel: cancel}
	return a.perform(a.nextID, effects)
}

// maxPages limits the number of open pages. Beyond it the oldest page after the first
// one is closed.
const maxPages = 50

func (a App) push(p page.Page) (App, tea.Cmd) {
	a.stack = slices.Clone(a.stack)
	if len(a.stack) >= maxPages { // the first page stays
		if end := a.stack[1].cancel; end != nil {
			end()
		}
		a.stack = slices.Delete(a.stack, 1, 2)
	}
	a.stack = append(a.stack, stackEntry{page: p})
	return a.startPage(len(a.stack) - 1)
}

// pop goes back one page. The first page stays and names the key that quits.
func (a App) pop(payload tea.Msg) (App, tea.Cmd) {
	if len(a.stack) == 1 {
		a.toast = safe.Const("this is the first screen: q quits")
		return a, nil
	}
	last := len(a.stack) - 1
	if a.stack[last].cancel != nil {
		a.stack[last].cancel()
	}
	a.stack = a.stack[:last:last]
	if payload == nil {
		return a, nil
	}
	return a.toTop(payload)
}

// relayout passes the frame to the top page, which may request data for rows that became
// visible.
func (a App) relayout() (App, tea.Cmd) {
	if a.width == 0 || a.height == 0 {
		return a, nil
	}
	last := len(a.stack) - 1
	id := a.stack[last].id
	p, effects := a.stack[last].page.Layout(a.frame())
	return a.withPage(last, p).perform(id, effects)
}

// tick keeps exactly one timer running while requests run or are about to start. A
// server that hangs sends nothing that would redraw the screen.
func (a App) tick() (App, tea.Cmd) {
	paused := a.traffic.Pause.Until.After(a.env.Now())
	if a.ticking || a.traffic.InFlight == 0 && !a.startedWork && !paused {
		return a, nil
	}
	a.ticking, a.startedWork = true, false
	return a, tea.Tick(cmp.Or(a.options.Pulse, time.Second), func(time.Time) tea.Msg { return tickMsg{} })
}

func (a App) rememberPlace(place string) tea.Cmd {
	if a.env.Places == nil {
		return nil
	}
	return func() tea.Msg {
		a.env.Places.Remember(place)
		return page.PlacesMsg{Recent: a.env.Places.Recent()}
	}
}
