package credentials

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
	"github.com/tagdiff/tagdiff/registry/inflight"
)

const (
	helperPrefix     = "docker-credential-"
	helperCacheTime  = 15 * time.Minute // the shortest-lived passwords last an hour
	refreshTokenUser = "<token>"        // the user name that marks a refresh token
)

// Limits of a credential helper.
const (
	HelperTimeout   = 30 * time.Second // some ask a cloud service, or a person
	MaxHelperOutput = 1 << 20          // bytes; a login has some hundred, with a long token some thousand
)

// helpers runs credential helpers and caches their logins for a while. Concurrent
// callers share one process. Standard error of a helper is discarded.
type helpers struct {
	running inflight.Group[Login]
	mu      sync.Mutex
	cache   map[string]cachedLogin
}

// cachedLogin is a login that a helper has returned.
type cachedLogin struct {
	Login
	until time.Time
}

// get asks prog for a server's login; the zero login means that it has none.
func (h *helpers) get(ctx context.Context, prog, server string) (Login, error) {
	name := prog + " " + server
	h.mu.Lock()
	kept, ok := h.cache[name]
	h.mu.Unlock()
	if ok && time.Now().Before(kept.until) {
		return kept.Login, nil
	}
	return h.running.Do(ctx, name, func(ctx context.Context) (Login, error) {
		l, err := runHelper(ctx, prog, server)
		if err == nil && !l.IsZero() {
			h.store(name, l)
		}
		return l, err
	})
}

func (h *helpers) store(name string, l Login) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.cache == nil {
		h.cache = map[string]cachedLogin{}
	}
	h.cache[name] = cachedLogin{l, time.Now().Add(helperCacheTime)}
}

func (h *helpers) forget() {
	h.mu.Lock()
	h.cache = nil
	h.mu.Unlock()
}

// limitedBuffer keeps what fits and refuses more: whoever writes on is ended.
type limitedBuffer struct {
	text     bytes.Buffer // not embedded: its ReadFrom knows no bound
	tooLarge func()
}

func (b *limitedBuffer) Write(p []byte) (int, error) {
	if b.text.Len()+len(p) > MaxHelperOutput {
		b.tooLarge()
		return 0, files.ErrTooLarge
	}
	return b.text.Write(p)
}

// runHelper speaks the protocol of docker-credential-helpers: the server on
// standard input, JSON or a message on standard output. It ends with ctx, and
// so does what the helper has started.
func runHelper(ctx context.Context, prog, server string) (Login, error) {
	// A name like ../x would be looked for below the folder we are in.
	if strings.ContainsAny(prog, `/\`) && !filepath.IsAbs(prog) {
		return Login{}, helperError(prog, server, "its name is a relative path", nil)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, HelperTimeout, fmt.Errorf("no answer in %d s", int(HelperTimeout.Seconds())))
	defer cancel()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	out := &limitedBuffer{tooLarge: func() { stop(fmt.Errorf("it wrote more than %d bytes", MaxHelperOutput)) }}
	cmd := exec.CommandContext(ctx, prog, "get")
	cmd.Stdin, cmd.Stdout = strings.NewReader(server), out // no standard error: its words are for a terminal
	cmd.WaitDelay = time.Second                            // a child that outlives it may hold the pipe
	isolate(cmd)
	if err := cmd.Run(); err != nil && !errors.Is(err, exec.ErrWaitDelay) { // an agent that it has started may stay
		said := safe.Clip(strings.TrimSpace(out.text.String()))
		switch why := context.Cause(ctx); {
		case errors.Is(why, context.Canceled):
			return Login{}, why
		case why != nil:
			said = why.Error()
		case strings.Contains(said, "credentials not found"):
			return Login{}, nil
		case model.LooksLikeJSON(out.text.Bytes()):
			said = "" // a login may be in it
		}
		return Login{}, helperError(prog, server, said, err)
	}
	l, err := parseHelperOutput(prog, out.text.Bytes())
	if err != nil {
		return Login{}, helperError(prog, server, "its output is not JSON", err)
	}
	return l, nil
}

// parseHelperOutput reads what a helper says when it has a login.
func parseHelperOutput(prog string, out []byte) (Login, error) {
	var w struct{ Username, Secret string }
	if err := json.Unmarshal(out, &w); err != nil {
		return Login{}, err
	}
	if w.Username == refreshTokenUser {
		return Login{RefreshToken: w.Secret, Source: prog}, nil
	}
	return Login{Username: w.Username, Password: w.Secret, Source: prog}, nil
}

func helperError(prog, server, said string, err error) error {
	if said == "" {
		said = safe.Clip(err.Error())
	}
	return &model.ReadError{
		Message: fmt.Sprintf("the credential helper %s failed: %s", safe.Clip(prog), said),
		Next:    fmt.Sprintf("try it: echo %s | %s get", safe.Clip(server), safe.Clip(prog)), Err: err,
	}
}
