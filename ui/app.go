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

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/compare"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
	"github.com/tagdiff/tagdiff/ui/widget"
)

// Options configure an App.
type Options struct {
	Registry   page.Registry
	Places     page.Places     // optional
	Journal    page.Journal    // the history of tags; nil for none
	Recheck    time.Duration   // interval between checks of the tags on screen; 0 for never
	Hosts      func() []string // registries with stored credentials; optional
	OwnHosts   []string        // registries that the user wants on the home page
	TagOrder   string          // first order of a list of tags, one of page.TagOrders; "" for the usual one
	Keys       page.KeyMap     // keys that the user added
	Open       []model.Ref     // none: home page; one: its page; two: comparison
	Guide      *Guide          // start page in place of the home page
	Platform   string          // first platform to show, by its normalized name
	Tab        string          // first tab of the image or comparison of Open, one of TabNames; "" for the summary
	MaxExtract int64           // bytes of a file that is written to disk, 0 for the usual limit
	Inside     bool            // read the layers that differ of a comparison at once
	Packages   bool            // read the layers that the packages need, too, and show the packages first
	PlainHTTP  bool            // registries speak plain HTTP; shell commands need a flag for it
	Pulse      time.Duration   // interval between screen updates while requests run; 0 for one second
	Gate       safe.Gate
	Glyphs     look.Glyphs
	Background look.Background // background of the terminal, as far as it is known
	AskColors  bool            // ask the terminal for its background; its answer replaces Background
	Mouse      bool            // take clicks and the wheel from the terminal
	InTmux     bool            // copy into the tmux buffer too

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
	terminal      terminalColors
	clicked       clickedRow // the row of the click before
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

	question *question
	ahead    typedAhead
}

// stackEntry is a page on the stack, with the function that cancels its commands.
type stackEntry struct {
	id     page.ID
	page   page.Page
	cancel context.CancelFunc
	direct bool      // it was opened without a page to go back to: esc leads to its parent
	choose diff.Side // the side that it is open to choose, "" for none
	// visited is the place of the page among the recent ones, "" if it has not been loaded.
	visited string
}

// New returns the model for tea.NewProgram. ctx cancels all its commands.
func New(ctx context.Context, o Options) App {
	a := App{
		env: page.Env{
			Context: ctx, Registry: o.Registry, Places: o.Places, Journal: o.Journal, Hosts: o.Hosts, Platform: o.Platform, Inside: o.Inside,
			Packages: o.Packages, MaxExtract: o.MaxExtract, OwnHosts: o.OwnHosts, TagOrder: o.TagOrder,
			Crane: "crane", Recheck: o.Recheck, Now: time.Now,
		},
		options: o, gate: o.Gate, terminal: newTerminalColors(o),
	}
	a.theme = a.terminal.theme(o.Glyphs)
	if o.PlainHTTP {
		a.env.Crane = "crane --insecure"
	}
	a.stack = []stackEntry{{page: newHomePage(a.env)}}
	if o.Guide != nil {
		a.stack[0].page = guidePage{guide: *o.Guide}
	}
	a.stack = append(a.stack, a.openPages()...)
	if o.Tab != "" {
		last := len(a.stack) - 1
		a.stack[last].page = compare.AtTab(a.stack[last].page, o.Tab)
	}
	return a
}

// TabNames returns the names of the tabs of a comparison.
func TabNames() []string { return compare.TabNames() }

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

// Init asks the terminal for its background color, if the options say so, and starts the initial pages.
func (a App) Init() tea.Cmd {
	start := func() tea.Msg { return startMsg{} }
	if !a.options.AskColors {
		return start
	}
	return tea.Batch(tea.RequestBackgroundColor, start, firstFrameTimer())
}

// startMsg starts the initial pages. Init itself cannot change the model.
type startMsg struct{}

// tickMsg redraws the screen each second while requests run, so that the user sees when
// a server hangs.
type tickMsg struct{}

// Update handles one message and then lays out the top page.
func (a App) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	a.traffic = a.env.Registry.Traffic()
	before := a
	a, cmd := a.handle(msg)
	a = a.withNote()
	a, more := a.relayout()
	a, ahead := a.actAhead()
	a = a.withLateColors(before)
	a, tick := a.tick()
	return a, tea.Batch(cmd, more, ahead, tick)
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
	case tea.BackgroundColorMsg, tea.ColorProfileMsg, firstFrameMsg:
		return a.withColors(msg), nil
	case tea.KeyPressMsg:
		a.clicked = clickedRow{}
		return a.press(msg)
	case tea.MouseMsg:
		return a.mouse(msg)
	case tea.PasteMsg:
		if len(a.ahead.input) > 0 {
			return a.wait(msg), nil
		}
		return a.paste(msg)
	case page.OwnedMsg:
		return a.deliver(msg)
	case startMsg:
		return a.startAll()
	case tickMsg:
		a.ticking = false
	case pagerEndedMsg:
		if msg.err != nil {
			a.toast = safe.Sprintf("the pager failed: %s", a.gate.Clean(msg.err.Error()))
		}
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
		return a.follow(msg)
	case page.PopMsg:
		return a.pop(msg.Payload)
	case page.MarkMsg:
		a.marks = msg.Marks
		if msg.Then != nil {
			return a.follow(msg.Then)
		}
	case page.CopyMsg:
		a.toast = safe.Sprintf("copied %s: %s", msg.What, msg.Text)
		return a, a.copyCmd(msg.Text)
	case page.ToastMsg:
		a.toast = msg.Text
	case page.GotoMsg:
		return a.withPrompt(widget.NewInput(a.promptLabel())), nil
	case page.QuitMsg:
		return a, tea.Quit
	case page.KeepListMsg:
		return a.keepList(msg), nil
	case page.PagerMsg:
		return a, a.page(msg.Lines)
	case page.HelpMsg:
		a.help = a.newHelp()
	case page.VisitedMsg:
		a.stack = slices.Clone(a.stack)
		a.stack[len(a.stack)-1].visited = msg.Place
		return a, a.rememberPlace(msg.Place)
	case page.PlacesMsg:
		return a.toPage(0, msg)
	}
	return a, nil
}

// press handles a key, later if the page it is meant for has not been read yet.
func (a App) press(msg tea.KeyPressMsg) (App, tea.Cmd) {
	a.toast, a.answer = safe.Text{}, safe.Text{}
	msg = a.options.Keys.Translate(msg, a.typing())
	if two, ok := a.splitAlt(msg); ok {
		if len(a.ahead.input) > 0 { // the first of them is esc
			a, two = a.dropAhead(), two[1:]
		}
		a.ahead.input = two
		return a, nil
	}
	switch {
	case key.Matches(msg, page.Keys.ForceQuit):
		return a, tea.Quit
	case key.Matches(msg, page.Keys.Suspend):
		return a, suspend()
	case key.Matches(msg, page.Keys.Redraw):
		return a.useLateColors(), tea.ClearScreen
	case len(a.ahead.input) > 0, a.mustWait(msg):
		return a.wait(msg), nil
	}
	return a.act(msg)
}

// act passes a key to the first of help, prompt, page and program that takes it.
func (a App) act(msg tea.KeyPressMsg) (App, tea.Cmd) {
	a.toast, a.answer = safe.Text{}, safe.Text{}
	switch {
	case a.question != nil:
		return a.pressAnswer(msg)
	case a.help != nil:
		return a.pressHelp(msg)
	case a.prompt != nil:
		return a.pressPrompt(msg)
	case a.top().Typing():
		return a.toTop(msg)
	case key.Matches(msg, page.Keys.Quit):
		return a.leave()
	case key.Matches(msg, page.Keys.Help):
		a.help = a.newHelp()
		return a, nil
	case key.Matches(msg, page.Keys.Goto):
		return a.withPrompt(widget.NewInput(a.promptLabel())), nil
	case key.Matches(msg, page.Keys.Reveal):
		return a.toggleReveal()
	case key.Matches(msg, page.Keys.CopyView):
		return a.copyView()
	case key.Matches(msg, page.Keys.Pager):
		return a.openPager(msg)
	}
	return a.toTop(msg)
}

// leave goes back from a page about a part of the page below, as a pager does, and ends the program on others.
func (a App) leave() (App, tea.Cmd) {
	if _, isPart := a.top().(page.HasTitle); isPart && len(a.stack) > 1 {
		return a.pop(nil)
	}
	return a, tea.Quit
}

// typing reports whether keys are text input now.
func (a App) typing() bool { return a.help == nil && (a.prompt != nil || a.top().Typing()) }

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
		case page.AskMsg:
			a.question = &question{effect, owner}
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
	a.stack[i].id, a.stack[i].page, a.stack[i].cancel = a.nextID, p, cancel
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

// pop goes back one page, or to the parent of a page that was opened directly. The first page stays and names the key that quits.
func (a App) pop(payload tea.Msg) (App, tea.Cmd) {
	if len(a.stack) == 1 {
		a.toast = safe.Const("this is the first screen: q quits")
		return a, nil
	}
	if picked, ok := payload.(page.PickedMsg); ok {
		return a.chosen(picked.Side, picked.Ref)
	}
	if a, cmd, ok := a.toParent(payload); ok {
		return a, cmd
	}
	left := a.stack[len(a.stack)-1].visited
	a = a.close()
	if home, ok := a.top().(homePage); ok {
		home.left = left
		a.stack = slices.Clone(a.stack)
		a.stack[len(a.stack)-1].page = home
	}
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
