package registry

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/files"
	"github.com/tagdiff/tagdiff/model/safe"
)

const (
	helperPrefix = "docker-credential-"
	helperTime   = 30 * time.Second // some ask a cloud, or a person
	helperKeep   = 15 * time.Minute // the shortest-lived passwords last an hour
	helperToken  = "<token>"        // the user name that marks a refresh token
	maxHelped    = 1 << 20          // bytes that one may say; a login has some hundred, with a long token some thousand
)

// helpers runs credential helpers, each once for all who wait, and keeps what
// they said for a while. What they write on standard error stays off the
// screen.
type helpers struct {
	running group[login]
	mu      sync.Mutex
	kept    map[string]keptLogin
}

type keptLogin struct {
	login
	until time.Time
}

// get asks prog for a server's login; the zero login means that it has none.
func (h *helpers) get(ctx context.Context, prog, server string) (login, error) {
	name := prog + " " + server
	h.mu.Lock()
	kept, ok := h.kept[name]
	h.mu.Unlock()
	if ok && time.Now().Before(kept.until) {
		return kept.login, nil
	}
	return h.running.do(ctx, name, func(ctx context.Context) (login, error) {
		l, err := runHelper(ctx, prog, server)
		if err == nil && !l.zero() {
			h.keep(name, l)
		}
		return l, err
	})
}

func (h *helpers) keep(name string, l login) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.kept == nil {
		h.kept = map[string]keptLogin{}
	}
	h.kept[name] = keptLogin{l, time.Now().Add(helperKeep)}
}

func (h *helpers) forget() {
	h.mu.Lock()
	h.kept = nil
	h.mu.Unlock()
}

// bounded keeps what fits and refuses more: whoever writes on is ended.
type bounded struct {
	text bytes.Buffer // not embedded: its ReadFrom knows no bound
	over func()
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.text.Len()+len(p) > maxHelped {
		b.over()
		return 0, files.ErrTooLarge
	}
	return b.text.Write(p)
}

// runHelper speaks the protocol of docker-credential-helpers: the server on
// standard input, JSON or a message on standard output. It ends with ctx, and
// so does what the helper has started.
func runHelper(ctx context.Context, prog, server string) (login, error) {
	// A name like ../x would be looked for below the folder we are in.
	if strings.ContainsAny(prog, `/\`) && !filepath.IsAbs(prog) {
		return login{}, helperTrouble(prog, server, "its name is a path", nil)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, helperTime, fmt.Errorf("no answer in %d s", int(helperTime.Seconds())))
	defer cancel()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	out := &bounded{over: func() { stop(fmt.Errorf("it says more than %d bytes", maxHelped)) }}
	cmd := exec.CommandContext(ctx, prog, "get")
	cmd.Stdin, cmd.Stdout = strings.NewReader(server), out // no standard error: its words are for a terminal
	cmd.WaitDelay = time.Second                            // a child that outlives it may hold the pipe
	apart(cmd)
	if err := cmd.Run(); err != nil && !errors.Is(err, exec.ErrWaitDelay) { // an agent that it has started may stay
		said := safe.Clip(strings.TrimSpace(out.text.String()))
		switch why := context.Cause(ctx); {
		case errors.Is(why, context.Canceled):
			return login{}, why
		case why != nil:
			said = why.Error()
		case strings.Contains(said, "credentials not found"):
			return login{}, nil
		case model.LooksLikeJSON(out.text.Bytes()):
			said = "" // a login may be in it
		}
		return login{}, helperTrouble(prog, server, said, err)
	}
	l, err := parseHelped(prog, out.text.Bytes())
	if err != nil {
		return login{}, helperTrouble(prog, server, "its answer is not JSON", err)
	}
	return l, nil
}

// parseHelped reads what a helper says when it has a login.
func parseHelped(prog string, out []byte) (login, error) {
	var w struct{ Username, Secret string }
	if err := json.Unmarshal(out, &w); err != nil {
		return login{}, err
	}
	if w.Username == helperToken {
		return login{refresh: w.Secret, from: prog}, nil
	}
	return login{user: w.Username, pass: w.Secret, from: prog}, nil
}

func helperTrouble(prog, server, said string, err error) error {
	if said == "" {
		said = safe.Clip(err.Error())
	}
	return &model.Trouble{
		Say:  fmt.Sprintf("the credential helper %s failed: %s", safe.Clip(prog), said),
		Next: fmt.Sprintf("try it: echo %s | %s get", safe.Clip(server), safe.Clip(prog)), Err: err,
	}
}
