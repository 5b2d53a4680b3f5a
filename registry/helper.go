package registry

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/tagdiff/tagdiff/model"
)

const (
	helperPrefix = "docker-credential-"
	helperTime   = 30 * time.Second // some ask a cloud, or a person
	helperKeep   = 15 * time.Minute // the shortest-lived passwords last an hour
	helperToken  = "<token>"        // the user name that marks a refresh token
)

// helpers runs credential helpers, each once for all who wait, and keeps what
// they said for a while. What they write on standard error stays off the
// screen.
type helpers struct {
	running singleflight.Group
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
	ch := h.running.DoChan(name, func() (any, error) {
		l, err := runHelper(prog, server)
		if err == nil && !l.zero() {
			h.keep(name, l)
		}
		return l, err
	})
	select {
	case <-ctx.Done():
		return login{}, ctx.Err()
	case r := <-ch:
		if r.Err != nil {
			return login{}, r.Err
		}
		return r.Val.(login), nil
	}
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

// runHelper speaks the protocol of docker-credential-helpers: the server on
// standard input, JSON or a message on standard output.
func runHelper(prog, server string) (login, error) {
	ctx, cancel := context.WithTimeout(context.Background(), helperTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, prog, "get")
	cmd.Stdin = strings.NewReader(server)
	cmd.WaitDelay = time.Second // a child that outlives it may hold the pipe
	out, err := cmd.Output()
	if err != nil {
		said := clip(strings.TrimSpace(string(out)))
		if strings.Contains(said, "credentials not found") {
			return login{}, nil
		}
		if ctx.Err() != nil {
			said = fmt.Sprintf("no answer in %d s", int(helperTime.Seconds()))
		}
		return login{}, helperTrouble(prog, server, said, err)
	}
	var w struct{ Username, Secret string }
	if err := json.Unmarshal(out, &w); err != nil {
		return login{}, helperTrouble(prog, server, "its answer is not JSON", err)
	}
	if w.Username == helperToken {
		return login{refresh: w.Secret, from: prog}, nil
	}
	return login{user: w.Username, pass: w.Secret, from: prog}, nil
}

func helperTrouble(prog, server, said string, err error) error {
	if said == "" {
		said = err.Error()
	}
	return &model.Trouble{
		Say:  fmt.Sprintf("the credential helper %s failed: %s", prog, said),
		Next: fmt.Sprintf("try it: echo %s | %s get", server, prog), Err: err,
	}
}
